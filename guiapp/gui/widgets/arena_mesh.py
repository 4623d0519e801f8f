"""The plane of noise as a generator deforms it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from guiapp.gui.widgets.arena_shapes import cells, opacity

GRADES = 8  # of opacity
FILL, LINE = 0.55, 0.75  # the greatest opacity


class DeformedGrid(pg.GraphicsObject):
    """Cells of equal mass, (R, S, 2) corners or a curve (R, 2), the more opaque the smaller they are."""

    def __init__(self) -> None:
        super().__init__()
        self.grades: dict[int, npt.NDArray[np.float64]] = {}  # grade -> its cells (C, P, 2)
        self._shapes: dict[int, tuple[list[QPolygonF], PrimitiveArray]] = {}  # of each grade: areas and lines
        self._colour = QColor()
        self._rect = QRectF()

    def set_mesh(self, mesh: npt.NDArray[Any] | None, extent: float) -> None:
        """Show `mesh` in the square of half-width `extent`; None shows nothing."""
        found = cells(mesh) if mesh is not None else np.empty((0, 5, 2))
        grade = np.minimum((opacity(found, extent) * GRADES).astype(int), GRADES - 1)
        self.grades = {int(g): found[grade == g] for g in np.unique(grade)}
        self._shapes = {}
        rect = QRectF()
        if len(found):
            low, high = found.min((0, 1)), found.max((0, 1))
            rect = QRectF(low[0], low[1], max(high[0] - low[0], 1e-9), max(high[1] - low[1], 1e-9))
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.update()

    def set_colour(self, colour: str) -> None:
        """The colour of the cells."""
        self._colour = QColor(colour)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        ratio = painter.device().devicePixelRatioF()
        for grade, found in self.grades.items():
            if grade not in self._shapes:
                self._shapes[grade] = _areas(found), _lines(found)
            areas, lines = self._shapes[grade]
            share = (grade + 0.5) / GRADES
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # neighbours would show a seam
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_thin(self._colour, FILL * share))
            for area in areas if grade else ():  # the largest cost most, and could hardly be seen
                painter.drawPolygon(area)
            pen = QPen(_thin(self._colour, LINE * share), (3 if found.shape[1] == 2 else 1) * ratio)
            pen.setCosmetic(True)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pen)
            painter.drawLines(*lines.drawargs())


def _thin(colour: QColor, opacity: float) -> QColor:
    thin = QColor(colour)
    thin.setAlphaF(opacity)
    return thin


def _areas(found: npt.NDArray[np.float64]) -> list[QPolygonF]:
    """One polygon a cell: a path of all of them takes ten times as long to fill."""
    if found.shape[1] == 2:
        return []
    return [QPolygonF([QPointF(x, y) for x, y in cell]) for cell in found[:, :4].tolist()]


def _lines(found: npt.NDArray[np.float64]) -> PrimitiveArray:
    """All sides, each by itself: a path of them takes ten times as long to draw."""
    sides = np.concatenate([found[:, :-1], found[:, 1:]], 2).reshape(-1, 4)
    lines = PrimitiveArray(QLineF, 4)
    lines.resize(len(sides))
    lines.ndarray()[:] = sides
    return lines
