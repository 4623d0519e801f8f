"""What a view draws: one moment of a run, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guiapp.messages import Edited, Picture, Started, Studied
from guiapp.run_file import Event
from guiapp.series import Series
from guiapp.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment: the same frame gives the same picture.

    `series` holds every step up to `step`; `pictures` the newest picture of each kind that is needed, made at
    or shortly before `step`; `marks` the edits so far, for the time axes; `events` all that has happened so far.
    """

    run: Started
    step: int
    epoch: float
    steps_per_s: float
    running: bool
    series: Series
    pictures: Mapping[str, Picture]
    marks: tuple[Edited, ...] = ()
    events: tuple[Event, ...] = ()
    studies: Mapping[str, Studied] = field(
        default_factory=dict
    )  # by kind: the newest report of each, of whichever step
    until: int = 0  # the newest step of the run while a past step is shown, else 0
    to_come: frozenset[str] = frozenset()  # pictures of a past step that follow

    @property
    def spec(self) -> RunSpec:
        """The parameters at `step`, the edits up to it included."""
        edits = [mark.spec for mark in self.marks if mark.step <= self.step]
        return edits[-1] if edits else self.run.spec
