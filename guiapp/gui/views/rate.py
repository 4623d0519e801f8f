"""Rate against distortion: what a code costs, and how badly it describes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QCheckBox, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.annotations import mark_label, mark_title
from guiapp.gui.widgets.banner import Banner
from guiapp.gui.widgets.columns import stack, tool_row
from guiapp.gui.widgets.evidence import averaging, effective_beta, spec_now, why_empty
from guiapp.gui.widgets.rate_course import HELDOUT, TRAINING, Course, course
from guiapp.gui.widgets.rate_plot import RatePlot, Scene
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.gui.widgets.unit_choice import Unit, UnitChoice
from guiapp.spec import Vae

EMPTY = (
    "Here a VAE's path through the plane of rate (KL) and distortion (−E log p(x|z)) will be drawn. Start one with ▶."
)
BEFORE = "This is the model before its first step: it has neither rate nor distortion yet."
NOTHING = "This run records no rate and distortion."
OLD = "recorded by an older version, without held-out terms"


class RateView(View):
    """The run's path through rate R = KL(q(z|x) ‖ p(z)) and distortion D = −E_q[log p(x|z)], faint where it is old.
    R + D = −ELBO: along a thin line the bound is the same. Training descends D + βR, so across the accented lines, of
    slope −β; where they touch the curve of what the model can reach, it comes to rest."""

    name: ClassVar[str] = "rate"
    title: ClassVar[str] = "Rate and distortion"
    draws_series: ClassVar[bool] = True
    requires: ClassVar[frozenset[str]] = frozenset({"encodes"})
    missing: ClassVar[str] = "A GAN has neither a code nor a likelihood, so there is no rate and no distortion."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._units = RatePlot("Rate and distortion"), UnitChoice()
        self._whole = QCheckBox("From the start")
        self._whole.setToolTip("Show the first steps too, where the distortion falls from far above")
        self._banner, self._status = Banner(), StatusLine()
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()  # what the range must not depend on when it changes
        self._titles: dict[str, str] = {}  # of the parameters edited; finding one costs 3 ms
        self._arrange()
        self._plot.hovered.connect(self._point_at)
        self._units.changed.connect(self._redraw)
        self._whole.toggled.connect(lambda _on: self._redraw())
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show all steps of `frame`."""
        sentence = why_empty(frame, set(TRAINING), EMPTY, BEFORE, NOTHING)
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
        elif sentence:
            self._stage.say(sentence)
        else:
            self._frame = frame
            self._show(frame)
            self._stage.show_content()

    def clear(self) -> None:
        """Say what will appear."""
        self._frame, self._shown = None, ()
        self._titles.clear()
        self._plot.item.show_scene(Scene())
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._banner, self._status, self._stage):
            part.set_theme(theme)

    def _arrange(self) -> None:
        tools = tool_row(self._units, self._whole)
        self._stage = self.staged(stack(((tools, 0), (self._banner, 0), (self._plot, 1), (self._status, 0))))
        self._stage.setMinimumSize(1, 1)

    def _redraw(self) -> None:
        if self._frame is not None:
            self.draw(self._frame)

    def _show(self, frame: Frame) -> None:
        unit = self._units.unit(int(np.prod(frame.run.shape)))
        edits = tuple(mark.step for mark in frame.marks)
        training = course(frame.series, TRAINING, edits).scaled(unit.factor)
        heldout = course(frame.series, HELDOUT, edits).scaled(unit.factor)
        shown = (frame.run.key, unit, self._whole.isChecked(), frame.until and frame.step)
        if shown != self._shown:
            self._shown = shown
            self._plot.forget_range()
        scene = Scene(training, heldout, effective_beta(frame), self._notes(frame))
        self._plot.show_scene(scene, whole=self._whole.isChecked(), unit=unit.name)
        self._banner.say(averaging(frame)[0])
        self._banner.setToolTip(" ".join(averaging(frame)).strip())
        self._status.set_text(_words(frame, training, heldout, scene.beta, unit))

    def _notes(self, frame: Frame) -> tuple[tuple[int, str], ...]:
        """Edits, the newest first, then steps at powers of ten."""
        for mark in frame.marks:
            if mark.path not in self._titles:
                self._titles[mark.path] = mark_title(mark)
        edits = [(mark.step, mark_label(self._titles[mark.path], mark, mark)) for mark in reversed(frame.marks)]
        decades = [10**k for k in range(len(str(frame.series.last))) if 10**k < frame.series.last]
        return (*edits, *((step, f"step {grouped_digits(step)}") for step in reversed(decades)))

    def _point_at(self, at: tuple[float, float] | None) -> None:
        if at is None or self._frame is None:
            self._plot.item.point_at(None)
            self._status.set_pointed("")
            return
        unit, found = self._units.unit(int(np.prod(self._frame.run.shape))), self._plot.nearest(at)
        where = "anywhere on this line"
        if found is not None:
            path, place = found
            at = (float(path.rate[place]), float(path.distortion[place]))
            where = f"step {grouped_digits(round(path.steps[place]))}"
            where += ", held-out" if path is self._plot.item.scene_shown.heldout else ""
        self._plot.item.point_at(at if found is not None else None)
        self._status.set_pointed(f"{where}: {_numbers(at[0] / unit.factor, at[1] / unit.factor, unit)}")


def _numbers(rate: float, distortion: float, unit: Unit) -> str:
    return f"{_sum(rate, distortion, unit)}, ELBO {unit.text(-rate - distortion)}"


def _sum(rate: float, distortion: float, unit: Unit) -> str:
    return f"rate {unit.text(rate)} + distortion {unit.text(distortion)} = {unit.text(rate + distortion)} {unit.short}"


def _words(frame: Frame, training: Course, heldout: Course, beta: float, unit: Unit) -> str:
    if not len(training.steps):
        return "no step has both terms"
    rate, distortion = training.rate[-1] / unit.factor, training.distortion[-1] / unit.factor
    text = f"now: {_sum(rate, distortion, unit)}"
    if np.isfinite(beta):
        text = f"effective β {beta:.4g} · {text}"
    if len(heldout.steps):
        bound = -(heldout.rate[-1] + heldout.distortion[-1]) / unit.factor
        text = f"held-out ELBO {unit.text(bound)} · {text}"
    model = spec_now(frame).model
    if isinstance(model, Vae) and (model.free_bits or model.bound != "elbo"):
        text += " · with free bits or IWAE the loss is not distortion + β·rate"
    if not len(heldout.steps) and HELDOUT[0] not in frame.series.names:
        text += f" · {OLD}"
    return text
