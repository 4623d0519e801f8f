"""Two-dimensional data in their plane: the real, the generated, and what the model makes of the plane."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget
from superqt import QFlowLayout

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.class_legend import SWATCH, swatch
from guiapp.gui.widgets.colour_bar import ColourBar
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import level_lines, mesh
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.point_cloud import PointCloudItem
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture

EMPTY = (
    "Here real and generated points will lie over the discriminator's field D(x), or over the grid that a decoder "
    "bends the latent plane into. Start a run on 2-D data with ▶ to fill it."
)
TINT = 0.45  # how much of the colour D = 0 and D = 1 take; more would hide the points of that colour
LAYERS = (
    ("real", "Real", "Points of the data"),
    ("generated", "Generated", "Points made from noise by the generator or the decoder"),
    ("field", "D(x)", "The discriminator's probability that a point at x is real"),
    ("half", "D = ½", "Where the discriminator cannot tell; at the optimum p_data = p_generated there"),
    ("mesh", "Decoded grid", "Quantile lines of the prior as the decoder bends them; each cell holds the same mass"),
)


class FieldView(View):
    """Real and generated points over D(x) in [0, 1], as in a GAN's game: the generator follows the slope of D towards
    the real side. At the optimum D = ½ everywhere. For a VAE the decoded grid of prior quantiles lies underneath."""

    name: ClassVar[str] = "field"
    title: ClassVar[str] = "2-D field"
    needs = frozenset({"field", "manifold"})
    requires: ClassVar[frozenset[str]] = frozenset({"samples", "plane"})
    missing: ClassVar[str] = (
        "This view shows data in the plane; the current data are images or vectors of another length. "
        "Choose a 2-D data set, such as the ring."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._status = PlanePlot("Data in the plane"), StatusLine()
        self._bar = ColourBar("D(x): probability of being real", ((0.0, "0"), (0.5, "½"), (1.0, "1")))
        self._field, self._half, self._mesh = HeatItem(smooth=True), pg.PlotCurveItem(), pg.PlotCurveItem()
        self._real, self._generated = PointCloudItem(4.5, 0.8), PointCloudItem(4.5, 0.65)
        self._layers: dict[str, pg.GraphicsObject] = {
            "field": self._field, "mesh": self._mesh, "half": self._half,
            "real": self._real, "generated": self._generated,
        }  # fmt: skip
        for item in self._layers.values():  # from back to front
            self._plot.addItem(item, ignoreBounds=True)
        self._switches = {name: QCheckBox(text) for name, text, _ in LAYERS}
        self._grid: npt.NDArray[Any] | None = None
        self._extent = 1.0
        self._key: int | None = None
        self._arrange()
        self._plot.set_titles("x₁", "x₂")
        self._plot.hovered.connect(self._point_at)
        add_export_actions(self._plot, self._table)
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the pictures "field" and "manifold" of `frame`."""
        plane = {"plane"} if tuple(frame.run.shape) == (2,) else set()
        if not self.requires <= frame.run.capabilities | plane or not plane:
            self._stage.say(self.missing)
            return
        picture = frame.pictures.get("field")
        if picture is None:
            self._stage.say(EMPTY)
            return
        self._stage.show_content()
        self._extent = frame.run.extent if math.isfinite(frame.run.extent) and frame.run.extent > 0 else 1.0
        self._plot.set_home(QRectF(-self._extent, -self._extent, 2 * self._extent, 2 * self._extent))
        if frame.run.key != self._key:
            self._key = frame.run.key
            self._plot.fit()
        self._real.set_points(picture["real"])
        self._generated.set_points(picture["generated"])
        self._draw_field(picture.get("grid"))
        self._draw_mesh(frame.pictures.get("manifold", {}))
        self._tell(picture)

    def clear(self) -> None:
        """Say what will appear."""
        self._key = None
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._status, self._stage):
            part.set_theme(theme)
        self._real.set_colours((), theme.real)
        self._generated.set_colours((), theme.generated)
        table = colour_table(mixed(theme, theme.generated), theme.background, mixed(theme, theme.real))
        self._field.set_colours(table)
        self._bar.set_colours(table, theme)
        for name in ("real", "generated"):
            self._switches[name].setIcon(swatch(getattr(theme, name)))
        self._half.setPen(curve_pen(self, theme.ink, 1.5))
        self._mesh.setPen(curve_pen(self, theme.muted, 1))

    def _arrange(self) -> None:
        tools = QWidget()
        row = QFlowLayout(tools)
        row.setContentsMargins(6, 3, 6, 3)
        for name, _, help_text in LAYERS:
            switch = self._switches[name]
            switch.setChecked(True)
            switch.setToolTip(help_text)
            switch.setIconSize(QSize(SWATCH, SWATCH))
            switch.toggled.connect(self._layers[name].setVisible)
            row.addWidget(switch)
        self._switches["field"].toggled.connect(lambda on: self._bar.setVisible(on and self._grid is not None))
        picture = QWidget()
        beside = QHBoxLayout(picture)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self._plot, 1)
        beside.addWidget(self._bar)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tools)
        column.addWidget(picture, 1)
        column.addWidget(self._status)
        self._stage = self.staged(content)

    def _draw_field(self, grid: npt.NDArray[Any] | None) -> None:
        self._grid = grid if grid is not None and min(grid.shape) >= 2 else None
        self._switches["field"].setVisible(self._grid is not None)
        self._switches["half"].setVisible(self._grid is not None)
        self._bar.setVisible(self._grid is not None and self._switches["field"].isChecked())
        if self._grid is None:
            self._field.set_levels(None, QRectF())
            self._half.setData([], [])
            return
        edge = self._extent
        self._field.set_levels(to_levels(self._grid, 0.0, 1.0), QRectF(-edge, -edge, 2 * edge, 2 * edge))
        middle_of_last = edge * (1 - 1 / len(self._grid))  # D is given at the centres of the cells
        x, y, connect = level_lines(self._grid, 0.5, middle_of_last)
        self._half.setData(x, y, connect=connect, antialias=True)

    def _draw_mesh(self, manifold: Picture) -> None:
        whole = manifold.get("axes", np.eye(2)).shape[1] == 2  # else it is but a plane of the latent space
        points = manifold.get("points") if whole else None
        self._switches["mesh"].setVisible(points is not None)
        if points is None:
            self._mesh.setData([], [])
            return
        x, y, connect = mesh(points)
        self._mesh.setData(x, y, connect=connect, antialias=True)

    def _tell(self, picture: Picture) -> None:
        text = f"{len(picture['real']):,} real and {len(picture['generated']):,} generated points"
        left_out = self._real.left_out + self._generated.left_out
        outside = int((np.abs(self._generated.points) > self._extent).any(1).sum())
        text += f" · {outside:,} generated lie outside the square" if outside else ""
        text += f" · {left_out:,} left out: not finite" if left_out else ""
        if self._grid is not None and not np.isfinite(self._grid).all():
            text += " · D(x) is not finite in places"
        self._status.set_text(text)

    def _point_at(self, at: tuple[float, float] | None) -> None:
        if at is None:
            self._status.set_pointed("")
            return
        text = f"x₁ = {at[0]:.3g}, x₂ = {at[1]:.3g}"
        if self._grid is not None:
            size = len(self._grid)
            j, i = (math.floor((value / self._extent + 1) / 2 * size) for value in at)
            text += f", D(x) = {self._grid[i, j]:.3f}" if 0 <= i < size and 0 <= j < size else ""
        self._status.set_pointed(text.replace("-", "−"))

    def _table(self) -> Table:
        clouds = (self._real, self._generated)
        marks = np.concatenate([np.full(len(cloud.points), i) for i, cloud in enumerate(clouds)])
        points = np.concatenate([cloud.points for cloud in clouds])
        return ("x1", "x2", "generated"), np.column_stack([points, marks])


def mixed(theme: Theme, colour: str) -> str:
    """`colour` laid thinly over the background of `theme`."""
    over, under = QColor(colour), QColor(theme.background)
    pairs = ((over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))
    return QColor.fromRgbF(*(TINT * a + (1 - TINT) * b for a, b in pairs)).name()
