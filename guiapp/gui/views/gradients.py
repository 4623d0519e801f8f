"""How strongly each layer is pulled: the gradient along the depth now, and over the steps."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget
from superqt import QFlowLayout

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.heat_map import HeatMap, Row
from guiapp.gui.widgets.layer_profile import LayerProfile
from guiapp.gui.widgets.layers import Profile, Tensor, last_values, means, placed, quartiles, verdict
from guiapp.gui.widgets.network_series import NetworkSeries, Noise
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.time_plot import AXIS_WIDTH
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot

EMPTY = (
    "Here each layer's gradient will be a dot, from input to output, and beside it its course over the steps. "
    "Start training with ▶ to fill it."
)
BEFORE = "This is the model before its first step: it has no gradient yet."
NOTHING = "This run records no gradients."
COLOURS: Final = MappingProxyType(
    {"encoder": "posterior", "decoder": "generated", "generator": "generator", "discriminator": "discriminator"}
)
COURSE = "gradient RMS, nats per unit of weight"
AVERAGED = 100  # steps
TENSORS, NETWORKS = range(2)  # what is drawn over the steps


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
    towards the input is a vanishing gradient, one that rises an exploding one. Over the steps, each tensor is a row of
    a map, or each network a curve; the size and the noise of each network's gradient stand below in numbers."""

    name: ClassVar[str] = "gradients"
    title: ClassVar[str] = "Gradients"
    draws_series: ClassVar[bool] = True
    needs = frozenset({"gradients"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile, self._map = LayerProfile("Gradient by layer"), HeatMap("Gradient by layer and step")
        self._course = TimeSeriesPlot("Gradient by network", COURSE)
        self._course.set_log(True)
        self._course.getAxis("left").setWidth(AXIS_WIDTH + 8)  # for 0.0001 beside the title
        self._over_time = QStackedWidget()
        self._status, self._noise = StatusLine(), StatusLine()
        self._quantity = QComboBox()
        for i, quantity in enumerate(QUANTITIES):
            self._quantity.addItem(quantity.title)
            self._quantity.setItemData(i, quantity.tooltip, Qt.ItemDataRole.ToolTipRole)
        self._quantity.setAccessibleName("Quantity shown")
        self._shown = QComboBox()
        self._shown.addItems(["each tensor", "each network"])
        self._shown.setAccessibleName("Shown over the steps")
        self._shown.setToolTip("Over the steps: a map of all tensors, or a curve of each network's gradient RMS")
        self._frame: Frame | None = None
        self._past = False  # whether a past step is shown
        self._drawn: tuple[object, ...] = ()  # what the rows depend on
        self._tensors: tuple[Tensor, ...] = ()
        self._networks: NetworkSeries | None = None
        self._arrange()
        self._quantity.currentIndexChanged.connect(lambda _i: self._redraw())
        self._shown.currentIndexChanged.connect(lambda _i: self._redraw())
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
        self._draw_networks(frame, quantity)
        text = verdict(self._tensors, profile.smoothed, quantity.verdict)
        self._status.set_text(f"{text}, mean of {len(recent)} steps" if text else "")

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        self._map.clear_steps()
        self._course.clear_steps()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._profile, self._map, self._course, self._status, self._noise, self._stage):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _arrange(self) -> None:
        tools = QWidget()
        row = QFlowLayout(tools)
        row.setContentsMargins(6, 3, 6, 3)
        for title, choice in (("&Quantity", self._quantity), ("&Over the steps", self._shown)):
            pair = QWidget()
            pair_row = QHBoxLayout(pair)
            pair_row.setContentsMargins(0, 0, 0, 0)
            label = QLabel(title)
            label.setBuddy(choice)
            pair_row.addWidget(label)
            pair_row.addWidget(choice)
            row.addWidget(pair)
        self._splitter = QSplitter()
        self._splitter.setChildrenCollapsible(False)
        for part in (self._map, self._course):
            self._over_time.addWidget(part)
        self._splitter.addWidget(self._profile)
        self._splitter.addWidget(self._over_time)
        self._splitter.setSizes([1000, 1000])  # shares, not pixels
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tools)
        column.addWidget(self._splitter, 1)
        column.addWidget(self._noise)
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
        networks = dict.fromkeys(tensor.network for tensor in self._tensors)
        self._course.set_curves([Curve(name, name, COLOURS.get(name, "total")) for name in networks], COURSE)

    def _draw_networks(self, frame: Frame, quantity: Quantity) -> None:
        """What lies beside the profile, and the line of each network's size and noise."""
        by_network = quantity is GRADIENT and self._shown.currentIndex() == NETWORKS
        self._shown.setEnabled(quantity is GRADIENT)
        self._over_time.setCurrentIndex(NETWORKS if by_network else TENSORS)
        if self._networks is None or self._networks.tensors is not frame.series:
            self._networks = NetworkSeries(frame.series, self._tensors)
        if by_network:
            self._course.draw(self._networks, frame.marks, frame.until)
        else:
            self._map.draw(frame.series, frame.marks, frame.until)
        self._noise.set_text(_noise_text(self._networks.noise(AVERAGED)) if quantity is GRADIENT else "")

    def _spread(self, frame: Frame, quantity: Quantity) -> tuple[np.ndarray, ...]:
        picture = frame.pictures.get("gradients")
        if picture is None or quantity is not GRADIENT or len(picture["counts"]) != len(self._tensors):
            return ()
        return quartiles(picture["edges"], picture["counts"]), np.asarray(picture["zeros"], float)


def _noise_text(networks: tuple[Noise, ...]) -> str:
    """Such as "encoder 0.27 ± 57 %, decoder 0.046 ± 19 %"."""
    parts = [
        f"{part.network} {part.mean:.2g}" + ("" if np.isnan(part.spread) else f" ± {part.spread:.0%}")
        for part in networks
        if not np.isnan(part.mean)
    ]
    return f"{', '.join(parts)} · gradient RMS of all weights, ± from step to step" if parts else ""


def _short(tensor: Tensor) -> str:
    """Such as "encoder 0 w"."""
    kind = {"weight": "w", "bias": "b"}.get(tensor.name.rpartition(".")[2], tensor.name.rpartition(".")[2])
    return " ".join(part for part in (tensor.network, tensor.layer, kind) if part)
