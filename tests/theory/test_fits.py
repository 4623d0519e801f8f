"""Witnesses: scipy's quadrature and optimiser, torch's autograd and distributions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from guiapp.theory.fits import (
    Direction,
    FitError,
    Mixture,
    Point,
    checked,
    descend,
    divergence,
    entropy,
    gradient,
    log_density,
    moments,
    slope,
)

mixtures = st.builds(
    Mixture, st.floats(0.05, 0.95), st.floats(-6, 6), st.floats(0.2, 3), st.floats(-6, 6), st.floats(0.2, 3)
)
points = st.builds(Point, st.floats(-6, 6), st.floats(-1.8, 1.6))
directions = st.sampled_from(["forward", "reverse"])
P = Mixture(0.4, -3.0, 0.7, 2.5, 1.0)


def in_torch(p: Mixture) -> torch.distributions.MixtureSameFamily:
    parts = torch.distributions.Normal(
        torch.tensor([p.mu1, p.mu2], dtype=torch.float64), torch.tensor([p.sigma1, p.sigma2], dtype=torch.float64)
    )
    weights = torch.tensor([p.weight, 1 - p.weight], dtype=torch.float64)
    return torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), parts)


@settings(deadline=None)
@given(mixtures)
def test_density_and_slope_are_those_of_torch(p: Mixture) -> None:
    x = torch.linspace(-15, 15, 61, dtype=torch.float64, requires_grad=True)
    logs = in_torch(p).log_prob(x)  # type: ignore[no-untyped-call]
    (expected,) = torch.autograd.grad(logs.sum(), x)
    np.testing.assert_allclose(log_density(p, x.detach().numpy()), logs.detach().numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(slope(p, x.detach().numpy()), expected.numpy(), rtol=1e-7, atol=1e-7)


@settings(deadline=None)
@given(mixtures)
def test_the_moments_are_those_of_torch(p: Mixture) -> None:
    mean, variance = moments(p)
    assert mean == pytest.approx(float(in_torch(p).mean), abs=1e-12)
    assert variance == pytest.approx(float(in_torch(p).variance), rel=1e-12)


@pytest.mark.parametrize("q", [Point(0, 0), Point(-3, -0.4), Point(2, 1.2)])
def test_both_divergences_are_the_integrals_of_scipy(q: Point) -> None:
    law = norm(q.mu, math.exp(q.log_sigma))

    def log_p(x: float) -> float:
        return float(log_density(P, x))

    forward, _ = quad(lambda x: math.exp(log_p(x)) * (log_p(x) - law.logpdf(x)), -15, 15, points=[-3, 2.5], limit=200)
    reach = 9 * math.exp(q.log_sigma)
    reverse, _ = quad(lambda x: law.pdf(x) * (law.logpdf(x) - log_p(x)), q.mu - reach, q.mu + reach, limit=200)
    assert divergence(P, q, "forward") == pytest.approx(forward, abs=1e-7)
    assert divergence(P, q, "reverse") == pytest.approx(reverse, abs=1e-6)  # log p has a sharp bend between the modes
    found, _ = quad(lambda x: -math.exp(log_p(x)) * log_p(x), -15, 15, points=[-3, 2.5], limit=200)
    assert entropy(P) == pytest.approx(found, abs=1e-7)


@given(mixtures, points, directions)
def test_no_divergence_is_negative(p: Mixture, q: Point, direction: Direction) -> None:
    assert divergence(p, q, direction) > -1e-4 * (1 + abs(divergence(p, q, direction)))


@given(st.floats(0.05, 0.95), st.floats(-6, 6), st.floats(0.2, 3), directions)
def test_two_equal_parts_are_one_gaussian_and_the_divergence_to_it_is_zero(
    w: float, mu: float, sigma: float, direction: Direction
) -> None:
    p = Mixture(w, mu, sigma, mu, sigma)
    assert divergence(p, Point(mu, math.log(sigma)), direction) == pytest.approx(0, abs=1e-10)
    assert gradient(p, Point(mu, math.log(sigma)), direction) == pytest.approx((0, 0), abs=1e-8)
    assert divergence(p, Point(mu + 0.1, math.log(sigma)), direction) > 0


@given(mixtures, points, directions)
def test_the_gradient_is_that_of_differences(p: Mixture, q: Point, direction: Direction) -> None:
    h = 1e-5
    found = gradient(p, q, direction)
    ways = ((h, 0.0), (0.0, h))
    ends = [[divergence(p, Point(q.mu + s * a, q.log_sigma + s * b), direction) for s in (1, -1)] for a, b in ways]
    mu, log = ((above - below) / (2 * h) for above, below in ends)
    scale = 1 + abs(divergence(p, q, direction))
    assert found == pytest.approx((mu, log), rel=1e-4, abs=1e-5 * scale)


def test_the_forward_fit_has_the_moments_of_the_target() -> None:
    mean, variance = moments(P)
    end = descend(P, Point(4, -1), "forward", 500)[-1]
    assert end.mu == pytest.approx(mean, abs=1e-5)
    assert end.log_sigma == pytest.approx(0.5 * math.log(variance), abs=1e-5)


@pytest.mark.parametrize(("start", "mode", "sigma"), [(-4.0, -3.0, 0.7), (4.0, 2.5, 1.0)])
def test_the_reverse_fit_seeks_the_mode_next_to_its_start(start: float, mode: float, sigma: float) -> None:
    end = descend(P, Point(start, 0.0), "reverse", 500)[-1]
    assert end.mu == pytest.approx(mode, abs=0.1)
    assert math.exp(end.log_sigma) == pytest.approx(sigma, abs=0.1)
    found = minimize(lambda at: divergence(P, Point(*at), "reverse"), [start, 0.0], tol=1e-12)
    assert end == pytest.approx(tuple(found.x), abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(mixtures, points, directions)
def test_a_descent_never_rises(p: Mixture, q: Point, direction: Direction) -> None:
    heights = [divergence(p, at, direction) for at in descend(p, q, direction, 60)]
    assert all(below <= above for above, below in pairwise(heights))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sigma1": 0.0}, "σ₁"), ({"sigma2": -1.0}, "σ₂"), ({"mu1": 1e300}, "μ₁"), ({"mu2": math.nan}, "μ₂"),
        ({"weight": 1.0}, "weight"), ({"weight": math.nan}, "weight"), ({"sigma1": math.inf}, "σ₁"),
    ],
)  # fmt: skip
def test_what_is_no_target_is_refused_in_a_sentence(changes: dict[str, float], said: str) -> None:
    for refuse in (checked, lambda p: descend(p, Point(0, 0), "reverse", 3)):
        with pytest.raises(FitError, match=said):
            refuse(P._replace(**changes))
