"""Files that a person drops on the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragMoveEvent, QDropEvent

from guiapp import sharing
from guiapp.run_file import SUFFIX

if TYPE_CHECKING:
    from guiapp.gui.main_window import MainWindow


class Drops(QObject):
    """A run file dropped on `window` is gone on with, a file with a link is opened; any other file, or a folder, is
    trained on. One at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is dragged over the window if it is one file of this machine."""
        if isinstance(event, QDropEvent | QDragMoveEvent):  # the latter is also that of entering
            path = _path(event.mimeData())
            if path and event.type() == QEvent.Type.Drop:
                self._take(path)
            if path:
                event.acceptProposedAction()
            else:
                event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _take(self, path: str) -> None:
        if path.lower().endswith(SUFFIX):
            self._window.session.open(path)
        elif path.lower().endswith(sharing.SUFFIX):
            self._window.desk.sharing.open_file(path)
        else:
            self._window.open_data(path)


def _path(mime: QMimeData) -> str:
    """Of the one file or folder that is dragged; empty for anything else."""
    urls = mime.urls()
    return urls[0].toLocalFile() if len(urls) == 1 else ""
