"""The heading of a small chart: its title, its newest values, and what they are to be compared with."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

MARGIN, GAP = 8, 8  # px


class ChartHeader(QWidget):
    """One line: the title in bold, the values, the comparison in grey; what has no room is cut with dots, the end
    first. Painted by hand: a label would lay out the window at each change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = ("", "", "")
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Title, values, comparison."""
        return self._parts

    def set_parts(self, title: str, values: str, comparison: str) -> None:
        """Say these."""
        if (title, values, comparison) != self._parts:
            self._parts = (title, values, comparison)
            self.setAccessibleName(": ".join(part for part in self._parts if part))
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        bold, plain = QFont(self.font()), QFont(self.font())
        bold.setBold(True)
        plain.setFeature(QFont.Tag("tnum"), 1)
        x, theme = float(MARGIN), self._theme
        for text, font, colour in zip(
            self._parts, (bold, plain, plain), (theme.ink, theme.ink, theme.muted), strict=True
        ):
            metrics, room = QFontMetricsF(font), self.width() - MARGIN - x
            if not text or room < 2 * GAP:
                continue
            cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(QPointF(x, 1 + metrics.ascent()), cut)
            x += metrics.horizontalAdvance(cut) + GAP
        painter.end()
