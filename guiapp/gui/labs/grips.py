"""Grips on a plot: the mean and the width of a Gaussian, to be dragged."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPen

from guiapp.gui.widgets.handle import Handle

DOT_PX, HIT_PX = 6.0, 14.0
GAP_PX = 22.0  # least distance of a width grip from its mean grip, however small σ is


class Grip(Handle):
    """A dot of fixed size on the screen that can be dragged sideways; `dragged` gives the way since it was taken, in
    data units, and whether the drag has ended."""

    taken = Signal()
    dragged = Signal(float, bool)

    def __init__(self, filled: bool, tip: str) -> None:
        super().__init__(DOT_PX, HIT_PX, Qt.CursorShape.SizeHorCursor, tip)
        self._filled = filled

    def paint(self, painter: QPainter, *_: Any) -> None:
        where = painter.transform().map(QPointF(0, 0))
        painter.resetTransform()  # a circle on the screen, whatever the two scales are
        painter.setPen(QPen(self._ink if not self._filled else self._paper, 2))
        painter.setBrush(self._ink if self._filled else self._paper)
        painter.drawEllipse(where, self.radius, self.radius)

    def drag_to(self, event: Any) -> None:
        way = self.in_plot(event.scenePos()).x() - self.in_plot(event.buttonDownScenePos()).x()
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
