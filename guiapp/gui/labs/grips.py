"""Grips on a plot: the mean and the width of a Gaussian, to be dragged."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

DOT_PX = 6.0
HIT_PX = 14.0  # what is easy to hit is larger than what is drawn
GAP_PX = 22.0  # least distance of a width grip from its mean grip, however small σ is


class Grip(pg.GraphicsObject):
    """A dot of fixed size on the screen that can be dragged sideways; `dragged` gives the way since it was taken, in
    data units, and whether the drag has ended."""

    taken = Signal()
    dragged = Signal(float, bool)

    def __init__(self, filled: bool, tip: str) -> None:
        super().__init__()
        self._filled = filled
        self._hot = False
        self._colour, self._paper = QColor("black"), QColor("white")
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setToolTip(tip)

    def set_colours(self, ink: str, paper: str) -> None:
        self._colour, self._paper = QColor(ink), QColor(paper)
        self.update()

    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in data units."""
        box = self.getViewBox()
        return box.viewPixelSize() if box is not None else (1.0, 1.0)

    def boundingRect(self) -> QRectF:
        width, height = self.pixel_size()
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
        painter.setPen(QPen(self._colour if not self._filled else self._paper, 2))
        painter.setBrush(self._colour if self._filled else self._paper)
        radius = DOT_PX + 1.5 * self._hot
        painter.drawEllipse(where, radius, radius)

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
        way = box.mapSceneToView(event.scenePos()).x() - box.mapSceneToView(event.buttonDownScenePos()).x()
        if event.isStart():
            self.taken.emit()
        self.dragged.emit(way, event.isFinish())


class SpanGrips(QObject):
    """A bar from μ - σ to μ + σ with a filled grip on the mean and an open one at each end."""

    moved = Signal(float, float, bool)  # μ, σ, whether the drag has ended

    def __init__(self, name: str, plot: pg.PlotWidget, layer: int) -> None:
        super().__init__(plot)
        self._mu, self._sigma = 0.0, 1.0
        self._start = (0.0, 1.0)
        self.bar = pg.PlotCurveItem(antialias=False)
        self.bar.setZValue(layer)
        plot.addItem(self.bar, ignoreBounds=True)
        width_tip = f"Drag: standard deviation of {name}"
        self.mean = Grip(True, f"Drag: mean of {name}")
        self.left, self.right = Grip(False, width_tip), Grip(False, width_tip)
        for grip in (self.left, self.right, self.mean):
            grip.setZValue(layer + 1)
            plot.addItem(grip, ignoreBounds=True)
            grip.taken.connect(self._remember)
        self.mean.dragged.connect(lambda way, done: self.moved.emit(self._start[0] + way, self._start[1], done))
        self.left.dragged.connect(lambda way, done: self.moved.emit(self._start[0], self._start[1] - way, done))
        self.right.dragged.connect(lambda way, done: self.moved.emit(self._start[0], self._start[1] + way, done))

    def place(self, mu: float, sigma: float, height: float) -> None:
        """Put the bar at `height` (data units); where σ is small on the screen the end grips keep a distance."""
        self._mu, self._sigma = mu, sigma
        reach = max(sigma, GAP_PX * self.mean.pixel_size()[0])
        self.bar.setData([mu - reach, mu + reach], [height, height])
        self.mean.setPos(mu, height)
        self.left.setPos(mu - reach, height)
        self.right.setPos(mu + reach, height)

    def set_colours(self, ink: str, paper: str) -> None:
        self.bar.setPen(pg.mkPen(ink, width=1))
        for grip in (self.mean, self.left, self.right):
            grip.set_colours(ink, paper)

    def _remember(self) -> None:
        self._start = (self._mu, self._sigma)
