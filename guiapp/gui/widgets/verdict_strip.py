"""When which verdict stood: a row a kind over the steps of the run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.verdicts import Ruling
from guiapp.gui.widgets.time_plot import grouped_digits

MARGIN, PAD, LEAST = 8, 4, 3  # px; the last is the width of a verdict at the least


class VerdictStrip(QWidget):
    """Bars from the beginning of each verdict to its end, or to now: pale while it was likely, full where it was sure.
    Its tooltip tells of the one under the pointer."""

    def __init__(self, kinds: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds = tuple(kinds)
        self._rulings: tuple[Ruling, ...] = ()
        self._now, self._end, self._theme = 0, 1, LIGHT
        self.setAccessibleName("When which verdict stood")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_kinds(self, kinds: Sequence[str]) -> None:
        """Have rows for these."""
        if tuple(kinds) != self._kinds:
            self._kinds = tuple(kinds)
            self.updateGeometry()
            self.update()

    def show_rulings(self, rulings: tuple[Ruling, ...], now: int, end: int) -> None:
        """Show `rulings` of a run at step `now`, on an axis up to step `end`."""
        if (rulings, now, end) != (self._rulings, self._now, self._end):
            self._rulings, self._now, self._end = rulings, now, max(end, 1)
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def bar(self, ruling: Ruling) -> tuple[QRectF, QRectF]:
        """Where `ruling` is drawn, and the part of it where it is sure, which may be empty."""
        row = self._kinds.index(ruling.kind)
        last = self._x(self._now if ruling.end is None else ruling.end)
        left = self._x(ruling.begin)
        whole = QRectF(left, row * self._pitch() + 3, max(last - left, LEAST), self._pitch() - 6)
        sure = QRectF(whole)
        sure.setLeft(whole.right() if ruling.sure is None else min(self._x(ruling.sure), whole.right() - LEAST))
        return whole, sure

    def sizeHint(self) -> QSize:
        return QSize(300, round((len(self._kinds) + 1) * self._pitch()) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = QPointF(event.pos())
            found = next(
                (r for r in reversed(self._known()) if self.bar(r)[0].adjusted(-2, -3, 2, 3).contains(at)), None
            )
            QToolTip.showText(event.globalPos(), found.evidence if found else "", self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.fillRect(self.rect(), QColor(theme.background))
        metrics, pitch = QFontMetricsF(self.font()), self._pitch()
        for row, kind in enumerate(self._kinds):
            place = QRectF(MARGIN, row * pitch, self._left() - MARGIN, pitch)
            painter.setPen(QColor(theme.ink))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, kind)
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(self._left(), place.center().y()), QPointF(self._x(self._end), place.center().y()))
        for ruling in self._known():
            whole, sure = self.bar(ruling)
            painter.fillRect(whole, QColor(theme.warning))
            painter.fillRect(sure, QColor(theme.bad))
        foot = len(self._kinds) * pitch + metrics.ascent() + 1
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(self._left(), foot), "0")
        last = f"step {grouped_digits(self._end)}"
        painter.drawText(QPointF(self._x(self._end) - metrics.horizontalAdvance(last), foot), last)
        if self._now < self._end:
            painter.setPen(QColor(theme.accent))
            painter.drawLine(QPointF(self._x(self._now), 0), QPointF(self._x(self._now), len(self._kinds) * pitch))
        painter.end()

    def _known(self) -> list[Ruling]:
        return [ruling for ruling in self._rulings if ruling.kind in self._kinds]

    def _pitch(self) -> float:
        return QFontMetricsF(self.font()).height() + PAD

    def _left(self) -> float:
        metrics = QFontMetricsF(self.font())
        return MARGIN + max((metrics.horizontalAdvance(kind) for kind in self._kinds), default=0.0) + 2 * PAD

    def _x(self, step: int) -> float:
        left, right = self._left(), max(self._left() + 1, self.width() - MARGIN)
        return left + (right - left) * min(max(step / self._end, 0.0), 1.0)
