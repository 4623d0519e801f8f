"""The current run: its trainer, its pictures, what of it was sent, and its run file."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp import messages as m
from guiapp.data.source import DataError
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.gan_metrics import EVERY
from guiapp.engine.judge import Judge
from guiapp.engine.keyframe import KeyframeError, restore_weights, spec_of
from guiapp.engine.recorder import Note, Recorder
from guiapp.engine.replay import Replay, redo
from guiapp.engine.shadow import Shadow
from guiapp.engine.stored_files import InUseError, trouble
from guiapp.engine.trainer import Trainer
from guiapp.fitting import check_estimator
from guiapp.parameters import edited
from guiapp.run_file import Event, RunFileError, read_keyframe
from guiapp.spec import SpecError

LAST_EARLY = 256  # step; a keyframe of the default VAE takes the time of three steps, and nine are taken until then
RECORD_EVERY = 0.5  # seconds between two appends to the run file
RETRY_EVERY = 10.0  # seconds between two attempts while the run file cannot be written
SAME_EDIT = 1.0  # seconds within which edits of one parameter are one turn of its slider

Rows = npt.NDArray[np.float32]


class Run:
    """What of a run is not training. `record` makes its run file, as of the moment in which the run began, however late
    it is called. Where that cannot be written, `say` is told once, the run goes on, and what was to be recorded waits
    for an attempt that succeeds."""

    def __init__(
        self,
        key: int,
        trainer: Trainer,
        record: Callable[[], Recorder],
        say: Callable[[m.Event], None],
    ) -> None:
        self.key, self.trainer, self._say = key, trainer, say
        # No method of this run: the cycle would keep a replaced run's data, 27 MB, until they are looked for.
        self._complain: Callable[[str], None] = lambda sentence: say(m.Refused(sentence))
        self.events: Iterator[str | None] = trainer.events()
        self.darkroom = Darkroom(trainer, self._complain)
        self._judge = Judge(trainer)
        self.until: int | None = None
        self.replay: Replay | None = None  # while what the file holds already is trained again, nothing is recorded
        self._shadow: Shadow | None = None
        self._unsent: list[Rows] = []
        self._unwritten: list[Rows] = []
        self._unnoted: list[Note] = []
        self._untold: list[Note] = []
        self._sent = 0
        self._told: tuple[int, ...] = ()  # the keyframes that the window knows of
        self._next_record = perf_counter() + RECORD_EVERY
        self._in_trouble = False  # and the person knows
        self._last_edit = ("", 0.0)
        self._recorder: Recorder | None = None
        self._record: Callable[[], Recorder] | None = None  # where it is to be tried again, and when
        self._try_at = perf_counter() + RETRY_EVERY
        self._take_up: Callable[[Recorder], None] | None = None  # what must be written before all else
        try:
            self._recorder = record()
        except InUseError:
            raise
        except (OSError, sqlite3.Error) as error:
            more = "it will be as soon as that is mended"
            self._complain(f"The run is not recorded, training goes on: {trouble(error)}; {more}.")
            self._record, self._in_trouble = record, True

    @property
    def file(self) -> str:
        """Where it is being recorded; empty when it is not."""
        return "" if self._recorder is None else str(self._recorder.path)

    def recall(self, events: Iterable[Event]) -> None:
        """Let the next update carry the events before the trainer was resumed; the rows are in the run file."""
        self._sent = self.trainer.step
        events = tuple(events)
        self._heed(events)
        self._untold += [(event.step, event.kind, event.detail) for event in events]

    def do_again(self, event: Event) -> None:
        """Do what is recorded of this very step."""
        redo(self.trainer, event)
        self._heed((event,))
        self._untold.append((event.step, event.kind, event.detail))

    def _heed(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.kind == "verdict":
                self._judge.recall(event.detail)

    def take_up(self) -> None:
        """What the file holds has been done again: go on recording, with both players."""
        assert self.replay is not None
        self._gather()
        replay, self.replay = self.replay, None
        self._take_up = partial(Recorder.take_up, step=self.trainer.step, after=replay.after)
        self._write()
        self._untold.append((self.trainer.step, "resume", {}))
        self.trainer.player = "both"

    def update(self, pull: m.Pull, running: bool, to_come: frozenset[str] = frozenset()) -> m.Update:
        """All rows since the last update, and the pictures that are due; those of the kinds `to_come` follow."""
        trainer = self.trainer
        pictures = self._past(pull) if pull.at is not None else self._present(pull, running)
        self._gather()
        empty = np.empty((0, len(trainer.names)), np.float32)
        rows = np.concatenate([empty, *self._unsent])
        first, self._sent, self._unsent = self._sent + 1, self._sent + len(rows), []
        events, self._untold = tuple(self._untold), []
        speed = np.maximum(rows[:, 0].astype(np.float64), 1e-12)  # a file may say anything
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
            at=pull.at,
            keyframes=self.new_keyframes(),
            events=events,
            to_come=to_come,
        )

    def _present(self, pull: m.Pull, running: bool) -> dict[str, m.Picture]:
        if self._shadow is not None:  # back from the past: the window shows none of the newest pictures
            self._shadow = None
            self.darkroom.forget()
        return self.darkroom.make(pull.needs, pull.focus, running)

    def _past(self, pull: m.Pull) -> dict[str, m.Picture]:
        assert pull.at is not None
        if not pull.needs:
            return {}
        read = partial(read_keyframe, Path(self.file), pull.at)
        try:
            if self._shadow is None:
                self._shadow = Shadow(read(), self._complain, self.trainer.source)
            self._shadow.stand_at(pull.at, read)
            return self._shadow.pictures(pull.needs, pull.focus)
        except (RunFileError, KeyframeError, SpecError, DataError, RuntimeError, MemoryError) as error:
            self._complain(f"Step {pull.at} cannot be shown: {error}")
            return {}

    def copy(self, at: int | None) -> Trainer:
        """A trainer with the weights of now, or of the keyframe of step `at`, that shares nothing with this one but the
        data.

        Raises:
            RunFileError, KeyframeError, SpecError: there is no such keyframe, or it is damaged.
        """
        if at is not None:
            blob = read_keyframe(Path(self.file), at)
            past = Trainer(spec_of(blob), self.trainer.source)
            restore_weights(past, blob)
            return past
        copy = Trainer(self.trainer.spec, self.trainer.source)
        copy.model.load_state_dict(self.trainer.model.state_dict())
        copy.step = self.trainer.step
        return copy

    def new_keyframes(self) -> npt.NDArray[np.int64] | None:
        """The steps that can be gone back to, where they are not as told before."""
        known = self._recorder.keyframes if self._recorder else ()
        if known == self._told:
            return None
        self._told = known
        return np.array(known, np.int64)

    def note(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Record that `kind` happened now, after the rows before it."""
        self._gather()
        event = (self.trainer.step, kind, detail)
        self._untold.append(event)
        self._unnoted.append(event)
        self._write()

    def diverged(self, tensor: str) -> None:
        """Record that the iteration tried now gave values that are not finite, first of all in `tensor`."""
        self.note("diverged", {"tensor": tensor})
        for verdict in self._judge.diverged(tensor):
            self.note("verdict", verdict)

    def edit(self, path: str, new: Any) -> tuple[Any, Any]:
        """Set a live parameter; a keyframe before it makes it possible to undo. Gives the old and the new value.

        Raises:
            SpecError: as `Trainer.edit`; or the estimator would be biased.
        """
        if path == "model.estimator":
            check_estimator(edited(self.trainer.spec, path, new).model)
        last, now = self._last_edit, perf_counter()
        self._last_edit = (path, now)
        if (last[0] != path or now - last[1] > SAME_EDIT) and self._write():
            self._writing(lambda recorder: recorder.keyframe(pinned=True))
        old, new = self.trainer.edit(path, new)
        if old != new:
            self.note("edit", {"path": path, "old": old, "new": new})
        return old, new

    def keep_record(self) -> None:
        """Append to the run file when it is time; the first steps, in which a model changes most, get keyframes at 1,
        2, 4, 8 and so on."""
        step = self.trainer.step
        if step % EVERY == 0 and self.replay is None:
            self._gather()
            for verdict in self._judge.news():
                self.note("verdict", verdict)
        if step <= LAST_EARLY and step & (step - 1) == 0 and self._write():
            self._writing(lambda recorder: recorder.keyframe())
        elif perf_counter() >= self._next_record:
            self._next_record = perf_counter() + RECORD_EVERY
            if self._in_trouble:
                self.settle()
            elif self._write():
                self._writing(lambda recorder: recorder.keyframe_when_due())

    def settle(self) -> None:
        """Let the run file hold all there is."""
        self._begin_late()
        if self._write() and self._writing(lambda recorder: recorder.keyframe()) and self._in_trouble:
            self._in_trouble = False
            self._say(m.Refused("The run is recorded again; nothing is missing.", mended=True))

    def _begin_late(self) -> None:
        """Make the run file, if there is none yet and it is time to try again."""
        if self._record is not None and perf_counter() >= self._try_at:
            try:
                self._recorder, self._record = self._record(), None
            except (OSError, sqlite3.Error):  # which was said
                self._try_at = perf_counter() + RETRY_EVERY
            except RunFileError as error:
                self._record = None
                self._complain(f"The run is not recorded, training goes on: {error}")
            else:
                self._say(m.Recorded(self.key, self.file))

    def annotate(self, title: str, notes: str, tags: tuple[str, ...]) -> None:
        """Set what a person calls the run."""
        self._recorded().annotate(title, notes, tags)

    def save(self, path: Path) -> None:
        """Copy the run file to `path`."""
        recorder = self._recorded()
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
        self.settle()
        recorder.copy_to(path)

    def close(self) -> None:
        """End the record, with all there is."""
        self._try_at = 0.0  # the last chance
        self._begin_late()
        if self._recorder is not None:
            self._in_trouble = False  # which is to be told once more
            if self.replay is None and self._write("The end of the run is not recorded"):
                self._writing(lambda recorder: recorder.close())
            self._recorder.abandon()  # where it is not closed
        self._recorder = self._record = None

    def _recorded(self) -> Recorder:
        if self._recorder is None:
            raise OSError("this run is not recorded")
        return self._recorder

    def _gather(self) -> None:
        rows = self.trainer.flush()
        if len(rows):
            self._unsent.append(rows)
            self._judge.watch(rows)
            known = max(0, self.replay.until - self.trainer.step + len(rows)) if self.replay else 0
            if known < len(rows):
                self._unwritten.append(rows[known:])

    def _write(self, else_say: str = "The run is not recorded at present, training goes on") -> bool:
        """Append all rows and events to the run file; gives whether it holds all of them now."""
        self._gather()
        if self._recorder is None:
            if self._record is None:  # they will never be written
                self._unwritten, self._unnoted = [], []
            return False
        rows = np.concatenate([np.empty((0, len(self.trainer.names)), np.float32), *self._unwritten])
        self._unwritten = [rows]
        if self._take_up is not None:
            if not self._writing(self._take_up, else_say):
                return False
            self._take_up = None
        done = self._writing(lambda recorder: recorder.add(rows, self._unnoted), else_say)
        if done:
            self._unwritten, self._unnoted = [], []
        return done

    def _writing(self, write: Callable[[Recorder], None], else_say: str = "The weights are not recorded") -> bool:
        if self._recorder is None or self.replay is not None:
            return False
        try:
            write(self._recorder)
        except Exception as error:  # whatever it is, it must not end the training
            self._next_record = perf_counter() + RETRY_EVERY
            if not self._in_trouble:
                self._complain(f"{else_say}: {trouble(error)}.")
            self._in_trouble = True
            return False
        return True
