"""The arena: a GAN's game in the plane, its gradients next to it, and each step of it on demand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.arena_canvas import ArenaCanvas
from guiapp.gui.widgets.arena_field import NEED_OPTIMUM, field_of, names
from guiapp.gui.widgets.arena_steps import Phase, SlowMotion
from guiapp.gui.widgets.arena_tools import FIELDS, ArenaTools
from guiapp.gui.widgets.colour_bar import ColourBar
from guiapp.gui.widgets.drawing_dialog import DrawingDialog
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture
from guiapp.spec import Gan

EMPTY = (
    "Here real and generated points will lie over what the discriminator thinks of every place, with arrows that show "
    "where the generator's loss pushes its samples. Start a GAN on 2-D data with ▶ to fill it."
)
ONE_SPOT = 0.02  # of the half-width: the spread below which all generated points lie in one spot
LEAST_HEIGHT, LEAST_WIDTH = 480, 360  # px, for all controls and for the scale of the field
SAMPLE_ROWS = ("x1", "x2", "generated")


class ArenaView(View):
    """Real and generated points, D's field, the noise grid as G bends it, and on each sample the push of G's loss;
    steps of either player, and slow motion. Trails keep the last 40 pictures drawn of the run; they are dropped with
    it, and where one looks back."""

    name: ClassVar[str] = "arena"
    title: ClassVar[str] = "Arena"
    requires: ClassVar[frozenset[str]] = frozenset({"samples", "scores", "plane"})
    missing: ClassVar[str] = (
        "The arena shows a GAN's game in the plane. A VAE has no discriminator to play against (the view “2-D field” "
        "shows its plane), and images do not lie in a plane. Choose a GAN and a 2-D data set, such as the ring."
    )
    needs = frozenset({"arena"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas, self.tools, self.status, self.caption = ArenaCanvas(), ArenaTools(), StatusLine(), StatusLine()
        self.bar = ColourBar("D(x): probability of being real", ((0.0, "0"), (0.5, "½"), (1.0, "1")))
        self.slow = SlowMotion(self)
        self.kind = FIELDS[0][0]
        self._frame: Frame | None = None
        self._dialog: DrawingDialog | None = None
        self._theme = LIGHT
        self._arrange()
        self._connect()
        add_export_actions(self.canvas, self._table)
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the picture "arena" of `frame`."""
        picture = frame.pictures.get("arena")
        gan = frame.spec.model
        if not self.requires <= frame.run.capabilities or not isinstance(gan, Gan):
            self._empty(self.missing)
        elif picture is None:
            self._empty(EMPTY)
        else:
            self._stage.show_content()
            fresh = self._frame is None or self._frame.run.key != frame.run.key
            self._frame = frame
            self._show(frame, picture, gan)
            if fresh:
                self.canvas.fit()
            self._play_on(frame)

    def clear(self) -> None:
        """Say what will appear."""
        self._empty(EMPTY)

    def focus(self) -> Mapping[str, Any]:
        """The best D costs as much as all the rest, and is made only where it is shown."""
        return {"arena_optimum": True} if self.kind in NEED_OPTIMUM else {}

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for part in (self.canvas, self.tools, self.status, self.caption, self._stage):
            part.set_theme(theme)
        self.bar.set_colours(self.canvas.table, theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.tools.set_compact(self.height() < LEAST_HEIGHT)
        self.bar.setMaximumWidth(16777215 if self.width() >= LEAST_WIDTH else 0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody watches: nothing is played."""
        super().hideEvent(event)
        self.slow.stop()
        self.tools.go_to_data()

    def _empty(self, sentence: str) -> None:
        self.slow.stop()
        self.canvas.forget()
        self._frame = None
        self._stage.say(sentence)

    def _arrange(self) -> None:
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.canvas, 1)
        beside.addWidget(self.bar)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addWidget(self.caption)
        column.addLayout(beside, 1)
        column.addWidget(self.status)
        self.caption.hide()
        self._stage = self.staged(content)

    def _connect(self) -> None:
        tools, slow = self.tools, self.slow
        for name, switch in tools.switches.items():
            self.canvas.set_layer(name, switch.isChecked())
        tools.layer_switched.connect(self.canvas.set_layer)
        tools.layer_switched.connect(lambda *_: self._show_bar())
        tools.scale_chosen.connect(self.canvas.set_scale)
        tools.morphed.connect(self.canvas.set_morph)
        tools.field_chosen.connect(self._choose)
        tools.step_asked.connect(self._step)
        tools.speed_chosen.connect(slow.set_speed)
        tools.slow_toggled.connect(self._play_slowly)
        tools.draw_asked.connect(self.open_drawing)
        slow.step_asked.connect(self.step_asked)
        slow.phase_changed.connect(self._light)
        slow.ended.connect(self._rest)
        self.canvas.hovered.connect(self._point_at)

    def _show(self, frame: Frame, picture: Picture, gan: Gan) -> None:
        extent = frame.run.extent if math.isfinite(frame.run.extent) and frame.run.extent > 0 else 1.0
        self.tools.name_fields(names(gan))
        self.canvas.set_picture(picture, extent, gan.noise_law == "uniform")
        field = field_of(self.kind, picture, gan)
        self.canvas.set_field(field)
        self._show_bar()
        if field.values is not None:
            self.bar.set_scale(field.title, field.ticks)
        self.tools.switches["line"].setVisible(field.line is not None)
        self.tools.switches["mesh"].setVisible("mesh" in picture)
        self.status.set_text(self._words(picture))

    def _play_on(self, frame: Frame) -> None:
        """Slow motion and the trails live in the present."""
        if frame.until:
            self.slow.stop()
            self.canvas.forget()
        else:
            self.slow.see(frame.run.key, frame.step, frame.running)
            self.canvas.follow(frame.run.key, frame.step)
        self.tools.switches["trails"].setEnabled(not frame.until)

    def _show_bar(self) -> None:
        self.bar.setVisible(self.tools.switches["field"].isChecked() and self.canvas.shown.values is not None)

    def _choose(self, kind: str) -> None:
        self.kind = kind
        if self._frame is not None:
            self.draw(self._frame)
        self.focus_changed.emit()

    def _step(self, count: int, player: str) -> None:
        self.slow.stop()
        self.step_asked.emit(count, player)

    def _play_slowly(self, on: bool) -> None:
        self.tools.go_to_data()
        if on:
            self.slow.start()
        else:
            self.slow.stop()

    def _light(self, phase: Phase | None) -> None:
        self.canvas.light(None if phase is None else phase.lit)
        self.canvas.set_morph(0.0 if phase is not None and phase.noise else 1.0)
        self.caption.setVisible(phase is not None)
        self.caption.set_text("" if phase is None else phase.caption)
        self.tools.set_slow(self.slow.playing)

    def _rest(self, why: str) -> None:
        if why:
            self.status.set_text(why)

    def open_drawing(self) -> None:
        """Let the person draw a law; what they accept is asked for as a new run."""
        if self._frame is None:
            return
        self._dialog = DrawingDialog(self._frame.spec.data, self._theme, self)
        self._dialog.finished.connect(self._take_drawing)
        self._dialog.open()

    def _take_drawing(self, result: int) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is None:
            return
        if result == QDialog.DialogCode.Accepted:
            self.run_asked.emit({"data.name": "drawn", "data.drawing": dialog.text(), "data.blur": dialog.blur()})
        dialog.deleteLater()

    def _words(self, picture: Picture) -> str:
        canvas = self.canvas
        made, outside = canvas.generated, canvas.outside()
        parts = [f"{len(picture['real']):,} real and {len(picture['generated']):,} generated points"]
        if outside:
            parts.append(f"{outside:,} generated lie outside the square")
        if made.left_out:
            parts.append(f"{made.left_out:,} left out: not finite")
        if canvas.morph == 1 and len(made.points) > 1 and np.ptp(made.points, 0).max() < ONE_SPOT * canvas.extent:
            parts.append("all generated points lie in one spot")
        lengths = np.hypot(*np.asarray(picture["push"], float).T)
        known = lengths[np.isfinite(lengths)]
        if len(known):
            parts.append(f"median push {np.median(known):.2g}")
        if len(known) < len(lengths):
            parts.append(f"{len(lengths) - len(known):,} arrows are not finite")
        if not np.isfinite(picture["logit"]).all():
            parts.append("D's output is not finite in places: it has diverged")
        if canvas.shown.why:
            parts.append(canvas.shown.why)
        if "mesh" not in picture:
            parts.append("the noise has more than 2 dimensions: no manifold, and the morph shows the first two")
        return " · ".join(parts)

    def _point_at(self, at: tuple[float, float] | None) -> None:
        if at is None:
            self.status.set_pointed("")
            return
        value = self.canvas.value_at(*at)
        text = f"x₁ = {at[0]:.3g}, x₂ = {at[1]:.3g}"
        if value is not None:
            text += f", {self.canvas.shown.symbol} = " + (f"{value:.3f}" if math.isfinite(value) else "not known")
        self.status.set_pointed(text.replace("-", "−"))

    def _table(self) -> Table:
        clouds = (self.canvas.real, self.canvas.generated)
        marks = np.concatenate([np.full(len(cloud.points), i) for i, cloud in enumerate(clouds)])
        return SAMPLE_ROWS, np.column_stack([np.concatenate([cloud.points for cloud in clouds]), marks])
