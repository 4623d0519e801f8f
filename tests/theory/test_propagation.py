"""Predicted variances against scipy's integrals, published values, and networks drawn by hand in numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from guiapp.theory.activations import ACTIVATIONS, derivative, value
from guiapp.theory.propagation import DeepNetwork, moments, propagate, sigmoid_bound, weight_variance


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("deviation", [0.01, 0.7, 1.0, 6.0])
def test_moments_are_those_of_scipy(activation: str, deviation: float) -> None:
    found = moments(activation, [deviation**2])
    for got, f in (
        (found.mean, lambda a: float(value(activation, a))),
        (found.second, lambda a: float(value(activation, a)) ** 2),
        (found.slope, lambda a: float(derivative(activation, a)) ** 2),
    ):
        parts = [
            quad(lambda z, f=f: f(deviation * z) * norm.pdf(z), *ends, epsabs=1e-13, limit=200)[0]
            for ends in ((-9, -1), (-1, 0), (0, 1), (1, 9))
        ]
        assert_allclose(got, sum(parts), rtol=1e-6, atol=1e-9)


def test_moments_at_the_ends_of_the_numbers() -> None:
    assert_allclose(moments("tanh", [1e-40]).second, 1e-40, rtol=1e-6)
    far = moments("tanh", [1e60])
    assert_allclose(far.second, 1, rtol=1e-7)
    # E g'(a)² -> density of a at 0 times ∫ (1 - tanh²)² = 4/3
    assert_allclose(far.slope, 4 / 3 / math.sqrt(2 * math.pi) * 1e-30, rtol=1e-6)
    zero = moments("sigmoid", [0.0])
    assert_allclose([*zero.mean, *zero.second, *zero.slope], [0.5, 0.25, 1 / 16])
    assert np.isnan(moments("tanh", [math.inf, math.nan]).second).all()
    assert moments("relu", [math.inf]).second == math.inf
    assert np.isnan(moments("relu", [math.nan]).slope).all()


def test_he_keeps_the_variance_of_relu_forward_and_back() -> None:
    found = propagate(DeepNetwork(depth=50), inputs=64)
    assert_allclose(found.variance, 1 - 1 / math.pi, rtol=1e-12)  # E x² = 1, E x = 1/√π
    assert_allclose(found.gradient, 1, rtol=1e-12)
    gained = propagate(DeepNetwork(depth=10, gain=2.0), inputs=64)
    assert_allclose(gained.variance, (1 - 1 / math.pi) * 4.0 ** np.arange(1, 11), rtol=1e-12)
    assert_allclose(gained.gradient, 4.0 ** np.arange(9, -1, -1), rtol=1e-12)


def test_glorot_keeps_the_variance_of_tanh_nearly_and_sigmoid_loses_the_gradient() -> None:
    tanh = propagate(DeepNetwork(depth=20, activation="tanh", init="glorot"), inputs=64)
    assert (np.diff(tanh.variance) < 0).all()
    assert tanh.gradient[0] > 0.05
    sigmoid = propagate(DeepNetwork(depth=20, activation="sigmoid", init="glorot"), inputs=64)
    assert math.sqrt(sigmoid.gradient[0]) < sigmoid_bound(19)
    assert_allclose(sigmoid_bound(10), 9.5367e-7, rtol=1e-4)
    assert sigmoid_bound(10, 2.0) == pytest.approx(0.5**10)
    assert sigmoid_bound(2000) == 0


def drawn(network: DeepNetwork, rng: np.random.Generator, data: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Variances (L,) and E δ_l²/E δ_L² (L,) of a network made in numpy, by definition; relu, tanh and sigmoid."""
    g = {"relu": lambda a: np.maximum(a, 0), "tanh": np.tanh, "sigmoid": expit}[network.activation]
    slope = {"relu": lambda a: (a > 0) * 1.0, "tanh": lambda a: 1 - np.tanh(a) ** 2, "sigmoid": lambda a: g(a) * g(-a)}
    x, back, variances = rng.normal(size=(data, inputs)), [], []
    for _ in range(network.depth):
        v, bias = weight_variance(network.init, network.activation, x.shape[1], network.width)
        w = network.gain * math.sqrt(v) * rng.normal(size=(x.shape[1], network.width))
        a = x @ w + network.bias * math.sqrt(bias) * rng.normal(size=network.width)
        scale = np.ones((data, 1))
        if network.norm == "layer":
            scale = a.std(1, keepdims=True)
            a = (a - a.mean(1, keepdims=True)) / scale
        skips = network.skip and w.shape[0] == w.shape[1]
        back.append((w, slope[network.activation](a) / scale, skips))
        x = g(a) + (x if skips else 0)
        variances.append(x.var())
    delta = rng.normal(size=x.shape)
    squares = [np.square(delta).mean()]
    for w, by, skips in back[:0:-1]:
        delta = (delta * by) @ w.T + (delta if skips else 0)
        squares.append(np.square(delta).mean())
    return np.array(variances), np.array(squares[::-1]) / squares[0]


@pytest.mark.parametrize(
    "network",
    [
        DeepNetwork(activation="tanh", init="glorot", gain=1.2),
        DeepNetwork(activation="tanh", init="pytorch", gain=2.0),
        DeepNetwork(activation="sigmoid", init="normal, 0.02", gain=3.0, bias=False),
        DeepNetwork(activation="relu", skip=True, gain=0.4),
        DeepNetwork(activation="tanh", init="glorot", skip=True),
        DeepNetwork(activation="relu", norm="layer"),
        DeepNetwork(activation="tanh", norm="layer", skip=True),
    ],
    ids=lambda n: f"{n.activation}-{n.init}-{n.norm}-{n.skip}",
)
def test_against_networks_drawn_by_hand(network: DeepNetwork) -> None:
    network = DeepNetwork(**{f: getattr(network, f) for f in network.__struct_fields__} | {"depth": 6, "width": 400})
    rng = np.random.default_rng(5)
    runs = [drawn(network, rng, 60, 100) for _ in range(6)]
    found = propagate(network, inputs=100)
    for got, predicted in zip(zip(*runs, strict=True), (found.variance, found.gradient), strict=True):
        mean, error = np.mean(got, 0), np.std(got, 0, ddof=1) / math.sqrt(len(got))
        assert_allclose(mean, predicted, atol=5 * error.max() / mean.min() * mean.max(), rtol=0.04)


def test_a_normalised_batch_has_no_gradient_of_one_datum() -> None:
    found = propagate(DeepNetwork(depth=5, norm="batch"), inputs=8)
    assert_allclose(found.variance, 0.5 - 0.5 / math.pi)
    assert np.isnan(found.gradient[:-1]).all()
    assert found.gradient[-1] == 1


def test_overflow_and_underflow_are_what_they_are() -> None:
    huge = propagate(DeepNetwork(depth=100, gain=10.0, skip=True), inputs=64, second=1e200)
    assert np.isinf(huge.variance[-1]) or np.isnan(huge.variance[-1])
    small = propagate(DeepNetwork(depth=100, gain=0.01, activation="tanh"), inputs=64)
    assert small.variance[-1] == 0
    assert small.gradient[0] == 0
