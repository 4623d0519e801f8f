"""Witnesses: torch.distributions and scipy, in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm
from torch.distributions import Bernoulli

from guiapp.theory.likelihood import bernoulli, gaussian, optimal_sigma

RNG = np.random.default_rng(0)
X, OUT = RNG.normal(size=(7, 5)), RNG.normal(scale=3, size=(7, 5))


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_bernoulli_is_the_sum_of_log_probabilities(wrap: object) -> None:
    x = (X > 0).astype(float)
    expected = -Bernoulli(logits=torch.tensor(OUT)).log_prob(torch.tensor(x)).sum(1).numpy()
    assert_allclose(np.asarray(bernoulli(wrap(x), wrap(OUT))), expected, rtol=1e-10)  # type: ignore[operator]


def test_bernoulli_takes_grey_values_as_the_mean_of_coin_tosses() -> None:
    """x log D + (1 - x) log(1 - D): between 0 and 1 it is linear in x."""
    grey = RNG.uniform(size=(7, 5))
    ends = bernoulli(np.zeros((7, 5)), OUT), bernoulli(np.ones((7, 5)), OUT)
    assert_allclose(bernoulli(grey[:, :1] * np.ones(5), OUT), ends[0] + grey[:, 0] * (ends[1] - ends[0]), rtol=1e-10)
    d = 1 / (1 + np.exp(-OUT))
    assert_allclose(bernoulli(grey, OUT), -(grey * np.log(d) + (1 - grey) * np.log(1 - d)).sum(1), rtol=1e-10)


def test_bernoulli_of_certain_predictions_stays_finite() -> None:
    logits = np.array([[1000.0, -1000.0]])
    assert bernoulli(np.array([[1.0, 0.0]]), logits) == 0
    assert bernoulli(np.array([[0.0, 1.0]]), logits) == 2000


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 20.0])
def test_gaussian_is_the_negative_log_density(wrap: object, sigma: float) -> None:
    expected = -norm(OUT, sigma).logpdf(X).sum(1)
    found = gaussian(wrap(X), wrap(OUT), math.log(sigma))  # type: ignore[operator]
    assert_allclose(np.asarray(found), expected, rtol=1e-10)
    as_array = gaussian(wrap(X), wrap(OUT), wrap(math.log(sigma)))  # type: ignore[operator]
    assert_allclose(np.asarray(as_array), expected, rtol=1e-6)
    whole = [-multivariate_normal(m, sigma**2 * np.eye(5)).logpdf(x) for x, m in zip(X, OUT, strict=True)]
    assert_allclose(np.asarray(found), whole, rtol=1e-9)


def test_the_derivatives_of_gaussian() -> None:
    """∂/∂f = (f - x)/σ², ∂/∂log σ = D - ‖x - f‖²/σ²."""
    mean, log_sigma = (
        torch.tensor(OUT, requires_grad=True),
        torch.tensor(math.log(0.7), dtype=torch.float64).requires_grad_(),
    )
    by_mean, by_sigma = torch.autograd.grad(gaussian(torch.tensor(X), mean, log_sigma).sum(), (mean, log_sigma))
    assert_allclose(by_mean, (OUT - X) / 0.49, rtol=1e-10)
    assert_allclose(by_sigma, 7 * 5 - ((X - OUT) ** 2).sum() / 0.49, rtol=1e-10)


def test_the_optimal_sigma_beats_its_neighbours() -> None:
    best = optimal_sigma(float(((X - OUT) ** 2).mean()))
    total = [gaussian(X, OUT, math.log(best * factor)).sum() for factor in (0.99, 1.0, 1.01)]
    assert total[1] < min(total[0], total[2])
