"""Activations against torch's autograd, their saturated regions and moments against scipy."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from guiapp.engine.models.layers import ACTIVATIONS as TORCH
from guiapp.spec import Activation
from guiapp.theory import activations
from guiapp.theory.activations import (
    ACTIVATIONS,
    derivative,
    saturation,
    steepest,
    under_histogram,
    under_normal,
    value,
)

A = np.concatenate([np.linspace(-30, 30, 1201), [-1e-9, 1e-9, -0.0, 0.5, -700.0, 700.0]])
every = pytest.mark.parametrize("name", ACTIVATIONS)


def slopes_of_torch(name: str, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    y = TORCH[name](x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach().numpy(), slope.numpy()


def test_all_activations_of_a_network_but_maxout_are_here() -> None:
    assert set(ACTIVATIONS) == set(get_args(Activation)) - {"maxout"}
    for function in (value, derivative):
        with pytest.raises(ValueError, match="no function of one number"):
            function("maxout", 0.0)
        with pytest.raises(ValueError, match="no activation 'swish'"):
            function("swish", 0.0)
    for of_name in (steepest, saturation):
        with pytest.raises(ValueError, match="maxout"):
            of_name("maxout")


@every
def test_value_and_derivative_are_those_that_train(name: str) -> None:
    y, slope = slopes_of_torch(name, A)
    assert_allclose(value(name, A), y, rtol=1e-12, atol=1e-15)
    assert_allclose(derivative(name, A), slope, rtol=1e-9, atol=1e-15)
    assert value(name, 0.5).shape == derivative(name, 0.5).shape == ()


@every
def test_the_limits_are_numbers_and_nan_stays(name: str) -> None:
    with np.errstate(all="raise", under="ignore"):
        far = value(name, [-np.inf, np.inf])
        slopes = derivative(name, [-np.inf, np.inf])
    assert not np.isnan(far).any()
    assert np.isfinite(slopes).all()
    assert np.isnan(value(name, np.nan))
    assert np.isnan(derivative(name, np.nan))


def test_the_tails_keep_their_digits() -> None:
    assert_allclose(derivative("sigmoid", [-60.0, 60.0]), math.exp(-60), rtol=1e-12)
    assert_allclose(derivative("tanh", [-25.0, 25.0]), 4 * math.exp(-50), rtol=1e-12)
    assert_allclose(value("gelu", -10.0), -10 * norm.cdf(-10), rtol=1e-12)


@every
def test_the_steepest_slope(name: str) -> None:
    slopes = np.abs(derivative(name, np.linspace(-20, 20, 400_001)))
    assert steepest(name) == pytest.approx(slopes.max(), rel=1e-9)


@every
def test_the_saturated_region_is_where_the_slope_is_below_a_hundredth(name: str) -> None:
    a = np.linspace(-20, 20, 40_004)  # not on a boundary
    inside = np.zeros(len(a), bool)
    for low, high in saturation(name):
        inside |= (a > low) & (a < high)
    assert (inside == (np.abs(derivative(name, a)) < 0.01 * steepest(name))).all()


def test_the_boundaries_against_a_root_finder() -> None:
    def apart(name: str, low: float, high: float) -> float:
        return float(
            brentq(lambda a: abs(slopes_of_torch(name, np.array([a]))[1][0]) - 0.01 * steepest(name), low, high)
        )

    assert saturation("sigmoid")[1][0] == pytest.approx(apart("sigmoid", 1, 20)) == pytest.approx(5.986, abs=1e-3)
    assert saturation("tanh")[0][1] == pytest.approx(apart("tanh", -20, -1)) == pytest.approx(-2.993, abs=1e-3)
    assert saturation("elu")[0][1] == pytest.approx(math.log(0.01))
    assert saturation("gelu")[0][1] == pytest.approx(apart("gelu", -10, -1.5))
    assert saturation("leaky relu") == ()


@every
@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (2, 0.5), (-3, 0.02), (1, 20), (-20, 20), (15, 0.05)])
def test_moments_under_a_normal(name: str, mean: float, deviation: float) -> None:
    found = under_normal(name, mean, deviation)
    low, high = mean - 12 * deviation, mean + 12 * deviation
    cuts = [x for x in (0.0, -5.0, 5.0, mean, mean - 3 * deviation, mean + 3 * deviation) if low < x < high]
    for power, number in ((1, found.slope), (2, found.squared)):
        expected, _ = quad(
            lambda a, power=power: float(derivative(name, a)) ** power * norm.pdf(a, mean, deviation),
            low, high, points=cuts, limit=1000, epsabs=1e-13, epsrel=1e-11,
        )  # fmt: skip
        assert number == pytest.approx(expected, rel=1e-9, abs=1e-13)
    law = norm(mean, deviation)
    assert found.saturated == pytest.approx(sum(law.cdf(b) - law.cdf(a) for a, b in saturation(name)), abs=1e-12)
    assert found.dead == pytest.approx(law.cdf(0) if name == "relu" else 0.0)


def test_he_and_glorot_are_read_off_the_moments() -> None:
    assert 2 * under_normal("relu", 0, 3.7).squared == pytest.approx(1, rel=1e-12)  # n v = 2, He et al. 2015
    assert under_normal("tanh", 0, 1e-3).squared == pytest.approx(1, abs=1e-5)  # n v = 1, Glorot & Bengio 2010
    assert under_normal("sigmoid", 0, 1e-3).squared == pytest.approx(1 / 16, rel=1e-5)


@every
def test_moments_under_a_histogram_are_those_of_its_draws(name: str) -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(0.7, 2.5, 200_000)
    counts, edges = np.histogram(draws, 80)
    found, slopes = under_histogram(name, edges, counts), derivative(name, draws)
    error = 5 / math.sqrt(len(draws))
    assert found.slope == pytest.approx(slopes.mean(), abs=error)
    assert found.squared == pytest.approx((slopes**2).mean(), abs=error)
    low = np.abs(slopes) < 0.01 * steepest(name)
    assert found.saturated == pytest.approx(low.mean(), abs=error)
    assert found.dead == pytest.approx((draws <= 0).mean() if name == "relu" else 0, abs=error)


def test_a_wide_bin_is_filled_evenly() -> None:
    found = under_histogram("relu", [-30.0, 10.0], [5])
    assert (found.slope, found.squared, found.dead) == pytest.approx((0.25, 0.25, 0.75))
    assert under_histogram("tanh", [-200.0, 200.0], [1]).slope == pytest.approx(2 / 400)  # (g(b) - g(a)) / (b - a)


@pytest.mark.parametrize(
    ("edges", "counts", "says"),
    [
        ([0, 1, 2], [1], "K \\+ 1 edges"),
        ([0], [], "K \\+ 1 edges"),
        ([0, 1, 1], [1, 1], "rise"),
        ([0, np.inf], [1], "finite"),
        ([0, 1], [0], "above 0"),
        ([0, 1, 2], [1, -1], "above 0"),
        ([0, 1], [np.nan], "above 0"),
    ],
)
def test_what_is_no_histogram_is_refused(edges: list[float], counts: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        under_histogram("relu", edges, counts)


@pytest.mark.parametrize(("mean", "deviation"), [(0, 0), (0, -1), (np.nan, 1), (0, np.inf)])
def test_what_is_no_normal_is_refused(mean: float, deviation: float) -> None:
    with pytest.raises(ValueError, match="positive deviation"):
        under_normal("tanh", mean, deviation)


def test_one_evaluation_is_cheap_enough_for_a_slider() -> None:
    points, _ = activations._quadrature(np.arange(-9.0, 10.0) * 20, -180, 180)
    assert len(points) < 1200
