"""Vectors as rows of a table of colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.levels import colour_table, to_levels, value_range
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

VIRIDIS = ("#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6dcd59", "#b4de2c", "#fde725")


class ProfilePlot(PlanePlot):
    """Vectors (M, D): vector m is row m from the top, its D components run along x; dark is low, bright high."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.heat = HeatItem()
        self._vectors: npt.NDArray[Any] = np.empty((0, 0))
        self.addItem(self.heat)
        self.heat.set_colours(colour_table(*VIRIDIS))
        self.getViewBox().invertY(True)
        self.showGrid(x=False, y=False)
        add_export_actions(self, self._table)

    def set_vectors(self, vectors: npt.NDArray[Any], caption: str, colours: tuple[float, float] | None = None) -> None:
        """Show `vectors` (M, D); `colours` is the range from dark to bright, without it that of `vectors`."""
        self._vectors = vectors
        low, high = colours or value_range(vectors)
        count, size = vectors.shape
        rect = QRectF(0.5, 0.5, size, count)
        self.heat.set_levels(to_levels(vectors, low, high), rect)
        self.set_titles("component", caption)
        self.set_home(rect, square=False)

    def value_at(self, x: float, y: float) -> str:
        """The number at (x, y) of the plot in words; empty beside the table."""
        row, column = round(y) - 1, round(x) - 1
        count, size = self._vectors.shape
        if not (0 <= row < count and 0 <= column < size):
            return ""
        number = f"{self._vectors[row, column]:.3g}".replace("-", "−")
        return f"vector {row + 1}, component {column + 1}: {number}"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.heat.set_colours(colour_table(*VIRIDIS, background=theme.background))

    def _table(self) -> Table:
        return tuple(f"x{i + 1}" for i in range(self._vectors.shape[1])), self._vectors
