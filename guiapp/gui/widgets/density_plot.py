"""A plot of functions of one variable as filled curves, with fixed ranges, a crosshair and values under the pointer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.axis import axes, paint_once

Floats = npt.NDArray[np.float64]
ZOOM = 0.8


class AreaItem(pg.GraphicsObject):
    """The area between a curve and zero. With `split`, what lies below zero has a colour of its own."""

    def __init__(self, split: bool = False) -> None:
        super().__init__()
        self._split = split
        self._fill = QPolygonF()
        self._line = QPainterPath()
        self._bounds = QRectF()
        self._pen = QPen(Qt.PenStyle.NoPen)
        self._above = self._below = QBrush(Qt.BrushStyle.NoBrush)
        self.x, self.y = np.empty(0), np.empty(0)  # the curve, shapes (T,)

    def set_curve(self, x: Floats, y: Floats) -> None:
        """Show y over x, shapes (T,), x in order; both are finite."""
        self.prepareGeometryChange()
        self.x, self.y = x, y
        if len(x):
            closed_x = np.concatenate([x[:1], x, x[-1:]])
            closed_y = np.concatenate([[0.0], y, [0.0]])
            self._fill = pg.functions.arrayToQPolygonF(closed_x, closed_y)
            self._line = pg.functions.arrayToQPath(x, y, finiteCheck=False)
            low, high = min(0.0, float(y.min())), max(0.0, float(y.max()))
            self._bounds = QRectF(float(x[0]), low, float(x[-1] - x[0]), high - low)
        else:
            self._fill, self._line, self._bounds = QPolygonF(), QPainterPath(), QRectF()
        self.update()

    def set_colours(self, line: str, above: QColor, below: QColor | None = None) -> None:
        """The colour of the line and of the area above (and, when split, below) zero."""
        self._pen = pg.mkPen(line, width=1.5)
        self._above, self._below = QBrush(above), QBrush(below or above)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        halves = [(self._above, 0.0, self._bounds.bottom()), (self._below, self._bounds.top(), 0.0)]
        for brush, low, high in halves if self._split else halves[:1]:
            if high <= low:
                continue
            painter.save()
            if self._split:
                half = QRectF(self._bounds.left(), low, self._bounds.width(), high - low)
                painter.setClipRect(half, Qt.ClipOperation.IntersectClip)
            painter.setBrush(brush)
            painter.drawPolygon(self._fill)
            painter.restore()
        painter.setPen(self._pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._line)


class DensityPlot(pg.PlotWidget):
    """Curves over a common x. The wheel zooms, a drag pans, + and - zoom, arrows pan; a double click, Home or F asks
    for a fit (`fit_asked`), which is up to the owner: ranges never move by themselves."""

    hovered = Signal(object)  # x under the pointer in data units, or None when it has left
    fit_asked = Signal()
    range_chosen = Signal()  # a person has zoomed or panned

    def __init__(self, name: str, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=axes())
        paint_once(self)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(60, 50)
        self.setMouseTracking(True)
        self.showGrid(x=True, y=True, alpha=0.12)
        self.setLabel("left", y_title)
        if x_title:
            self.setLabel("bottom", x_title)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=-4, maxTickLevel=1)
        self.getAxis("left").setWidth(64)
        self.getPlotItem().setContentsMargins(7, 4, 6, 0)  # pyqtgraph lets the titles of axes stand out
        box = self.getViewBox()
        box.setDefaultPadding(0)
        box.disableAutoRange()
        box.sigRangeChangedManually.connect(lambda *_: self.range_chosen.emit())
        self.areas: dict[str, AreaItem] = {}
        self._cross = pg.InfiniteLine(angle=90)
        self._cross.setZValue(-1)
        self._cross.setVisible(False)
        self._zero = pg.InfiniteLine(angle=0, pos=0)
        self._zero.setZValue(-1)
        self.addItem(self._cross, ignoreBounds=True)
        self.addItem(self._zero, ignoreBounds=True)

    def add_area(self, name: str, split: bool = False) -> AreaItem:
        """A new filled curve; later ones lie on top."""
        area = AreaItem(split)
        self.areas[name] = area
        self.addItem(area, ignoreBounds=True)
        return area

    def set_ranges(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show these ranges. Costs some milliseconds where they differ from the present ones: new ticks."""
        self.getViewBox().setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of x and y that are shown."""
        (x0, x1), (y0, y1) = self.getViewBox().viewRange()
        return (x0, x1), (y0, y1)

    def point_at(self, x: float | None) -> None:
        """Put the crosshair at x, or take it away."""
        self._cross.setVisible(x is not None)
        if x is not None:
            self._cross.setPos(x)

    def set_theme(self, theme: Theme) -> None:
        """Repaint axes and background in the colours of `theme`; the areas have colours of their own."""
        self.setBackground(theme.background)
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(theme.grid)
            self.getAxis(side).setTextPen(theme.muted)
            self.getAxis(side).setTickPen(pg.mkPen(theme.ink))
        self._cross.setPen(pg.mkPen(theme.muted, style=Qt.PenStyle.DashLine))
        self._zero.setPen(pg.mkPen(theme.muted))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        box = self.getViewBox()
        inside = box.sceneBoundingRect().contains(self.mapToScene(event.position().toPoint()))
        where = box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        self.hovered.emit(where.x() if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.fit_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        box, key = self.getViewBox(), event.key()
        zooms = {Qt.Key.Key_Plus: ZOOM, Qt.Key.Key_Equal: ZOOM, Qt.Key.Key_Minus: 1 / ZOOM}
        pans = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
        if key in (Qt.Key.Key_Home, Qt.Key.Key_F):
            self.fit_asked.emit()
        elif key in zooms:
            box.scaleBy((zooms[Qt.Key(key)], 1))
            self.range_chosen.emit()
        elif key in pans:
            (x0, x1), _ = self.ranges()
            box.translateBy(QPointF(pans[Qt.Key(key)] * (x1 - x0), 0))
            self.range_chosen.emit()
        else:
            super().keyPressEvent(event)
