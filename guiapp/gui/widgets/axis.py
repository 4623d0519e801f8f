"""An axis that is laid out and painted at a fraction of pyqtgraph's cost, and plots that are painted once."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.widgets.pens import blended

Levels = list[tuple[float | None, list[float]]]  # spacing and ticks, coarse ones first
LINE_HEIGHT = 0.8  # of a font's height: what digits take of it
ABOVE, BEHIND = 0.5, -200.0  # z of an axis, pyqtgraph's own, and of one with a grid; what is plotted has -100
SAME = 0.01  # of a spacing: ticks nearer than this are one


def axes() -> dict[str, Axis]:
    """New axes for the `axisItems` of a plot."""
    return {"left": Axis("left"), "bottom": Axis("bottom")}


def paint_once(plot: pg.PlotWidget) -> None:
    """Spare `plot` what every change of its range costs it for nothing.

    A view box moves its contents only while it is being painted, which asks for a second painting: here they move with
    the range. And the axes at the top and on the right, never seen, lay out their titles: they are let go.
    """
    box = plot.getViewBox()
    box.sigRangeChanged.connect(box.updateMatrix)  # a bound method: a lambda would keep the box alive
    for side in ("top", "right"):
        plot.getAxis(side).unlinkFromView()


def minus(text: str) -> str:
    """A number with the sign that is as wide as a plus in place of the hyphen."""
    return text.replace("-", "−")


class Axis(pg.AxisItem):
    """The left or the bottom axis: ticks and texts are those of `pg.AxisItem`, without its recorded picture, array
    operations for a handful of ticks, and SI prefixes: a layout costs 0.2 ms instead of 0.6. A grid lies behind what is
    plotted, so that its lines can be opaque, which saves some ms of each painting."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._upright = side == "left"
        self._lines: list[tuple[QPen, list[QLineF]]] = []
        self._texts: list[tuple[QPointF, str]] = []
        self._thickness = -1.0  # of the texts, across the axis
        self.picture: bool | None  # pyqtgraph sets it to None when something has changed
        self.enableAutoSIPrefix(False)

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if self.picture is None:
            self._lay_out()
            self.picture = True
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for pen, lines in self._lines:
            painter.setPen(pen)
            painter.drawLines(lines)
        painter.setFont(QApplication.font())
        painter.setPen(self._textPen)
        for at, text in self._texts:
            painter.drawText(at, text)

    def setGrid(self, grid: int | float | bool) -> None:
        super().setGrid(grid)
        self.setZValue(ABOVE if grid is False else BEHIND)

    def tickValues(self, low: float, high: float, size: float) -> Levels:
        low, high = sorted((low, high))
        if self.logMode:
            return list(self.logTickValues(low, high, size, []))
        levels: Levels = []
        known: list[float] = []
        for spacing, _ in self.tickSpacing(low, high, size):
            start = math.ceil(low / spacing)
            ticks = [(start + i) * spacing for i in range(int(high / spacing - start) + 1)]
            ticks = [tick for tick in ticks if all(abs(tick - other) > SAME * spacing for other in known)]
            known += ticks
            levels.append((spacing, ticks))
        return levels

    def tickStrings(self, values: list[float], scale: float, spacing: float | None) -> list[str]:
        return [minus(text) for text in super().tickStrings(values, scale, spacing)]

    def _lay_out(self) -> None:
        bounds = self.mapRectFromParent(self.geometry())
        length = bounds.height() if self._upright else bounds.width()
        self._lines, self._texts = [], []
        if length <= 0:
            return
        edge = bounds.right() - 1 if self._upright else bounds.top() + 1
        self._lines.append((self.pen(), [self._line(-1, length + 1, edge, edge)[0]]))
        if self._tickLevels is None:
            levels = self.tickValues(self.range[0], self.range[1], length + 2)
            texts = [self.tickStrings(ticks, 1.0, spacing) for spacing, ticks in levels]
        else:
            levels = [(None, [value for value, _ in level]) for level in self._tickLevels]
            texts = [[text for _, text in level] for level in self._tickLevels]
        places = [[self._place(tick, length) for tick in ticks] for _, ticks in levels]
        for i, level in enumerate(places):
            self._add_lines(i, [x for x in level if 0 <= x <= length], bounds, length)
        if self.style["showValues"]:
            self._add_texts(
                [
                    [(x, text) for x, text in zip(*level, strict=True) if 0 <= x <= length]
                    for level in zip(places, texts, strict=True)
                ],
                length,
            )

    def _place(self, value: float, length: float) -> float:
        """Pixels from the top or from the left."""
        low, high = self.range
        share = (value - low) / ((high - low) or 1.0)
        return length * (1 - share if self._upright else share)

    def _line(self, x0: float, x1: float, y0: float, y1: float) -> list[QLineF]:
        """x along the axis, y across it."""
        return [QLineF(y0, x0, y1, x1) if self._upright else QLineF(x0, y0, x1, y1)]

    def _add_lines(self, level: int, places: list[float], bounds: QRectF, length: float) -> None:
        """Ticks, or where there is a grid lines across the plot, paler the finer their level."""
        box, alpha = self.linkedView(), 255 / (level + 1)
        begin = end = bounds.right() if self._upright else bounds.top()
        if self.grid is False or box is None:
            tick = self.style["tickLength"] / (1 + level / 2)
            end += -tick if self._upright else tick
        else:
            alpha *= self.grid / 255 * min(1.0, 0.05 * length / (len(places) + 1))
            plot = box.mapRectToItem(self, box.boundingRect())
            begin = plot.right() if self._upright else plot.top()
        pen, ground = self.tickPen(), self.getViewWidget().backgroundBrush().color()
        pen.setColor(blended(pen.color(), ground, alpha / 255))
        self._lines.insert(0, (pen, [self._line(x, x, begin, end)[0] for x in places]))

    def _add_texts(self, levels: list[list[tuple[float, str]]], length: float) -> None:
        """Those of the first level, and of finer ones while they leave room."""
        metrics = QFontMetricsF(QApplication.font())
        height = LINE_HEIGHT * metrics.height()
        room, taken, widest = self.boundingRect(), 0.0, 0.0
        for i, level in enumerate(levels[: self.style["maxTextLevel"] + 1]):
            widths = [metrics.horizontalAdvance(text) for _, text in level]
            taken += height * len(level) if self._upright else sum(widths)
            crowded = any(
                len(self._texts) >= n and taken >= share * length for n, share in self.style["textFillLimits"]
            )
            if i and crowded:
                break
            widest = max(widths, default=widest)
            for (x, text), width in zip(level, widths, strict=True):
                place = self._text_place(x, width, height)
                if room & place == place:  # QRectF compares with a tolerance, which its contains() does not
                    base = place.center().y() if self._upright else place.top() + metrics.height() / 2
                    self._texts.append((QPointF(place.left(), base + metrics.ascent() - metrics.height() / 2), text))
        self._reserve(widest if self._upright else height)

    def _text_place(self, x: float, width: float, height: float) -> QRectF:
        bounds, gap = self.mapRectFromParent(self.geometry()), max(0, self.style["tickLength"])
        gap += self.style["tickTextOffset"][0 if self._upright else 1]
        if self._upright:
            return QRectF(bounds.right() - gap - width, x - height / 2, width, height)
        return QRectF(x - width / 2, bounds.top() + gap, width, height)

    def _reserve(self, thickness: float) -> None:
        if thickness != self._thickness:
            self._thickness = thickness
            self._updateMaxTextSize(thickness)
