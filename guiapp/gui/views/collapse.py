"""Is this posterior collapse? The verdict, its evidence, and each dimension against the thresholds."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views import collapse_words as words
from guiapp.gui.views.base import View
from guiapp.gui.widgets.columns import stack
from guiapp.gui.widgets.paragraph import Paragraph
from guiapp.gui.widgets.readings import Readings
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.threshold_plot import ThresholdPlot
from guiapp.messages import Picture
from guiapp.spec import RunSpec, Vae
from guiapp.theory.collapse import ACTIVE_VARIANCE, COLLAPSED_KL, early, verdicts

EMPTY = (
    "Here each latent dimension will be a dot: the KL that it pays, and how much of it tells the data apart; above it "
    "stands whether the posterior has collapsed. Start a VAE with ▶ to fill it."
)
TOO_FEW = "Whether a mean varies over the data takes two held-out data; this data set has fewer."
LEAST_HEIGHT_WITH_NUMBERS, LEAST_HEIGHT_WITH_ADVICE, LEAST_HEIGHT_WITH_BOTH = 226, 270, 336  # px


class CollapseView(View):
    """Each dimension by KL(q(z_i|x) ‖ p(z_i)) and by the variance of its posterior means over held-out data, on
    logarithmic axes against their thresholds; active units, mutual information and the aggregate posterior's KL above
    them. There is no verdict before step 500 and before a scheduled β has risen for the first time."""

    name: ClassVar[str] = "collapse"
    title: ClassVar[str] = "Posterior collapse"
    needs = frozenset({"collapse"})
    requires: ClassVar[frozenset[str]] = frozenset({"encodes"})
    missing: ClassVar[str] = "A GAN has no encoder, so there is no posterior that could collapse."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline, self._advice = Paragraph(2, bold=True), Paragraph(2)
        self._numbers, self._status = Readings("Evidence"), StatusLine()
        self._kl = ThresholdPlot("KL by dimension", "KL in nats", COLLAPSED_KL, f"{COLLAPSED_KL:g} nats")
        self._variance = ThresholdPlot(
            "Variance of the posterior means by dimension",
            "variance of means",
            ACTIVE_VARIANCE,
            f"{ACTIVE_VARIANCE:g} (active above)",
        )
        self._picture: Picture = {}
        self._kinds: list[int] = []
        self._arrange()
        for plot in (self._kl, self._variance):
            plot.pointed.connect(self._point_at)
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the picture "collapse" of `frame`."""
        vae, picture = spec_at(frame).model, frame.pictures.get("collapse")
        if not self.requires <= frame.run.capabilities or not isinstance(vae, Vae):
            self._stage.say(self.missing)
            return
        if not picture:
            self._stage.say(EMPTY if picture is None else TOO_FEW)
            return
        self._stage.show_content()
        kl, variance = (np.asarray(picture[key], float) for key in ("kl", "mean_var"))
        kinds = verdicts(kl, variance)
        self._picture, self._kinds = picture, kinds.tolist()
        self._say(frame, vae, bool(np.isfinite(kl).all() and np.isfinite(variance).all()))
        self._numbers.set_numbers(words.numbers(picture))
        self._make_room()
        order = np.argsort(-np.nan_to_num(kl, nan=np.inf), kind="stable")
        for plot, values in ((self._kl, kl), (self._variance, variance)):
            plot.show_values(values, order, kinds)

    def clear(self) -> None:
        """Say what will appear."""
        self._picture, self._kinds = {}, []
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._headline, self._advice, self._numbers, self._status, self._stage):
            part.set_theme(theme)
        self._kl.set_theme(theme, "kl")
        self._variance.set_theme(theme, "posterior")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        height = self.height()
        advises = height >= LEAST_HEIGHT_WITH_ADVICE and bool(self._advice.text)
        self._advice.setVisible(advises)
        self._numbers.setVisible(height >= (LEAST_HEIGHT_WITH_BOTH if advises else LEAST_HEIGHT_WITH_NUMBERS))
        wide = self.width() > 0.9 * height
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _arrange(self) -> None:
        self._splitter = QSplitter()
        self._splitter.setChildrenCollapsible(False)
        for plot in (self._kl, self._variance):
            self._splitter.addWidget(plot)
        self._splitter.setSizes([1000, 1000])  # shares, not pixels
        above, below = ((self._headline, 0), (self._numbers, 0)), ((self._advice, 0), (self._status, 0))
        self._stage = self.staged(stack((*above, (self._splitter, 1), *below)))

    def _say(self, frame: Frame, vae: Vae, finite: bool) -> None:
        until = early(frame.step, vae.schedule, vae.warmup)
        if not finite:
            self._headline.set_text("Some values are not finite: the encoder has diverged.", "bad")
            self._advice.set_text("What to try: a smaller learning rate, from an earlier keyframe on.")
        else:
            lost = not until and words.ACTIVE not in self._kinds
            self._headline.set_text(words.headline(self._kinds, until), "bad" if lost else "ink")
            size = int(np.prod(frame.run.shape))
            self._advice.set_text("" if until else words.advice(self._kinds, vae, size), "muted")
        count = f"{int(self._picture['count']):,} held-out data"
        self._status.set_text(f"{count} · full dot: active · ring: in between · grey ring: collapsed")

    def _point_at(self, index: int | None) -> None:
        for plot in (self._kl, self._variance):
            plot.point_at(index)
        if index is None or index >= len(self._kinds):
            self._status.set_pointed("")
        else:
            self._status.set_pointed(words.dimension(self._picture, self._kinds, index))


def spec_at(frame: Frame) -> RunSpec:
    """The spec of the step shown, edits up to it included."""
    edits = [mark.spec for mark in frame.marks if mark.step <= frame.step]
    return edits[-1] if edits else frame.run.spec
