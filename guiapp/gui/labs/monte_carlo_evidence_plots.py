"""The charts of the estimates of p(x) in the Monte Carlo lab, all against the dimension."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from guiapp.gui.labs.monte_carlo_chart import Chart, Ribbon, dashed_pen, power, short, span
from guiapp.gui.labs.monte_carlo_compute import DIMENSION_RANGE, EVERY, Evidence
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table

SIDE_BY_SIDE_PX: Final = 520
DIMENSIONS: Final = (0.0, 51.0)
LEAST_SIZE: Final = -2.0  # log10 draws: what is to be expected may be far less, and is said in words


class EstimateChart(Chart):
    """log p̂(x) - log p(x) against d: mean, and from 10 % to 90 % of the estimates. `moved` gives d."""

    def __init__(self) -> None:
        tip = (
            "Lines: mean of log p̂(x). Bands: 10 % to 90 % of the estimates. Dashed: the exact log p(x). Drag the dot: d"
        )
        super().__init__("log p̂(x) − log p(x) against the dimension", "dimension d", "nats", tip)
        self.prior, self.q = Ribbon(self, 1), Ribbon(self, 3)
        self.truth = self.level()
        self.truth.setPos(0.0)
        self.add_grip("Drag: dimension d of z and x")
        self._result: Evidence | None = None

    def draw(self, result: Evidence) -> None:
        """Show the estimates of `result`."""
        self._result = result
        x = result.dimensions.astype(float)
        for ribbon, found in ((self.prior, result.prior), (self.q, result.q)):
            ribbon.set_curves(x, found.low, found.high, found.mean)
        low, high = min(result.prior.low.min(), result.q.low.min()), max(result.prior.high.max(), result.q.high.max())
        self.show_ranges(DIMENSIONS, float(min(low, -0.01)), float(max(high, 0.01)))
        self.place(float(result.params.dimension))
        here = result.here
        values = f"prior {signed(result.prior.mean[here])}, q {signed(result.q.mean[here])} nats"
        self.header.set_parts("log p̂(x) − log p(x)", values, f"d = {result.params.dimension}, grey: prior, blue: q")
        groups = f"means over {result.groups} estimates of K = {result.params.draws:,} draws"
        self.status.set_text(f"log p(x) = {short(result.evidence, 5)} nats · {groups}")

    def table(self) -> Table:
        names = ("mean", "10 %", "90 %", "standard error", "effective sample size")
        titles = ("d", *(f"{name} {way}" for way in ("prior", "q") for name in names))
        if self._result is None:
            return titles, np.empty((0, len(titles)))
        return titles, np.column_stack([self._result.dimensions, *self._result.prior, *self._result.q])

    def told(self, x: float) -> str:
        r = self._result
        if r is None or not DIMENSION_RANGE[0] - 0.5 <= x <= DIMENSION_RANGE[1] + 0.5:
            return ""
        at = int(np.argmin(np.abs(r.dimensions - x)))
        return f"d = {r.dimensions[at]}: prior {signed(r.prior.mean[at])}, q {signed(r.q.mean[at])} nats"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.prior.set_colours(theme.muted)
        self.q.set_colours(theme.posterior)
        self.truth.setPen(dashed_pen(self, theme.ink))


class SpreadChart(Chart):
    """The relative variance of one weight against d, exact, on a logarithmic axis."""

    def __init__(self) -> None:
        tip = "Var[w]/E[w]² of one weight, exact. Times 100 it is the number of draws for an error of 10 %"
        super().__init__("relative variance of a weight against the dimension", "dimension d", "log₁₀ variance", tip)
        self.prior, self.q = self.curve(2), self.curve(3)
        self._result: Evidence | None = None

    def draw(self, result: Evidence) -> None:
        """Show the variances of `result`."""
        self._result = result
        both = np.stack([result.prior_spread, result.q_spread])
        self.prior.setData(EVERY.astype(float), result.prior_spread)
        self.q.setData(EVERY.astype(float), result.q_spread)
        self.show_ranges(DIMENSIONS, *span(both[np.isfinite(both)], 40.0))
        self.place(float(result.params.dimension))
        at = result.params.dimension - 1
        values = f"prior {power(result.prior_spread[at])}, q {power(result.q_spread[at])}"
        self.header.set_parts("Var[w]/E[w]²", values, f"d = {at + 1}")
        prior, q = (max(spread[at] + 2, 0.0) if np.isfinite(spread[at]) else 0.0 for spread in both)
        self.status.set_text(f"K for an error of 10 %: prior {power(prior)}, q {power(q)}")

    def table(self) -> Table:
        titles = ("d", "log10 prior", "log10 q")
        if self._result is None:
            return titles, np.empty((0, 3))
        return titles, np.column_stack([EVERY, self._result.prior_spread, self._result.q_spread])

    def told(self, x: float) -> str:
        r, d = self._result, round(x)
        if r is None or not 1 <= d <= len(EVERY):
            return ""
        return f"d = {d}: prior {power(r.prior_spread[d - 1])}, q {power(r.q_spread[d - 1])}"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.prior.setPen(curve_pen(self, theme.muted, 1.8))
        self.q.setPen(curve_pen(self, theme.posterior, 1.8))


class SizeChart(Chart):
    """The effective sample size of K draws against d, on a logarithmic axis; dashed: K/(1 + Var[w]/E[w]²)."""

    def __init__(self) -> None:
        tip = "Lines: (Σw)²/Σw² of K draws, never below 1. Dashed: K/(1 + Var[w]/E[w]²), which the draws cannot see"
        super().__init__("effective sample size against the dimension", "dimension d", "log₁₀ draws", tip)
        self.prior, self.q = self.curve(3), self.curve(4)
        self.prior_expected, self.q_expected = self.curve(1), self.curve(2)
        self._result: Evidence | None = None

    def draw(self, result: Evidence) -> None:
        """Show the sizes of `result`."""
        self._result = result
        x, every = result.dimensions.astype(float), EVERY.astype(float)
        self.prior.setData(x, np.log10(result.prior.effective))
        self.q.setData(x, np.log10(result.q.effective))
        self.prior_expected.setData(every, result.expected_size(result.prior_spread))
        self.q_expected.setData(every, result.expected_size(result.q_spread))
        self.show_ranges(DIMENSIONS, LEAST_SIZE, max(math.log10(result.params.draws), 0.5))
        self.place(float(result.params.dimension))
        here = result.here
        sizes = f"prior {short(result.prior.effective[here], 3)}, q {short(result.q.effective[here], 3)}"
        self.header.set_parts("Effective sample size", sizes, f"of {result.params.draws:,}")
        at = result.params.dimension - 1
        prior, q = (result.expected_size(s)[at] for s in (result.prior_spread, result.q_spread))
        self.status.set_text(f"K/(1 + Var[w]/E[w]²): prior {power(prior)}, q {power(q)}")

    def table(self) -> Table:
        titles = ("d", "prior", "q", "expected prior", "expected q")
        r = self._result
        if r is None:
            return titles, np.empty((0, 5))
        expected = [10 ** r.expected_size(s)[r.dimensions - 1] for s in (r.prior_spread, r.q_spread)]
        return titles, np.column_stack([r.dimensions, r.prior.effective, r.q.effective, *expected])

    def told(self, x: float) -> str:
        r = self._result
        if r is None or not DIMENSION_RANGE[0] - 0.5 <= x <= DIMENSION_RANGE[1] + 0.5:
            return ""
        at = int(np.argmin(np.abs(r.dimensions - x)))
        return f"d = {r.dimensions[at]}: prior {short(r.prior.effective[at], 3)}, q {short(r.q.effective[at], 3)}"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for curve, expected, colour in (
            (self.prior, self.prior_expected, theme.muted),
            (self.q, self.q_expected, theme.posterior),
        ):
            curve.setPen(curve_pen(self, colour, 1.8))
            expected.setPen(dashed_pen(self, colour, 1.3))


class EvidencePage(QWidget):
    """The estimates above, variance and effective sample size below, beside each other where there is room. `moved`:
    d, and whether the drag has ended."""

    moved = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.estimate, self.spread, self.size_chart = EstimateChart(), SpreadChart(), SizeChart()
        lower = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, lower)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        for chart in (self.spread, self.size_chart):
            self._row.addWidget(chart, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.estimate, lower):
            layout.addWidget(widget, 1)
        self.estimate.moved.connect(self._move)

    def draw(self, result: Evidence) -> None:
        """Show `result`."""
        for chart in (self.estimate, self.spread, self.size_chart):
            chart.draw(result)

    def set_theme(self, theme: Theme) -> None:
        for chart in (self.estimate, self.spread, self.size_chart):
            chart.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= SIDE_BY_SIDE_PX
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)

    def _move(self, place: float, done: bool) -> None:
        self.moved.emit(round(min(max(place, DIMENSION_RANGE[0]), DIMENSION_RANGE[1])), done)


def signed(value: float) -> str:
    """With its sign, to a thousandth, and no more than four digits."""
    if abs(value) < 5e-4:
        return "0.000"
    return f"{value:+.3f}".replace("-", "−") if abs(value) < 10 else f"{value:+.4g}".replace("-", "−")
