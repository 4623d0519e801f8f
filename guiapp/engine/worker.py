"""The trainer process: obeys commands from the pipe, trains between them, answers pulls."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
import torch

from guiapp import messages as m
from guiapp.data.source import DataError
from guiapp.engine import device
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.probes.field import extent
from guiapp.engine.recorder import Recorder
from guiapp.engine.trainer import Trainer
from guiapp.spec import SpecError

RECORD_EVERY = 0.5  # seconds between two appends to the run file
LAST_WORDS = 3.0  # seconds that a hung step gets once the window is gone


def serve(connection: Connection) -> None:
    """Work until `Quit` or until the other end of `connection` closes; then the process has nothing left to do."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    inbox: deque[m.Command] = deque()
    arrived = threading.Event()

    def listen() -> None:
        command: m.Command | None = None
        while not isinstance(command, m.Quit):
            try:
                command = connection.recv()
            except (EOFError, OSError):
                command = m.Quit()
                deadline = threading.Timer(LAST_WORDS, os._exit, (1,))
                deadline.daemon = True  # it must not itself keep a process alive that has ended well
                deadline.start()
            inbox.append(command)
            arrived.set()

    threading.Thread(target=listen, name="listen", daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="elboscope-") as folder:
        worker = Worker(connection.send, Path(folder) / "run.elbo")
        try:
            worker.work(inbox, arrived)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the window is gone
        finally:
            worker.close()


class Worker:
    """One run at a time: its trainer, its pictures, its run file. `say` sends an event; tests give a list's append."""

    def __init__(self, say: Callable[[m.Event], None], run_file: Path) -> None:
        self._say = say
        self._run_file = run_file
        self._run: _Run | None = None
        self.running = False
        self.done = False

    def work(self, inbox: deque[m.Command], arrived: threading.Event) -> None:
        """Obey and train until told to quit."""
        self._say(m.Ready(str(torch.__version__), device.available(), torch.get_num_threads()))
        while not self.done:
            if inbox:
                self.obey(inbox.popleft())
            elif self.running:
                self.advance()
            else:
                arrived.wait()
                arrived.clear()

    def obey(self, command: m.Command) -> None:
        """Carry out `command` between two steps; what goes wrong becomes an event, never an exception (but for a pipe
        that is broken)."""
        try:
            self._obey(command)
        except DataError as error:
            self._say(m.Refused(str(error)))
        except SpecError as error:
            self._say(m.Refused(str(error), dict(error.remedy)))
        except (OSError, sqlite3.Error) as error:
            self._say(
                m.Refused(f"The run file could not be written: {error}. Choose another place, or free some space.")
            )
        except Exception as error:
            if isinstance(command, m.Start) and _is_lack_of_memory(error):
                self._say(m.Refused("This model does not fit into memory; choose a smaller batch or smaller layers."))
            else:
                self._fail(error)

    def _obey(self, command: m.Command) -> None:
        run = self._run
        match command:
            case m.Quit():
                self.done = True
            case m.Start():
                self._start(command)
            case _ if run is None:
                self._say(m.Refused("There is no run yet; start one first."))
            case m.Run():
                self._train(run, "both", command.until)
            case m.Pause():
                self._pause()
            case m.Step():
                self._train(run, command.player, run.trainer.step + command.count)
            case m.Edit():
                old, new = run.trainer.edit(command.path, command.value)
                step, spec = run.trainer.step, run.trainer.spec
                run.record("edit", {"path": command.path, "old": old, "new": new})
                self._say(m.Edited(run.key, step, command.path, old, new, spec))
            case m.Pull():
                self._say(run.update(command, self.running))
            case m.Save():
                run.save(Path(command.path))
                self._say(m.Saved(command.path))

    def _train(self, run: _Run, player: m.Player, until: int | None) -> None:
        run.trainer.player, run.until, self.running = player, until, True
        if until is not None and run.trainer.step >= until:
            self._pause()

    def _start(self, command: m.Start) -> None:
        trainer = Trainer(command.spec)  # raises before the run that is under way is touched
        self.close()
        self._run = run = _Run(command.key, trainer, self._run_file, self._say)
        source = trainer.source
        plane = trainer.feed.is_plane
        self._say(
            m.Started(
                key=command.key,
                spec=trainer.spec,
                names=trainer.names,
                tensors=trainer.tensors,
                capabilities=trainer.capabilities,
                shape=tuple(int(n) for n in source.shape),
                classes=tuple(source.classes),
                data_title=source.title,
                data_note=str(getattr(source, "note", "")),
                data_count=len(trainer.feed.train) if trainer.feed.is_table else 0,
                extent=extent(trainer) if plane else 0.0,
                device=str(trainer.device),
                parameters=sum(p.numel() for p in trainer.model.parameters()),
            )
        )
        run.record("start", {})
        self.running = command.running

    def advance(self) -> None:
        """One training iteration, and what follows from it."""
        run = self._run
        assert run is not None
        try:
            tensor = next(run.events, None)
        except Exception as error:
            self._fail(error)
            return
        if tensor is not None:
            self.running = False
            run.record("diverged", {"tensor": tensor})
            self._say(m.Diverged(run.key, run.trainer.step + 1, tensor))
            return
        run.keep_record()
        if run.until is not None and run.trainer.step >= run.until:
            self._pause()

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
        """End the current run, if any."""
        if self._run is not None:
            self._run.close()
        self._run = None
        self.running = False


def _is_lack_of_memory(error: BaseException) -> bool:
    # torch says so in a RuntimeError of its own wording on each device
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error).lower())


class _Run:
    def __init__(self, key: int, trainer: Trainer, path: Path, say: Callable[[m.Event], None]) -> None:
        self.key, self.trainer, self._say = key, trainer, say
        self.events: Iterator[str | None] = trainer.events()
        self.darkroom = Darkroom(trainer)
        self.until: int | None = None
        self._unsent: list[npt.NDArray[np.float32]] = []
        self._sent = 0
        self._recorded = perf_counter()
        self._recorder: Recorder | None = None
        try:
            self._recorder = Recorder(path, trainer)
        except (OSError, sqlite3.Error) as error:
            self._give_up_recording(error)

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
