"""How strongly each layer is pulled: the gradient along the depth now, and over the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views import gradient_words as words
from guiapp.gui.views.base import View
from guiapp.gui.views.gradient_profile import RECENT, profile_of, states_of, with_parts
from guiapp.gui.views.gradient_quantities import GRADIENT, Quantity
from guiapp.gui.views.gradient_tools import COUNTERS, HISTOGRAMS, MAP, NETWORKS, GradientTools
from guiapp.gui.widgets.columns import stack
from guiapp.gui.widgets.heat_map import HeatMap, Row
from guiapp.gui.widgets.layer_counts import LayerCounts, alarm, counted
from guiapp.gui.widgets.layer_dots import PARTS
from guiapp.gui.widgets.layer_profile import LayerProfile
from guiapp.gui.widgets.layer_table import LayerTable
from guiapp.gui.widgets.layers import Profile, Tensor, hidden_layers, placed, verdict
from guiapp.gui.widgets.network_series import NetworkSeries
from guiapp.gui.widgets.part_legend import PartLegend
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.tensor_panel import TensorPanel
from guiapp.gui.widgets.time_plot import AXIS_WIDTH
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.messages import Picture

COLOURS: Final = MappingProxyType(
    {"encoder": "posterior", "decoder": "generated", "generator": "generator", "discriminator": "discriminator"}
)
COURSE = "gradient RMS, nats per unit of weight"


class GradientsView(View):
    """Dots: the gradient's root mean square of each tensor in the newest step; line: its mean over the last 100 steps;
    bars: the middle half of log10 |g|; below: the fraction that is exactly zero. A profile that falls by decades
    towards the input is a vanishing gradient, one that rises an exploding one. So with the update ratio, the signal to
    noise of the gradient, the activations, and the dead and the saturated units. Beside it a map of all tensors over
    the steps, the curves of whole networks, the counters of each layer, or the histograms of one tensor, which a click
    on its dot or its row opens and Escape closes."""

    name: ClassVar[str] = "gradients"
    title: ClassVar[str] = "Gradients"
    draws_series: ClassVar[bool] = True
    needs = frozenset({"gradients"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = GradientTools()
        self._profile, self._map = LayerProfile("Gradient by layer"), HeatMap("Gradient by layer and step")
        self._course = TimeSeriesPlot("Gradient by network", COURSE)
        self._course.set_log(True)
        self._course.getAxis("left").setWidth(AXIS_WIDTH + 8)  # for 0.0001 beside the title
        self._table, self._panel = LayerTable(), TensorPanel()
        self._legend = PartLegend([(name, name, words.PART.format(name)) for name in PARTS])
        self._status, self._noise, self._alarm = StatusLine(), StatusLine(), StatusLine()
        self._frame: Frame | None = None
        self._past = False  # whether a past step is shown
        self._page = MAP  # before the histograms
        self._drawn: tuple[object, ...] = ()  # what the rows depend on
        self._tensors: tuple[Tensor, ...] = ()
        self._items: tuple[Tensor, ...] = ()  # what the quantity is of: tensors, or layers
        self._networks: NetworkSeries | None = None
        self._counts: tuple[Picture | None, tuple[str, ...], tuple[LayerCounts, ...]] = (None, (), ())
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the gradients of `frame`: its series, and its pictures "gradients", "layers" and "tensor"."""
        if not len(frame.series):
            if frame.until:
                self._frame = frame
                self._stage.say(words.BEFORE)
            else:
                self.clear()
            return
        if not frame.run.tensors or not GRADIENT.names(frame.run):
            self._stage.say(words.NOTHING)
            return
        self._frame = frame
        self._stage.show_content()
        quantity = self._tools.quantity
        self._adapt(frame, quantity)
        said = states_of(frame)
        self._count(frame, said)
        profile = profile_of(frame, quantity, self._items, said)
        trouble = "" if self._items else words.missing(frame.run, quantity)
        if not trouble and np.isnan(profile.now).all():
            trouble = words.not_yet(quantity, frame.series.last)
        self._draw_profile(frame, quantity, with_parts(profile, frame) if self._tools.split else profile, trouble)
        if trouble and self._tools.beside in (MAP, NETWORKS):
            self._body.say(trouble)
            return
        self._body.show_content()
        self._draw_beside(frame, quantity)

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        self._map.clear_steps()
        self._course.clear_steps()
        self._stage.say(words.EMPTY)

    def focus(self) -> Mapping[str, Any]:
        """The tensor whose histograms are shown."""
        return {"tensor": self._panel.tensor} if self._tools.beside == HISTOGRAMS and self._panel.tensor else {}

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        pictures = (self._profile, self._map, self._course, self._table, self._panel)
        for part in (*pictures, self._status, self._noise, self._stage, self._body, self._left):
            part.set_theme(theme)
        self._alarm.set_theme(replace(theme, muted=theme.warning))
        self._legend.set_colours(**{name: getattr(theme, colour) for name, colour in PARTS.items()})

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _arrange(self) -> None:
        self._beside = QStackedWidget()
        for page in (self._map, self._course, self._table, self._panel):  # in the order of the choices
            self._beside.addWidget(page)
        self._splitter = QSplitter()
        self._splitter.setChildrenCollapsible(False)
        self._left = Stage(self._profile)
        self._splitter.addWidget(self._left)
        self._splitter.addWidget(self._beside)
        self._splitter.setSizes([1000, 1000])  # shares, not pixels
        lines = ((self._noise, 0), (self._status, 0))
        self._body = Stage(stack(((self._legend, 0), (self._splitter, 1), *lines)))
        self._legend.hide()
        self._alarm.hide()
        self._stage = self.staged(stack(((self._tools, 0), (self._body, 1), (self._alarm, 0))))

    def _connect(self) -> None:
        self._tools.changed.connect(self._choose)
        self._profile.hovered.connect(self._status.set_pointed)
        self._panel.histograms.hovered.connect(self._status.set_pointed)
        self._profile.clicked.connect(self._open)
        self._map.row_clicked.connect(lambda series: self._open(series.partition("/")[2]))
        self._table.chosen.connect(self._open)
        self._panel.chosen.connect(lambda _name: self._choose())
        self._panel.closed.connect(self._close)
        self._legend.changed.connect(lambda: self._profile.hide_parts(self._legend.hidden))
        self._escape = QShortcut(QKeySequence("Esc"), self, self._close)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._escape.setEnabled(False)

    def _open(self, name: str) -> None:
        """Show the histograms of a tensor, or of a layer's weights."""
        names = [tensor.name for tensor in self._tensors]
        found = name if name in names else next((other for other in names if other.startswith(f"{name}.")), "")
        if found:
            self._panel.choose(found)
            self._tools.show_beside(HISTOGRAMS)

    def _close(self) -> None:
        self._tools.show_beside(self._page)
        self._profile.setFocus()

    def _choose(self) -> None:
        """A person has chosen something to see."""
        detailed = self._tools.beside == HISTOGRAMS
        if not detailed:
            self._page = self._tools.beside
        self._escape.setEnabled(detailed)
        # The layers take the trainer 25 to 40 ms, a third of what going to another step may take.
        counting = self._tools.split or self._tools.beside == COUNTERS
        self.needs = type(self).needs | ({"layers"} if counting else set()) | ({"tensor"} if detailed else set())
        if self._frame is not None:
            self.draw(self._frame)
        self.focus_changed.emit()

    def _adapt(self, frame: Frame, quantity: Quantity) -> None:
        drawn = (frame.run.key, frame.run.tensors, quantity)
        if drawn == self._drawn:
            return
        self._drawn, self._tensors = drawn, placed(frame.run.tensors)
        names = quantity.names(frame.run)
        self._items = hidden_layers(self._tensors, names) if quantity.of_layers else self._tensors if names else ()
        networks = [item.network for item in self._items]
        self._profile.set_tensors(self._items, {name: words.caption(name) for name in networks})
        rows = [Row(f"{quantity.prefix}/{item.name}", words.short(item), words.detail(item)) for item in self._items]
        breaks = tuple(i for i in range(1, len(networks)) if networks[i] != networks[i - 1])
        self._map.set_rows(
            rows,
            quantity.title,
            quantity.reference,
            every=quantity.every,
            fraction=quantity.fraction,
            breaks=breaks,
        )
        of_tensors = dict.fromkeys(tensor.network for tensor in self._tensors)
        curves = [Curve(name, words.caption(name), COLOURS.get(name, "total")) for name in of_tensors]
        self._course.set_curves(curves, COURSE)
        self._panel.set_tensors(tuple(tensor.name for tensor in self._tensors))

    def _draw_profile(self, frame: Frame, quantity: Quantity, profile: Profile, trouble: str) -> None:
        """The profile, or why there is none, and the line that sums it up."""
        if trouble:
            self._left.say(trouble)
            self._status.set_text("")
            return
        self._left.show_content()
        jumped, self._past = self._past or frame.until > 0, frame.until > 0
        self._profile.show_profile(profile, quantity.axis, quantity.reference, exact=jumped, fraction=quantity.fraction)
        chosen = self._panel.tensor if self._tools.beside == HISTOGRAMS else ""
        self._profile.select(next((i.name for i in self._items if f"{chosen}.".startswith(f"{i.name}.")), ""))
        self._legend.setVisible(bool(profile.part_names))
        for name, switch in self._legend.switches.items():
            switch.setVisible(name in profile.part_names)
        if self._tools.split and not profile.part_names:
            text = words.NO_PARTS
        elif quantity.fraction:
            text = words.largest(self._items, profile.now, quantity.verdict)
        else:
            text = verdict(self._items, profile.smoothed, quantity.verdict)
            text += f", mean of {profile.over:,} steps" if text else ""
        self._status.set_text(text)

    def _draw_beside(self, frame: Frame, quantity: Quantity) -> None:
        """What lies beside the profile, and the line of each network's size and noise."""
        page = self._tools.beside
        self._beside.setCurrentIndex(page)
        if self._networks is None or self._networks.tensors is not frame.series:
            self._networks = NetworkSeries(frame.series, self._tensors)
        if page == NETWORKS:
            self._course.draw(self._networks, frame.marks, frame.until)
        elif page == MAP:
            self._map.draw(frame.series, frame.marks, frame.until)
        elif page == COUNTERS:
            self._table.show_counts(self._counts[2])
        else:
            self._panel.show_picture(frame.pictures.get("tensor"))
        self._noise.set_text(words.noise_text(self._networks.noise(RECENT)) if quantity is GRADIENT else "")
        self._noise.setVisible(quantity is GRADIENT)

    def _count(self, frame: Frame, said: tuple[str, ...]) -> None:
        """What is counted in each layer, and the line that says what is wrong."""
        picture = frame.pictures.get("layers")
        if picture is not self._counts[0] or said != self._counts[1] or len(said) != len(self._tensors):
            self._counts = (picture, said, counted(self._tensors, said, picture))
            self._alarm.set_text(alarm(self._counts[2]))
            self._alarm.setVisible(bool(self._alarm.text))
