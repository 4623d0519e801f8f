"""The thread that drives training: it owns the trainer process and the pipe, and turns what arrives into signals."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from guiapp import trainer_process
from guiapp.messages import Command, Died, Open, Quit, Refused, Started
from guiapp.run_file import RunFileError, read_run
from guiapp.series import Series

KEYFRAMES = 256 << 20  # bytes in one run file
LAST_WORDS = 4.0  # seconds that the trainer gets to end by itself


class TrainingThread(QThread):
    """Keeps one trainer process, which records its runs in the folder `runs` with at most `budget` bytes of keyframes
    each. Everything that crosses the pipe passes through this thread alone, so that a trainer that hangs cannot block
    the window. Curves that a run file holds are read here, not sent through the pipe: a million steps are 116 MB.

    Signals:
        received(object): an event from the trainer; `Died` when the process has ended unasked. After that `start()`
            begins anew, with a new process.
    """

    received = Signal(object)

    def __init__(self, runs: Path, budget: int = KEYFRAMES, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs, self._budget = runs, budget
        self.setObjectName("training")
        self._outbox: deque[Command] = deque()
        self._wake_read, self._wake_write = Pipe(duplex=False)
        self._quitting = False
        self._curves = Series(())  # of the run file that was opened last
        self.pid = 0

    def send(self, command: Command) -> None:
        """Hand `command` to the trainer; returns at once."""
        self._outbox.append(command)
        self._wake_write.send_bytes(b"!")

    def run(self) -> None:
        self._quitting = False
        try:
            process, connection = trainer_process.start(self._runs, self._budget)
        except (OSError, RuntimeError) as error:  # no memory, no file handles, no such program
            self._outbox.clear()
            self.received.emit(Died(0, str(error)))
            return
        self.pid = process.pid or 0
        try:
            self._exchange(connection, process.sentinel)
        finally:
            connection.close()
            process.join(LAST_WORDS)
            if process.exitcode is None:
                process.kill()
                process.join()
            exit_code = process.exitcode or 0
            process.close()
            self.pid = 0
        if not self._quitting:
            self._outbox.clear()  # meant for the process that is gone
            self.received.emit(Died(exit_code))

    def _exchange(self, connection: Connection, sentinel: int) -> None:
        while True:
            ready = wait((connection, sentinel, self._wake_read))
            if connection in ready:
                try:
                    event = connection.recv()
                except (EOFError, OSError):
                    return
                self.received.emit(self._with_past(event) if isinstance(event, Started) else event)
            elif sentinel in ready:
                return
            if self._wake_read in ready:
                self._wake_read.recv_bytes()
                if not self._deliver(connection):
                    return

    def _deliver(self, connection: Connection) -> bool:
        while self._outbox:
            command = self._outbox.popleft()
            self._quitting = isinstance(command, Quit)
            try:
                if isinstance(command, Open):
                    self._open(command, connection)
                else:
                    connection.send(command)
            except OSError:
                return False
            if self._quitting:
                return False
        return True

    def _open(self, command: Open, connection: Connection) -> None:
        try:
            stored = read_run(Path(command.path))
        except RunFileError as error:
            self.received.emit(Refused(str(error), key=command.key))
        else:
            connection.send(command)
            self._curves = stored.curves()  # while the trainer builds the model

    def _with_past(self, event: Started) -> Started:
        """`event` with the curves of the steps known before."""
        curves, self._curves = self._curves, Series(())
        if not event.known:
            return event
        if curves.names != event.names or curves.last < event.known:  # of a run that went on meanwhile
            try:
                curves = read_run(Path(event.run_file)).curves()
            except RunFileError as error:
                self.received.emit(Refused(f"The curves before step {event.known} are missing: {error}"))
                curves = Series(event.names, first=event.known + 1)
        return replace(event, past=curves.until(event.known))

    def shut_down(self) -> None:
        """End the trainer process and the thread; returns when both are gone (5 s at most)."""
        if self.isRunning():
            self.send(Quit())
            self.wait()
