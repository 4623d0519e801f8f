"""The charts of the lab of the reparameterisation trick: histograms of the estimates, and their variances against θ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.reparameterisation_compute import POINTS, THETA_RANGE, Floats, Result
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.theory.estimators import ESTIMATORS, Estimator, Exact

DEEPEST: Final = 9.0  # decades shown below the largest variance
GRIP_AT: Final = 0.06  # of the height
GRIP_ROOM: Final = 0.12  # below the lowest curve
SIDE_BY_SIDE_PX: Final = 520
AXIS_PX: Final = 52
HOME: Final = (THETA_RANGE[0] - 0.4, THETA_RANGE[1] + 0.4)
BRIEF: Final[Mapping[Estimator, str]] = MappingProxyType(
    {"pathwise": "pathwise", "score function": "score", "with baseline": "baseline"}
)
LEAST_HEIGHT: Final = 56  # px, of a histogram


def estimator_colours(theme: Theme) -> Mapping[Estimator, str]:
    """A colour for each estimator."""
    return dict(zip(ESTIMATORS, (theme.classes[0], theme.classes[1], theme.classes[2]), strict=True))


class Histogram(QWidget):
    """The estimates of one kind: their shares, their mean (solid) and the exact derivative (dashed)."""

    def __init__(self, estimator: Estimator, bottom: bool) -> None:
        super().__init__()
        self.estimator = estimator
        self.header = ChartHeader()
        self.plot = DensityPlot(f"histogram of the {estimator} estimates", "one estimate of dE[f]/dθ", "share")
        self.plot.add_area("shares")
        self.plot.getAxis("left").setWidth(AXIS_PX)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.plot.setMinimumHeight(LEAST_HEIGHT + 34 * bottom)
        self.plot.getAxis("bottom").setStyle(showValues=bottom)
        self.plot.getAxis("bottom").showLabel(bottom)
        self.truth, self.mean = _line(self.plot, 4), _line(self.plot, 3)
        self._ranges: tuple[Range | None, float] = (None, 0.0)
        self._result: Result | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.plot, 1)
        self.plot.fit_asked.connect(self._fit)
        self.plot.setToolTip("Dashed: the exact derivative. Solid: the mean of the estimates")
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show the estimates of `result`."""
        self._result = result
        sampled, exact = result.sampled[self.estimator], result.exact
        self.plot.areas["shares"].set_curve(np.repeat(result.edges, 2)[1:-1], np.repeat(sampled.shares, 2))
        self.truth.setPos(float(exact.derivative))
        self.mean.setPos(sampled.mean)
        x = settled(self._ranges[0], float(result.edges[0]), float(result.edges[-1]))
        y = settled((0.0, self._ranges[1]), 0.0, float(sampled.shares.max()))[1]
        if (x, y) != self._ranges:
            self._ranges = (x, y)
            self.plot.set_ranges(x, (0.0, y))
        beyond = f", {100 * sampled.beyond:.2g} % beyond" if sampled.beyond else ""
        self.header.set_parts(
            BRIEF[self.estimator],
            f"mean {_short(sampled.mean, 3)} · var {_short(sampled.variance, 3)}",
            f"exact {_short(float(exact.derivative), 3)} · {_short(float(exact.variance(self.estimator)), 3)}{beyond}",
        )

    def table(self) -> Table:
        """Bins and the share of the estimates in each."""
        if self._result is None:
            return ("from", "to", "share"), np.empty((0, 3))
        edges = self._result.edges
        shares = self._result.sampled[self.estimator].shares
        return ("from", "to", "share"), np.column_stack([edges[:-1], edges[1:], shares])

    def set_theme(self, theme: Theme) -> None:
        colour = estimator_colours(theme)[self.estimator]
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        fill = QColor(colour)
        fill.setAlpha(90)
        self.plot.areas["shares"].set_colours(colour, fill)
        self.truth.setPen(pg.mkPen(theme.ink, width=1.5, style=Qt.PenStyle.DashLine))
        self.mean.setPen(pg.mkPen(colour, width=2))

    def _fit(self) -> None:
        self._ranges = (None, 0.0)
        if self._result is not None:
            self.draw(self._result)


