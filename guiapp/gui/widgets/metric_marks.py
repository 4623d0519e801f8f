"""What a chart of metrics has besides lines: dots where an evaluation was, and the band of values that mean nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.time_series import TimeSeriesPlot

RADIUS, APART = 2.2, 6.0  # px: of a dot, and between dots; where they would lie closer, only the newest is drawn
BAND_ALPHA = 38  # of 255


class Band(pg.GraphicsObject):
    """The values from `low` to `high`, shaded over all steps, below the curves."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(-5)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._box, self._theme, self._log = box, LIGHT, False
        self.values: Range | None = None
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def set_values(self, values: Range | None) -> None:
        """Shade these; None for nothing."""
        if values != self.values:
            self.values = values
            self.update()

    def set_log(self, log: bool) -> None:
        """Whether the axis holds log10 of the values: all below `high` is then shaded."""
        self._log = log
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def paint(self, painter: QPainter, *_: Any) -> None:
        if self.values is None:
            return
        room = self.boundingRect()
        bottom, top = (self._pixel(value) for value in self.values)
        colour = QColor(self._theme.muted)
        colour.setAlpha(BAND_ALPHA)
        painter.setClipRect(room)
        painter.fillRect(QRectF(room.left(), top, room.width(), bottom - top), colour)

    def _pixel(self, value: float) -> float:
        if self._log and value <= 0:
            return float(self.boundingRect().bottom())
        return float(self._box.mapFromView(QPointF(0, math.log10(value) if self._log else value)).y())


class Dots(pg.GraphicsObject):
    """A dot at each value of the dotted curves of `plot`; the newest is larger."""

    def __init__(self, plot: TimeSeriesPlot) -> None:
        super().__init__(plot.box)
        self.setZValue(40)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._plot, self._theme = plot, LIGHT
        plot.box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        plot.box.sigRangeChanged.connect(lambda *_: self.update())

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def places(self, name: str) -> list[QPointF]:
        """Where the dots of the curve stand, in pixels of the plot, the newest last."""
        x, y = self._plot.points(name, smooth=True)
        (low, high), (bottom, top) = self._plot.box.viewRange()
        width, height = self._plot.box.width(), self._plot.box.height()
        seen = (x >= low) & (x <= high) & np.isfinite(y)
        across, down = (x[seen] - low) * width / (high - low), (top - y[seen]) * height / (top - bottom)
        if len(across) > 1 and (across[-1] - across[0]) / (len(across) - 1) < APART:
            across, down = across[-1:], down[-1:]
        return [QPointF(*place) for place in zip(across.tolist(), down.tolist(), strict=True)]

    def boundingRect(self) -> QRectF:
        return self._plot.box.boundingRect()

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setClipRect(self.boundingRect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for curve in self._plot.curves:
            if not curve.dotted or curve.name in self._plot.hidden:
                continue
            painter.setBrush(QColor(getattr(self._theme, curve.colour)))
            places = self.places(curve.name)
            for i, place in enumerate(places, start=1):
                radius = RADIUS + int(i == len(places))
                painter.drawEllipse(place, radius, radius)
