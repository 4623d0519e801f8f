"""What the lab of the GAN objectives computes: curves of losses and of their derivatives, and a batch's weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory import game
from guiapp.theory.arrays import sigmoid

Floats = npt.NDArray[np.float64]
Player = Literal["generator", "discriminator"]
Scale = Literal["a", "D"]
OBJECTIVES: Final[tuple[game.Objective, ...]] = get_args(game.Objective)
A_RANGE: Final = (-12.0, 12.0)  # D from 6·10⁻⁶ to 1 - 6·10⁻⁶
POINTS: Final = np.linspace(*A_RANGE, 481)
POINTS.flags.writeable = False
SILENT: Final = 1e-300  # Σw² below it: nobody speaks


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The marker's logit `a`; whose loss is drawn, over which axis, and by what it is differentiated; whether the axes
    of loss and derivative are logarithmic; the discriminator's targets; the objectives that are shown."""

    a: Annotated[float, Meta(ge=A_RANGE[0], le=A_RANGE[1])] = -2.0
    player: Player = "generator"
    axis: Scale = "a"
    by: Scale = "a"
    log: bool = False
    real_target: Annotated[float, Meta(ge=0.5, le=1)] = 1.0
    fake_target: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    shown: tuple[game.Objective, ...] = OBJECTIVES


PRESETS: Final = MappingProxyType(
    {
        "equilibrium D = ½": 0.0,
        "D wins: D(G(z)) = .01": -math.log(99.0),
        "G wins: D(G(z)) = .99": math.log(99.0),
    }
)


@dataclass(frozen=True, eq=False)
class Curve:
    """One loss and its derivative over POINTS, (T,) each, and both at the marker. `of`: what the term is a function of,
    "D(G(z))" or "D(x)"."""

    objective: game.Objective
    of: str
    formula: str
    loss: Floats
    slope: Floats
    loss_here: float
    slope_here: float


@dataclass(frozen=True, eq=False)
class Result:
    """All curves of the chosen player, shown or not."""

    params: Params
    curves: tuple[Curve, ...]

    @property
    def belief(self) -> float:
        """D = sigmoid(a) at the marker."""
        return float(sigmoid(np.array(self.params.a)))

    @property
    def ratio(self) -> float:
        """(1 - D)/D = e⁻ᵃ: the derivative by a of the non-saturating loss over that of the minimax loss."""
        return math.exp(-self.params.a)


@dataclass(frozen=True, eq=False)
class Batch:
    """Outputs a of D for `real` (N,) and `generated` (M,) packs of the run, its objective and D's targets; `weights`
    (M,): |∂L/∂a| of each generated one under that objective, L the generator's loss."""

    real: Floats
    generated: Floats
    objective: game.Objective
    targets: tuple[float, float]
    weights: Floats

    @property
    def effective(self) -> float:
        """(Σw)² / (n Σw²): 1 where all speak alike, 1/n where one speaks alone; 0 where all are silent."""
        squares = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / (len(self.weights) * squares) if squares > SILENT else 0.0


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def logit(belief: float) -> float:
    """The a of A_RANGE whose D is nearest to `belief`."""
    least = float(sigmoid(np.array(A_RANGE[0])))
    belief = min(max(belief, least), 1 - least)
    return min(max(math.log(belief / (1 - belief)), A_RANGE[0]), A_RANGE[1])


def compute(params: Params) -> Result:
    """Everything that the charts show: closed forms of guiapp.theory.game, by D with the chain rule
    ∂L/∂D = ∂L/∂a / (D (1 - D))."""
    points = np.append(POINTS, params.a)
    by = by_belief(points) if params.by == "D" else np.ones_like(points)
    curves = [
        Curve(objective, of, formula, loss[:-1], by[:-1] * slope[:-1], float(loss[-1]), float(by[-1] * slope[-1]))
        for objective in OBJECTIVES
        for of, formula, loss, slope in _terms(params, objective, points)
    ]
    return Result(params, tuple(curves))


def by_belief(a: Floats) -> Floats:
    """∂a/∂D = 1 / (D (1 - D)), what turns a derivative by a into one by D."""
    result: Floats = 1 / (sigmoid(a) * sigmoid(-a))
    return result


def batch(picture: Mapping[str, Any] | None) -> Batch | None:
    """The picture "beliefs" of a run, what is not finite left out; None where nothing is left, or it is none."""
    if picture is None:
        return None
    try:
        real, generated = (np.asarray(picture[name], np.float64).reshape(-1) for name in ("real", "generated"))
        objective = OBJECTIVES[int(picture["objective"])]
        on_real, on_fake = (float(target) for target in picture["targets"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    real, generated = real[np.isfinite(real)], generated[np.isfinite(generated)]
    if not len(real) or not len(generated):
        return None
    weights = np.abs(game.generator_slope(generated, objective))
    return Batch(real, generated, objective, (on_real, on_fake), weights)


def formulas(objective: game.Objective, on_real: float, on_fake: float) -> tuple[str, str, str]:
    """What G descends, and D's terms on the real and on the generated, in words of a formula; D stands for D(G(z)) in
    the first and the last, for D(x) in the second; H(t, D) = −t log D − (1 − t) log(1 − D), the cross-entropy."""
    if objective in game.PROBABILISTIC:
        g = "log(1 − D)" if objective == "minimax" else "−log D"
        return g, _entropy(on_real), _entropy(on_fake)
    if objective == "least squares":
        return "(a − 1)²", _square(on_real), _square(on_fake)
    return "−a", *(("max(0, 1 − a)", "max(0, 1 + a)") if objective == "hinge" else ("−a", "a"))


def _terms(params: Params, objective: game.Objective, a: Floats) -> tuple[tuple[str, str, Floats, Floats], ...]:
    """(of, formula, loss, slope by a) of each term of the chosen player."""
    targets = (params.real_target, params.fake_target)
    words = formulas(objective, *targets)
    if params.player == "generator":
        return (("D(G(z))", words[0], game.generator_loss(a, objective), game.generator_slope(a, objective)),)
    losses = game.discriminator_loss(a, a, objective, *targets)
    slopes = game.discriminator_slopes(a, a, objective, *targets)
    return tuple(zip(("D(x)", "D(G(z))"), words[1:], losses, slopes, strict=True))


def _entropy(target: float) -> str:
    if target in (0.0, 1.0):
        return "−log D" if target else "−log(1 − D)"
    return f"H({target:g}, D)"


def _square(target: float) -> str:
    return f"(a − {target:g})²" if target else "a²"