class VarianceChart(QWidget):
    """The variance of a single sample of each estimator against θ, closed forms on a logarithmic axis; circles are the
    sample variances at the present θ, which is dragged: `moved` gives it, and whether the drag has ended."""

    moved = Signal(float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.header, self.status = ChartHeader(), StatusLine()
        self.plot = DensityPlot("variance against θ", "θ", "log₁₀ variance of one estimate")
        self.plot.getAxis("left").setWidth(AXIS_PX)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.plot.setMinimumHeight(140)
        self.curves = {estimator: pg.PlotCurveItem(connect="finite") for estimator in ESTIMATORS}
        self.dots = pg.ScatterPlotItem(size=9, pxMode=True)
        for item in (*self.curves.values(), self.dots):
            self.plot.addItem(item, ignoreBounds=True)
        self.dots.setZValue(6)
        self.marker = _line(self.plot, 5)
        self.grip = Grip(True, "Drag: the mean θ of z")
        self.grip.setZValue(20)
        self.plot.addItem(self.grip, ignoreBounds=True)
        self._start, self._chosen, self._theme = 0.0, False, LIGHT
        self._rises: Range | None = None
        self._drawn: Exact | None = None
        self._result: Result | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self.header, 0), (self.plot, 1), (self.status, 0)):
            layout.addWidget(widget, stretch)
        self.grip.taken.connect(self._take)
        self.grip.dragged.connect(self._drag)
        self.plot.hovered.connect(self._point_at)
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        self.plot.getViewBox().sigRangeChanged.connect(lambda *_: self._place_grip())
        self.plot.setToolTip(
            "Lines: closed forms. Circles: the variance of the estimates drawn. Drag the dot on the line"
        )
        add_export_actions(self.plot, self.table)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        other = self._result is None or self._result.params.function != result.params.function
        self._result = result
        if result.curves is not self._drawn:
            self._drawn = result.curves
            for estimator, curve in self.curves.items():
                curve.setData(POINTS, _decades(result.curves.variance(estimator)))
        if other:
            self._chosen, self._rises = False, None
        if not self._chosen:
            self._set_ranges(result)
        self._place_grip()
        self._draw_dots(result)
        params = result.params
        told = _told(result.exact)
        silent = [e for e in ESTIMATORS if not np.any(result.curves.variance(e) > 0)]
        note = f"variance 0, not on a log axis: {', '.join(silent)}" if silent else ""
        self.header.set_parts("variance", f"against θ, f = {params.function}, σ = {_short(params.sigma)}", "")
        self.status.set_text(" · ".join(filter(None, (f"θ = {_short(params.theta)}: {told}", note))))

    def table(self) -> Table:
        """The closed forms over θ."""
        titles = ("theta", *(f"variance {estimator}" for estimator in ESTIMATORS))
        if self._drawn is None:
            return titles, np.empty((0, 4))
        return titles, np.column_stack([POINTS, *(self._drawn.variance(estimator) for estimator in ESTIMATORS)])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.set_theme(theme)
        self.header.set_theme(theme)
        self.status.set_theme(theme)
        for estimator, colour in estimator_colours(theme).items():
            self.curves[estimator].setPen(curve_pen(self, colour, 2.0))
        self.marker.setPen(pg.mkPen(theme.muted, width=1.5))
        self.grip.set_colours(theme.ink, theme.background)
        if self._result is not None:
            self._draw_dots(self._result)

    def _draw_dots(self, result: Result) -> None:
        heights = _decades(np.array([result.sampled[estimator].variance for estimator in ESTIMATORS]))
        seen = np.isfinite(heights)
        colours = [c for c, there in zip(estimator_colours(self._theme).values(), seen, strict=True) if there]
        self.dots.setData(
            x=np.full(int(seen.sum()), result.params.theta),
            y=heights[seen],
            pen=[pg.mkPen(self._theme.background, width=1.5) for _ in colours],
            brush=[pg.mkBrush(colour) for colour in colours],
        )

    def _set_ranges(self, result: Result) -> None:
        heights = np.concatenate([_decades(result.curves.variance(estimator)) for estimator in ESTIMATORS])
        heights = heights[np.isfinite(heights)]
        top = float(heights.max()) if len(heights) else 0.0
        low = max(float(heights.min()), top - DEEPEST) if len(heights) else -1.0
        top = max(top, low + 1)
        rises = settled(self._rises, low - GRIP_ROOM * (top - low), top)
        if rises != self._rises or self.plot.ranges()[0] != HOME:
            self._rises = rises
            self.plot.set_ranges(HOME, rises)

    def _fit(self) -> None:
        self._chosen, self._rises = False, None
        if self._result is not None:
            self.draw(self._result)

    def _choose(self) -> None:
        self._chosen = True

    def _place_grip(self) -> None:
        if self._result is not None:
            theta = self._result.params.theta
            low, high = self.plot.ranges()[1]
            self.marker.setPos(theta)
            self.grip.setPos(theta, low + GRIP_AT * (high - low))

    def _take(self) -> None:
        self._start = self._result.params.theta if self._result is not None else 0.0

    def _drag(self, way: float, done: bool) -> None:
        self.moved.emit(min(max(round(self._start + way, 2), THETA_RANGE[0]), THETA_RANGE[1]), done)

    def _point_at(self, x: float | None) -> None:
        self.plot.point_at(x)
        if x is None or self._drawn is None or not POINTS[0] <= x <= POINTS[-1]:
            self.status.set_pointed("")
            return
        at = int(np.argmin(np.abs(POINTS - x)))
        here = Exact(*(values[at] for values in self._drawn))
        self.status.set_pointed(f"θ = {_short(float(POINTS[at]))}: {_told(here)}")


