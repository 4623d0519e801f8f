"""Collapse by its definitions: closed forms, scipy, torch.distributions and brute force as witnesses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import norm

from guiapp.theory import collapse, gaussian


def posteriors(count: int, z: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (count, z)), rng.uniform(-3, 0.5, (count, z))


def noise(draws: int, mean: np.ndarray, seed: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((draws, *mean.shape))


# ------------------------------------------------------------------------------------------------------ active units


def test_the_variance_of_the_means_is_the_unbiased_one() -> None:
    mean, _ = posteriors(7, 3)
    assert_allclose(collapse.variance_of_means(mean), mean.var(0, ddof=1), rtol=1e-12)
    assert_allclose(collapse.variance_of_means(torch.from_numpy(mean)).numpy(), mean.var(0, ddof=1), rtol=1e-12)


def test_a_unit_is_active_above_a_hundredth() -> None:
    unit = np.array([[-1.0], [1.0], [-1.0], [1.0]]) * math.sqrt(3 / 4)  # unbiased variance 1
    mean = unit * np.sqrt([0.0101, 0.0099, 0.0])
    assert collapse.active(mean).tolist() == [True, False, False]
    assert collapse.active(torch.from_numpy(mean)).tolist() == [True, False, False]


def test_one_datum_has_no_variance() -> None:
    with pytest.raises(ValueError, match="at least two"):
        collapse.variance_of_means(np.zeros((1, 2)))


@given(st.integers(0, 10_000))
def test_the_means_cannot_vary_more_than_their_kl_pays_for(seed: int) -> None:
    mean, log_var = posteriors(20, 4, seed)
    assert (mean.var(0) <= 2 * gaussian.kl_standard_each(mean, log_var).mean(0)).all()


# ---------------------------------------------------------------------------------------------------------- verdicts


def test_verdicts() -> None:
    kl = np.array([0.009, 0.011, 0.2, 0.009, np.nan, np.inf, 0.0])
    variance = np.array([0.009, 0.011, 0.001, 0.011, 0.5, 0.5, 0.0])
    expected = ["collapsed", "active", "in between", "in between", "in between", "active", "collapsed"]
    assert [collapse.VERDICTS[i] for i in collapse.verdicts(kl, variance)] == expected
    found = collapse.verdicts(torch.from_numpy(kl), torch.from_numpy(variance))
    assert [collapse.VERDICTS[i] for i in found.tolist()] == expected


@pytest.mark.parametrize(
    ("step", "schedule", "warmup", "until"),
    [
        (0, "constant", 10_000, 500), (499, "constant", 10_000, 500), (500, "constant", 10_000, 0),
        (9_999, "linear", 10_000, 10_000), (10_000, "linear", 10_000, 0), (100, "linear", 50, 500),
        (4_999, "cyclical", 10_000, 5_000), (5_000, "cyclical", 10_000, 0), (12_000, "cyclical", 10_000, 0),
    ],
)  # fmt: skip
def test_no_verdict_in_the_first_steps_and_while_beta_rises(step: int, schedule: Any, warmup: int, until: int) -> None:
    assert collapse.early(step, schedule, warmup) == until


# ------------------------------------------------------------------------------------------------- aggregate posterior


@pytest.mark.parametrize("z", [1, 3, 64])
def test_the_aggregate_is_the_mixture_of_torch_distributions(z: int) -> None:
    mean, log_var = posteriors(40, z)
    at = np.random.default_rng(1).normal(0, 1.5, (30, z))
    parts = torch.distributions.Independent(
        torch.distributions.Normal(torch.from_numpy(mean), torch.from_numpy(np.exp(log_var / 2))), 1
    )
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(torch.ones(40)), parts)
    expected = mixture.log_prob(torch.from_numpy(at)).numpy()
    assert_allclose(collapse.log_aggregate(at, mean, log_var), expected, rtol=1e-6)
    tensors = (torch.from_numpy(a) for a in (at, mean, log_var))
    assert_allclose(collapse.log_aggregate(*tensors).numpy(), expected, rtol=1e-6)


def test_narrow_posteriors_far_out_keep_their_digits() -> None:
    mean = np.random.default_rng(0).normal(0, 3, (50, 2))
    log_var = np.full_like(mean, 2 * math.log(1e-4))
    at = mean + 1e-4 * np.random.default_rng(1).standard_normal(mean.shape)
    each = norm.logpdf(at[:, None], mean, np.exp(log_var / 2)).sum(-1)
    assert_allclose(collapse.log_aggregate(at, mean, log_var), logsumexp(each, 1) - math.log(50), atol=1e-4)


# ------------------------------------------------------------------------------------------------ mutual information


def test_the_information_of_two_data_is_the_integral() -> None:
    """I = (1/N) Σ ∫ q(z|x) log(q(z|x)/q(z)) dz, by adaptive quadrature."""
    mean, log_var = np.array([[-0.7], [0.9]]), np.log(np.array([[0.5], [1.2]]) ** 2)
    mixture = [norm(-0.7, 0.5), norm(0.9, 1.2)]

    def integrand(z: float, one: Any) -> float:
        return float(
            one.pdf(z) * (one.logpdf(z) - np.logaddexp(mixture[0].logpdf(z), mixture[1].logpdf(z)) + np.log(2))
        )

    exact = np.mean([quad(integrand, -12, 12, args=(one,), limit=200)[0] for one in mixture])
    found = collapse.mutual_information(mean, log_var, noise(40_000, mean))
    assert found.error < 0.002
    assert abs(found.value - exact) < 4 * found.error
    assert found.ceiling == math.log(2)


@pytest.mark.slow
def test_the_information_of_gaussian_means_is_that_of_the_gaussian_channel() -> None:
    """μ ~ N(0, s²) and z = μ + σε have I = ½ log(1 + s²/σ²) a dimension; 3,000 data come near to it."""
    z, s, sigma = 2, 0.9, 0.6
    mean = np.random.default_rng(3).normal(0, s, (3000, z))
    found = collapse.mutual_information(mean, np.full_like(mean, 2 * math.log(sigma)), noise(2, mean))
    assert found.value == pytest.approx(z * 0.5 * math.log(1 + s**2 / sigma**2), abs=0.05)


def test_what_says_all_is_at_the_ceiling_and_what_says_nothing_at_zero_without_error() -> None:
    apart = np.arange(30.0)[:, None] * 100
    found = collapse.mutual_information(apart, np.zeros_like(apart), noise(2, apart))
    assert_allclose([found.value, found.error, found.ceiling], [math.log(30), 0, math.log(30)], atol=1e-9)
    same = np.full((30, 4), 0.3)
    found = collapse.mutual_information(same, np.zeros_like(same), noise(2, same))
    assert_allclose([found.value, found.error], [0, 0], atol=1e-12)


def test_the_error_is_that_of_the_draws() -> None:
    mean, log_var = posteriors(50, 2)
    estimates = [collapse.mutual_information(mean, log_var, noise(2, mean, seed)) for seed in range(300)]
    spread = np.std([e.value for e in estimates])
    assert spread == pytest.approx(np.sqrt(np.mean([e.error**2 for e in estimates])), rel=0.15)
    exact = collapse.mutual_information(mean, log_var, noise(2000, mean, 999))
    assert np.mean([e.value for e in estimates]) == pytest.approx(exact.value, abs=4 * spread / math.sqrt(300))


@given(st.integers(0, 1000), st.integers(2, 30), st.integers(1, 5))
def test_the_information_never_exceeds_its_ceiling(seed: int, count: int, z: int) -> None:
    mean, log_var = posteriors(count, z, seed)
    found = collapse.mutual_information(mean, log_var, noise(2, mean, seed))
    assert found.value <= found.ceiling + 1e-9
    assert found.value >= -6 * found.error - 1e-9


def test_the_kl_splits_into_information_and_that_of_the_aggregate() -> None:
    """Hoffman & Johnson 2016, with KL(q(z)‖p(z)) by brute force: draws from the mixture."""
    mean, log_var = posteriors(25, 2)
    rng = np.random.default_rng(5)
    n = rng.integers(0, 25, 400_000)
    z = mean[n] + np.exp(log_var[n] / 2) * rng.standard_normal((len(n), 2))
    terms = collapse.log_aggregate(z, mean, log_var) - norm.logpdf(z).sum(-1)
    aggregate, error = terms.mean(), terms.std() / math.sqrt(len(n))
    found = collapse.mutual_information(mean, log_var, noise(4000, mean))
    total = gaussian.kl_standard(mean, log_var).mean()
    assert total == pytest.approx(found.value + aggregate, abs=4 * math.hypot(error, found.error))


def test_numpy_and_torch_agree() -> None:
    mean, log_var = posteriors(20, 3)
    eps = noise(3, mean)
    plain = collapse.mutual_information(mean, log_var, eps)
    tensor = collapse.mutual_information(*(torch.from_numpy(a) for a in (mean, log_var, eps)))
    assert_allclose([tensor.value.item(), tensor.error.item()], [plain.value, plain.error], rtol=1e-10)


def test_one_draw_has_no_error() -> None:
    mean, log_var = posteriors(5, 2)
    with pytest.raises(ValueError, match="two draws"):
        collapse.mutual_information(mean, log_var, noise(1, mean))


# --------------------------------------------------------------------------------------------------------- marginals


def test_the_marginals_kl_is_the_integral() -> None:
    mean, log_var = posteriors(15, 3)
    log_var += 1  # no narrower than the grid
    found = collapse.marginal_kl(mean, log_var)
    for i in range(3):
        parts = norm(mean[:, i], np.exp(log_var[:, i] / 2))

        def integrand(z: float, parts: Any = parts) -> float:
            density = parts.pdf(z).mean()
            return float(density * (np.log(density) - norm.logpdf(z)))

        assert found[i] == pytest.approx(quad(integrand, -12, 12, limit=400)[0], abs=2e-4)
    assert_allclose(collapse.marginal_kl(torch.from_numpy(mean), torch.from_numpy(log_var)).numpy(), found, rtol=1e-9)


def test_one_gaussian_for_all_data_has_the_closed_form() -> None:
    mean, sigma = np.full((9, 3), (0.0, 1.5, -0.2)), np.full((9, 3), (1.0, 0.3, 2.0))
    exact = gaussian.kl(mean[0], sigma[0], 0.0, 1.0)
    # beyond 5σ lie 5.7e-7 of the mass, with a log-ratio of some 50 at σ = 2
    assert_allclose(collapse.marginal_kl(mean, 2 * np.log(sigma)), exact, atol=5e-5)


def test_thin_posteriors_do_not_fall_between_the_points() -> None:
    """Means drawn from N(0, s²) with σ → 0: the aggregate is N(0, s²) but for the sample's noise."""
    mean = np.random.default_rng(0).standard_normal((5000, 2)) * (1.0, 2.0)
    thin = collapse.marginal_kl(mean, np.full_like(mean, -30.0))
    assert_allclose(thin, [0.0, gaussian.kl(0.0, 2.0, 0.0, 1.0)], atol=0.04)


def test_a_far_away_encoder_stays_finite() -> None:
    mean, log_var = np.array([[1e3], [-1e3], [5.0]]), np.array([[-13.0], [3.0], [0.0]])
    exact = gaussian.kl_standard(mean, log_var).mean()
    assert 0 < collapse.marginal_kl(mean, log_var)[0] < exact
    found = collapse.mutual_information(mean, log_var, noise(2, mean))
    assert found.value == pytest.approx(math.log(3), abs=1e-3)
