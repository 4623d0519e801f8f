"""The parameter panel as a person finds and uses it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QSlider

from guiapp.gui.panels.parameter_row import ParameterRow
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.widgets.field_editor import TextField
from guiapp.gui.widgets.refusing_line import RefusingLine

LR = "model.optimiser.lr"


def row(panel: ParameterPanel, path: str) -> ParameterRow:
    return panel._rows[path]


def line(panel: ParameterPanel, path: str) -> RefusingLine:
    field = row(panel, path).field
    assert isinstance(field, TextField)
    return field.line


def slider(panel: ParameterPanel, path: str) -> QSlider:
    found = row(panel, path).field.slider
    assert isinstance(found, QSlider)
    return found


def typed(panel: ParameterPanel, path: str, text: str, end: Qt.Key | None = Qt.Key.Key_Return) -> RefusingLine:
    panel.focus(path)
    target = line(panel, path)
    target.selectAll()
    QTest.keyClicks(target, text)
    if end is not None:
        QTest.keyClick(target, end)
    return target


def choose(combo: QComboBox, data: str) -> None:
    """What a click on an item of the list does."""
    combo.setCurrentIndex(combo.findData(data))
    combo.activated.emit(combo.currentIndex())


def texts(panel: ParameterPanel) -> str:
    return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def settle() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for _ in range(3):
        QApplication.processEvents()
