"""A line at the pointer's step and a box with the values there."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme

PADDING, SWATCH, GAP = 6.0, 10.0, 12.0  # px


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the box: its colour (None: no swatch), its title and the value as text."""

    title: str
    value: str = ""
    colour: str | None = None


class Crosshair(pg.GraphicsObject):
    """Lies over a view box, in its pixels; `readings` says what the box holds."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(100)
        self._box, self._theme = box, LIGHT
        self._at: float | None = None  # data units
        self.readings: tuple[Reading, ...] = ()
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def show_at(self, step: float | None, readings: tuple[Reading, ...] = ()) -> None:
        """Move to `step` with these readings; None hides it."""
        if step is None and self._at is None:
            return
        self._at, self.readings = step, readings
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if self._at is None:
            return
        room = self.boundingRect()
        x = self._box.mapFromView(QPointF(self._at, 0)).x()
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        if not self.readings:
            return
        font = QApplication.font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        titles = max(metrics.horizontalAdvance(r.title) + (SWATCH + 4 if r.colour else 0) for r in self.readings)
        values = max(metrics.horizontalAdvance(r.value) for r in self.readings)
        width = titles + values + (GAP if values else 0) + 2 * PADDING
        height = metrics.height() * len(self.readings) + 2 * PADDING
        left = x + 10 if x + 10 + width <= room.right() else max(room.left(), x - 10 - width)
        top = room.top() + 2 * metrics.height() + 4  # below the labels of edits
        frame = QRectF(left, max(room.top(), min(top, room.bottom() - height)), width, height)
        ground = QColor(self._theme.surface)
        ground.setAlpha(240)
        painter.setBrush(ground)
        painter.setPen(QPen(QColor(self._theme.grid), 1))
        painter.drawRoundedRect(frame, 4, 4)
        inside = frame.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        for i, reading in enumerate(self.readings):
            line = QRectF(inside.left(), inside.top() + i * metrics.height(), inside.width(), metrics.height())
            self._line(painter, line, reading)

    def _line(self, painter: QPainter, line: QRectF, reading: Reading) -> None:
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | centre, reading.value)
        if reading.colour:
            painter.fillRect(QRectF(line.left(), line.center().y() - 1.5, SWATCH, 3), QColor(reading.colour))
            line = line.adjusted(SWATCH + 4, 0, 0, 0)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | centre, reading.title)
