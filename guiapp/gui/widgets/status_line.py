"""One line under a picture: what is shown, and what lies under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

MARGIN = 6  # px
SEPARATOR = " · "
LEAST_FILLED = 2 / 3  # of the width


class StatusLine(QWidget):
    """`text` on the left; while the pointer is over the picture, its values in place of the text. Too long a line keeps
    as many of its parts, which " · " separates, as fit (`fitting`), and is shown whole in the tooltip. Painted by hand:
    a label would lay out the window at each change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = self._pointed = ""
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """What is shown, without what lies under the pointer."""
        return self._text

    @property
    def pointed(self) -> str:
        """What lies under the pointer; empty for nothing."""
        return self._pointed

    def set_text(self, text: str) -> None:
        """Say what is shown."""
        if text != self._text:
            self._text = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.update()

    def set_pointed(self, pointed: str) -> None:
        """Say what lies under the pointer; empty for nothing."""
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.setPen(QColor(self._theme.ink if self._pointed else self._theme.muted))
        room: QRect = self.rect().adjusted(MARGIN, 0, -MARGIN, 0)
        whole = self._pointed or self._text
        text = fitting(whole, self.fontMetrics(), room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


def fitting(text: str, metrics: QFontMetrics, width: int) -> str:
    """`text`, or its first parts as far as they fit into `width` pixels whole, then dots; at least two thirds of the
    width are filled, if need be with the beginning of the next part."""
    if metrics.horizontalAdvance(text) <= width:
        return text
    kept = text
    while SEPARATOR in kept:
        kept = kept.rpartition(SEPARATOR)[0]
        length = metrics.horizontalAdvance(f"{kept} …")
        if length <= width:
            if length < LEAST_FILLED * width:
                break
            return f"{kept} …"
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
