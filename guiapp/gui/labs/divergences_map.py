"""The map of a divergence over the distance of the means and the ratio of the widths."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.labs.divergences_compute import MAP_REACH, MEASURES, SIDE, Floats, Map, Result
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.handle_plane import HandlePlane
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plane_shapes import level_lines

AXIS_PX: Final = 48
LABELLED: Final = (0.18, 0.92)  # of the way out: between two labels at the least, and of the outermost at the most
DECADES: Final = (-3.0, 3.0)  # of the colours of a map without a ceiling


class DivergenceMap(QWidget):
    """The chosen divergence over Δμ/σ₂ and log(σ₁/σ₂), with iso-lines and p as a handle. `moved` gives both."""

    moved = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.header = ChartHeader()
        self.plane = HandlePlane("map of the divergence over Δμ and log σ ratio")
        self.plane.getAxis("left").setWidth(AXIS_PX)
        self.plane.set_titles("Δμ / σ₂", "log(σ₁/σ₂)")
        self.plane.setToolTip("Drag p, click, or use the arrow keys: q stays")
        self.heat, self.lines = HeatItem(smooth=True), pg.PlotCurveItem()
        self.texts: list[pg.TextItem] = []
        for item in (self.heat, self.lines):
            self.plane.addItem(item, ignoreBounds=True)
        wide, high = MAP_REACH
        self.area = QRectF(-wide, -high, 2 * wide, 2 * high)
        self.plane.set_home(self.area, square=False)
        self._map: Map | None = None
        self._result: Result | None = None
        self._theme = LIGHT
        column(self, self.header, self.plane).setStretch(1, 1)
        self.plane.moved.connect(lambda _, x, y: self.moved.emit(x, y))
        self.plane.clicked.connect(self.moved)
        self.plane.hovered.connect(self._point_at)

    def draw(self, result: Result) -> None:
        """Show the map of `result` and where its p is; at the edge if it is outside."""
        if result.map is not self._map:
            self._map = result.map
            self._draw_map(result.map)
        self._result = result
        p, shown = result.params, result.params.shown
        x, y = (p.mu1 - p.mu2) / p.sigma2, math.log(p.sigma1 / p.sigma2)
        held = min(max(x, -MAP_REACH[0]), MAP_REACH[0]), y
        self.plane.set_handles(np.array([held]), "p")
        scale = p.sigma2 if shown == "wasserstein" else 1.0
        beyond = f"Δμ/σ₂ = {short(x)} is beyond the edge" if held[0] != x else MEASURES[shown].note
        self._say(result.values[shown] / scale, beyond)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plane.set_theme(theme)
        self.header.set_theme(theme)
        self.heat.set_colours(
            colour_table(theme.background, blended(theme.posterior, theme.background, 0.35), theme.posterior)
        )
        self.lines.setPen(curve_pen(self, theme.ink, 1.0))
        for text in self.texts:
            text.setColor(theme.ink)
            text.fill = pg.mkBrush(theme.background)

    def _say(self, value: float, rest: str) -> None:
        assert self._map is not None
        name = self._map.name
        unit = " σ₂" if name == "wasserstein" else ""
        self.header.set_parts(MEASURES[name].symbol, f"{significant(value, 4)}{unit}", rest)

    def _point_at(self, where: tuple[float, float] | None) -> None:
        """The value of the nearest point of the map under the pointer; the present one when it has left."""
        if self._map is None or self._result is None:
            return
        if where is None or not self.area.contains(*where):
            self.draw(self._result)
            return
        steps = [(SIDE - 1) / (2 * out) for out in MAP_REACH]
        column, row = (round((at + out) * step) for at, out, step in zip(where, MAP_REACH, steps, strict=True))
        place = f"at Δμ/σ₂ = {column / steps[0] - MAP_REACH[0]:.1f}, log σ₁/σ₂ = {row / steps[1] - MAP_REACH[1]:.2f}"
        self._say(float(self._map.grid[row, column]), place.replace("-", "−"))

    def _draw_map(self, found: Map) -> None:
        measure, grid = MEASURES[found.name], found.grid
        if math.isfinite(measure.ceiling):
            self.heat.set_levels(to_levels(grid, 0.0, measure.ceiling), self.area)
            heights, levels = grid, measure.levels
        else:
            heights = np.log10(np.maximum(grid, 1e-12))
            levels = tuple(math.log10(level) for level in measure.levels)
            self.heat.set_levels(to_levels(heights, *DECADES), self.area)
        outlines = [level_lines(heights, level, 1.0) for level in levels]
        x, y, joined = (np.concatenate(parts) for parts in zip(*outlines, strict=True))
        self.lines.setData(MAP_REACH[0] * x, MAP_REACH[1] * y, connect=joined, skipFiniteCheck=True)
        self._label(heights, levels, measure.levels)

    def _label(self, heights: Floats, levels: tuple[float, ...], named: tuple[float, ...]) -> None:
        """Write each level where its line leaves the middle to the upper right, as far as there is room."""
        for text in self.texts:
            self.plane.removeItem(text)
        self.texts = []
        side = len(heights)
        out = np.arange(side // 2 + 1)
        ray = heights[side // 2 + out * 7 // 10, side // 2 + out]
        free = LABELLED[1] * (side // 2)
        for level, value in reversed(list(zip(levels, named, strict=True))):
            beyond = np.flatnonzero(ray >= level)
            if not len(beyond) or not beyond[0]:
                continue
            at = int(beyond[0])
            share = at - (ray[at] - level) / (ray[at] - ray[at - 1])
            if share > free:
                continue
            free = share - LABELLED[0] * (side // 2)
            text = pg.TextItem(f"{value:g}", color=self._theme.ink, anchor=(0.5, 0.5), fill=self._theme.background)
            text.setPos(MAP_REACH[0] * share / (side // 2), MAP_REACH[1] * 0.7 * share / (side // 2))
            self.plane.addItem(text, ignoreBounds=True)
            self.texts.append(text)


def column(owner: QWidget, *widgets: QWidget) -> QVBoxLayout:
    """Put `widgets` below each other in `owner`, without gaps."""
    layout = QVBoxLayout(owner)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def short(value: float) -> str:
    """At most four digits."""
    return f"{value:.4g}".replace("-", "−")
