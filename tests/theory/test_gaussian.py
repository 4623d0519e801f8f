"""Witnesses: scipy for the density, numeric quadrature and torch.distributions for the divergences, finite numbers of
the hand-written solution sheet, and autograd for the gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from guiapp.theory.gaussian import kl, kl_multivariate, kl_standard, log_density

Four = tuple[float, float, float, float]
KNOWN: list[tuple[Four, float]] = [
    ((0, 1, 0, 1), 0),
    ((0, 1, 0.01, 1), 5e-5),
    ((0, 1, 10, 0.1), 5047.1974),
    ((0, 1, 0, 2), 0.318147),
    ((0, 2, 0, 1), 0.806853),
    ((1, 0.5, 0, 1), 0.818147),
    ((3, 1, -3, 1), 18),
]
means = st.floats(-20, 20)
deviations = st.floats(0.01, 100)


@pytest.mark.parametrize(("four", "expected"), KNOWN)
def test_kl_takes_the_known_values(four: Four, expected: float) -> None:
    assert_allclose(kl(*four), expected, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize(("four", "_"), KNOWN)
def test_kl_is_the_integral_of_p_log_p_over_q(four: Four, _: float) -> None:
    p, q = norm(*four[:2]), norm(*four[2:])
    low, high = four[0] - 12 * four[1], four[0] + 12 * four[1]
    expected, _error = quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), low, high, epsabs=1e-12)
    assert_allclose(kl(*four), expected, rtol=1e-9, atol=1e-11)


def test_the_slips_of_the_solution_sheet_are_no_divergences() -> None:
    def swapped(m1: float, s1: float, m2: float, s2: float) -> float:
        return math.log(s1 / s2) + (s2**2 - (m1 + m2) ** 2) / (2 * s1**2) - 0.5

    def added(m1: float, s1: float, m2: float, s2: float) -> float:
        return math.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s1**2) + 0.5

    assert swapped(1, 0.5, 0, 1) == pytest.approx(-1.193, abs=1e-3)
    assert added(0, 1, 0, 1) == 1
    assert kl(1, 0.5, 0, 1) > 0
    assert kl(0, 1, 0, 1) == 0


@given(means, deviations, means, deviations)
def test_kl_is_never_negative_and_agrees_with_torch(m1: float, s1: float, m2: float, s2: float) -> None:
    normal = torch.distributions.Normal
    p, q = (normal(torch.tensor(m, dtype=torch.float64), s) for m, s in ((m1, s1), (m2, s2)))
    ours = kl(m1, s1, m2, s2)
    assert ours >= 0
    assert_allclose(ours, torch.distributions.kl_divergence(p, q).item(), rtol=1e-9, atol=1e-10)


@given(means, deviations, means, deviations)
def test_kl_is_zero_only_where_both_agree(m1: float, s1: float, m2: float, s2: float) -> None:
    assert kl(m1, s1, m1, s1) == 0
    far = abs(m1 - m2) > 1e-6 * s2 or abs(s1 - s2) > 1e-6 * s2
    assert not far or kl(m1, s1, m2, s2) > 0


@given(means, deviations, means, deviations, st.floats(-5, 5), st.floats(0.1, 10), st.sampled_from([-1, 1]))
def test_kl_does_not_change_under_an_affine_map(
    m1: float, s1: float, m2: float, s2: float, shift: float, scale: float, sign: int
) -> None:
    moved = kl(sign * scale * m1 + shift, scale * s1, sign * scale * m2 + shift, scale * s2)
    assert_allclose(moved, kl(m1, s1, m2, s2), rtol=1e-7, atol=1e-9)


def test_kl_keeps_its_digits_between_nearly_equal_gaussians() -> None:
    epsilon = 2.0**-26  # log-variances 2ε apart: KL = ε² to first order, 2.2e-16
    assert_allclose(kl(0.0, 1 + epsilon, 0.0, 1.0), epsilon**2, rtol=1e-6)


def test_kl_broadcasts_and_keeps_the_kind_of_array() -> None:
    mu = np.linspace(-1, 1, 6).reshape(2, 3)
    assert kl(mu, 1.0, 0.0, np.array([1.0, 2.0, 3.0])).shape == (2, 3)
    single = kl(torch.zeros(4), 2, torch.tensor([1, 2, 3, 4]), 1.0)
    assert isinstance(single, torch.Tensor)
    assert single.dtype == torch.float32
    assert_allclose(single.numpy(), [kl(0, 2, m, 1) for m in (1, 2, 3, 4)], rtol=1e-6)
    assert_allclose(kl(np.array([0, 3]), np.array([1, 1]), 0, 1), [0, 4.5])


def test_the_gradient_of_kl_is_the_derivative() -> None:
    four = tuple(torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.7, 0.5, -0.3, 2.0))
    assert torch.autograd.gradcheck(kl, four)
    got = torch.autograd.grad(kl(*four), four)
    m1, s1, m2, s2 = (v.item() for v in four)
    by_hand = [(m1 - m2) / s2**2, s1 / s2**2 - 1 / s1, (m2 - m1) / s2**2, 1 / s2 - (s1**2 + (m1 - m2) ** 2) / s2**3]
    assert_allclose([g.item() for g in got], by_hand)


def test_kl_standard_is_the_sum_over_the_last_axis() -> None:
    rng = np.random.default_rng(0)
    mu, log_var = rng.normal(size=(5, 7)), rng.normal(size=(5, 7))
    expected = kl(mu, np.exp(log_var / 2), 0.0, 1.0).sum(axis=-1)
    assert_allclose(kl_standard(mu, log_var), expected)
    assert_allclose(kl_standard(torch.tensor(mu), torch.tensor(log_var)).numpy(), expected)


def test_kl_standard_differentiates_to_mu_and_half_of_variance_minus_one() -> None:
    mu = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    log_var = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    by_mu, by_log_var = torch.autograd.grad(kl_standard(mu, log_var).sum(), (mu, log_var))
    assert torch.allclose(by_mu, mu)
    assert torch.allclose(by_log_var, 0.5 * (log_var.exp() - 1))


def test_kl_standard_of_a_collapsed_posterior_keeps_its_digits_in_single_precision() -> None:
    log_var = torch.full((1, 1), 1e-3)
    exact = 0.5 * (math.expm1(1e-3) - 1e-3)
    assert kl_standard(torch.zeros(1, 1), log_var).item() == pytest.approx(exact, rel=1e-3)


def test_multivariate_kl_agrees_with_torch_and_batches() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 6, 3, 3))
    cov1, cov2 = (m @ np.swapaxes(m, -1, -2) + 0.1 * np.eye(3) for m in (a, b))
    mu1, mu2 = rng.normal(size=(2, 6, 3))
    p, q = (
        torch.distributions.MultivariateNormal(torch.tensor(m), torch.tensor(c)) for m, c in ((mu1, cov1), (mu2, cov2))
    )
    expected = torch.distributions.kl_divergence(p, q).numpy()
    assert_allclose(kl_multivariate(mu1, cov1, mu2, cov2), expected, rtol=1e-9)
    assert_allclose(kl_multivariate(*(torch.tensor(v) for v in (mu1, cov1, mu2, cov2))).numpy(), expected, rtol=1e-9)


def test_multivariate_kl_of_diagonal_covariances_is_the_sum_of_the_univariate_ones() -> None:
    mu, sigma = np.array([1.0, -0.5]), np.array([0.5, 2.0])
    whole = kl_multivariate(mu, np.diag(sigma**2), np.zeros(2), np.eye(2))
    assert_allclose(whole, kl(mu, sigma, 0.0, 1.0).sum())
    assert_allclose(whole, kl_standard(mu, 2 * np.log(sigma)))


def test_multivariate_kl_refuses_what_is_no_covariance() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        kl_multivariate(np.zeros(2), np.diag([1.0, -1.0]), np.zeros(2), np.eye(2))


@given(st.floats(-1e3, 1e3), means, deviations)
def test_log_density_agrees_with_scipy(x: float, mu: float, sigma: float) -> None:
    assert_allclose(log_density(x, mu, sigma), norm.logpdf(x, mu, sigma), rtol=1e-12, atol=1e-12)


def test_the_gradient_of_the_log_density_is_the_score() -> None:
    x = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    (score,) = torch.autograd.grad(log_density(x, 0.5, 2.0).sum(), x)
    assert torch.allclose(score, -(x - 0.5) / 4)
