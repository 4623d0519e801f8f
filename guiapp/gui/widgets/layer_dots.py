"""The dots, lines and bars of a layer profile."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.layers import Profile, Tensor, Values, log10

COLOURS: Final = MappingProxyType(
    {"encoder": "posterior", "decoder": "reconstruction", "generator": "generator", "discriminator": "discriminator"}
)
DOT, SMALL, HOLE = 4.0, 3.0, 1.8  # radii in px
REACH_PX = 12.0
ROOM_FOR_TEXT = 34.0  # px a layer must have for the text of its zeros
NOTABLE = 0.005  # fractions of zeros below this are not worth a text


class LayerDots(pg.GraphicsObject):
    """Lies over a view box, in its pixels."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self._box, self._theme = box, LIGHT
        self.tensors: tuple[Tensor, ...] = ()
        self.profile: Profile | None = None
        self.reference: float | None = None
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def text_at(self, at: QPointF) -> str:
        """What the tensor nearest to the pixel `at` is and has; empty beyond its reach."""
        if self.profile is None or len(self.profile.now) != len(self.tensors):
            return ""
        xs, now, smoothed = self._pixels(self.profile)
        far = np.hypot(xs - at.x(), np.fmin(np.abs(now - at.y()), np.abs(smoothed - at.y())))
        if not len(far) or np.isnan(far).all() or np.nanmin(far) > REACH_PX:
            return ""
        i = int(np.nanargmin(far))
        tensor = self.tensors[i]
        text = f"{tensor.name} ({' × '.join(map(str, tensor.shape))}): now {self.profile.now[i]:.3g}"
        text += f", mean of the last 100 steps {self.profile.smoothed[i]:.3g}"
        return text + (f", {self.profile.zeros[i]:.1%} exact zeros" if len(self.profile.zeros) else "")

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        profile = self.profile
        if profile is None or len(profile.now) != len(self.tensors):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(QApplication.font())
        if self.reference is not None:
            self._draw_reference(painter, self.reference)
        xs, now, smoothed = self._pixels(profile)
        for network in dict.fromkeys(tensor.network for tensor in self.tensors):
            members = np.array([i for i, tensor in enumerate(self.tensors) if tensor.network == network])
            self._draw_network(painter, network, members, xs, now, smoothed)
        if len(profile.zeros):
            self._draw_zeros(painter, profile.zeros, xs)

    def _draw_network(
        self, painter: QPainter, network: str, members: npt.NDArray[np.intp], xs: Values, now: Values, smoothed: Values
    ) -> None:
        colour, room = QColor(getattr(self._theme, COLOURS.get(network, "ink"))), self.boundingRect()
        main = np.array([i for i in members if self.tensors[i].main], np.intp)
        rest = np.array([i for i in members if not self.tensors[i].main], np.intp)
        self._draw_spread(painter, colour, main, xs)
        seen = main[~np.isnan(smoothed[main])]
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(xs[i], smoothed[i]) for i in seen]))
        points = [QPolygonF([QPointF(xs[i], now[i]) for i in part[~np.isnan(now[part])]]) for part in (main, rest)]
        background = QColor(self._theme.background)
        for polygon, ink, radius in (
            (points[1], colour, SMALL),
            (points[1], background, HOLE),
            (points[0], colour, DOT),
        ):
            painter.setPen(QPen(ink, 2 * radius, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(polygon)  # a pen's round points cost a tenth of ellipses
        painter.setPen(QPen(QColor(self._theme.bad), 2))
        values = self.profile.now if self.profile else now
        for i in members[values[members] == 0]:
            x, y = xs[i], room.bottom() - 8
            painter.drawLines([QLineF(x - 4, y - 4, x + 4, y + 4), QLineF(x - 4, y + 4, x + 4, y - 4)])
        painter.setPen(QColor(self._theme.ink))
        left, right = xs[members[0]], xs[members[-1]]
        pitch = np.diff(self._x(np.array([0.0, 1.0])))[0]
        place = QRectF(left - 0.7 * pitch, room.top(), right - left + 1.4 * pitch, 20)
        text = QFontMetricsF(QApplication.font()).elidedText(network, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if members[0] > 0:
            x = (xs[members[0]] + xs[members[0] - 1]) / 2
            painter.setPen(QPen(QColor(self._theme.grid), 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))

    def _draw_spread(self, painter: QPainter, colour: QColor, main: npt.NDArray[np.intp], xs: Values) -> None:
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
        room, y = self.boundingRect(), float(self._y(np.array(math.log10(value))))
        painter.setPen(QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        painter.drawText(QPointF(room.left() + 4, y - 3), f"{value:g}")

    def _pixels(self, profile: Profile) -> tuple[Values, Values, Values]:
        xs = self._x(np.array([tensor.place for tensor in self.tensors]))
        return xs, self._y(log10(profile.now)), self._y(log10(profile.smoothed))

    def _x(self, places: Values) -> Values:
        (low, high), room = self._box.viewRange()[0], self.boundingRect()
        return room.left() + (places - low) / (high - low) * room.width()

    def _y(self, values: Values) -> Values:
        (low, high), room = self._box.viewRange()[1], self.boundingRect()
        return room.bottom() - (values - low) / (high - low) * room.height()
