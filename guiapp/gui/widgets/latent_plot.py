"""The plane of two latent directions: points, posteriors, q(z) and the prior."""

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
from guiapp.gui.widgets.latent_layers import LatentLayers, Shown, covariance, points_of
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.point_cloud import NO_GROUP
from guiapp.messages import Picture

HALF_WIDTHS = (3.5, 4.0, 5.0, 6.0, 8.0)  # then twice as wide at each step: a range that is seldom set
COLUMNS = ("mean 1", "mean 2", "std 1", "std 2", "covariance", "label")


class LatentPlot(PlanePlot):
    """Points (N, 2) by class over the prior N(0, I), whose circles of radius 1, 2 and 3 hold 39, 86 and 99 % of its
    mass.

    With one latent dimension the plane is (μ, σ): the prior lies on the line σ = 1, and posteriors below it are sure.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Held-out data in the latent plane", parent)
        self.layers = LatentLayers(self)
        self._notes = tuple(pg.TextItem(text, anchor=(0.5, 1)) for text in ("1σ", "2σ", "3σ of the prior"))
        self._picture: Picture = {}
        self._is_line: bool | None = None
        for note in self._notes:
            note.setZValue(1)  # over the points, or it could not be read
            self.addItem(note, ignoreBounds=True)
        self.getViewBox().sigRangeChanged.connect(self._thin_notes)  # comes with a new size too
        add_export_actions(self, self._table)

    @property
    def is_line(self) -> bool:
        """Whether the plane is (μ, σ), of one latent dimension."""
        return bool(self._is_line)

    def show_latent(self, picture: Picture, shown: Shown) -> None:
        """Show the picture "latent"."""
        self._picture = picture
        self._note_prior(picture["axes"].shape[1] == 1)
        self.set_titles(*axis_titles(picture["axes"], picture["share"]))
        points = points_of(picture, shown)
        half = half_width(points[:, :1] if self._is_line else points, self.home.width() / 2)
        if self._is_line:
            self.layers.show_line(picture, shown)
            top = 1.3 * half_width(points[:, 1] * 3.5) / 3.5
            self.set_home(QRectF(-half, 0, 2 * half, top), square=False)
        else:
            self.layers.show(picture, shown)
            self.set_home(QRectF(-half, -half, 2 * half, 2 * half))

    def nearest(self, at: tuple[float, float]) -> int | None:
        """The index of the datum at the point `at` of the plot."""
        return self.layers.cloud.nearest(*at, self.reach())

    def words(self, at: tuple[float, float]) -> str:
        """The coordinates of the point `at`."""
        return f"{at[0]:.2f}, {at[1]:.2f}".replace("-", "−")

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.layers.set_theme(self, theme)
        ground = QColor(theme.background)
        ground.setAlphaF(0.75)
        for note in self._notes:
            note.setColor(theme.ink)
            note.fill = pg.mkBrush(ground)
            note.update()

    def _note_prior(self, is_line: bool) -> None:
        if is_line == self._is_line:
            return
        self._is_line = is_line
        self._notes[0].setText("the prior's σ" if is_line else "1σ")
        for radius, note in enumerate(self._notes, 1):
            note.setPos(0, radius)
        self._thin_notes()

    def _thin_notes(self, *_: object) -> None:
        """Leave out those of the inner circles where they would lie over each other; the outermost stands below its
        circle where there is no room above."""
        box, height = self.getViewBox(), self._notes[0].boundingRect().height()
        room = 1 / (box.viewPixelSize()[1] or 1.0)  # px between two circles
        below = not self._is_line and (box.viewRect().bottom() - len(self._notes)) * room < height
        self._notes[-1].setAnchor((0.5, 0 if below else 1))
        taken = (1, 2 if below else 1, 0)  # heights of a text that each needs
        for radius, (note, texts) in enumerate(zip(self._notes, taken, strict=True), 1):
            fits = room >= texts * height and note.boundingRect().width() <= box.width()
            note.setVisible(radius == 1 if self._is_line else fits)

    def _table(self) -> Table:
        if not self._picture:
            return COLUMNS, np.empty((0, len(COLUMNS)))
        columns = [covariance(self._picture), self._picture["labels"]]
        parts = (self._picture["mean"], self._picture["std"], *(np.reshape(column, (-1, 1)) for column in columns))
        return COLUMNS, np.concatenate(parts, 1)


def datum_words(picture: Picture, index: int, classes: tuple[str, ...]) -> str:
    """Datum `index` of the picture "latent" in a line: its class, and its posterior in the plane."""
    mean, std = picture["mean"][index], picture["std"][index]
    is_line = picture["axes"].shape[1] == 1
    where = f"{mean[0]:.2f}" if is_line else f"{mean[0]:.2f}, {mean[1]:.2f}"
    spread = f"σ {std[0]:.2g}" if is_line else f"σ {std[0]:.2g}, {std[1]:.2g}"
    name = class_name(int(picture["labels"][index]), classes)
    text = " · ".join(part for part in (f"datum {index + 1}", name, f"mean {where}", spread) if part)
    return text.replace("-", "−")


def half_width(means: npt.NDArray[Any], current: float = 0.0) -> float:
    """The half-width of the square that holds 99.5 % of the finite `means`, from a short list of widths, 3.5 at least.

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


def coordinates(axes: npt.NDArray[Any]) -> tuple[int, ...]:
    """The latent dimensions that `axes` (2, Z) are, counted from 0; none for principal components."""
    found = [one_hot(row) for row in axes]
    return tuple(i for i in found if i is not None)


def axis_name(row: npt.NDArray[Any], number: int) -> str:
    """ "z₁" for a coordinate, "PC 1" for a principal component; `row` is the axis (Z,), `number` counted from 1."""
    index = one_hot(row)
    return f"PC {number}" if index is None else "z" + str(index + 1).translate(SUBSCRIPTS)


def axis_titles(axes: npt.NDArray[Any], share: npt.NDArray[Any]) -> tuple[str, str]:
    """ "z₁" for a coordinate, "PC 1" for a principal component, each with the share of the variance that lies along it
    where there are others: "PC 1 (62 %)"; "σ" above a single dimension."""
    if axes.shape[1] == 1:
        return "μ, posterior mean of z", "σ, posterior standard deviation"
    titles = []
    for number, (row, part) in enumerate(zip(axes, share, strict=True), 1):
        title = axis_name(row, number)
        known = axes.shape[1] > 2 and math.isfinite(part)
        titles.append(f"{title} ({part:.0%})".replace("%", " %") if known else title)
    return titles[0], titles[1]


def class_name(label: int, classes: tuple[str, ...]) -> str:
    """The name of class `label`; empty for none."""
    if label <= NO_GROUP:
        return ""
    return classes[label] if label < len(classes) else f"class {label}"
