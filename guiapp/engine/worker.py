"""The trainer process: obeys commands from the pipe, trains between them, answers pulls."""

from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from guiapp import messages as m
from guiapp.data.source import DataError
from guiapp.engine import device
from guiapp.engine.probes.field import extent
from guiapp.engine.run import Run
from guiapp.engine.run_file import RunFileError, edits, read_run, resumed
from guiapp.engine.trainer import Trainer
from guiapp.spec import SpecError

LAST_WORDS = 3.0  # seconds that a hung step gets once the window is gone


def serve(connection: Connection, folder: Path) -> None:
    """Work until `Quit` or until the other end of `connection` closes; then the process has nothing left to do. Runs
    are recorded in `folder`, a file each."""
    device.take_threads()
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
    worker = Worker(connection.send, folder)
    try:
        worker.work(inbox, arrived)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the window is gone
    finally:
        worker.close()


class Worker:
    """One run at a time: its trainer, its pictures, its run file. `say` sends an event; tests give a list's append."""

    def __init__(self, say: Callable[[m.Event], None], folder: Path) -> None:
        self._say = say
        self._folder = folder
        self._previous = ""  # the file of the run before the current one
        self._run: Run | None = None
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
        key = command.key if isinstance(command, m.Start | m.Open) else 0
        try:
            self._obey(command)
        except (DataError, RunFileError) as error:
            self._say(m.Refused(str(error), key=key))
        except SpecError as error:
            self._say(m.Refused(str(error), dict(error.remedy), key))
        except (OSError, sqlite3.Error) as error:
            self._say(
                m.Refused(f"The run file could not be written: {error}. Choose another place, or free some space.")
            )
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
                self._begin(command.key, Trainer(command.spec), command.running).record("start", {})
            case m.Open():
                self._open(command)
            case m.Pull() if run is None:
                pass  # asked before the window knew that the run has ended
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

    def _train(self, run: Run, player: m.Player, until: int | None) -> None:
        if player != "both":
            run.record("step", {"player": player})
        run.trainer.player, run.until, self.running = player, until, True
        if until is not None and run.trainer.step >= until:
            self._pause()

    def _begin(self, key: int, trainer: Trainer, running: bool) -> Run:
        """Make `trainer` the current run; what could be refused was, before the run under way is touched here."""
        file = self._run.file if self._run else ""
        self.close()
        if file:  # kept, so that a person can go back to it, until the run after this one
            if self._previous:
                Path(self._previous).unlink(missing_ok=True)
            self._previous = file
        path = self._folder / f"run-{os.getpid()}-{key}.elbo"
        self._run = run = Run(key, trainer, path, self._say)
        source = trainer.source
        plane = trainer.feed.is_plane
        self._say(
            m.Started(
                key=key,
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
                run_file=run.file,
            )
        )
        self.running = running
        return run

    def _open(self, command: m.Open) -> None:
        """Go on with a stored run: its rows go out with the next update, its edits now."""
        stored = read_run(Path(command.path))
        trainer = resumed(stored)
        told = edits(stored, trainer.step)
        run = self._begin(command.key, trainer, running=False)
        run.take_over(stored)
        for event, spec in told:
            path, old, new = str(event.detail["path"]), event.detail.get("old"), event.detail["new"]
            self._say(m.Edited(run.key, event.step, path, old, new, spec))

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
