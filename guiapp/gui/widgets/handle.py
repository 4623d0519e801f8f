"""What a hand can take hold of on a plot: of fixed size on the screen, larger to hit than it is drawn."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath

GROWTH_PX = 1.5  # of the radius, under the pointer


class Handle(pg.GraphicsObject):
    """A round handle at its `pos`, `dot` pixels in radius, that is hit within `hit` pixels. A subclass paints it and
    says in `drag_to` what a drag with the left button does."""

    def __init__(self, dot: float, hit: float, cursor: Qt.CursorShape, tip: str) -> None:
        super().__init__()
        self._dot, self._hit, self._hot = dot, hit, False
        self._ink, self._paper = QColor("black"), QColor("white")
        self.setCursor(cursor)
        self.setToolTip(tip)

    @property
    def radius(self) -> float:
        """Of what is drawn, in px."""
        return self._dot + GROWTH_PX * self._hot

    def drag_to(self, event: Any) -> None:
        """The hand is at `event.scenePos()`; `event` is pyqtgraph's `MouseDragEvent`."""
        raise NotImplementedError

    def set_colours(self, ink: str, paper: str) -> None:
        """Paint it in `ink` on `paper`."""
        self._ink, self._paper = QColor(ink), QColor(paper)
        self.update()

    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in data units."""
        box = self.getViewBox()
        return box.viewPixelSize() if box is not None else (1.0, 1.0)

    def in_plot(self, scene: QPointF) -> QPointF:
        """The point `scene` in data units."""
        place: QPointF = self.getViewBox().mapSceneToView(scene)
        return place

    def boundingRect(self) -> QRectF:
        width, height = self.pixel_size()
        return QRectF(-self._hit * width, -self._hit * height, 2 * self._hit * width, 2 * self._hit * height)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(self.boundingRect())
        return path

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()

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
        self.drag_to(event)
