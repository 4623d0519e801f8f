"""Reading the runs to compare, off the thread of the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from guiapp.gui.library.compare_runs import ComparedRun, read
from guiapp.run_file import RunFileError


class RunReader(QThread):
    """Reads `paths` one after the other. Afterwards `runs` holds those that could be read, in their order, and
    `troubles` a sentence for each of the others.

    Signals:
        begun(int): the index of the run that is being read.
    """

    begun = Signal(int)

    def __init__(self, paths: Sequence[Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.paths = tuple(paths)
        self.runs: list[ComparedRun] = []
        self.troubles: list[str] = []

    def run(self) -> None:
        for i, path in enumerate(self.paths):
            if self.isInterruptionRequested():
                return
            self.begun.emit(i)
            try:
                self.runs.append(read(path))
            except RunFileError as error:
                self.troubles.append(str(error))
            except MemoryError:
                self.troubles.append(f"{path.name} does not fit into memory beside the others; compare fewer runs.")
            except Exception as error:
                self.troubles.append(f"{path.name} could not be read: {error}.")
