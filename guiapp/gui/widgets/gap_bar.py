"""What lies between the ELBO and log p(x), as two bars end to end."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.bar_strip import ceiling
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

MARGIN, SWATCH = 6, 10  # px
LINES = 8  # of text, the bar counted as two
PARTS: Final = (
    ("approximation", "kl", "log p(x) − ELBO(q*)"),
    ("amortisation", "posterior", "ELBO(q*) − ELBO(q)"),
)


class GapBar(QWidget):
    """log p(x) - ELBO(q) = approximation + amortisation, in nats, drawn end to end from zero to the next round number;
    below them the three values themselves. A part below zero by less than its error has no bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Gap between log p(x) and the ELBO")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._theme = LIGHT
        self._parts = (math.nan, math.nan)
        self._bounds = (math.nan, math.nan, math.nan)
        self._error, self._size = math.nan, 1
        add_export_actions(self, self._table)

    @property
    def parts(self) -> tuple[float, float]:
        """The gaps of approximation and of amortisation, in nats."""
        return self._parts

    def set_bounds(self, log_p: float, best: float, elbo: float, error: float, size: int) -> None:
        """log p(x), ELBO(q*) and ELBO(q) in nats, each good to within `error`; data have `size` components."""
        self._bounds, self._parts = (log_p, best, elbo), (log_p - best, best - elbo)
        self._error, self._size = error, size
        self.setAccessibleDescription(f"approximation {log_p - best:.3g} nats, amortisation {best - elbo:.3g} nats")
        self.setToolTip("\n".join(self._words()))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(150, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(260, LINES * self.fontMetrics().height() + 2 * MARGIN)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        line = self.fontMetrics().height()
        title, *lines = (self._fitting(*pair) for pair in zip(self._words(), self._short_words(), strict=True))
        parts, values = lines[:2], lines[2:]
        top = float(MARGIN)
        self._write(painter, title, MARGIN, top)
        top += line + 2
        self._draw_bars(painter, QRectF(MARGIN, top, self.width() - 2 * MARGIN, line))
        top += 1.5 * line
        for (_, colour, _), text in zip(PARTS, parts, strict=True):
            painter.fillRect(QRectF(MARGIN, top + (line - SWATCH) / 2, SWATCH, SWATCH), self._colour(colour))
            self._write(painter, text, MARGIN + SWATCH + 5, top)
            top += line
        for text in values:
            self._write(painter, text, MARGIN, top, self._theme.muted)
            top += line
        painter.end()

    def _draw_bars(self, painter: QPainter, room: QRectF) -> None:
        painter.fillRect(room, QColor(self._theme.surface))
        lengths = [max(0.0, part) if math.isfinite(part) else 0.0 for part in self._parts]
        scale, left = room.width() / ceiling(np.array([sum(lengths)])), room.left()
        for (_, colour, _), length in zip(PARTS, lengths, strict=True):
            painter.fillRect(QRectF(left, room.top(), length * scale, room.height()), self._colour(colour))
            left += length * scale
        painter.setPen(QColor(self._theme.muted))
        painter.drawLine(QPointF(room.left(), room.bottom()), QPointF(room.right(), room.bottom()))

    def _write(self, painter: QPainter, text: str, left: float, top: float, colour: str = "") -> None:
        painter.setPen(QColor(colour or self._theme.ink))
        room = QRectF(left, top, self.width() - left - MARGIN, self.fontMetrics().height())
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _words(self) -> list[str]:
        lines = [f"log p(x) − ELBO = {number(sum(self._parts))} nats"]
        for (name, _, difference), part in zip(PARTS, self._parts, strict=True):
            lines.append(f"{name} {number(part)} ± {self._error:.1g} nats = {difference}")
        for title, bound in zip(("log p(x)", "ELBO(q*)", "ELBO(q)"), self._bounds, strict=True):
            bits = number(-bound / (self._size * math.log(2)))
            lines.append(f"{title} {bound:.3f} nats · {bits} bits/dim".replace("-", "−"))
        return lines

    def _short_words(self) -> list[str]:
        """The same for a narrow place."""
        parts = [f"{name} {number(part)}" for (name, _, _), part in zip(PARTS, self._parts, strict=True)]
        bounds = [
            f"{title} {bound:.2f}".replace("-", "−")
            for title, bound in zip(("log p(x)", "ELBO(q*)", "ELBO(q)"), self._bounds, strict=True)
        ]
        return [f"gap {number(sum(self._parts))} nats", *parts, *bounds]

    def _fitting(self, long: str, short: str) -> str:
        room = self.width() - 2 * MARGIN - SWATCH - 5
        return long if self.fontMetrics().horizontalAdvance(long) <= room else short

    def _colour(self, name: str) -> QColor:
        return QColor(getattr(self._theme, name))

    def _table(self) -> Table:
        return ("log p(x)", "ELBO(q*)", "ELBO(q)", *(name for name, _, _ in PARTS)), np.array(
            [[*self._bounds, *self._parts]]
        )


def number(value: float) -> str:
    """Three digits, with a minus sign."""
    return f"{value:.3g}".replace("-", "−")
