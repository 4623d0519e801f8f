"""Two dimensions of the latent space in which a person points at codes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.handle_plane import HandlePlane
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_shapes import ellipses
from guiapp.gui.widgets.point_cloud import PointCloudItem

EDGE = 1.15  # of the reach: a handle at its end is seen whole
PADDING_PX = 4.0  # that pyqtgraph leaves around a text
SPARSE = 0.02  # a drawn way is noted where it has gone so far


class LatentPlane(HandlePlane):
    """The prior's contours (1σ, 2σ, 3σ; the square of a uniform one; the density for Z = 1), the codes of data faintly
    behind, handles, and the way between them. `sketched` gives the points (P, 2) of a way that is being drawn."""

    sketched = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Plane of the latent space", parent)
        self.cloud = PointCloudItem(size=4.0, alpha=0.4)
        self.prior, self.line = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.stops = PointCloudItem(size=6.0, alpha=1.0)
        self._note = pg.TextItem("", anchor=(0.5, 1))
        self._sketching = False
        self._sketch: list[tuple[float, float]] | None = None
        self._law: tuple[int, bool] | None = None
        self._words = ("", "")  # of the note, whole and short
        for item in (self.cloud, self.prior, self.line, self.stops, self._note):
            self.addItem(item, ignoreBounds=True)
        self.getViewBox().sigRangeChanged.connect(self._fit_note)  # comes with a new size too

    def set_space(self, size: int, uniform: bool, reach: float) -> None:
        """Show a latent space of `size` dimensions up to ±`reach` under its prior."""
        if (size, uniform) == self._law:
            return
        self._law = (size, uniform)
        if size == 1:
            x = np.linspace(-1.15 * reach, 1.15 * reach, 201)
            y = np.where(np.abs(x) <= 1, 0.5, 0.0) if uniform else np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
            self.prior.setData(x, y, connect="all", antialias=True)
            self.set_home(QRectF(-1.1 * reach, -0.12, 2.2 * reach, 0.7), square=False)
            self._say("p(z)", "", (0.0, float(y.max())))
        elif uniform:
            self.prior.setData([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], connect="all")
            self.set_home(QRectF(-EDGE, -EDGE, 2 * EDGE, 2 * EDGE))
            self._say("uniform prior", "", (0.0, 1.0))
        else:
            radii = np.repeat([[1.0], [2.0], [3.0]], 2, 1)
            x, y, connect = ellipses(np.zeros((3, 2)), radii, 120)
            self.prior.setData(x, y, connect=connect, antialias=True)
            self.set_home(QRectF(-EDGE * reach, -EDGE * reach, 2 * EDGE * reach, 2 * EDGE * reach))
            self._say("1σ, 2σ, 3σ of the prior", "3σ", (0.0, 3.0))
        self.fit()

    def set_axes(self, size: int, axes: tuple[int, int]) -> None:
        """Name the dimensions shown, counted from 0."""
        names = ("z" + str(axis + 1).translate(SUBSCRIPTS) for axis in axes)
        self.set_titles(*(("z", "density of the prior") if size == 1 else names))

    def set_way(self, points: npt.NDArray[Any], curve: npt.NDArray[Any]) -> None:
        """Mark the stops `points` (N, 2) on the line `curve` (P, 2)."""
        self.stops.set_points(points)
        self.line.setData(curve[:, 0], curve[:, 1], antialias=True)

    def set_sketching(self, on: bool) -> None:
        """Whether dragging on the plane draws a way rather than moving the range."""
        self._sketching = on
        self.viewport().setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.cloud.set_colours(theme.classes, theme.posterior)
        self.stops.set_colours((), theme.ink)
        self.prior.setPen(curve_pen(self, theme.prior, 1.5))
        self.line.setPen(curve_pen(self, theme.ink, 1.5))
        self._note.setColor(theme.muted)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._sketching and event.button() == Qt.MouseButton.LeftButton and self._sketch_at(event, []):
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._sketch is None:
            super().mouseMoveEvent(event)
        else:
            self._sketch_at(event, self._sketch)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._sketch is None:
            super().mouseReleaseEvent(event)
        self._sketch = None

    def _sketch_at(self, event: QMouseEvent, sketch: list[tuple[float, float]]) -> bool:
        """Add the place of the pointer to `sketch`; False where that is beside the plane and nothing was begun."""
        box, at = self.getViewBox(), self.mapToScene(event.position().toPoint())
        if not sketch and not box.sceneBoundingRect().contains(at):
            return False
        x, y = box.mapSceneToView(at).toTuple()
        if not sketch or math.dist(sketch[-1], (x, y)) >= SPARSE:
            sketch.append((x, y))
            self.sketched.emit(np.array(sketch))
        self._sketch = sketch
        return True

    def _say(self, note: str, short: str, at: tuple[float, float]) -> None:
        self._words = (note, short)
        self._note.setPos(*at)
        self._fit_note()

    def _fit_note(self, *_: object) -> None:
        """Put the note above its place, in short or not at all where there is no room for it."""
        box, at = self.getViewBox(), self._note.pos()
        metrics = QFontMetricsF(self._note.textItem.font())
        above = (box.viewRect().bottom() - at.y()) / (box.viewPixelSize()[1] or 1.0)  # y grows upwards in a plot
        fitting = (words for words in self._words if metrics.horizontalAdvance(words) + 2 * PADDING_PX <= box.width())
        words = next(fitting, "") if above >= metrics.height() else ""
        if words != self._note.toPlainText():
            self._note.setText(words)
