"""One positive value per latent dimension on a logarithmic axis, above or below a threshold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis import Axis, paint_once
from guiapp.gui.widgets.axis_colours import colour_axes
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.threshold_dots import ThresholdDots
from guiapp.gui.widgets.time_plot import AXIS_WIDTH
from guiapp.gui.widgets.value_axis import ValueAxis

FLOOR, CEILING = 1e-6, 1e6  # values beyond are drawn there
MARGIN = 0.25  # decades around the values


class ThresholdPlot(pg.PlotWidget):
    """Each dimension a dot whose stem rises from the threshold or hangs from it, in an order that the caller gives; its
    kind (a verdict) is a full dot, a ring, or a grey ring. A value that is not a number is a cross at the top."""

    pointed = Signal(object)  # the dimension under the pointer, from 0; None for none

    def __init__(self, name: str, title: str, threshold: float, label: str, parent: QWidget | None = None) -> None:
        self._axis = ValueAxis()
        super().__init__(parent, axisItems={"left": self._axis, "bottom": Axis("bottom")})
        paint_once(self)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(100, 60)
        self.setMouseTracking(True)
        self._title, self._threshold = title, threshold
        self._values: npt.NDArray[np.float64] = np.empty(0)
        self._order: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._ranges: tuple[Range, Range] | None = None
        self._names: list[tuple[int, str]] = []
        box = self.getViewBox()
        box.setDefaultPadding(0)
        box.disableAutoRange()
        box.sigResized.connect(lambda _box: self._name_places())
        self.dots = ThresholdDots(box, threshold, label)
        self._axis.setLogMode(x=False, y=True)
        self._axis.setWidth(AXIS_WIDTH + 8)  # for 0.0001 beside the title
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=-4, maxTickLevel=1)
        self.getPlotItem().layout.setContentsMargins(2, 7, 8, 2)
        self.setLabel("bottom", "dimension, by KL")
        add_export_actions(self, self.table)
        self.set_theme(LIGHT, "kl")

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The values shown, (Z,), by dimension."""
        return self._values

    @property
    def order(self) -> npt.NDArray[np.intp]:
        """The dimensions from the left, (Z,)."""
        return self._order

    def show_values(
        self, values: npt.NDArray[np.float64], order: npt.NDArray[np.intp], kinds: npt.NDArray[np.intp]
    ) -> None:
        """Show `values` (Z,) of kinds 0, 1 or 2 (Z,), the dimensions `order` (Z,) from the left."""
        self._values, self._order = values, order
        heights = np.log10(np.clip(values, FLOOR, CEILING))
        self.dots.heights, self.dots.kinds = heights[order], kinds[order]
        self._name_places()
        heights = np.append(heights[~np.isnan(heights)], math.log10(self._threshold))
        decades = math.floor(heights.min()) - MARGIN, math.ceil(heights.max()) + MARGIN
        ranges = (-0.6, len(values) - 0.4), decades
        if ranges != self._ranges:
            self._ranges = ranges
            self.fit()
        self.dots.update()

    def fit(self) -> None:
        """Show all dimensions and values."""
        if self._ranges is not None:
            self.getViewBox().setRange(xRange=self._ranges[0], yRange=self._ranges[1], padding=0)

    def point_at(self, dimension: int | None) -> None:
        """Set this dimension off against the others."""
        found = np.flatnonzero(self._order == (-1 if dimension is None else dimension))
        place = int(found[0]) if len(found) else None
        if place != self.dots.pointed:
            self.dots.pointed = place
            self.dots.update()

    def set_theme(self, theme: Theme, colour: str) -> None:
        """Repaint in the colours of `theme`, dots in its field `colour`."""
        colour_axes(self, theme)
        self._axis.set_title(self._title, theme)
        self.dots.set_theme(theme, getattr(theme, colour))

    def table(self) -> Table:
        """One line a dimension, in the order shown."""
        rows = np.column_stack([self._order + 1, self._values[self._order]])
        return ["dimension", self._title], rows if len(rows) else np.empty((0, 2))

    def _name_places(self) -> None:
        """As many names as find room side by side."""
        names = [f"z{str(dimension + 1).translate(SUBSCRIPTS)}" for dimension in self._order.tolist()]
        widest = QFontMetricsF(QApplication.font()).horizontalAdvance("z₀₀") + 6
        every = max(1, math.ceil(widest * len(names) / max(1.0, self.getViewBox().width())))
        ticks = [(place, name) for place, name in enumerate(names) if place % every == 0]
        if ticks != self._names:
            self._names = ticks
            self.getAxis("bottom").setTicks([ticks])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        at = self.getViewBox().mapFromScene(self.mapToScene(event.position().toPoint()))
        place = self.dots.place_at(at)
        self.pointed.emit(None if place is None else int(self._order[place]))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()
