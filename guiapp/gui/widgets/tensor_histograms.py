"""How large the weights, the gradients and the activations of one tensor are: three histograms over one axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.heat_scale import power_of_ten
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import SEPARATOR, fitting
from guiapp.messages import Picture

KINDS = ("weights", "gradients", "activations")
MARGIN, GAP = 8, 5  # px
EMPTY = ("", "no gradient yet", "it belongs to no layer")
ADVICE = "of |value|, bins of equal width in log10"


class TensorHistograms(QWidget):
    """The picture "tensor": counts in log-spaced bins, each histogram to its own height, the decades that one of them
    fills in sight. What has no logarithm (exact zeros, NaN, Inf) is told in numbers. hovered(str): the bin under the
    pointer."""

    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Histograms of weights, gradients and activations")
        self.setMouseTracking(True)
        self.setMinimumSize(60, 50)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._picture: Picture = {}
        self._theme = LIGHT
        add_export_actions(self, self._table)

    @property
    def span(self) -> tuple[float, float]:
        """log10 of the values at the left and the right end: whole decades."""
        if not self._picture:
            return -3.0, 0.0
        filled = np.flatnonzero(np.sum([self._picture[kind] for kind in KINDS], 0))
        if not len(filled):
            return -3.0, 0.0
        edges = self._picture["edges"]
        return math.floor(edges[filled[0]] + 1e-6), math.ceil(edges[filled[-1] + 1] - 1e-6)

    def show_picture(self, picture: Picture) -> None:
        """Show the picture "tensor"."""
        self._picture = picture
        self.setAccessibleDescription(". ".join(f"{kind}: {self.facts(i)}" for i, kind in enumerate(KINDS)))
        self.update()

    def facts(self, i: int) -> str:
        """What is known of weights (0), gradients (1) or activations (2): exact zeros, mean and spread, range."""
        if not self._picture:
            return ""
        mean, std, low, high = (float(self._picture[kind][i]) for kind in ("mean", "std", "min", "max"))
        if math.isnan(mean):
            return "" if self.alarm(i) else EMPTY[i]
        zeros = int(self._picture["zeros"][i])
        parts = [f"{zeros:,} zero{'s' * (zeros != 1)}", f"{mean:.2g} ± {std:.2g}", f"{low:.2g} to {high:.2g}"]
        return SEPARATOR.join(parts).replace("-", "−").replace("inf", "Inf")

    def alarm(self, i: int) -> str:
        """How many values are NaN or Inf; empty for none."""
        counts = [(name, int(self._picture[key][i])) for name, key in (("NaN", "nan"), ("Inf", "inf"))]
        return ", ".join(f"{count:,} {name}" for name, count in counts if count)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        if self._picture:
            for i, room in enumerate(self._rooms()):
                self._draw_words(painter, i, room)
                self._draw_bars(painter, self._picture[KINDS[i]], room)
            self._draw_axis(painter)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.hovered.emit(self.text_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit("")

    def text_at(self, at: QPointF) -> str:
        """Which bin lies at the point `at`, and how many values are in it."""
        for kind, room in zip(KINDS, self._rooms(), strict=True):
            if not self._picture or not room.top() <= at.y() <= room.bottom():
                continue
            (low, high), edges = self.span, self._picture["edges"]
            place = low + (at.x() - room.left()) / room.width() * (high - low)
            i = int(np.searchsorted(edges, place, "right")) - 1
            if low <= place < high and 0 <= i < len(edges) - 1:
                span = f"{10 ** float(edges[i]):.2g} to {10 ** float(edges[i + 1]):.2g}"
                return f"{int(self._picture[kind][i]):,} {kind} of size {span}".replace("-", "−")
        return ""

    def _rooms(self) -> list[QRectF]:
        """Of each histogram, its words included."""
        line = self.fontMetrics().height()
        height = (self.height() - 2 * line - MARGIN - 2 * GAP) / len(KINDS)
        width = max(1.0, self.width() - 2.0 * MARGIN)
        return [QRectF(MARGIN, i * (height + GAP), width, max(1.0, height)) for i in range(len(KINDS))]

    def _draw_words(self, painter: QPainter, i: int, room: QRectF) -> None:
        metrics, line = self.fontMetrics(), self.fontMetrics().height()
        left, top, right = room.left(), room.top(), room.right()
        alarm = self.alarm(i)
        painter.setPen(QColor(self._theme.warning))
        painter.drawText(QRectF(left, top, room.width(), line), Qt.AlignmentFlag.AlignRight, alarm)
        right -= metrics.horizontalAdvance(alarm) + GAP if alarm else 0
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(QRectF(left, top, room.width(), line), Qt.AlignmentFlag.AlignLeft, KINDS[i])
        left += metrics.horizontalAdvance(KINDS[i]) + 2 * GAP
        painter.setPen(QColor(self._theme.muted))
        text = fitting(self.facts(i), metrics, max(0, int(right - left)))
        painter.drawText(QRectF(left, top, max(0.0, right - left), line), Qt.AlignmentFlag.AlignLeft, text)

    def _draw_bars(self, painter: QPainter, counts: npt.NDArray[Any], room: QRectF) -> None:
        (low, high), edges, line = self.span, self._picture["edges"], self.fontMetrics().height()
        base, height = room.bottom(), max(1.0, room.height() - line - 2)
        painter.setPen(QPen(QColor(self._theme.grid), 1))
        painter.drawLine(QPointF(room.left(), base), QPointF(room.right(), base))
        xs = room.left() + (np.asarray(edges, float) - low) / (high - low) * room.width()
        colour, most = QColor(self._theme.accent), float(counts.max(initial=0))
        for i in np.flatnonzero(counts).tolist():
            tall = max(1.0, height * float(counts[i]) / most)
            painter.fillRect(QRectF(xs[i], base - tall, max(1.0, xs[i + 1] - xs[i] - 1), tall), colour)

    def _draw_axis(self, painter: QPainter) -> None:
        (low, high), room, metrics = self.span, self._rooms()[-1], self.fontMetrics()
        every = max(1, math.ceil((high - low) * (metrics.horizontalAdvance("10⁻¹⁰") + 10) / room.width()))
        middle = Qt.AlignmentFlag.AlignHCenter
        painter.setPen(QColor(self._theme.muted))
        for decade in range(int(low), int(high) + 1):
            x = room.left() + (decade - low) / (high - low) * room.width()
            painter.drawLine(QPointF(x, room.bottom()), QPointF(x, room.bottom() + 3))
            if decade % every == 0:
                x = min(max(x, 20.0), self.width() - 20.0)
                place = QRectF(x - 30, room.bottom() + 3, 60, metrics.height())
                painter.drawText(place, middle, power_of_ten(decade))
        below = QRectF(0, room.bottom() + 3 + metrics.height(), self.width(), metrics.height())
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(below, middle, f"size, {ADVICE}" if self.width() > 330 else "size |value|")

    def _table(self) -> Table:
        titles = ["log10 from", "log10 to", *KINDS]
        if not self._picture:
            return titles, np.empty((0, len(titles)))
        edges = self._picture["edges"]
        return titles, np.column_stack([edges[:-1], edges[1:], *(self._picture[kind] for kind in KINDS)])
