"""The charts of the lab of the forward and the reverse fit: the densities, and the descent on the map."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.labs.fits_compute import LOGS, MUS, SHOWN, Params, Result
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
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.theory.fits import Point

AXIS_PX: Final = 52
DEEPEST: Final = 100.0  # nats above the lowest, where the map ends
NAMES: Final = {"forward": "KL(p‖q)", "reverse": "KL(q‖p)"}


class FitPlots(QWidget):
    """p and q over x, and the divergence over (μ, log σ) with the path. `part_moved`: 1 or 2, mean and deviation of
    that part of p; `start_moved`: mean and deviation of the start."""

    part_moved = Signal(int, float, float)
    start_moved = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.headers, self.status = (ChartHeader(), ChartHeader()), StatusLine()
        self.density = DensityPlot("target p and fit q over x", "x", "density")
        self.density.getAxis("left").setWidth(AXIS_PX)
        for name in ("p", "q"):
            self.density.add_area(name)
        self.grips = {part: SpanGrips(f"part {part} of p", self.density, 10 + part) for part in (1, 2)}
        self.plane = HandlePlane("map of the divergence over μ and log σ; the handle is the start")
        self.plane.getAxis("left").setWidth(AXIS_PX)
        self.plane.set_titles("μ", "log σ")
        self.plane.setToolTip("Drag the start S, click, or use the arrow keys")
        self.heat = HeatItem(smooth=True)
        self.others, self.halo, self.path = (pg.PlotCurveItem(connect="finite", antialias=True) for _ in range(3))
        self.dot = pg.ScatterPlotItem(size=11, pxMode=True)
        for item in (self.heat, self.others, self.halo, self.path, self.dot):
            self.plane.addItem(item, ignoreBounds=True)
        self.area = QRectF(MUS[0], LOGS[0], MUS[-1] - MUS[0], LOGS[-1] - LOGS[0])
        self.plane.set_home(self.area, square=False)
        self._top: Range | None = None
        self._result: Result | None = None
        self._surface: object = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in (
            (self.headers[0], 0), (self.density, 4), (self.headers[1], 0), (self.plane, 5), (self.status, 0),
        ):  # fmt: skip
            layout.addWidget(widget, stretch)
        self.density.fit_asked.connect(self._fit)
        for part, grips in self.grips.items():
            grips.moved.connect(lambda mu, sigma, _, part=part: self.part_moved.emit(part, mu, sigma))
        self.plane.moved.connect(lambda _, mu, log_sigma: self._move(mu, log_sigma))
        self.plane.clicked.connect(self._move)
        add_export_actions(self.density, self.table)
        add_export_actions(self.plane, self.path_table)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        self._result = result
        params, q = result.params, result.q
        self.density.areas["p"].set_curve(SHOWN, result.target)
        self.density.areas["q"].set_curve(SHOWN, result.fit)
        self._arrange(result)
        self._place(params)
        sigma = math.exp(q.log_sigma)
        words = f"q = N({significant(q.mu, 3)}, {significant(sigma, 3)}²)"
        mean, variance = result.moments
        matched = f"grey: p, of mean {significant(mean, 3)} and deviation {significant(math.sqrt(variance), 3)}"
        self.headers[0].set_parts("Fit", words, matched)
        if result.surface is not self._surface:
            self._surface = result.surface
            depth = -np.log1p(result.surface - result.surface.min())
            self.heat.set_levels(to_levels(depth, -math.log1p(DEEPEST), 0.0), self.area)
        points = np.array(result.path)
        for curve in (self.halo, self.path):
            curve.setData(points[: result.step + 1, 0], points[: result.step + 1, 1])
        self.dot.setData([q.mu], [q.log_sigma])
        self.plane.set_handles(np.array([params.start]), "S")
        value = result.forward if params.direction == "forward" else result.reverse
        self.headers[1].set_parts(
            NAMES[params.direction], f"{significant(value, 5)} nats", f"step {result.step} of {len(result.path) - 1}"
        )

    def show_others(self, paths: tuple[tuple[Point, ...], ...], told: str) -> None:
        """Show the descents from other starts, and say what came of them; none takes them away."""
        gap = np.full((1, 2), np.nan)
        points = np.vstack([gap, *(part for path in paths for part in (np.array(path), gap))])
        self.others.setData(points[:, 0], points[:, 1])
        self.status.set_text(told or "S: the start · line: the descent · dot: q now · the bluer, the lower")

    def table(self) -> Table:
        """The densities."""
        if self._result is None:
            return ("x", "p", "q"), np.empty((0, 3))
        return ("x", "p", "q"), np.column_stack([SHOWN, self._result.target, self._result.fit])

    def path_table(self) -> Table:
        """The descent."""
        return ("mu", "log sigma"), np.array(self._result.path) if self._result is not None else np.empty((0, 2))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.density, self.plane, self.status, *self.headers):
            part.set_theme(theme)
        self.density.areas["p"].set_colours(theme.prior, _faint(theme.prior, 70))
        self.density.areas["q"].set_colours(theme.posterior, _faint(theme.posterior, 80))
        for grips in self.grips.values():
            grips.set_colours(theme.ink, theme.background)
        mixed = blended(theme.posterior, theme.background, 0.35)
        self.heat.set_colours(colour_table(theme.background, mixed, theme.posterior))
        self.others.setPen(curve_pen(self, theme.ink, 1.0))
        self.halo.setPen(curve_pen(self, theme.background, 4.5))
        self.path.setPen(curve_pen(self, theme.kl, 2.5))
        self.dot.setBrush(pg.mkBrush(theme.kl))
        self.dot.setPen(pg.mkPen(theme.background, width=1.5))

    def _arrange(self, result: Result) -> None:
        peak = float(result.target.max())
        y = settled(self._top, 0.0, max(peak, min(float(result.fit.max()), 2 * peak)))
        if y != self._top:
            self._top = y
            self.density.set_ranges((float(SHOWN[0]), float(SHOWN[-1])), (0.0, y[1]))

    def _place(self, params: Params) -> None:
        top = self.density.ranges()[1][1]
        self.grips[1].place(params.mu1, params.sigma1, 0.1 * top)
        self.grips[2].place(params.mu2, params.sigma2, 0.2 * top)

    def _fit(self) -> None:
        self._top = None
        if self._result is not None:
            self.draw(self._result)

    def _move(self, mu: float, log_sigma: float) -> None:
        log_sigma = min(max(log_sigma, float(LOGS[0])), float(LOGS[-1]))
        self.start_moved.emit(round(mu, 3), float(f"{math.exp(log_sigma):.4g}"))


def _faint(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result
