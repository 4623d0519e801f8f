"""What the program relies on in Qt's Python binding."""

from __future__ import annotations

import sys

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

REPAINTS = 500


class Canvas(QWidget):
    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(QRect(0, 0, 5, 5), "red")
        painter.end()
        self.painted += 1


def test_a_repaint_keeps_no_reference_to_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 drops one too many each time, and Python 3.11 aborts after some hundred frames."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    with qtbot.waitExposed(canvas):
        canvas.show()
    canvas.repaint()
    painted, before = canvas.painted, sys.getrefcount(None)
    for _ in range(REPAINTS):
        canvas.repaint()
    assert canvas.painted - painted == REPAINTS
    assert abs(sys.getrefcount(None) - before) < REPAINTS // 10
