"""The values at rest, against numbers by hand and against a search for D's best answer."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from guiapp.theory import game
from guiapp.theory.equilibrium import equilibrium


@pytest.mark.parametrize(
    ("objective", "belief", "d_loss", "g_loss"),
    [
        ("minimax", 0.5, 1.386294361, -0.693147181),
        ("non-saturating", 0.5, 1.386294361, 0.693147181),
        ("least squares", 0.5, 0.5, 0.25),
    ],
)
def test_the_classic_values(objective: game.Objective, belief: float, d_loss: float, g_loss: float) -> None:
    found = equilibrium(objective)
    assert found is not None
    assert (found.belief, found.d_loss, found.g_loss) == pytest.approx((belief, d_loss, g_loss), abs=1e-9)


@pytest.mark.parametrize("objective", ["hinge", "Wasserstein"])
def test_a_critic_without_targets_has_none(objective: game.Objective) -> None:
    assert equilibrium(objective) is None


@pytest.mark.parametrize("targets", [(1.0, 0.0), (0.9, 0.0), (0.9, 0.1), (0.5, 0.5), (0.7, 0.3)])
@pytest.mark.parametrize("objective", sorted(game.TARGETED))
def test_no_other_constant_pays_less(objective: game.Objective, targets: tuple[float, float]) -> None:
    """The witness is a search, which knows nothing of the closed form."""

    def pays(a: float) -> float:
        real, fake = game.discriminator_loss(np.array(a), np.array(a), objective, *targets)
        return float(real + fake)

    found, best = equilibrium(objective, *targets), minimize_scalar(pays, bracket=(-1, 1), tol=1e-10)
    assert found is not None
    assert found.d_loss == pytest.approx(best.fun, abs=1e-9)
    belief = float(game.belief(np.array(best.x), objective))
    assert found.belief == pytest.approx(belief, abs=1e-5)


def test_gan_labs_variant_is_not_this_smoothing() -> None:
    """One-sided smoothing of .9: D rests at .45, and the game costs H(.9, .45) - log .55."""
    found = equilibrium("non-saturating", 0.9)
    assert found is not None
    assert found.belief == pytest.approx(0.45)
    assert found.d_loss == pytest.approx(-0.9 * math.log(0.45) - 0.1 * math.log(0.55) - math.log(0.55))


def test_every_objective_is_decided() -> None:
    assert {o for o in get_args(game.Objective) if equilibrium(o)} == set(game.TARGETED)
