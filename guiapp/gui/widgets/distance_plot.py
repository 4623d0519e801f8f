"""How far samples, and held-out data, lie from the training data: two histograms on one axis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

BINS = 32
ROOM = 1.06  # of the highest bar

Doubles = npt.NDArray[np.float64]


class DistancePlot(PlanePlot):
    """Shares of `samples` (N,) and of `heldout` (H,) in equal bins from 0 to the largest distance, and a dashed line
    below which a sample is taken for a copy. The wheel zooms, a double click fits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Distances to the nearest training datum", parent)
        self.setMinimumSize(120, 90)
        self.curves = {name: pg.PlotCurveItem() for name in ("heldout", "samples")}
        self.line = pg.InfiniteLine(angle=90)
        self.addItem(self.line, ignoreBounds=True)
        for curve in self.curves.values():
            self.addItem(curve, ignoreBounds=True)
        self.edges = np.linspace(0, 1, BINS + 1)
        self.shares = {name: np.zeros(BINS) for name in self.curves}
        self.set_titles("distance to the nearest training datum", "share of the data")
        self.getAxis("left").setWidth(66)
        add_export_actions(self, self._table)

    def show_distances(self, samples: Doubles, heldout: Doubles, copy: float) -> None:
        """Show both histograms; values that are no numbers are in neither. `copy`: where the dashed line stands, NaN
        for nowhere."""
        both = np.concatenate([samples, heldout])
        both = both[np.isfinite(both)]
        farthest = max(float(both.max(initial=0.0)), 1e-6)
        self.edges = np.linspace(0, farthest, BINS + 1)
        for name, values in (("samples", samples), ("heldout", heldout)):
            values = values[np.isfinite(values)]
            self.shares[name] = np.histogram(values, self.edges)[0] / max(len(values), 1)
            self.curves[name].setData(self.edges, self.shares[name], stepMode="center")
        self.line.setVisible(bool(np.isfinite(copy)))
        if np.isfinite(copy):
            self.line.setValue(copy)
        highest = max(float(shares.max()) for shares in self.shares.values()) or 1.0
        self.set_home(QRectF(0, 0, farthest, ROOM * highest), square=False)

    def words(self, at: tuple[float, float]) -> str:
        """The shares in the bin at the point `at`."""
        i = int(np.searchsorted(self.edges, at[0], "right")) - 1
        if not 0 <= i < BINS:
            return ""
        span = f"distance {self.edges[i]:.3g} to {self.edges[i + 1]:.3g}"
        return (
            f"{span} · {self.shares['samples'][i]:.0%} of the samples · {self.shares['heldout'][i]:.0%} of the held-out"
        )

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for name, colour in (("heldout", theme.real), ("samples", theme.generated)):
            faint = QColor(colour)
            faint.setAlphaF(0.22)
            self.curves[name].setPen(curve_pen(self, colour, 2))
            self.curves[name].setBrush(faint)
            self.curves[name].setFillLevel(0)
        self.line.setPen(pg.mkPen(theme.bad, width=self.devicePixelRatioF(), style=Qt.PenStyle.DashLine))

    def _table(self) -> Table:
        columns = [self.edges[:-1], self.edges[1:], self.shares["samples"], self.shares["heldout"]]
        return ("from", "to", "samples", "held-out"), np.column_stack(columns)