class EstimatorPlots(QWidget):
    """Histograms of the estimates, and beside them (below them where there is little width) the variances."""

    moved = Signal(float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.histograms = {e: Histogram(e, e == ESTIMATORS[-1]) for e in ESTIMATORS}
        self.variance = VarianceChart()
        self.variance.moved.connect(self.moved)
        self.warning = QLabel()
        self.warning.setWordWrap(True)
        self.warning.setContentsMargins(8, 2, 8, 2)
        self.warning.hide()
        column = QWidget()
        column.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.variance.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        rows = QVBoxLayout(column)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        for histogram in self.histograms.values():
            rows.addWidget(histogram, 4 if histogram.plot.getAxis("bottom").style["showValues"] else 3)
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.addWidget(column, 1)
        self._pair.addWidget(self.variance, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.warning)
        layout.addLayout(self._pair, 1)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        for histogram in self.histograms.values():
            histogram.draw(result)
        self.variance.draw(result)
        if result.is_biased:
            self.warning.setText(
                "f jumps, so f′ = 0 wherever it exists: the pathwise estimate is always 0 (variance 0, and wrong by "
                f"{_short(float(result.exact.derivative))}). The score function needs no f′ and stays unbiased."
            )
        self.warning.setVisible(result.is_biased)

    def set_theme(self, theme: Theme) -> None:
        for histogram in self.histograms.values():
            histogram.set_theme(theme)
        self.variance.set_theme(theme)
        self.warning.setStyleSheet(f"color: {theme.bad};")

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= SIDE_BY_SIDE_PX
        self._pair.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)


def _decades(values: Floats) -> Floats:
    """log10, NaN for 0."""
    with np.errstate(divide="ignore"):
        result: Floats = np.log10(values)
    return np.where(np.isfinite(result), result, np.nan)


def _short(value: float, digits: int = 4) -> str:
    """So many digits, without zeros at the end."""
    text = f"{value:.{digits}g}"
    return text.replace("-", "−") if "e" not in text else significant(value, 3)


def _told(exact: Exact) -> str:
    """The three variances at one θ."""
    return " · ".join(f"{BRIEF[estimator]} {_short(float(exact.variance(estimator)))}" for estimator in ESTIMATORS)


def _line(plot: DensityPlot, layer: int) -> pg.InfiniteLine:
    line = pg.InfiniteLine(angle=90)
    line.setZValue(layer)
    plot.addItem(line, ignoreBounds=True)
    return line
