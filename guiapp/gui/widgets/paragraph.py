"""A few lines of text whose room does not change with their words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

MARGIN, GAP = 8, 3  # px: at the sides, above and below


class Paragraph(QWidget):
    """`text`, wrapped into at most `lines` lines; what does not fit is cut with dots and shown whole in the tooltip.
    Painted by hand: a label would lay out the window at each change."""

    def __init__(self, lines: int, *, bold: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines, self._text, self._colour, self._theme = lines, "", "ink", LIGHT
        if bold:
            font = QFont(self.font())
            font.setBold(True)
            self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    @property
    def text(self) -> str:
        """What is said, whole."""
        return self._text

    @property
    def colour(self) -> str:
        """The `Theme` field that it is written in."""
        return self._colour

    def set_text(self, text: str, colour: str = "ink") -> None:
        """Say `text` in the `Theme` field `colour`."""
        if (text, colour) != (self._text, self._colour):
            self._text, self._colour = text, colour
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self._lines * self.fontMetrics().lineSpacing() + 2 * GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)  # a small window has no room for it; the view hides it then

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.setPen(QColor(getattr(self._theme, self._colour)))
        metrics = QFontMetricsF(self.font())
        for i, line in enumerate(wrapped(self._text, metrics, self.width() - 2 * MARGIN, self._lines)):
            painter.drawText(QPointF(MARGIN, GAP + metrics.ascent() + i * metrics.lineSpacing()), line)
        painter.end()


def wrapped(text: str, metrics: QFontMetricsF, width: float, most: int) -> list[str]:
    """`text` in at most `most` lines of `width` pixels, broken between words; the rest of it is cut with dots."""
    lines: list[str] = []
    words = text.split(" ")
    while words and len(lines) < most - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= width:
            count += 1
        lines.append(metrics.elidedText(" ".join(words[:count]), Qt.TextElideMode.ElideRight, width))
        words = words[count:]
    return [*lines, metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width)] if words else lines
