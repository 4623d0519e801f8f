"""A handle on a plot of the plane that can be dragged anywhere."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

DOT_PX = 8.0
HIT_PX = 18.0  # what is easy to hit is larger than what is drawn


class PlaneHandle(pg.GraphicsObject):
    """A ring of fixed size on the screen with a letter in it; `dragged` gives where a hand has taken it, in data units,
    the distance between the pointer and the middle kept."""

    taken = Signal()
    dragged = Signal(float, float)

    def __init__(self, letter: str, tip: str) -> None:
        super().__init__()
        self._letter, self._chosen, self._hot = letter, False, False
        self._ink, self._paper = QColor("black"), QColor("white")
        self._grip = QPointF()
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip(tip)
        self.setZValue(10)

    def set_colours(self, ink: str, paper: str) -> None:
        """Paint it in `ink` on `paper`."""
        self._ink, self._paper = QColor(ink), QColor(paper)
        self.update()

    def set_chosen(self, on: bool) -> None:
        """Whether it is the one that the arrow keys move; it is then filled."""
        self._chosen = on
        self.update()

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        width, height = box.viewPixelSize() if box is not None else (1.0, 1.0)
        return QRectF(-HIT_PX * width, -HIT_PX * height, 2 * HIT_PX * width, 2 * HIT_PX * height)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(self.boundingRect())
        return path

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()

    def paint(self, painter: QPainter, *_: Any) -> None:
        where = painter.transform().map(QPointF(0, 0))
        painter.resetTransform()  # a circle on the screen, whatever the two scales are
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = DOT_PX + 1.5 * self._hot
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

    def hoverEvent(self, event: Any) -> None:
        hot = not event.isExit() and event.acceptDrags(Qt.MouseButton.LeftButton)
        if hot != self._hot:
            self._hot = hot
            self.update()

    def mouseDragEvent(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        box = self.getViewBox()
        if event.isStart():
            self._grip = self.pos() - box.mapSceneToView(event.buttonDownScenePos())
            self.taken.emit()
        to = box.mapSceneToView(event.scenePos()) + self._grip
        self.dragged.emit(to.x(), to.y())
