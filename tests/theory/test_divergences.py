"""Witnesses: adaptive quadrature in scipy, torch's KL, other closed forms, and the inequalities between them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from guiapp.theory.divergence import js
from guiapp.theory.divergences import (
    alpha_divergence,
    by_quadrature,
    squared_hellinger,
    total_variation,
    wasserstein,
)
from guiapp.theory.gaussian import kl

Four = tuple[float, float, float, float]
PAIRS: list[Four] = [(1, 0.5, 0, 1), (0, 1, 0, 2), (3, 1, -3, 1), (0.1, 1, 0, 1), (5, 0.1, -5, 5), (0, 5, 0, 0.1)]
means, deviations, alphas = st.floats(-5, 5), st.floats(0.1, 5), st.floats(0, 1)
fours = st.tuples(means, deviations, means, deviations)


def integrated(four: Four, density: str, alpha: float = 0.5) -> float:
    """The defining integral by scipy, cut where either Gaussian counts."""
    p, q = norm(*four[:2]), norm(*four[2:])

    def terms(x: float) -> float:
        a, b = p.logpdf(x), q.logpdf(x)
        if density == "variation":
            return 0.5 * abs(math.exp(a) - math.exp(b))
        return math.exp(alpha * a + (1 - alpha) * b)

    cuts = sorted({m + k * s for m, s in (four[:2], four[2:]) for k in (-12, -6, -3, -2, -1, 0, 1, 2, 3, 6, 12)})
    return float(sum(quad(terms, a, b, epsabs=1e-12, limit=200)[0] for a, b in pairwise(cuts)))


@pytest.mark.parametrize("four", PAIRS)
@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_alpha_divergence_agrees_with_quadrature(four: Four, alpha: float) -> None:
    truth = (1 - integrated(four, "mixed", alpha)) / (alpha * (1 - alpha))
    assert_allclose(alpha_divergence(*four, alpha), truth, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("four", PAIRS)
def test_its_ends_are_the_two_kls_and_are_reached_without_a_jump(four: Four) -> None:
    normal = torch.distributions.Normal
    p, q = normal(float(four[0]), float(four[1])), normal(float(four[2]), float(four[3]))
    forward, reverse = (float(torch.distributions.kl_divergence(*pair)) for pair in ((p, q), (q, p)))
    assert_allclose(alpha_divergence(*four, 1.0), forward, rtol=1e-6)
    assert_allclose(alpha_divergence(*four, 0.0), reverse, rtol=1e-6)
    for near in (1e-200, 1e-12, 1e-9):
        assert_allclose(alpha_divergence(*four, near), kl(*four[2:], *four[:2]), rtol=1e4 * near + 1e-13)
    for near in (1e-12, 1e-9):
        assert_allclose(alpha_divergence(*four, 1 - near), kl(*four), rtol=1e4 * near + 1e-13)


def test_alpha_outside_of_its_range_is_refused() -> None:
    for alpha in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            alpha_divergence(0, 1, 1, 1, alpha)


@pytest.mark.parametrize("four", PAIRS)
def test_total_variation_agrees_with_quadrature(four: Four) -> None:
    assert_allclose(total_variation(*four), integrated(four, "variation"), atol=1e-8)


@pytest.mark.parametrize("delta", [1e-9, 1e-3, 1.0, 4.0, 50.0])
def test_total_variation_of_equal_widths(delta: float) -> None:
    assert_allclose(total_variation(delta, 1.0, 0.0, 1.0), 2 * norm.cdf(delta / 2) - 1, rtol=1e-6, atol=1e-15)


def test_hellinger_agrees_with_its_definition() -> None:
    for four in PAIRS:
        assert_allclose(squared_hellinger(*four), 1 - integrated(four, "mixed", 0.5), atol=1e-10)
    assert_allclose(squared_hellinger(1e-6, 1, 0, 1), 1e-12 / 8, rtol=1e-9)  # no digits lost to 1 - BC


def test_wasserstein_agrees_with_the_quantiles() -> None:
    for four in PAIRS:
        p, q = norm(*four[:2]), norm(*four[2:])
        gap = lambda u, p=p, q=q: (p.ppf(u) - q.ppf(u)) ** 2  # noqa: E731
        assert_allclose(wasserstein(*four), math.sqrt(quad(gap, 0, 1, limit=500)[0]), rtol=1e-4)


@pytest.mark.parametrize("four", [*PAIRS, (0, 1, 0, 1)])
@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_the_witnesses_agree_with_the_formulas(four: Four, alpha: float) -> None:
    found = by_quadrature(*four, alpha)
    truth = {
        "forward": kl(*four), "reverse": kl(*four[2:], *four[:2]), "alpha": alpha_divergence(*four, alpha),
        "js": js(*four), "hellinger2": squared_hellinger(*four), "variation": total_variation(*four),
        "wasserstein": wasserstein(*four),
    }  # fmt: skip
    assert set(found) == set(truth)
    loose = {"variation": 1e-5, "wasserstein": 1e-3}
    for name, value in truth.items():
        assert_allclose(found[name], value, rtol=loose.get(name, 1e-10), atol=loose.get(name, 1e-10), err_msg=name)


@given(fours, alphas)
def test_none_is_negative_and_the_symmetric_ones_are_symmetric(four: Four, alpha: float) -> None:
    back = (*four[2:], *four[:2])
    for divergence in (squared_hellinger, total_variation, wasserstein):
        value = divergence(*four)
        assert value >= 0
        assert_allclose(divergence(*back), value, rtol=1e-9, atol=1e-14)
    assert alpha_divergence(*four, alpha) >= -1e-15
    assert_allclose(alpha_divergence(*back, 1 - alpha), alpha_divergence(*four, alpha), rtol=1e-6, atol=1e-14)
    assert kl(*four) >= 0


@given(means, deviations, alphas, st.floats(1e-3, 3), st.floats(-1, 1))
def test_zero_if_and_only_if_equal(mu: float, sigma: float, alpha: float, by: float, wider: float) -> None:
    other = (mu + by, sigma * math.exp(wider))
    for divergence in (squared_hellinger, total_variation, wasserstein, kl):
        assert divergence(mu, sigma, mu, sigma) == 0
        assert divergence(mu, sigma, *other) > 0
    assert alpha_divergence(mu, sigma, mu, sigma, alpha) == 0
    assert alpha_divergence(mu, sigma, *other, alpha) > 0
    assert abs(js(mu, sigma, mu, sigma)) < 1e-14
    assert js(mu, sigma, *other) > 0


@given(fours)
def test_they_bound_each_other(four: Four) -> None:
    squared, variation, forward = squared_hellinger(*four), total_variation(*four), kl(*four)
    slack = 1e-12
    assert squared <= variation + slack
    assert variation <= math.sqrt(2) * math.sqrt(squared) + 1e-7 * (squared < 1e-12) + slack
    assert variation <= math.sqrt(forward / 2) + slack  # Pinsker
    assert 2 * squared <= forward + slack
    assert js(*four) <= math.log(2) + 1e-13
    assert max(squared, variation) <= 1
    assert math.sqrt(squared) ** 4 <= variation + slack


@given(fours, st.floats(-5, 5), st.floats(0.1, 10), alphas)
def test_only_wasserstein_depends_on_the_unit_of_x(four: Four, by: float, scale: float, alpha: float) -> None:
    other = (scale * (four[0] + by), scale * four[1], scale * (four[2] + by), scale * four[3])
    assert_allclose(squared_hellinger(*other), squared_hellinger(*four), rtol=1e-6, atol=1e-13)
    assert_allclose(total_variation(*other), total_variation(*four), rtol=1e-6, atol=1e-9)
    assert_allclose(alpha_divergence(*other, alpha), alpha_divergence(*four, alpha), rtol=1e-6, atol=1e-13)
    assert_allclose(wasserstein(*other), scale * wasserstein(*four), rtol=1e-6, atol=1e-12)


@given(fours, means, deviations)
def test_the_metrics_keep_the_triangle_inequality(four: Four, mu: float, sigma: float) -> None:
    p, q, r = four[:2], four[2:], (mu, sigma)
    for metric in (lambda *f: math.sqrt(squared_hellinger(*f)), total_variation, wasserstein):
        assert metric(*p, *q) <= metric(*p, *r) + metric(*r, *q) + 1e-12


def test_arguments_broadcast() -> None:
    mu, sigma = np.linspace(-2, 2, 5)[:, None], np.linspace(0.5, 2, 4)
    for divergence in (squared_hellinger, total_variation, wasserstein):
        found = divergence(mu, sigma, 0.0, 1.0)
        assert found.shape == (5, 4)
        assert found[1, 2] == pytest.approx(float(divergence(float(mu[1, 0]), float(sigma[2]), 0.0, 1.0)), rel=1e-12)
    assert alpha_divergence(mu, sigma, 0.0, 1.0, 0.7).shape == (5, 4)
