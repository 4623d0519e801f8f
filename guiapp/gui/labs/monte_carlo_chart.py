"""What the charts of the Monte Carlo lab have in common: header, plot, a line of text, and a place to be dragged."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import StatusLine

Floats = npt.NDArray[np.float64]
AXIS_PX: Final = 56
GRIP_AT: Final = 0.06  # of the height
TINT: Final = 0.28  # of a curve's colour in its band
SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Chart(QWidget):
    """A chart whose ranges follow what is drawn until a person chooses others; a double click fits again. `moved`: the
    marker has been dragged to x, and whether the drag has ended."""

    moved = Signal(float, bool)

    def __init__(self, name: str, x_title: str, y_title: str, tip: str) -> None:
        super().__init__()
        self.header, self.status = ChartHeader(), StatusLine()
        self.plot = DensityPlot(name, x_title, y_title)
        self.plot.setToolTip(tip)
        self.plot.getAxis("left").setWidth(AXIS_PX)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.plot.setMinimumHeight(110)
        self.marker = pg.InfiniteLine(angle=90)
        self.marker.setZValue(5)
        self.plot.addItem(self.marker, ignoreBounds=True)
        self.grip: Grip | None = None
        self.theme = LIGHT
        self._at = self._start = 0.0
        self._wanted: tuple[Range, Range] | None = None  # what there is to be seen
        self._ranges: tuple[Range, Range] | None = None  # what has been set
        self._chosen = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self.header, 0), (self.plot, 1), (self.status, 0)):
            layout.addWidget(widget, stretch)
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        self.plot.hovered.connect(self._point_at)
        self.plot.getViewBox().sigRangeChanged.connect(lambda *_: self.place(self._at))
        add_export_actions(self.plot, self.table)

    def table(self) -> Table:
        """The numbers drawn."""
        raise NotImplementedError

    def told(self, x: float) -> str:
        """What lies at x, "" for nothing."""
        raise NotImplementedError

    def curve(self, layer: int, pairs: bool = False) -> pg.PlotCurveItem:
        """A new curve, without gaps at values that are not finite."""
        item = pg.PlotCurveItem(connect="pairs" if pairs else "finite")
        item.setZValue(layer)
        self.plot.addItem(item, ignoreBounds=True)
        return item

    def level(self) -> pg.InfiniteLine:
        """A new horizontal line."""
        item = pg.InfiniteLine(angle=0)
        item.setZValue(4)
        self.plot.addItem(item, ignoreBounds=True)
        return item

    def add_grip(self, tip: str) -> None:
        """Let the marker be dragged."""
        self.grip = Grip(True, tip)
        self.grip.setZValue(20)
        self.plot.addItem(self.grip, ignoreBounds=True)
        self.grip.taken.connect(self._take)
        self.grip.dragged.connect(lambda way, done: self.moved.emit(self._start + way, done))

    def place(self, x: float) -> None:
        """Put the marker at x."""
        self._at = x
        self.marker.setPos(x)
        if self.grip is not None:
            low, high = self.plot.ranges()[1]
            self.grip.setPos(x, low + GRIP_AT * (high - low))

    def show_ranges(self, x: Range, low: float, high: float) -> None:
        """Show x, and y from `low` to `high` rounded, unless a person has chosen other ranges."""
        self._wanted = (x, (low, high))
        if self._chosen:
            return
        before = self._ranges[1] if self._ranges is not None else None
        ranges = (x, settled(before, low, high))
        if ranges != self._ranges:
            self._ranges = ranges
            self.plot.set_ranges(*ranges)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self.theme = theme
        for part in (self.plot, self.header, self.status):
            part.set_theme(theme)
        self.marker.setPen(pg.mkPen(theme.muted, width=1.5))
        if self.grip is not None:
            self.grip.set_colours(theme.ink, theme.background)

    def _fit(self) -> None:
        self._chosen, self._ranges = False, None
        if self._wanted is not None:
            x, (low, high) = self._wanted
            self.show_ranges(x, low, high)

    def _choose(self) -> None:
        self._chosen = True

    def _take(self) -> None:
        self._start = self._at

    def _point_at(self, x: float | None) -> None:
        self.plot.point_at(x)
        self.status.set_pointed("" if x is None else self.told(x))


class Ribbon:
    """The area between two curves over the same x, and a line in it."""

    def __init__(self, chart: Chart, layer: int) -> None:
        self._chart = chart
        self.low, self.high = chart.curve(layer), chart.curve(layer)
        self.area = pg.FillBetweenItem(self.low, self.high)
        self.area.setZValue(layer - 0.5)
        chart.plot.addItem(self.area, ignoreBounds=True)
        self.line = chart.curve(layer + 1)

    def set_curves(self, x: Floats, low: Floats, high: Floats, middle: Floats) -> None:
        """Show these, (T,) each; the area leaves out what is not finite."""
        kept = np.isfinite(low) & np.isfinite(high)
        self.low.setData(x[kept], low[kept])
        self.high.setData(x[kept], high[kept])
        self.line.setData(x, middle)

    def set_colours(self, colour: str, alpha: int = 55) -> None:
        fill = QColor(colour)
        fill.setAlpha(alpha)
        self.area.setBrush(fill)
        for edge in (self.low, self.high):
            edge.setPen(None)
        self.line.setPen(curve_pen(self._chart, colour, 1.8))


def dashed_pen(chart: Chart, colour: str, width: float = 1.5) -> object:
    """A dashed pen, for what is exact."""
    pen = curve_pen(chart, colour, width)
    pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def decades(values: Floats) -> Floats:
    """log10, NaN where there is none."""
    with np.errstate(all="ignore"):
        result = np.log10(values)
    return np.where(np.isfinite(result), result, np.nan)


def decade_ticks(low: int, high: int) -> list[list[tuple[float, str]]]:
    """Ticks of an axis of log10 that name the numbers themselves: 1, 10, 100, 1,000 …"""
    return [[(float(power), f"{10**power:,}") for power in range(low, high + 1)], []]


def short(value: float, digits: int = 4) -> str:
    """So many digits, without zeros at the end."""
    text = f"{value:.{digits}g}"
    return text.replace("-", "−") if "e" not in text and np.isfinite(value) else significant(value, min(digits, 3))


def power(exponent: float) -> str:
    """10^exponent in words: 0.27, 14,100 or 5.5×10²⁰."""
    if not np.isfinite(exponent):
        return "0"
    if exponent < 5:
        value = 10**exponent
        return f"{value:,.0f}" if value >= 1000 else short(value, 3)
    whole = int(np.floor(exponent))
    return f"{10 ** (exponent - whole):.2g}×10{str(whole).translate(SUPERSCRIPTS)}"


def span(heights: Floats, deepest: float = 12.0) -> Range:
    """From the least to the greatest of `heights`, finite and in decades, no deeper than that below the latter."""
    if not len(heights):
        return -1.0, 1.0
    top = float(heights.max())
    return max(float(heights.min()), top - deepest), top
