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

CAPTION = 0.15  # of the range, above all values: for the names of the networks
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
        self._pressed: QPointF | None = None
        self._theme = LIGHT
        box = self.getViewBox()
        box.setDefaultPadding(0)
        box.disableAutoRange()
        box.setMouseEnabled(x=True, y=True)
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
        layers = {math.floor(t.place): t.layer for t in tensors}
        every = max(1, math.ceil(len(layers) / 16))
        self.getAxis("bottom").setTicks([[(x, text) for i, (x, text) in enumerate(layers.items()) if i % every == 0]])

    def show_profile(
        self,
        profile: Profile,
        y_title: str,
        reference: float | None = None,
        exact: bool = False,
        fraction: bool = False,
    ) -> None:
        """Show these values; `reference` is a level to compare with. The range of values rests while it serves; with
        `exact` it depends on these values alone. A `fraction` is drawn as it is, not by its logarithm."""
        self.dots.profile, self.dots.reference, self.dots.fraction = profile, reference, fraction
        if y_title != self._axis.title:
            self._range = None
            self._axis.set_title(y_title, self._theme)
        x_title = DEPTH_AND_ZEROS if len(profile.zeros) and not profile.part_names else DEPTH
        if x_title != self.getAxis("bottom").labelText:
            self.setLabel("bottom", x_title, **self.getAxis("bottom").labelStyle)
            self.getAxis("bottom").resizeEvent()  # only this moves the title to the axis's middle
        kept = self._range
        low, high = _extent(profile, reference)
        if fraction:
            self._range = (-0.12, 1.2)
        elif exact or kept is None or not kept[0] <= low <= high <= kept[1] or high - low < (kept[1] - kept[0]) / 2 - 2:
            bottom = math.floor(low) - 0.5  # for the texts of the zeros
            self._range = (bottom, max(math.ceil(high) + 0.4, high + CAPTION * (high - bottom)))
        if self._range != kept and self._range is not None:
            self.getViewBox().setYRange(*self._range, padding=0)
        self.dots.update()

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


def _extent(profile: Profile, reference: float | None) -> tuple[float, float]:
    """log10 of the smallest and the largest finite value."""
    spread = [profile.quartiles[:, (0, 2)]] if len(profile.quartiles) else []
    values = [log10(profile.now), log10(profile.smoothed), log10(profile.parts), *spread]
    known = np.concatenate([part.ravel() for part in values] + [np.log10([reference or np.nan])])
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max())) if len(known) else (-3.0, 0.0)
