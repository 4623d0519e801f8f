"""What the trainer process does: it obeys commands, trains between them, answers pulls."""

from __future__ import annotations

import sqlite3
import threading
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from guiapp import messages as m
from guiapp.allocator import give_back
from guiapp.data.raw import CancelledError
from guiapp.data.source import DataError, Source
from guiapp.engine import device
from guiapp.engine.album import Album
from guiapp.engine.describe import describe
from guiapp.engine.fork import Fork
from guiapp.engine.loading import Shelf
from guiapp.engine.probes import OF_GRADIENTS
from guiapp.engine.recorder import BUDGET, Recorder
from guiapp.engine.replay import Replay, player_after
from guiapp.engine.resume import resumed, standing_at
from guiapp.engine.run import Run
from guiapp.engine.stored_files import InUseError, annotate_file, copied, trouble, usable
from guiapp.engine.studies.room import StudyRoom
from guiapp.engine.trainer import Trainer
from guiapp.fitting import check_estimator
from guiapp.run_file import SUFFIX, Event, Outline, RunFileError, edits, read_outline, read_run
from guiapp.spec import Data, RunSpec, SpecError

REST = 0.2  # seconds without a step after a past one was shown: the hand on the timeline may move on
IDLE = 0.3  # seconds without a command after which a run that stands is written out

_WAIT = "Parameters can be changed again after step {}: up to there the run is being trained as it is recorded."
_ELSEWHERE = (
    "Runs cannot be recorded in {}; until that is mended, or another folder is chosen, they are recorded in {}."
)


