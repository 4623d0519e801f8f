"""A linear VAE on data of probabilistic PCA: its optimum is known in closed form (Tipping & Bishop 1999; Lucas et al.
2019: with a diagonal posterior nothing is lost, and a dimension is in use where an eigenvalue exceeds σ²)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, Optimiser, RunSpec, Vae
from tests.engine import runs

D, N = 6, 400
LINEAR = Network(hidden=())
MEAN = np.array([0.5, -1.0, 0.0, 2.0, 0.3, -0.2])


def data(eigenvalues: list[float]) -> np.ndarray:
    """(N, D) whose mean and covariance are exactly `MEAN` and one of these eigenvalues, in random directions."""
    rng = np.random.default_rng(3)
    raw = rng.standard_normal((N, D))
    raw -= raw.mean(0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / N)).T
    directions = np.linalg.qr(rng.standard_normal((D, D)))[0]
    return MEAN + white * np.sqrt(eigenvalues) @ directions.T


def highest_likelihood(eigenvalues: list[float], sigma2: float, latent: int) -> float:
    """The mean over the data of log p(x) at the best W and b: the covariance of the model has the data's eigenvalues
    where they are among the first `latent` and above σ², else σ²."""
    model = [max(v, sigma2) if i < latent else sigma2 for i, v in enumerate(eigenvalues)]
    pairs = zip(eigenvalues, model, strict=True)
    return -0.5 * sum(math.log(2 * math.pi * m) + v / m for v, m in pairs)


def trained(vae: Vae, x: np.ndarray) -> Trainer:
    """All data at every step, at a rate that falls."""
    run = Trainer(RunSpec(model=vae, batch=N, device="cpu"), runs.table(x))
    for rate, steps in ((0.1, 400), (0.03, 1200), (0.01, 500), (0.003, 400), (0.001, 200)):
        run.edit("model.optimiser.lr", rate)
        runs.train(run, steps)
    return run


def told(run: Trainer, x: np.ndarray) -> tuple[float, float, np.ndarray, float]:
    """ELBO and log evidence, means over the data and exact; the variance of the posterior means (Z,); σ².

    E_q‖x - Wz - b‖² = ‖x - Wμ - b‖² + Σ_i s_i² ‖w_i‖²."""
    assert isinstance(run.model, VaeModel)
    assert isinstance(run.spec.model, Vae)
    w, b = (run.weights()[f"decoder.0.{name}"].double().numpy() for name in ("weight", "bias"))
    with torch.no_grad():
        mean, log_var = (h.double().numpy() for h in run.model.encode(torch.tensor(x, dtype=torch.float32)))
        sigma2 = run.model.sigma(run.spec.model).item() ** 2
    error = ((x - mean @ w.T - b) ** 2).sum(1) + (np.exp(log_var) * (w**2).sum(0)).sum(1)
    reconstruction = error / (2 * sigma2) + D / 2 * math.log(2 * math.pi * sigma2)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(1)
    evidence = multivariate_normal(b, w @ w.T + sigma2 * np.eye(D)).logpdf(x)
    return float(-(reconstruction + kl).mean()), float(np.mean(evidence)), mean.var(0), sigma2


@pytest.mark.parametrize(
    ("eigenvalues", "sigma2", "active"),
    [
        ([4.0, 2.0, 1.0, 0.2, 0.2, 0.1], 0.5, 3),
        pytest.param([4.0, 2.0, 1.0, 0.2, 0.2, 0.1], 1.5, 2, marks=pytest.mark.slow),
        pytest.param([4.0, 2.0, 1.0, 0.2, 0.2, 0.1], 5.0, 0, marks=pytest.mark.slow),
        pytest.param([4.0, 3.0, 2.0, 1.0, 0.9, 0.1], 0.5, 4, marks=pytest.mark.slow),
    ],
)
def test_it_reaches_the_highest_likelihood_with_the_dimensions_whose_eigenvalue_exceeds_sigma(
    eigenvalues: list[float], sigma2: float, active: int
) -> None:
    """Gap to the closed form at most 0.01 nats per datum, of the ELBO; four latent dimensions, of which those in use
    (variance of the posterior means > 0.01) are as many as eigenvalues above σ²."""
    x = data(eigenvalues)
    vae = Vae(
        encoder=LINEAR,
        decoder=LINEAR,
        latent=4,
        likelihood="gaussian",
        sigma=math.sqrt(sigma2),
        optimiser=Optimiser(lr=0.03),
    )
    elbo, evidence, variance, _ = told(trained(vae, x), x)
    best = highest_likelihood(eigenvalues, sigma2, 4)
    assert elbo <= evidence + 1e-6
    assert evidence <= best + 1e-6, "nothing is above the highest"
    assert best - elbo < 0.01
    assert int((variance > 0.01).sum()) == active == sum(v > sigma2 for v in eigenvalues[:4])
    used = np.sort(variance[variance > 0.01])[::-1]
    assert used == pytest.approx([1 - sigma2 / v for v in eigenvalues[:active]], abs=0.05)  # (λ - σ²)/λ


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["gaussian, learned σ", "gaussian, optimal σ"])
def test_its_own_sigma_becomes_the_mean_of_the_eigenvalues_left_out(likelihood: str) -> None:
    """The maximum over σ² too (Tipping & Bishop 1999, eq. 8), by descent or by the closed form at every step."""
    eigenvalues = [4.0, 2.0, 1.0, 0.4, 0.3, 0.2]
    x = data(eigenvalues)
    vae = Vae(encoder=LINEAR, decoder=LINEAR, latent=3, likelihood=likelihood, sigma=1.0)  # type: ignore[arg-type]
    elbo, evidence, variance, sigma2 = told(trained(vae, x), x)
    best = highest_likelihood(eigenvalues, 0.3, 3)
    assert evidence <= best + 1e-6
    assert best - elbo < 0.01
    assert sigma2 == pytest.approx(0.3, rel=0.03)
    assert (variance > 0.01).all()
