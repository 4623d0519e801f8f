"""What can be gone back to in the current run, and the moment gone back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.gui.frame import Frame
from guiapp.messages import Edited, Update
from guiapp.parameters import edited
from guiapp.run_file import Event
from guiapp.spec import RunSpec


class History:
    """The past of one run.

    Attributes:
        keyframes (K,): the steps that can be shown, ascending. events: what happened in the run, edits included.
        at: the keyframe gone back to, or None. past: what the views show of it, once its pictures have come.
    """

    def __init__(self) -> None:
        self.keyframes: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.events: tuple[Event, ...] = ()
        self.at: int | None = None
        self.past: Frame | None = None

    def learn(self, event: Update) -> bool:
        """Take in what `event` tells of keyframes and events; gives whether it told any."""
        if event.keyframes is not None:
            self.keyframes = event.keyframes
        self.events += tuple(Event(step, kind, detail) for step, kind, detail in event.events)
        return event.keyframes is not None or bool(event.events)

    def go(self, step: int) -> bool:
        """Go back to the newest keyframe up to `step`, or to the first one; gives whether that is another moment."""
        if not len(self.keyframes):
            return False
        index = int(np.searchsorted(self.keyframes, step, "right")) - 1
        at, before = int(self.keyframes[max(0, index)]), self.at
        self.at = at
        return at != before

    def go_live(self) -> None:
        """The newest moment is shown again."""
        self.at = self.past = None

    def show(self, live: Frame, event: Update) -> frozenset[str]:
        """The moment gone back to, with the pictures of `event` where they are of it; gives the kinds that are new."""
        if event.at != self.at or self.at is None:  # asked before the last move
            return frozenset()
        known: Mapping[str, Any] = self.past.pictures if self.past and self.past.step == self.at else {}
        self.past = replace(
            live,
            step=self.at,
            epoch=live.epoch * self.at / live.step if live.step else 0.0,
            running=False,
            series=live.series.until(self.at),
            pictures={**known, **event.pictures},
            marks=tuple(mark for mark in live.marks if mark.step < self.at),
            events=tuple(event for event in live.events if event.step <= self.at),
            until=live.step,
            to_come=event.to_come,
        )
        return frozenset(event.pictures)

    def spec(self, live: Frame, step: int) -> RunSpec:
        """The parameters that led to the weights of `step`."""
        before = [mark.spec for mark in live.marks if mark.step < step]
        if before or not live.marks:
            return before[-1] if before else live.run.spec
        first = live.marks[0]
        return edited(first.spec, first.path, first.old)

    def first_of_turn(self, marks: Sequence[Edited], index: int) -> Edited:
        """The first of the edits that came in one turn of a slider with `marks[index]`: only before that one was a
        keyframe taken."""
        index %= len(marks)
        while index and marks[index - 1].path == marks[index].path and marks[index].step not in self.keyframes:
            index -= 1
        return marks[index]
