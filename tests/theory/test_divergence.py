"""Witnesses: adaptive quadrature in scipy, the closed form, and direct sums over draws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from guiapp.theory.divergence import (
    crossings,
    integrand,
    js,
    kl_from_moments,
    kl_monte_carlo,
    log_ratio,
    noise_moments,
    signed_areas,
)
from guiapp.theory.gaussian import kl

Four = tuple[float, float, float, float]
means = st.floats(-20, 20)
deviations = st.floats(0.01, 100)
PAIRS: list[Four] = [(0, 1, 0, 2), (1, 0.5, 0, 1), (0, 1, 0, 1), (0, 1, 3, 0.02), (-20, 0.01, 20, 100), (3, 1, -3, 1)]


def js_by_quad(m1: float, s1: float, m2: float, s2: float) -> float:
    p, q = norm(m1, s1), norm(m2, s2)

    def terms(x: float) -> float:
        a, b = p.logpdf(x), q.logpdf(x)
        m = np.logaddexp(a, b) - math.log(2)
        return 0.5 * float(np.exp(a) * (a - m) + np.exp(b) * (b - m))

    cuts = sorted({m + k * s for m, s in ((m1, s1), (m2, s2)) for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12)})
    pieces = (quad(terms, a, b, epsabs=1e-13)[0] for a, b in pairwise(cuts))
    return float(sum(pieces))


@pytest.mark.parametrize("four", PAIRS)
def test_js_agrees_with_adaptive_quadrature(four: Four) -> None:
    assert_allclose(js(*four), js_by_quad(*four), rtol=0, atol=1e-11)


@given(means, deviations, means, deviations)
def test_js_is_symmetric_and_between_0_and_log_2(m1: float, s1: float, m2: float, s2: float) -> None:
    value = js(m1, s1, m2, s2)
    assert -1e-15 <= value <= math.log(2) + 1e-13
    assert_allclose(js(m2, s2, m1, s1), value, rtol=0, atol=1e-14)


@given(means, deviations)
def test_js_of_a_gaussian_with_itself_is_0(mu: float, sigma: float) -> None:
    assert js(mu, sigma, mu, sigma) == 0


def test_js_broadcasts_and_differentiates() -> None:
    mu = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    value = js(mu, 1.0, 0.0, torch.tensor([[1.0], [2.0]], dtype=torch.float64))
    assert value.shape == (2, 3)
    assert_allclose(value[1, 2].item(), js(3.0, 1.0, 0.0, 2.0), rtol=1e-12)
    (gradient,) = torch.autograd.grad(value[0, 1], mu)
    slope = (js(1 + 1e-5, 1.0, 0.0, 1.0) - js(1 - 1e-5, 1.0, 0.0, 1.0)) / 2e-5
    assert_allclose(gradient.numpy(), [0, slope, 0], atol=1e-9)


@pytest.mark.parametrize("four", PAIRS)
def test_the_integrand_integrates_to_the_kl(four: Four) -> None:
    x = four[0] + four[1] * np.linspace(-12, 12, 200_001)
    assert_allclose(np.trapezoid(integrand(x, *four), x), kl(*four), rtol=1e-7, atol=1e-12)


def test_the_integrand_is_finite_in_the_far_tails() -> None:
    x = np.array([-1e6, -60.0, 0.0, 60.0, 1e6])
    values = integrand(x, 0.0, 1.0, 10.0, 0.01)
    assert np.isfinite(values).all()
    assert_allclose(values[[0, 1, 3, 4]], 0, atol=1e-300)
    assert_allclose(values[2], norm.pdf(0) * (norm.logpdf(0) - norm.logpdf(0, 10, 0.01)))


def test_the_log_ratio_is_right_where_both_densities_are_0_to_the_machine() -> None:
    assert norm.pdf(100.0, 0, 1) == norm.pdf(100.0, 1, 1) == 0
    assert_allclose(log_ratio(100.0, 0.0, 1.0, 1.0, 1.0), 0.5 * 99**2 - 0.5 * 100**2)


@pytest.mark.parametrize("four", PAIRS)
def test_the_densities_are_equal_at_a_crossing(four: Four) -> None:
    found = crossings(*four)
    assert len(found) == (0 if four[0] == four[2] and four[1] == four[3] else 1 if four[1] == four[3] else 2)
    assert list(found) == sorted(found)
    assert_allclose([log_ratio(x, *four) for x in found], 0, atol=1e-8)


@settings(max_examples=50)
@given(means, deviations, means, deviations)
def test_the_signed_areas_differ_by_the_kl(m1: float, s1: float, m2: float, s2: float) -> None:
    positive, negative = signed_areas(m1, s1, m2, s2)
    assert min(positive, negative) >= 0
    assert_allclose(positive - negative, kl(m1, s1, m2, s2), rtol=1e-9, atol=1e-12)


def test_the_negative_area_is_that_of_the_negative_part() -> None:
    corner = math.sqrt(8 * math.log(2) / 3)
    expected, _ = quad(lambda x: 2 * max(-float(integrand(x, 0.0, 1.0, 0.0, 2.0)), 0.0), corner, 20, epsabs=1e-12)
    assert_allclose(signed_areas(0, 1, 0, 2)[1], expected, rtol=1e-7)


@pytest.mark.parametrize("four", PAIRS)
def test_monte_carlo_is_the_mean_log_ratio_and_its_standard_error(four: Four) -> None:
    noise = np.random.default_rng(5).standard_normal(2000)
    x = four[0] + four[1] * noise
    t = norm.logpdf(x, *four[:2]) - norm.logpdf(x, *four[2:])
    value, error = kl_monte_carlo(*four, noise)
    assert_allclose(value, t.mean(), rtol=1e-9, atol=1e-12)
    assert_allclose(error, t.std(ddof=1) / math.sqrt(2000), rtol=1e-9, atol=1e-12)
    assert_allclose(kl_from_moments(*four, noise_moments(noise)), (value, error), rtol=1e-9, atol=1e-12)


def test_the_standard_error_covers_the_truth_as_often_as_a_normal_law_says() -> None:
    draws = np.random.default_rng(0).standard_normal((400, 500))
    estimates = [kl_from_moments(1, 0.5, 0, 1, noise_moments(noise)) for noise in draws]
    z = np.array([(e.value - kl(1, 0.5, 0, 1)) / e.error for e in estimates])
    assert abs(z.mean()) < 0.2  # unbiased; 400 estimates know their mean to .05
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.683, abs=0.08)


def test_four_times_the_draws_halve_the_error() -> None:
    noise = np.random.default_rng(3).standard_normal(400_000)
    few, many = (kl_from_moments(0, 1, 0, 2, noise_moments(noise[:n])) for n in (100_000, 400_000))
    assert few.error / many.error == pytest.approx(2, rel=0.02)


def test_monte_carlo_differentiates_along_the_draws() -> None:
    mu = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(4000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(kl_monte_carlo(mu, 1.0, 0.0, 2.0, noise).value, mu)
    assert gradient.item() == pytest.approx((0.5 + noise.mean().item()) / 4)


def test_one_draw_has_no_standard_error() -> None:
    with pytest.raises(ValueError, match="at least two draws; there are 1"):
        kl_monte_carlo(0, 1, 0, 2, np.zeros(1))
    with pytest.raises(ValueError, match="at least two"):
        noise_moments(np.zeros(1))
