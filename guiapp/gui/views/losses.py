"""What training minimises, and its parts, over the steps."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.equilibrium_lines import of_belief, of_losses
from guiapp.gui.widgets.time_controls import TimeControls
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.gui.widgets.unit_choice import NATS, UnitChoice
from guiapp.spec import Gan, RunSpec, Vae
from guiapp.theory.game import PROBABILISTIC

EMPTY = "Here the losses will be drawn, step by step. Start training with ▶ to fill the plot."
BEFORE = "This is the model before its first step: it has no loss yet."
RECONSTRUCTION = Curve("reconstruction", "reconstruction", "reconstruction")
TOTAL = Curve("loss", "total loss", "total")
NEGATIVE_ELBO = Curve("elbo", "−ELBO", "total", light=True, negated=True)
KL = Curve("kl", "KL", "kl")
HELDOUT_RECONSTRUCTION = Curve("heldout/reconstruction", "held-out", "reconstruction", sparse=True)
HELDOUT_KL = Curve("heldout/kl", "held-out KL", "kl", sparse=True)
PLAYERS = (Curve("d_loss", "D loss", "discriminator"), Curve("g_loss", "G loss", "generator"))
OUTPUTS = (
    Curve("d_real", "D(x)", "real"),
    Curve("d_fake", "D(G(z))", "generated"),
    Curve("d_acc_real", "accuracy on x", "real", light=True),
    Curve("d_acc_fake", "accuracy on G(z)", "generated", light=True),
)
UNIT_RANGE = (-0.02, 1.02)


class LossesView(View):
    """VAE: total loss = reconstruction + β KL, −ELBO = reconstruction + KL where that is not the loss, and the KL on an
    axis of its own; dashed, both terms on held-out data. In nats per datum or bits per dimension. GAN: the players'
    losses against their values at the equilibrium, where D says ½ everywhere: D's −E log D(x) − E log(1 − D(G(z))) is
    log 4 there, G's −E log D(G(z)) log 2, or E log(1 − D(G(z))) −log 2; least squares ½ and ¼; smoothed targets move
    them; hinge and Wasserstein have none."""

    name: ClassVar[str] = "losses"
    title: ClassVar[str] = "Losses"
    draws_series: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls, self._units = TimeControls(), UnitChoice()
        self._controls.add(self._units)
        self._upper, self._lower = (TimeSeriesPlot(name, NATS.name) for name in ("Losses", "Parts of the loss"))
        self._drawn: tuple[object, ...] = ()  # what the curves and references depend on
        self._frame: Frame | None = None
        self._upper.setLabel("bottom", "")  # the steps are named below the lower plot
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._controls)
        column.addWidget(self._upper, 3)
        column.addWidget(self._lower, 2)
        self._stage = self.staged(content)
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show all steps of `frame`."""
        if not len(frame.series):
            self._stage.say(BEFORE if frame.until else EMPTY)
            return
        self._frame = frame
        self._adapt(frame)
        self._stage.show_content()
        for plot in (self._upper, self._lower):
            plot.draw(frame.series, frame.marks, frame.until)

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        for plot in (self._upper, self._lower):
            plot.clear_steps()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._upper, self._lower, self._stage):
            part.set_theme(theme)

    def _connect(self) -> None:
        plots = (self._upper, self._lower)
        for plot, other in (plots, plots[::-1]):
            plot.window_moved.connect(other.look_at)
            plot.following_changed.connect(lambda following, other=other: self._follow_suit(other, following))
            self._controls.smoothing_changed.connect(plot.set_smoothing)
            self._controls.followed.connect(plot.follow)
        self._controls.log_changed.connect(lambda _on: self._set_log())
        self._units.changed.connect(lambda: self.draw(self._frame) if self._frame else None)

    def _follow_suit(self, other: TimeSeriesPlot, following: bool) -> None:
        self._controls.set_following(following)
        if following and not other.following:
            other.follow()

    def _set_log(self) -> None:
        """Probabilities stay on their axis from 0 to 1."""
        log = self._controls.log.isChecked()
        self._upper.set_log(log)
        self._lower.set_log(log and self._lower.curves != OUTPUTS)

    def _adapt(self, frame: Frame) -> None:
        """Choose the curves and levels for the kind of run, if they are not the ones shown."""
        plays = "d_loss" in frame.run.names
        self._units.setVisible(not plays)
        if plays:
            self._adapt_to_gan(frame)
        else:
            self._adapt_to_vae(frame)

    def _adapt_to_gan(self, frame: Frame) -> None:
        spec = frame.marks[-1].spec if frame.marks else frame.run.spec
        model = spec.model if isinstance(spec.model, Gan) else Gan()
        levels, belief, probable = of_losses(model), of_belief(model), model.objective in PROBABILISTIC
        if self._is_new("gan", levels, belief, probable):
            self._upper.set_curves(PLAYERS, "nats" if probable else "loss", references=levels)
            if probable:
                self._lower.set_curves(OUTPUTS, "probability", UNIT_RANGE, belief)
            else:
                self._lower.set_curves(OUTPUTS, "D and accuracy", references=belief)
            self._align()

    def _adapt_to_vae(self, frame: Frame) -> None:
        unit = self._units.unit(int(np.prod(frame.run.shape)))
        weighted = _was_weighted(frame.run.spec) or any(_was_weighted(mark.spec) for mark in frame.marks)
        if self._is_new("vae", weighted, unit, frame.series.names):
            upper = (RECONSTRUCTION, TOTAL, *((NEGATIVE_ELBO,) if weighted else ()), HELDOUT_RECONSTRUCTION)
            for plot, curves in ((self._upper, upper), (self._lower, (KL, HELDOUT_KL))):
                there = [curve for curve in curves if curve.name in frame.series.names]
                plot.set_curves([replace(curve, scale=unit.factor) for curve in there], unit.name)
            self._align()

    def _align(self) -> None:
        self._set_log()
        width = max(self._upper.labels_width, self._lower.labels_width)
        for plot in (self._upper, self._lower):
            plot.set_labels_width(width)

    def _is_new(self, *drawn: object) -> bool:
        changed, self._drawn = drawn != self._drawn, drawn
        return changed


def _was_weighted(spec: RunSpec) -> bool:
    """Whether the loss is, or may be at some steps, something else than −ELBO."""
    model = spec.model
    if not isinstance(model, Vae):
        return False
    plain = model.beta == 1 and model.schedule == "constant" and model.bound == "elbo"
    return not plain or model.averaged or model.free_bits > 0
