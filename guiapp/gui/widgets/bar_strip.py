"""A few numbers as a row of bars."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

WIDEST = 56.0  # px, bar and gap
MARGIN = 6
SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
CEILINGS = (1, 1.5, 2, 3, 4, 5, 7, 10)  # few, so that the scale changes seldom


class BarStrip(QWidget):
    """Numbers v_1 ... v_Z >= 0 as bars from zero to the next round number; each bar's number is written above it
    where there is room, and in its tooltip. A number that is not finite has no bar."""

    def __init__(self, name: str, symbol: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._name, self._symbol, self._unit = name, symbol, unit
        self._values = np.empty(0)
        self._marked: tuple[int, ...] = ()
        self._theme, self._colour = LIGHT, LIGHT.kl
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        add_export_actions(self, self._table)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The numbers shown, shape (Z,)."""
        return self._values

    def set_values(self, values: npt.NDArray[Any], marked: tuple[int, ...] = ()) -> None:
        """Show `values` (Z,); the bars `marked` are drawn full, the others faint (none marked: all full)."""
        self._values, self._marked = np.asarray(values, float).reshape(-1).copy(), marked
        total = float(np.nansum(self._values))
        self.setAccessibleDescription(f"{len(self._values)} bars, {total:.3g} {self._unit} in all")
        self.update()

    def set_theme(self, theme: Theme, colour: str) -> None:
        """Repaint in the colours of `theme`, bars in `colour`."""
        self._theme, self._colour = theme, colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 5 * self.fontMetrics().height() + 2 * MARGIN)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and len(self._values):
            index = math.floor((event.pos().x() - MARGIN) / self._pitch())
            if 0 <= index < len(self._values):
                text = f"{self._symbol}{str(index + 1).translate(SUBSCRIPTS)}: {self._values[index]:.4g} {self._unit}"
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        line = self.fontMetrics().height()
        painter.setPen(QColor(self._theme.ink))
        total = f"{self._name} · {np.nansum(self._values):.3g} {self._unit} in all"
        title = self.fontMetrics().elidedText(total, Qt.TextElideMode.ElideRight, self.width() - 2 * MARGIN)
        painter.drawText(QPointF(MARGIN, MARGIN + self.fontMetrics().ascent()), title)
        base, top = self.height() - MARGIN - line, MARGIN + 2 * line + 2
        painter.setPen(QColor(self._theme.grid))
        painter.drawLine(QPointF(MARGIN, base), QPointF(MARGIN + self._pitch() * len(self._values), base))
        scale = (base - top) / ceiling(self._values)
        for index, value in enumerate(self._values.tolist()):
            self._draw_bar(painter, index, value, base, scale)
        painter.end()

    def _draw_bar(self, painter: QPainter, index: int, value: float, base: float, scale: float) -> None:
        pitch, line = self._pitch(), self.fontMetrics().height()
        left = MARGIN + index * pitch
        height = max(0.0, value * scale) if math.isfinite(value) else 0.0
        colour = QColor(self._colour)
        colour.setAlphaF(1.0 if not self._marked or index in self._marked else 0.45)
        painter.fillRect(QRectF(left + pitch * 0.15, base - height, pitch * 0.7, height), colour)
        painter.setPen(QColor(self._theme.muted))
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        name = f"{self._symbol}{str(index + 1).translate(SUBSCRIPTS)}"
        every = max(1, math.ceil((self.fontMetrics().horizontalAdvance(name) + 4) / pitch))
        if index % every == 0:
            painter.drawText(QRectF(left - 20, base + 1, pitch + 40, line), middle, name)
        number = f"{value:.2g}" if math.isfinite(value) else "?"
        if self.fontMetrics().horizontalAdvance("0.00") < pitch:
            painter.drawText(QRectF(left - 20, base - height - line, pitch + 40, line), middle, number)

    def _pitch(self) -> float:
        return min(WIDEST, (self.width() - 2 * MARGIN) / max(1, len(self._values)))

    def _table(self) -> Table:
        numbered = np.stack([np.arange(1, len(self._values) + 1), self._values], 1)
        return ("dimension", f"{self._name} ({self._unit})"), numbered


def ceiling(values: npt.NDArray[Any]) -> float:
    """The least of `CEILINGS` x 10^k that is no smaller than any finite value; 0.001 at least."""
    finite = values[np.isfinite(values)]
    largest = max(1e-3, float(finite.max())) if len(finite) else 1.0
    decade = 10.0 ** math.floor(math.log10(largest))
    return next(step * decade for step in CEILINGS if step * decade >= largest * (1 - 1e-9))
