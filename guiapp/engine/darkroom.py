"""Which pictures to make now, so that looking costs training a fixed small share of its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from guiapp.engine.probes import PROBES
from guiapp.engine.probes.probe import Probe
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture

SHARE = 0.015  # of the training time
ADVANCE = 0.5  # seconds of pictures on credit, so that a new run is seen at once


class Darkroom:
    """Makes the pictures asked for, oldest first, while the allowance lasts; all of them when training stands.

    A picture that cannot be made is told to `complain`, once, and left out: looking must not end the training."""

    def __init__(
        self, trainer: Trainer, complain: Callable[[str], None], clock: Callable[[], float] = perf_counter
    ) -> None:
        self._trainer = trainer
        self._complain = complain
        self._failed: set[str] = set()
        self._clock = clock
        self._spent = 0.0
        self._focus: dict[str, Mapping[str, Any]] = {}  # kind -> what it was last made of
        self._made: dict[str, int] = {}  # kind -> step at which it was last made

    def forget(self) -> None:
        """Make every picture anew when asked again, as for someone who has seen none."""
        self._made = {}

    def make(self, needs: frozenset[str], focus: Mapping[str, Any], running: bool) -> dict[str, Picture]:
        """The pictures in `needs` that are due, by kind; those that the model cannot serve are left out."""
        trainer = self._trainer
        asked = [p for p in PROBES if p.kind in needs and p.requires <= trainer.capabilities]
        moved = {p.kind for p in asked if self._focus.get(p.kind) != _own(p, focus)}
        due = [p for p in asked if p.kind in moved or self._made.get(p.kind) != trainer.step]
        pictures: dict[str, Picture] = {}
        for probe in sorted(due, key=lambda p: -1 if p.kind in moved else self._made.get(p.kind, -1)):
            at_once = probe.prompt and probe.kind in moved
            if running and not at_once and self._spent > ADVANCE + SHARE * trainer.seconds:
                continue
            began = self._clock()
            try:
                with trainer.quiet():
                    pictures[probe.kind] = probe.read(trainer, focus)
            except Exception as error:
                if probe.kind not in self._failed:
                    self._complain(f"The picture '{probe.kind}' cannot be made now ({error}); training goes on.")
                self._failed.add(probe.kind)
            if running and not at_once:
                self._spent += self._clock() - began
            self._made[probe.kind], self._focus[probe.kind] = trainer.step, _own(probe, focus)
        return pictures


def _own(probe: Probe, focus: Mapping[str, Any]) -> dict[str, Any]:
    """What of `focus` the picture depends on; arrays would not compare, so they come as tuples."""
    return {name: focus[name] for name in probe.focus if name in focus}
