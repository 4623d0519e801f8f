"""What lies on a plane of the latent space: the prior, q(z), posteriors and points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import to_levels
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import Outline, level_lines
from guiapp.gui.widgets.point_cloud import PointCloudItem
from guiapp.messages import Picture

Array = npt.NDArray[Any]
Density = Literal["", "q", "difference"]
ELLIPSES, CORNERS = 60, 36
RADII: Final = (1.0, 2.0, 3.0)
PEAK: Final = 1 / (2 * math.pi)  # of the prior's density in the plane, p(0)
STRONGEST = 0.75  # opacity of the heat


@dataclass(frozen=True)
class Shown:
    """Which layers there are: posterior ellipses; draws in place of means; q(z), or q(z) - p(z), or neither."""

    ellipses: bool = False
    draws: bool = False
    density: Density = ""


def as_they_are(codes: Array) -> Array:
    """A plane with even axes."""
    return codes


class LatentLayers:
    """The layers of the picture "latent" on `plot`; `place` says where a code (..., 2) lies.

    The density q(z) is a heat where axes are even, from nothing to twice the prior's peak p(0) (its difference to the
    prior from -p(0) to p(0)), and on any axes the lines where q(z) has the values that the prior has on its circles of
    1, 2 and 3 σ: they lie on those circles exactly where q(z) is the prior.
    """

    def __init__(self, plot: PlanePlot, place: Callable[[Array], Array] = as_they_are) -> None:
        self.heat, self.cloud = HeatItem(smooth=True), PointCloudItem()
        self.prior, self.lines, self.ellipses = pg.PlotCurveItem(), pg.PlotCurveItem(), pg.PlotCurveItem()
        self._items = (self.heat, self.prior, self.lines, self.cloud, self.ellipses)
        self._place = place
        self._picture: Picture = {}
        self._shown = Shown()
        self._hidden: frozenset[int] = frozenset()
        self._tables: dict[str, list[int]] = {}
        for curve in (self.prior, self.lines):
            curve.setSegmentedLineMode("on")  # opaque, so that joints are not seen: saves 1 ms of each painting
        for item in self._items:
            plot.addItem(item, ignoreBounds=True)

    def show(self, picture: Picture, shown: Shown) -> None:
        """Show `picture`, of two latent dimensions or more."""
        self._picture, self._shown = picture, shown
        self.cloud.set_points(self._place(points_of(picture, shown)), picture["labels"])
        draw(self.prior, self._placed(prior_circles()))
        self.draw_ellipses()
        self._draw_density()

    def show_line(self, picture: Picture, shown: Shown) -> None:
        """Show `picture`, of one latent dimension: the plane is (μ, σ), and the prior the line σ = 1."""
        self._picture, self._shown = picture, shown
        self.cloud.set_points(points_of(picture, shown), picture["labels"])
        draw(self.prior, (np.array([-1e3, 1e3]), np.ones(2), np.array([1, 0], np.int32)))
        self.heat.set_levels(None, QRectF())
        for curve in (self.lines, self.ellipses):
            curve.setData([], [])

    def draw_ellipses(self) -> None:
        """One standard deviation of 60 of the posteriors of the classes shown, or of none."""
        picture, some = self._picture, np.empty(0, np.int64)
        if self._shown.ellipses and picture and picture["axes"].shape[1] > 1:
            mean, std, cross = picture["mean"], picture["std"], covariance(picture)
            columns = (*mean.T, *std.T, cross)
            finite = np.logical_and.reduce([np.isfinite(column) for column in columns])
            some = np.flatnonzero(finite & ~np.isin(picture["labels"], list(self._hidden)))
        if not len(some):
            self.ellipses.setData([], [])
            return
        some = some[np.unique(np.linspace(0, len(some) - 1, ELLIPSES).astype(int))]
        draw(self.ellipses, self._placed(posterior_ellipses(mean[some], std[some], cross[some])))

    def set_hidden(self, classes: frozenset[int]) -> None:
        """Leave out the points and ellipses of these classes."""
        self._hidden = classes
        self.cloud.set_hidden(classes)
        self.draw_ellipses()

    def place_of(self, index: int) -> tuple[float, float]:
        """Where the point of datum `index` lies in the plot; NaN where it is not finite."""
        x, y = self._place(points_of(self._picture, self._shown)[index])
        return float(x), float(y)

    def set_visible(self, on: bool) -> None:
        """Show or hide all layers."""
        for item in self._items:
            item.setVisible(on)

    def set_theme(self, widget: QWidget, theme: Theme) -> None:
        """Repaint in the colours of `theme`; `widget` is what they are painted on."""
        self.cloud.set_colours(theme.classes, theme.posterior)
        over = self._place is not as_they_are  # images, on which grey would not be seen
        self.prior.setPen(curve_pen(widget, theme.ink if over else theme.prior, 1.5))
        self.lines.setPen(curve_pen(widget, theme.posterior, 1.5))
        outline = QColor(theme.ink)
        outline.setAlphaF(0.8)
        self.ellipses.setPen(curve_pen(widget, outline, 1))
        self._tables = density_tables(theme)
        self.heat.set_colours(self._tables[self._shown.density or "q"])

    def _draw_density(self) -> None:
        density, kind = self._picture.get("density"), self._shown.density
        if density is None or not kind:
            self.heat.set_levels(None, QRectF())
            self.lines.setData([], [])
            return
        reach = float(self._picture["reach"])
        edge = reach * (1 - 1 / len(density))  # the outermost centres of cells
        self.lines.setData([], [])
        if kind == "q":
            levels = [PEAK * math.exp(-(radius**2) / 2) for radius in RADII]
            parts = zip(*(level_lines(density, level, edge) for level in levels), strict=True)
            x, y, connect = (np.concatenate(part) for part in parts)
            draw(self.lines, self._placed((x, y, connect)))
        if self._place is as_they_are:
            low, high = (0.0, 2 * PEAK) if kind == "q" else (-PEAK, PEAK)
            values = density if kind == "q" else density - prior_density(len(density), edge)
            if self._tables:
                self.heat.set_colours(self._tables[kind])
            self.heat.set_levels(to_levels(values, low, high), QRectF(-reach, -reach, 2 * reach, 2 * reach))

    def _placed(self, outline: Outline) -> Outline:
        x, y, connect = outline
        placed = self._place(np.stack([x, y], 1))
        return placed[:, 0], placed[:, 1], connect


def points_of(picture: Picture, shown: Shown) -> npt.NDArray[np.float64]:
    """Where the points of `picture` lie, (N, 2): draws where they are shown and there, else the means."""
    name = "draws" if shown.draws and "draws" in picture else "mean"
    return np.asarray(picture[name], float).reshape(-1, 2)


def covariance(picture: Picture) -> Array:
    """The covariance of the two coordinates of each posterior, (N,); 0 where the picture does not tell."""
    return picture["cross"] if "cross" in picture else np.zeros(len(picture["mean"]))


def prior_circles() -> Outline:
    """The circles of 1, 2 and 3 standard deviations of N(0, I); they hold 39, 86 and 99 % of its mass."""
    return posterior_ellipses(np.zeros((3, 2)), np.repeat(np.array(RADII)[:, None], 2, 1), np.zeros(3), 120)


def prior_density(cells: int, edge: float) -> npt.NDArray[np.float64]:
    """N(0, I) at the centres of a table of `cells` a side, the outermost at -edge and edge."""
    z = np.linspace(-edge, edge, cells)
    each = np.exp(-(z**2) / 2)
    return PEAK * np.outer(each, each)


def posterior_ellipses(mean: Array, std: Array, cross: Array, corners: int = CORNERS) -> Outline:
    """The curves m + L (cos t, sin t), C = L Lᵀ = [[s₁², c], [c, s₂²]]: where the density is e^-½ of its peak.

    Shapes: mean, std (K, 2), cross (K,)."""
    s1, s2 = np.asarray(std, float).T
    lean = np.divide(cross, s1, out=np.zeros_like(s1), where=s1 > 0)
    rest = np.sqrt(np.maximum(s2**2 - lean**2, 0))
    angle = np.linspace(0, 2 * np.pi, corners + 1)
    x = mean[:, :1] + s1[:, None] * np.cos(angle)
    y = mean[:, 1:] + lean[:, None] * np.cos(angle) + rest[:, None] * np.sin(angle)
    connect = np.ones(x.shape, np.int32)
    connect[:, -1] = 0
    return x.ravel(), y.ravel(), connect.ravel()


def density_tables(theme: Theme) -> dict[str, list[int]]:
    """Colours of the levels of q(z), and of q(z) - p(z): where the prior has more, and where the data have more."""
    rising = np.linspace(0, STRONGEST, 255)
    both = np.abs(np.linspace(-STRONGEST, STRONGEST, 255))
    return {
        "q": [0, *(_faded(theme.posterior, a) for a in rising.tolist())],
        "difference": [0, *(_faded(theme.bad if i < 127 else theme.posterior, a) for i, a in enumerate(both.tolist()))],
    }


def draw(curve: pg.PlotCurveItem, outline: Outline) -> None:
    """Show `outline`."""
    x, y, connect = outline
    curve.setData(x, y, connect=connect, antialias=True)


def _faded(colour: str, alpha: float) -> int:
    faded = QColor(colour)
    faded.setAlphaF(alpha)
    return int(faded.rgba())
