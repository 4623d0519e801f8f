"""A datum and its reconstruction beside the pointer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.gui.widgets.levels import colour_table, to_image, to_levels, value_range
from guiapp.messages import Picture

Array = npt.NDArray[Any]
MARGIN, AWAY = 8, 16  # px: around a picture, from the pointer
LARGE, SMALL, ROOMY = 88, 56, 400  # px: side of a picture; the large one from this height of the view on
NAMES = ("datum", "reconstruction")


class DatumCard(QWidget):
    """The picture "datum": two images side by side, two points of the plane joined by a line, or two curves; below
    them class, posterior and KL. The pointer goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ground = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._picture: Picture = {}
        self._words: tuple[str, ...] = ()
        self._pointer = QPoint()
        self._extent = 1.0
        self._theme = LIGHT
        self.hide()

    @property
    def _side(self) -> int:
        return LARGE if self._ground.height() >= ROOMY else SMALL

    @property
    def words(self) -> tuple[str, ...]:
        """The lines below the pictures."""
        return self._words

    def show_datum(self, picture: Picture, classes: tuple[str, ...], extent: float) -> None:
        """Show `picture` at the place last given by `move_to`; `extent` is the half-width of data in the plane."""
        self._picture, self._extent = picture, extent
        self._words = datum_lines(picture, classes)
        self.setAccessibleName("Datum under the pointer")
        self.setAccessibleDescription(", ".join(self._words))
        self.resize(self.sizeHint())
        self.move_to(self._pointer)  # only now is it known how large it is
        self.show()
        self.raise_()
        self.update()

    def move_to(self, pointer: QPoint) -> None:
        """Stand beside `pointer`, a point of the parent, on the side where there is room."""
        self._pointer = pointer
        size, room = self.sizeHint(), self._ground.size()
        x, y = pointer.x() + AWAY, pointer.y() + AWAY
        if x + size.width() > room.width():
            x = pointer.x() - AWAY - size.width()
        if y + size.height() > room.height():
            y = pointer.y() - AWAY - size.height()
        self.move(max(0, min(x, room.width() - size.width())), max(0, min(y, room.height() - size.height())))

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        widest = max((self.fontMetrics().horizontalAdvance(text) for text in self._words), default=0)
        captions = max(2 * max(self.fontMetrics().horizontalAdvance(name) for name in NAMES), 2 * self._side)
        width = max(captions + MARGIN, widest)
        return QSize(width + 2 * MARGIN, self._side + (1 + len(self._words)) * line + 3 * MARGIN)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.muted))
        painter.setBrush(QColor(self._theme.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self._picture:
            self._draw(painter)
        painter.end()

    def _draw(self, painter: QPainter) -> None:
        data, made = self._picture["data"], self._picture["reconstruction"]
        whole = QRectF(MARGIN, MARGIN, self.width() - 2 * MARGIN, self._side)
        half = (whole.width() - MARGIN) / 2
        halves = [QRectF(whole.x() + i * (half + MARGIN), whole.y(), half, self._side) for i in range(2)]
        colours = (self._theme.real, self._theme.reconstruction)
        is_image = data.ndim >= 2
        if is_image:
            low, high = value_range(data)
            for values, room in zip((data, made), halves, strict=True):
                _draw_image(painter, values, low, high, room)
        elif data.shape == (2,):
            self._draw_points(painter, data, made, whole)
        else:
            _draw_curves(painter, (data, made), colours, whole)
        line = self.fontMetrics().height()
        for name, room, colour in zip(NAMES, halves, colours, strict=True):
            painter.setPen(QColor(self._theme.muted if is_image else colour))
            below = QRectF(room.x() - MARGIN / 2, room.bottom() + MARGIN / 2, room.width() + MARGIN, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, name)
        painter.setPen(QColor(self._theme.ink))
        for i, text in enumerate(self._words):
            y = self._side + line * (i + 1) + 2 * MARGIN
            painter.drawText(QRect(MARGIN, y, self.width() - 2 * MARGIN, line), Qt.AlignmentFlag.AlignLeft, text)

    def _draw_points(self, painter: QPainter, data: Array, made: Array, room: QRectF) -> None:
        square = QRectF(room.center().x() - self._side / 2, room.y(), self._side, self._side)
        painter.setPen(QColor(self._theme.grid))
        painter.setBrush(QColor(self._theme.background))
        painter.drawRect(square)
        scale = self._side / 2 / self._extent
        ends = []
        for point, colour in ((data, self._theme.real), (made, self._theme.reconstruction)):
            if np.isfinite(point).all():
                x, y = (float(np.clip(v * scale, -self._side / 2, self._side / 2)) for v in point)
                ends.append((QPointF(square.center().x() + x, square.center().y() - y), colour))
        if len(ends) == 2:
            painter.setPen(QColor(self._theme.muted))
            painter.drawLine(ends[0][0], ends[1][0])
        painter.setPen(Qt.PenStyle.NoPen)
        for place, colour in ends:
            painter.setBrush(QColor(colour))
            painter.drawEllipse(place, 4, 4)


def datum_lines(picture: Picture, classes: tuple[str, ...]) -> tuple[str, ...]:
    """What is known of the datum: its number and class, its KL, and its posterior where Z is 1 or 2."""
    name = class_name(int(picture["label"]), classes)
    mean, std = picture["mean"], picture["std"]
    lines = [" · ".join(part for part in (f"datum {int(picture['index']) + 1}", name) if part)]
    if len(mean) <= 2:
        lines.append("μ " + ", ".join(f"{m:.2f}" for m in mean) + " · σ " + ", ".join(f"{s:.2g}" for s in std))
    else:
        lines.append(f"‖μ‖ {float(np.linalg.norm(mean)):.2f} · σ {std.min():.2g} to {std.max():.2g}")
    kl = float(picture["kl"])
    lines.append(f"KL to the prior {kl:.2f} nats" if math.isfinite(kl) else "its posterior is not finite")
    return tuple(line.replace("-", "−") for line in lines)


def _draw_image(painter: QPainter, values: Array, low: float, high: float, room: QRectF) -> None:
    if values.ndim == 3:
        values = values[..., :3] if values.shape[-1] >= 3 else values[..., 0]
    image = to_image(to_levels(values, low, high), colour_table("#000000", "#ffffff"))
    size = image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF(room.center().x() - size.width() / 2, room.y(), size.width(), size.height())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > size.width())
    painter.drawImage(place, image)


def _draw_curves(painter: QPainter, curves: tuple[Array, Array], colours: tuple[str, str], room: QRectF) -> None:
    low, high = value_range(curves[0])
    for values, colour in zip(curves, colours, strict=True):
        flat = np.asarray(values, float).reshape(-1)
        x = room.x() + np.linspace(0, room.width(), max(2, len(flat)))[: len(flat)]
        y = room.bottom() - np.clip((flat - low) / (high - low), 0, 1) * room.height()
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        kept = np.isfinite(y)
        painter.drawPolyline(
            QPolygonF([QPointF(a, b) for a, b in zip(x[kept].tolist(), y[kept].tolist(), strict=True)])
        )
