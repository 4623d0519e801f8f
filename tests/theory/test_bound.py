"""The bound of the small models against scipy's integrals, differences and the identity of the gap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from guiapp.theory.bound import CHAIN, Model, coordinate_ascent, gradient_ascent, weighted_bounds

LINEAR = Model(1.5, 1.0, 0.0, 0.25, 0.5)
SQUARE = Model(2.0, 0.0, 1.0, 0.25, 0.5)
MODELS = pytest.mark.parametrize("model", [LINEAR, SQUARE, Model(-1.0, 0.7, 0.4, 0.0, 0.3)])

models = st.builds(
    lambda square, x, w, b, sigma: Model(x, 0.0 if square else w, w if square else 0.0, b, sigma),
    st.booleans(), st.floats(-4, 4), st.floats(0.5, 3), st.floats(-1, 1), st.floats(0.1, 3),
)  # fmt: skip
means, deviations, betas = st.floats(-5, 5), st.floats(0.02, 5), st.floats(0.1, 10)


@MODELS
def test_log_p_is_the_integral(model: Model) -> None:
    def joint(z: float) -> float:
        mean = model.b + model.w * z + model.a * z * z
        return float(norm.pdf(z) * norm.pdf(model.x, mean, model.sigma))

    integral = quad(joint, -12, 12, points=[-2, -1.3, -0.5, 0.5, 1.3, 2], epsabs=1e-14, epsrel=1e-13, limit=400)[0]
    assert model.evidence() == pytest.approx(math.log(integral), abs=1e-9)
    assert model.evidence_by_quadrature() == pytest.approx(math.log(integral), abs=1e-9)


@given(models)
def test_quadrature_agrees_with_the_closed_form(model: Model) -> None:
    linear = Model(model.x, model.w or model.a, 0.0, model.b, model.sigma)
    assert linear.evidence_by_quadrature() == pytest.approx(linear.evidence(), abs=1e-9)


@given(models, means, deviations)
def test_bound_and_gap_add_up_to_log_p(model: Model, m: float, s: float) -> None:
    evidence, terms = model.evidence(), model.terms(m, s)
    for gap in (model.gap(m, s, evidence), model.gap_by_quadrature(m, s, evidence)):
        size = max(1.0, 1e-5 * abs(float(terms.elbo)))  # sixteen digits hold no more
        assert float(terms.elbo) + gap == pytest.approx(evidence, abs=1e-9 * size)
        assert gap >= -1e-9
    assert float(terms.elbo) <= evidence + 1e-9


@MODELS
def test_terms_are_the_expectations(model: Model) -> None:
    m, s = 0.8, 0.4
    terms = model.terms(m, s)
    z = norm(m, s)
    reconstruction = quad(lambda t: z.pdf(t) * model.log_likelihood(t), -6, 6, epsabs=1e-12)[0]
    divergence = quad(lambda t: z.pdf(t) * (z.logpdf(t) - norm.logpdf(t)), -3, 5, epsabs=1e-12)[0]
    assert_allclose((terms.reconstruction, terms.kl), (reconstruction, divergence), rtol=1e-9)
    assert terms.weighted(4.0) == pytest.approx(terms.elbo - 3 * terms.kl)


def test_the_gap_is_zero_at_the_true_posterior() -> None:
    m, s = LINEAR.gaussian_posterior()
    assert (m, s) == pytest.approx((1.0, math.sqrt(0.2)))
    assert float(LINEAR.terms(m, s).elbo) == pytest.approx(LINEAR.evidence(), abs=1e-12)


@given(models, means, st.floats(0.1, 3), betas)
def test_the_slope_is_that_of_differences(model: Model, m: float, s: float, beta: float) -> None:
    def at(m: float, log_s: float) -> float:
        return float(model.terms(m, math.exp(log_s)).weighted(beta))

    h, log_s = 1e-5, math.log(s)
    by_m = (at(m + h, log_s) - at(m - h, log_s)) / (2 * h)
    by_s = (at(m, log_s + h) - at(m, log_s - h)) / (2 * h)
    assert_allclose(model.slope(m, s, beta), (by_m, by_s), rtol=1e-6, atol=1e-9 * abs(at(m, log_s)) + 1e-4)


@settings(max_examples=60)
@given(models, means, deviations, betas)
def test_each_ascent_only_ever_rises(model: Model, m: float, s: float, beta: float) -> None:
    for ascent in (coordinate_ascent, gradient_ascent):
        path = [(m, s), *ascent(model, m, s, beta, 40)]
        heights = np.array([float(model.terms(*point).weighted(beta)) for point in path])
        assert (np.diff(heights) >= -1e-9 * np.abs(heights[1:]) - 1e-9).all(), ascent
        assert all(point[1] > 0 for point in path)


@pytest.mark.parametrize("beta", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("ascent", [coordinate_ascent, gradient_ascent])
def test_the_ascents_reach_the_best_gaussian(ascent: object, beta: float) -> None:
    *_, last = ascent(LINEAR, -2.0, 2.0, beta, 2000)  # type: ignore[operator]
    assert last == pytest.approx(LINEAR.gaussian_posterior(beta), abs=1e-5)
    *_, last = ascent(SQUARE, 0.6, 1.0, beta, 2000)  # type: ignore[operator]
    found = minimize(lambda at: -SQUARE.terms(at[0], math.exp(at[1])).weighted(beta), (last[0], math.log(last[1])))
    assert SQUARE.terms(*last).weighted(beta) == pytest.approx(-found.fun, abs=1e-6)


def test_one_gaussian_takes_one_of_two_modes() -> None:
    right, left = (list(coordinate_ascent(SQUARE, m, 0.3, 1.0, 400))[-1] for m in (0.1, -0.1))
    assert right == pytest.approx((-left[0], left[1]))
    gap = SQUARE.gap(*right, SQUARE.evidence())
    assert math.log(2) < gap < math.log(2) + 0.05  # half the mass is missed


def test_importance_weighting_tightens_the_bound() -> None:
    noise = np.random.default_rng(0).standard_normal(100_000)
    for model in (LINEAR, SQUARE):
        bounds = weighted_bounds(model, 1.0, 0.8, noise)
        values = [bound.value for bound in bounds]
        assert values == sorted(values)
        assert values[0] == pytest.approx(float(model.terms(1.0, 0.8).elbo), abs=4 * bounds[0].error)
        assert values[CHAIN.index(50)] < model.evidence() + 4 * bounds[CHAIN.index(50)].error
        assert values[-1] <= model.evidence() + 4 * bounds[-1].error
    direct = -np.log(50)
    z = 1.0 + 0.8 * noise
    logs = (LINEAR.log_joint(z) - norm.logpdf(z, 1.0, 0.8)).reshape(-1, 50)
    direct += float(np.logaddexp.reduce(logs, axis=1).mean())
    assert weighted_bounds(LINEAR, 1.0, 0.8, noise)[CHAIN.index(50)].value == pytest.approx(direct, abs=1e-12)


def test_where_q_is_the_posterior_every_weight_is_log_p() -> None:
    noise = np.random.default_rng(1).standard_normal(2000)
    for bound in weighted_bounds(LINEAR, *LINEAR.gaussian_posterior(), noise):
        assert bound.value == pytest.approx(LINEAR.evidence(), abs=1e-12)
        assert bound.error < 1e-12
