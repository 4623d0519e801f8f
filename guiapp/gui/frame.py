"""What a view draws: one moment of a run, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guiapp.messages import Edited, Picture, Started, Studied
from guiapp.series import Series


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment: the same frame gives the same picture.

    `series` holds every step up to `step`; `pictures` the newest picture of each kind that is needed, made at
    or shortly before `step`; `marks` the edits so far, for the time axes.
    """

    run: Started
    step: int
    epoch: float
    steps_per_s: float
    running: bool
    series: Series
    pictures: Mapping[str, Picture]
    marks: tuple[Edited, ...] = ()
    studies: Mapping[str, Studied] = field(
        default_factory=dict
    )  # by kind: the newest report of each, of whichever step
    until: int = 0  # the newest step of the run while a past step is shown, else 0
