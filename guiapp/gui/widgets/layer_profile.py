"""One value per parameter tensor, from the input side to the output side, network by network."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis import Axis, paint_once
from guiapp.gui.widgets.axis_colours import colour_axes
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.layer_dots import LayerDots
from guiapp.gui.widgets.layers import Profile, Tensor, log10
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.time_plot import AXIS_WIDTH
from guiapp.gui.widgets.value_axis import ValueAxis

CAPTION_PX = 24  # above all values, for the names of the networks; at most half of the height
FRACTION_FOOT = -0.12  # where a range of fractions begins
CLICK_PX = 4  # a press that moves farther before its release is a drag
DEPTH, DEPTH_AND_ZEROS = "layer, input to output", "layer (%: zeros)"


class LayerProfile(pg.PlotWidget):
    """Weights are large dots joined by a line through their smoothed values, biases small rings; a bar spans the middle
    half of a tensor's log10 |g|; below stand the fractions of exact zeros, a cross where the value itself is zero, a
    dash where there is no gradient; Inf is written at the top. Parts of the gradient are lines of their own."""

    hovered = Signal(str)  # what lies under the pointer; empty for nothing
    clicked = Signal(str)  # the tensor under the pointer

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._axis = ValueAxis()
        super().__init__(parent, axisItems={"left": self._axis, "bottom": Axis("bottom")})
        paint_once(self)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 90)
        self.setMouseTracking(True)
        self._tensors: tuple[Tensor, ...] = ()
        self._range: Range | None = None
        self._reach = (0.0, 0.0)  # log10 of the smallest and the largest value
        self._exact = False
        self._pressed: QPointF | None = None
        self._theme = LIGHT
        box = self.getViewBox()
        box.setDefaultPadding(0)
        box.disableAutoRange()
        box.setMouseEnabled(x=True, y=True)
        box.sigResized.connect(self._on_resized)
        self.dots = LayerDots(box)
        self.getAxis("left").setWidth(AXIS_WIDTH)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=-4, maxTickLevel=1)
        self.getPlotItem().layout.setContentsMargins(2, 7, 8, 2)
        self.setLabel("bottom", DEPTH)
        add_export_actions(self, self.table)

    def set_tensors(self, tensors: tuple[Tensor, ...], captions: Mapping[str, str] | None = None) -> None:
        """Show other tensors, from `placed`; `captions` stand above the networks in place of their names."""
        self._tensors, self._range = tensors, None
        self.dots.tensors, self.dots.captions, self.dots.profile = tensors, captions or {}, None
        last = tensors[-1].place if tensors else 1.0
        self.getViewBox().setXRange(-0.7, math.floor(last) + 0.7, padding=0)
        self.getAxis("bottom").setTicks(_ticks(tensors))

    def show_profile(
        self,
        profile: Profile,
        y_title: str,
        reference: float | None = None,
        exact: bool = False,
        fraction: bool = False,
    ) -> None:
        """Show these values; `reference` is a level to compare with. The range of values rests while it serves; with
        `exact` it depends on these values and the height alone. A `fraction` is drawn as such, not by its logarithm."""
        self.dots.profile, self.dots.reference, self.dots.fraction = profile, reference, fraction
        if y_title != self._axis.title:
            self._range = None
            self._axis.set_title(y_title, self._theme)
        x_title = DEPTH_AND_ZEROS if len(profile.zeros) and not profile.part_names else DEPTH
        if x_title != self.getAxis("bottom").labelText:
            self.setLabel("bottom", x_title, **self.getAxis("bottom").labelStyle)
            self.getAxis("bottom").resizeEvent()  # only this moves the title to the axis's middle
        self._exact, self._reach = exact, _extent(profile, reference)
        self._choose_range(self._range)
        self.dots.update()

    def _choose_range(self, kept: Range | None = None) -> None:
        """Show the range of values that fits, unless the range `kept`, in sight now, serves."""
        if self.dots.profile is None:
            return
        shown, (low, high) = self._range, self._reach
        if self.dots.fraction:
            self._range = (FRACTION_FOOT, max(1.2, self._top(1.0, FRACTION_FOOT)))
        elif self._exact or kept is None or not self._serves(kept, low, high):
            bottom = math.floor(low) - 0.5  # for the texts of the zeros
            self._range = (bottom, max(math.ceil(high) + 0.4, math.ceil(2 * self._top(high, bottom)) / 2))
        if self._range != shown and self._range is not None:
            self.getViewBox().setYRange(*self._range, padding=0)

    def _on_resized(self, _box: object) -> None:
        self._choose_range()  # how much of it the names need depends on the height

    def _top(self, high: float, bottom: float) -> float:
        """Where a range from `bottom` must end for the names of the networks to stand above the value `high`."""
        height = max(self.getViewBox().height(), 2 * CAPTION_PX)
        return high + (high - bottom) * CAPTION_PX / (height - CAPTION_PX)

    def _serves(self, kept: Range, low: float, high: float) -> bool:
        """Whether values from `low` to `high` fit into the range `kept`, and fill it."""
        fits = kept[0] <= low and self._top(high, kept[0]) <= kept[1]
        return fits and high - low >= (kept[1] - kept[0]) / 2 - 2

    def select(self, tensor: str) -> None:
        """Mark the dot of `tensor`; empty for none."""
        self.dots.selected = tensor
        self.dots.update()

    def hide_parts(self, hidden: frozenset[str]) -> None:
        """Do not draw these parts of the gradient."""
        self.dots.hidden = hidden
        self.dots.update()

    def fit(self) -> None:
        """Show all tensors and values."""
        if self._range is not None:
            self.getViewBox().setYRange(*self._range, padding=0)
        last = self._tensors[-1].place if self._tensors else 1.0
        self.getViewBox().setXRange(-0.7, math.floor(last) + 0.7, padding=0)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        colour_axes(self, theme)
        self.dots.set_theme(theme)

    def table(self) -> Table:
        """One line a tensor, in order: its value now, and smoothed."""
        profile = self.dots.profile
        titles = ["tensor", "now", "smoothed", *(profile.part_names if profile else ())]
        if profile is None:
            return titles, np.empty((0, len(titles)))
        columns = [np.arange(len(profile.now)), profile.now, profile.smoothed, *profile.parts]
        return titles, np.column_stack(columns)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.hovered.emit(self.dots.text_at(self._at(event)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        event.accept()
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        event.accept()
        pressed, self._pressed = self._pressed, None
        if pressed is not None and (event.position() - pressed).manhattanLength() <= CLICK_PX:
            found = self.dots.index_at(self._at(event))
            if found is not None:
                self.clicked.emit(self._tensors[found[0]].name)

    def _at(self, event: QMouseEvent) -> QPointF:
        return self.getViewBox().mapFromScene(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit("")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()


def _ticks(tensors: tuple[Tensor, ...]) -> list[list[tuple[float, str]]]:
    """The layers that have weights, at most about sixteen of them; the others, such as the norms between them, are of
    second rank, which an axis leaves out where there is no room."""
    layers = {math.floor(t.place): t.layer for t in tensors}
    weighted = {math.floor(t.place) for t in tensors if t.main}
    first = [(float(x), text) for x, text in layers.items() if x in weighted]
    every = max(1, math.ceil(len(first) / 16))
    second = [(float(x), text) for x, text in layers.items() if x not in weighted]
    return [first[::every], second if every == 1 else []]


def _extent(profile: Profile, reference: float | None) -> tuple[float, float]:
    """log10 of the smallest and the largest finite value."""
    spread = [profile.quartiles[:, (0, 2)]] if len(profile.quartiles) else []
    values = [log10(profile.now), log10(profile.smoothed), log10(profile.parts), *spread]
    known = np.concatenate([part.ravel() for part in values] + [np.log10([reference or np.nan])])
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max())) if len(known) else (-3.0, 0.0)
