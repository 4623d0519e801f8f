"""The charts of the lab of the GAN objectives: loss, derivative, and below them the outputs of a running GAN's D."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.objectives_compute import A_RANGE, OBJECTIVES, POINTS, Batch, Curve, Floats, Result, logit
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.dashes import dashed
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.theory.arrays import sigmoid
from guiapp.theory.game import Objective

VIEW: Final = {"a": (-8.0, 8.0), "D": (0.0, 1.0)}
LOSS_VIEW, SLOPE_VIEW, BELIEF_VIEW = (-4.0, 6.0), (-3.0, 3.0), (-12.0, 12.0)
LOG_VIEW = (-4.0, 2.0)  # decades
DECADES: Final = [
    [(float(n), f"10{str(n).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}") for n in range(-12, 9)],
    [(n + math.log10(m), "") for n in range(-12, 9) for m in range(2, 10)],
]
BINS = 64
GRIP_AT = 0.07  # of the height
NO_RUN = (
    "Start a GAN with ▶: here appear histograms of D(x) and D(G(z)), and the batch's mean as a line in the charts. "
    "A VAE has no discriminator."
)


def objective_colours(theme: Theme) -> Mapping[Objective, str]:
    """A colour for each objective."""
    return dict(zip(OBJECTIVES, (theme.classes[i] for i in (0, 2, 4, 1, 9)), strict=True))


class ObjectivePlots(QWidget):
    """Draws a `Result`, and a `Batch` where there is one. A person drags the marker: `moved` gives its a, and whether
    the drag has ended. Curves are made anew only where another parameter than the marker has changed."""

    moved = Signal(float, bool)

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._batch: Batch | None = None
        self._drawn: object = None  # what the curves were made of
        self._dashes: list[tuple[DensityPlot, pg.PlotCurveItem, Floats, Floats]] = []
        self._theme = LIGHT
        self.loss = DensityPlot("loss against the discriminator's output", "", "loss")
        self.slope = DensityPlot("derivative of the loss", "", "derivative")
        self.outputs = DensityPlot("histogram of the discriminator's outputs", "", "share")
        self.outputs.add_area("real")
        self.outputs.add_area("generated")
        self.caption, self.note = QLabel(), QLabel(NO_RUN)
        self.plots = (self.loss, self.slope, self.outputs)
        self.curves = {plot: [self._curve(plot) for _ in range(2 * len(OBJECTIVES))] for plot in self.plots[:2]}
        self.markers = {plot: _line(plot, 5) for plot in self.plots}
        self.means = {name: {plot: _line(plot, 3) for plot in self.plots} for name in ("real", "generated")}
        self.grips = {plot: self._grip(plot) for plot in self.plots[:2]}
        self._lay_out()

    def _curve(self, plot: DensityPlot) -> pg.PlotCurveItem:
        curve = pg.PlotCurveItem(connect="finite")
        plot.addItem(curve, ignoreBounds=True)
        return curve

    def _grip(self, plot: DensityPlot) -> Grip:
        grip = Grip(True, "Drag: the output a of the discriminator, and so D = sigmoid(a)")
        grip.setZValue(20)
        grip.taken.connect(self._take)
        grip.dragged.connect(self._drag)
        plot.addItem(grip, ignoreBounds=True)
        return grip

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.caption)
        for label in (self.caption, self.note):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setMinimumWidth(1)
            label.setContentsMargins(8, 2, 8, 0)
        layout.addWidget(self.loss, 4)
        layout.addWidget(self.slope, 4)
        layout.addWidget(self.note)
        layout.addWidget(self.outputs, 2)
        for plot in self.plots[1:]:
            plot.setXLink(self.loss)
        for plot in self.plots:
            plot.fit_asked.connect(self.fit)
            plot.hovered.connect(self._point_at)
            plot.getViewBox().sigRangeChanged.connect(self._moved_view)
            plot.getViewBox().sigResized.connect(self._moved_view)
            add_export_actions(plot, self._outputs_table if plot is self.outputs else self.table)

    # What is shown

    def draw(self, result: Result) -> None:
        """Show `result`."""
        before, self._result = self._result, result
        params = result.params
        what = (params.player, params.axis, params.by, params.log, params.real_target, params.fake_target, params.shown)
        if what != self._drawn:
            self._drawn = what
            self._set_curves(result)
            if before is None or _scales(before) != _scales(result):
                self.fit()
                self._set_titles(result)
                self._draw_batch()
        self._place_marker()
        self._write()

    def set_batch(self, batch: Batch | None) -> None:
        """Show the outputs of a run's discriminator; None: there are none."""
        self._batch = batch
        self._draw_batch()

    def fit(self) -> None:
        """Show the ranges in which the objectives differ."""
        if self._result is None:
            return
        params = self._result.params
        x = VIEW[params.axis]
        slope = BELIEF_VIEW if params.by == "D" else SLOPE_VIEW
        self.loss.set_ranges(x, LOG_VIEW if params.log else LOSS_VIEW)
        self.slope.set_ranges(x, LOG_VIEW if params.log else slope)
        self._fit_outputs()
        self._place_grips()

    def table(self) -> Table:
        """All shown curves as columns over a and D, for a file."""
        columns, titles = [POINTS, sigmoid(POINTS)], ["a", "D"]
        if self._result is not None:
            by = self._result.params.by
            for curve in self._result.curves:
                if curve.objective in self._result.params.shown:
                    name = f"{curve.objective} {self._result.params.player} {curve.of}"
                    columns += [curve.loss, curve.slope]
                    titles += [f"loss {name}", f"d/d{by} {name}"]
        return titles, np.column_stack(columns)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self.plots:
            plot.set_theme(theme)
            self.markers[plot].setPen(curve_pen(self, theme.ink, 1.5))
        for grip in self.grips.values():
            grip.set_colours(theme.ink, theme.background)
        for name, lines in self.means.items():
            colour = getattr(theme, name)
            self.outputs.areas[name].set_colours(colour, _faint(colour, 90))
            for line in lines.values():
                pen = curve_pen(self, colour, 1.5)
                pen.setStyle(Qt.PenStyle.DashLine)
                line.setPen(pen)
        self._drawn = None
        if self._result is not None:
            self.draw(self._result)
        self._draw_batch()

    # Parts of it

    def _set_curves(self, result: Result) -> None:
        params, colours = result.params, objective_colours(self._theme)
        self._dashes.clear()
        x = POINTS if params.axis == "a" else sigmoid(POINTS)
        for number in range(2 * len(OBJECTIVES)):
            curve = result.curves[number] if number < len(result.curves) else None
            shown = curve is not None and curve.objective in params.shown
            for plot, items in self.curves.items():
                item = items[number]
                item.setVisible(shown)
                if curve is not None and shown:
                    y = _scaled(curve.loss if plot is self.loss else curve.slope, params.log)
                    item.setPen(curve_pen(self, colours[curve.objective], 1.8))
                    item.setData(x, y, connect="finite")
                    if _is_dashed(curve, params.player):
                        self._dashes.append((plot, item, x[np.isfinite(y)], y[np.isfinite(y)]))
        self._dash()

    def _dash(self) -> None:
        """Cut the dashed curves into pieces of the length that they are to have on the screen."""
        for plot, item, x, y in self._dashes:
            low, high = plot.ranges()[1]
            near = y.clip(2 * low - high, 2 * high - low)  # dashes are for what is seen
            x, y, joined = dashed(x, near, *plot.getViewBox().viewPixelSize())
            item.setData(x, y, connect=joined)

    def _set_titles(self, result: Result) -> None:
        params = result.params
        x = "discriminator's output a (logit)" if params.axis == "a" else "D = sigmoid(a)"
        bars = "|" if params.log else ""
        self.loss.setLabel("left", f"{bars}loss{bars}, per sample")
        self.slope.setLabel("left", f"{bars}∂ loss / ∂{params.by}{bars}")
        for plot in (self.loss, self.slope):
            plot.getAxis("left").setTicks(DECADES if params.log else None)
        with_outputs = self._batch is not None
        for plot, titled in ((self.loss, False), (self.slope, not with_outputs), (self.outputs, with_outputs)):
            plot.setLabel("bottom", x if titled else "")
            plot.getAxis("bottom").showLabel(titled)
            plot.getAxis("bottom").setStyle(showValues=titled)

    def _draw_batch(self) -> None:
        batch, result = self._batch, self._result
        seen = batch is not None
        self.note.setWordWrap(not seen)  # numbers that come ten times a second are not to move the charts
        self.outputs.setVisible(seen)
        for lines in self.means.values():
            for line in lines.values():
                line.setVisible(seen)
        if result is None:
            return
        self._set_titles(result)
        if batch is None:
            self.note.setText(f"<span style='color:{self._theme.muted}'>{NO_RUN}</span>")
            return
        axis, words = result.params.axis, []
        for name, values, of in (("real", batch.real, "x"), ("generated", batch.generated, "G(z)")):
            places = values if axis == "a" else sigmoid(values)
            self.outputs.areas[name].set_curve(*_histogram(places, VIEW[axis]))
            for line in self.means[name].values():
                line.setPos(float(places.mean()))
            beyond = float(np.mean((places < VIEW[axis][0]) | (places > VIEW[axis][1])))
            outside = f" ({100 * beyond:.0f} % beyond)" if beyond else ""
            words.append(
                f"<span style='color:{getattr(self._theme, name)}'>■</span> "
                f"{axis}({of}) {significant(float(places.mean()), 3)}{outside}"
            )
        self.note.setText("<b>Batch means</b> &nbsp;" + " &nbsp;".join(words))
        self.note.setToolTip(
            f"{len(batch.real)} real, {len(batch.generated)} generated; what lies beyond the axis is in its last bars"
        )
        self._fit_outputs()

    def _fit_outputs(self) -> None:
        if self._batch is None or self._result is None:
            return
        tops = [area.y.max() for area in self.outputs.areas.values() if len(area.y)]
        top = next(limit for limit in (0.1, 0.2, 0.5, 1.05) if limit >= max(tops, default=0.0))
        x, y = self.loss.ranges()[0], (0.0, top)
        if self.outputs.ranges() != (x, y):
            self.outputs.set_ranges(x, y)

    def _place(self) -> float:
        assert self._result is not None
        return self._result.params.a if self._result.params.axis == "a" else self._result.belief

    def _place_marker(self) -> None:
        for marker in self.markers.values():
            marker.setPos(self._place())
        self._place_grips()

    def _place_grips(self) -> None:
        if self._result is None:
            return
        for plot, grip in self.grips.items():
            low, high = plot.ranges()[1]
            grip.setPos(self._place(), low + GRIP_AT * (high - low))

    def _moved_view(self, *_: object) -> None:
        self._dash()
        self._place_grips()

    def _take(self) -> None:
        self._taken = self._place()

    def _drag(self, way: float, done: bool) -> None:
        assert self._result is not None
        to = self._taken + way
        a = to if self._result.params.axis == "a" else logit(to)
        self.moved.emit(round(min(max(a, A_RANGE[0]), A_RANGE[1]), 4), done)

    def _point_at(self, x: float | None) -> None:
        for plot in self.plots:
            plot.point_at(x)
        self._write(x)

    def _write(self, x: float | None = None) -> None:
        result = self._result
        if result is None:
            return
        if x is None:
            self.caption.setText(
                f"<b>a = {significant(result.params.a, 4)}</b> &nbsp; D = {significant(result.belief, 4)} "
                f"&nbsp; (1 − D)/D = <b>{significant(result.ratio, 4)}</b>"
            )
            return
        at = result.params.axis
        a = x if at == "a" else logit(x)
        values = []
        for curve in result.curves:
            if curve.objective in result.params.shown:
                y = float(np.interp(a, POINTS, curve.slope))
                colour = objective_colours(self._theme)[curve.objective]
                values.append(f"<span style='color:{colour}'>■</span> {significant(y, 3)}")
        self.caption.setText(f"{at} = {significant(x, 4)} &nbsp; ∂/∂{result.params.by}: " + " &nbsp; ".join(values))

    def _outputs_table(self) -> Table:
        areas = self.outputs.areas
        titles = [f"{part} {name}" for name in areas for part in ("place", "share")]
        columns = [values for area in areas.values() for values in (area.x, area.y)]
        return titles, np.column_stack(columns) if len(columns[0]) else np.empty((0, 4))


