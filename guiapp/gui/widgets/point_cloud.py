"""Thousands of points, a colour a group, in a few milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from guiapp.gui.widgets.point_stamp import channels, stamped

NO_GROUP = -1
STAMPED = 1500  # from so many points on they are painted as one picture
SHORT = 32_767  # the largest group told apart: numpy sorts numbers of 16 bits in a tenth of the time
SHRINKING = 3000.0  # points of more than this many get smaller, down to two thirds


class PointCloudItem(pg.GraphicsObject):
    """Points (N, 2) in groups, painted with one call a group: less than half of `ScatterPlotItem`'s time; many points
    as one picture that is kept until something changes, 10,000 in a tenth of the time. A drawing of lines, as for a
    file, always gets the points themselves.

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
        self._given = np.empty(0, np.int64)  # the places in `_points` in the order of the array given
        self._found: list[int] = []  # the groups there are
        self._kinds = np.empty(0, np.int64)  # of each shown point, the place of its group in `_found`
        self._polygons: dict[int, QPolygonF] = {}  # made where they are painted
        self._picture: QImage | None = None
        self._painted_for: tuple[object, ...] = ()  # where `_picture` lies
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
        known = np.full(len(given), NO_GROUP) if groups is None else np.asarray(groups, np.int64)
        group = np.clip(known, NO_GROUP, SHORT)
        finite = np.isfinite(given[:, 0]) & np.isfinite(given[:, 1])  # all(1) of so short rows takes ten times as long
        self.left_out = int(len(given) - finite.sum())
        self._index = np.flatnonzero(finite)
        order = np.argsort(group[self._index].astype(np.int16), kind="stable")
        self._index = self._index[order]
        self._points, self._groups = given[self._index], group[self._index]
        self._given = np.empty_like(order)
        self._given[order] = np.arange(len(order))
        found, starts = np.unique(self._groups, return_index=True)
        stops = np.append(starts[1:], len(self._groups))[: len(starts)]
        self._found, self._kinds = found.tolist(), np.repeat(np.arange(len(found)), stops - starts)
        self._polygons, self._picture = {}, None
        self._place()

    def set_colours(self, colours: Sequence[str], plain: str) -> None:
        """The colours of groups 0, 1, ... and of points without a group."""
        self._colours, self._plain, self._picture = tuple(colours), plain, None
        self.update()

    def set_hidden(self, groups: frozenset[int]) -> None:
        """Leave these groups out (-1: the points without one)."""
        self._hidden, self._picture = groups, None
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
        if len(self._points) >= STAMPED and painter.paintEngine().type() == QPaintEngine.Type.Raster:
            self._stamp(painter, to_pixels)
        else:
            for group in self._found:
                if group not in self._hidden:
                    painter.setPen(self._pen(group))
                    painter.drawPoints(to_pixels.map(self._polygon(group)))
        painter.setTransform(to_pixels)

    def _stamp(self, painter: QPainter, to_pixels: QTransform) -> None:
        """Paint the picture of the points in the part of the window that is painted; make it where it is not known."""
        room = QRectF(painter.viewport())
        if painter.hasClipping():
            room &= painter.clipBoundingRect()
        area, ratio = room.toAlignedRect(), painter.device().devicePixelRatioF()
        if area.isEmpty():
            return
        key = (to_pixels, area, ratio)
        if self._picture is None or key != self._painted_for:
            t = to_pixels
            order = self._given  # or the last class would always lie on top
            if self._hidden:
                order = order[~np.isin(self._groups[order], list(self._hidden))]
            turned = self._points[order] @ np.array([[t.m11(), t.m12()], [t.m21(), t.m22()]])
            pixels = (turned + np.array([t.dx() - area.x(), t.dy() - area.y()])) * ratio
            colours = channels([self._pen(group).color() for group in self._found])
            size = (math.ceil(area.width() * ratio), math.ceil(area.height() * ratio))
            self._picture = stamped(pixels, self._kinds[order], colours, size, self._diameter() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._painted_for = key
        painter.drawImage(area.topLeft(), self._picture)

    def _polygon(self, group: int) -> QPolygonF:
        if group not in self._polygons:
            x, y = self._points[self._groups == group].T
            self._polygons[group] = pg.functions.arrayToQPolygonF(x, y)
        return self._polygons[group]

    def _diameter(self) -> float:
        return self._size * max(2 / 3, min(1.0, (SHRINKING / len(self._points)) ** 0.25))

    def _pen(self, group: int) -> QPen:
        colour = QColor(self._colours[group % len(self._colours)] if group >= 0 and self._colours else self._plain)
        colour.setAlphaF(self._alpha)
        return QPen(colour, self._size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)

    def _place(self) -> None:
        rect = QRectF()
        if len(self._points):
            x, y = self._points.T
            left, right, bottom, top = x.min(), x.max(), y.min(), y.max()
            rect = QRectF(left, bottom, max(right - left, 1e-9), max(top - bottom, 1e-9))
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.update()
