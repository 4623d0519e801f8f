"""All divergences side by side as bars on one logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.labs.divergences_compute import MEASURES, NAMES, Name, Result
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.heat_scale import power_of_ten
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

MARGIN, GAP, BAR_PX = 8, 8, 11  # px
DECADES: Final = (-3, 4)  # of the axis: what is less has no bar
WIDEST: Final = ("Dα(p‖q) ", "5.0000×10⁻⁵ unit of x")


def measure_colours(theme: Theme) -> Mapping[Name, str]:
    """A colour for each divergence."""
    return dict(zip(NAMES, theme.classes, strict=False))


class DivergenceBars(QWidget):
    """A row for each divergence: its name, its value, a bar, and a tick where it can grow no further. A click or the
    arrow keys choose one (`chosen`)."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._result: Result | None = None
        self.setAccessibleName("divergences as bars")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip("One logarithmic axis; a thin line is the most a divergence can be. Click one to map it")
        add_export_actions(self, self.table)

    def draw(self, result: Result) -> None:
        """Show the divergences of `result`."""
        self._result = result
        self.setAccessibleDescription("; ".join(f"{MEASURES[name].symbol} {self.told(name)}" for name in NAMES))
        self.update()

    def told(self, name: Name) -> str:
        """The value with its unit."""
        assert self._result is not None
        return f"{significant(self._result.values[name], 5)} {MEASURES[name].unit}".strip()

    def table(self) -> Table:
        """The numbers."""
        titles = tuple(f"{MEASURES[name].symbol} {MEASURES[name].unit}".strip() for name in NAMES)
        if self._result is None:
            return titles, np.empty((0, len(NAMES)))
        return titles, np.array([[self._result.values[name] for name in NAMES]])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, round((len(NAMES) + 1) * self._line()) + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int((event.position().y() - 2) // self._line())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row < len(NAMES):
            self.chosen.emit(NAMES[row])
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if self._result is None or event.key() not in steps:
            super().keyPressEvent(event)
            return
        at = NAMES.index(self._result.params.shown) + steps[Qt.Key(event.key())]
        self.chosen.emit(NAMES[min(max(at, 0), len(NAMES) - 1)])

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        font = QFont(self.font())
        font.setFeature(QFont.Tag("tnum"), 1)
        painter.setFont(font)
        if self._result is not None:
            self._axis(painter)
            colours = measure_colours(self._theme)
            for row, name in enumerate(NAMES):
                self._row(painter, name, 2 + row * self._line(), colours[name])
        painter.end()

    def _line(self) -> float:
        return max(self.fontMetrics().height(), BAR_PX + 4)

    def _columns(self) -> tuple[float, float, float]:
        """Where the values begin, where the bars begin and where they end."""
        symbols, numbers = (self.fontMetrics().horizontalAdvance(text) for text in WIDEST)
        values = MARGIN + symbols + GAP
        return values, values + numbers + GAP, max(self.width() - MARGIN, values + numbers + GAP + 20.0)

    def _place(self, decade: float) -> float:
        _, left, right = self._columns()
        share = (decade - DECADES[0]) / (DECADES[1] - DECADES[0])
        return left + min(max(share, 0.0), 1.0) * (right - left)

    def _row(self, painter: QPainter, name: Name, top: float, colour: str) -> None:
        assert self._result is not None
        values, left, _ = self._columns()
        base = QPointF(0, top + painter.fontMetrics().ascent() + 1)
        if name == self._result.params.shown:
            band = QRectF(0, top, self.width(), self._line())
            painter.fillRect(band, QColor(self._theme.grid))
        painter.setPen(QColor(self._theme.ink))
        painter.drawText(base + QPointF(MARGIN, 0), MEASURES[name].symbol)
        painter.drawText(base + QPointF(values, 0), self.told(name))
        y = top + (self._line() - BAR_PX) / 2
        value = self._result.values[name]
        if value > 0:
            width = self._place(math.log10(value)) - left
            painter.fillRect(QRectF(left, y, max(width, 0.0), BAR_PX), QColor(colour))
        ceiling = MEASURES[name].ceiling
        if name == "alpha" and 0 < self._result.params.alpha < 1:
            ceiling = 1 / (self._result.params.alpha * (1 - self._result.params.alpha))
        if math.isfinite(ceiling):
            x = round(self._place(math.log10(ceiling))) + 0.5
            painter.setPen(QPen(QColor(self._theme.ink), 1))
            painter.drawLine(QPointF(x, y - 1), QPointF(x, y + BAR_PX + 1))

    def _axis(self, painter: QPainter) -> None:
        bottom = 2 + len(NAMES) * self._line()
        metrics = painter.fontMetrics()
        for decade in range(DECADES[0], DECADES[1] + 1):
            x = self._place(decade)
            painter.setPen(QPen(QColor(self._theme.grid), 1))
            painter.drawLine(QPointF(round(x) + 0.5, 2), QPointF(round(x) + 0.5, bottom))
            text = f"{10**decade:g}" if -2 <= decade <= 2 else power_of_ten(decade)
            width = metrics.horizontalAdvance(text)
            at = min(max(x - width / 2, 0.0), self.width() - width - 1.0)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QPointF(at, bottom + metrics.ascent()), text)
