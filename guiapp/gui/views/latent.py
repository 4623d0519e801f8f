"""The latent plane: where the encoder puts held-out data, against the prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QVBoxLayout, QWidget
from superqt import QFlowLayout

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.axes_chooser import AxesChooser
from guiapp.gui.widgets.bar_strip import BarStrip
from guiapp.gui.widgets.class_legend import ClassLegend
from guiapp.gui.widgets.latent_plot import LatentPlot
from guiapp.gui.widgets.manifold_plot import ManifoldPlot, is_manifold
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture

EMPTY = (
    "Here each held-out datum will be a point, at the mean of its posterior q(z|x), over the circles of the prior "
    "N(0, I). Start a VAE with ▶ to fill it."
)
LEAST_HEIGHT_WITH_STRIP, LEAST_HEIGHT_WITH_TWO_BARS = 280, 480  # px
LEAST_WIDTH_WITH_LEGEND = 520  # px, for it to stand beside the plane; in a narrower view it lies above ...
LEAST_HEIGHT_WITH_LEGEND = 300  # ... where this height is left


class LatentView(View):
    """Posterior means of held-out data by class, the prior's 1σ and 2σ circles, KL per dimension, and for Z = 2 the
    decoded manifold. A cloud that fills the circles matches the prior; one at the origin has collapsed."""

    name: ClassVar[str] = "latent"
    title: ClassVar[str] = "Latent space"
    needs = frozenset({"latent"})
    requires: ClassVar[frozenset[str]] = frozenset({"encodes"})
    missing: ClassVar[str] = "A GAN has no encoder, so there is no posterior to show."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._manifold = LatentPlot(), ManifoldPlot()
        self._legend, self._strip = ClassLegend(), BarStrip("KL to the prior by dimension", "z", "nats")
        self._status, self._axes = StatusLine(), AxesChooser()
        self._with_manifold = QCheckBox("Decoded manifold")
        self._with_ellipses = QCheckBox("Posterior ellipses")
        self._picture: Picture = {}
        self._classes: tuple[str, ...] = ()
        self._key: int | None = None
        self._has_manifold = False
        self._dimensions = 2
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()
        self._ask()

    def draw(self, frame: Frame) -> None:
        """Show the pictures "latent" and "manifold" of `frame`."""
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        picture = frame.pictures.get("latent")
        if picture is None:
            self._stage.say(EMPTY)
            return
        self._picture, self._classes = picture, frame.run.classes
        self._stage.show_content()
        self._set_dimensions(picture["axes"].shape[1])
        self._legend.set_classes(frame.run.classes)
        self._plot.show_latent(picture, self._with_ellipses.isChecked())
        kl = np.asarray(picture["kl"], float)
        self._strip.set_values(kl, self._plot.coordinates() if self._dimensions > 2 else ())
        spoilt = self._draw_manifold(frame)
        self._tell(spoilt)
        if frame.run.key != self._key:
            self._key = frame.run.key
            self._plot.fit()
        self._make_room()

    def clear(self) -> None:
        """Say what will appear."""
        self._picture, self._key = {}, None
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._manifold, self._legend, self._status, self._stage):
            part.set_theme(theme)
        self._strip.set_theme(theme, theme.kl)

    def focus(self) -> Mapping[str, Any]:
        """`latent_axes`: the dimensions (i, j) shown, counted from 0, or None for principal components."""
        return {"latent_axes": self._axes.axes()}

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _arrange(self) -> None:
        self._with_manifold.setChecked(True)
        self._with_ellipses.setToolTip("Ellipses of one posterior standard deviation, along the axes shown, of 60 data")
        tools = QWidget()
        row = QFlowLayout(tools)
        row.setContentsMargins(6, 3, 6, 3)
        for control in (self._axes, self._with_ellipses, self._with_manifold):
            row.addWidget(control)
        self._planes = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._planes.setSpacing(0)
        self._planes.addWidget(self._plot, 1)
        self._planes.addWidget(self._manifold, 1)
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(0)
        self._beside.addWidget(self._legend)
        self._beside.addLayout(self._planes, 1)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tools)
        column.addLayout(self._beside, 1)
        column.addWidget(self._strip)
        column.addWidget(self._status)
        self._stage = self.staged(content)

    def _connect(self) -> None:
        self._axes.changed.connect(self.focus_changed)
        self._legend.hidden_changed.connect(lambda: self._plot.cloud.set_hidden(self._legend.hidden_classes))
        self._with_ellipses.toggled.connect(self._plot.show_ellipses)
        self._with_manifold.toggled.connect(self._switch_manifold)
        self._plot.hovered.connect(self._point_at)
        self._manifold.hovered.connect(self._point_at_code)

    def _draw_manifold(self, frame: Frame) -> int:
        picture = frame.pictures.get("manifold", {}) if self._dimensions == 2 else {}
        self._has_manifold = is_manifold(picture)
        self._manifold.setVisible(self._has_manifold and self._with_manifold.isChecked())
        return self._manifold.set_manifold(picture, frame.run.extent) if self._manifold.isVisibleTo(self) else 0

    def _set_dimensions(self, count: int) -> None:
        self._axes.set_dimensions(count)
        if count == self._dimensions and self._with_manifold.toolTip():
            return
        self._dimensions = count
        self._with_manifold.setEnabled(count == 2)
        self._with_manifold.setToolTip(
            "What the decoder makes of the whole latent plane; each cell holds the same prior mass"
            if count == 2
            else "Only a latent space of two dimensions can be drawn as a whole"
        )
        self._ask()

    def _switch_manifold(self, on: bool) -> None:
        self._manifold.setVisible(on and self._has_manifold)
        self._ask()

    def _ask(self) -> None:
        wanted = self._with_manifold.isChecked() and self._dimensions == 2
        needs = frozenset({"latent", "manifold"} if wanted else {"latent"})
        if needs != self.needs:
            self.needs = needs
            self.focus_changed.emit()

    def _tell(self, spoilt: int) -> None:
        count = len(self._picture["mean"])
        kl = float(np.nansum(self._strip.values))
        text = f"{count:,} held-out data at their posterior means · KL {kl:.3g} nats"
        if self._plot.cloud.left_out:
            text += f" · {self._plot.cloud.left_out:,} left out: not finite"
        if spoilt:
            text += f" · {spoilt:,} numbers of the decoded manifold are not finite"
        self._status.set_text(text)

    def _point_at(self, at: tuple[float, float] | None) -> None:
        self._status.set_pointed(self._plot.words(at, self._classes) if at else "")

    def _point_at_code(self, at: tuple[float, float] | None) -> None:
        code = self._manifold.at(*at) if at else None
        self._status.set_pointed(f"decoded from z₁ = {code[0]:.2f}, z₂ = {code[1]:.2f}" if code else "")

    def _make_room(self) -> None:
        least = LEAST_HEIGHT_WITH_STRIP if self._dimensions > 2 else LEAST_HEIGHT_WITH_TWO_BARS
        self._strip.setVisible(self._dimensions > 1 and self.height() >= least)
        across = self.width() < LEAST_WIDTH_WITH_LEGEND
        self._beside.setDirection(QBoxLayout.Direction.TopToBottom if across else QBoxLayout.Direction.LeftToRight)
        self._legend.lie_across(self.width() if across else None)
        room = self.height() - (self._legend.minimumHeight() if across else 0)
        self._legend.setVisible(bool(self._classes) and room >= LEAST_HEIGHT_WITH_LEGEND)
        wide = self._stage.width() > self._stage.height()  # then two squares side by side are the larger ones
        self._planes.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
