"""log p(x) and its parts as bars that end where the next begins."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.labs.elbo_compute import Result
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

MARGIN, SWATCH, BAR_PX, GAP_PX = 8, 9, 13, 3  # px
Part = tuple[str, str, float, float]  # what it is, its colour, from where to where, in nats
TITLES: Final = ("log p(x)", "ELBO", "KL(q‖p(z|x))", "E log p(x|z)", "KL(q‖p(z))", "beta", "weighted bound")


class BoundBars(QWidget):
    """Three rows over one axis in nats, which has zero in it: log p(x); the ELBO, and from there to log p(x) the gap
    KL(q ‖ p(z|x)); E_q[log p(x|z)], and from there back to the ELBO the KL(q ‖ p(z)). Dashed: log p(x) and the ELBO."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._result: Result | None = None
        self.setAccessibleName("log p(x) and its parts")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip("The gap is computed apart from the ELBO: the ends meet because the identity holds")
        add_export_actions(self, self.table)

    def draw(self, result: Result) -> None:
        """Show the parts of `result`."""
        self._result = result
        self.setAccessibleDescription("; ".join(f"{part[0]} {_nats(part[3] - part[2])}" for part in self.parts()))
        self.update()

    def parts(self) -> tuple[Part, ...]:
        """Each bar; the last ends where the second does, the third where the first does."""
        r = self._result
        if r is None:
            return ()
        term = float(r.terms.reconstruction)
        return (
            ("log p(x)", self._theme.ink, 0.0, r.evidence),
            ("ELBO", self._theme.muted, 0.0, r.elbo),
            ("gap KL(q‖p(z|x))", self._theme.generated, r.elbo, r.elbo + r.gap),
            ("E log p(x|z)", self._theme.reconstruction, 0.0, term),
            ("−KL(q‖p(z))", self._theme.kl, term, term - float(r.terms.kl)),
        )

    def table(self) -> Table:
        """The numbers in nats."""
        r = self._result
        if r is None:
            return TITLES, np.empty((0, len(TITLES)))
        values = (r.evidence, r.elbo, r.gap, *map(float, r.terms), r.params.beta, r.weighted)
        return TITLES, np.array([values])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 4 * (self.fontMetrics().height() + 1) + 3 * (BAR_PX + GAP_PX) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        if self._result is not None:
            line, top = self.fontMetrics().height() + 1, 2.0
            parts = self.parts()
            self._marks(painter, top + 3 * (line + BAR_PX + GAP_PX) - GAP_PX)
            for row in (parts[:1], parts[1:3], parts[3:]):
                self._write(painter, row, top)
                self._bars(painter, row, top + line)
                top += line + BAR_PX + GAP_PX
            self._say(painter, self._last_line(), MARGIN, top)
        painter.end()

    def _place(self, nats: float) -> float:
        ends = [end for part in self.parts() for end in part[2:]]
        low, high = min(ends), max(ends)
        return MARGIN + (nats - low) / ((high - low) or 1.0) * (self.width() - 2 * MARGIN)

    def _bars(self, painter: QPainter, row: tuple[Part, ...], top: float) -> None:
        for place, (_, colour, start, stop) in enumerate(row):
            left, right = sorted((self._place(start), self._place(stop)))
            height = BAR_PX / len(row)  # one below the other: a KL runs back over its term
            painter.fillRect(QRectF(left, top + place * height, max(right - left, 1.0), height), QColor(colour))

    def _marks(self, painter: QPainter, bottom: float) -> None:
        assert self._result is not None
        for nats, colour in ((self._result.evidence, self._theme.ink), (self._result.elbo, self._theme.muted)):
            painter.setPen(QPen(QColor(colour), 1, Qt.PenStyle.DashLine))
            x = round(self._place(nats)) - 0.5
            painter.drawLine(QPointF(x, self.fontMetrics().height() + 3), QPointF(x, bottom))
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        zero = round(self._place(0.0)) - 0.5
        painter.drawLine(QPointF(zero, 2), QPointF(zero, bottom))

    def _write(self, painter: QPainter, row: tuple[Part, ...], top: float) -> None:
        x, line = float(MARGIN), self.fontMetrics().height()
        for name, colour, start, stop in row:
            painter.fillRect(QRectF(x, top + (line - SWATCH) / 2, SWATCH, SWATCH), QColor(colour))
            x = self._say(painter, f"{name} = {_nats(stop - start)}", x + SWATCH + 4, top) + 14

    def _say(self, painter: QPainter, text: str, x: float, top: float) -> float:
        """Write `text`, cut where there is no room; its right end."""
        font = QFont(self.font())
        font.setFeature(QFont.Tag("tnum"), 1)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        room = max(0, round(self.width() - MARGIN - x))
        painter.setPen(QColor(self._theme.ink))
        background = QRectF(x - 1, top, min(room, metrics.horizontalAdvance(text)) + 2, metrics.height())
        painter.fillRect(background, QColor(self._theme.background))
        cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(x, top + metrics.ascent()), cut)
        return x + metrics.horizontalAdvance(cut)

    def _last_line(self) -> str:
        assert self._result is not None
        beta = self._result.params.beta
        if beta == 1:
            return "ELBO + gap = log p(x), in nats; ascent climbs the ELBO"
        return f"in nats; with β = {beta:.3g} ascent climbs E log p(x|z) − β KL = {_nats(self._result.weighted)}"


def _nats(value: float) -> str:
    return significant(value, 5) if abs(value) >= 1e-9 else "0"