def _scales(result: Result) -> tuple[str, str, bool, str]:
    params = result.params
    return params.axis, params.by, params.log, params.player


def _scaled(values: Floats, log: bool) -> Floats:
    """log10 |values| where asked for, NaN for 0."""
    if not log:
        return values
    with np.errstate(divide="ignore"):
        decades = np.log10(np.abs(values))
    result: Floats = np.where(np.isfinite(decades), decades, np.nan)
    return result


def _is_dashed(curve: Curve, player: str) -> bool:
    """For D the term on generated data; for G the Wasserstein loss, which lies on that of the hinge."""
    return curve.of == "D(G(z))" if player == "discriminator" else curve.objective == "Wasserstein"


def _histogram(values: Floats, view: tuple[float, float]) -> tuple[Floats, Floats]:
    """Shares of `values` in BINS bins over `view` as the corners of their bars; what lies beyond is in the last."""
    edges = np.linspace(*view, BINS + 1)
    shares = np.histogram(values.clip(*view), edges)[0] / len(values)
    return np.repeat(edges, 2)[1:-1], np.repeat(shares, 2)


def _line(plot: DensityPlot, layer: int) -> pg.InfiniteLine:
    line = pg.InfiniteLine(angle=90)
    line.setZValue(layer)
    plot.addItem(line, ignoreBounds=True)
    return line


def _faint(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result
