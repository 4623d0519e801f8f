from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from guiapp.gui.labs.kl_compute import PRESETS, Params, compute, draw, significant, validated, z_score
from guiapp.gui.labs.kl_ranges import fit_density, fit_integrand, fit_x, roomier, still_x, still_y
from guiapp.theory.divergence import Estimate, kl_monte_carlo
from guiapp.theory.gaussian import kl

fours = st.tuples(st.floats(-20, 20), st.floats(0.01, 100), st.floats(-20, 20), st.floats(0.01, 100))


def of(four: tuple[float, float, float, float], **more: object) -> Params:
    return msgspec.structs.replace(Params(*four, draws=100), **more)


@pytest.mark.parametrize(
    ("preset", "forward", "reverse"),
    [
        ("identical", 0, 0),
        ("very small", 5e-5, 5e-5),
        ("very large", 5047.1974, kl(10, 0.1, 0, 1)),
        ("asymmetric", 0.318147, 0.806853),
    ],
)
def test_presets(preset: str, forward: float, reverse: float) -> None:
    result = compute(of(PRESETS[preset]))
    assert_allclose((result.forward, result.reverse), (forward, reverse), rtol=2e-6, atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(fours, st.sampled_from(["forward", "reverse"]))
def test_curves_are_ordered_finite_and_what_they_are_called(
    four: tuple[float, float, float, float], direction: str
) -> None:
    r = compute(of(four, direction=direction))
    assert (np.diff(r.x) > 0).all()
    assert_allclose(r.p, norm.pdf(r.x, *four[:2]), rtol=1e-9, atol=1e-300)
    assert_allclose(r.q, norm.pdf(r.x, *four[2:]), rtol=1e-9, atol=1e-300)
    assert np.isfinite(r.f).all()
    assert_allclose(r.positive - r.negative, r.chosen, rtol=1e-9, atol=1e-12)
    low, high = fit_x(r.params)
    assert r.x[0] < low < high < r.x[-1]
    assert 0 <= r.js <= math.log(2) + 1e-13


@settings(max_examples=20, deadline=None)
@given(fours)
def test_the_drawn_area_is_the_divergence(four: tuple[float, float, float, float]) -> None:
    r = compute(of(four))
    assert_allclose(np.trapezoid(r.f, r.x), r.forward, rtol=2e-3, atol=1e-5)


def test_reverse_draws_the_other_integrand() -> None:
    one = compute(Params(1.0, 0.5, 0.0, 1.0, "reverse", 100))
    two = compute(Params(0.0, 1.0, 1.0, 0.5, "forward", 100))
    assert_allclose(one.f, two.f, rtol=1e-9, atol=1e-300)
    assert one.chosen == one.reverse == two.forward


def test_estimates_are_those_of_the_draws_and_repeat_with_the_seed() -> None:
    params = Params(1.0, 0.5, 0.0, 1.0, draws=1000, seed=7)
    result, again = compute(params), compute(params, draw(1000, 7))
    noise = np.random.default_rng(7).standard_normal(1000)
    assert_allclose(result.forward_estimate, kl_monte_carlo(1, 0.5, 0, 1, noise), rtol=1e-10)
    assert_allclose(result.reverse_estimate, kl_monte_carlo(0, 1, 1, 0.5, noise), rtol=1e-10)
    assert result.forward_estimate == again.forward_estimate
    assert result.forward_estimate != compute(msgspec.structs.replace(params, seed=8)).forward_estimate


def test_z_scores() -> None:
    assert z_score(Estimate(1.2, 0.1), 1.0) == pytest.approx(2)
    assert z_score(Estimate(0.0, 0.0), 0.0) == 0


@pytest.mark.parametrize(
    "bad", [{"mu1": 20.01}, {"sigma1": 0.0}, {"sigma2": math.nan}, {"draws": 1}, {"seed": -1}, {"direction": "up"}]
)
def test_parameters_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        validated(msgspec.structs.replace(Params(), **bad))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5047.197414907, "5047.20"),
        (5e-5, "5.00000×10⁻⁵"),
        (0.0, "0"),
        (-1.386294361, "−1.38629"),
        (123456.7, "123457"),
        (1.5e7, "1.50000×10⁷"),
        (math.nan, "–"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_have_six_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def test_two_digits() -> None:
    assert significant(10.2, 2) == "10"
    assert significant(100.0, 2) == "1.0×10²"
    assert significant(1000.0, 1) == "1×10³"


def test_ranges_hold_what_is_to_be_seen() -> None:
    r = compute(of((0, 1, 10, 0.1)))
    low, high = fit_x(r.params)
    assert low < -4
    assert high > 10.4
    assert fit_density(r.params)[1] < 3  # q's peak of 3.99 is cut so that p's of .399 can be seen
    assert fit_density(Params())[1] > 0.798
    assert fit_integrand(r)[1] > r.f.max()
    low, high = fit_integrand(compute(of((0, 1, 0, 1))))
    assert low < 0 < high


def test_a_range_stays_while_it_serves() -> None:
    assert still_x(Params(), (-4, 4))
    assert not still_x(Params(mu1=3.0), (-4, 3.5))
    assert still_y((0, 1), (0, 2))
    assert not still_y((0, 1), (0, 4))
    assert not still_y((0, 3), (0, 2))
    assert still_y((0, 1), roomier((0, 1), 0.25))
    assert roomier((0, 1), 0.25) == (0, 1.25)
