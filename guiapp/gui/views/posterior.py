"""The true posterior of one datum beside the encoder's, and what the ELBO misses because of their difference."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QPushButton, QSpinBox, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.columns import stack, tool_row
from guiapp.gui.widgets.data_plot import DataPlot, shape_kind
from guiapp.gui.widgets.gap_bar import GapBar
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.gui.widgets.levels import value_range
from guiapp.gui.widgets.part_legend import PartLegend
from guiapp.gui.widgets.posterior_plot import PosteriorPlot
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.study_bar import StudyBar, age, line
from guiapp.messages import Picture, Studied
from guiapp.spec import Vae

EMPTY = (
    "Here the true posterior p(z|x) of one datum will lie on the latent plane, with the encoder's q(z|x) over it, and "
    "the gap between log p(x) and the ELBO in its two parts. Start a VAE with two latent dimensions with ▶, then press "
    "Compute, or choose another datum."
)
NO_PLANE = (
    "The true posterior can be computed on a grid in two latent dimensions only, and this model has {}. Set the latent "
    "dimensions to 2 and start again; the likelihood view estimates log p(x) in any number of dimensions."
)
UNKNOWN = 100  # how many data there are at the least, until it is known
PARTS = (
    ("true", "p(z|x)", "The true posterior; its outlines hold 39 % and 86 % of the mass"),
    ("q", "q(z|x)", "The encoder's Gaussian, its ellipses of 1σ and 2σ, which hold 39 % and 86 % of its mass"),
    ("best", "best q*", "The best Gaussian with independent dimensions for this datum alone, its ellipses dashed"),
)
WIDE = 1.15  # width over height, from which on the numbers stand beside the plane


class PosteriorView(View):
    """p(z|x) ∝ p(x|z) p(z) by quadrature, q(z|x), and q*, the best diagonal Gaussian for this x. log p(x) - ELBO is the
    gap of approximation (no such Gaussian does better) plus that of amortisation (the encoder does worse)."""

    name: ClassVar[str] = "posterior"
    title: ClassVar[str] = "Posterior"
    requires: ClassVar[frozenset[str]] = frozenset({"encodes", "decodes"})
    missing: ClassVar[str] = "A GAN has no encoder and no p(x|z), so there is no posterior to show."
    studies: ClassVar[frozenset[str]] = frozenset({"posterior"})
    draws_series: ClassVar[bool] = True  # with every step, what was found is older

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._gap, self._status = PosteriorPlot(), GapBar(), StatusLine()
        self._datum = DataPlot("Datum and reconstruction", "reconstruction", "real")
        self._bar = StudyBar("Compute", "Compute the posterior with the weights of the step shown")
        self._of, self._index = QComboBox(), QSpinBox()
        self._next, self._random = QPushButton("Next"), QPushButton("Random")
        self._legend = PartLegend(PARTS)
        self._counts: dict[bool, int] = {}  # training? -> how many data there are
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the newest report of the study "posterior"."""
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        model = frame.run.spec.model
        plane = isinstance(model, Vae) and model.latent == 2
        self._tools.setEnabled(plane)
        if not plane:
            self._stage.say(NO_PLANE.format(model.latent if isinstance(model, Vae) else "none"))
            return
        report = frame.studies.get("posterior")
        if self._bar.show_report(report):
            self._show(report, frame)
        if report is not None:
            self._tell(report, frame)

    def clear(self) -> None:
        """Say what will appear."""
        self._bar.clear()
        self._counts = {}
        self._limit()
        self._tools.setEnabled(False)  # until there is a model to ask
        self._status.set_text("")
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._gap, self._status, self._datum, self._stage):
            part.set_theme(theme)
        self._legend.set_colours(true=theme.ink, q=theme.posterior, best=theme.kl)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > WIDE * self.height()
        self._beside.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._numbers.setDirection(QBoxLayout.Direction.TopToBottom if wide else QBoxLayout.Direction.LeftToRight)
        self._numbers.setStretchFactor(self._gap, 0 if wide else 1)

    def _arrange(self) -> None:
        self._of.addItems(["held-out", "training"])
        self._of.setAccessibleName("Which data")
        self._of.setToolTip("Choose a datum that the model is tested on, or one that it is trained on")
        self._index.setKeyboardTracking(False)
        self._index.setPrefix("datum ")
        self._index.setAccessibleName("Number of the datum")
        self._index.setToolTip("Which datum x to compute the posterior of")
        self._next.setToolTip("Compute the posterior of the datum after this one")
        self._random.setToolTip("Compute the posterior of any datum")
        self._tools = tool_row(self._of, self._index, self._next, self._random, self._bar)
        self._numbers = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._numbers.setSpacing(0)
        self._numbers.addWidget(self._datum, 1)
        self._numbers.addWidget(self._gap)
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(0)
        self._beside.addWidget(self._plot, 3)
        self._beside.addLayout(self._numbers, 2)
        self._stage = Stage(stack(((self._legend, 0), (self._beside, 1))))
        stack(((self._tools, 0), (self._stage, 1), (self._status, 0)), self)

    def _connect(self) -> None:
        self._bar.asked.connect(lambda: self.study_asked.emit("posterior", self._options()))
        self._bar.cancelled.connect(self.study_stopped)
        self._index.valueChanged.connect(self._bar.ask)
        self._of.currentIndexChanged.connect(self._limit)
        self._next.clicked.connect(lambda: self._index.setValue(self._index.value() % self._index.maximum() + 1))
        self._random.clicked.connect(self._choose_any)
        self._plot.hovered.connect(lambda at: self._status.set_pointed(self._plot.words(at) if at else ""))
        self._legend.changed.connect(lambda: self._plot.show_parts(self._legend.shown))

    def _choose_any(self) -> None:
        last = self._index.maximum()
        self._index.setValue((self._index.value() + random.randrange(max(1, last - 1))) % last + 1)

    def _options(self) -> dict[str, Any]:
        return {"index": self._index.value() - 1, "of": "train" if self._of.currentIndex() else "heldout"}

    def _limit(self) -> None:
        """There are no more data than there are."""
        count = self._counts.get(bool(self._of.currentIndex()), UNKNOWN)
        self._index.blockSignals(True)
        self._index.setRange(1, count)
        self._index.blockSignals(False)
        self._index.setSuffix(f" of {count:,}" if self._counts else "")

    def _show(self, report: Studied | None, frame: Frame) -> None:
        picture = report.picture if report is not None else {}
        if "count" in picture and self._counts.get(bool(picture["training"])) != int(picture["count"]):
            self._counts[bool(picture["training"])] = int(picture["count"])
            self._limit()
        if report is None:
            self._stage.say(EMPTY)
        elif "density" in picture:
            self._stage.show_content()
            self._plot.show_picture(picture)
            self._show_datum(picture, frame)
            self._show_gap(picture, int(np.prod(frame.run.shape)))
        elif report.trouble:
            self._stage.say(report.trouble)
        elif self._stage.sentence:  # else what was found before stays until there is something to show
            self._stage.say("The plane is being searched for this datum's codes …")

    def _show_gap(self, picture: Picture, size: int) -> None:
        log_p, best, elbo = (float(picture[name]) for name in ("log_p", "best_elbo", "elbo"))
        self._gap.set_bounds(log_p, best, elbo, float(picture["log_p_error"] + picture["elbo_error"]), size)

    def _show_datum(self, picture: Picture, frame: Frame) -> None:
        datum, made = picture["image"], picture["reconstruction"]
        kind = shape_kind(datum)
        if kind == "images":
            both = np.concatenate([datum, made])
            self._datum.show_images(
                both, self._called(picture, frame), value_range(datum), noun="x, then its reconstruction,"
            )
        elif kind == "points":
            self._datum.show_points(made, datum, "x, joined to its reconstruction", frame.run.extent, linked=True)
        else:
            both = np.concatenate([datum, made]).reshape(2, -1)
            self._datum.show_vectors(both, "x, below it its reconstruction", value_range(datum))

    def _called(self, picture: Picture, frame: Frame) -> str:
        which = "training" if bool(picture["training"]) else "held-out"
        label = class_name(int(picture["label"]), frame.run.classes)
        return f"{which} datum {int(picture['index']) + 1:,}" + (f", {label}" if label else "")

    def _tell(self, report: Studied, frame: Frame) -> None:
        picture, parts = report.picture, [age(report, frame.step)]
        if "density" in picture:
            parts.insert(0, self._called(picture, frame))
            spread = np.sqrt(np.diag(picture["true_cov"]))
            correlation = float(picture["true_cov"][0, 1] / max(spread[0] * spread[1], 1e-300))
            told = f"{correlation:.2f}".replace("-", "−")
            parts.append(f"the true posterior's z₁ and z₂ have correlation {told}, q's have none")
        self._status.set_text(line(report, parts))
