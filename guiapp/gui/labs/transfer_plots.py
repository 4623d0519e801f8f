"""The charts of the lab of the transfer functions: g, g', and on the same axis the laws of the pre-activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from guiapp.gui.labs.grips import SpanGrips
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.kl_ranges import Range, peak, roomier, still_y
from guiapp.gui.labs.objectives_plots import DECADES
from guiapp.gui.labs.transfer_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    POINTS,
    Layer,
    Result,
    curves,
    density,
)
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.theory.activations import ACTIVATIONS, Activation, derivative, value

HOME: Final = (-8.0, 8.0)
VALUE_VIEW, SLOPE_VIEW, LOG_VIEW = (-1.4, 3.4), (-0.2, 1.25), (-8.0, 0.5)
BAR_AT: Final = 0.607  # of the peak: the ends of the bar lie on the curve, at e^-½
CLIP: Final = 5.0  # the taller of the two laws may stand out so many times over the other, before it is cut
NO_LAYER: Final = (
    "Start a run with ▶: here appears the distribution of the pre-activations a of one of its hidden layers, live."
)


def activation_colours(theme: Theme) -> Mapping[Activation, str]:
    """A colour for each activation."""
    return dict(zip(ACTIVATIONS, (theme.classes[i] for i in (0, 9, 2, 1, 4, 3)), strict=True))


class TransferPlots(QWidget):
    """Draws a `Result`, and a `Layer` where there is one. A person drags the normal: `moved` gives its mean and its
    standard deviation, and whether the drag has ended."""

    moved = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._layer: Layer | None = None
        self._curves = curves()
        self._drawn: object = None  # what the curves and the shades were made of
        self._theme, self._chosen = LIGHT, False  # a person has zoomed or panned
        self.value = DensityPlot("activations", "", "g(a)")
        self.slope = DensityPlot("derivatives of the activations", "", "g′(a)")
        self.law = DensityPlot("laws of the pre-activations", "pre-activation a", "density")
        self.plots = (self.value, self.slope, self.law)
        self.law.add_area("live")
        self.law.add_area("normal")
        self.shades = {plot: [_shade(plot) for _ in range(2)] for plot in self.plots[1:]}
        self.curves = {plot: {name: _curve(plot) for name in ACTIVATIONS} for plot in self.plots[:2]}
        self.grips = SpanGrips("the pre-activations", self.law, 10)
        self.grips.moved.connect(self._dragged)
        self.caption, self.note = QLabel(), QLabel(NO_LAYER)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for label in (self.caption, self.note):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setMinimumWidth(1)
            label.setContentsMargins(8, 2, 8, 0)
        self.note.setWordWrap(True)
        parts = ((self.caption, 0), (self.value, 4), (self.slope, 4), (self.note, 0), (self.law, 4))
        for widget, stretch in parts:
            layout.addWidget(widget, stretch)
        for plot in self.plots[:2]:
            plot.getAxis("bottom").setStyle(showValues=False)
        for plot in self.plots:
            if plot is not self.value:
                plot.setXLink(self.value)
            plot.fit_asked.connect(self.fit)
            plot.hovered.connect(self._point_at)
            plot.range_chosen.connect(self._range_chosen)
            plot.getViewBox().sigResized.connect(lambda *_: self._place_grips())
            add_export_actions(plot, self._laws if plot is self.law else self.table)

    # What is shown

    def draw(self, result: Result, done: bool) -> None:
        """Show `result`; `done` False keeps the ranges still while they serve."""
        before, self._result = self._result, result
        params = result.params
        if (params.activation, params.shown, params.log) != self._drawn:
            self._drawn = (params.activation, params.shown, params.log)
            self._set_curves(result)
        if before is None or before.params.log != params.log:
            self.fit()
        else:
            self._arrange(done)
        self.law.areas["normal"].set_curve(*density(params))
        self._place_grips()
        self._write()

    def set_layer(self, layer: Layer | None) -> None:
        """Show the pre-activations of a layer of the run; None: there are none."""
        other = (layer and layer.name) != (self._layer and self._layer.name)
        self._layer = layer
        empty = np.empty(0)
        x, y = (empty, empty) if layer is None else _bars(layer)
        self.law.areas["live"].set_curve(x, y)
        self.note.setWordWrap(layer is None)  # numbers that come ten times a second are not to move the charts
        self.note.setText(NO_LAYER if layer is None else self._told(layer))
        if self._result is not None:
            self._chosen = self._chosen and not other
            self._arrange(other)
            self._place_grips()

    def fit(self) -> None:
        """Show -8 to 8, and the laws whole."""
        self._chosen = False
        if self._result is not None:
            x = self._fit_x()
            self.value.set_ranges(x, VALUE_VIEW)
            self.slope.set_ranges(x, LOG_VIEW if self._result.params.log else SLOPE_VIEW)
            self.law.set_ranges(x, self._fit_y())
            self._place_grips()

    def table(self) -> Table:
        """g and g' of all shown activations as columns over a, for a file."""
        columns, titles = [POINTS], ["a"]
        for name in self._shown():
            columns += self._curves[name]
            titles += [f"g {name}", f"g' {name}"]
        return titles, np.column_stack(columns)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots:
            plot.set_theme(theme)
        self.law.areas["normal"].set_colours(theme.prior, _faint(theme.prior, 60))
        self.law.areas["live"].set_colours(theme.posterior, _faint(theme.posterior, 90))
        self.grips.set_colours(theme.ink, theme.background)
        for shades in self.shades.values():
            for shade in shades:
                shade.setBrush(_faint(theme.warning, 28 if theme.is_dark else 32))
        self._drawn = None
        if self._result is not None:
            self.draw(self._result, False)
        if self._layer is not None:
            self.note.setText(self._told(self._layer))

    # Parts of it

    def _shown(self) -> tuple[Activation, ...]:
        if self._result is None:
            return ()
        params = self._result.params
        return tuple(name for name in ACTIVATIONS if name in params.shown or name == params.activation)

    def _set_curves(self, result: Result) -> None:
        params, colours = result.params, activation_colours(self._theme)
        for plot, items in self.curves.items():
            for name, item in items.items():
                item.setVisible(name in self._shown())
                y = self._curves[name][int(plot is self.slope)]
                if plot is self.slope and params.log:
                    with np.errstate(divide="ignore"):
                        y = np.log10(np.abs(y))
                    y = np.where(np.isfinite(y), y, np.nan)
                chosen = name == params.activation
                item.setPen(curve_pen(self, colours[name], 2.6 if chosen else 1.4))
                item.setZValue(2 if chosen else 1)
                item.setData(POINTS, y, connect="finite")
        far = 2 * float(POINTS[-1])
        for shades in self.shades.values():
            for number, shade in enumerate(shades):
                shade.setVisible(number < len(result.saturated))
                if number < len(result.saturated):
                    low, high = result.saturated[number]
                    shade.setRegion((max(low, -far), min(high, far)))
        bars = "|" if params.log else ""
        self.slope.setLabel("left", f"{bars}g′(a){bars}")
        self.slope.getAxis("left").setTicks(DECADES if params.log else None)

    def _fit_x(self) -> Range:
        assert self._result is not None
        params, layer = self._result.params, self._layer
        low, high = params.mean - 3.2 * params.deviation, params.mean + 3.2 * params.deviation
        if layer is not None:
            low, high = min(low, layer.quantile(0.01)), max(high, layer.quantile(0.99))
        return -_reach(-low), _reach(high)

    def _fit_y(self) -> Range:
        assert self._result is not None
        top = peak(self._result.params.deviation)
        live = self.law.areas["live"].y
        tops = sorted((top, float(live.max()) if len(live) else top))
        return 0.0, 1.12 * min(tops[1], CLIP * tops[0])

    def _arrange(self, done: bool) -> None:
        """Set the ranges anew where it is time: at rest, or when something has left the view."""
        assert self._result is not None
        params = self._result.params
        x, y = self.law.ranges()
        seen = x[0] <= params.mean - 1.5 * params.deviation and params.mean + 1.5 * params.deviation <= x[1]
        if self._layer is not None:
            seen = seen and x[0] <= self._layer.quantile(0.1) and self._layer.quantile(0.9) <= x[1]
        wanted_x, wanted_y = self._fit_x(), self._fit_y()
        if seen and (self._chosen or not done):
            wanted_x = x
        if still_y(wanted_y, y):
            wanted_y = y
        else:
            wanted_y = roomier(wanted_y, 0.25)
        if (wanted_x, wanted_y) != (x, y):
            self.law.set_ranges(wanted_x, wanted_y)

    def _place_grips(self) -> None:
        if self._result is not None:
            params = self._result.params
            height = min(peak(params.deviation), self.law.ranges()[1][1]) * BAR_AT
            self.grips.place(params.mean, params.deviation, height)

    def _dragged(self, mean: float, deviation: float, done: bool) -> None:
        mean = min(max(round(mean, 3), MEAN_RANGE[0]), MEAN_RANGE[1])
        deviation = min(max(float(f"{deviation:.4g}"), DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        self.moved.emit(mean, deviation, done)

    def _range_chosen(self) -> None:
        self._chosen = True
        self._place_grips()

    def _point_at(self, x: float | None) -> None:
        for plot in self.plots:
            plot.point_at(x)
        self._write(x)

    def _write(self, x: float | None = None) -> None:
        if self._result is None:
            return
        colours = activation_colours(self._theme)
        if x is None:
            name = self._result.params.activation
            self.caption.setText(
                f"<span style='color:{colours[name]}'>■</span> <b>{name}</b> &nbsp; "
                f"<span style='color:{self._theme.warning}'>▒</span> {_region(self._result.saturated)}"
            )
            return
        values = [
            f"<span style='color:{colours[name]}'>■</span> {significant(float(value(name, x)), 3)}, "
            f"{significant(float(derivative(name, x)), 3)}"
            for name in self._shown()
        ]
        self.caption.setText(f"a = {significant(x, 4)} &nbsp; g, g′: " + " &nbsp;".join(values))

    def _told(self, layer: Layer) -> str:
        mean, deviation = layer.moments
        _, top = self._fit_y() if self._result is not None else (0.0, math.inf)
        tallest = float(self.law.areas["live"].y.max())
        cut = f" &nbsp; ↑ {significant(tallest, 3)}" if tallest > top else ""
        return (
            f"<span style='color:{self._theme.posterior}'>■</span> <b>{layer.name}</b>, {layer.activation}: mean "
            f"{significant(mean, 3)}, sd {significant(deviation, 3)} &nbsp; "
            f"<span style='color:{self._theme.prior}'>■</span> the normal{cut}"
        )

    def _laws(self) -> Table:
        titles, columns = ["a"], [POINTS]
        if self._result is not None:
            titles.append("normal")
            columns.append(np.interp(POINTS, *density(self._result.params), left=0.0, right=0.0))
        if self._layer is not None:
            titles.append(f"density {self._layer.name}")
            columns.append(np.interp(POINTS, *_bars(self._layer), left=0.0, right=0.0))
        return titles, np.column_stack(columns)


def _bars(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """The histogram as the corners of its bars, their area 1."""
    return np.repeat(layer.edges, 2)[1:-1], np.repeat(layer.shares / np.diff(layer.edges), 2)


def _reach(far: float) -> float:
    """HOME's end, or the first of its multiples by powers of 1.5 that is beyond `far`: new ticks cost 15 ms, so that a
    slider is not to bring them at every step."""
    return HOME[1] * 1.5 ** max(0, math.ceil(math.log(max(far, HOME[1]) / HOME[1], 1.5)))


def _region(intervals: tuple[Range, ...]) -> str:
    """In words where |g'| is below a hundredth of its greatest value."""
    said = []
    for low, high in intervals:
        if math.isinf(low):
            said.append(f"a {'≤' if high == 0 else '<'} {significant(high, 3)}")
        elif math.isinf(high):
            said.append(f"a > {significant(low, 3)}")
        else:
            said.append(f"{significant(low, 3)} < a < {significant(high, 3)}")
    where = " or ".join(said) if said else "nowhere"
    return f"saturated, |g′| &lt; .01 sup|g′|: {where.replace('<', '&lt;')}"


def _curve(plot: DensityPlot) -> pg.PlotCurveItem:
    curve = pg.PlotCurveItem(connect="finite")
    plot.addItem(curve, ignoreBounds=True)
    return curve


def _shade(plot: DensityPlot) -> pg.LinearRegionItem:
    shade = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None))
    shade.setZValue(-2)
    plot.addItem(shade, ignoreBounds=True)
    return shade


def _faint(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result
