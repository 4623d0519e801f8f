"""The levels of a GAN's curves at the equilibrium of its game, as lines to compare them with."""

from __future__ import annotations

import math

from guiapp.gui.widgets.annotations import Reference
from guiapp.spec import Gan
from guiapp.theory.equilibrium import Equilibrium, equilibrium

_NAMED = ((math.log(4), "log 4"), (math.log(2), "log 2"), (-math.log(2), "−log 2"))


def at_rest(model: Gan) -> Equilibrium | None:
    """The equilibrium of the game of `model`, its smoothed targets included."""
    return equilibrium(model.objective, model.real_target, model.fake_target)


def of_losses(model: Gan) -> tuple[Reference, ...]:
    """Of D's loss and of G's; none where the game has no such values."""
    rest = at_rest(model)
    if rest is None:
        return ()
    return tuple(
        Reference(value, f"{player} at equilibrium: {_text(value)}")
        for player, value in (("D", rest.d_loss), ("G", rest.g_loss))
    )


def of_belief(model: Gan) -> tuple[Reference, ...]:
    """Of D(x) and D(G(z))."""
    rest = at_rest(model)
    if rest is None:
        return ()
    half = math.isclose(rest.belief, 0.5)
    return (Reference(rest.belief, "½" if half else f"D at equilibrium: {rest.belief:.3g}, by label smoothing"),)


def _text(value: float) -> str:
    name = next((f"{name} = " for known, name in _NAMED if math.isclose(value, known)), "")
    return f"{name}{value:.3f}".replace("-", "−")
