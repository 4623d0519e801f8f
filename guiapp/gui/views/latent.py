"""The latent plane: where the encoder puts held-out data, against the prior."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.bar_strip import BarStrip
from guiapp.gui.widgets.class_legend import ClassLegend
from guiapp.gui.widgets.colour_bar import ColourBar
from guiapp.gui.widgets.datum_card import DatumCard
from guiapp.gui.widgets.latent_controls import LatentControls
from guiapp.gui.widgets.latent_layers import LatentLayers, density_tables
from guiapp.gui.widgets.latent_plot import LatentPlot, coordinates, datum_words
from guiapp.gui.widgets.manifold_plot import ManifoldPlot, is_manifold, is_table
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture

EMPTY = (
    "Here each held-out datum will be a point, at the mean of its posterior q(z|x), over the circles of the prior "
    "N(0, I). Start a VAE with ▶ to fill it."
)
LEAST_HEIGHT_WITH_TWO_BARS = 480  # px
LEAST_PLANE = 140  # px of height that the plane has before the KL of each dimension is shown
LEAST_WIDTH_WITH_LEGEND = 520  # px, for it to stand beside the plane; in a narrower view it lies above ...
LEAST_HEIGHT_WITH_LEGEND = 300  # ... where this height is left
LEAST_WIDTH_WITH_BAR = 300  # px of the plane
PEAKS = ((0.0, "0"), (1.0, "p(0)"), (2.0, "2 p(0)"))
NOWHERE: Final = QPoint()
DIFFERENCES = ((-1.0, "−p(0)"), (0.0, "0"), (1.0, "p(0)"))


class LatentView(View):
    """Held-out data by class at their posterior means, or at draws; the prior's circles of 1, 2 and 3 σ; posterior
    ellipses; the aggregate posterior against the prior; the decoded manifold; KL per dimension. A cloud that fills the
    circles matches the prior; one at the origin has collapsed. The datum under the pointer is shown with its
    reconstruction; the keys , and . go to the datum before and after it."""

    name: ClassVar[str] = "latent"
    title: ClassVar[str] = "Latent space"
    needs = frozenset({"latent"})
    requires: ClassVar[frozenset[str]] = frozenset({"encodes"})
    missing: ClassVar[str] = "A GAN has no encoder, so there is no posterior to show."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._manifold = LatentPlot(), ManifoldPlot()
        self._legend, self._strip = ClassLegend(), BarStrip("KL to the prior by dimension", "z", "nats")
        self._status, self._controls = StatusLine(), LatentControls()
        self._bars = {"q": ColourBar("q(z)", PEAKS), "difference": ColourBar("q(z) − p(z)", DIFFERENCES)}
        self._frame: Frame | None = None
        self._picture: Picture = {}
        self._classes: tuple[str, ...] = ()
        self._key: int | None = None
        self._datum: int | None = None
        self._dimensions = 2
        self._spoilt = 0  # numbers of the manifold that are not finite
        self._arrange()
        self._card = DatumCard(self)
        self._connect()
        self.set_theme(LIGHT)
        self.clear()
        self._set_needs()

    def draw(self, frame: Frame) -> None:
        """Show the pictures "latent", "manifold" and "datum" of `frame`."""
        self._frame = frame
        picture = frame.pictures.get("latent")
        if picture is None or not self.requires <= frame.run.capabilities:
            self._card.hide()
            self._stage.say(EMPTY if self.requires <= frame.run.capabilities else self.missing)
            return
        self._picture, self._classes = picture, frame.run.classes
        self._stage.show_content()
        self._dimensions = picture["axes"].shape[1]
        self._controls.set_dimensions(self._dimensions)
        self._legend.set_classes(frame.run.classes)
        if self._set_needs():
            self.focus_changed.emit()
        self._draw_planes(frame)
        marked = coordinates(picture["axes"]) if self._dimensions > 2 else ()
        self._strip.set_values(np.asarray(picture["kl"], float), marked)
        self._tell()
        if frame.run.key != self._key:
            self._key = frame.run.key
            self._plot.fit()
        self._draw_datum(frame)
        self._make_room()

    def clear(self) -> None:
        """Say what will appear."""
        self._frame, self._picture, self._key = None, {}, None
        self._point_at_datum(None)
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._plot, self._manifold, self._legend, self._status, self._stage, self._card):
            part.set_theme(theme)
        self._strip.set_theme(theme, theme.kl)
        for kind, table in density_tables(theme).items():
            self._bars[kind].set_colours(table, theme)

    def focus(self) -> Mapping[str, Any]:
        """`latent_axes`: the dimensions (i, j) shown, counted from 0, or None for principal components;
        `latent_points`: how many data at most; `latent_draws`, `latent_density`: whether these are shown;
        `manifold_cells`: a side; `datum`: the index of the datum under the pointer, where there is one."""
        controls = self._controls
        focus = {
            "latent_axes": controls.axes.axes(),
            "latent_points": controls.points.currentData(),
            "latent_draws": controls.shown.draws,
            "latent_density": bool(controls.shown.density),
            "manifold_cells": controls.cells.value(),
        }
        return focus if self._datum is None else {**focus, "datum": self._datum}

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Comma: -1, Qt.Key.Key_Period: 1}.get(Qt.Key(event.key()))
        if move is None or not self._picture:
            super().keyPressEvent(event)
            return
        index = (move - 1) // 2 if self._datum is None else self._datum + move
        index %= len(self._picture["mean"])
        plane = self._manifold if self._behind() else self._plot
        place = plane.layers.place_of(index)
        self._status.set_pointed(datum_words(self._picture, index, self._classes))
        self._point_at_datum(index, self._in_view(plane, place) if np.isfinite(place).all() else NOWHERE)

    def _arrange(self) -> None:
        self._planes = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._planes.setSpacing(0)
        self._even = QWidget()  # the plane with even axes, and what its colours mean
        beside_bar = QHBoxLayout(self._even)
        beside_bar.setContentsMargins(0, 0, 0, 0)
        beside_bar.setSpacing(0)
        beside_bar.addWidget(self._plot, 1)
        for bar in self._bars.values():
            beside_bar.addWidget(bar)
            bar.hide()  # until it has something to explain
        self._planes.addWidget(self._even, 1)
        self._planes.addWidget(self._manifold, 1)
        self._manifold.hide()
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(0)
        self._beside.addWidget(self._legend)
        self._beside.addLayout(self._planes, 1)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._controls)
        column.addLayout(self._beside, 1)
        column.addWidget(self._strip)
        column.addWidget(self._status)
        self._stage = self.staged(content)

    def _connect(self) -> None:
        self._controls.changed.connect(self._redraw)
        self._controls.asked.connect(self._on_asked)
        self._controls.more.toggled.connect(self._make_room)
        for plane in (self._plot, self._manifold):
            self._legend.hidden_changed.connect(
                lambda layers=plane.layers: layers.set_hidden(self._legend.hidden_classes)
            )
            plane.hovered.connect(lambda at, plane=plane: self._point_at(plane, at))

    def _on_asked(self) -> None:
        self._set_needs()
        self._redraw()
        self.focus_changed.emit()

    def _redraw(self) -> None:
        if self._frame is not None:
            self.draw(self._frame)

    def _draw_planes(self, frame: Frame) -> None:
        manifold, shown = self._manifold_of(frame), self._controls.shown
        behind = self._behind()
        self._even.setVisible(not behind)
        self._manifold.setVisible(bool(manifold))
        self._spoilt = self._manifold.set_manifold(manifold, frame.run.extent) if manifold else 0
        self._manifold.set_strength(self._controls.strength.value() / 100 if behind else 1.0)
        on_top = replace(shown, density="q" if shown.density else "")  # heat and images could not be told apart
        self._manifold.show_latent(self._picture if behind else None, on_top)
        if not behind:
            self._plot.show_latent(self._picture, shown)

    def _manifold_of(self, frame: Frame) -> Picture:
        """The picture "manifold" where it is wanted, can be drawn, and is of this latent space; else none."""
        picture = frame.pictures.get("manifold", {})
        if self._dimensions < 2 or self._controls.manifold_kind == "off" or not is_manifold(picture):
            return {}
        return picture if picture.get("axes", self._picture["axes"]).shape[1] == self._dimensions else {}

    def _behind(self) -> bool:
        """Whether the data lie over the decoded images."""
        if self._frame is None or self._controls.manifold_kind != "behind":
            return False
        return is_table(self._manifold_of(self._frame))

    def _set_needs(self) -> bool:
        """Ask for what is shown; whether that is something else than before."""
        wanted = {"latent"}
        if self._controls.manifold_kind != "off" and self._dimensions > 1:
            wanted.add("manifold")
        if self._datum is not None:
            wanted.add("datum")
        before, self.needs = self.needs, frozenset(wanted)
        return before != self.needs

    def _tell(self) -> None:
        picture, cloud = self._picture, self._layers().cloud
        at = (
            "at draws from their posteriors"
            if self._controls.shown.draws and "draws" in picture
            else "at their posterior means"
        )
        text = f"{len(picture['mean']):,} held-out data {at} · KL {float(np.nansum(self._strip.values)):.3g} nats"
        if self._behind():
            text += " · both axes stretched by Φ, so that the prior is even"
        share = float(self._picture["share"].sum())
        if self._dimensions > 2 and math.isfinite(share):
            text += f" · {share:.0%} of the variance of the means in this plane".replace("%", " %")
        if self._manifold.isVisibleTo(self) and self._dimensions > 2:
            text += " · decoded in this plane, all other directions 0"
        if cloud.left_out:
            text += f" · {cloud.left_out:,} left out: not finite"
        if self._spoilt:
            text += f" · {self._spoilt:,} numbers of the decoded manifold are not finite"
        self._status.set_text(text)

    def _layers(self) -> LatentLayers:
        return (self._manifold if self._behind() else self._plot).layers

    def _point_at(self, plane: LatentPlot | ManifoldPlot, at: tuple[float, float] | None) -> None:
        """The pointer is at the point `at` of `plane`, or has left it."""
        index = plane.nearest(at) if at else None
        words = ""
        if at and index is not None:
            words = datum_words(self._picture, index, self._classes)
        elif at:
            words = plane.words(at)
        self._status.set_pointed(words)
        self._point_at_datum(index, self._in_view(plane, at) if at else QPoint())

    def _point_at_datum(self, index: int | None, where: QPoint = NOWHERE) -> None:
        if index is not None:
            self._card.move_to(where)
        if index == self._datum:
            return
        self._datum = index
        self._card.hide()  # until this datum has been decoded
        self._set_needs()
        self.focus_changed.emit()

    def _draw_datum(self, frame: Frame) -> None:
        picture = frame.pictures.get("datum", {})
        if self._datum is None or not picture or int(picture["index"]) != self._datum:
            self._card.hide()
        else:
            self._card.show_datum(picture, frame.run.classes, frame.run.extent)

    def _in_view(self, plane: LatentPlot | ManifoldPlot, at: tuple[float, float]) -> QPoint:
        """The point `at` of `plane` in pixels of the view."""
        return plane.mapTo(self, plane.mapFromScene(plane.getViewBox().mapViewToScene(QPointF(*at))))

    def _make_room(self, *_: object) -> None:
        across = self.width() < LEAST_WIDTH_WITH_LEGEND
        self._beside.setDirection(QBoxLayout.Direction.TopToBottom if across else QBoxLayout.Direction.LeftToRight)
        self._legend.lie_across(self.width() if across else None)
        room = self.height() - (self._legend.minimumHeight() if across else 0)
        self._legend.setVisible(bool(self._classes) and room >= LEAST_HEIGHT_WITH_LEGEND)
        around = self._controls.heightForWidth(self.width()) + self._status.sizeHint().height()
        around += self._legend.minimumHeight() if across and self._legend.isVisibleTo(self) else 0
        fits = self.height() - around - self._strip.sizeHint().height() >= LEAST_PLANE
        many = self._dimensions > 2 or self.height() >= LEAST_HEIGHT_WITH_TWO_BARS
        self._strip.setVisible(self._dimensions > 1 and many and fits)
        wide = self._stage.width() > self._stage.height()  # then two squares side by side are the larger ones
        self._planes.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        share = self._stage.width() / (2 if wide and self._manifold.isVisibleTo(self) else 1)
        drawn = "density" in self._picture and not self._behind() and share >= LEAST_WIDTH_WITH_BAR
        for kind, bar in self._bars.items():
            bar.setVisible(drawn and self._controls.shown.density == kind)
