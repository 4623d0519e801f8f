"""The two plots of the KL lab: the densities with their grips, and below them the integrand shaded by its sign."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from guiapp.gui.labs import kl_ranges as ranges
from guiapp.gui.labs.grips import SpanGrips
from guiapp.gui.labs.kl_compute import DEVIATION_RANGE, MEAN_RANGE, Params, Result, significant
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

# Of the peak: the ends of p's bar lie on its curve (e^-½), those of q's below, so that equal ones can both be gripped.
BAR_AT: Final = {"p": 0.607, "q": 0.34}


class KlPlots(QWidget):
    """Draws a `Result`. A person drags the grips (`moved`); ranges are fitted at rest, and kept during a drag as long
    as both densities can be seen."""

    moved = Signal(str, float, float, bool)  # "p" or "q", μ, σ, whether the drag has ended

    def __init__(self) -> None:
        super().__init__()
        self._result: Result | None = None
        self._chosen = False  # a person has zoomed or panned
        self.density = DensityPlot("densities of p and q", "", "density (1 / unit of x)")
        self.integrand = DensityPlot("integrand of the divergence", "x", "nats / unit of x")
        self.integrand.setXLink(self.density)
        self.density.getAxis("bottom").setStyle(showValues=False)
        self.density.add_area("q")
        self.density.add_area("p")
        self.integrand.add_area("f", split=True)
        self.grips = {"q": SpanGrips("q", self.density, 10), "p": SpanGrips("p", self.density, 20)}
        self.top, self.bottom = _caption(), _caption()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget, stretch in ((self.top, 0), (self.density, 5), (self.bottom, 0), (self.integrand, 4)):
            layout.addWidget(widget, stretch)
        for plot in (self.density, self.integrand):
            plot.hovered.connect(self._point_at)
            plot.fit_asked.connect(self.fit)
            plot.range_chosen.connect(self._range_chosen)
            add_export_actions(plot, self.table)
        self.density.getViewBox().sigResized.connect(lambda _: self._place_grips())
        for name, grips in self.grips.items():
            grips.moved.connect(lambda mu, sigma, done, name=name: self._dragged(name, mu, sigma, done))

    def draw(self, result: Result, done: bool) -> None:
        """Show `result`; `done` False keeps the ranges still while they serve."""
        self._result = result
        self._arrange(done)
        self.density.areas["p"].set_curve(result.x, result.p)
        self.density.areas["q"].set_curve(result.x, result.q)
        self.integrand.areas["f"].set_curve(result.x, result.f)
        self._place_grips()
        self._write(None)

    def fit(self) -> None:
        """Show both densities out to 4 standard deviations and all of the integrand."""
        self._chosen = False
        if self._result:
            self._arrange(True)
            self._place_grips()
            self._write(None)

    def table(self) -> Table:
        """The curves as columns, for a file."""
        if self._result is None:
            return ("x", "p", "q", "integrand"), np.empty((0, 4))
        r = self._result
        return ("x", "p", "q", f"integrand {r.params.direction}"), np.column_stack([r.x, r.p, r.q, r.f])

    def set_theme(self, theme: Theme) -> None:
        for plot in (self.density, self.integrand):
            plot.set_theme(theme)
        self.density.areas["p"].set_colours(theme.posterior, _faint(theme.posterior, 80))
        self.density.areas["q"].set_colours(theme.prior, _faint(theme.prior, 70))
        below = negative(theme)
        self.integrand.areas["f"].set_colours(theme.ink, _faint(theme.kl, 170), _faint(below, 170))
        self.grips["p"].set_colours(theme.posterior, theme.background)
        self.grips["q"].set_colours(theme.prior, theme.background)
        self._colours = {"p": theme.posterior, "q": theme.prior, "+": theme.kl, "-": below}
        self._write(None)

    def _arrange(self, done: bool) -> None:
        """Set the ranges anew where it is time: at rest, or when something has left the view."""
        assert self._result is not None
        params = self._result.params
        x, y = self.density.ranges()
        _, f = self.integrand.ranges()
        fits = (ranges.fit_x(params), ranges.fit_density(params), ranges.fit_integrand(self._result))
        still = (ranges.still_x(params, x), ranges.still_y(fits[1], y), ranges.still_y(fits[2], f))
        if self._chosen and all(still[:1]):
            return
        self._chosen = False
        room = 0.0 if done else 0.25
        new_x, new_y, new_f = (
            ranges.roomier(fit, room) if done or not kept else shown
            for fit, kept, shown in zip(fits, still, (x, y, f), strict=True)
        )
        if (new_x, new_y) != (x, y):
            self.density.set_ranges(new_x, new_y)
        if new_f != f or new_x != x:
            self.integrand.set_ranges(new_x, new_f)

    def _place_grips(self) -> None:
        if self._result is None:
            return
        params = self._result.params
        _, (_, top) = self.density.ranges()
        for name, mu, sigma in (("p", params.mu1, params.sigma1), ("q", params.mu2, params.sigma2)):
            height = min(ranges.peak(sigma), top) * BAR_AT[name]
            self.grips[name].place(mu, sigma, height)

    def _dragged(self, name: str, mu: float, sigma: float, done: bool) -> None:
        mu = min(max(round(mu, 3), MEAN_RANGE[0]), MEAN_RANGE[1])
        sigma = min(max(float(f"{sigma:.4g}"), DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        self.moved.emit(name, mu, sigma, done)

    def _range_chosen(self) -> None:
        self._chosen = True
        self._place_grips()

    def _point_at(self, x: float | None) -> None:
        for plot in (self.density, self.integrand):
            plot.point_at(x)
        self._write(x)

    def _write(self, x: float | None) -> None:
        r = self._result
        if r is None:
            return
        p, q, plus, minus = (self._colours[key] for key in "pq+-")
        one, two = r.params, ("p", "q") if r.params.direction == "forward" else ("q", "p")
        product = f"{two[0]} log({two[0]}/{two[1]})"
        if x is None:
            self.top.setText(
                f"<span style='color:{p}'>■ p = N({_short(one.mu1)}, {_short(one.sigma1)}²)</span> &nbsp; "
                f"<span style='color:{q}'>■ q = N({_short(one.mu2)}, {_short(one.sigma2)}²)</span>{self._cut(one)}"
            )
            lost = significant(r.negative) if r.negative > 1e-9 * r.positive else "0"
            self.bottom.setText(
                f"{product}: <span style='color:{plus}'>■ {significant(r.positive)}</span> − "
                f"<span style='color:{minus}'>■ {lost}</span> = <b>{significant(r.chosen)}</b> nats"
            )
            return
        values = [math.exp(-0.5 * ((x - m) / s) ** 2) * ranges.peak(s) for m, s in _pairs(one)]
        f = float(np.interp(x, r.x, r.f, left=0, right=0))
        self.top.setText(
            f"x = {significant(x, 4)} &nbsp; "
            f"<span style='color:{p}'>■ p(x) = {significant(values[0], 4)}</span> &nbsp; "
            f"<span style='color:{q}'>■ q(x) = {significant(values[1], 4)}</span>"
        )
        self.bottom.setText(f"x = {significant(x, 4)} &nbsp; {product} = {significant(f, 4)} nats / unit of x")

    def _cut(self, params: Params) -> str:
        """Which peak stands out of the picture."""
        _, (_, top) = self.density.ranges()
        high = [(name, ranges.peak(s)) for name, (_, s) in zip("pq", _pairs(params), strict=True)]
        cut = [f"{name} peaks at {significant(height)}" for name, height in high if height > 1.001 * top]
        return f" &nbsp; ↑ {' and '.join(cut)}" if cut else ""


def negative(theme: Theme) -> str:
    """The colour of what counts negative: the far end of a diverging pair with the orange of the KL."""
    return "#b3a2e8" if theme.is_dark else "#6a4fa8"


def _pairs(params: Params) -> tuple[tuple[float, float], tuple[float, float]]:
    return (params.mu1, params.sigma1), (params.mu2, params.sigma2)


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _faint(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result


def _caption() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setMinimumWidth(1)
    label.setContentsMargins(8, 2, 8, 0)
    return label
