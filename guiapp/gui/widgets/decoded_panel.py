"""What codes decode to: images in rows and columns, points of the plane, or vectors as rows of colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QStackedWidget, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.image_table import ImageTable
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import add_export_actions
from guiapp.gui.widgets.point_cloud import PointCloudItem
from guiapp.gui.widgets.profile_plot import ProfilePlot


class DecodedPanel(QStackedWidget):
    """Data (M, *shape) of any shape. Points of the plane are joined along each row of the table."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table, self.plane, self.profile = ImageTable(name), PlanePlot(name), ProfilePlot(name)
        self.points, self.joined = PointCloudItem(size=8.0, alpha=1.0), pg.PlotCurveItem()
        self.plane.addItem(self.joined, ignoreBounds=True)
        self.plane.addItem(self.points, ignoreBounds=True)
        add_export_actions(self.plane)
        for page in (self.table, self.plane, self.profile):
            self.addWidget(page)

    def show_data(
        self,
        data: npt.NDArray[Any],
        span: tuple[float, float],
        *,
        columns: int = 0,
        below: Sequence[str] = (),
        rows: Sequence[str] = (),
        heads: Sequence[str] = (),
    ) -> int:
        """Show `data` (M, *shape) with values in `span`, in the table that `ImageTable.set_images` describes; returns
        how many of its values are not finite."""
        if data.ndim > 2:
            self.table.set_images(data, span, columns=columns, below=below, rows=rows, heads=heads)
            self.setCurrentWidget(self.table)
        elif data.shape[1] == 2:
            self._show_points(data, span, columns or len(data))
        else:
            self.profile.set_vectors(data, "decoded, one row a code", span)
            self.setCurrentWidget(self.profile)
        return int(np.count_nonzero(~np.isfinite(data)))

    def _show_points(self, data: npt.NDArray[Any], span: tuple[float, float], across: int) -> None:
        self.points.set_points(data)
        connect = np.ones(len(data), np.int32)
        connect[across - 1 :: across] = 0
        finite = np.isfinite(data).all(1)
        connect[~finite] = 0
        connect[:-1][~finite[1:]] = 0
        placed = np.where(finite[:, None], data, 0).astype(float)
        self.joined.setData(placed[:, 0], placed[:, 1], connect=connect, antialias=True)
        self.plane.set_titles("x₁ · decoded", "x₂")
        half = max(abs(span[0]), abs(span[1])) or 1.0
        self.plane.set_home(QRectF(-half, -half, 2 * half, 2 * half))
        self.setCurrentWidget(self.plane)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for page in (self.table, self.plane, self.profile):
            page.set_theme(theme)
        self.points.set_colours((), theme.generated)
        self.joined.setPen(curve_pen(self.plane, theme.muted, 1.5))
