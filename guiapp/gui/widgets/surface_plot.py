"""The loss on a plane through the weights: contours, a relief, and the path that training took."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import level_lines
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.profile_plot import VIRIDIS
from guiapp.gui.widgets.surface_heights import Heights, heights, told
from guiapp.gui.widgets.surface_labels import Label, SurfaceLabels
from guiapp.gui.widgets.surface_relief import coloured, refined, shade
from guiapp.messages import Picture

TINTS: Final = {True: 0.8, False: 0.6}  # dark theme? -> share of the colours, so that lines are seen on all of them
PLACES = 16  # for the label of a contour, of which it takes the first that is free
STEP_LABELS = 6  # along a path
PARTS: Final = {"loss": "loss", "reconstruction": "reconstruction", "kl": "KL"}
Ticks = tuple[tuple[float, str], ...]
Floats = npt.NDArray[np.float64]


class SurfacePlot(PlanePlot):
    """Row i of a grid lies at b[i], column j at a[j]; the weights of the step are at (0, 0). Between the nodes colours
    and contours are interpolated; what is said of the point under the pointer is that of the nearest node."""

    scaled = Signal()  # what the colours mean is different now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss on a plane through the weights", parent)
        self.setMinimumSize(120, 100)
        self.heat, self.contours = HeatItem(smooth=True), pg.PlotCurveItem()
        self.halo, self.path = pg.PlotCurveItem(), pg.PlotCurveItem()
        for item in (self.heat, self.contours, self.halo, self.path):
            self.addItem(item, ignoreBounds=True)
        self.labels = SurfaceLabels(self.getViewBox())
        self.heights: Heights | None = None
        self.part, self._log, self._relief, self._lines = "loss", True, True, True
        self._picture: Picture = {}
        self._theme = LIGHT
        self._colours: list[int] = []
        add_export_actions(self, self._table)

    @property
    def ticks(self) -> Ticks:
        """Heights and the losses there, lowest first, for a scale of the colours."""
        if self.heights is None:
            return ((0.0, ""), (1.0, ""))
        scale = self.heights
        losses = [scale.lowest, *scale.levels(), scale.highest]
        low, high = (float(scale.of(loss)) for loss in (scale.lowest, scale.highest))
        found = [(low, scale.text(scale.lowest))]
        for loss in losses[1:-1]:
            height = float(scale.of(loss))
            if height - found[-1][0] > 0.12 * (high - low) and high - height > 0.12 * (high - low):
                found.append((height, scale.text(loss)))
        return (*found, (high, scale.text(scale.highest)))

    @property
    def colours(self) -> list[int]:
        """The colours of the 256 levels."""
        return self._colours

    @property
    def blanks(self) -> int:
        """The nodes that are not finite."""
        grid = self._grid()
        return 0 if grid is None else int((~np.isfinite(grid)).sum())

    def show_picture(self, picture: Picture) -> None:
        """Show what the study "surface" has found, one grid of it at the least."""
        self._picture = picture
        a, b = (np.asarray(picture[name], float) for name in "ab")
        titles = self._titles_of(picture)
        self.set_titles(*titles)
        self._draw()
        self.set_home(QRectF(a[0], b[0], a[-1] - a[0], b[-1] - b[0]), square=False)

    def show_part(self, part: str) -> None:
        """Which of the values of a node to show."""
        self.part = part
        self._draw()

    def show_as(self, relief: bool, lines: bool, log: bool) -> None:
        """Whether to light the ground, to draw contours, and to take the logarithm of the height."""
        self._relief, self._lines, self._log = relief, lines, log
        self._draw()

    def words(self, at: tuple[float, float]) -> str:
        """What is at the node nearest to the point `at`."""
        grid = self._grid()
        if grid is None:
            return ""
        a, b = (np.asarray(self._picture[name], float) for name in "ab")
        j, i = int(np.abs(a - at[0]).argmin()), int(np.abs(b - at[1]).argmin())
        digits = f"a = {a[j]:.3g}, b = {b[i]:.3g}".replace("-", "−")
        apart = 0.01 * max(1e-3, abs(float(grid[i, j]))) if np.isfinite(grid[i, j]) else 1.0
        parts = [f"{title} {told(float(self._picture[name][i, j]), apart)}" for name, title in PARTS.items()
                 if name in self._picture]  # fmt: skip
        return " · ".join([*self._step_near(at), digits, *parts])

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._theme = theme
        stops = [blended(colour, theme.background, TINTS[theme.is_dark]) for colour in VIRIDIS]
        self._colours = colour_table(*stops, background=theme.background)
        self.contours.setPen(curve_pen(self, blended(theme.ink, theme.background, 0.85), 1))
        self.halo.setPen(curve_pen(self, theme.background, 4))
        self.path.setPen(curve_pen(self, theme.discriminator, 1.8))
        self.labels.set_theme(theme, theme.discriminator)
        self._draw()

    def _grid(self) -> npt.NDArray[Any] | None:
        return self._picture.get(self.part, self._picture.get("loss"))

    def _draw(self) -> None:
        grid = self._grid()
        if grid is None:
            return
        a, b = (np.asarray(self._picture[name], float) for name in "ab")
        self.heights = heights(grid, self._log)
        lines: list[tuple[float, Floats, Floats]] = []
        if self.heights is None:
            self.heat.set_levels(None, QRectF())
        else:
            scale = self.heights
            fine = refined(scale.of(grid))
            low, high = (float(scale.of(loss)) for loss in (scale.lowest, scale.highest))
            picture = coloured(to_levels(fine, low, high), self._colours, shade(fine) if self._relief else None)
            self.heat.set_levels(picture, _around(a, b, len(fine)))
            if self._lines:
                lines = [(loss, *self._level(fine, float(scale.of(loss)), a, b)) for loss in scale.levels()]
        x, y = (np.concatenate([line[i] for line in lines]) if lines else np.empty(0) for i in (1, 2))
        connect = np.tile(np.array([1, 0], np.int32), len(x) // 2)
        self.contours.setData(x, y, connect=connect, antialias=True)
        self._draw_path()
        self._write(lines)
        self.scaled.emit()

    def _level(self, fine: Floats, height: float, a: Floats, b: Floats) -> tuple[Floats, Floats]:
        """The pieces of a contour, two points each."""
        x, y, _ = level_lines(fine, height, 1.0)
        return (a[0] + a[-1]) / 2 + (a[-1] - a[0]) / 2 * x, (b[0] + b[-1]) / 2 + (b[-1] - b[0]) / 2 * y

    def _draw_path(self) -> None:
        path = np.asarray(self._picture.get("path", np.empty((0, 2))), float)
        for curve in (self.halo, self.path):
            curve.setData(path[:, 0], path[:, 1], antialias=True)

    def _write(self, lines: list[tuple[float, Floats, Floats]]) -> None:
        assert self.heights is not None or not lines
        centre = float(self._picture.get(_centre_of(self.part), self._picture["centre"]))
        labels = [Label(f"{PARTS[self.part]} {told(centre, 1e-3 * abs(centre))}", [(0.0, 0.0)], True)]
        path = np.asarray(self._picture.get("path", np.empty((0, 2))), float).tolist()
        if path:
            steps = np.asarray(self._picture["path_steps"]).tolist()
            for i in np.unique(np.linspace(0, len(path) - 2, STEP_LABELS).round().astype(int)).tolist():
                labels.append(Label(f"step {steps[i]:,}", [tuple(path[i])], True))
        for number, (loss, x, y) in enumerate(lines):
            assert self.heights is not None
            labels.append(Label(self.heights.text(loss), _places(x, y, 0.9 + 2.4 * number)))
        self.labels.show_labels(labels, [tuple(point) for point in path[:-1]], ring=True)

    def _step_near(self, at: tuple[float, float]) -> list[str]:
        path = np.asarray(self._picture.get("path", np.empty((0, 2))), float)
        if not len(path):
            return []
        distance = np.hypot(*((path - at) / self.reach()).T)
        nearest = int(distance.argmin())
        return [f"step {int(self._picture['path_steps'][nearest]):,}"] if distance[nearest] < 1 else []

    def _titles_of(self, picture: Picture) -> tuple[str, str]:
        if "path" not in picture:
            first, second = (f"direction {i}, in multiples of ‖w‖ per filter" for i in (1, 2))
            return first, second
        first, second = (
            f"PCA {i}, {100 * float(share):.{1 if share < 0.1 else 0}f} % of the path's variance, ‖Δw‖"
            for i, share in enumerate(picture["shares"], 1)
        )
        return first, second

    def _table(self) -> Table:
        names = [name for name in PARTS if name in self._picture]
        if not names:
            return ("a", "b", "loss"), np.empty((0, 3))
        b, a = np.meshgrid(self._picture["b"], self._picture["a"], indexing="ij")
        columns = [a.ravel(), b.ravel(), *(np.ravel(self._picture[name]) for name in names)]
        return ("a", "b", *names), np.stack(columns, 1)


def _around(a: Floats, b: Floats, points: int) -> QRectF:
    """The rectangle of a picture of `points` a side: the middles of the outermost lie on the outermost nodes."""
    width, height = a[-1] - a[0], b[-1] - b[0]
    apart = 1 / (points - 1)
    return QRectF(a[0] - width * apart / 2, b[0] - height * apart / 2, width * (1 + apart), height * (1 + apart))


def _centre_of(part: str) -> str:
    return "centre" if part == "loss" else f"centre_{part}"


def _places(x: Floats, y: Floats, angle: float) -> list[tuple[float, float]]:
    """Points of a contour, those at `angle` (radians, from the middle of all) first."""
    some = slice(None, None, 2 * max(1, len(x) // (8 * PLACES)))
    middles = np.stack([x[some] + x[1:][some], y[some] + y[1:][some]], 1) / 2
    if not len(middles):
        return []
    span = np.ptp(middles, 0) + 1e-300
    around = (middles - middles.mean(0)) / span
    away = np.abs(np.angle(np.exp(1j * (np.arctan2(around[:, 1], around[:, 0]) - angle))))
    order = np.argsort(away)[:: max(1, len(away) // PLACES)]
    return [tuple(point) for point in middles[order].tolist()]
