"""The discriminator of a game whose best answer is known; a minute, hence slow."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from guiapp.data.densities import Mixture
from guiapp.engine.models.gan import GanModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Network, Optimiser
from guiapp.theory.game import optimal_discriminator
from tests.engine import runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class FromLaw(nn.Module):
    """A generator whose law is known: what it draws is handed in as its noise."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z


def mixture(name: str, means: list[list[float]], deviations: list[list[float]]) -> Mixture:
    centres, scales = np.array(means), np.array(deviations)
    labels = np.zeros(len(means), np.int16)
    return Mixture(name, name, 4.0, (), centres, scales, centres.astype(np.float32), scales.astype(np.float32), labels)


P = mixture("p", [[-0.8, 0.0], [0.8, 0.4]], [[0.5, 0.6], [0.6, 0.5]])
Q = mixture("q", [[0.0, -0.5], [0.3, 0.8]], [[0.7, 0.5], [0.6, 0.6]])


def exact() -> float:
    """JSD(p, q) in nats, by Simpson's rule on a fine grid."""
    x = np.linspace(-5, 5, 801)
    grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    p, q = (np.exp(law.log_density(grid)) for law in (P, Q))
    middle = (p + q) / 2
    terms = 0.5 * p * np.log(np.maximum(p, 1e-300) / np.maximum(middle, 1e-300))
    terms += 0.5 * q * np.log(np.maximum(q, 1e-300) / np.maximum(middle, 1e-300))
    return float(terms.sum() * (x[1] - x[0]) ** 2)


def against(law: Mixture, seed: int) -> Trainer:
    """D alone learns to tell P from `law`, the learning rate falling in steps."""
    network = Network(hidden=(64, 64), activation="elu")
    model = Gan(discriminator=network, d_steps=1, g_steps=0, d_optimiser=Optimiser(lr=2e-3))
    run = Trainer(runs.spec(model, "ring", batch=1024, seed=seed), P)
    net = run.model
    assert isinstance(net, GanModel)
    rng = np.random.default_rng(seed + 50)
    net.generator = FromLaw()  # type: ignore[assignment]
    net.draw = lambda count, generator: torch.from_numpy(law.sample(count, rng)[0])  # type: ignore[method-assign]
    for rate, steps in ((3e-3, 700), (1e-3, 400), (2e-4, 400), (5e-5, 300)):
        run.edit("model.d_optimiser.lr", rate)
        runs.train(run, steps)
    return run


@pytest.mark.parametrize("seed", [0, 1])
def test_d_becomes_the_ratio_of_the_densities(seed: int) -> None:
    """D within .02 of p/(p + q) where 95 % of (p + q)/2 lie, on average, and V within .01 of -log 4 + 2 JSD."""
    run = against(Q, seed)
    net = run.model
    assert isinstance(net, GanModel)
    rng = np.random.default_rng(9)
    real, made = P.sample(20_000, rng)[0], Q.sample(20_000, rng)[0]
    x = np.concatenate([real, made])
    log_p, log_q = P.log_density(x), Q.log_density(x)
    density = np.logaddexp(log_p, log_q)
    dense = density >= np.quantile(density, 0.05)
    with torch.no_grad():
        logit = net.logit(torch.from_numpy(x)).double().numpy()
    error = np.abs(1 / (1 + np.exp(-logit)) - optimal_discriminator(log_p, log_q))[dense]
    assert error.mean() < 0.01
    assert np.quantile(error, 0.95) < 0.02
    v = -np.logaddexp(0, -logit[: len(real)]).mean() - np.logaddexp(0, logit[len(real) :]).mean()
    assert v == pytest.approx(-math.log(4) + 2 * exact(), abs=0.01)


def test_of_one_and_the_same_law_d_says_one_half() -> None:
    run = against(P, 3)
    net = run.model
    assert isinstance(net, GanModel)
    with torch.no_grad():
        belief = torch.sigmoid(net.logit(torch.from_numpy(P.sample(5000, np.random.default_rng(1))[0])))
    assert float((belief - 0.5).abs().quantile(0.95)) < 0.02
    row = dict(zip(run.names, runs.train(run, 1)[0].tolist(), strict=True))
    assert row["d_loss"] == pytest.approx(math.log(4), abs=2e-3)
