"""Making a script without making the window wait."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from guiapp.export import code_process
from guiapp.export.code_process import Edits
from guiapp.spec import RunSpec

LOOK_EVERY = 30  # ms between two looks into the pipe


class CodeJob(QObject):
    """One script, made in a process that reads the data; the window holds none of them.

    Signals:
        told(int, int): of the data, so many are read, and so many there are (0: not known yet).
        came(str): the script.
        refused(str): why there is none, in one sentence.
    """

    told = Signal(int, int)
    came = Signal(str)
    refused = Signal(str)

    def __init__(self, spec: RunSpec, steps: int, edits: Edits, parent: QObject | None = None) -> None:
        """Raises OSError where no process can be started."""
        super().__init__(parent)
        self._process, self._pipe = code_process.start(spec, steps, edits)
        self._timer = QTimer(self, interval=LOOK_EVERY)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """End it, whatever it is doing; nothing is emitted after that."""
        if self._timer.isActive():
            self._timer.stop()
            self._process.kill()
            self._process.join()
            self._process.close()
            self._pipe.close()

    def _look(self) -> None:
        try:
            while self._timer.isActive() and self._pipe.poll():
                self._hear(*self._pipe.recv())
        except (EOFError, OSError):
            self.stop()
            self.refused.emit("The process that makes the script has ended: often, memory is short; close programs.")

    def _hear(self, what: int | str, more: int | str) -> None:
        if what == "script":
            self.stop()
            self.came.emit(more)
        elif what == "refused":
            self.stop()
            self.refused.emit(more)
        else:
            self.told.emit(what, more)
