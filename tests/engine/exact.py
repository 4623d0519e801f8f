"""A VAE whose log p(x) and posterior are known in closed form: x = W z + b + ε, z ~ N(0, I), ε ~ N(0, σ²I)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import multivariate_normal
from torch import nn

from guiapp.data.source import Table
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network
from tests.engine import runs

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearGaussian:
    """`trainer` holds it, with data drawn from it; its encoder gives the mean of the true posterior, and `std`, or by
    default the deviations of the best diagonal Gaussian, the same for all x."""

    trainer: Trainer
    weight: Floats  # (D, Z)
    bias: Floats  # (D,)
    sigma: float

    @property
    def precision(self) -> Floats:
        """Of the posterior, (Z, Z): I + WᵀW/σ² (Bishop 2006, eq. 2.117)."""
        return np.eye(self.weight.shape[1]) + self.weight.T @ self.weight / self.sigma**2

    def mean(self, x: Floats) -> Floats:
        """Of the posterior: (N, D) -> (N, Z)."""
        return np.linalg.solve(self.precision, self.weight.T @ (x - self.bias).T / self.sigma**2).T

    def log_p(self, x: Floats) -> Floats:
        """(N, D) -> (N,)."""
        cov = self.weight @ self.weight.T + self.sigma**2 * np.eye(len(self.bias))
        return np.atleast_1d(multivariate_normal(self.bias, cov).logpdf(x))


def linear_gaussian(
    size: int, latent: int, sigma: float = 0.5, scale: float = 1.0, count: int = 300, seed: int = 0, **faults: Any
) -> LinearGaussian:
    """`faults`: shift (added to the encoder's means), widen (a factor of its deviations)."""
    rng = np.random.default_rng(seed)
    weight, bias = scale * rng.normal(0, 1, (size, latent)), rng.normal(0, 1, size)
    data = (rng.normal(size=(count, latent)) @ weight.T + bias + sigma * rng.normal(size=(count, size))).astype("f4")
    source: Table = runs.table(data[: count // 2], data[count // 2 :])
    flat = Network(hidden=())
    model = runs.vae(flat, latent=latent, likelihood="gaussian", sigma=sigma)
    trainer = Trainer(runs.spec(model, seed=seed), source)
    made = LinearGaussian(trainer, weight, bias, sigma)
    to_mean = np.linalg.solve(made.precision, weight.T) / sigma**2  # (Z, D)
    std = faults.get("widen", 1.0) / np.sqrt(np.diag(made.precision))
    encoder, decoder = (_last(network) for network in (trainer.model.encoder, trainer.model.decoder))
    shift = np.broadcast_to(faults.get("shift", 0.0), latent)
    _fill(encoder, np.vstack([to_mean, np.zeros_like(to_mean)]), np.r_[-to_mean @ bias + shift, 2 * np.log(std)])
    _fill(decoder, weight, bias)
    return made


def _last(network: Any) -> nn.Linear:
    (layer,) = (part for part in network.modules() if isinstance(part, nn.Linear))
    return layer


def _fill(layer: nn.Linear, weight: Floats, bias: Floats) -> None:
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
