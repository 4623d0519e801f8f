"""The thread that drives training: it owns the trainer process and the pipe, and turns what arrives into signals."""

from __future__ import annotations

from collections import deque
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from guiapp import trainer_process
from guiapp.messages import Command, Died, Quit

KEYFRAMES = 256 << 20  # bytes in one run file
LAST_WORDS = 4.0  # seconds that the trainer gets to end by itself


class TrainingThread(QThread):
    """Keeps one trainer process, which records its runs in the folder `runs` with at most `budget` bytes of keyframes
    each. Everything that crosses the pipe passes through this thread alone, so that a trainer that hangs cannot block
    the window.

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
                    self.received.emit(connection.recv())
                except (EOFError, OSError):
                    return
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
                connection.send(command)
            except OSError:
                return False
            if self._quitting:
                return False
        return True

    def shut_down(self) -> None:
        """End the trainer process and the thread; returns when both are gone (5 s at most)."""
        if self.isRunning():
            self.send(Quit())
            self.wait()
