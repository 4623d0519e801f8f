"""The plane of two latent directions: posterior means, their ellipses, and the prior."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import Outline, ellipses
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.point_cloud import NO_GROUP, PointCloudItem
from guiapp.messages import Picture

ELLIPSES = 60
HALF_WIDTHS = (3.0, 4.0, 5.0, 6.0, 8.0)  # then twice as wide at each step: a range that is seldom set


class LatentPlot(PlanePlot):
    """Points (N, 2) by class over the prior N(0, I), whose circles of radius 1 and 2 hold 39 % and 86 % of its mass.

    With one latent dimension the plane is (μ, σ): the prior lies on the line σ = 1, and posteriors below it are sure.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Posterior means in the latent plane", parent)
        self.cloud = PointCloudItem()
        self.ellipses = pg.PlotCurveItem()
        self.prior = pg.PlotCurveItem()
        self._notes = (pg.TextItem("1σ", anchor=(0.5, 1)), pg.TextItem("2σ of the prior", anchor=(0.5, 1)))
        self._picture: Picture = {}
        self._is_line: bool | None = None
        for item in (self.prior, self.cloud, self.ellipses, *self._notes):
            self.addItem(item, ignoreBounds=True)
        for note in self._notes:
            note.setZValue(1)  # over the points, or it could not be read
        add_export_actions(self, self._table)

    @property
    def is_line(self) -> bool:
        """Whether the plane is (μ, σ), of one latent dimension."""
        return bool(self._is_line)

    def show_latent(self, picture: Picture, with_ellipses: bool) -> None:
        """Show the picture "latent"."""
        self._picture = picture
        mean, labels = np.asarray(picture["mean"], float).reshape(-1, 2), picture["labels"]
        self.cloud.set_points(mean, labels)
        self.show_ellipses(with_ellipses)
        self._set_prior(picture["axes"].shape[1] == 1)
        self.set_titles(*axis_titles(picture["axes"], picture["share"]))
        half = half_width(mean[:, :1] if self._is_line else mean, self.home.width() / 2)
        if self._is_line:
            top = 1.3 * half_width(mean[:, 1] * 3) / 3
            self.set_home(QRectF(-half, 0, 2 * half, top), square=False)
        else:
            self.set_home(QRectF(-half, -half, 2 * half, 2 * half))

    def show_ellipses(self, on: bool) -> None:
        """Switch the ellipses of one posterior standard deviation on or off."""
        mean, std = self._picture.get("mean"), self._picture.get("std")
        if not on or mean is None or std is None or not len(mean) or self._picture["axes"].shape[1] == 1:
            self.ellipses.setData([], [])
            return
        some = np.unique(np.linspace(0, len(mean) - 1, ELLIPSES).astype(int))
        some = some[np.isfinite(mean[some]).all(1) & np.isfinite(std[some]).all(1)]
        _draw(self.ellipses, ellipses(mean[some], std[some]))

    def coordinates(self) -> tuple[int, ...]:
        """The latent dimensions shown, counted from 0; none for principal components."""
        found = [one_hot(row) for row in self._picture.get("axes", ())]
        return tuple(i for i in found if i is not None)

    def words(self, at: tuple[float, float], classes: tuple[str, ...]) -> str:
        """What lies at the point `at` of the plot: its coordinates, and those of the datum there."""
        if not self._picture:
            return ""
        text = f"{at[0]:.2f}, {at[1]:.2f}"
        index = self.cloud.nearest(*at, self.reach())
        if index is not None:
            mean, std = self._picture["mean"][index], self._picture["std"][index]
            spread = f"σ {std[0]:.2g}" if self._is_line else f"σ {std[0]:.2g}, {std[1]:.2g}"
            where = f"{mean[0]:.2f}" if self._is_line else f"{mean[0]:.2f}, {mean[1]:.2f}"
            name = class_name(int(self._picture["labels"][index]), classes)
            text = " · ".join(part for part in (f"datum {index + 1}", name, f"mean {where}", spread) if part)
        return text.replace("-", "−")

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.cloud.set_colours(theme.classes, theme.posterior)
        self.prior.setPen(curve_pen(self, theme.prior, 1.5))
        outline = QColor(theme.ink)
        outline.setAlphaF(0.8)
        self.ellipses.setPen(curve_pen(self, outline, 1))
        ground = QColor(theme.background)
        ground.setAlphaF(0.75)
        for note in self._notes:
            note.setColor(theme.ink)
            note.fill = pg.mkBrush(ground)
            note.update()

    def _set_prior(self, is_line: bool) -> None:
        if is_line == self._is_line:
            return
        self._is_line = is_line
        if is_line:
            ends = np.array([[-1e3, 1.0], [1e3, 1.0]])
            _draw(self.prior, (ends[:, 0], ends[:, 1], np.array([1, 0], np.int32)))
            self._notes[0].setText("the prior's σ")
            self._notes[0].setPos(0, 1)
        else:
            _draw(self.prior, ellipses(np.zeros((2, 2)), np.array([[1.0, 1.0], [2.0, 2.0]]), 120))
            self._notes[0].setText("1σ")
            self._notes[0].setPos(0, 1)
            self._notes[1].setPos(0, 2)
        self._notes[1].setVisible(not is_line)

    def _table(self) -> Table:
        if not self._picture:
            return ("mean 1", "mean 2", "std 1", "std 2", "label"), np.empty((0, 5))
        parts = (self._picture["mean"], self._picture["std"], np.reshape(self._picture["labels"], (-1, 1)))
        return ("mean 1", "mean 2", "std 1", "std 2", "label"), np.concatenate(parts, 1)


