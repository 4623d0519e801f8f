"""The lab of vanishing gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec
from msgspec import Struct
from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.depth_compute import (
    OWN,
    Charts,
    Params,
    charts,
    options,
    predicted,
    preset_name,
    validated,
)
from guiapp.gui.labs.depth_controls import DepthControls
from guiapp.gui.labs.depth_plots import DepthPlots
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture, Studied
from guiapp.theory.propagation import sigmoid_bound

STUDY: Final = "depth"
FOUR_PX = 740  # width from which the four networks stand side by side
PAUSE_MS = 150  # after an edit, before it is measured anew: a held arrow key asks once
EMPTY = (
    "Dashed lines are predictions. Measuring and training is the trainer's task, beside any run: start one with ▶, "
    "then press Measure or Train."
)


class DepthLab(Lab):
    """Up to four deep networks side by side: how gradients and activations change from layer to layer, predicted and
    measured, at initialisation and in training, and which of them learns."""

    name: ClassVar[str] = "depth"
    title: ClassVar[str] = "Vanishing gradients"
    studies: ClassVar[frozenset[str]] = frozenset({STUDY})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._press = 0
        self._moment = -1
        self._report: Studied | None = None
        self._picture: Picture = {}
        self.plots, self.controls, self.status = DepthPlots(), DepthControls(self._params), StatusLine()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(lambda: self._ask(train=False))
        self._lay_out()
        self.controls.edited.connect(self._apply)
        self.controls.measure_asked.connect(lambda: self._ask(train=False))
        self.controls.train_asked.connect(lambda: self._ask(train=True))
        self.controls.stop_asked.connect(self.study_stopped)
        self.controls.moment_chosen.connect(self._choose_moment)
        self.plots.chosen.connect(
            lambda layer, of: self._apply(msgspec.structs.replace(self._params, layer=layer, of=of))
        )
        self.set_theme(LIGHT)
        self._show()

    def params(self) -> Params:
        return self._params

    def charts(self) -> Charts:
        """What is drawn."""
        return charts(self._params, self._picture, self._moment)

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._apply(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.status):
            part.set_theme(theme)

    def set_studies(self, studies: Mapping[str, Studied]) -> None:
        """What is drawn stays when a run ends: it is not of that run."""
        report = studies.get(STUDY)
        if report is self._report:
            return
        self._report = report
        if report is not None and report.picture and int(report.picture["press"]) != self._press:
            return  # of parameters that are others by now
        if report is not None and report.picture:
            self._picture = report.picture
        self.controls.show_report(report)
        self._show()
        self.changed.emit()

    def numbers(self) -> Mapping[str, float]:
        """`bound` and `falls`: what is left in the first hidden layer of the gradient at the last one, by the bound and
        as predicted; of the first network that is shown."""
        numbers = {"lr": self._params.lr}
        if not self._params.indices:
            return numbers
        network = self._params.networks[self._params.indices[0]]
        falls = math.sqrt(float(predicted(network, self._params.task).gradient[0]))
        numbers |= {"bound": float(sigmoid_bound(network.depth - 1)), "falls": falls}
        return {name: value for name, value in numbers.items() if math.isfinite(value)}

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(4 if self.width() >= FOUR_PX else 2)
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.controls)
        self._boxes = QGridLayout()
        self._boxes.setContentsMargins(4, 0, 4, 0)
        self._boxes.setSpacing(4)
        column.addLayout(self._boxes)
        self._arrange(4)
        column.addWidget(self.plots, 1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self.status)

    def _arrange(self, columns: int) -> None:
        """The boxes of the networks, so many side by side."""
        for i, box in enumerate(self.controls.boxes):
            self._boxes.addWidget(box, i // columns, i % columns)
        for column in range(4):
            self._boxes.setColumnStretch(column, int(column < columns))

    def _apply(self, params: Params) -> None:
        """Show `params`; what was measured goes, and is measured anew, where it does not belong to them."""
        before, self._params = self._params, params
        if _measured(before) != _measured(params):
            self._picture, self._moment = {}, -1
            self._press += 1
            self._pause.start()
        self.controls.set_params(params)
        self._show()
        self.changed.emit()

    def _ask(self, train: bool) -> None:
        self._pause.stop()
        if self._params.indices:
            self._press += 1
            self._moment = -1
            self.study_asked.emit(STUDY, options(self._params, self._press, train))

    def _choose_moment(self, moment: int) -> None:
        self._moment = moment
        self._show()

    def _show(self) -> None:
        networks = self._params.networks
        names = tuple(
            f"{i + 1} {name}" if (name := preset_name(network)) == OWN else name for i, network in enumerate(networks)
        )
        self.controls.show_moments([int(step) for step in self._picture.get("measured", ())], self._moment)
        deepest = max((networks[i].depth for i in self._params.indices), default=1)
        self.plots.set_choice(min(self._params.layer, deepest), self._params.of, deepest)
        self.plots.draw(self.charts(), names)
        self.status.set_text(self._told(names))

    def _told(self, names: tuple[str, ...]) -> str:
        if self._report is not None and self._report.trouble:
            return self._report.trouble
        picture = self._picture
        if not self._params.indices:
            return "No network takes part: tick one."
        if not picture:
            return EMPTY
        parts = [
            f"step {int(picture['step']):,} of {int(picture['steps']):,}" if picture["steps"] else "at initialisation"
        ]
        for s, i in enumerate(self._params.indices):
            diverged, accuracy = int(picture["diverged"][s]), picture["accuracy"][s]
            if diverged >= 0:
                parts.append(f"{names[i]}: the loss is not finite from step {diverged:,} on, training ended there")
            elif len(accuracy) and math.isfinite(accuracy[-1]):
                parts.append(f"{names[i]} {100 * accuracy[-1]:.0f} % right")
        return " · ".join(parts)


def _measured(params: Params) -> tuple[object, ...]:
    """What a measurement at initialisation depends on."""
    return tuple(params.networks[i] for i in params.indices), params.indices, params.task
