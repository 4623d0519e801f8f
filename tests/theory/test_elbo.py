"""The formulas around the evidence lower bound against scipy, torch.distributions and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from guiapp.theory import elbo


def draws(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("offset", [0.0, -1e5, 700.0])
def test_the_log_mean_exp_is_scipys_without_overflow(offset: float) -> None:
    weights = 30 * draws(7, 5) + offset
    assert_allclose(elbo.log_mean_exp(weights), logsumexp(weights, axis=0) - math.log(7), rtol=1e-12)
    assert_allclose(elbo.log_mean_exp(torch.from_numpy(weights)).numpy(), elbo.log_mean_exp(weights), rtol=1e-12)


def test_weights_of_nothing_stay_minus_infinity() -> None:
    assert elbo.log_mean_exp(np.full((3, 2), -np.inf)).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize(("beta", "scale"), [(1.0, 1.0), (4.0, 1.0), (1.0, 0.01)])
def test_the_importance_weights_are_those_of_torch_distributions(beta: float, scale: float) -> None:
    noise, mean, log_var, cost = draws(4, 6, 3), draws(6, 3, seed=1), draws(6, 3, seed=2), draws(4, 6, seed=3) ** 2
    z = mean + np.exp(0.5 * log_var) * noise
    q = torch.distributions.Normal(torch.from_numpy(mean), torch.from_numpy(np.exp(0.5 * log_var)))
    p = torch.distributions.Normal(torch.zeros(3, dtype=torch.float64), 1.0)
    at = torch.from_numpy(z)
    expected = beta * (p.log_prob(at) - q.log_prob(at)).sum(-1).numpy() - scale * cost
    assert_allclose(elbo.log_importance_weights(cost, z, noise, log_var, beta, scale), expected, rtol=1e-10)


def test_more_draws_give_a_tighter_bound_on_an_exact_likelihood() -> None:
    """x ~ N(z, 1), z ~ N(0, 1), q = N(0, 1.5²) at x = 1: log p(x) = log N(1; 0, 2)."""
    rng, deviation = np.random.default_rng(0), 1.5
    noise = rng.standard_normal((64, 20000, 1))
    z, log_var = deviation * noise, np.full((20000, 1), 2 * math.log(deviation))
    cost = 0.5 * (1 - z[..., 0]) ** 2 + 0.5 * math.log(2 * math.pi)
    weights = elbo.log_importance_weights(cost, z, noise, log_var)
    bounds = [elbo.log_mean_exp(weights[:k]).mean() for k in (1, 5, 64)]
    exact = -0.25 - 0.5 * math.log(4 * math.pi)
    assert bounds[0] < bounds[1] < bounds[2] < exact + 0.005
    assert exact - bounds[2] < 0.02


def test_free_bits_take_the_larger_of_each_and_lambda() -> None:
    assert elbo.free_bits(np.array([0.1, 0.5, 2.0]), 0.5) == pytest.approx(0.5 + 0.5 + 2.0)
    kl = torch.tensor([0.1, 2.0], requires_grad=True)
    (slope,) = torch.autograd.grad(elbo.free_bits(kl, 0.5), kl)
    assert slope.tolist() == [0.0, 1.0], "what is below λ is not pulled down"


def test_leave_one_out_is_the_mean_of_the_others() -> None:
    values = draws(5, 3)
    expected = [np.delete(values, i, axis=0).mean(0) for i in range(5)]
    assert_allclose(elbo.leave_one_out(values), expected, rtol=1e-12)
    assert elbo.leave_one_out(values[:1]).tolist() == [[0.0, 0.0, 0.0]]


@given(st.floats(0, 100), st.integers(1, 1000), st.integers(1, 5000))
def test_schedules_begin_low_end_at_beta_and_never_leave_its_range(beta: float, length: int, step: int) -> None:
    assert elbo.scheduled(beta, "constant", length, step) == beta
    linear, cyclical = (elbo.scheduled(beta, kind, length, step) for kind in ("linear", "cyclical"))
    assert 0 <= linear <= beta
    assert 0 <= cyclical <= beta
    assert (linear == beta) if step >= length else (linear == pytest.approx(beta * step / length))
    assert cyclical == elbo.scheduled(beta, "cyclical", length, step + length)
    if 2 * ((step - 1) % length + 1) >= length:
        assert cyclical == beta


def test_a_bit_a_component_is_log_2_nats_each() -> None:
    assert elbo.bits_per_dimension(784 * math.log(2), 784) == pytest.approx(1.0)
