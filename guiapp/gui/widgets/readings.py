"""A few numbers, written large."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.paragraph import wrapped

MARGIN, GAP = 8, 3  # px
LARGER = 1.5  # than the font around it
NOTE_LINES = 2


@dataclass(frozen=True, slots=True)
class Number:
    """`value` with its unit, what it is above it, what it is to be compared with below it."""

    title: str
    value: str
    note: str
    tooltip: str


class Readings(QWidget):
    """Numbers side by side, each in an equal part of the width, the note in two lines where one has no room; what has
    none there either is cut with dots."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: tuple[Number, ...] = ()
        self._theme = LIGHT
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What is shown, from the left."""
        return self._numbers

    def set_numbers(self, numbers: tuple[Number, ...]) -> None:
        """Show other numbers."""
        if numbers != self._numbers:
            self._numbers = numbers
            self.setAccessibleDescription("; ".join(f"{n.title}: {n.value}, {n.note}" for n in numbers))
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        large = QFontMetricsF(self._large()).height()
        return QSize(300, round((1 + NOTE_LINES) * self.fontMetrics().height() + large + 2 * GAP))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._numbers:
            number = self._numbers[min(len(self._numbers) - 1, int(event.pos().x() // self._pitch()))]
            text = f"{number.title}: {number.value}, {number.note}. {number.tooltip}"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)  # a small window has no room for it; the view hides it then

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        for i, number in enumerate(self._numbers):
            top = float(GAP)
            room = self._pitch() - 2 * MARGIN
            notes = wrapped(number.note, QFontMetricsF(self.font()), room, NOTE_LINES)
            for text, font, colour in (
                (number.title, self.font(), self._theme.muted),
                (number.value, self._large(), self._theme.ink),
                *((note, self.font(), self._theme.muted) for note in notes),
            ):
                metrics = QFontMetricsF(font)
                place = QRectF(MARGIN + i * self._pitch(), top, room, metrics.height())
                painter.setFont(font)
                painter.setPen(QColor(colour))
                cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
                painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, cut)
                top += metrics.height()
        painter.end()

    def _pitch(self) -> float:
        return self.width() / max(1, len(self._numbers))

    def _large(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(LARGER * font.pointSizeF())
        font.setBold(True)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font
