"""The loss around the weights of a step, on a plane through them."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, ClassVar, Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.colour_bar import ColourBar
from guiapp.gui.widgets.columns import stack
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.study_bar import age, line
from guiapp.gui.widgets.surface_heights import told
from guiapp.gui.widgets.surface_plot import PARTS, SurfacePlot
from guiapp.gui.widgets.surface_tools import SurfaceTools
from guiapp.messages import Studied
from guiapp.spec import Gan, Vae

EMPTY = (
    "Here the loss around the weights will lie as a landscape: on a plane of two random directions, or on that of the "
    "path which training took. Start a run with ▶, then press Compute."
)
ROOM_FOR_SCALE = 380  # px of width
WHOSE: Final = MappingProxyType({"d": "loss of D, G fixed", "g": "loss of G, D fixed"})


class SurfaceView(View):
    """L(w + a·d₁ + b·d₂) around the weights w of a step, on one batch and one draw of noise (Li et al. 2018). A player
    of a GAN sees its own loss with the other fixed: it moves with every step of the other, and has no bottom to come
    to rest at."""

    name: ClassVar[str] = "surface"
    title: ClassVar[str] = "Loss surface"
    studies: ClassVar[frozenset[str]] = frozenset({"surface"})
    draws_series: ClassVar[bool] = True  # with every step, what was found is older

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot, self._status, self._tools = SurfacePlot(), StatusLine(), SurfaceTools()
        self._scale = ColourBar("loss", ((0.0, ""), (1.0, "")))
        self._run_file = ""
        self._shown: tuple[Any, ...] = ()  # which grid is drawn
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the newest report of the study "surface"."""
        self._run_file = frame.run.run_file
        self._tools.setEnabled(True)
        self._tools.show_model(isinstance(frame.run.spec.model, Gan), isinstance(frame.run.spec.model, Vae))
        report = frame.studies.get("surface")
        if self._tools.bar.show_report(report):
            self._show(report)
        if report is not None:
            self._tell(report, frame.step)

    def clear(self) -> None:
        """Say what will appear."""
        self._tools.bar.clear()
        self._tools.setEnabled(False)  # until there is a model to ask
        self._show(None)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for part in (self._plot, self._status, self._stage):
            part.set_theme(theme)
        self._show_scale()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scale.setVisible(self.width() >= ROOM_FOR_SCALE)

    def _arrange(self) -> None:
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self._plot, 1)
        beside.addWidget(self._scale)
        self._stage = Stage(stack(((beside, 1),)))
        stack(((self._tools, 0), (self._stage, 1), (self._status, 0)), self)

    def _connect(self) -> None:
        self._tools.bar.asked.connect(self._ask)
        self._tools.bar.cancelled.connect(self.study_stopped)
        self._tools.looked.connect(self._look)
        self._plot.hovered.connect(lambda at: self._status.set_pointed(self._plot.words(at) if at else ""))
        self._plot.scaled.connect(self._show_scale)

    def _ask(self) -> None:
        options = self._tools.options
        if options["directions"] == "path":
            options["run_file"] = self._run_file
        self.study_asked.emit("surface", options)

    def _look(self) -> None:
        relief, lines = self._tools.look.currentData()
        self._plot.show_as(relief, lines, self._tools.scale.currentData())
        self._plot.show_part(self._tools.part.currentData())

    def _show_scale(self) -> None:
        ticks = self._plot.ticks
        log = self._plot.heights is not None and self._plot.heights.log
        title = PARTS[self._plot.part] + (" (log of its height)" if log else "")
        self._scale.set_scale(title, ticks)
        self._scale.set_colours(self._plot.colours, self._theme)

    def _show(self, report: Studied | None) -> None:
        picture = report.picture if report is not None else {}
        self._tools.show_begun(report is not None)
        if report is None:
            self._shown = ()
            self._status.set_text("")
            self._stage.say(EMPTY)
        elif "loss" in picture:
            self._stage.show_content()
            grid = (report.step, picture["loss"].tobytes())
            if grid != self._shown:
                self._shown = grid
                self._plot.show_picture(picture)
        elif report.trouble:
            self._stage.say(report.trouble)
        elif self._stage.sentence:  # else what was found before stays until there is something to show
            self._stage.say("The first nodes are being computed …")

    def _tell(self, report: Studied, step: int) -> None:
        picture, parts = report.picture, [age(report, step)]
        if "loss" in picture:
            centre = float(picture["centre"])
            apart = 1e-3 * abs(centre) if math.isfinite(centre) and centre else 1e-3
            bent = [float(picture[f"curvature_{i}"]) for i in (1, 2)]
            curved = " and ".join(told(value, 0.01 * abs(value)) for value in bent)
            parts = [f"loss at the centre {told(centre, apart)}", parts[0], f"curvature {curved} along the axes"]
            blank, nodes = self._plot.blanks, picture["loss"].size
            if blank:
                parts.insert(2, f"{blank:,} of {nodes:,} nodes are not finite, left blank")
            whose = WHOSE.get(str(picture["player"][0]))
            parts += [whose] if whose else []
            parts.append(f"{int(picture['count']):,} data")
            if "path_steps" in picture and len(picture["path_steps"]) - 1 < int(picture["keyframes"]) - 1:
                parts.append(f"{len(picture['path_steps']) - 1} of {int(picture['keyframes'])} keyframes")
        self._status.set_text(line(report, parts))
