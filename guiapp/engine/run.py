"""The current run: its trainer, its pictures, what of it was sent, and its run file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from guiapp import messages as m
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.recorder import Recorder
from guiapp.engine.run_file import StoredRun
from guiapp.engine.trainer import Trainer

RECORD_EVERY = 0.5  # seconds between two appends to the run file
KEYFRAME_SHARE = 0.005  # of the time goes into keyframes at the most
KEYFRAME_EVERY = 1.0  # seconds between two keyframes at the least


class Run:
    """What of a run is not training: `say` is told what goes wrong with its file, and the run goes on without."""

    def __init__(self, key: int, trainer: Trainer, path: Path, say: Callable[[m.Event], None]) -> None:
        self.key, self.trainer, self._say = key, trainer, say
        self.events: Iterator[str | None] = trainer.events()
        self.darkroom = Darkroom(trainer, lambda sentence: say(m.Refused(sentence)))
        self.until: int | None = None
        self._unsent: list[npt.NDArray[np.float32]] = []
        self._sent = 0
        self._recorded = self._next_keyframe = perf_counter()
        self._recorder: Recorder | None = None
        try:
            self._recorder = Recorder(path, trainer)
        except (OSError, sqlite3.Error) as error:
            self._give_up_recording(error)

    @property
    def file(self) -> str:
        """Where it is being recorded; empty when it is not."""
        return "" if self._recorder is None else str(self._recorder.path)

    def take_over(self, stored: StoredRun) -> None:
        """The trainer was resumed from `stored`: the next update carries its rows, and the run file begins with it."""
        self._unsent.append(stored.rows[: self.trainer.step])
        self._writing(lambda recorder: recorder.take_over(stored))

    def update(self, pull: m.Pull, running: bool) -> m.Update:
        """All rows since the last update, and the pictures that are due."""
        trainer = self.trainer
        pictures = self.darkroom.make(pull.needs, pull.focus, running)
        self._flush()
        empty = np.empty((0, len(trainer.names)), np.float32)
        rows = np.concatenate([empty, *self._unsent])
        first, self._sent, self._unsent = self._sent + 1, self._sent + len(rows), []
        speed = rows[:, 0].astype(np.float64)
        return m.Update(
            key=self.key,
            step=trainer.step,
            epoch=trainer.feed.epoch,
            seconds=trainer.seconds,
            steps_per_s=float(len(speed) / np.sum(1 / speed)) if len(speed) else 0.0,
            running=running,
            first=first,
            rows=rows,
            pictures=pictures,
        )

    def record(self, kind: str, detail: dict[str, object]) -> None:
        """Note an event of the run, after the rows before it."""
        self._flush()
        self._writing(lambda recorder: recorder.event(self.trainer.step, kind, detail))

    def keep_record(self) -> None:
        """Append to the run file when it is time."""
        now = perf_counter()
        if now - self._recorded >= RECORD_EVERY:
            self._recorded = now
            self._flush()
            if now >= self._next_keyframe:
                self._writing(lambda recorder: recorder.keyframe())
                cost = perf_counter() - now
                self._next_keyframe = now + max(KEYFRAME_EVERY, cost / KEYFRAME_SHARE)

    def save(self, path: Path) -> None:
        """Copy the run file to `path`."""
        if self._recorder is None:
            raise OSError("this run is not recorded")
        self._flush()
        self._recorder.copy_to(path)

    def close(self) -> None:
        self._flush()
        self._writing(lambda recorder: recorder.close())

    def _flush(self) -> None:
        rows = self.trainer.flush()
        if len(rows):
            self._unsent.append(rows)
            self._writing(lambda recorder: recorder.add(rows))

    def _writing(self, write: Callable[[Recorder], None]) -> None:
        if self._recorder is not None:
            try:
                write(self._recorder)
            except (OSError, sqlite3.Error) as error:
                self._give_up_recording(error)

    def _give_up_recording(self, error: Exception) -> None:
        self._recorder = None
        self._say(m.Refused(f"The run is no longer recorded, training goes on: {error}. Free some disk space."))
