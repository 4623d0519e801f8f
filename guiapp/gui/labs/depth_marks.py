"""Marks at the edge of a chart for values that its axis cannot show: 0 on a logarithmic one, infinities, no numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from guiapp.gui.labs.depth_compute import Floats, Line

FOOT, ROW = 6.0, 8.0  # px: of the first row of marks from its edge, and from row to row
HALF, APART = 3.5, 6.0  # px: half a mark's size, and between two of a row at the least
KINDS: Final = ("0", "∞", "NaN")


class EdgeMarks(pg.GraphicsObject):
    """Lies over a view box, in its pixels. Each setting has a row of its own, so that none hides another: zeros are
    triangles that point down, at the lower edge; infinities point up, and no numbers are crosses, at the upper one."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(30)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._box = box
        self._colours: Sequence[str] = ()
        self.spots: dict[str, dict[int, Floats]] = {}
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def set_lines(self, lines: Sequence[Line], log: bool, colours: Sequence[str]) -> None:
        """Mark what `lines` hold; those that are dashed are predictions, and have none. `colours` by setting."""
        self._colours = colours
        self.spots = {kind: {} for kind in KINDS}
        for line in lines:
            if line.dashed:
                continue
            found = {"0": (line.y == 0) & log, "∞": np.isposinf(line.y), "NaN": np.isnan(line.y)}
            for kind, where in found.items():
                if where.any():
                    before = self.spots[kind].get(line.setting, np.empty(0))
                    self.spots[kind][line.setting] = np.union1d(before, line.x[where])
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._box.width(), self._box.height())

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (low, high), width = self._box.viewRange()[0], self._box.width()
        for kind, rows in self.spots.items():
            for setting, places in rows.items():
                colour = QColor(self._colours[setting])
                painter.setPen(QPen(colour, 1.5) if kind == "NaN" else Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                draw, y = self._shape(painter, kind), self._height(kind, setting)
                for x in thinned((places - low) / (high - low) * width, width):
                    draw(QPointF(x, y))

    def _height(self, kind: str, setting: int) -> float:
        from_edge = FOOT + ROW * setting
        return self._box.height() - from_edge if kind == "0" else from_edge

    def _shape(self, painter: QPainter, kind: str) -> Callable[[QPointF], None]:
        if kind == "NaN":
            corner, other = QPointF(HALF, HALF), QPointF(HALF, -HALF)
            return lambda at: painter.drawLines([at - corner, at + corner, at - other, at + other])
        tip = HALF if kind == "0" else -HALF
        triangle = QPolygonF([QPointF(-HALF, -tip), QPointF(HALF, -tip), QPointF(0, tip)])
        return lambda at: painter.drawPolygon(triangle.translated(at))


def thinned(places: Floats, width: float) -> list[float]:
    """Those of the rising `places`, px, that lie in 0 .. `width` and `APART` from the one before."""
    kept: list[float] = []
    for x in places[(places >= 0) & (places <= width)].tolist():
        if not kept or x - kept[-1] >= APART:
            kept.append(x)
    return kept
