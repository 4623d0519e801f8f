"""The aggregate posterior against scipy's Gaussians, in both array libraries."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from guiapp.theory import aggregate

GRID = np.linspace(-4, 4, 41)
H = GRID[1] - GRID[0]


def mixture(count: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    std = rng.uniform(0.1, 0.8, (count, 2))
    return rng.normal(0, 0.8, (count, 2)), std, rng.uniform(-0.9, 0.9, count) * std.prod(1)


def witness(mean: np.ndarray, std: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """Every Gaussian by itself, with its covariance and that of half a cell."""
    x, y = np.meshgrid(GRID, GRID)
    total = np.zeros_like(x)
    for m, s, c in zip(mean, std, cross, strict=True):
        covariance = np.array([[s[0] ** 2, c], [c, s[1] ** 2]]) + np.eye(2) * H**2 / 4
        total += multivariate_normal(m, covariance).pdf(np.stack([x, y], -1))
    return total / len(mean)


@pytest.mark.parametrize("correlated", [False, True])
def test_the_mean_of_the_posteriors(correlated: bool) -> None:
    mean, std, cross = mixture()
    cross = cross if correlated else 0 * cross
    found = aggregate.density(GRID, mean, std, cross if correlated else None)
    assert_allclose(found, witness(mean, std, cross), rtol=1e-9, atol=1e-14)
    given = [torch.from_numpy(a) for a in (GRID, mean, std, cross)]
    assert_allclose(aggregate.density(*given).numpy(), found, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("sigma", [1e-6, 0.05, 0.5])
def test_it_is_normalised_however_narrow_the_posteriors_are(sigma: float) -> None:
    mean = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    found = aggregate.density(GRID, mean, np.full((50, 2), sigma))
    assert found.sum() * H * H == pytest.approx(1, abs=0.02)


def test_posteriors_at_the_prior_give_the_prior() -> None:
    found = aggregate.density(GRID, np.zeros((7, 2)), np.ones((7, 2)))
    x, y = np.meshgrid(GRID, GRID)
    assert_allclose(found, multivariate_normal([0, 0]).pdf(np.stack([x, y], -1)), atol=0.002)


def test_no_posteriors() -> None:
    assert not aggregate.density(GRID, np.empty((0, 2)), np.empty((0, 2))).any()
