from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from guiapp.theory.estimators import (
    ESTIMATORS,
    FUNCTIONS,
    Function,
    by_quadrature,
    derivative,
    difference,
    estimates,
    exact,
    function,
)

every_function = pytest.mark.parametrize("name", FUNCTIONS)
thetas, sigmas = st.floats(-10, 10), st.floats(0.01, 10)


@pytest.mark.parametrize("theta", [-3.0, 0.0, 0.5, 2.0, 10.0])
def test_the_square_at_sigma_1_has_the_variances_of_the_theory(theta: float) -> None:
    found = exact("z²", theta, 1.0)
    assert found.derivative == found.pathwise_mean == 2 * theta
    assert found.pathwise_variance == 4
    assert found.score_variance == pytest.approx(theta**4 + 14 * theta**2 + 15)
    assert found.baselined_variance == pytest.approx(8 * theta**2 + 6)


def test_87_against_4_at_theta_2() -> None:
    found = exact("z²", 2.0, 1.0)
    assert [float(found.derivative), *map(float, found[3:])] == [4, 4, 87, 38, 7]


def test_a_line_has_no_pathwise_variance_and_two_with_the_baseline() -> None:
    found = exact("z", np.array([-4.0, 0.0, 3.0]), 0.5)
    assert_allclose(found.pathwise_variance, 0)
    assert_allclose(found.score_variance, [64 + 2, 2, 36 + 2])
    assert_allclose(found.baselined_variance, 2)


def test_the_step_has_a_pathwise_estimator_that_is_wrong() -> None:
    found = exact("step", 0.0, 2.0)
    assert found.derivative == pytest.approx(1 / (2 * math.sqrt(2 * math.pi)))
    assert [float(found.pathwise_mean), float(found.pathwise_variance)] == [0, 0]
    assert found.score_variance == pytest.approx(0.5 / 4 - 1 / (8 * math.pi))


@every_function
@pytest.mark.parametrize("sigma", [0.01, 0.3, 0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("theta", [-10.0, -2.0, -0.1, 0.0, 1.0, 4.0, 10.0])
def test_closed_forms_are_those_of_quadrature(name: Function, theta: float, sigma: float) -> None:
    assert difference(exact(name, theta, sigma), by_quadrature(name, theta, sigma), sigma) < 1e-8


@every_function
def test_a_difference_is_found_in_every_number(name: Function) -> None:
    found, witness = exact(name, 1.3, 0.7), by_quadrature(name, 1.3, 0.7)
    for field in found._fields:
        slip = found._replace(**{field: getattr(found, field) * 1.001 + 1e-3})
        assert difference(slip, witness, 0.7) > 1e-5, field


@every_function
def test_the_quadrature_is_that_of_another_library(name: Function) -> None:
    theta, sigma, witness = 0.7, 1.3, by_quadrature(name, 0.7, 1.3)

    def density(z: float) -> float:
        return math.exp(-0.5 * ((z - theta) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))

    def second(z: float) -> float:
        return float(function(name, z)) ** 2 * ((z - theta) / sigma**2) ** 2 * density(z)

    value, _ = quad(lambda z: float(function(name, z)) * density(z), -15, 15, points=[0.0], limit=200)
    moment, _ = quad(second, -15, 15, points=[0.0], limit=200)
    assert witness.value == pytest.approx(value, rel=1e-9)
    assert witness.score_variance == pytest.approx(moment - float(witness.derivative) ** 2, rel=1e-7)


@every_function
@given(theta=st.floats(-5, 5), sigma=st.floats(0.2, 3))
@settings(max_examples=30, deadline=None)
def test_the_derivative_is_that_of_the_expectation(name: Function, theta: float, sigma: float) -> None:
    h = 1e-4 * sigma
    up, down = (float(exact(name, theta + step, sigma).value) for step in (h, -h))
    assert exact(name, theta, sigma).derivative == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-6)


@every_function
@given(theta=thetas, sigma=sigmas)
@settings(max_examples=50, deadline=None)
def test_a_baseline_never_harms(name: Function, theta: float, sigma: float) -> None:
    found = exact(name, theta, sigma)
    assert all(np.isfinite(value) for value in found)
    slack = 1e-9 * float(found.score_variance)
    assert 0 <= found.baselined_variance <= found.score_variance + slack
    assert found.pathwise_variance >= 0


@every_function
@given(theta=st.floats(-4, 4), sigma=st.floats(0.3, 3), seed=st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_estimators_are_unbiased_within_their_standard_error(
    name: Function, theta: float, sigma: float, seed: int
) -> None:
    truth, n = exact(name, theta, sigma), 20_000
    noise = np.random.default_rng(seed).standard_normal(n)
    for estimator, values in estimates(name, theta, sigma, noise, float(truth.baseline)).items():
        error = math.sqrt(float(truth.variance(estimator)) / n)
        assert abs(values.mean() - truth.mean(estimator)) <= 6 * error + 1e-4 / n, estimator
        if name != "step" or estimator != "pathwise":
            assert truth.mean(estimator) == pytest.approx(float(truth.derivative))


def test_sample_variances_are_those_of_the_closed_forms() -> None:
    noise = np.random.default_rng(0).standard_normal(400_000)
    for name in FUNCTIONS:
        truth = exact(name, 1.2, 0.8)
        found = estimates(name, 1.2, 0.8, noise, float(truth.baseline))
        for estimator in ESTIMATORS:
            assert found[estimator].var() == pytest.approx(float(truth.variance(estimator)), rel=0.05)


@pytest.mark.parametrize("name", ["z²", "z", "z³", "sin z", "exp(−z²)"])
def test_derivatives_are_those_of_differences(name: Function) -> None:
    z = np.linspace(-3, 3, 61)
    slope = (function(name, z + 1e-5) - function(name, z - 1e-5)) / 2e-5
    assert_allclose(derivative(name, z), slope, atol=1e-8)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan])
def test_sigma_must_be_positive(sigma: float) -> None:
    with pytest.raises(ValueError, match="σ must be above 0"):
        exact("z²", 0.0, sigma)
