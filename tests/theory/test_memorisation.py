"""Distances to the training data against scipy's, and their ranks against scipy's test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, norm

from guiapp.theory.memorisation import neighbour_distances, ranks


@pytest.mark.parametrize(("count", "size"), [(700, 2), (300, 784), (1, 5)])
def test_the_nearest_is_that_of_scipy(count: int, size: int) -> None:
    rng = np.random.default_rng(count)
    points, training = rng.random((count, size), np.float32), rng.random((400, size), np.float32)
    distance, row = neighbour_distances(points, training)
    table = cdist(points, training)
    assert_array_equal(row, table.argmin(axis=1))
    assert_allclose(distance, table.min(axis=1), rtol=1e-6)


def test_a_copy_is_at_distance_nought() -> None:
    training = np.random.default_rng(1).random((50, 784), np.float32)
    distance, row = neighbour_distances(training[[3, 7]], training)
    assert row.tolist() == [3, 7]
    assert distance.tolist() == [0, 0]


def test_points_that_are_no_numbers() -> None:
    distance, row = neighbour_distances(np.array([[np.nan, 0], [1, 1], [np.inf, 0]]), np.zeros((3, 2)))
    assert row.tolist() == [-1, 0, -1]
    assert_allclose(distance, [np.nan, math.sqrt(2), np.nan])


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.lists(st.integers(0, 8), min_size=1, max_size=30))
def test_the_ranks_are_those_of_mann_and_whitney(samples: list[int], heldout: list[int]) -> None:
    a, b = np.array(samples, float), np.array(heldout, float)
    found = ranks(a, b)
    assert found.auc == pytest.approx(np.mean(a[:, None] < b) + 0.5 * np.mean(a[:, None] == b))
    assert found.auc + ranks(b, a).auc == pytest.approx(1)
    if len({*samples, *heldout}) > 1:
        witness = mannwhitneyu(b, a, alternative="greater", use_continuity=False, method="asymptotic")
        assert norm.sf(found.z) == pytest.approx(witness.pvalue, rel=1e-6)
    else:
        assert found == (0.5, 0)


def test_what_is_unknown_is_left_out() -> None:
    some = np.array([1.0, np.nan, 2.0, np.inf])
    assert ranks(some, np.array([3.0, 4.0])) == ranks(np.array([1.0, 2.0]), np.array([3.0, 4.0, np.nan]))
    assert np.isnan(ranks(np.array([np.nan]), np.array([1.0]))).all()
    assert np.isnan(ranks(np.array([1.0]), np.empty(0))).all()


def test_the_ranks_of_equal_laws_are_normal() -> None:
    rng = np.random.default_rng(2)
    z = [ranks(rng.exponential(1, 64), rng.exponential(1, 256)).z for _ in range(2000)]
    assert abs(np.mean(z)) < 0.1
    assert np.std(z) == pytest.approx(1, abs=0.06)
