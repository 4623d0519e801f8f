"""The charts of the lab of divergences: the densities, the curves against Δμ, and all of them together."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from guiapp.gui.labs.divergences_bars import DivergenceBars, measure_colours
from guiapp.gui.labs.divergences_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    MEASURES,
    NAMES,
    Result,
    reach,
)
from guiapp.gui.labs.divergences_map import AXIS_PX, DivergenceMap, column, short
from guiapp.gui.labs.grips import Grip, SpanGrips
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

SIDE_BY_SIDE_PX: Final = 520
BAR_AT: Final = {"p": 0.607, "q": 0.34}  # of the peak: equal ones can both be gripped
HIGHEST: Final = 6.0  # times the lower peak: what sticks out further is cut
TOP: Final = 2.2  # of the curves: above the ceilings of those that have one
GRIP_AT: Final = -0.09


class DensityChart(QWidget):
    """p and q with their grips. `moved`: "p" or "q", μ, σ, and whether the drag has ended."""

    moved = Signal(str, float, float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plot = _plot("densities of p and q over x", "", "density")
        for name in ("q", "p"):
            self.plot.add_area(name)
        self.grips = {"q": SpanGrips("q", self.plot, 10), "p": SpanGrips("p", self.plot, 20)}
        self._ranges: tuple[Range | None, Range | None] = (None, None)
        self._chosen = False
        self._result: Result | None = None
        column(self, self.header, self.plot).setStretch(1, 1)
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        for moved in (self.plot.getViewBox().sigRangeChanged, self.plot.getViewBox().sigResized):
            moved.connect(lambda *_: self._place())
        for name, grips in self.grips.items():
            grips.moved.connect(lambda mu, sigma, done, name=name: self._drag(name, mu, sigma, done))
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show the densities of `result`."""
        self._result = result
        p = result.params
        self.plot.areas["p"].set_curve(result.x, result.p)
        self.plot.areas["q"].set_curve(result.x, result.q)
        self._arrange()
        self._place()
        self.header.set_parts("Densities", f"p = {_law(p.mu1, p.sigma1)}", f"q = {_law(p.mu2, p.sigma2)}, grey")

    def table(self) -> Table:
        """The curves."""
        if self._result is None:
            return ("x", "p", "q"), np.empty((0, 3))
        return ("x", "p", "q"), np.column_stack([self._result.x, self._result.p, self._result.q])

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        for name, colour in (("p", theme.posterior), ("q", theme.prior)):
            fill = QColor(colour)
            fill.setAlpha(75)
            self.plot.areas[name].set_colours(colour, fill)
            self.grips[name].set_colours(colour, theme.background)

    def _arrange(self) -> None:
        r = self._result
        if r is None or self._chosen:
            return
        p = r.params
        low = min(p.mu1 - 3.2 * p.sigma1, p.mu2 - 3.2 * p.sigma2)
        high = max(p.mu1 + 3.2 * p.sigma1, p.mu2 + 3.2 * p.sigma2)
        peaks = sorted((_peak(p.sigma1), _peak(p.sigma2)))
        top = min(peaks[1], HIGHEST * peaks[0])
        ranges = settled(self._ranges[0], low, high), settled(self._ranges[1], 0.0, top)
        if ranges != self._ranges:
            self._ranges = ranges
            self.plot.set_ranges(ranges[0], (0.0, ranges[1][1]))

    def _place(self) -> None:
        if self._result is None:
            return
        p, top = self._result.params, self.plot.ranges()[1][1]
        for name, mu, sigma in (("p", p.mu1, p.sigma1), ("q", p.mu2, p.sigma2)):
            self.grips[name].place(mu, sigma, min(_peak(sigma), top) * BAR_AT[name])

    def _choose(self) -> None:
        self._chosen = True

    def _fit(self) -> None:
        self._chosen, self._ranges = False, (None, None)
        if self._result is not None:
            self.draw(self._result)

    def _drag(self, name: str, mu: float, sigma: float, done: bool) -> None:
        self.moved.emit(name, _held(round(mu, 3), MEAN_RANGE), _held(float(f"{sigma:.4g}"), DEVIATION_RANGE), done)


