"""The dots, lines and bars of a layer profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.layers import NO_GRADIENT, Profile, Tensor, Values, log10

Members = npt.NDArray[np.intp]
COLOURS: Final = MappingProxyType(
    {"encoder": "posterior", "decoder": "reconstruction", "generator": "generator", "discriminator": "discriminator"}
)
PARTS: Final = MappingProxyType(
    {
        "reconstruction": "reconstruction",
        "KL": "kl",
        "D step: data": "real",
        "D step: generated": "generated",
        "G step": "generator",
    }
)
DOT, SMALL, HOLE = 4.0, 3.0, 1.8  # radii in px
REACH_PX = 12.0
ROOM_FOR_TEXT = 34.0  # px a layer must have for the text of its zeros
NOTABLE = 0.005  # fractions of zeros below this are not worth a text
INF_ROOM, FOOT = 26.0, 8.0  # px from the top to where Inf stands, from the bottom to the marks of zero and of nothing


class LayerDots(pg.GraphicsObject):
    """Lies over a view box, in its pixels."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self._box, self._theme = box, LIGHT
        self.tensors: tuple[Tensor, ...] = ()
        self.profile: Profile | None = None
        self.reference: float | None = None
        self.fraction = False  # whether values are drawn as they are, not by their logarithm
        self.captions: Mapping[str, str] = MappingProxyType({})  # what stands above a network, if not its name
        self.hidden: frozenset[str] = frozenset()  # parts that are not drawn
        self.selected = ""
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def text_at(self, at: QPointF) -> str:
        """What the tensor nearest to the pixel `at` is and has; empty beyond its reach."""
        found = self.index_at(at)
        if found is None or self.profile is None:
            return ""
        i, part = found
        profile, tensor = self.profile, self.tensors[i]
        head = f"{tensor.name} ({' × '.join(map(str, tensor.shape))})"
        if part:
            k = profile.part_names.index(part)
            return f"{head}: gradient RMS of {part} {written(float(profile.parts[k, i]), False)}"
        text = f"{head}: " + (f"{profile.states[i]}, " if profile.states and profile.states[i] else "")
        if np.isnan(profile.now[i]):
            return f"{text}no value in the last {profile.over:,} steps"
        text += f"now {written(float(profile.now[i]), self.fraction)}"
        text += f" (step {profile.steps[i]:,.0f})" if len(profile.steps) else ""
        text += f", mean of the last {profile.over:,} steps {written(float(profile.smoothed[i]), self.fraction)}"
        return text + (f", {profile.zeros[i]:.1%} exact zeros" if len(profile.zeros) else "")

    def index_at(self, at: QPointF) -> tuple[int, str] | None:
        """The index of the tensor nearest to the pixel `at`, and the part whose dot that is; None beyond its reach."""
        if self.profile is None or len(self.profile.now) != len(self.tensors) or not self.tensors:
            return None
        xs, now, smoothed = self._pixels(self.profile)
        foot = self.boundingRect().bottom() - FOOT
        traces = [("", np.where(np.isnan(y), foot, y)) for y in (now, smoothed)]
        if self._shown_parts():
            traces = [(part, self._pixel_of(self.profile.parts[k])) for k, part in self._shown_parts()]
        far = np.array([np.hypot(xs - at.x(), y - at.y()) for _, y in traces])
        if np.isnan(far).all() or np.nanmin(far) > REACH_PX:
            return None
        trace, i = divmod(int(np.nanargmin(far)), len(self.tensors))
        return i, traces[trace][0]

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        profile = self.profile
        if profile is None or len(profile.now) != len(self.tensors):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(QApplication.font())
        if self.reference is not None:
            self._draw_reference(painter, self.reference)
        xs, now, smoothed = self._pixels(profile)
        parts = self._shown_parts()
        traces = [(PARTS.get(part, "ink"), self._pixel_of(profile.parts[k])) for k, part in parts]
        for network in dict.fromkeys(tensor.network for tensor in self.tensors):
            members = np.array([i for i, tensor in enumerate(self.tensors) if tensor.network == network])
            for colour, ys in traces:
                self._draw_trace(painter, getattr(self._theme, colour), members, xs, ys, ys)
            if not parts:
                self._draw_network(painter, network, members, xs, now, smoothed)
            self._draw_caption(painter, network, members, xs)
        if len(profile.zeros) and not parts:
            self._draw_zeros(painter, profile.zeros, xs)
        self._draw_selected(painter, xs, traces[0][1] if traces else now)

    def _shown_parts(self) -> list[tuple[int, str]]:
        names = self.profile.part_names if self.profile is not None else ()
        return [(k, part) for k, part in enumerate(names) if part not in self.hidden]

    def _draw_network(
        self, painter: QPainter, network: str, members: Members, xs: Values, now: Values, smoothed: Values
    ) -> None:
        colour = QColor(getattr(self._theme, COLOURS.get(network, "ink")))
        self._draw_spread(painter, colour, np.array([i for i in members if self.tensors[i].main], np.intp), xs)
        self._draw_trace(painter, colour, members, xs, now, smoothed)
        if self.profile is None:
            return
        y = self.boundingRect().bottom() - FOOT
        for i in members:
            if self.profile.now[i] == 0 and not self.fraction:
                painter.setPen(QPen(QColor(self._theme.bad), 2))
                painter.drawLines([QLineF(xs[i] - 4, y - s, xs[i] + 4, y + s) for s in (4, -4)])
            elif self.profile.states and self.profile.states[i] == NO_GRADIENT:
                painter.setPen(QPen(QColor(self._theme.muted), 2))
                painter.drawLine(QLineF(xs[i] - 4, y, xs[i] + 4, y))

    def _draw_trace(
        self, painter: QPainter, colour: QColor | str, members: Members, xs: Values, now: Values, smoothed: Values
    ) -> None:
        """A line through `smoothed` of the weights, dots at `now`, rings for the others; Inf is written at the top."""
        main = np.array([i for i in members if self.tensors[i].main], np.intp)
        rest = np.array([i for i in members if not self.tensors[i].main], np.intp)
        top, ink = self.boundingRect().top() + INF_ROOM, QColor(colour)
        painter.setPen(QPen(ink, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(xs[i], smoothed[i]) for i in main[~np.isnan(smoothed[main])]]))
        finite = ~np.isnan(now) & (now != top)
        points = [QPolygonF([QPointF(xs[i], now[i]) for i in part[finite[part]]]) for part in (main, rest)]
        background = QColor(self._theme.background)
        for polygon, pen, radius in ((points[1], ink, SMALL), (points[1], background, HOLE), (points[0], ink, DOT)):
            painter.setPen(QPen(pen, 2 * radius, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(polygon)  # a pen's round points cost a tenth of ellipses
        painter.setPen(QColor(self._theme.bad))
        for i in members[now[members] == top]:
            painter.drawText(QRectF(xs[i] - 20, top - 10, 40, 20), Qt.AlignmentFlag.AlignCenter, "Inf")

    def _draw_caption(self, painter: QPainter, network: str, members: Members, xs: Values) -> None:
        room, (first, last) = self.boundingRect(), members[[0, -1]]
        left = room.left() if first == 0 else (xs[first - 1] + xs[first]) / 2
        right = room.right() if last == len(xs) - 1 else (xs[last] + xs[last + 1]) / 2
        place = QRectF(left, room.top(), right - left, 20).intersected(room).adjusted(2, 0, -2, 0)
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(
            place, Qt.AlignmentFlag.AlignCenter, fitted(self.captions.get(network, network), place.width())
        )
        if first > 0:
            painter.setPen(QPen(QColor(self._theme.grid), 1))
            painter.drawLine(QPointF(left, room.top()), QPointF(left, room.bottom()))

    def _draw_selected(self, painter: QPainter, xs: Values, ys: Values) -> None:
        for i, tensor in enumerate(self.tensors):
            if tensor.name == self.selected:
                y = self.boundingRect().bottom() - FOOT if np.isnan(ys[i]) else ys[i]
                painter.setPen(QPen(QColor(self._theme.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QPointF(xs[i], y), DOT + 4, DOT + 4)

    def _draw_spread(self, painter: QPainter, colour: QColor, main: Members, xs: Values) -> None:
        if self.profile is None or not len(self.profile.quartiles):
            return
        pale = QColor(colour)
        pale.setAlpha(70)
        for i, (bottom, line, top) in zip(main, self._y(self.profile.quartiles[main]).tolist(), strict=True):
            if not math.isnan(bottom + line + top):
                painter.fillRect(QRectF(xs[i] - 5, top, 10, bottom - top), pale)
                painter.fillRect(QRectF(xs[i] - 5, line - 0.5, 10, 1), colour)

    def _draw_zeros(self, painter: QPainter, zeros: Values, xs: Values) -> None:
        metrics, bottom = QFontMetricsF(QApplication.font()), self.boundingRect().bottom()
        wide = np.diff(self._x(np.array([0.0, 1.0])))[0] >= ROOM_FOR_TEXT
        painter.setPen(QColor(self._theme.muted))
        for i, tensor in enumerate(self.tensors):
            if not tensor.main or not zeros[i] >= NOTABLE:
                continue
            if wide:
                place = QRectF(xs[i] - 30, bottom - 14 - metrics.height(), 60, metrics.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{zeros[i]:.0%}")
            else:
                height = 16 * zeros[i]
                painter.fillRect(QRectF(xs[i] - 1.5, bottom - 14 - height, 3, height), QColor(self._theme.muted))

    def _draw_reference(self, painter: QPainter, value: float) -> None:
        at = value if self.fraction else math.log10(value)
        room, y = self.boundingRect(), float(self._y(np.array(at)))
        painter.setPen(QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        painter.drawText(QPointF(room.left() + 4, y - 3), f"{value:g}")

    def _pixels(self, profile: Profile) -> tuple[Values, Values, Values]:
        xs = self._x(np.array([tensor.place for tensor in self.tensors]))
        return xs, self._pixel_of(profile.now), self._pixel_of(profile.smoothed)

    def _pixel_of(self, values: Values) -> Values:
        """NaN where there is none, or no logarithm; Inf near the top."""
        ys = self._y(values if self.fraction else log10(values))
        return np.where(np.isposinf(values), self.boundingRect().top() + INF_ROOM, ys)

    def _x(self, places: Values) -> Values:
        (low, high), room = self._box.viewRange()[0], self.boundingRect()
        return room.left() + (places - low) / (high - low) * room.width()

    def _y(self, values: Values) -> Values:
        (low, high), room = self._box.viewRange()[1], self.boundingRect()
        return room.bottom() - (values - low) / (high - low) * room.height()


def written(value: float, fraction: bool) -> str:
    """Such as "0.0123", "12.5 %" or "Inf"."""
    return f"{value:.1%}" if fraction else f"{value:.3g}".replace("inf", "Inf").replace("nan", "NaN")


def fitted(caption: str, width: float) -> str:
    """As much of a caption such as "generator · G step" as `width` pixels have room for: that, "gen · G step",
    "G step", or the beginning of it."""
    metrics, (network, dot, player) = QFontMetricsF(QApplication.font()), caption.partition(" · ")
    for text in (caption, network[:3] + dot + player, player) if dot else (caption,):
        if metrics.horizontalAdvance(text) <= width:
            return text
    return metrics.elidedText(player or caption, Qt.TextElideMode.ElideRight, width)
