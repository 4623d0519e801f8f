"""A button that lets a person choose a file or a folder."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget


class FileButton(QToolButton):
    """Opens a menu "A file…", "A folder of images…"; the dialog does not block the window."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText("…")
        self.setToolTip("Choose a file or a folder")
        self.setAccessibleName("Choose a file or a folder")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(self)
        menu.addAction("A file…", lambda: self._ask("Choose a data file", QFileDialog.FileMode.ExistingFile))
        menu.addAction("A folder of images…", lambda: self._ask("Choose a folder", QFileDialog.FileMode.Directory))
        # Not setMenu(): its arrow could be hidden by a style sheet only, and that would freeze the button's colours.
        self.clicked.connect(lambda: menu.popup(self.mapToGlobal(self.rect().bottomLeft())))

    def _ask(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self.chosen)
        dialog.open()