class Worker:
    """One run at a time: its trainer, its pictures, its run file. `say` sends an event; tests give a list's append."""

    def __init__(self, say: Callable[[m.Event], None], folder: Path, budget: int = BUDGET) -> None:
        self._say = say
        self._folder = folder
        self._budget = budget
        self._album = Album(lambda sentence: say(m.Refused(sentence)))
        self._run: Run | None = None
        self._inbox: deque[m.Command] = deque()
        self._studies = StudyRoom(say)
        self._shelf = Shelf()
        self._settled = True  # the run file holds all there is
        self._rests_until = 0.0
        self.running = False
        self.done = False

    def work(self, inbox: deque[m.Command], arrived: threading.Event) -> None:
        """Obey and train until told to quit."""
        self._inbox = inbox
        self._say(m.Ready(str(torch.__version__), device.available(), torch.get_num_threads()))
        while not self.done:
            if inbox:
                self.obey(inbox.popleft())
            elif (rest := self._rests_until - perf_counter()) > 0:
                arrived.wait(rest)
                arrived.clear()
            elif self.running or self._studies.busy:
                self.advance()
            elif arrived.wait(None if self._settled else IDLE):
                arrived.clear()
            else:
                self.settle()
                give_back()  # here nobody waits for it, and only the first step after a pause pays for it

    def settle(self) -> None:
        """Nothing has been asked for a while, and training stands: make the run file complete."""
        self._settled = True
        if self._run is not None:
            self._run.settle()
            keyframes = self._run.new_keyframes()
            if keyframes is not None:
                self._say(m.Kept(self._run.key, keyframes))

    def obey(self, command: m.Command) -> None:
        """Carry out `command` between two steps; what goes wrong becomes an event, never an exception (but for a pipe
        that is broken)."""
        key = command.key if isinstance(command, m.Start | m.Open) else 0
        try:
            self._obey(command)
        except CancelledError as error:
            if str(error):
                self._say(m.Refused(str(error), key=key))
        except (DataError, RunFileError) as error:
            self._say(m.Refused(str(error), key=key))
        except SpecError as error:
            self._say(m.Refused(str(error), dict(error.remedy), key))
        except InUseError as error:
            self._say(m.Refused(f"{error}; go on with it there, or close it there first.", key=key))
        except (OSError, sqlite3.Error) as error:
            self._say(m.Refused(f"The run file could not be written: {trouble(error)}.", key=key))
        except Exception as error:
            if isinstance(command, m.Start | m.Open) and _is_lack_of_memory(error):
                sentence = "This model does not fit into memory; choose a smaller batch or smaller layers."
                self._say(m.Refused(sentence, key=key))
            else:
                self._fail(error)

    def _obey(self, command: m.Command) -> None:
        run = self._run
        match command:
            case m.Quit():
                self.done = True
            case m.Start():
                self._start(command)
            case m.Open() if command.at is None:
                self._open(command)
            case m.Open():
                self._fork(command)
            case m.Look():
                self._say(self._album.look(command))
            case m.Annotate():
                self._annotate(command)
            case m.StopStudy():
                self._studies.stop()
            case m.Pull() if run is None:
                pass  # asked before the window knew that the run has ended
            case _ if run is None:
                self._say(m.Refused("There is no run yet; start one first."))
            case m.Pause():
                self._pause()
            case m.Run() | m.Step() if run.replay is not None:  # first to where it was cut off
                run.until = command.until if isinstance(command, m.Run) else run.replay.until
                self.running = True
            case m.Edit() if run.replay is not None:
                self._say(m.Refused(_WAIT.format(run.replay.until)))
            case m.Run():
                self._train(run, "both", command.until)
            case m.Step():
                self._train(run, command.player, run.trainer.step + command.count)
            case m.Edit():
                self._edit(run, command.path, command.value)
            case m.Pull():
                self._answer(run, command)
            case m.Save():
                self._save(run, command.path)
            case m.Study():
                self._studies.begin(run, command)

    def _answer(self, run: Run, pull: m.Pull) -> None:
        """Of a past step first what its weights alone give: the window draws that while the gradients are found."""
        later = pull.needs & OF_GRADIENTS if pull.at is not None and pull.needs - OF_GRADIENTS else frozenset()
        for needs, to_come in ((pull.needs - later, later), (later, frozenset())):
            if any(isinstance(other, m.Pull) for other in self._inbox):  # the person has moved on
                needs = to_come = frozenset()
            answer = run.update(replace(pull, needs=needs), self.running, to_come)
            if answer.at is None:
                self._rests_until = 0.0
            elif answer.pictures:
                self._rests_until = perf_counter() + REST
            self._say(answer)
            if not to_come:
                break

    def _save(self, run: Run, path: str) -> None:
        try:
            run.save(Path(path))
        except (OSError, sqlite3.Error) as error:
            self._say(m.Refused(f"The run could not be saved as {path}: {trouble(error)}."))
        else:
            self._say(m.Saved(path))

    def _train(self, run: Run, player: m.Player, until: int | None) -> None:
        self._move(run, player)
        run.until, self.running = until, True
        if until is not None and run.trainer.step >= until:
            self._pause()

    def _move(self, run: Run, player: m.Player) -> None:
        """From now on it is `player` that moves."""
        if player != run.trainer.player:
            run.note("step", {"player": player})
            run.trainer.player = player

    def _edit(self, run: Run, path: str, new: Any) -> None:
        old, new = run.edit(path, new)
        self._settled = False
        self._say(m.Edited(run.key, run.trainer.step, path, old, new, run.trainer.spec))

    def _begin(self, run: Run, running: bool, again: int = 0, edited: Iterable[m.Edited] = ()) -> None:
        """Make `run`, which had been `edited` so, the current one; what could be refused was, and the run under way
        ends only here."""
        self.close()
        self._run, self.running, self._settled = run, running, False
        self._say(replace(describe(run.key, run.trainer, run.file, again, run.trainer.step), edited=tuple(edited)))

    def _start(self, command: m.Start) -> None:
        check_estimator(command.spec.model)
        trainer = Trainer(command.spec, self._source(command.key, command.spec.data))
        record = partial(self._recorder, trainer, trainer.spec)
        run = Run(command.key, trainer, record, self._say)
        run.note("start", {})
        run.settle()  # so that one can go back to step 0
        self._begin(run, command.running)

    def _source(self, key: int, data: Data) -> Source:
        return self._shelf.read(key, data, self._inbox, self._say)

    def _open(self, command: m.Open) -> None:
        """Go on with a stored run, in its own file. Steps whose rows are there, but not their weights, are trained
        again with the edits that they had."""
        path = Path(command.path)
        if self._run is not None and Path(self._run.file) == path:
            raise RunFileError(f"{path.name}: this run is open already.")
        stored = read_outline(path)
        trainer = resumed(stored, partial(self._source, command.key))
        replay, known = Replay(stored, trainer.step), stored.events_before(trainer.step)
        run = Run(command.key, trainer, lambda: self._own(path, trainer, stored), self._say)
        run.recall(known)
        trainer.player = player_after(known)
        run.replay = replay
        again = replay.until if replay.trains(trainer.step) else 0
        run.until = again or None
        edited = [_edited(run, event, spec) for event, spec in edits(stored, trainer.step)]
        self._begin(run, bool(again), again, edited + self._repeat(run))

    def _own(self, path: Path, trainer: Trainer, stored: Outline) -> Recorder:
        """Of the run file at `path`, which holds `stored`, or of a copy of it in the folder of the runs."""
        folder = self._usable_folder()
        if path.absolute().parent == folder.absolute():
            return Recorder(path, trainer, self._budget, stored)
        copy = copied(path, folder)
        try:
            return Recorder(copy, trainer, self._budget, stored)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise

    def _fork(self, command: m.Open) -> None:
        """A new run that was the stored one up to a keyframe."""
        path = Path(command.path)
        if self._run is not None and Path(self._run.file) == path:
            self._run.settle()
        stored = read_run(path)
        own = self._run if self._run is not None and Path(self._run.file) == path else None
        same = own is not None and command.spec is not None and own.trainer.spec.data == command.spec.data
        source = own.trainer.source if own is not None and same else None
        step, read = stored.keyframe_at(command.at), partial(self._source, command.key)
        trainer = standing_at(stored, step, command.spec, source, read)
        fork = Fork.of(stored, stored.keyframes[step], trainer)
        outline = fork.outline()
        run = Run(command.key, trainer, lambda: self._heir(fork, trainer), self._say)
        run.recall(outline.events)
        self._begin(run, command.running, edited=[_edited(run, event, spec) for event, spec in edits(outline)])

    def _recorder(self, trainer: Trainer, first: RunSpec) -> Recorder:
        """Of a run that began with `first`."""
        return Recorder(self._new_file(trainer), trainer, self._budget, spec=first)

    def _heir(self, fork: Fork, trainer: Trainer) -> Recorder:
        recorder = Recorder(self._new_file(trainer), trainer, self._budget)
        try:
            recorder.inherit(fork)
        except BaseException:
            recorder.discard()
            raise
        return recorder

    def _annotate(self, command: m.Annotate) -> None:
        path, why = Path(command.path), ""
        try:
            if self._run is not None and Path(self._run.file) == path:
                self._run.annotate(command.title, command.notes, command.tags)
            else:
                annotate_file(path, command.title, command.notes, command.tags)
        except RunFileError as error:
            why = str(error)
        except InUseError as error:
            why = f"{error}; change it there."
        except (OSError, sqlite3.Error, ValueError) as error:
            why = f"{path.name} could not be changed: {trouble(error)}."
        self._say(m.Annotated(command.path, why))

    def _new_file(self, trainer: Trainer) -> Path:
        """A name that says what the run is, and that no file has yet."""
        data = Path(trainer.spec.data.path).stem if trainer.spec.data.path else trainer.spec.data.name
        kind = type(trainer.spec.model).__name__.upper()
        name = "".join(c if c.isalnum() else "-" for c in data)[:40]
        while True:  # two windows may start the same run in the same second
            title = f"{datetime.now():%Y-%m-%d %H%M%S} {name} {kind} {uuid.uuid4().hex[:4]}"
            if not (path := self._usable_folder() / f"{title}{SUFFIX}").exists():
                return path

    def _usable_folder(self) -> Path:
        """Where runs are recorded: the folder of the runs, or a temporary one where it cannot be written."""
        folder = usable(self._folder)
        if folder != self._folder:
            self._say(m.Refused(_ELSEWHERE.format(self._folder, folder)))
            self._folder = folder
        return folder

    def advance(self) -> None:
        """One training iteration, and what follows from it; or, or also, a turn of the study under way."""
        if not self.running and not self._settled:
            self.settle()  # what would be done in idle time, which a study may leave none of
        self._studies.advance(self.running)
        if self.running:
            self._iterate()

    def _iterate(self) -> None:
        run = self._run
        assert run is not None
        self._settled = False
        try:
            tensor = next(run.events, None)
            if tensor is not None and not (run.replay and run.replay.diverged(run.trainer.step)):
                self._diverge(run, tensor)
                return
            for edited in self._repeat(run):
                self._say(edited)
        except Exception as error:
            self._fail(error)
            return
        run.keep_record()
        if run.until is not None and run.trainer.step >= run.until and run.replay is None:
            self._pause()

    def _repeat(self, run: Run) -> list[m.Edited]:
        """Do again what was done at this step before the run was cut off, the edits that are given back among it; when
        that is all, go on recording."""
        edited: list[m.Edited] = []
        if run.replay is None:
            return edited
        for event in run.replay.due(run.trainer.step):
            run.do_again(event)
            if event.kind == "edit":
                edited.append(_edited(run, event, run.trainer.spec))
        if run.replay.is_done(run.trainer.step):
            run.take_up()
        return edited

    def _diverge(self, run: Run, tensor: str) -> None:
        self.running = False
        if run.replay is not None:  # where it did not then: another machine
            run.take_up()
        run.diverged(tensor)
        self._say(m.Diverged(run.key, run.trainer.step + 1, tensor))

    def _pause(self) -> None:
        assert self._run is not None
        self.running = False
        self._run.until = None
        self._say(m.Paused(self._run.key, self._run.trainer.step))

    def _fail(self, error: BaseException) -> None:
        """The run cannot go on: free its memory and say so."""
        details = "".join(traceback.format_exception(error))
        self.running = False
        sentence = (
            "Training ran out of memory; choose a smaller batch or smaller layers and start again."
            if _is_lack_of_memory(error)
            else f"Training stopped with an error: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        )
        self.close()
        self._say(m.Failed(sentence, details))

    def close(self) -> None:
        """End the current run, if any, and what is computed of it."""
        self._studies.drop()
        if self._run is not None:
            self._run.close()
        self._run = None
        self.running = False


def _edited(run: Run, event: Event, spec: RunSpec) -> m.Edited:
    path, old, new = str(event.detail["path"]), event.detail.get("old"), event.detail["new"]
    return m.Edited(run.key, event.step, path, old, new, spec)


def _is_lack_of_memory(error: BaseException) -> bool:
    # torch says so in a RuntimeError of its own wording on each device
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error).lower())
