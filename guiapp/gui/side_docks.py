"""The docks beside the workspace: how wide they are, and where they go in a narrow window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

NARROW = 1250  # px of the window below which two side panels leave too little for the plots
SIDE = 290  # px


class SideDocks(QObject):
    """One dock to the left of the middle of `window` and one to the right, with others that have joined it as tabs.

    A workspace with wide contents takes room from both, and Qt never gives it back: so the widths that they had in an
    arrangement come back with it.
    """

    def __init__(self, window: QMainWindow, left: QDockWidget, right: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._left, self._right = window, left, right
        self._joined: list[QDockWidget] = []
        self._narrow = False
        self._arrangement = ""
        self._widths: dict[str, tuple[int, int]] = {}
        self._due = (SIDE, SIDE)
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(lambda: self._resize(*self._due))
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, left)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, right)
        window.resizeDocks([left, right], [SIDE, SIDE], Qt.Orientation.Horizontal)

    def join(self, dock: QDockWidget) -> None:
        """`dock` stands behind the right one, wherever that goes."""
        self._joined.append(dock)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        self._window.tabifyDockWidget(self._right, dock)

    def fit(self) -> None:
        """A narrow window keeps its middle for the plots: the right docks go behind the left one."""
        narrow = self._window.width() < NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._widths.clear()
        if narrow:
            for dock in (self._right, *self._joined):
                self._window.tabifyDockWidget(self._left, dock)
            self._left.raise_()
        else:
            self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._right)
            for dock in self._joined:
                self._window.tabifyDockWidget(self._right, dock)
            self._window.resizeDocks([self._right], [SIDE], Qt.Orientation.Horizontal)

    def keep(self, arrangement: str) -> None:
        """The workspace is about to take `arrangement`."""
        # Widths that are still to come back are the true ones: to what they are now the workspace has pressed them.
        now = self._due if self._timer.isActive() else (self._left.width(), self._right.width())
        before, self._arrangement = self._arrangement, arrangement
        if before and self._window.isVisible():
            self._widths[before] = now
            self._due = self._widths.get(arrangement, now)
            self._timer.start()  # once the workspace has its new contents

    def _resize(self, left: int, right: int) -> None:
        docks = ((self._left, left),) if self._narrow else ((self._left, left), (self._right, right))
        there = [(dock, width) for dock, width in docks if not (dock.isHidden() or dock.isFloating())]
        if there:
            self._window.resizeDocks([d for d, _ in there], [w for _, w in there], Qt.Orientation.Horizontal)


def side_dock(name: str, title: str, content: QWidget, parent: QMainWindow) -> QDockWidget:
    """A dock that is remembered as `name`."""
    dock = QDockWidget(title, parent)
    dock.setObjectName(name)
    dock.setWidget(content)
    return dock
