from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, stats
from scipy.special import logsumexp

from guiapp.theory.monte_carlo_evidence import Model, estimates, log_evidence, log_weights, noise

noises, sizes, qualities = st.floats(0.1, 3), st.floats(0, 3), st.floats(0, 2)


def orthogonal(d: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


@settings(deadline=None, max_examples=40)
@given(sigma=noises, c=sizes, d=st.integers(1, 20))
def test_log_evidence_is_that_of_any_model_with_an_orthogonal_w(sigma: float, c: float, d: int) -> None:
    model, w = Model(sigma, c), orthogonal(d)
    x = np.full(d, model.x)
    law = stats.multivariate_normal(np.zeros(d), w @ w.T + sigma**2 * np.eye(d))
    assert d * model.evidence == pytest.approx(law.logpdf(w @ x))
    assert log_evidence(w @ x, w, sigma) == pytest.approx(d * model.evidence)


def test_log_evidence_takes_any_w() -> None:
    rng = np.random.default_rng(1)
    w, x = rng.standard_normal((7, 3)), rng.standard_normal(7)
    law = stats.multivariate_normal(np.zeros(7), w @ w.T + 0.4**2 * np.eye(7))
    assert log_evidence(x, w, 0.4) == pytest.approx(law.logpdf(x))


@settings(deadline=None, max_examples=60)
@given(sigma=noises, c=sizes, g=qualities)
def test_weights_are_the_ratio_of_the_three_densities(sigma: float, c: float, g: float) -> None:
    model, drawn = Model(sigma, c), noise(3, 50, 2)
    m, s = model.proposal(g)
    z = m + s * drawn.first[0]
    direct = stats.norm(z, sigma).logpdf(model.x) + stats.norm.logpdf(z) - stats.norm(m, s).logpdf(z)
    found = log_weights(model, g, drawn, np.array([1]))[0]
    assert_allclose(found, direct - stats.norm(0, math.hypot(1, sigma)).logpdf(model.x), atol=1e-8)


def test_dimensions_add_up() -> None:
    model, drawn = Model(0.5, 1.0), noise(3, 20, 4)
    each = np.diff(drawn.first, axis=0, prepend=0.0)
    m, s = model.proposal(0.3)
    z = m + s * each  # (4, 20)
    direct = stats.norm(z, 0.5).logpdf(model.x) + stats.norm.logpdf(z) - stats.norm(m, s).logpdf(z) - model.evidence
    assert_allclose(log_weights(model, 0.3, drawn, np.array([1, 2, 4])), direct.cumsum(axis=0)[[0, 1, 3]])


def test_g_0_is_the_prior_and_g_1_the_posterior() -> None:
    model = Model(0.5, 1.7)
    assert model.proposal(0.0) == (0.0, 1.0)
    assert model.proposal(1.0) == pytest.approx((model.x / 1.25, 0.5 / math.sqrt(1.25)))
    assert_allclose(log_weights(model, 1.0, noise(0, 99), np.array([1, 50])), 0, atol=1e-12)
    assert model.growth(1.0) == 0
    assert model.gap(1.0) == pytest.approx(0, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(sigma=noises, c=sizes, g=qualities)
def test_the_growth_is_the_second_moment_by_quadrature(sigma: float, c: float, g: float) -> None:
    model = Model(sigma, c)
    m, s = model.proposal(g)
    centre, width = model.proposal(2 - g)

    def log_normal(x: float, mean: float, deviation: float) -> float:
        return -0.5 * ((x - mean) / deviation) ** 2 - math.log(deviation * math.sqrt(2 * math.pi))

    def integrand(z: float) -> float:
        log_w = log_normal(model.x, z, sigma) + log_normal(z, 0, 1) - log_normal(z, m, s)
        return math.exp(2 * (log_w - model.evidence) + log_normal(z, m, s))

    second = integrate.quad(integrand, centre - 12 * width, centre + 12 * width, points=[centre])[0]
    assert model.growth(g) == pytest.approx(math.log(second), abs=1e-6)
    assert model.growth(g) >= 0
    assert model.growth(g) == pytest.approx(model.growth(2 - g), abs=1e-9)


def test_the_factor_of_the_lesson() -> None:
    model = Model(1.0, 0.0)
    assert math.exp(model.growth(0.0)) == pytest.approx(2 / math.sqrt(3))
    assert 1300 < math.exp(50 * model.growth(0.0)) < 1350
    assert 1.7e6 < math.exp(100 * model.growth(0.0)) < 2e6


@settings(deadline=None, max_examples=40)
@given(sigma=noises, c=sizes, g=qualities)
def test_the_gap_is_the_divergence_to_the_posterior(sigma: float, c: float, g: float) -> None:
    model = Model(sigma, c)
    q, posterior = (
        torch.distributions.Normal(*map(torch.tensor, map(np.float64, model.proposal(t)))) for t in (g, 1.0)
    )
    assert model.gap(g) == pytest.approx(float(torch.distributions.kl_divergence(q, posterior)), abs=1e-9)
    assert model.gap(g) >= -1e-12


@pytest.mark.parametrize("g", [0.0, 0.5, 0.9, 1.3])
@pytest.mark.parametrize("d", [1, 3])
def test_the_estimate_is_unbiased_within_its_standard_error(g: float, d: int) -> None:
    model, count = Model(0.5, 1.0), 200_000
    w = np.exp(log_weights(model, g, noise(7, count, d), np.array([d]))[0])
    error = math.sqrt(math.expm1(d * model.growth(g)) / count)
    assert abs(w.mean() - 1) < 4 * error
    assert w.var() == pytest.approx(math.expm1(d * model.growth(g)), rel=0.3)


def test_log_of_the_estimate_is_biased_low_and_rises_with_k() -> None:
    model, d = Model(0.5, 1.0), np.array([2, 10, 50])
    for g in (0.0, 0.7, 1.5):
        logs = log_weights(model, g, noise(2, 16_384), d)
        means = np.array([estimates(logs, k).mean for k in (1, 4, 16, 64, 256, 1024)])
        assert np.all(np.diff(means, axis=0) >= 0), "each group is made of groups of the K before: Jensen"
        assert np.all(means[:, 1:] < 0.05)
        last = estimates(logs, 1)
        assert np.all(np.abs(means[0] + d * model.gap(g)) < 4 * last.error)


def test_estimates_are_those_of_a_loop() -> None:
    logs = np.random.default_rng(0).normal(0, 3, (2, 107))
    found = estimates(logs, 10)
    for row in range(2):
        groups = [logs[row, 10 * k : 10 * k + 10] for k in range(10)]
        values = [logsumexp(group) - math.log(10) for group in groups]
        sizes = [np.exp(group).sum() ** 2 / np.exp(2 * group).sum() for group in groups]
        assert found.mean[row] == pytest.approx(np.mean(values))
        assert found.error[row] == pytest.approx(np.std(values, ddof=1) / math.sqrt(10))
        assert found.low[row] == pytest.approx(np.quantile(values, 0.1))
        assert found.high[row] == pytest.approx(np.quantile(values, 0.9))
        assert found.effective[row] == pytest.approx(np.mean(sizes))


@settings(deadline=None, max_examples=30)
@given(shift=st.floats(-1e6, 1e6), k=st.integers(1, 40))
def test_nothing_overflows_and_the_size_lies_between_1_and_k(shift: float, k: int) -> None:
    logs = np.random.default_rng(1).normal(0, 50, (3, 80))
    one, moved = estimates(logs, k), estimates(logs + shift, k)
    assert_allclose(moved.mean - shift, one.mean, atol=1e-8)
    assert_allclose(moved.effective, one.effective, rtol=1e-7)
    assert np.all((one.effective >= 1 - 1e-12) & (one.effective <= k + 1e-9))
    assert np.all(one.low <= one.high)
