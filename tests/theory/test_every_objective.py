"""Every objective of the game: its slopes against autograd and finite differences, its values where they are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from guiapp.theory import game
from guiapp.theory.game import Objective

OBJECTIVES = get_args(Objective)
TARGETS = ((1.0, 0.0), (0.9, 0.0), (0.8, 0.3))
# Away from the kinks of hinge, at -1 and 1, which have no slope.
A = np.concatenate([np.linspace(-7.03, 7.01, 41), [-80.0, 80.0]])
EVERY = pytest.mark.parametrize("objective", OBJECTIVES)


def of_d(objective: Objective, targets: tuple[float, float]) -> tuple[tuple[Callable[[Any], Any], Any], ...]:
    """Each term of D's loss as a function of a, with its slope in closed form at A."""
    real, fake = game.discriminator_slopes(A, A, objective, *targets)
    return (
        (lambda a: game.discriminator_loss(a, a, objective, *targets)[0], real),
        (lambda a: game.discriminator_loss(a, a, objective, *targets)[1], fake),
    )


@EVERY
@pytest.mark.parametrize("targets", TARGETS)
def test_slopes_are_those_of_autograd_and_of_finite_differences(
    objective: Objective, targets: tuple[float, float]
) -> None:
    pairs = (
        *of_d(objective, targets),
        (lambda a: game.generator_loss(a, objective), game.generator_slope(A, objective)),
    )
    for loss, slope in pairs:
        a = torch.tensor(A, requires_grad=True)
        (automatic,) = torch.autograd.grad(loss(a).sum(), a)
        assert_allclose(slope, automatic.numpy(), atol=1e-12)
        step = 1e-4
        assert_allclose(slope, (loss(A + step) - loss(A - step)) / (2 * step), atol=1e-6)


@EVERY
@given(real=st.floats(-1e4, 1e4), fake=st.floats(-1e4, 1e4), targets=st.sampled_from(TARGETS))
def test_numpy_and_torch_agree(objective: Objective, real: float, fake: float, targets: tuple[float, float]) -> None:
    arrays, tensors = (
        (np.array([real]), np.array([fake])),
        (torch.tensor([real], dtype=torch.float64), torch.tensor([fake], dtype=torch.float64)),
    )
    for of in (
        lambda a, b: game.discriminator_loss(a, b, objective, *targets),
        lambda a, b: game.discriminator_slopes(a, b, objective, *targets),
        lambda a, b: (game.generator_loss(b, objective), game.generator_slope(b, objective), game.belief(a, objective)),
    ):
        for one, other in zip(of(*arrays), of(*tensors), strict=True):  # type: ignore[no-untyped-call]
            assert_allclose(one, other.numpy(), rtol=1e-12, atol=1e-15)
            assert np.isfinite(one).all()


def test_the_values_at_rest() -> None:
    """Design figures: each D term log 2, V = -log 4; least squares .5 in sum, G .25; hinge 2 at a = 0."""
    zero, half = np.zeros(1), np.full(1, 0.5)
    for objective in ("minimax", "non-saturating"):
        assert_allclose(game.discriminator_loss(zero, zero, objective), math.log(2), rtol=1e-12)
        assert float(-sum(game.discriminator_loss(zero, zero, objective))[0]) == pytest.approx(-1.386294, abs=1e-6)
    assert_allclose(game.generator_loss(zero, "non-saturating"), 0.693147, atol=1e-6)
    assert_allclose(game.generator_loss(zero, "minimax"), -0.693147, atol=1e-6)
    assert_allclose(sum(game.discriminator_loss(half, half, "least squares")), 0.5)
    assert_allclose(game.generator_loss(half, "least squares"), 0.25)
    assert_allclose(sum(game.discriminator_loss(zero, zero, "hinge")), 2)
    assert_allclose(sum(game.discriminator_loss(zero + 3, zero + 3, "Wasserstein")), 0)


def test_how_loudly_a_sample_speaks_where_d_is_sure_of_it() -> None:
    a = np.array([math.log(0.01 / 0.99)])  # D = .01
    assert_allclose(game.generator_slope(a, "minimax"), -0.01, rtol=1e-9)
    assert_allclose(game.generator_slope(a, "non-saturating"), -0.99, rtol=1e-9)
    assert_allclose(game.generator_slope(np.zeros(1), "least squares"), -2)


@EVERY
@pytest.mark.parametrize("targets", TARGETS)
def test_where_d_is_undecided(objective: Objective, targets: tuple[float, float]) -> None:
    """Of real and generated data that are equally likely, no a costs less on average than that of `indifference`."""
    at = game.indifference(objective, *targets)

    def cost(a: float) -> float:
        point = np.array([a])
        return float(sum(game.discriminator_loss(point, point, objective, *targets))[0])

    assert cost(at) <= min(cost(at + 0.01), cost(at - 0.01)) + 1e-12
    if objective in game.PROBABILISTIC:
        assert game.belief(np.array([at]), objective)[0] == pytest.approx(sum(targets) / 2)


@pytest.mark.parametrize("objective", ["hinge", "Wasserstein"])
def test_what_has_no_targets_ignores_them(objective: Objective) -> None:
    plain, smooth = (game.discriminator_loss(A, A, objective, *targets) for targets in (TARGETS[0], TARGETS[2]))
    assert_allclose(plain, smooth)


def test_smoothing_bends_the_best_answer_as_it_should() -> None:
    """D* = (t p + s q)/(p + q) for the targets t and s: the least cross-entropy, on a fine grid of logits."""
    grid = np.linspace(-8, 8, 160_001)
    for t, s in TARGETS:
        for p, q in ((0.7, 0.1), (0.2, 0.2), (0.05, 0.6)):
            real, fake = game.discriminator_loss(grid, grid, "minimax", t, s)
            best = 1 / (1 + math.exp(-grid[(p * real + q * fake).argmin()]))
            assert best == pytest.approx(max((t * p + s * q) / (p + q), 1 / (1 + math.exp(8))), abs=1e-4)


def test_belief_is_a_probability_only_where_there_is_one() -> None:
    for objective in OBJECTIVES:
        belief = game.belief(A, objective)
        assert np.array_equal(belief, A) is (objective not in game.PROBABILISTIC)
        assert (objective in game.PROBABILISTIC) == bool((belief >= 0).all() and (belief <= 1).all())


def test_the_best_discriminator() -> None:
    x = np.linspace(-3, 3, 13)
    p, q = norm.pdf(x, 0, 1), norm.pdf(x, 1, 0.5)
    found = game.optimal_discriminator(np.log(p), np.log(q))
    assert_allclose(found, p / (p + q), rtol=1e-12)
    assert_allclose(game.optimal_discriminator(np.array([-1e4]), np.array([-2e4])), 1)
