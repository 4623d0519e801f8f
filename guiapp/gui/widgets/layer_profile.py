"""One value per parameter tensor, from the input side to the output side, network by network."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
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

DEPTH, DEPTH_AND_ZEROS = "layer, input to output", "layer (%: zeros)"


class LayerProfile(pg.PlotWidget):
    """Weights are large dots joined by a line through their smoothed values, biases small rings; a bar spans the middle
    half of a tensor's log10 |g|; below stand the fractions of exact zeros, a cross where the value itself is zero."""

    hovered = Signal(str)  # what lies under the pointer; empty for nothing

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

    def set_tensors(self, tensors: tuple[Tensor, ...]) -> None:
        """Show other tensors, from `placed`."""
        self._tensors, self._range = tensors, None
        self.dots.tensors = tensors
        last = tensors[-1].place if tensors else 1.0
        self.getViewBox().setXRange(-0.7, math.floor(last) + 0.7, padding=0)
        layers = {math.floor(t.place): t.layer for t in tensors}
        every = max(1, math.ceil(len(layers) / 16))
        self.getAxis("bottom").setTicks([[(x, text) for i, (x, text) in enumerate(layers.items()) if i % every == 0]])

    def show_profile(self, profile: Profile, y_title: str, reference: float | None = None, exact: bool = False) -> None:
        """Show these values; `reference` is a level to compare with. The range of values rests while it serves; with
        `exact` it depends on these values alone."""
        self.dots.profile, self.dots.reference = profile, reference
        if y_title != self._axis.title:
            self._range = None
            self._axis.set_title(y_title, self._theme)
        x_title = DEPTH_AND_ZEROS if len(profile.zeros) else DEPTH
        if x_title != self.getAxis("bottom").labelText:
            self.setLabel("bottom", x_title, **self.getAxis("bottom").labelStyle)
            self.getAxis("bottom").resizeEvent()  # only this moves the title to the axis's middle
        spread = [profile.quartiles[:, (0, 2)]] if len(profile.quartiles) else []
        parts = [log10(profile.now), log10(profile.smoothed), *spread]
        values = np.concatenate([part.ravel() for part in parts] + [np.log10([reference or np.nan])])
        values = values[~np.isnan(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (-3.0, 0.0)
        kept = self._range
        if exact or kept is None or not kept[0] <= low <= high <= kept[1] or high - low < (kept[1] - kept[0]) / 2 - 2:
            self._range = (math.floor(low) - 0.5, math.ceil(high) + 0.4)  # below: the texts of the zeros
        if self._range != kept and self._range is not None:
            self.getViewBox().setYRange(*self._range, padding=0)
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
        if profile is None:
            return ["tensor", "now", "smoothed"], np.empty((0, 3))
        return ["tensor", "now", "smoothed"], np.column_stack(
            [np.arange(len(profile.now)), profile.now, profile.smoothed]
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        at = self.getViewBox().mapFromScene(self.mapToScene(event.position().toPoint()))
        self.hovered.emit(self.dots.text_at(at))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit("")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()
