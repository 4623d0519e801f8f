"""The true posterior on the latent plane, and the Gaussians that are to be like it."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import ellipses, level_lines
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.messages import Picture
from guiapp.theory.quadrature import levels_of_mass

INSIDE: Final = (1 - math.exp(-0.5), 1 - math.exp(-2.0))  # of a Gaussian's mass, in the plane, within 1σ and 2σ
TINT = 0.62  # how much of the ink the highest density takes

Floats = npt.NDArray[np.float64]


class PosteriorPlot(PlanePlot):
    """p(z|x) as grey levels with the outlines of its densest regions that hold 39 % and 86 % of its mass, and the
    ellipses of 1σ and 2σ of q(z|x) and of q*, which hold as much: were q the posterior, its ellipses would lie on the
    outlines. Circles of the prior lie behind."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("True posterior and its approximations on the latent plane", parent)
        self.setMinimumSize(120, 110)
        self.heat = HeatItem(smooth=True)
        self.outlines, self.prior = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.given, self.best = pg.PlotCurveItem(), pg.PlotCurveItem()  # q and q*
        for item in (self.heat, self.prior, self.outlines, self.best, self.given):
            self.addItem(item, ignoreBounds=True)
        _draw_rings(self.prior, (0.0, 0.0), (1.0, 1.0))
        self.set_titles("z₁", "z₂")
        self._picture: Picture = {}
        add_export_actions(self, self._table)

    def show_picture(self, picture: Picture) -> None:
        """Show what the study "posterior" has found, to its end."""
        self._picture = picture
        left, bottom, side = (float(value) for value in picture["box"])
        density = np.asarray(picture["density"], float)
        highest = float(np.nanmax(density)) if np.isfinite(density).any() else 1.0
        self.heat.set_levels(to_levels(density, 0.0, highest), QRectF(left, bottom, side, side))
        half = side / 2 * (1 - 1 / len(density))  # densities are given at the middles of cells
        lines = [level_lines(density, level, half) for level in levels_of_mass(density, INSIDE)]
        x, y, connect = (np.concatenate([line[i] for line in lines]) for i in range(3))
        self.outlines.setData(x + left + side / 2, y + bottom + side / 2, connect=connect, antialias=True)
        _draw_rings(self.given, picture["mean"], picture["std"])
        _draw_rings(self.best, picture["best_mean"], picture["best_std"])
        self.set_home(QRectF(left, bottom, side, side))

    def show_parts(self, shown: frozenset[str]) -> None:
        """Which of "true", "q" and "best" to show."""
        for name, items in {"true": (self.heat, self.outlines), "q": (self.given,), "best": (self.best,)}.items():
            for item in items:
                item.setVisible(name in shown)

    def words(self, at: tuple[float, float]) -> str:
        """The densities at the point `at`."""
        if not self._picture:
            return ""
        left, bottom, side = (float(value) for value in self._picture["box"])
        density = self._picture["density"]
        column, row = (
            math.floor((value - start) / side * len(density)) for value, start in zip(at, (left, bottom), strict=True)
        )
        parts = [f"z = {at[0]:.3g}, {at[1]:.3g}"]
        if 0 <= row < len(density) and 0 <= column < len(density):
            parts.append(f"p(z|x) = {density[row, column]:.3g}")
        for name, ending in (("q(z|x)", ""), ("q*(z)", "best_")):
            parts.append(f"{name} = {_gaussian(at, self._picture[ending + 'mean'], self._picture[ending + 'std']):.3g}")
        return " · ".join(parts).replace("-", "−")

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.heat.set_colours(colour_table(theme.background, blended(theme.ink, theme.background, TINT)))
        self.outlines.setPen(curve_pen(self, theme.ink, 1))
        self.prior.setPen(curve_pen(self, blended(theme.prior, theme.background, 0.6), 1))
        self.given.setPen(curve_pen(self, theme.posterior, 2))
        pen = curve_pen(self, theme.kl, 2)
        pen.setStyle(Qt.PenStyle.DashLine)
        self.best.setPen(pen)

    def _table(self) -> Table:
        if not self._picture:
            return ("z1", "z2", "density"), np.empty((0, 3))
        left, bottom, side = (float(value) for value in self._picture["box"])
        density = self._picture["density"]
        middles = side * (np.arange(len(density)) + 0.5) / len(density)
        z2, z1 = np.meshgrid(bottom + middles, left + middles, indexing="ij")
        return ("z1", "z2", "density"), np.stack([z1.ravel(), z2.ravel(), density.ravel()], 1)


def _draw_rings(curve: pg.PlotCurveItem, mean: npt.ArrayLike, std: npt.ArrayLike) -> None:
    """Of 1σ and 2σ."""
    centres = np.tile(np.asarray(mean, float), (2, 1))
    x, y, connect = ellipses(centres, np.outer((1.0, 2.0), np.asarray(std, float)), corners=72)
    curve.setData(x, y, connect=connect, antialias=True)


def _gaussian(at: tuple[float, float], mean: npt.NDArray[Any], std: npt.NDArray[Any]) -> float:
    distance = (np.asarray(at) - mean) / std
    return float(np.exp(-0.5 * (distance**2).sum()) / (2 * np.pi * np.prod(std)))