class CurveChart(QWidget):
    """Every divergence against Δμ at the present widths, the chosen one bold. Δμ is dragged: `moved` gives it, and
    whether the drag has ended."""

    moved = Signal(float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plot = _plot("divergences against the distance of the means", "Δμ = μ₁ − μ₂", "divergence")
        self.curves = {name: pg.PlotCurveItem() for name in NAMES}
        self.marker = pg.InfiniteLine(angle=90)
        self.grip = Grip(True, "Drag: the distance of the means")
        self.grip.setZValue(20)
        for item in (self.marker, *self.curves.values(), self.grip):
            self.plot.addItem(item, ignoreBounds=True)
        self._start, self._theme, self._chosen, self._reach = 0.0, LIGHT, False, 0.0
        self._result: Result | None = None
        self._drawn: object = None
        column(self, self.header, self.plot).setStretch(1, 1)
        self.grip.taken.connect(self._take)
        self.grip.dragged.connect(lambda way, done: self.moved.emit(round(self._start + way, 2), done))
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        self.plot.hovered.connect(self._point_at)
        self.plot.setToolTip("Colours as in the bars. Drag the dot to move p")
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show the curves of `result`."""
        other = self._result is None or self._result.params.shown != result.params.shown
        self._result = result
        if result.curves is not self._drawn:
            self._drawn = result.curves
            for name, curve in self.curves.items():
                curve.setData(result.curves.x, result.curves.y[name])
        out = reach(result.params)
        if out != self._reach and not self._chosen:
            self._reach = out
            self.plot.set_ranges((-out, out), (-0.18, TOP))
        if other:
            self._colour()
        delta = result.params.mu1 - result.params.mu2
        self.marker.setPos(delta)
        self.grip.setPos(delta, GRIP_AT)
        self._say(delta, result.values[result.params.shown])

    def table(self) -> Table:
        """The curves."""
        titles = ("delta mu", *NAMES)
        if self._result is None:
            return titles, np.empty((0, len(titles)))
        found = self._result.curves
        return titles, np.column_stack([found.x, *(found.y[name] for name in NAMES)])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        self.marker.setPen(pg.mkPen(theme.muted, width=1.5))
        self.grip.set_colours(theme.ink, theme.background)
        self._colour()

    def _colour(self) -> None:
        shown = self._result.params.shown if self._result is not None else None
        for name, colour in measure_colours(self._theme).items():
            self.curves[name].setPen(curve_pen(self, colour, 3.0 if name == shown else 1.3))
            self.curves[name].setZValue(5 if name == shown else 1)

    def _say(self, delta: float, value: float) -> None:
        assert self._result is not None
        words = f"{MEASURES[self._result.params.shown].symbol} = {significant(value, 4)} at Δμ = {short(delta)}"
        self.header.set_parts("Against Δμ", words, "widths as they are")

    def _point_at(self, x: float | None) -> None:
        """The value under the pointer; the present one when it has left."""
        r = self._result
        if r is None:
            return
        inside = x is not None and r.curves.x[0] <= x <= r.curves.x[-1]
        self.plot.point_at(x if inside else None)
        shown = r.params.shown
        if x is not None and inside:
            self._say(x, float(np.interp(x, r.curves.x, r.curves.y[shown])))
        else:
            self._say(r.params.mu1 - r.params.mu2, r.values[shown])

    def _take(self) -> None:
        self._start = self.marker.value()

    def _choose(self) -> None:
        self._chosen = True

    def _fit(self) -> None:
        self._chosen, self._reach = False, 0.0
        if self._result is not None:
            self.draw(self._result)


class DivergencePlots(QWidget):
    """All charts of the lab. `moved`: "p" or "q" is now N(μ, σ²), and whether the drag has ended; `mapped`: p is at
    Δμ/σ₂ and log(σ₁/σ₂); `chosen`: another divergence is to be shown."""

    moved = Signal(str, float, float, bool)
    shifted = Signal(float, bool)
    mapped = Signal(float, float)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.density, self.bars = DensityChart(), DivergenceBars()
        self.curves, self.map = CurveChart(), DivergenceMap()
        self._lower = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._lower)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        for chart in (self.curves, self.map):
            self._row.addWidget(chart, 1)
        layout = column(self, self.density, self.bars, self._lower)
        layout.setStretch(0, 4)
        layout.setStretch(2, 6)
        self.density.moved.connect(self.moved)
        self.curves.moved.connect(self.shifted)
        self.map.moved.connect(self.mapped)
        self.bars.chosen.connect(self.chosen)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        for chart in (self.density, self.bars, self.curves, self.map):
            chart.draw(result)

    def set_theme(self, theme: Theme) -> None:
        for chart in (self.density, self.bars, self.curves, self.map):
            chart.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= SIDE_BY_SIDE_PX
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.curves.setVisible(wide or self.height() > 640)
        super().resizeEvent(event)


def _plot(name: str, x_title: str, y_title: str) -> DensityPlot:
    plot = DensityPlot(name, x_title, y_title)
    plot.getAxis("left").setWidth(AXIS_PX)
    plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    plot.setMinimumHeight(70)
    return plot


def _law(mu: float, sigma: float) -> str:
    return f"N({short(mu)}, {short(sigma)}²)"


def _peak(sigma: float) -> float:
    return 1 / (sigma * math.sqrt(2 * math.pi))


def _held(value: float, bounds: Range) -> float:
    return min(max(value, bounds[0]), bounds[1])
