"""What the colours of a heat map mean, beside it in the same plot."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

BAR, GAP = 12.0, 5.0  # px
DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """-3 as "10⁻³"."""
    return "10" + str(exponent).translate(DIGITS)


class HeatScale(pg.GraphicsWidget):
    """A bar of the colours of log10 values from low to high, ticks at the decades, a boxed tick at a value to compare
    with, and, `with_zero`, below it the colour of exact zeros; also of Inf where there is such. Or a bar of fractions
    from 0 to 1."""

    def __init__(self, with_zero: bool = True) -> None:
        super().__init__()
        self._with_zero = with_zero
        self._theme, self._title = LIGHT, ""
        self._colours: list[int] = []
        self._zero = LIGHT.bad
        self._fraction = self._infinite = False
        self._range = (-1.0, 0.0)
        self._reference: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.setFixedWidth(self.needed_width)

    @property
    def needed_width(self) -> float:
        """Pixels that bar, ticks and title take."""
        metrics = QFontMetricsF(QApplication.font())
        return GAP + BAR + GAP + metrics.horizontalAdvance("10⁻¹⁰") + metrics.height() + GAP

    @property
    def range(self) -> tuple[float, float]:
        """log10 of the values at the ends of the bar."""
        return self._range

    def set_kind(self, fraction: bool) -> None:
        """Whether the values are fractions, shown as they are, or any, shown by their logarithm."""
        self._fraction = fraction
        if fraction:
            self._range = (0.0, 1.0)
        self.update()

    def set_infinite(self, infinite: bool) -> None:
        """Whether Inf is among the values in sight."""
        if infinite != self._infinite:
            self._infinite = infinite
            self.update()

    def set_title(self, title: str, reference: float | None = None) -> None:
        """What the values are, and a value to compare with."""
        self._title, self._reference = title, reference
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """log10 of the values at the ends."""
        if (low, high) != self._range:
            self._range = (low, high)
            self.update()

    def set_colours(self, colours: list[int], zero: str, theme: Theme) -> None:
        """Lowest first, as QRgb; `zero` for exact zeros."""
        self._colours, self._zero, self._theme = colours, zero, theme
        self.update()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if not self._colours:
            return
        metrics = QFontMetricsF(QApplication.font())
        line = metrics.height()
        swatches = [("0", self._zero)] if self._with_zero and not self._fraction else []
        swatches += [("∞", self._theme.ink)] if self._infinite else []
        foot = len(swatches) * line + 2 * GAP if swatches else 0
        bar = QRectF(GAP, 0, BAR, max(10.0, self.size().height() - foot))
        strip = QImage(1, len(self._colours), QImage.Format.Format_RGB32)
        for i, colour in enumerate(reversed(self._colours)):
            strip.setPixel(0, i, colour)
        painter.drawImage(bar, strip)
        painter.setPen(QPen(QColor(self._theme.ink), 1))
        self._draw_ticks(painter, bar, metrics)
        for i, (value, shade) in enumerate(swatches):
            swatch = QRectF(GAP, bar.bottom() + GAP + (i + 0.5) * line - BAR / 2, BAR, BAR)
            painter.fillRect(swatch, QColor(shade))
            painter.drawText(QPointF(swatch.right() + GAP, swatch.center().y() + metrics.ascent() / 2 - 1), value)
        painter.translate(self.needed_width - line, bar.center().y())
        painter.rotate(-90)
        fits = metrics.horizontalAdvance(self._title) <= bar.height()
        title = self._title if fits else self._title.partition(",")[0]
        title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, bar.height())
        painter.drawText(QRectF(-bar.height() / 2, 0, bar.height(), line), Qt.AlignmentFlag.AlignCenter, title)

    def _draw_ticks(self, painter: QPainter, bar: QRectF, metrics: QFontMetricsF) -> None:
        low, high = self._range
        if self._fraction:
            for tick in (0.0, 0.5, 1.0):
                y = bar.bottom() - tick * bar.height()
                painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 3, y))
                base = min(max(y + metrics.ascent() / 2 - 1, metrics.ascent()), bar.bottom())
                painter.drawText(QPointF(bar.right() + GAP, base), f"{tick:.0%}")
            return
        every = max(1, math.ceil((high - low) * metrics.height() * 1.3 / bar.height()))
        ticks = {d for d in range(math.ceil(low), math.floor(high) + 1) if d % every == 0}
        mark = None if self._reference is None else round(math.log10(self._reference))
        if mark is not None and low <= mark <= high:
            ticks = {tick for tick in ticks if abs(tick - mark) >= every} | {mark}
        for tick in sorted(ticks):
            y = bar.bottom() - (tick - low) / (high - low) * bar.height()
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 3, y))
            text = power_of_ten(tick)
            at = QPointF(bar.right() + GAP, min(max(y + metrics.ascent() / 2 - 1, metrics.ascent()), bar.bottom()))
            painter.drawText(at, text)
            if tick == mark:
                box = metrics.boundingRect(text).translated(at).adjusted(-2, -1, 2, 1)
                painter.drawRect(box)
                painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right(), y))
