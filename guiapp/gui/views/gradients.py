"""How strongly each layer is pulled: the gradient along the depth now, and over the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.heat_map import HeatMap, Row
from guiapp.gui.widgets.layer_profile import LayerProfile
from guiapp.gui.widgets.layers import Profile, Tensor, last_values, means, placed, quartiles, verdict
from guiapp.gui.widgets.status_line import StatusLine

EMPTY = (
    "Here each layer's gradient will be a dot, from input to output, and beside it its course over the steps. "
    "Start training with ▶ to fill it."
)
BEFORE = "This is the model before its first step: it has no gradient yet."
NOTHING = "This run records no gradients."
AVERAGED = 100  # steps


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is drawn: the series "`prefix`/tensor"."""

    prefix: str
    title: str
    axis: str
    verdict: str
    tooltip: str
    reference: float | None = None


GRADIENT = Quantity(
    "grad",
    "gradient RMS",
    "log10 gradient RMS",
    "weights' gradient RMS",
    "Root mean square of the loss's derivatives by the elements of a tensor, nats per unit of weight",
)
UPDATE = Quantity(
    "update",
    "update ratio ‖Δw‖ / ‖w‖",
    "log10 ‖Δw‖ / ‖w‖",
    "weights' update ratio",
    "How far one step moves a tensor, relative to its length; about 10⁻³ is a common rule of thumb",
    reference=1e-3,
)
QUANTITIES = (GRADIENT, UPDATE)


class GradientsView(View):
    """Dots: the gradient's root mean square of each tensor in the newest step; line: its mean over the last 100 steps;
    bars: the middle half of log10 |g|; below: the fraction that is exactly zero. A profile that falls by decades
    towards the input is a vanishing gradient, one that rises an exploding one."""

    name: ClassVar[str] = "gradients"
    title: ClassVar[str] = "Gradients"
    draws_series: ClassVar[bool] = True
    needs = frozenset({"gradients"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile, self._map = LayerProfile("Gradient by layer"), HeatMap("Gradient by layer and step")
        self._status = StatusLine()
        self._quantity = QComboBox()
        for i, quantity in enumerate(QUANTITIES):
            self._quantity.addItem(quantity.title)
            self._quantity.setItemData(i, quantity.tooltip, Qt.ItemDataRole.ToolTipRole)
        self._quantity.setAccessibleName("Quantity shown")
        self._frame: Frame | None = None
        self._past = False  # whether a past step is shown
        self._drawn: tuple[object, ...] = ()  # what the rows depend on
        self._tensors: tuple[Tensor, ...] = ()
        self._arrange()
        self._quantity.currentIndexChanged.connect(lambda _i: self._redraw())
        self._profile.hovered.connect(self._status.set_pointed)
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the gradients of `frame`: its series, and its picture "gradients" for quartiles and zeros."""
        quantity = QUANTITIES[self._quantity.currentIndex()]
        names = tuple(f"{quantity.prefix}/{name}" for name, _ in frame.run.tensors)
        if not len(frame.series):
            if frame.until:
                self._frame = frame
                self._stage.say(BEFORE)
            else:
                self.clear()
            return
        if not names or not set(names) <= set(frame.series.names):
            self._stage.say(NOTHING)
            return
        self._frame = frame
        self._adapt(frame, quantity, names)
        self._stage.show_content()
        recent = frame.series.recent(names, AVERAGED)
        profile = Profile(last_values(recent), means(recent), *self._spread(frame, quantity))
        jumped, self._past = self._past or frame.until > 0, frame.until > 0
        self._profile.show_profile(profile, quantity.axis, quantity.reference, exact=jumped)
        self._map.draw(frame.series, frame.marks, frame.until)
        text = verdict(self._tensors, profile.smoothed, quantity.verdict)
        self._status.set_text(f"{text}, mean of {len(recent)} steps" if text else "")

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        self._map.clear_steps()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._profile, self._map, self._status, self._stage):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _arrange(self) -> None:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(6, 3, 6, 3)
        label = QLabel("&Quantity")
        label.setBuddy(self._quantity)
        row.addWidget(label)
        row.addWidget(self._quantity)
        row.addStretch(1)
        self._splitter = QSplitter()
        self._splitter.setChildrenCollapsible(False)
        for part in (self._profile, self._map):
            self._splitter.addWidget(part)
        self._splitter.setSizes([1000, 1000])  # shares, not pixels
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tools)
        column.addWidget(self._splitter, 1)
        column.addWidget(self._status)
        self._stage = self.staged(content)

    def _redraw(self) -> None:
        self._quantity.setToolTip(QUANTITIES[self._quantity.currentIndex()].tooltip)
        if self._frame is not None:
            self.draw(self._frame)

    def _adapt(self, frame: Frame, quantity: Quantity, names: tuple[str, ...]) -> None:
        drawn = (frame.run.key, frame.run.tensors, quantity)
        if drawn == self._drawn:
            return
        self._drawn, self._tensors = drawn, placed(frame.run.tensors)
        self._profile.set_tensors(self._tensors)
        rows = [
            Row(name, _short(tensor), f"{tensor.name}  {' × '.join(map(str, tensor.shape))}")
            for name, tensor in zip(names, self._tensors, strict=True)
        ]
        self._map.set_rows(rows, quantity.title, quantity.reference)

    def _spread(self, frame: Frame, quantity: Quantity) -> tuple[np.ndarray, ...]:
        picture = frame.pictures.get("gradients")
        if picture is None or quantity is not GRADIENT or len(picture["counts"]) != len(self._tensors):
            return ()
        return quartiles(picture["edges"], picture["counts"]), np.asarray(picture["zeros"], float)


def _short(tensor: Tensor) -> str:
    """Such as "encoder 0 w"."""
    kind = {"weight": "w", "bias": "b"}.get(tensor.name.rpartition(".")[2], tensor.name.rpartition(".")[2])
    return " ".join(part for part in (tensor.network, tensor.layer, kind) if part)
