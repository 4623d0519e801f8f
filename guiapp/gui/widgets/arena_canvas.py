"""The layered plane of the arena: points, field, undecided line, deformed noise, arrows, trails."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.arena_field import Field
from guiapp.gui.widgets.arena_mesh import DeformedGrid
from guiapp.gui.widgets.arena_shapes import arrows
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plane_shapes import level_lines, strips
from guiapp.gui.widgets.point_cloud import PointCloudItem
from guiapp.messages import Picture

LAYERS: Final = ("field", "mesh", "line", "trails", "real", "generated", "arrows")  # from back to front
TINT = 0.45  # how much of the colours of real and generated the ends of the field take; more would hide the points
FOLLOWED, MEMORY = 12, 40  # samples whose way is kept, and moments of it
DIMMED = 0.12  # opacity of what slow motion does not speak of
UNIT = 0.15  # of the half-width: an arrow's length for a push of 1
MEDIAN = 0.1  # of the half-width: the length of the median arrow where they are fitted
FITTED: Final = -1.0  # as a scale
LONGEST = 0.5  # of the half-width
NORMAL, UNIFORM = 1 / 3, 0.9  # of the half-width: where noise of 1 is shown

Floats = npt.NDArray[np.float64]


class ArenaCanvas(PlanePlot):
    """What the picture "arena" holds, in layers that can be switched and lit one by one.

    `morph` m moves the generated points, and the grid, from their noise (0) to the data (1): (1 - m) s z + m G(z), with
    s such that 3σ of normal noise, or 1/0.9 of uniform noise, is the edge of the square. On the way arrows and trails,
    which belong to the data, are hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The arena: data in the plane", parent)
        self.field, self.mesh, self.line = HeatItem(smooth=True), DeformedGrid(), pg.PlotCurveItem()
        self.trails, self.arrows = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.real, self.generated = PointCloudItem(4.5, 0.8), PointCloudItem(4.5, 0.65)
        for name in LAYERS:
            self.addItem(self._item(name), ignoreBounds=True)
        for lines in (self.line, self.trails, self.arrows):
            lines.setSegmentedLineMode("on")  # a path of so many pieces takes ten times as long
        self.set_titles("x₁", "x₂")
        self.table: list[int] = []
        self.extent, self.morph, self.scale = 1.0, 1.0, FITTED
        self.shown = Field("", "", None)
        self._picture: Picture = {}
        self._noise = NORMAL
        self._on = dict.fromkeys(LAYERS, True)
        self._lit: frozenset[str] | None = None
        self._ways: deque[Floats] = deque(maxlen=MEMORY)
        self._at: tuple[int, int] | None = None  # key and step of the newest of them
        self.set_theme(LIGHT)

    def set_picture(self, picture: Picture, extent: float, uniform: bool) -> None:
        """Show `picture` in the square of half-width `extent`; its noise is uniform, or normal."""
        self._picture, self._noise = picture, UNIFORM if uniform else NORMAL
        if extent != self.extent or self.home.isNull():
            self.extent = extent
            self.set_home(QRectF(-extent, -extent, 2 * extent, 2 * extent))
        self.real.set_points(picture["real"])
        self._show_made()
        self._show_arrows()

    def set_field(self, field: Field) -> None:
        """Colour the plane by `field`."""
        self.shown = field
        values = field.values
        if values is None or min(values.shape) < 2:
            self.field.set_levels(None, QRectF())
            self.line.setData([], [])
            return
        edge = self.extent
        self.field.set_levels(to_levels(values, field.low, field.high), QRectF(-edge, -edge, 2 * edge, 2 * edge))
        if field.line is None:
            self.line.setData([], [])
            return
        x, y, connect = level_lines(values, field.line, edge * (1 - 1 / len(values)))  # known at the cells' centres
        self.line.setData(x, y, connect=connect, antialias=True)

    def set_morph(self, morph: float) -> None:
        """How far the generated points are from their noise (0) to the data (1)."""
        self.morph = morph
        if self._picture:
            self._show_made()
        self._light()

    def set_scale(self, scale: float) -> None:
        """The length of the arrows, 1 as they come; 0 gives all the same, `FITTED` the median one `MEDIAN`: pushes grow
        a hundredfold in training, and their sizes beside each other are what one sees."""
        self.scale = scale
        self._show_arrows()

    def set_layer(self, name: str, on: bool) -> None:
        """Switch a layer."""
        self._on[name] = on
        self._light()

    def light(self, names: frozenset[str] | None) -> None:
        """Show these layers brightly, switched on or not, and the others dimly; None: all as they are switched."""
        self._lit = names
        self._light()

    def is_on(self, name: str) -> bool:
        """Whether the layer is to be seen."""
        return bool(self._item(name).isVisible())

    def follow(self, key: int, step: int) -> None:
        """Add where the first samples are now to their trails; those of another run, or of the future, are dropped."""
        if self._at is not None and (key != self._at[0] or step < self._at[1]):
            self.forget()
        if self._at != (key, step):
            self._ways.append(np.asarray(self._picture["generated"][:FOLLOWED], float))
            self._at = (key, step)
            self._show_trails()

    def forget(self) -> None:
        """Drop the trails."""
        self._ways.clear()
        self._at = None
        self._show_trails()

    def value_at(self, x: float, y: float) -> float | None:
        """The field at a place; None where there is none."""
        values = self.shown.values
        if values is None:
            return None
        j, i = (math.floor((place / self.extent + 1) / 2 * len(values)) for place in (x, y))
        return float(values[i, j]) if 0 <= i < len(values) and 0 <= j < len(values) else None

    def outside(self) -> int:
        """How many generated points lie outside the square."""
        made = np.asarray(self._picture["generated"])
        return int((np.abs(made) > self.extent).any(1).sum())

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        super().set_theme(theme)
        self.real.set_colours((), theme.real)
        self.generated.set_colours((), theme.generated)
        low, high = (blended(colour, theme.background, TINT) for colour in (theme.generated, theme.real))
        self.table = colour_table(low, theme.background, high)
        self.field.set_colours(self.table)
        self.mesh.set_colour(theme.generator)
        self.line.setPen(curve_pen(self, theme.ink, 1.5))
        self.trails.setPen(curve_pen(self, theme.muted, 1))
        self.arrows.setPen(curve_pen(self, theme.generator, 1.5))

    def _item(self, name: str) -> pg.GraphicsObject:
        item: pg.GraphicsObject = getattr(self, name)
        return item

    def _show_made(self) -> None:
        made, mesh = np.asarray(self._picture["generated"], float), self._picture.get("mesh")
        if self.morph < 1:
            made = self._between(self._picture["noise"], made)
            if mesh is not None:
                mesh = self._between(self._grid(), np.asarray(mesh, float))
        self.generated.set_points(made)
        self.mesh.set_mesh(mesh, self.extent)

    def _grid(self) -> Floats:
        """The noise that became the mesh: (R, R, 2), or (C, 1)."""
        z = np.asarray(self._picture["quantiles"], float)
        return z[:, None] if self._picture["mesh"].ndim == 2 else np.stack(np.meshgrid(z, z), 2)

    def _between(self, noise: npt.NDArray[Any], made: Floats) -> Floats:
        start = np.zeros_like(made)
        start[..., : noise.shape[-1]] = np.asarray(noise, float) * self._noise * self.extent
        return (1 - self.morph) * start + self.morph * made

    def _show_arrows(self) -> None:
        if "push" in self._picture:
            push, longest = np.asarray(self._picture["push"], float), LONGEST * self.extent
            unit = (MEDIAN / _median(push) if self.scale == FITTED else UNIT * self.scale) * self.extent
            x, y, connect = arrows(self._picture["at"], push, unit, longest)
            self.arrows.setData(x, y, connect=connect, antialias=True)

    def _show_trails(self) -> None:
        if len(self._ways) < 2:
            self.trails.setData([], [])
            return
        x, y, connect = strips(np.stack(list(self._ways), 1))
        known = np.isfinite(x) & np.isfinite(y)
        connect[:-1] &= known[1:]
        self.trails.setData(x[known], y[known], connect=connect[known], antialias=True)

    def _light(self) -> None:
        for name in LAYERS:
            lit = self._lit is not None and name in self._lit
            belongs = self.morph >= 1 or name not in ("arrows", "trails")
            item = self._item(name)
            item.setVisible((self._on[name] or lit) and belongs)
            item.setOpacity(1.0 if lit or self._lit is None else DIMMED)


def _median(push: Floats) -> float:
    """The median length of arrows (K, 2); 1 where none has any."""
    lengths = np.hypot(*push.T)
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(np.median(lengths)) if len(lengths) else 1.0
