"""Noticing when the views in sight have drawn a certain moment of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from guiapp.bench.stage import PATIENCE
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.frame import Frame


class Watch:
    """Listens in on what the docks given to it draw, as long as it is entered."""

    def __init__(self, docks: Sequence[ViewDock | LabDock]) -> None:
        self._docks = docks
        self._is_it: Callable[[Frame], bool] = lambda _frame: False
        self._missing: set[str] = set()
        self._loop = QEventLoop()
        self.first = 0.0  # when the first of them had been drawn, by `perf_counter`

    def __enter__(self) -> Watch:
        for dock in self._docks:
            vars(dock)["draw"] = partial(self._draw, dock)
        return self

    def __exit__(self, *_: object) -> None:
        for dock in self._docks:
            del vars(dock)["draw"]

    def time(self, act: Callable[[], object], is_it: Callable[[Frame], bool]) -> float:
        """Seconds from the call of `act` until every dock has drawn a frame that `is_it`, and is painted.

        Raises:
            TimeoutError: that takes too long.
        """
        self._is_it, self._missing, self.first = is_it, {dock.objectName() for dock in self._docks}, 0.0
        timeout = QTimer(singleShot=True, interval=round(1000 * PATIENCE))
        timeout.timeout.connect(self._loop.quit)
        timeout.start()
        began = perf_counter()
        act()
        self._loop.exec()
        QCoreApplication.sendPostedEvents()
        spent = perf_counter() - began
        if self._missing:
            raise TimeoutError(f"{', '.join(sorted(self._missing))}: not drawn within {PATIENCE:.0f} s")
        return spent

    def _draw(self, dock: ViewDock | LabDock, frame: Frame) -> None:
        type(dock).draw(dock, frame)  # type: ignore[arg-type]  # of its own class
        if self._is_it(frame):
            self.first = self.first or perf_counter()
            self._missing.discard(dock.objectName())
            if not self._missing:
                self._loop.quit()
