"""log p(x) of held-out data: importance sampling from the encoder against plain sampling from the prior."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QSpinBox, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.columns import stack, tool_row
from guiapp.gui.widgets.likelihood_plot import LikelihoodPlot
from guiapp.gui.widgets.part_legend import PartLegend
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.study_bar import StudyBar, age, line
from guiapp.messages import Picture, Studied

EMPTY = (
    "Here log p(x) of held-out data will be estimated with more and more draws: by importance sampling from the "
    "encoder, and by plain sampling from the prior, which needs far more of them; the ELBO lies below both in the end. "
    "Start a VAE with ▶, then press Estimate."
)
DRAWS = (16, 64, 256, 1024, 4096, 16384, 65536)
CURVES = (
    ("importance", "Importance sampling", "log (1/K) Σ p(x, z)/q(z|x), z from the encoder's q(z|x)"),
    ("prior", "Prior sampling", "log (1/K) Σ p(x|z), z from the prior N(0, I); off: the others are seen more closely"),
    ("elbo", "ELBO", "The evidence lower bound, dashed"),
)
ERRORS = (("± data and draws", "_error"), ("± draws alone", "_noise"))
ROOM_FOR_TABLE = 225  # px


class LikelihoodView(View):
    """log p(x) against K, with one standard error either way. Importance sampling rises from the ELBO (K = 1) to
    log p(x); the prior's draws hardly ever explain x, and their estimate lies far below in more dimensions."""

    name: ClassVar[str] = "likelihood"
    title: ClassVar[str] = "Likelihood"
    requires: ClassVar[frozenset[str]] = frozenset({"encodes", "decodes"})
    missing: ClassVar[str] = "A GAN has no p(x|z), so there is no likelihood to estimate: it is judged by its samples."
    studies: ClassVar[frozenset[str]] = frozenset({"likelihood"})
    draws_series: ClassVar[bool] = True  # with every step, what was found is older

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._status, self._table = LikelihoodPlot(), StatusLine(), QLabel()
        self._bar = StudyBar("Estimate", "Estimate log p(x) with the weights of the step shown, while training goes on")
        self._data, self._draws, self._errors = QSpinBox(), QComboBox(), QComboBox()
        self._legend = PartLegend(CURVES, self._errors)
        self._picture: Picture = {}
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the newest report of the study "likelihood"."""
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        self._bar.setEnabled(True)
        report = frame.studies.get("likelihood")
        if self._bar.show_report(report):
            self._show(report)
        if report is not None:
            self._tell(report, frame.step)

    def clear(self) -> None:
        """Say what will appear."""
        self._bar.clear()
        self._bar.setEnabled(False)  # until there is a model to ask
        self._show(None)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._status, self._stage):
            part.set_theme(theme)
        self._theme = theme
        self._table.setStyleSheet(f"color: {theme.ink}; background: {theme.background}; padding: 2px 6px;")
        self._legend.set_colours(importance=theme.posterior, prior=theme.prior, elbo=theme.total)
        self._fill_table()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill_table()

    def _arrange(self) -> None:
        self._data.setRange(1, 10_000)
        self._data.setValue(100)
        self._data.setPrefix("data ")
        self._data.setAccessibleName("Number of held-out data")
        self._data.setToolTip("How many held-out data to estimate log p(x) of; the time grows with it")
        self._draws.addItems([f"K to {draws:,}" for draws in DRAWS])
        self._draws.setCurrentIndex(DRAWS.index(1024))
        self._draws.setAccessibleName("Largest number of draws K")
        self._draws.setToolTip("The largest number of draws for each datum; the time grows with it")
        self._errors.addItems([text for text, _ in ERRORS])
        self._errors.setAccessibleName("Error bars")
        self._errors.setToolTip(
            "Error bars of one standard error: of the mean over all data there could be, or over the draws, for these "
            "data. Neither holds the bias: the logarithm of an unbiased estimate is too low on average."
        )
        self._table.setTextFormat(Qt.TextFormat.RichText)
        self._table.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._table.setAccessibleName("Estimates at the largest K")
        self._stage = Stage(stack(((self._legend, 0), (self._plot, 1), (self._table, 0))))
        tools = tool_row(self._data, self._draws, self._bar)
        stack(((tools, 0), (self._stage, 1), (self._status, 0)), self)

    def _connect(self) -> None:
        self._bar.asked.connect(lambda: self.study_asked.emit("likelihood", self._options()))
        self._bar.cancelled.connect(self.study_stopped)
        self._errors.currentIndexChanged.connect(lambda i: self._plot.show_errors(ERRORS[i][1]))
        self._plot.hovered.connect(lambda at: self._status.set_pointed(self._plot.words(at) if at else ""))
        self._legend.changed.connect(lambda: self._plot.hide_curves(self._legend.hidden))

    def _options(self) -> dict[str, Any]:
        return {"data": self._data.value(), "draws": DRAWS[self._draws.currentIndex()]}

    def _show(self, report: Studied | None) -> None:
        self._picture = report.picture if report is not None else {}
        if len(self._picture.get("draws", ())):
            self._stage.show_content()
            self._plot.show_picture(self._picture)
        elif report is not None and report.trouble:
            self._stage.say(report.trouble)
        else:
            self._stage.say(EMPTY if report is None else "The first draws are being made …")
        if report is None:
            self._status.set_text("")
        self._fill_table()

    def _tell(self, report: Studied, step: int) -> None:
        picture, parts = report.picture, [age(report, step)]
        if len(picture.get("draws", ())):
            parts.append(f"{int(picture['count']):,} held-out data")
            gap = float(picture["log_p"] - picture["elbo"])
            if math.isfinite(gap):
                parts.insert(0, f"log p(x) − ELBO ≥ about {gap:.2f} nats".replace("-", "−"))
                parts.append("the gap is the mean KL of q(z|x) to the true posterior")
            else:
                parts.insert(0, "not finite: the model has diverged")
        self._status.set_text(line(report, parts))

    def _fill_table(self) -> None:
        draws = self._picture.get("draws", ())
        self._table.setVisible(len(draws) > 0 and self.height() >= ROOM_FOR_TABLE)
        if len(draws):
            self._table.setText(_table(self._picture, wide=True))
            if self._table.sizeHint().width() > self.width():
                self._table.setText(_table(self._picture, wide=False))


def _table(picture: Picture, wide: bool) -> str:
    """The estimates at the largest K in HTML: nats, bits per component, and where there is room the noise of the draws
    and how many of them count."""
    draws = int(picture["draws"][-1])
    heads = ["", "nats per datum", "bits/dim"] + (["noise of draws", "effective draws"] if wide else [])
    lines = [heads]
    for name, text, _ in CURVES[:2]:
        value, error, noise, effective = (
            float(picture[name + ending][-1]) for ending in ("", "_error", "_noise", "_effective")
        )
        extra = [f"± {noise:.2g}", f"{effective:,.3g} of {draws:,}"] if wide else []
        lines.append([text, *_in_units(value, error, int(picture["size"])), *extra])
    elbo = _in_units(float(picture["elbo"]), float(picture["elbo_error"]), int(picture["size"]))
    lines.append(["ELBO", *elbo] + (["", ""] if wide else []))
    rows = [
        "<tr>"
        + "".join(f"<td align={'left' if not i else 'right'}>&nbsp;{cell}&nbsp;</td>" for i, cell in enumerate(line))
        for line in lines
    ]
    return f"<table cellspacing=0 cellpadding=1>{''.join(rows)}</table>"


def _in_units(nats: float, error: float, size: int) -> list[str]:
    bits = -nats / (size * np.log(2))
    return [f"{nats:.2f} ± {error:.2g}".replace("-", "−"), f"{bits:.4g}".replace("-", "−")]
