"""The evidence lower bound below its first term; what lies between them is the KL."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.pens import blended
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot

Points = npt.NDArray[np.float64]
TINT = 0.3  # of the KL's colour in the ground
TERM = Curve("reconstruction", "E log p(x|z)", "reconstruction", negated=True, alone=True)
BOUND = Curve("elbo", "ELBO", "total", alone=True)
WEIGHTED = Curve("iwae", "IWAE", "muted", alone=True)
HELDOUT_TERM = Curve("heldout/reconstruction", "E log p held-out", "reconstruction", negated=True, sparse=True)
HELDOUT_BOUND = Curve(
    "heldout/elbo", "ELBO held-out", "total", negated=True, sparse=True, parts=("heldout/reconstruction", "heldout/kl")
)
BOUNDS = (TERM, HELDOUT_TERM, BOUND, HELDOUT_BOUND, WEIGHTED)


class _Band(pg.GraphicsObject):
    """The area between two curves over the same x, behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(-1)
        self.polygon = QPolygonF()
        self._colour = QColor(LIGHT.grid)

    def set_curves(self, x: Points, low: Points, high: Points) -> None:
        """Fill between `low` and `high` (N,) over `x` (N,)."""
        around = np.column_stack((np.concatenate((x, x[::-1])), np.concatenate((low, high[::-1]))))
        self.polygon = pg.functions.arrayToQPolygonF(*around.T) if len(x) > 1 else QPolygonF()
        self.update()

    def set_colour(self, colour: str) -> None:
        """Fill with `colour`."""
        self._colour = QColor(colour)
        self.update()

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pg.mkPen(None))
        painter.setBrush(self._colour)
        painter.drawPolygon(self.polygon)


class BoundPlot(TimeSeriesPlot):
    """Curves among `BOUNDS`. Where both are shown, the area between E_q[log p(x|z)] and ELBO = E_q[log p(x|z)] − KL has
    the KL's colour: its height is the KL. Smoothed curves stand alone: the scatter of mini-batches would cover it."""

    def __init__(self, name: str, y_title: str, parent: QWidget | None = None) -> None:
        self.band: _Band | None = None  # the base class renders before there is one
        super().__init__(name, y_title, parent=parent)
        self.band = _Band()
        self.box.addItem(self.band, ignoreBounds=True)
        self.set_theme(self.theme)

    def set_theme(self, theme: Theme) -> None:
        if self.band is not None:
            self.band.set_colour(blended(theme.kl, theme.background, TINT))
        super().set_theme(theme)

    def _render(self) -> None:
        super()._render()
        if self.band is not None:
            self.band.set_curves(*self._between())

    def _between(self) -> tuple[Points, Points, Points]:
        nothing = np.empty(0)
        shown = {curve.name for curve in self._shown()}
        if self._series is None or not {TERM.name, BOUND.name} <= shown:
            return nothing, nothing, nothing
        x, low = self.points(BOUND.name, smooth=True)
        _, high = self.points(TERM.name, smooth=True)
        if self.smoothing and len(low) == len(high):
            return x, low, high
        start, stop, cells = self.window()
        steps, means = self._series.grid((BOUND.name, TERM.name), start, stop, cells)
        factor = next(curve.factor for curve in self._curves if curve.name == BOUND.name)
        filled = ~np.isnan(means).any(0)
        return steps[filled], factor * means[0, filled], -factor * means[1, filled]
