"""What is written on a surface: the losses of its contours, the steps of a path, the loss at the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme

DOT, CENTRE = 2.6, 5.0  # px, radii
GAP, PAD = 8.0, 2.0
OPAQUE = 205

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """`text` at the first of `places`, in data units, where there is room; `beside` a dot rather than over a line."""

    text: str
    places: Sequence[Point]
    beside: bool = False


class SurfaceLabels(pg.GraphicsObject):
    """Lies over a view box, in its pixels: dots, a ring at the origin, and labels that never cover one another; the
    first ones have the first choice, and those that find no room are left out."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(50)
        self._box, self._theme, self._colour = box, LIGHT, LIGHT.ink
        self.labels: tuple[Label, ...] = ()
        self.dots: Sequence[Point] = ()
        self.ring = False
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def show_labels(self, labels: Sequence[Label], dots: Sequence[Point], ring: bool) -> None:
        """Show these, and with `ring` the origin."""
        self.labels, self.dots, self.ring = tuple(labels), dots, ring
        self.update()

    def set_theme(self, theme: Theme, colour: str) -> None:
        """Repaint in the colours of `theme`, the dots in `colour`."""
        self._theme, self._colour = theme, colour
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        room = self.boundingRect()
        painter.setClipRect(room)
        taken = self._paint_dots(painter)
        font = QApplication.font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        ground = QColor(self._theme.background)
        ground.setAlpha(OPAQUE)
        for label in self.labels:
            size = metrics.boundingRect(label.text).adjusted(-PAD - 1, 0, PAD + 1, 0)
            rect = self._place(label, size.width(), metrics.height(), room, taken)
            if rect is None:
                continue
            taken.append(rect)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(rect, 3, 3)
            painter.setPen(QColor(self._theme.ink))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label.text)

    def _paint_dots(self, painter: QPainter) -> list[QRectF]:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.background), 1))
        painter.setBrush(QColor(self._colour))
        places = [self._box.mapFromView(QPointF(*dot)) for dot in self.dots]
        for at in places:
            painter.drawEllipse(at, DOT, DOT)
        taken = [_around(at, DOT) for at in places]
        if not self.ring:
            return taken
        at = self._box.mapFromView(QPointF(0, 0))
        for colour, width in ((self._theme.background, 4.0), (self._theme.ink, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, CENTRE, CENTRE)
        return [*taken, _around(at, CENTRE)]

    def _place(self, label: Label, width: float, height: float, room: QRectF, taken: list[QRectF]) -> QRectF | None:
        for place in label.places:
            at = self._box.mapFromView(QPointF(*place))
            if label.beside:
                across, down = GAP + width / 2, GAP + height / 2
                middles = [
                    at + QPointF(across, 0),
                    at - QPointF(across, 0),
                    at + QPointF(0, down),
                    at - QPointF(0, down),
                ]
            else:
                middles = [at]
            for middle in middles:
                rect = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
                if room.contains(rect) and not any(rect.intersects(other) for other in taken):
                    return rect
        return None


def _around(at: QPointF, reach: float) -> QRectF:
    return QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
