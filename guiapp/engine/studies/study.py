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
TURN = 0.01  # seconds that are worked at a stretch, so that the trainer hears what the window wants
TELL_EVERY = 0.1  # seconds between two reports, so that the pipe is not flooded


@dataclass(frozen=True)
class Study:
    """`begin(trainer, options)` gives after each slice of a few ms how far it is (0 to 1, where it ends) and what is
    known so far. `trainer` is a copy that nobody else uses: it stands still, and may be changed; no gradients are
    recorded but where a slice asks for them. Options come from the window and are checked there; what they cannot be is
    a ValueError with a sentence. `requires` is a subset of the capabilities."""

    kind: str
    requires: frozenset[str]
    begin: Callable[[Trainer, Mapping[str, Any]], Iterator[tuple[float, Arrays]]]


class Work:
    """One study under way, in turns that the caller gives it between two training steps."""

    def __init__(
        self,
        key: int,
        study: Study,
        trainer: Trainer,
        options: Mapping[str, Any],
        say: Callable[[m.Event], None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._key, self.kind, self._step = key, study.kind, trainer.step
        self._say, self._clock = say, clock
        self._slices = study.begin(trainer, options)
        self._trainer = trainer
        self._progress = 0.0
        self._picture: m.Picture = {}
        self._next_report = 0.0
        self._resume = 0.0  # not before, while training goes on
        self.done = False

    def advance(self, training: bool) -> None:
        """Work for a turn, or not at all where training has not had its share since the last one."""
        began = now = self._clock()
        if training and began < self._resume:
            return
        try:
            with self._trainer.quiet():
                while self._progress < 1 and (now == began or now < began + TURN):
                    progress, self._picture = next(self._slices, (1.0, self._picture))
                    self._progress = max(progress, self._progress)
                    now = max(self._clock(), now)
        except Exception as error:
            self.stop(why(error))
            return
        self._resume = now + (now - began) * (1 - SHARE) / SHARE
        self.done = self._progress >= 1
        if self.done or now >= self._next_report:
            self._next_report = now + TELL_EVERY
            self._tell()

    def stop(self, trouble: str = "Stopped.") -> None:
        """Give it up; what is known so far is kept."""
        self.done = True
        self._tell(trouble)

    def _tell(self, trouble: str = "") -> None:
        progress = min(self._progress, 0.999) if trouble else self._progress
        self._say(m.Studied(self._key, self.kind, self._step, progress, self._picture, trouble))


def why(error: BaseException) -> str:
    """What came between, in one sentence."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in first.lower()):
        return "There is not enough memory for this; take fewer data, or a smaller model."
    return f"This could not be computed: {first.rstrip('.')}."
