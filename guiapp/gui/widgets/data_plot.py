"""Data of any shape that a model may learn, as what fits: images, points in the plane, or vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QStackedWidget, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.image_grid import ImageGrid
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.point_cloud import PointCloudItem
from guiapp.gui.widgets.profile_plot import ProfilePlot

Array = npt.NDArray[Any]


def shape_kind(data: Array) -> str:
    """ "images" for (M, H, W) and (M, H, W, 3), "points" for (M, 2), else "vectors"."""
    if data.ndim > 2:
        return "images"
    return "points" if data.ndim == 2 and data.shape[1] == 2 else "vectors"


class DataPlot(QStackedWidget):
    """One array of data, and where it helps a second one to compare it with: behind the points, below each image."""

    def __init__(self, name: str, front: str, back: str, parent: QWidget | None = None) -> None:
        """`front` and `back` are the fields of the theme that colour the points of the two arrays."""
        super().__init__(parent)
        self.grid, self.plane, self.profile = ImageGrid(name), PlanePlot(name), ProfilePlot(name)
        self.front, self.back, self.links = PointCloudItem(), PointCloudItem(alpha=0.5), pg.PlotCurveItem()
        self._colours = (front, back)
        for item in (self.links, self.back, self.front):
            self.plane.addItem(item, ignoreBounds=True)
        add_export_actions(self.plane, self._table)
        for page in (self.grid, self.plane, self.profile):
            self.addWidget(page)

    def show_images(
        self,
        images: Array,
        caption: str,
        grey: tuple[float, float],
        *,
        below: Sequence[Array] = (),
        labels: Sequence[str] = (),
        noun: str = "image",
    ) -> None:
        """Show `images` (M, H, W) or (M, H, W, 3), with those of each array of `below` under them."""
        self.grid.set_images(images, caption, below=below, labels=labels, grey=grey, noun=noun)
        self.setCurrentWidget(self.grid)

    def show_points(self, front: Array, back: Array, caption: str, extent: float, linked: bool = False) -> None:
        """Show points (M, 2) over others in the square [-extent, extent]²; `linked` joins each to its partner."""
        if linked:
            pairs = np.stack([back, front], 1)  # (M, 2 ends, 2)
            pairs = pairs[np.isfinite(pairs).all((1, 2))].reshape(-1, 2).astype(float)
            self.links.setData(pairs[:, 0], pairs[:, 1], connect="pairs")
        else:
            self.links.setData([], [])
        self.front.set_points(front)
        self.back.set_points(back)
        self.plane.set_titles(f"x₁ · {caption}", "x₂")
        self.plane.set_home(QRectF(-extent, -extent, 2 * extent, 2 * extent))
        self.setCurrentWidget(self.plane)

    def show_vectors(self, vectors: Array, caption: str, colours: tuple[float, float]) -> None:
        """Show `vectors` (M, D) as rows."""
        self.profile.set_vectors(vectors.reshape(len(vectors), -1), caption, colours)
        self.setCurrentWidget(self.profile)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for page in (self.grid, self.plane, self.profile):
            page.set_theme(theme)
        self.links.setPen(pg.mkPen(theme.muted, width=1))
        for cloud, colour in ((self.front, self._colours[0]), (self.back, self._colours[1])):
            cloud.set_colours((), getattr(theme, colour))

    def _table(self) -> Table:
        which = [np.full(len(cloud.points), number) for number, cloud in enumerate((self.back, self.front))]
        points = np.concatenate([self.back.points, self.front.points])
        return ("x1", "x2", self._colours[0]), np.column_stack([points, np.concatenate(which)])
