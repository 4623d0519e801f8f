"""The charts of the lab of the evidence lower bound: densities over z, the map of the bound, and the bound over K."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from guiapp.gui.labs.elbo_bars import BoundBars
from guiapp.gui.labs.elbo_compute import LOG_RANGE, MEAN_RANGE, REACH, Result, Surface, held
from guiapp.gui.labs.grips import SpanGrips
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.handle_plane import HandlePlane
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.theory.bound import CHAIN

DEEPEST: Final = 300.0  # nats below the top, where the map is darkest
SIDE_BY_SIDE_PX: Final = 520
AXIS_PX: Final = 52
BAR_AT: Final = 0.36  # of the height shown: where q is gripped, at the most
HIGHEST: Final = 4.0  # times the peak of the posterior: what sticks out further is cut
Points = npt.NDArray[np.float64]


class PosteriorChart(QWidget):
    """Prior, true posterior and q over z; q is dragged: `moved` gives m, s, and whether that has ended."""

    moved = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plot = DensityPlot("prior, true posterior and q over z", "z", "density")
        self.plot.getAxis("left").setWidth(AXIS_PX)
        for name in ("prior", "posterior", "q"):
            self.plot.add_area(name)
        self.grips = SpanGrips("q", self.plot, 10)
        self._ranges: tuple[Range | None, Range | None] = (None, None)
        self._chosen = False
        self._result: Result | None = None
        layout = _column(self, self.header, self.plot)
        layout.setStretch(1, 1)
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        self.grips.moved.connect(self._drag)
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show the densities of `result`."""
        self._result = result
        for name, y in (("prior", result.prior), ("posterior", result.posterior), ("q", result.q)):
            self.plot.areas[name].set_curve(result.z, y)
        self._arrange()
        m, s = result.params.m, result.params.s
        peak = 1 / (s * math.sqrt(2 * math.pi))
        self.grips.place(m, s, min(0.607 * peak, BAR_AT * self.plot.ranges()[1][1]))
        cut = " · q's peak is cut" if peak > self.plot.ranges()[1][1] else ""
        words = f"q = N({significant(m, 3)}, {significant(s, 3)}²)"
        self.header.set_parts("Posterior", words, f"outlined: the true p(z|x); grey: the prior{cut}")

    def table(self) -> Table:
        """The curves."""
        titles = ("z", "prior", "posterior", "q")
        if self._result is None:
            return titles, np.empty((0, 4))
        r = self._result
        return titles, np.column_stack([r.z, r.prior, r.posterior, r.q])

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        self.plot.areas["prior"].set_colours(theme.prior, _faint(theme.prior, 40))
        self.plot.areas["posterior"].set_colours(theme.ink, _faint(theme.ink, 45))
        self.plot.areas["q"].set_colours(theme.posterior, _faint(theme.posterior, 80))
        self.grips.set_colours(theme.posterior, theme.background)

    def _arrange(self) -> None:
        r = self._result
        if r is None or self._chosen:
            return
        reach = max(REACH, abs(r.params.m) + 2 * r.params.s)
        truth = float(r.posterior.max())
        top = max(truth, min(float(r.q.max()), HIGHEST * truth))
        x, y = settled(self._ranges[0], -reach, reach), settled(self._ranges[1], 0.0, 1.08 * top)
        if (x, y) != self._ranges:
            self._ranges = (x, y)
            self.plot.set_ranges(x, (0.0, y[1]))

    def _choose(self) -> None:
        self._chosen = True

    def _fit(self) -> None:
        self._chosen, self._ranges = False, (None, None)
        if self._result is not None:
            self.draw(self._result)

    def _drag(self, m: float, s: float, done: bool) -> None:
        self.moved.emit(*held(round(m, 3), float(f"{s:.4g}")), done)


