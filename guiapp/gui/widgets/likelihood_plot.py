"""Estimates of log p(x) against the number of draws, with error bars."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.messages import Picture

WAYS: Final = ("importance", "prior")
ASIDE: Final = {"importance": -0.06, "prior": 0.06}  # in log2 K, so that error bars do not lie on each other
CAP = 0.08  # half-width of the ends of an error bar, in log2 K
EDGE = 0.7  # in log2 K, beside the first and the last
LEAST_HEIGHT = 190  # px, for the whole title of the upright axis
ROOM = 0.06  # of the height, above and below


class LikelihoodPlot(PlanePlot):
    """Two curves with error bars over K on a logarithmic axis, and the ELBO as a line. The wheel zooms, a double click
    fits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("log p(x) against the number of draws", parent)
        self.setMinimumSize(160, 110)
        self.curves = {way: pg.PlotCurveItem() for way in WAYS}
        self.bars = {way: pg.PlotCurveItem() for way in WAYS}
        self.elbo = pg.PlotCurveItem()
        self._picture: Picture = {}
        self._errors = "_error"
        self._hidden: frozenset[str] = frozenset()
        self._most = 0
        for item in (self.elbo, *self.bars.values(), *self.curves.values()):
            self.addItem(item, ignoreBounds=True)
        self._name_axes()
        self.getViewBox().sigResized.connect(self._name_axes)
        self.getAxis("left").setWidth(66)
        self.getPlotItem().layout.setContentsMargins(2, 7, 8, 2)
        add_export_actions(self, self._table)

    def show_picture(self, picture: Picture) -> None:
        """Show what the study "likelihood" has found so far."""
        self._picture = picture
        self._draw()

    def show_errors(self, ending: str) -> None:
        """Error bars over data and draws ("_error") or over draws alone ("_noise")."""
        self._errors = ending
        self._draw()

    def hide_curves(self, hidden: frozenset[str]) -> None:
        """Leave out some of "importance", "prior" and "elbo"; the range is that of the others."""
        self._hidden = hidden
        self._draw()

    def words(self, at: tuple[float, float]) -> str:
        """The values at the K nearest to the point `at`."""
        draws = self._picture.get("draws", ())
        if not len(draws):
            return ""
        i = int(np.clip(round(at[0]), 0, len(draws) - 1))
        parts = [f"K = {draws[i]:,}"]
        for way in WAYS:
            value, error = self._picture[way][i], self._picture[way + self._errors][i]
            parts.append(f"{way} {value:.2f} ± {error:.2g}")
        return " · ".join(parts).replace("-", "−")

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        colours = {"importance": theme.posterior, "prior": theme.prior}
        for way, colour in colours.items():
            self.curves[way].setPen(curve_pen(self, colour, 2))
            self.bars[way].setPen(curve_pen(self, colour, 1.5))
        pen = curve_pen(self, theme.total, 1.5)
        pen.setStyle(Qt.PenStyle.DashLine)
        self.elbo.setPen(pen)

    def _name_axes(self, _box: object = None) -> None:
        self.set_titles("draws K for each datum", "nats per datum" if self.height() > LEAST_HEIGHT else "nats")

    def _draw(self) -> None:
        picture, reached = self._picture, len(self._picture.get("draws", ()))
        spans: list[npt.NDArray[Any]] = []
        for way in WAYS:
            shown = reached > 0 and way not in self._hidden
            values = np.asarray(picture[way], float) if shown else np.empty(0)
            errors = np.asarray(picture[way + self._errors], float) if shown else np.empty(0)
            x = np.arange(len(values)) + ASIDE[way]
            good = np.isfinite(values)
            self.curves[way].setData(x[good], values[good], antialias=True)
            self.bars[way].setData(*_error_bars(x, values, errors), connect="pairs", antialias=True)
            spans += [values - np.nan_to_num(errors), values + np.nan_to_num(errors)]
        last = math.log2(max(1, int(picture.get("most", 1))))
        shown = reached > 0 and "elbo" not in self._hidden and bool(np.isfinite(picture["elbo"]))
        level = np.full(2, float(picture["elbo"])) if shown else np.empty(0)
        self.elbo.setData(np.array([-EDGE, last + EDGE])[: len(level)], level)
        self._set_range(np.concatenate([*spans, level]), round(last))

    def _set_range(self, values: npt.NDArray[Any], last: int) -> None:
        values = values[np.isfinite(values)]
        if last != self._most:
            self._most = last
            every = max(1, math.ceil((last + 1) / 8))
            self.getAxis("bottom").setTicks([[(float(i), f"{2**i:,}") for i in range(0, last + 1, every)]])
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        room = ROOM * (high - low) or 1.0
        self.set_home(QRectF(-EDGE, low - room, last + 2 * EDGE, high - low + 2 * room), square=False)

    def _table(self) -> Table:
        names = [way + ending for way in WAYS for ending in ("", "_error", "_noise", "_effective")]
        if not len(self._picture.get("draws", ())):
            return ("K", *names), np.empty((0, 1 + len(names)))
        return ("K", *names), np.column_stack([self._picture["draws"], *(self._picture[name] for name in names)])


def _error_bars(
    x: npt.NDArray[Any], values: npt.NDArray[Any], errors: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Pairs of points: of each bar the bar itself and its two ends."""
    good = np.isfinite(values) & np.isfinite(errors)
    x, low, high = x[good], (values - errors)[good], (values + errors)[good]
    across = np.stack([x, x, x - CAP, x + CAP, x - CAP, x + CAP], 1)
    up = np.stack([low, high, low, low, high, high], 1)
    return across.ravel(), up.ravel()
