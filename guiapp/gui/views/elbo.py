"""The evidence lower bound over the steps, its two terms, and what each latent dimension pays."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.banner import Banner
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS, BarStrip
from guiapp.gui.widgets.bound_plot import BOUNDS, BoundPlot
from guiapp.gui.widgets.columns import stack
from guiapp.gui.widgets.evidence import Evidence, averaging, evidence, missing, why_empty, widest
from guiapp.gui.widgets.heat_map import HeatMap, Row
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.time_controls import TimeControls
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.gui.widgets.unit_choice import NATS, Unit, UnitChoice

EMPTY = (
    "Here the evidence lower bound will be drawn over the steps, split into reconstruction and KL, with what each "
    "latent dimension costs. Start a VAE with ▶ to fill it."
)
BEFORE = "This is the model before its first step: it has no bound yet."
NOTHING = "This run records no evidence lower bound."
NO_DIMENSIONS = "This run was recorded by an older version, without the KL of each latent dimension."
KL = Curve("kl", "KL", "kl")
HELDOUT_KL = Curve("heldout/kl", "KL held-out", "kl", sparse=True)
LEAST_KL = 1e-4  # nats: what is below says nothing, and is rounding more often than not
ROOM_FOR_CONTROLS = 100  # px of height that have to be left below them
ROOM_FOR_ONE, ROOM_FOR_TWO = 190, 290  # ... with which one or two plots are shown below the first
ROOM_FOR_WORDS = 520  # px of width with which the banner says what averaging does
ROW_PX, FOOT_PX = 26, 60  # of the map: a row at the most, and axis with its title


class ElboView(View):
    """Above: E_q[log p(x|z)] and the ELBO below it, training and (dashed) held-out; the area between them is the KL,
    which has an axis of its own below. Then the KL of each latent dimension over the same steps, and their means over
    the last steps, the largest first."""

    name: ClassVar[str] = "elbo"
    title: ClassVar[str] = "ELBO"
    draws_series: ClassVar[bool] = True
    requires: ClassVar[frozenset[str]] = frozenset({"encodes"})
    missing: ClassVar[str] = "A GAN has no encoder and no likelihood, so there is no evidence lower bound."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls, self._units, self._banner = TimeControls(), UnitChoice(), Banner()
        self._bound = BoundPlot("Evidence lower bound", NATS.name)
        self._kl = TimeSeriesPlot("KL to the prior", NATS.name)
        self._map = HeatMap("KL by latent dimension and step", aligned=True, least=LEAST_KL)
        self._bars = BarStrip("KL by latent dimension", "z", "nats", ranked=True)
        self._status = StatusLine()
        self._frame: Frame | None = None
        self._drawn: tuple[object, ...] = ()  # what the curves and rows depend on
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show all steps of `frame`."""
        sentence = why_empty(frame, {"elbo", "reconstruction", "kl"}, EMPTY, BEFORE, NOTHING)
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
        elif sentence:
            self._stage.say(sentence)
        else:
            self._frame = frame
            self._adapt(frame)
            self._warn(frame)
            self._stage.show_content()
            self._show(frame)

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        for plot in (self._bound, self._kl, self._map):
            plot.clear_steps()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        parts = (self._bound, self._kl, self._map, self._dimensions, self._banner, self._status, self._stage)
        for part in parts:
            part.set_theme(theme)
        self._bars.set_theme(theme, theme.kl)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _arrange(self) -> None:
        self._controls.add(self._units)
        self._controls.log.setText("Log KL")
        self._controls.log.setToolTip("Make the axis of the KL logarithmic")
        self._dimensions = Stage(self._map)
        plots = ((self._bound, 4), (self._kl, 2), (self._dimensions, 3), (self._bars, 0))
        self._stage = self.staged(stack(((self._controls, 0), (self._banner, 0), *plots, (self._status, 0))))
        self._stage.setMinimumSize(1, 1)  # or the plots that a low view has no room for would keep it from being low

    def _connect(self) -> None:
        plots = (self._bound, self._kl, self._map)
        for plot in plots:
            for other in plots:
                if other is not plot:
                    plot.window_moved.connect(other.look_at)
            plot.following_changed.connect(self._follow_suit)
            self._controls.followed.connect(plot.follow)
        for curves in (self._bound, self._kl):
            self._controls.smoothing_changed.connect(curves.set_smoothing)
        self._controls.log_changed.connect(self._kl.set_log)
        self._units.changed.connect(lambda: self.draw(self._frame) if self._frame else None)

    def _follow_suit(self, following: bool) -> None:
        self._controls.set_following(following)
        for plot in (self._bound, self._kl, self._map):
            if following and not plot.following:
                plot.follow()

    def _show(self, frame: Frame) -> None:
        for plot in (self._bound, self._kl, self._map):
            if plot.isVisibleTo(self):
                plot.draw(frame.series, frame.marks, frame.until)
        found = evidence(frame)
        if len(found.kl_each):
            self._bars.set_values(found.kl_each)
        self._status.set_text(_words(found, self._unit(frame), missing(frame)))

    def _warn(self, frame: Frame) -> None:
        sentences, shown = averaging(frame), self._banner.text()
        self._banner.say(" ".join(sentences).strip() if self.width() >= ROOM_FOR_WORDS else sentences[0])
        self._banner.setToolTip(" ".join(sentences).strip())
        if bool(shown) != bool(self._banner.text()):
            self._make_room()

    def _unit(self, frame: Frame) -> Unit:
        return self._units.unit(int(np.prod(frame.run.shape)))

    def _adapt(self, frame: Frame) -> None:
        """Choose curves and rows for what the run records and the unit chosen, if they are not the ones shown."""
        unit, names = self._unit(frame), frame.series.names
        drawn = (names, unit)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        for plot, curves in ((self._bound, BOUNDS), (self._kl, (KL, HELDOUT_KL))):
            there = [replace(curve, scale=unit.factor) for curve in curves if set(curve.columns) <= set(names)]
            plot.set_curves(there, unit.name)
        dimensions = widest(names)
        self._map.set_rows([_row(i) for i in range(dimensions)], "nats")
        self._dimensions.setMaximumHeight(FOOT_PX + ROW_PX * max(1, dimensions))
        if dimensions:
            self._dimensions.show_content()
        else:
            self._dimensions.say(NO_DIMENSIONS)
        self._align()
        self._make_room()

    def _align(self) -> None:
        width = max(self._bound.labels_width, self._kl.labels_width, self._map.scale_width)
        self._bound.set_labels_width(width)
        self._kl.set_labels_width(width)
        self._map.set_scale_width(width)

    def _make_room(self) -> None:
        """In a low view the bound alone, which holds both terms; the rest as it finds room."""
        room, dimensions = self.height() - self._controls.heightForWidth(self.width()), len(self._map.rows)
        if not self._banner.isHidden():
            room -= self._banner.heightForWidth(self.width())
        self._controls.setVisible(room >= ROOM_FOR_CONTROLS)
        with_map = room >= ROOM_FOR_ONE
        with_kl = room >= (ROOM_FOR_TWO if dimensions else ROOM_FOR_ONE)
        self._kl.setVisible(with_kl)
        self._dimensions.setVisible(with_map)
        self._bars.setVisible(room >= ROOM_FOR_TWO + self._bars.sizeHint().height() and dimensions > 1)
        last = self._map if with_map and dimensions else self._kl if with_kl else self._bound
        for plot in (self._bound, self._kl, self._map):
            plot.setLabel("bottom", "step" if plot is last else "")  # once, below the lowest
            plot.getAxis("bottom").setStyle(showValues=plot is last)
        if self._frame is not None:
            self._show(self._frame)


def _row(index: int) -> Row:
    title = f"z{str(index + 1).translate(SUBSCRIPTS)}"
    return Row(f"kl/{index}", title, f"KL of latent dimension {title}")


def _words(found: Evidence, unit: Unit, lacking: str) -> str:
    """Such as "held-out ELBO −240.10 nats · effective β 1 · training −238.40 = −229.10 − 9.30 · mean of 100 steps": the
    most important first, for a narrow view cuts the end."""
    elbo, terms = -found.distortion - found.rate, f"{unit.text(-found.distortion)} − {unit.text(found.rate)}"
    parts = [f"training ELBO {unit.text(elbo)} = {terms} {unit.short}"]
    if np.isfinite(found.beta):
        parts.insert(0, f"effective β {found.beta:.4g}")
    if np.isfinite(found.heldout):
        parts.insert(0, f"held-out ELBO {unit.text(found.heldout)} {unit.short}")
    parts.append(f"mean of {found.steps} step{'s' if found.steps != 1 else ''}")
    return " · ".join(parts + [lacking] * bool(lacking))