class BoundMap(QWidget):
    """The weighted bound over (m, log s), the brighter the higher, with q as a handle and the path of the ascent.
    `moved` gives m and s of where a hand took q; a click takes it there too."""

    moved = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plane = HandlePlane("map of the bound over m and log s")
        self.plane.getAxis("left").setWidth(AXIS_PX)
        self.plane.set_titles("m", "log s")
        self.heat = HeatItem(smooth=True)
        self.halo, self.path = pg.PlotCurveItem(), pg.PlotCurveItem()
        for item in (self.heat, self.halo, self.path):
            self.plane.addItem(item, ignoreBounds=True)
        self.area = QRectF(MEAN_RANGE[0], LOG_RANGE[0], MEAN_RANGE[1] - MEAN_RANGE[0], LOG_RANGE[1] - LOG_RANGE[0])
        self.plane.set_home(self.area, square=False)
        self.plane.setToolTip("Drag q, click, or use the arrow keys")
        self._surface: Surface | None = None
        _column(self, self.header, self.plane).setStretch(1, 1)
        self.plane.moved.connect(lambda _, m, log_s: self._move(m, log_s))
        self.plane.clicked.connect(self._move)

    def draw(self, result: Result) -> None:
        """Show the map of `result` and where its q is."""
        surface, params = result.surface, result.params
        if surface is not self._surface:
            self._surface = surface
            depth = -np.log1p(surface.best - surface.bound)  # decades of the distance to the top: near it all is flat
            self.heat.set_levels(to_levels(depth, -math.log1p(DEEPEST), 0.0), self.area)
        self.plane.set_handles(np.array([[params.m, math.log(params.s)]]), "q")
        below = max(0.0, surface.best - result.weighted)
        title = "ELBO over (m, log s)" if params.beta == 1 else f"Bound at β = {params.beta:.3g}"
        self.header.set_parts(title, significant(result.weighted, 4), f"{significant(below, 2)} below the best here")

    def show_path(self, points: Points) -> None:
        """The path (T, 2) of an ascent in m and s; none for T < 2."""
        x, y = points[:, 0], np.log(points[:, 1])
        for curve in (self.halo, self.path):
            curve.setData(x, y)

    def set_theme(self, theme: Theme) -> None:
        self.plane.set_theme(theme)
        self.header.set_theme(theme)
        self.heat.set_colours(colour_table(theme.background, _mixed(theme), theme.posterior))
        self.halo.setPen(curve_pen(self, theme.background, 4))
        self.path.setPen(curve_pen(self, theme.ink, 1.5))

    def _move(self, m: float, log_s: float) -> None:
        log_s = min(max(log_s, LOG_RANGE[0]), LOG_RANGE[1])
        self.moved.emit(*held(round(m, 3), float(f"{math.exp(log_s):.4g}")), True)


class WeightedChart(QWidget):
    """The importance-weighted bound against the number K of draws, with two standard errors; dashed: log p(x)."""

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plot = DensityPlot("importance-weighted bound against K", "K draws", "nats")
        self.plot.getAxis("left").setWidth(AXIS_PX)
        self.plot.getAxis("bottom").setTicks([[(math.log10(k), str(k)) for k in (1, 10, 100, 1000)], []])
        self.curve = pg.PlotCurveItem()
        self.errors = pg.PlotCurveItem(connect="pairs")
        self.truth = pg.InfiniteLine(angle=0)
        for item in (self.truth, self.errors, self.curve):
            self.plot.addItem(item, ignoreBounds=True)
        self._range: Range | None = None
        self._result: Result | None = None
        _column(self, self.header, self.plot).setStretch(1, 1)
        self.plot.fit_asked.connect(self._fit)
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show the bounds of `result`."""
        self._result = result
        k, value, error = self.table()[1].T[:3]
        x, low, high = np.log10(k), value - 2 * error, value + 2 * error
        self.curve.setData(x, value)
        self.errors.setData(np.repeat(x, 2), np.column_stack([low, high]).ravel())
        self.truth.setPos(result.evidence)
        y = settled(self._range, float(min(low.min(), result.evidence)), float(max(high.max(), result.evidence)))
        if y != self._range:
            self._range = y
            self.plot.set_ranges((-0.12, 3.25), y)
        fifty = result.bounds[CHAIN.index(50)]
        words = f"L₅₀ = {significant(float(fifty.value), 5)} ± {significant(float(fifty.error), 2)}"
        self.header.set_parts("Importance weighting", words, f"log p(x) = {significant(result.evidence, 5)}")

    def table(self) -> Table:
        """K, the bound, its standard error, log p(x)."""
        titles = ("K", "bound", "standard error", "log p(x)")
        if self._result is None:
            return titles, np.empty((0, 4))
        rows = [(k, *bound, self._result.evidence) for k, bound in zip(CHAIN, self._result.bounds, strict=True)]
        return titles, np.array(rows, float)

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        self.truth.setPen(pg.mkPen(theme.ink, width=1.5, style=Qt.PenStyle.DashLine))
        self.curve.setPen(curve_pen(self, theme.posterior, 1.5))
        self.errors.setPen(curve_pen(self, theme.posterior, 4))

    def _fit(self) -> None:
        self._range = None
        if self._result is not None:
            self.draw(self._result)


class ElboPlots(QWidget):
    """All charts of the lab. `moved`: q has been dragged to m, s; whether the drag has ended."""

    moved = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.posterior, self.bars = PosteriorChart(), BoundBars()
        self.map, self.weighted = BoundMap(), WeightedChart()
        self._lower = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._lower)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        for chart in (self.map, self.weighted):
            self._row.addWidget(chart, 1)
        layout = _column(self, self.posterior, self.bars, self._lower)
        layout.setStretch(0, 5)
        layout.setStretch(2, 5)
        for source in (self.posterior, self.map):
            source.moved.connect(self.moved)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        for chart in (self.posterior, self.bars, self.map, self.weighted):
            chart.draw(result)

    def set_theme(self, theme: Theme) -> None:
        for chart in (self.posterior, self.bars, self.map, self.weighted):
            chart.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= SIDE_BY_SIDE_PX
        self.weighted.setVisible(wide or self.height() > 600)
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)


def _column(owner: QWidget, *widgets: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(owner)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def _faint(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result


def _mixed(theme: Theme) -> str:
    """Between the ground and the colour of q, nearer the ground."""
    return blended(theme.posterior, theme.background, 0.35)
