"""A handle on a plot of the plane that can be dragged anywhere."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen

from guiapp.gui.widgets.handle import Handle

DOT_PX, HIT_PX = 8.0, 18.0


class PlaneHandle(Handle):
    """A ring of fixed size on the screen with a letter in it; `dragged` gives where a hand has taken it, in data units,
    the distance between the pointer and the middle kept."""

    taken = Signal()
    dragged = Signal(float, float)

    def __init__(self, letter: str, tip: str) -> None:
        super().__init__(DOT_PX, HIT_PX, Qt.CursorShape.SizeAllCursor, tip)
        self._letter, self._chosen = letter, False
        self._grip = QPointF()
        self.setZValue(10)

    def set_chosen(self, on: bool) -> None:
        """Whether it is the one that the arrow keys move; it is then filled."""
        self._chosen = on
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        where, radius = painter.transform().map(QPointF(0, 0)), self.radius
        painter.resetTransform()  # a circle on the screen, whatever the two scales are
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._paper, 5))
        painter.drawEllipse(where, radius, radius)  # so that it is seen among the points
        painter.setPen(QPen(self._ink, 2))
        painter.setBrush(self._ink if self._chosen else self._paper)
        painter.drawEllipse(where, radius, radius)
        if self._letter:
            painter.setPen(self._paper if self._chosen else self._ink)
            font = painter.font()
            font.setPixelSize(11)
            font.setBold(True)
            painter.setFont(font)
            room = QRectF(where.x() - radius, where.y() - radius, 2 * radius, 2 * radius)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._letter)

    def drag_to(self, event: Any) -> None:
        if event.isStart():
            self._grip = self.pos() - self.in_plot(event.buttonDownScenePos())
            self.taken.emit()
        to = self.in_plot(event.scenePos()) + self._grip
        self.dragged.emit(to.x(), to.y())
