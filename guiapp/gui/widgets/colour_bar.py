"""What the colours of a field mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

BAR = 14.0  # px
MARGIN = 8.0


class ColourBar(QWidget):
    """A vertical bar of colours from `ticks`' first value to its last, with its title along it."""

    def __init__(self, title: str, ticks: tuple[tuple[float, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self._title, self._ticks = title, ticks
        self._table: list[int] = []
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)

    def set_scale(self, title: str, ticks: tuple[tuple[float, str], ...]) -> None:
        """Another title and other values along the bar."""
        if (title, ticks) != (self._title, self._ticks):
            self._title, self._ticks = title, ticks
            self.setAccessibleName(title)
            self.updateGeometry()
            self.update()

    def set_colours(self, table: list[int], theme: Theme) -> None:
        """The colours, lowest first after the blank, from `levels.colour_table`."""
        self._table, self._theme = table, theme
        self.update()

    def sizeHint(self) -> QSize:
        widest = max(self.fontMetrics().horizontalAdvance(text) for _, text in self._ticks)
        return QSize(int(BAR + widest + self.fontMetrics().height() + 3 * MARGIN), 120)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        line = self.fontMetrics().height()
        bar = QRectF(MARGIN, MARGIN + line / 2, BAR, self.height() - 2 * MARGIN - line)
        gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        colours = self._table[1:]
        for i in range(0, len(colours), 16):
            gradient.setColorAt(i / max(1, len(colours) - 1), QColor.fromRgba(colours[i]))
        if colours:
            gradient.setColorAt(1.0, QColor.fromRgba(colours[-1]))
        painter.fillRect(bar, gradient)
        painter.setPen(QColor(self._theme.muted))
        painter.drawRect(bar)
        low, high = self._ticks[0][0], self._ticks[-1][0]
        painter.setPen(QColor(self._theme.ink))
        for value, text in self._ticks:
            y = bar.bottom() - (value - low) / (high - low) * bar.height()
            painter.drawText(QPointF(bar.right() + 5, y + self.fontMetrics().ascent() / 2 - 1), text)
        painter.translate(self.width() - line - 2, bar.center().y())
        painter.rotate(-90)
        room = QRectF(-bar.height() / 2, 0, bar.height(), line)
        title = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, title)
        painter.end()
