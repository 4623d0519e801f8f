"""What the tests of the window of runs do and see in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from guiapp.gui.library.window import LibraryWindow

NOW = datetime(2026, 11, 22, 14, 5).astimezone()
Make = Callable[..., LibraryWindow]


def titles(window: LibraryWindow) -> list[str]:
    return [window.table.entry(row).title for row in range(window.table.rowCount())]


def chosen(window: LibraryWindow) -> list[str]:
    return [entry.path.stem for entry in window.view.selected()]


def press(window: LibraryWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Where the focus is."""
    QTest.keyClick(window.focusWidget(), key, modifier)


def told(window: LibraryWindow) -> str:
    """All that the pane of details says."""
    details = window.details
    labels = (details._facts, details._origin, details._settings, details._events)
    return " ".join(label.text() for label in labels if not label.isHidden())


def button(window: LibraryWindow, text: str) -> QAbstractButton:
    return next(b for b in window.findChildren(QAbstractButton) if b.text() == text and b.isVisible())


def idle(qtbot: Any, window: LibraryWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.is_busy)
