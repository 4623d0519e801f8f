"""The dialog for what the window remembers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from guiapp import presets
from guiapp.gui.settings import BUDGET, Settings

THEMES = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
LATER = "Takes effect at the next start."


class Preferences(QDialog):
    """Theme, what happens at the start, and where runs are kept.

    Signals:
        chosen(Settings): as the person wants them from now on.
    """

    chosen = Signal(object)

    def __init__(self, settings: Settings, standard_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self._settings = settings
        self._theme = _combo("Theme", THEMES, settings.theme)
        starts = (("preset", "A new run of the preset below"), ("reopen", "The last run, where it was left"))
        self._start = _combo("At the start", starts, "reopen" if settings.reopen else "preset")
        titles = tuple((name, presets.load(name).title) for name in presets.NAMES)
        self._preset = _combo("Preset", titles, settings.preset or presets.DEFAULT)
        self._folder = QLineEdit(settings.runs, placeholderText=str(standard_folder))
        self._folder.setAccessibleName("Folder of the runs")
        self._folder.setToolTip(f"Every run is kept here as one file. Empty: {standard_folder}. {LATER}")
        self._budget = QSpinBox(minimum=BUDGET[0], maximum=BUDGET[1], suffix=" MB", value=settings.keyframes_mb)
        self._budget.setAccessibleName("Keyframes of a run")
        self._budget.setToolTip(f"Room for the steps that one can go back to, in each run file. {LATER}")
        self._trouble = QLabel(wordWrap=True)
        self._trouble.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        browse = QPushButton("Choose…", autoDefault=False)
        browse.clicked.connect(self._browse)
        folder = QHBoxLayout()
        folder.addWidget(self._folder, 1)
        folder.addWidget(browse)
        form = QFormLayout()
        form.addRow("&Theme", self._theme)
        form.addRow("At the &start, open", self._start)
        form.addRow("&Preset", self._preset)
        label = QLabel("&Folder of the runs")
        label.setBuddy(self._folder)
        form.addRow(label, folder)
        form.addRow("&Keyframes of a run, at most", self._budget)
        note = QLabel("Folder and keyframes take effect at the next start.")
        note.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(self._trouble)
        column.addWidget(buttons)
        self.setMinimumWidth(520)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the runs", self._folder.text())
        if folder:
            self._folder.setText(folder)

    def _take(self) -> None:
        folder = self._folder.text().strip()
        trouble = _why_not(folder) if folder != self._settings.runs else ""
        self._trouble.setVisible(bool(trouble))
        self._trouble.setText(trouble)
        if trouble:
            return
        self.chosen.emit(
            msgspec.structs.replace(
                self._settings,
                theme=self._theme.currentData(),
                reopen=self._start.currentData() == "reopen",
                preset=self._preset.currentData(),
                runs=folder,
                keyframes_mb=self._budget.value(),
            )
        )
        self.accept()


def _combo(name: str, items: tuple[tuple[str, str], ...], chosen: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    for key, text in items:
        combo.addItem(text, key)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))
    return combo


def _why_not(folder: str) -> str:
    """Why runs cannot be kept in `folder`; nothing where they can. It is made where it is missing."""
    if not folder:
        return ""
    path = Path(folder).expanduser()
    if not path.is_absolute():
        return "The folder of the runs has to be a whole path, beginning at the root."
    if path.exists() and not path.is_dir():
        return f"{path} is a file; choose a folder."
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except (OSError, ValueError) as error:
        return f"Runs cannot be kept in {folder} ({getattr(error, 'strerror', None) or error}); choose another folder."
