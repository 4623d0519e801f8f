"""The names of curves, each at the height of its end; a click switches the curve off and on."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QGraphicsSceneMouseEvent, QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

AT_ENDS = 4  # more curves than this are listed from the top instead
LEAD = 10.0  # px, from the plot to the text


@dataclass(frozen=True, slots=True)
class Label:
    """`height` is the curve's end as a part of the plot's height, 0 at the bottom; None: not in sight. `dashed` is how
    the curve is drawn."""

    title: str
    colour: str
    shown: bool
    height: float | None
    dashed: bool = False


def spread(wanted: list[float], height: float, room: float) -> list[float]:
    """Middles of lines of `height` as near to `wanted` as goes without overlap, within 0 .. `room`; order is kept."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    floor = height / 2
    for i in order:
        placed[i] = max(wanted[i], floor)
        floor = placed[i] + height
    ceiling = room - height / 2
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - height
    return placed


class LineLabels(pg.GraphicsWidget):
    """A column beside a view box. Up to four labels stand at the ends of their curves, more in a list."""

    toggled = Signal(int)

    def __init__(self, parent: pg.GraphicsItem | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[Label, ...] = ()
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click a name to hide or show its curve")

    @property
    def needed_width(self) -> float:
        """Pixels that the titles take."""
        metrics = QFontMetricsF(QApplication.font())
        return max((metrics.horizontalAdvance(label.title) for label in self._labels), default=0.0) + LEAD + 6

    @property
    def labels(self) -> tuple[Label, ...]:
        """What is shown."""
        return self._labels

    def set_labels(self, labels: tuple[Label, ...]) -> None:
        """Show `labels`; the column's width changes only with their titles."""
        if labels == self._labels:
            return
        renamed = [label.title for label in labels] != [label.title for label in self._labels]
        self._labels = labels
        if renamed:
            self.setFixedWidth(self.needed_width)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def places(self) -> list[QRectF]:
        """Where each label stands, in pixels of the column."""
        line, room = QFontMetricsF(QApplication.font()).height(), self.size().height()
        if len(self._labels) > AT_ENDS:
            middles = [line * (i + 0.5) for i in range(len(self._labels))]
        else:
            wanted = [room if label.height is None else (1 - label.height) * room for label in self._labels]
            middles = spread(wanted, line, room)
        return [QRectF(0, y - line / 2, self.size().width(), line) for y in middles]

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        font = QApplication.font()
        room = self.size().height()
        for label, place in zip(self._labels, self.places(), strict=True):
            font.setStrikeOut(not label.shown)
            painter.setFont(font)
            if label.shown and label.height is not None and len(self._labels) <= AT_ENDS:
                end = QPointF(place.left(), min(max((1 - label.height) * room, 0.0), room))
                painter.setPen(QPen(QColor(label.colour), 2))
                painter.drawLine(end, QPointF(place.left() + LEAD - 3, place.center().y()))
            elif label.shown and len(self._labels) > AT_ENDS:
                for dash in (
                    (QRectF(0, -1.5, 3, 3), QRectF(4, -1.5, 3, 3)) if label.dashed else (QRectF(0, -1.5, 7, 3),)
                ):
                    painter.fillRect(dash.translated(place.left(), place.center().y()), QColor(label.colour))
            painter.setPen(QColor(self._theme.ink if label.shown else self._theme.muted))
            painter.drawText(place.adjusted(LEAD, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, label.title)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        for i, place in enumerate(self.places()):
            if event.button() == Qt.MouseButton.LeftButton and place.contains(event.pos()):
                self.toggled.emit(i)
                event.accept()
                return
        event.ignore()
