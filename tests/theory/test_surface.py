"""Directions through the weights against their definitions, and the principal components against numpy's svd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from guiapp.theory.surface import filter_normalised, path_axes


@pytest.mark.parametrize(("shape", "axis"), [((7, 5), 0), ((6, 3, 4, 4), 0), ((3, 6, 4, 4), 1)])
@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_each_filter_is_as_long_as_that_of_the_weight(shape: tuple[int, ...], axis: int, library: object) -> None:
    rng = np.random.default_rng(0)
    d, w = rng.normal(size=shape), rng.normal(size=shape) * rng.uniform(0.1, 9, (shape[0], *[1] * (len(shape) - 1)))
    found = np.asarray(filter_normalised(library(d), library(w), axis))  # type: ignore[operator]
    for j in range(shape[axis]):
        mine, given, weight = (np.take(array, j, axis).ravel() for array in (found, d, w))
        assert np.linalg.norm(mine) == pytest.approx(np.linalg.norm(weight))
        assert mine @ given == pytest.approx(np.linalg.norm(mine) * np.linalg.norm(given)), "the direction stays"


def test_filters_of_zeros_stay_and_nothing_is_divided_by_zero() -> None:
    with np.errstate(all="raise"):
        found = filter_normalised(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


def path(count: int, size: int, seed: int = 0) -> np.ndarray:
    """A bent path with some noise, far from the origin."""
    rng, t = np.random.default_rng(seed), np.linspace(0, 1, count)[:, None]
    return 30 + 5 * t * rng.normal(size=size) + np.sin(3 * t) * rng.normal(size=size) + 0.1 * rng.normal(
        size=(count, size)
    )  # fmt: skip


@pytest.mark.parametrize("origin", [0.0, 30.0])
def test_the_axes_of_a_path_are_those_of_its_svd(origin: float) -> None:
    theta = path(12, 400)
    shifted = theta - origin
    coefficients, coordinates, shares = path_axes(shifted @ shifted.T)
    _, singular, axes = np.linalg.svd(theta - theta.mean(0), full_matrices=False)
    mine = coefficients.T @ shifted
    np.testing.assert_allclose(np.abs(mine @ axes[:2].T), np.eye(2), atol=1e-9)
    np.testing.assert_allclose(shares, singular[:2] ** 2 / (singular**2).sum())
    np.testing.assert_allclose(coordinates, (theta - theta[-1]) @ mine.T, atol=1e-9)
    np.testing.assert_allclose(coefficients.sum(0), 0, atol=1e-12)
    assert (coordinates[-1] == 0).all()
    assert (coordinates[0] <= 0).all()


def test_a_line_and_too_few_points_are_refused() -> None:
    line = np.outer(np.arange(6.0), np.arange(1.0, 50.0))
    with pytest.raises(ValueError, match="on one line"):
        path_axes(line @ line.T)
    with pytest.raises(ValueError, match="on one line"):
        path_axes(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="three points"):
        path_axes(np.eye(2))
