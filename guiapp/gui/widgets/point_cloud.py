"""Thousands of points, a colour a group, in a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

NO_GROUP = -1


class PointCloudItem(pg.GraphicsObject):
    """Points (N, 2) in groups, painted with one call a group: less than half of `ScatterPlotItem`'s time.

    Group g takes the colour `colours[g mod len(colours)]`, points without a group the plain colour. Points that are
    not finite are left out and counted in `left_out`.
    """

    def __init__(self, size: float = 4.5, alpha: float = 0.75) -> None:
        super().__init__()
        self.left_out = 0
        self._size, self._alpha = size, alpha
        self._points = np.empty((0, 2))
        self._groups = np.empty(0, np.int64)
        self._index = np.empty(0, np.int64)  # of each shown point in the array it came from
        self._polygons: dict[int, QPolygonF] = {}
        self._hidden: frozenset[int] = frozenset()
        self._colours: tuple[str, ...] = ()
        self._plain = "#767d88"
        self._rect = QRectF()

    @property
    def points(self) -> npt.NDArray[np.float64]:
        """The finite points, shape (N, 2), ordered by group."""
        return self._points

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """The group of each of `points`, shape (N,)."""
        return self._groups

    def set_points(self, points: npt.NDArray[Any], groups: npt.NDArray[Any] | None = None) -> None:
        """Show `points` (N, 2); `groups` (N,) are whole numbers, negative for none."""
        given = np.asarray(points, np.float64).reshape(-1, 2)
        group = np.full(len(given), NO_GROUP) if groups is None else np.maximum(np.asarray(groups, np.int64), NO_GROUP)
        finite = np.isfinite(given).all(1)
        self.left_out = int(len(given) - finite.sum())
        self._index = np.flatnonzero(finite)
        self._index = self._index[np.argsort(group[self._index], kind="stable")]
        self._points, self._groups = given[self._index], group[self._index]
        found, starts = np.unique(self._groups, return_index=True)
        stops = np.append(starts[1:], len(self._groups))[: len(starts)].tolist()
        self._polygons = {
            g: pg.functions.arrayToQPolygonF(self._points[a:b, 0], self._points[a:b, 1])
            for g, a, b in zip(found.tolist(), starts.tolist(), stops, strict=True)
        }
        self._place()

    def set_colours(self, colours: Sequence[str], plain: str) -> None:
        """The colours of groups 0, 1, ... and of points without a group."""
        self._colours, self._plain = tuple(colours), plain
        self.update()

    def set_hidden(self, groups: frozenset[int]) -> None:
        """Leave these groups out (-1: the points without one)."""
        self._hidden = groups
        self.update()

    def nearest(self, x: float, y: float, reach: tuple[float, float]) -> int | None:
        """The index, in the array given, of the shown point nearest to (x, y), or None if none lies in the ellipse of
        half-axes `reach` around it; distances are measured in units of `reach`."""
        if not len(self._points):
            return None
        distance = (((self._points - (x, y)) / reach) ** 2).sum(1)
        if self._hidden:
            distance[np.isin(self._groups, list(self._hidden))] = np.inf
        best = int(distance.argmin())
        return int(self._index[best]) if distance[best] <= 1 else None

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        to_pixels = painter.transform()
        painter.resetTransform()  # Qt draws a wide point as a line 1/63 of a unit long: of a pixel, not of the data
        for group, polygon in self._polygons.items():
            if group not in self._hidden:
                painter.setPen(self._pen(group))
                painter.drawPoints(to_pixels.map(polygon))
        painter.setTransform(to_pixels)

    def _pen(self, group: int) -> QPen:
        colour = QColor(self._colours[group % len(self._colours)] if group >= 0 and self._colours else self._plain)
        colour.setAlphaF(self._alpha)
        return QPen(colour, self._size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)

    def _place(self) -> None:
        rect = QRectF()
        if len(self._points):
            (left, bottom), (right, top) = self._points.min(0), self._points.max(0)
            rect = QRectF(left, bottom, max(right - left, 1e-9), max(top - bottom, 1e-9))
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.update()
