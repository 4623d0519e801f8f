"""The plot of the lab of the KL in the plane: two ellipses to be dragged, over the map of the integrand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.kl_plane_compute import DEVIATION_RANGE, SIDE, Floats, Params, Result
from guiapp.gui.labs.kl_plots import negative
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.handle_plane import HandlePlane
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import to_levels
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.theory.gaussian_plane import Axes, PlaneGaussian, ellipse, from_ellipse, integrand, log_density

LETTERS: Final = "P12Q34"  # of the grips: a mean, then the ends of the two half-axes, for p and for q
GRIPPED: Final = 2.0  # standard deviations from the mean, where the grips of the half-axes are
SHOWN: Final = 2.6  # standard deviations that have to be in view
ROUND: Final = 1e-3  # relative difference of the half-axes below which an ellipse has no direction of its own
LEAST_GAP_PX: Final = 24.0  # between the grips of one ellipse, however small that is
MIDDLE: Final = 128  # the level of 0
RING: Final = np.linspace(0, 2 * math.pi, 73)
RING.flags.writeable = False


class EllipsePlot(QWidget):
    """p and q as ellipses at one and two standard deviations over the map of p log(p/q). `moved` gives "p" or "q" and
    the Gaussian that a hand or the arrow keys have made of it."""

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.header, self.status = ChartHeader(), StatusLine()
        self.plane = HandlePlane("ellipses of p and q over the integrand; P, 1, 2, Q, 3 and 4 choose a grip")
        self.plane.set_titles("x", "y")
        self.plane.setToolTip(
            "Drag P or Q: a mean. Drag 1 to 4: the end of a half-axis at two standard deviations, which stretches and "
            "turns the ellipse"
        )
        self.heat = HeatItem(smooth=True)
        self.plane.addItem(self.heat, ignoreBounds=True)
        self.rings = {name: pg.PlotCurveItem(connect="finite", antialias=True) for name in "pq"}
        for ring in self.rings.values():
            self.plane.addItem(ring, ignoreBounds=True)
        self._angles = {"p": 0.0, "q": 0.0}  # of grips 1 and 3, so that the grips keep their place at a circle
        self._ranges: tuple[Range | None, Range | None] = (None, None)
        self._theme = LIGHT
        self._result: Result | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self.header, 0), (self.plane, 1), (self.status, 0)):
            layout.addWidget(widget, stretch)
        self.plane.moved.connect(self._move)
        self.plane.hovered.connect(self._point_at)
        self.plane.getViewBox().sigRangeChanged.connect(lambda *_: self._place())
        add_export_actions(self.plane, self.table)

    def draw(self, result: Result) -> None:
        """Show `result`."""
        self._result = result
        highest = float(np.abs(result.heat).max()) or 1.0
        shade = np.sign(result.heat) * np.sqrt(np.abs(result.heat) / highest)  # the root, so that the tails are seen
        self.heat.set_levels(to_levels(shade, -1.0, 1.0), QRectF(*result.area))
        for name, g in gaussians(result.params).items():
            self.rings[name].setData(*_rings(g))
        self._arrange(result.params)
        self._place()
        one, other = tuple(_letters(result))
        kl = significant(result.chosen.kl)
        self.header.set_parts(f"KL({one}‖{other})", f"{kl} nats", "the whole of what is coloured")
        self._tell()

    def table(self) -> Table:
        """The map: x, y and the integrand there."""
        titles = ("x", "y", "integrand")
        if self._result is None:
            return titles, np.empty((0, 3))
        left, low, wide, high = self._result.area
        steps = np.linspace(0.0, 1.0, SIDE)
        x, y = np.meshgrid(left + wide * steps, low + high * steps)
        return titles, np.column_stack([x.ravel(), y.ravel(), self._result.heat.ravel()])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.plane, self.header, self.status):
            part.set_theme(theme)
        self.heat.set_colours(_colours(negative(theme), theme.kl))
        for name, colour in (("p", theme.posterior), ("q", theme.ink)):
            self.rings[name].setPen(curve_pen(self, colour, 2.0))
        self._colour_grips()

    def _described(self, name: str, axes: Axes) -> tuple[float, float, float]:
        """Half-axes and angle of the grips 1, 2 (or 3, 4): the description of the ellipse nearest to the last one."""
        last = self._angles[name]
        if axes.a - axes.b < ROUND * axes.a:
            return axes.a, axes.b, last
        quarters = round((last - axes.angle) / (math.pi / 2))
        self._angles[name] = axes.angle + quarters * math.pi / 2
        return (axes.b, axes.a, self._angles[name]) if quarters % 2 else (axes.a, axes.b, self._angles[name])

    def _colour_grips(self) -> None:
        colours = (self._theme.posterior,) * 3 + (self._theme.ink,) * 3
        for handle, colour in zip(self.plane.handles, colours, strict=False):
            handle.set_colours(colour, self._theme.background)

    def _arrange(self, params: Params) -> None:
        """A range that holds both ellipses; it moves only when one has left it."""
        spans = [((g.x, g.sx), (g.y, g.sy)) for g in gaussians(params).values()]
        fits = []
        for axis, shown in enumerate(self._ranges):
            low = min(span[axis][0] - SHOWN * span[axis][1] for span in spans)
            high = max(span[axis][0] + SHOWN * span[axis][1] for span in spans)
            fits.append(settled(shown, low, high))
        x, y = fits
        if (x, y) != self._ranges:
            self._ranges = (x, y)
            self.plane.set_home(QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0]))

    def _place(self) -> None:
        if self._result is None:
            return
        least = LEAST_GAP_PX * self.plane.getViewBox().viewPixelSize()[0]
        places = []
        for name, g in gaussians(self._result.params).items():
            a, b, angle = self._described(name, ellipse(g))
            places.append((g.x, g.y))
            for half, turn in ((a, 0.0), (b, math.pi / 2)):
                reach = max(GRIPPED * half, least)
                places.append((g.x + reach * math.cos(angle + turn), g.y + reach * math.sin(angle + turn)))
        fresh = not self.plane.handles
        self.plane.set_handles(np.array(places), LETTERS)
        if fresh:
            self._colour_grips()

    def _move(self, number: int, x: float, y: float) -> None:
        if self._result is None:
            return
        name, grip = "pq"[number // 3], number % 3
        g = gaussians(self._result.params)[name]
        if grip == 0:
            self.moved.emit(name, g._replace(x=round(x, 3), y=round(y, 3)))
            return
        a, b, angle = self._described(name, ellipse(g))
        reach = math.hypot(x - g.x, y - g.y)
        half = min(max(reach / GRIPPED, DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        if reach:
            towards = math.atan2(y - g.y, x - g.x) - (math.pi / 2 if grip == 2 else 0.0)
            angle += math.remainder(towards - angle, 2 * math.pi)
        self._angles[name] = angle
        axes = Axes(half, b, angle) if grip == 1 else Axes(a, half, angle)
        made = from_ellipse(g.x, g.y, axes)
        self.moved.emit(name, PlaneGaussian(*(float(f"{value:.6g}") for value in made)))

    def _point_at(self, where: tuple[float, float] | None) -> None:
        if where is None or self._result is None:
            self.status.set_pointed("")
            return
        first, second = self._result.pair
        names = _letters(self._result)
        one, other = (math.exp(float(log_density(g, *where))) for g in (first, second))
        self.status.set_pointed(
            f"({significant(where[0], 3)}, {significant(where[1], 3)}): {names[0]} = {significant(one, 3)} · "
            f"{names[1]} = {significant(other, 3)} · {names[0]} log({names[0]}/{names[1]}) = "
            f"{significant(float(integrand(first, second, *where)), 3)} nats per unit of area"
        )

    def _tell(self) -> None:
        if self._result is None:
            return
        names = _letters(self._result)
        self.status.set_text(
            f"orange: {names[0]} log({names[0]}/{names[1]}) > 0, violet: < 0, root scale · blue ellipses: p, "
            "the others: q, at 1σ and 2σ"
        )


def gaussians(params: Params) -> Mapping[str, PlaneGaussian]:
    """p and q by name."""
    return {"p": params.p, "q": params.q}


def _letters(result: Result) -> str:
    return "pq" if result.params.direction == "forward" else "qp"


def _colours(below: str, above: str) -> list[int]:
    """256 colours, the middle ones clear, so that the grid is seen where there is nothing."""
    table = []
    for level in range(256):
        colour = QColor(above if level > MIDDLE else below)
        colour.setAlphaF(abs(level - MIDDLE) / MIDDLE if level else 0.0)
        table.append(colour.rgba())
    return table


def _rings(g: PlaneGaussian) -> tuple[Floats, Floats]:
    """Corners of the ellipses at one and two standard deviations, with a gap between them."""
    around = g.factor @ np.stack([np.cos(RING), np.sin(RING)])
    gap = np.full((2, 1), np.nan)
    x, y = np.hstack([around, gap, 2 * around]) + g.mean[:, None]
    return x, y
