"""Symbols along curves, so that eyes which confuse two colours can tell the curves apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.time_series import TimeSeriesPlot

SYMBOLS: Final = "●■▲◆▼★◀▶"
RADIUS: Final = 4.5  # px
APART: Final = 110.0  # px, along one curve
_CORNERS: Final = {
    "★": (10, 90.0),
    "■": (4, 45.0),
    "▲": (3, 90.0),
    "◆": (4, 90.0),
    "▼": (3, 270.0),
    "◀": (3, 180.0),
    "▶": (3, 0.0),
}


class CurveSymbols(pg.GraphicsObject):
    """Lies over `plot`: curve i bears symbol i of `SYMBOLS` about every 110 pixels, each curve at places of its own.

    Dashes would be the other way, but a dashed curve of noise cannot be told from a solid one, and costs ten times as
    much to paint. Cost: about 0.3 ms for eight curves.
    """

    def __init__(self, plot: TimeSeriesPlot) -> None:
        super().__init__(plot.box)
        self.setZValue(40)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._plot, self._theme = plot, LIGHT
        self._of: dict[str, tuple[QPainterPath, str]] = {}
        plot.box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        plot.box.sigRangeChanged.connect(lambda *_: self.update())

    def set_curves(self, curves: Iterable[tuple[str, int, str]]) -> None:
        """(name, index of the symbol, field of `Theme`) of each curve that bears symbols."""
        self._of = {name: (shape(SYMBOLS[i]), colour) for name, i, colour in curves}
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def places(self, name: str) -> list[QPointF]:
        """Where the symbols of the curve stand, in pixels of the plot."""
        x, y = self._plot.points(name, smooth=self._plot.smoothing > 0)
        if not len(x):
            return []
        box = self._plot.box
        ((low, high), (bottom, top)), width = box.viewRange(), max(1.0, box.width())
        lead = APART * (list(self._of).index(name) + 0.5) / len(self._of)
        wanted = low + np.arange(lead, width, APART) * (high - low) / width
        found = np.searchsorted(x, wanted[(wanted >= x[0]) & (wanted <= x[-1])])
        at = np.unique(found if len(found) else np.array([len(x) - 1]))
        across = (x[at] - low) * width / (high - low)  # by hand: mapFromView takes 20 µs a point
        down = (top - y[at]) * box.height() / (top - bottom)
        return [
            QPointF(*place) for place in zip(across.tolist(), down.tolist(), strict=True) if math.isfinite(place[1])
        ]

    def boundingRect(self) -> QRectF:
        return self._plot.box.boundingRect()

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setClipRect(self.boundingRect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.background), 1))
        for name, (path, colour) in self._of.items():
            painter.setBrush(QColor(getattr(self._theme, colour)))
            for place in self.places(name):
                painter.drawPath(path.translated(place))


def shape(symbol: str) -> QPainterPath:
    """`symbol` as an outline around (0, 0), about 9 pixels wide."""
    path = QPainterPath()
    if symbol == "●":
        path.addEllipse(QPointF(), RADIUS - 0.5, RADIUS - 0.5)
        return path
    corners, first = _CORNERS[symbol]
    turns = np.deg2rad(first + 360 / corners * np.arange(corners))
    radii = RADIUS * np.resize((1.4, 0.6) if symbol == "★" else (1.2,), corners)
    corners_at = zip((radii * np.cos(turns)).tolist(), (-radii * np.sin(turns)).tolist(), strict=True)
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners_at]))
    path.closeSubpath()
    return path
