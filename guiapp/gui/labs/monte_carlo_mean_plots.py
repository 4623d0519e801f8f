"""The charts of a running mean in the Monte Carlo lab: the mean with its band, and the errors of many runs."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from guiapp.gui.labs.monte_carlo_chart import Chart, Ribbon, dashed_pen, decade_ticks, decades, short, span
from guiapp.gui.labs.monte_carlo_compute import COUNT_RANGE, REPEATS, Expectation
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plot_menu import Table
from guiapp.theory.monte_carlo import BAND

WHOLE: Final = (-0.08, 5.3)  # of log10 n
SETTLED_AT: Final = 10  # draws, from which on the range of the running mean has to show it
FAINT: Final = 0.22  # of a colour in the ground


class RunningChart(Chart):
    """f̂ of the first run against n, with a band of ± 1.96 standard errors; dashed: E[f]. `moved` gives log10 n."""

    def __init__(self) -> None:
        tip = "Line: mean of f over the first n draws. Band: ± 1.96 standard errors. Dashed: exact. Drag the dot: n"
        super().__init__("running mean against n", "n draws", "mean of f", tip)
        self.plot.getAxis("bottom").setTicks(decade_ticks(0, 5))
        self.ribbon = Ribbon(self, 2)
        self.truth = self.level()
        self.add_grip("Drag: number n of draws")
        self._result: Expectation | None = None

    def draw(self, result: Expectation) -> None:
        """Show the first run of `result`."""
        self._result = result
        running, x = result.running, np.log10(result.path)
        half = BAND * running.error
        finite = np.isfinite(running.mean)
        self.ribbon.set_curves(x, running.mean - half, running.mean + half, np.where(finite, running.mean, np.nan))
        has_mean = result.moments.has_mean
        self.truth.setVisible(has_mean)
        if has_mean:
            self.truth.setPos(result.reference)
        seen = finite & (result.path >= SETTLED_AT)
        ends = [running.mean[seen] - half[seen], running.mean[seen] + half[seen]] if has_mean else [running.mean[seen]]
        heights = np.concatenate([*ends, [result.reference]])
        heights = heights[np.isfinite(heights)]
        self.show_ranges(WHOLE, *((float(heights.min()), float(heights.max())) if len(heights) else (-1.0, 1.0)))
        self.place(math.log10(result.params.count))
        self._tell(result)

    def table(self) -> Table:
        titles = ("n", "mean", "standard error", "E[f]")
        if self._result is None:
            return titles, np.empty((0, 4))
        r = self._result
        return titles, np.column_stack([r.path, *r.running, np.full(len(r.path), r.moments.mean)])

    def told(self, x: float) -> str:
        r = self._result
        if r is None or r.problem or not 0 <= x <= math.log10(r.path[-1]):
            return ""
        at = int(np.argmin(np.abs(np.log10(r.path) - x)))
        return f"n = {r.path[at]:,}: {short(r.running.mean[at])} ± {short(BAND * r.running.error[at], 2)}"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.ribbon.set_colours(theme.posterior)
        self.truth.setPen(dashed_pen(self, theme.ink))

    def _tell(self, r: Expectation) -> None:
        if r.problem:
            self.header.set_parts("Running mean", "", "")
            self.status.set_text("The mean of f over the draws appears here once f can be computed on this law.")
            return
        last = r.last
        exact = f"E[f] = {short(r.moments.mean, 6)}" if r.moments.has_mean else "E[f] does not exist"
        values = f"{short(float(last.mean))} ± {short(BAND * float(last.error), 2)}"
        self.header.set_parts("Running mean", values, f"{exact} · n = {r.params.count:,}")
        self.status.set_text(_verdict(r))


class ErrorChart(Chart):
    """|f̂ - E[f]| of every run against n on two logarithmic axes, and their root mean square; dashed: sd(f)/√n."""

    def __init__(self) -> None:
        tip = f"Faint: {REPEATS} runs. Thick: what is typical of them. Dashed: sd(f)/√n, which falls with slope −½"
        super().__init__("error against n", "n draws", "log₁₀ |mean − E[f]|", tip)
        self.plot.getAxis("bottom").setTicks(decade_ticks(0, 5))
        self.runs, self.typical, self.expected = self.curve(1), self.curve(4), self.curve(3)
        self.runs.opts["antialias"] = False
        self._result: Expectation | None = None

    def draw(self, result: Expectation) -> None:
        """Show the errors of `result`."""
        self._result = result
        x, heights = np.log10(result.n), decades(result.errors)
        gap = np.full((len(heights), 1), np.nan)
        self.runs.setData(np.tile(np.append(x, np.nan), len(heights)), np.hstack([heights, gap]).ravel())
        typical = decades(result.typical)
        self.typical.setData(x, typical)
        straight = np.empty(0)
        if result.moments.has_variance and result.moments.deviation > 0:
            straight = math.log10(result.moments.deviation) - 0.5 * np.array(WHOLE)
        self.expected.setData(np.array(WHOLE)[: len(straight)], straight)
        middle = np.quantile(heights[np.isfinite(heights)], (0.1, 0.9)) if np.isfinite(heights).any() else straight
        seen = np.concatenate([typical[np.isfinite(typical)], straight, middle])
        self.show_ranges(WHOLE, *span(seen))
        self.place(math.log10(result.n[-1]) if len(result.n) else 0.0)
        self._tell(result)

    def table(self) -> Table:
        titles = ("n", "typical error", *(f"run {run + 1}" for run in range(REPEATS)))
        if self._result is None or self._result.problem:
            return titles, np.empty((0, len(titles)))
        return titles, np.column_stack([self._result.n, self._result.typical, self._result.errors.T])

    def told(self, x: float) -> str:
        r = self._result
        if r is None or r.problem or not 0 <= x <= math.log10(r.n[-1]):
            return ""
        at = int(np.argmin(np.abs(np.log10(r.n) - x)))
        return f"n = {r.n[at]:,}: {_typical(r)} {short(r.typical[at], 3)}"

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.runs.setPen(curve_pen(self, blended(theme.posterior, theme.background, FAINT), 1))
        self.typical.setPen(curve_pen(self, theme.discriminator, 2.2))
        self.expected.setPen(dashed_pen(self, theme.ink))

    def _tell(self, r: Expectation) -> None:
        if r.problem:
            self.header.set_parts("Error", "", "")
            self.status.set_text("The errors of 100 runs appear here once f can be computed on this law.")
            return
        wanted = "expected −0.5" if r.moments.has_variance else "no −½: f has no variance"
        self.header.set_parts("Error", f"slope {short(r.slope, 2)}", wanted)
        against = "E[f]" if r.moments.has_mean else "their median"
        parts = [f"{REPEATS} runs of {r.n[-1]:,}", f"{_typical(r)} {short(r.typical[-1], 3)} from {against}"]
        if math.isfinite(r.covered):
            parts.append(f"the band holds E[f] in {100 * r.covered:.0f} of {REPEATS}")
        self.status.set_text(" · ".join(parts))


class ExpectationPage(QWidget):
    """Running mean above errors. `moved`: n, and whether the drag has ended."""

    moved = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.running, self.error, self.warning = RunningChart(), ErrorChart(), QLabel()
        self.warning.setWordWrap(True)
        self.warning.setContentsMargins(8, 2, 8, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self.warning, 0), (self.running, 1), (self.error, 1)):
            layout.addWidget(widget, stretch)
        self.running.moved.connect(self._move)

    def draw(self, result: Expectation) -> None:
        """Show `result`."""
        self.running.draw(result)
        self.error.draw(result)
        text = _warning(result)
        self.warning.setText(text)
        self.warning.setVisible(bool(text))

    def set_theme(self, theme: Theme) -> None:
        for chart in (self.running, self.error):
            chart.set_theme(theme)
        self.warning.setStyleSheet(f"color: {theme.bad};")

    def _move(self, place: float, done: bool) -> None:
        self.moved.emit(round(min(max(10 ** min(place, 6.0), COUNT_RANGE[0]), COUNT_RANGE[1])), done)


def _typical(r: Expectation) -> str:
    return "root mean square error" if r.moments.has_variance else "median error"


def _verdict(r: Expectation) -> str:
    """What the law of large numbers and the central limit theorem say here."""
    n = r.params.count
    if not r.moments.has_mean:
        return f"No mean: after {n:,} draws it is as scattered as after one"
    if not r.moments.has_variance:
        return "It converges, but slower than 1/√n · the band knows nothing of the draws still to come"
    deviation = r.moments.deviation
    error = f"sd(f) = {short(deviation)}, so sd(f)/√n = {short(deviation / math.sqrt(n), 3)}"
    return f"{error} · four times the draws halve it"


def _warning(r: Expectation) -> str:
    if r.problem:
        return ""  # it is said at the field of f
    if not r.moments.has_mean:
        return (
            "E|f| is infinite or too large to be found: there is nothing to converge to. The band and the slope "
            "−½ rest on the central limit theorem, which does not hold here."
        )
    if not r.moments.has_variance:
        return (
            "E[f] exists, but E[f²] is infinite: a rare huge draw moves the mean now and then. The band is too narrow, "
            "and the error falls slower than 1/√n."
        )
    return ""
