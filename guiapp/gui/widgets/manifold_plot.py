"""What a decoder makes of a whole plane of the latent space."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.latent_layers import LatentLayers, Shown
from guiapp.gui.widgets.latent_plot import axis_name
from guiapp.gui.widgets.levels import colour_table, to_levels, value_range
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import mesh
from guiapp.gui.widgets.plot_menu import add_export_actions
from guiapp.gui.widgets.quantile_scale import QuantileScale
from guiapp.messages import Picture

LARGEST = 1024  # pixels a side; more than a screen shows would only cost time
TICKS, TICK_PX = 6, 36  # at most so many, at least so far apart


class ManifoldPlot(PlanePlot):
    """The decoder's mean at (Φ⁻¹(u_i), Φ⁻¹(u_j)), u evenly spaced in (0, 1), so that each cell holds the same prior
    mass: a table of images, over which the layers of the latent plane may lie, each code z at Φ(z); or for data in the
    plane the grid that the decoder bends the quantile lines into."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Decoded manifold", parent)
        self._tiles, self._lines = HeatItem(), pg.PlotCurveItem()
        self._lines.setSegmentedLineMode("on")  # pyqtgraph then draws thousands of pieces without joining them
        self.addItem(self._tiles, ignoreBounds=True)
        self.addItem(self._lines, ignoreBounds=True)
        self._scale = QuantileScale()
        self.layers = LatentLayers(self, self._scale.place)
        self.layers.set_visible(False)
        self._picture: Picture = {}
        self._quantiles: npt.NDArray[np.float64] = np.empty(0)
        self._cell = (1, 1)  # height, width of one image
        self._spoilt = 0
        self._ticks: tuple[Any, ...] = ()
        self._tiles.set_colours(colour_table("#000000", "#ffffff"))
        self.getViewBox().sigResized.connect(self._make_room)
        add_export_actions(self)

    @property
    def tiles(self) -> HeatItem:
        """The table of images."""
        return self._tiles

    @property
    def lines(self) -> pg.PlotCurveItem:
        """The bent grid."""
        return self._lines

    def set_manifold(self, picture: Picture, extent: float) -> int:
        """Show the picture "manifold"; returns how many of its numbers are not finite."""
        if picture is self._picture:  # the points moved, not the manifold
            return self._spoilt
        self._picture = picture
        values = picture["images"] if "images" in picture else picture["points"]
        self._quantiles = np.asarray(picture["quantiles"], float)
        if is_table(picture):
            self._show_images(coloured(values))
        else:
            self._show_points(values, extent)
        self._spoilt = int(values.size - np.isfinite(values).sum())
        return self._spoilt

    def show_latent(self, picture: Picture | None, shown: Shown) -> None:
        """Lay the picture "latent" over the images; None takes it away."""
        self.layers.set_visible(picture is not None)
        if picture is not None:
            self.layers.show(picture, shown)

    def set_strength(self, strength: float) -> None:
        """The opacity of the images, 0 to 1."""
        self._tiles.setOpacity(strength)

    def at(self, x: float, y: float) -> tuple[float, float] | None:
        """The latent code of the image at (x, y) in the plot; None where there is none."""
        count = len(self._quantiles)
        column, row = int(x // self._cell[1]), int(y // self._cell[0])
        if self._tiles.levels is None or not (0 <= column < count and 0 <= row < count):
            return None
        return float(self._quantiles[column]), float(self._quantiles[row])

    def nearest(self, at: tuple[float, float]) -> int | None:
        """The index of the datum at the point `at` of the plot, where data lie over the images."""
        cloud = self.layers.cloud
        return cloud.nearest(*at, self.reach()) if cloud.isVisible() else None

    def words(self, at: tuple[float, float]) -> str:
        """The code of the point `at`, or of the image there; empty where there is none."""
        over = self.layers.cloud.isVisible()
        code = self._scale.code(*at) if over else self.at(*at)
        if code is None:
            return ""
        names = [axis_name(row, number) for number, row in enumerate(self._picture.get("axes", np.eye(2)), 1)]
        text = ", ".join(f"{name} = {value:.2f}" for name, value in zip(names, code, strict=True))
        return (text if over else f"decoded from {text}").replace("-", "−")

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.layers.set_theme(self, theme)
        self._lines.setPen(curve_pen(self, theme.generated, 1))

    def _show_images(self, images: npt.NDArray[Any]) -> None:
        rows, columns, height, width = images.shape[:4]
        stride = max(1, max(rows * height, columns * width) // LARGEST)
        low, high = value_range(images)
        levels = to_levels(images[:, :, ::stride, ::stride], low, high)
        size = (rows * levels.shape[2], columns * levels.shape[3], *levels.shape[4:])
        table = levels.swapaxes(1, 2).reshape(size)
        rect = QRectF(0, 0, columns * width, rows * height)
        self._cell = (height, width)
        self._scale.width, self._scale.height = rect.width(), rect.height()
        self._lines.setData([], [])
        self._tiles.set_levels(table[::-1], rect)  # the first row of images is the largest z2
        axes = self._picture.get("axes", np.eye(2))
        self.set_titles(*(f"{axis_name(row, number)} at Φ⁻¹(u)" for number, row in enumerate(axes, 1)))
        self._set_ticks((height, width))
        self.set_home(rect)

    def _show_points(self, points: npt.NDArray[Any], extent: float) -> None:
        self._tiles.set_levels(None, QRectF())
        x, y, connect = mesh(points)
        self._lines.setData(x, y, connect=connect)
        self.set_titles("x₁", "x₂")
        self._set_ticks(None)
        self.set_home(QRectF(-extent, -extent, 2 * extent, 2 * extent))

    def _make_room(self, _box: object) -> None:
        if self._ticks:
            self._set_ticks(self._ticks[0])

    def _set_ticks(self, cell: tuple[int, int] | None) -> None:
        """The quantile at the middle of every few cells, as many as find room; None: plain numbers. Only on a change,
        for it costs a layout."""
        room = min(self.getViewBox().width(), self.getViewBox().height())
        most = int(min(max(room // TICK_PX, 2), TICKS))
        wanted = (cell, most, tuple(self._quantiles.tolist()) if cell else ())
        if wanted == self._ticks:
            return
        if wanted[::2] != self._ticks[::2]:
            self.fit()  # what a person zoomed into was another picture
        self._ticks = wanted
        if cell is None:
            self.getAxis("bottom").setTicks(None)
            self.getAxis("left").setTicks(None)
            return
        count = len(self._quantiles)
        step = max(1, math.ceil((count - 1) / (most - 1)))
        shown = sorted({*range(count // 2, count, step), *range(count // 2, -1, -step)})
        for side, length in (("left", cell[0]), ("bottom", cell[1])):
            ticks = [((i + 0.5) * length, f"{self._quantiles[i]:.1f}".replace("-", "−")) for i in shown]
            self.getAxis(side).setTicks([ticks])


def is_manifold(picture: Picture) -> bool:
    """Whether `picture` can be drawn: images, or points (R, R, 2); there is none for Z = 1, and vectors of another
    length have no picture."""
    return is_table(picture) or picture.get("points", np.empty(0)).ndim == 3


def is_table(picture: Picture) -> bool:
    """Whether `picture` holds images, (R, R, H, W) or in colour (R, R, H, W, C)."""
    return picture.get("images", np.empty(0)).ndim in (4, 5)


def coloured(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Images (..., C) as grey (...) for C < 3, with transparency as colour (..., 3); grey ones (R, R, H, W) as they
    are."""
    if images.ndim == 4:
        return images
    return images[..., :3] if images.shape[-1] >= 3 else images[..., 0]