def half_width(means: npt.NDArray[Any], current: float = 0.0) -> float:
    """The half-width of the square that holds 99.5 % of the finite `means`, from a short list of widths, 3 at least.

    A larger `current` one is kept until a fifth of the smaller would stay free: a range that swings to and fro doubles
    the cost of painting, for the axes are laid out anew."""
    finite = np.abs(means[np.isfinite(means)])
    need = float(np.quantile(finite, 0.995)) if len(finite) else 0.0
    found = next((half for half in HALF_WIDTHS if half >= need), None)
    half = found or 8.0 * 2.0 ** math.ceil(math.log2(need / 8.0))
    return current if current > half and need > 0.8 * half else half


def one_hot(row: npt.NDArray[Any]) -> int | None:
    """The index of the only entry of `row` that is not zero; None if there are more."""
    large = np.flatnonzero(np.abs(row) > 1e-6)
    return int(large[0]) if len(large) == 1 else None


def axis_titles(axes: npt.NDArray[Any], share: npt.NDArray[Any]) -> tuple[str, str]:
    """ "z₁" for a coordinate, "PC 1 (62 % of variance)" for a principal component; "σ" above a single dimension."""
    if axes.shape[1] == 1:
        return "μ, posterior mean of z", "σ, posterior standard deviation"
    titles = []
    for number, (row, part) in enumerate(zip(axes, share, strict=True), 1):
        index = one_hot(row)
        title = f"PC {number}" if index is None else "z" + str(index + 1).translate(SUBSCRIPTS)
        known = axes.shape[1] > 2 and math.isfinite(part)
        titles.append(f"{title} ({part:.0%} of variance)".replace("%", " %") if known else title)
    return titles[0], titles[1]


def class_name(label: int, classes: tuple[str, ...]) -> str:
    """The name of class `label`; empty for none."""
    if label <= NO_GROUP:
        return ""
    return classes[label] if label < len(classes) else f"class {label}"


def _draw(curve: pg.PlotCurveItem, outline: Outline) -> None:
    x, y, connect = outline
    curve.setData(x, y, connect=connect, antialias=True)
