"""Closed-form derivatives of the GAN losses against two witnesses: central differences, computed here, and autograd,
which the trainer computes (the study "game-check")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from guiapp.gui.labs.objectives_compute import OBJECTIVES, Batch, Floats, by_belief
from guiapp.theory import game
from guiapp.theory.arrays import sigmoid

TOLERANCE: Final = 1e-6
COUNT, REACH = 256, 8.0  # logits of a random batch, uniform on [-REACH, REACH]
STEP = 1e-5  # of the differences, times |a| where that is above 1: truncation 1e-11, rounding 1e-10
BELIEF_STEP = 3e-7  # in D
SURE = 4.6  # |a| above which D is within .01 of 0 or 1, where differences in D have too few digits
TERMS: Final = ("generator", "D(x)", "D(G(z))", "∂/∂D")


@dataclass(frozen=True)
class Row:
    """One derivative: largest absolute difference of the closed form to autograd (None: not computed yet) and to
    central differences, over `count` logits."""

    objective: game.Objective
    term: str
    autograd: float | None
    differences: float
    count: int

    @property
    def good(self) -> bool | None:
        """Within TOLERANCE of both witnesses; None while one of them has not spoken."""
        if not self.differences <= TOLERANCE:
            return False
        return None if self.autograd is None else self.autograd <= TOLERANCE


def random_batch(seed: int) -> Floats:
    """COUNT logits of the stream `seed`, without those at a kink."""
    return usable(np.random.default_rng(seed).uniform(-REACH, REACH, COUNT))


def usable(a: Floats) -> Floats:
    """`a` without what is at the kinks of the hinge, ±1, where there is no derivative."""
    return a[(np.abs(np.abs(a) - 1) > 4 * STEP)]


def logits(seed: int, live: Batch | None) -> Floats:
    """What is checked: a random batch, and the run's own where there is one."""
    parts = [random_batch(seed)] + ([] if live is None else [usable(live.real), usable(live.generated)])
    return np.concatenate(parts)


def closed(a: Floats, on_real: float, on_fake: float) -> dict[tuple[game.Objective, str], Floats]:
    """The closed form of each derivative at `a` (N,), by objective and term; "∂/∂D": that of the generator's loss by D,
    for the two where D is a probability; there `a` is held within SURE."""
    result: dict[tuple[game.Objective, str], Floats] = {}
    sure = a.clip(-SURE, SURE)
    for objective in OBJECTIVES:
        slopes = game.discriminator_slopes(a, a, objective, on_real, on_fake)
        result[objective, "generator"] = game.generator_slope(a, objective)
        result[objective, "D(x)"], result[objective, "D(G(z))"] = slopes
        if objective in game.PROBABILISTIC:
            result[objective, "∂/∂D"] = game.generator_slope(sure, objective) * by_belief(sure)
    return result


def differences(a: Floats, on_real: float, on_fake: float) -> dict[tuple[game.Objective, str], Floats]:
    """The same by (L(a + h) - L(a - h)) / 2h, of the losses alone; by D from log(1 - D) and -log D themselves."""
    h = STEP * np.maximum(1.0, np.abs(a))
    result: dict[tuple[game.Objective, str], Floats] = {}
    for objective in OBJECTIVES:
        up, down = (_losses(a + sign * h, objective, on_real, on_fake) for sign in (1, -1))
        for term, high, low in zip(TERMS, up, down, strict=False):
            result[objective, term] = (high - low) / ((a + h) - (a - h))
    d, k = sigmoid(a.clip(-SURE, SURE)), BELIEF_STEP
    result["minimax", "∂/∂D"] = (np.log1p(-(d + k)) - np.log1p(-(d - k))) / (2 * k)
    result["non-saturating", "∂/∂D"] = (np.log(d - k) - np.log(d + k)) / (2 * k)
    return result


def check(a: Floats, on_real: float, on_fake: float, study: Mapping[str, npt.NDArray[Any]] | None) -> tuple[Row, ...]:
    """A row for every derivative; `study` is the picture of the study "game-check" at the same `a`, if it has come:
    slopes (O, 3, N) by a and by_belief (2, N) by D."""
    forms, witnesses = closed(a, on_real, on_fake), differences(a, on_real, on_fake)
    sure = np.abs(a) <= SURE
    rows = []
    for (objective, term), form in forms.items():
        at = sure if term == "∂/∂D" else np.ones(len(a), bool)
        auto = None if study is None else _of_study(study, objective, term)
        apart = None if auto is None else _largest((form - auto)[at])
        rows.append(Row(objective, term, apart, _largest((form - witnesses[objective, term])[at]), int(at.sum())))
    return tuple(rows)


def _losses(a: Floats, objective: game.Objective, on_real: float, on_fake: float) -> tuple[Floats, Floats, Floats]:
    return (game.generator_loss(a, objective), *game.discriminator_loss(a, a, objective, on_real, on_fake))


def _of_study(study: Mapping[str, npt.NDArray[Any]], objective: game.Objective, term: str) -> Floats:
    index = OBJECTIVES.index(objective)
    found: Floats = study["by_belief"][index] if term == "∂/∂D" else study["slopes"][index, TERMS.index(term)]
    return found


def _largest(apart: Floats) -> float:
    return float(np.abs(apart).max()) if len(apart) else 0.0
