"""What a study is, and how it is done beside training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from guiapp import messages as m
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.trainer import Trainer

SHARE = 0.5  # of the time may go to a study while training goes on
TELL_EVERY = 0.1  # seconds between two reports, so that the pipe is not flooded


@dataclass(frozen=True)
class Study:
    """`begin(trainer, options)` gives after each slice of some 10 ms how far it is (0 to 1, where it ends) and what is
    known so far. `trainer` is a copy that nobody else uses: it stands still, and may be changed. Options come from
    the window and are checked there; what they cannot be is a ValueError with a sentence. `requires` is a subset of the
    capabilities."""

    kind: str
    requires: frozenset[str]
    begin: Callable[[Trainer, Mapping[str, Any]], Iterator[tuple[float, Arrays]]]


class Work:
    """One study under way, in slices that the caller asks for between two training steps."""

    def __init__(
        self,
        key: int,
        study: Study,
        trainer: Trainer,
        options: Mapping[str, Any],
        say: Callable[[m.Event], None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._key, self._kind, self._step = key, study.kind, trainer.step
        self._say, self._clock = say, clock
        self._slices = study.begin(trainer, options)
        self._trainer = trainer
        self._picture: m.Picture = {}
        self._next_report = 0.0
        self._resume = 0.0  # not before, while training goes on
        self.done = False

    def advance(self, training: bool) -> None:
        """Do a slice, or nothing where training has not had its share since the last one."""
        began = self._clock()
        if training and began < self._resume:
            return
        try:
            with self._trainer.quiet():
                progress, self._picture = next(self._slices)
        except StopIteration:
            progress = 1.0
        except Exception as error:
            self._end(f"This could not be computed: {error}")
            return
        now = self._clock()
        self._resume = now + (now - began) * (1 - SHARE) / SHARE
        self.done = progress >= 1
        if self.done or now >= self._next_report:
            self._next_report = now + TELL_EVERY
            self._tell(progress)

    def stop(self) -> None:
        """Give it up."""
        if not self.done:
            self._end("Stopped.")

    def _end(self, trouble: str) -> None:
        self.done = True
        self._tell(0.0, trouble)

    def _tell(self, progress: float, trouble: str = "") -> None:
        self._say(m.Studied(self._key, self._kind, self._step, progress, self._picture, trouble))
