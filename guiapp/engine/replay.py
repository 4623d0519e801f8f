"""The part of a run whose rows its file holds, but not its weights."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from guiapp.engine.trainer import Trainer
from guiapp.messages import Player
from guiapp.run_file import Event, Outline, edits


class Replay:
    """Training again what was recorded after the keyframe of step `keyframe`, with what was done at the same steps: on
    a CPU it comes out bit for bit. The file has all of it already, so nothing is recorded meanwhile, and a process that
    is killed in the midst of it has lost nothing either.

    Attributes:
        stored: the run. until: its last step. after: the id of the last event that was done again.

    Raises:
        RunFileError: an edit that the run cannot have had.
    """

    def __init__(self, stored: Outline, keyframe: int) -> None:
        edits(stored)
        self.stored = stored
        self.until = stored.steps
        self.after = stored.keyframes[keyframe]
        self._events = deque(e for e in stored.events if e.id > self.after and e.step <= self.until)

    def trains(self, step: int) -> bool:
        """There are iterations to do again."""
        return step < self.until or any(event.kind == "diverged" for event in self._events)

    def is_done(self, step: int) -> bool:
        """All that is recorded has been done again."""
        return step >= self.until and not self._events

    def due(self, step: int) -> Iterator[Event]:
        """What was done after `step`, up to an iteration that diverged, which must be tried again."""
        while self._events and self._events[0].step <= step and self._events[0].kind != "diverged":
            event = self._events.popleft()
            self.after = event.id
            yield event

    def diverged(self, step: int) -> bool:
        """The iteration after `step` diverged; gives whether it did so then."""
        if self._events and (self._events[0].step, self._events[0].kind) == (step, "diverged"):
            self.after = self._events.popleft().id
            return True
        return False


def redo(trainer: Trainer, event: Event) -> None:
    """Do to `trainer` what was done at `event`.

    Raises:
        SpecError: it cannot have been.
    """
    if event.kind == "edit":
        trainer.edit(str(event.detail["path"]), event.detail["new"])
    trainer.player = player_after((event,), trainer.player)


def player_after(events: Iterable[Event], player: Player = "both") -> Player:
    """Who moves after `events`: a step of one player says so, and from a resume or a fork on it is both."""
    for event in events:
        if event.kind in ("resume", "fork"):
            player = "both"
        elif event.kind == "step":
            named = event.detail.get("player")
            player = named if named in ("d", "g") else "both"
    return player
