"""Where a file or folder is to go."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from guiapp.gui.showcase.kinds import KINDS, Kind

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')  # in names of files, on one system or another
LONGEST = 80  # characters of a name that a title is made into


class Destination(QWidget):
    """A line with a path, and a button that chooses one. What is typed may lack its suffix and its folder."""

    changed = Signal()

    def __init__(self, title: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._kind = KINDS[0]
        self._line = QLineEdit()
        self._line.setAccessibleName("Where to save")
        self._line.setToolTip("Path of what is written; a missing suffix is added")
        self._line.textChanged.connect(self.changed)
        label = QLabel("Save &to:")
        label.setBuddy(self._line)
        choose = QPushButton("C&hoose…", autoDefault=False)
        choose.setToolTip("Choose a folder and a name")
        choose.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self._line, 1)
        row.addWidget(choose)
        self.setFocusProxy(self._line)
        name = FORBIDDEN.sub("-", title).strip(" .")[:LONGEST].strip(" .") or "run"
        self._show(folder / self._named(name))

    def path(self) -> Path | None:
        """What is written, absolute and with its suffix; None where nothing is typed."""
        text = self._line.text().strip()
        if not text:
            return None
        path = self._folder / Path(text).expanduser()
        return path.with_name(self._named(path.name)) if path.name else None

    def set_kind(self, kind: Kind) -> None:
        """Keep the name, and take the suffix of `kind`."""
        path = self.path()
        if path is not None and kind != self._kind:
            stem = path.name.removesuffix(self._kind.suffix) if self._kind.suffix else path.name
            self._kind = kind
            self._show(path.with_name(self._named(stem)))
        self._kind = kind

    def _named(self, name: str) -> str:
        suffix = self._kind.suffix
        return name if not suffix or name.lower().endswith(suffix) else name + suffix

    def _show(self, path: Path) -> None:
        self._line.setText(str(path))
        self._line.setCursorPosition(len(str(path)))  # its end, not its beginning, tells what it is

    def _choose(self) -> None:
        at = self.path() or self._folder / self._named("run")
        asked_later = QFileDialog.Option.DontConfirmOverwrite  # when the suffix is known
        name, _ = QFileDialog.getSaveFileName(self, "Save", str(at), self._kind.filter, options=asked_later)
        if name:
            self._show(Path(name).with_name(self._named(Path(name).name)))
