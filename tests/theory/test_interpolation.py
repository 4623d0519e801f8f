"""Ways between codes against scipy, and the length of codes against draws and the chi distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial import geometric_slerp
from scipy.stats import chi

from guiapp.theory import interpolation

T = np.linspace(0, 1, 11)


def unit(size: int, seed: int) -> np.ndarray:
    z = np.random.default_rng(seed).standard_normal(size)
    return z / np.linalg.norm(z)


@pytest.mark.parametrize("size", [2, 3, 20])
def test_on_the_unit_sphere_it_is_scipys(size: int) -> None:
    a, b = unit(size, 1), unit(size, 2)
    assert_allclose(interpolation.spherical(a, b, T), geometric_slerp(a, b, T), atol=1e-12)


@given(st.integers(2, 64), st.integers(0, 1000))
def test_the_length_goes_evenly_and_the_angle_too(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, size))
    way = interpolation.spherical(a, b, T)
    norms = np.linalg.norm(way, axis=1)
    assert_allclose(norms, (1 - T) * np.linalg.norm(a) + T * np.linalg.norm(b), rtol=1e-9)
    cosines = (way[1:] * way[:-1]).sum(1) / (norms[1:] * norms[:-1])
    steps = np.arccos(np.clip(cosines, -1, 1))
    assert_allclose(steps, steps.mean(), rtol=1e-5, atol=1e-7)
    assert_allclose(way[[0, -1]], [a, b], atol=1e-12)


def test_the_straight_way_leaves_the_shell_and_the_arc_does_not() -> None:
    """The reason for the arc: in 64 dimensions the middle of the chord is shorter than almost every code."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 64))
    lengths = np.linalg.norm(rng.standard_normal((10_000, 64)), axis=1)
    assert (lengths > np.linalg.norm(interpolation.linear(a, b, np.array([0.5])))).mean() > 0.99
    arc = np.linalg.norm(interpolation.spherical(a, b, np.array([0.5])))
    assert 0.02 < (lengths > arc).mean() < 0.98


@pytest.mark.parametrize(("a", "b"), [((0.0, 0.0), (1.0, 2.0)), ((1.0, 2.0), (2.0, 4.0)), ((3.0,), (-1.0,))])
def test_where_there_is_no_arc_the_way_is_straight(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    one, other = np.array(a), np.array(b)
    assert_allclose(interpolation.spherical(one, other, T), interpolation.linear(one, other, T))


def test_opposite_codes_have_a_way_around_the_origin() -> None:
    a = np.array([0.0, 2.0, 1.0])
    way = interpolation.spherical(a, -3 * a, T)
    assert np.isfinite(way).all()
    assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(a) * (1 + 2 * T))
    assert_allclose(way[-1], -3 * a, atol=1e-9)


def test_points_along_a_way_lie_evenly() -> None:
    corner = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]])
    assert_allclose(interpolation.along(corner, 5), [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]])
    assert_allclose(interpolation.along(corner[:1], 3), np.zeros((3, 2)))
    assert_allclose(interpolation.along(np.ones((4, 2)), 3), np.ones((3, 2)))


@pytest.mark.parametrize("size", [1, 2, 20, 64])
def test_the_length_of_a_code_is_chi(size: int) -> None:
    mean, deviation = interpolation.norm_moments(size)
    assert_allclose((mean, deviation), (chi(size).mean(), chi(size).std()), rtol=1e-9)
    assert deviation < math.sqrt(0.5)
