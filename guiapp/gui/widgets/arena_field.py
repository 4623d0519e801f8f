"""What the arena's colours say: the discriminator's belief, its raw output, the best one's, or their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from guiapp.messages import Picture
from guiapp.spec import Gan
from guiapp.theory.game import PROBABILISTIC, TARGETED, belief, indifference

BELIEF, LOGIT, OPTIMUM, DIFFERENCE = "belief", "logit", "optimum", "difference"
NEED_OPTIMUM: Final = frozenset({OPTIMUM, DIFFERENCE})
LEAST_LOGIT = 1.0  # half the range of a flat logit's colours
Ticks = tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Field:
    """`values` (G, G) from `low` to `high`, whose middle is neutral; `line` is drawn where they equal it, if given.
    Without values `why` is the sentence that says so."""

    title: str
    symbol: str
    values: npt.NDArray[Any] | None
    low: float = 0.0
    high: float = 1.0
    line: float | None = None
    why: str = ""

    @property
    def ticks(self) -> Ticks:
        """The ends and the middle of the scale."""
        middle = (self.low + self.high) / 2
        return tuple((value, _short(value)) for value in (self.low, middle, self.high))


def names(gan: Gan) -> dict[str, str]:
    """What each kind of field is called in the game of `gan`."""
    first = "D(x)" if gan.objective in PROBABILISTIC else "D's output a(x)"
    return {BELIEF: first, LOGIT: "Logit a(x)", OPTIMUM: "Best D*(x)", DIFFERENCE: "D − D*"}


def field_of(kind: str, picture: Picture, gan: Gan) -> Field:
    """The field `kind` of the picture "arena" in the game of `gan`.

    The best D says D* = p/(p + p_g) of a point, moved between the two targets where labels are smoothed. A hinge critic
    is undecided at 0, a Wasserstein critic nowhere: its value has neither origin nor scale."""
    a = np.asarray(picture["logit"], np.float64)
    if kind == LOGIT and gan.objective not in PROBABILISTIC:
        kind = BELIEF
    undecided = indifference(gan.objective, gan.real_target, gan.fake_target)
    if kind in NEED_OPTIMUM:
        return _against_the_best(kind, a, picture, gan)
    if kind == BELIEF and gan.objective in TARGETED:
        values = _belief(a, gan)
        middle = (gan.real_target + gan.fake_target) / 2
        probable = gan.objective in PROBABILISTIC
        title = "D(x): probability of being real" if probable else "D's output a(x): to be 1 on real, 0 on generated"
        return Field(title, "D(x)" if probable else "a(x)", values, line=middle)
    if gan.objective == "Wasserstein":
        low, high = _ends(a)
        return Field("critic's value a(x), on its own scale", "a(x)", a, low, high)
    reach = max(LEAST_LOGIT, *(abs(end - undecided) for end in _ends(a)))
    title = "logit a(x), D = 1/(1 + exp(−a))" if kind == LOGIT else "critic's value a(x)"
    return Field(title, "a(x)", a, undecided - reach, undecided + reach, undecided)


def _against_the_best(kind: str, a: npt.NDArray[Any], picture: Picture, gan: Gan) -> Field:
    title = "D*(x): what the best D says" if kind == OPTIMUM else "D(x) − D*(x)"
    if "optimum" not in picture:
        return Field(title, "", None, why="D* is known only of a law with a density, not of a table")
    span = gan.real_target - gan.fake_target if gan.objective in TARGETED else 1.0
    low = gan.fake_target if gan.objective in TARGETED else 0.0
    best = low + span * np.asarray(picture["optimum"], np.float64)
    if kind == OPTIMUM:
        return Field(title, "D*(x)", best, line=low + span / 2)
    if gan.objective not in TARGETED:
        return Field(title, "", None, why=f"a {gan.objective} critic is no probability: it has no difference to D*")
    return Field(title, "D − D*", _belief(a, gan) - best, -1.0, 1.0)


def _belief(a: npt.NDArray[Any], gan: Gan) -> npt.NDArray[Any]:
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        result: npt.NDArray[Any] = belief(a, gan.objective)
    return result


def _ends(values: npt.NDArray[Any]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _short(value: float) -> str:
    return ("½" if value == 0.5 else f"{value:.3g}").replace("-", "−")
