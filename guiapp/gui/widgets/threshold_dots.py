"""The dots of a threshold plot, their stems, and the threshold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.pens import blended

Values = npt.NDArray[np.float64]
LARGEST, SMALLEST = 4.5, 2.0  # radii of the dots in px
HOLE = 0.55  # of the radius
STEM = 0.55  # of its colour a stem keeps
LESS, FULL = 1, 2  # kinds: a ring in the colour, a dot in the colour; 0: a grey ring


class ThresholdDots(pg.GraphicsObject):
    """Lies over a view box, in its pixels: place i has log10 of a value at `heights[i]`, of kind `kinds[i]`."""

    def __init__(self, box: pg.ViewBox, threshold: float, label: str) -> None:
        super().__init__(box)
        self._box, self._threshold, self._label = box, math.log10(threshold), label
        self._theme, self._colour = LIGHT, LIGHT.kl
        self.heights: Values = np.empty(0)
        self.kinds: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self.pointed: int | None = None  # the place under the pointer
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def set_theme(self, theme: Theme, colour: str) -> None:
        self._theme, self._colour = theme, colour
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def place_at(self, at: QPointF) -> int | None:
        """The place whose part of the width holds the pixel `at`."""
        if not self.boundingRect().contains(at):
            return None
        (low, high), room = self._box.viewRange()[0], self.boundingRect()
        place = round(low + (at.x() - room.left()) / room.width() * (high - low))
        return place if 0 <= place < len(self.heights) else None

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        room = self.boundingRect()
        painter.setClipRect(room)
        xs, ys = self._x(np.arange(len(self.heights))), self._y(self.heights)
        level = float(self._y(np.array(self._threshold)))
        pitch = float(np.diff(self._x(np.array([0.0, 1.0])))[0])
        if self.pointed is not None and self.pointed < len(xs):
            band = QColor(self._theme.grid)
            painter.fillRect(QRectF(xs[self.pointed] - pitch / 2, room.top(), pitch, room.height()), band)
        painter.setFont(QApplication.font())
        painter.setPen(QPen(QColor(self._theme.ink), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), level), QPointF(room.right(), level))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = min(LARGEST, max(SMALLEST, 0.4 * pitch))
        for kind in (0, LESS, FULL):
            self._draw_kind(painter, self.kinds == kind, xs, ys, level, radius)
        painter.setPen(QPen(QColor(self._theme.bad), 2))
        for x in xs[np.isnan(ys)]:  # no number
            y = room.top() + 8
            painter.drawLines([QLineF(x - 4, y - 4, x + 4, y + 4), QLineF(x - 4, y + 4, x + 4, y - 4)])
        self._draw_label(painter, level)

    def _draw_kind(
        self, painter: QPainter, members: npt.NDArray[np.bool_], xs: Values, ys: Values, level: float, radius: float
    ) -> None:
        members = members & ~np.isnan(ys)
        points = [QPointF(x, y) for x, y in zip(xs[members].tolist(), ys[members].tolist(), strict=True)]
        if not points:
            return
        kind = int(self.kinds[members][0])
        colour = self._colour if kind else self._theme.muted
        painter.setPen(QPen(QColor(blended(colour, self._theme.background, STEM)), max(1.0, 0.4 * radius)))
        painter.drawLines([QLineF(point.x(), level, point.x(), point.y()) for point in points])
        inks = [(colour, radius)] if kind == FULL else [(colour, radius), (self._theme.background, HOLE * radius)]
        for ink, size in inks:
            painter.setPen(QPen(QColor(ink), 2 * size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF(points))  # a pen's round points cost a tenth of ellipses

    def _draw_label(self, painter: QPainter, y: float) -> None:
        """At the right end of the threshold, on that side of it where the stems there do not stand, if it has room."""
        room, metrics = self.boundingRect(), QFontMetricsF(QApplication.font())
        whole = metrics.horizontalAdvance(self._label) <= room.width() - 8
        text = self._label if whole else self._label.partition(" (")[0]
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 8)
        width, height = metrics.horizontalAdvance(text) + 8, metrics.height()
        above = not len(self.heights) or self.heights[-1] <= self._threshold
        tops = (y - height - 1, y + 2) if above else (y + 2, y - height - 1)
        top = next((top for top in tops if room.top() <= top and top + height <= room.bottom()), tops[0])
        place = QRectF(room.right() - width, top, width, height)
        painter.fillRect(place, QColor(self._theme.background))
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _x(self, places: npt.NDArray[np.generic]) -> Values:
        (low, high), room = self._box.viewRange()[0], self.boundingRect()
        return np.asarray(room.left() + (places - low) / (high - low) * room.width(), float)

    def _y(self, values: Values) -> Values:
        (low, high), room = self._box.viewRange()[1], self.boundingRect()
        return np.asarray(room.bottom() - (values - low) / (high - low) * room.height(), float)
