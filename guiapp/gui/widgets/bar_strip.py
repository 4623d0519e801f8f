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
MOST = 0.95  # of the total
CEILINGS = (1, 1.5, 2, 3, 4, 5, 7, 10)  # few, so that the scale changes seldom


class BarStrip(QWidget):
    """Numbers v_1 ... v_Z >= 0 as bars from zero to the next round number; each bar's number is written above it
    where there is room, and in its tooltip. A number that is not finite has no bar. `ranked`: the largest stands first,
    and each has its share of the total below its number."""

    def __init__(
        self, name: str, symbol: str, unit: str, parent: QWidget | None = None, *, ranked: bool = False
    ) -> None:
        super().__init__(parent)
        self._ranked = ranked
        self.setAccessibleName(name)
        self._name, self._symbol, self._unit = name, symbol, unit
        self._values = np.empty(0)
        self._order: list[int] = []  # of the bars, from the left
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
        self._order = list(range(len(self._values)))
        if self._ranked:
            self._order = np.argsort(
                -np.where(np.isfinite(self._values), self._values, -np.inf), kind="stable"
            ).tolist()
        total = float(np.nansum(self._values))
        self.setAccessibleDescription(f"{len(self._values)} bars, {total:.3g} {self._unit} in all")
        self.update()

    @property
    def order(self) -> tuple[int, ...]:
        """Which number each bar shows, from the left."""
        return tuple(self._order)

    def carriers(self) -> int:
        """How many numbers, the largest first, hold 95 % of the total."""
        sizes = np.sort(np.nan_to_num(self._values.clip(0), posinf=0))[::-1]
        return int(np.searchsorted(np.cumsum(sizes), MOST * sizes.sum() * (1 - 1e-9)) + 1) if sizes.any() else 0

    def set_theme(self, theme: Theme, colour: str) -> None:
        """Repaint in the colours of `theme`, bars in `colour`."""
        self._theme, self._colour = theme, colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, (8 if self._ranked else 5) * self.fontMetrics().height() + 2 * MARGIN)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and len(self._values):
            index = math.floor((event.pos().x() - MARGIN) / self._pitch())
            if 0 <= index < len(self._values):
                index = self._order[index]
                text = f"{self._symbol}{str(index + 1).translate(SUBSCRIPTS)}: {self._values[index]:.4g} {self._unit}"
                text += f", {self._share(index)} of all" if self._ranked else ""
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        line = self.fontMetrics().height()
        painter.setPen(QColor(self._theme.ink))
        total = f"{self._name} · {np.nansum(self._values):.3g} {self._unit} in all"
        if self._ranked and len(self._values) > 1:
            total += f" · {self.carriers()} of {len(self._values)} hold {100 * MOST:.0f} %"
        title = self.fontMetrics().elidedText(total, Qt.TextElideMode.ElideRight, self.width() - 2 * MARGIN)
        painter.drawText(QPointF(MARGIN, MARGIN + self.fontMetrics().ascent()), title)
        base, top = self.height() - MARGIN - line, MARGIN + (3 if self._ranked else 2) * line + 2
        painter.setPen(QColor(self._theme.grid))
        painter.drawLine(QPointF(MARGIN, base), QPointF(MARGIN + self._pitch() * len(self._values), base))
        scale = (base - top) / ceiling(self._values)
        self._draw_bars(painter, base, scale)
        painter.end()

    def _draw_bars(self, painter: QPainter, base: float, scale: float) -> None:
        metrics, pitch, line = self.fontMetrics(), self._pitch(), self.fontMetrics().height()
        widest = f"{self._symbol}{str(len(self._values)).translate(SUBSCRIPTS)}"
        every = max(1, math.ceil((metrics.horizontalAdvance(widest) + 4) / pitch))
        with_share = self._ranked and metrics.horizontalAdvance("100 %") < pitch
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        full, faint = QColor(self._colour), QColor(self._colour)
        faint.setAlphaF(0.45)
        for place, index in enumerate(self._order):
            value, left = float(self._values[index]), MARGIN + place * pitch
            height = max(0.0, value * scale) if math.isfinite(value) else 0.0
            colour = full if not self._marked or index in self._marked else faint
            painter.fillRect(QRectF(left + pitch * 0.15, base - height, pitch * 0.7, height), colour)
            painter.setPen(QColor(self._theme.muted))
            if place % every == 0:
                name = f"{self._symbol}{str(index + 1).translate(SUBSCRIPTS)}"
                painter.drawText(QRectF(left - 20, base + 1, pitch + 40, line), middle, name)
            if with_share:
                painter.drawText(QRectF(left - 20, base - height - line, pitch + 40, line), middle, self._share(index))
                height += line
            number = self._number(value)
            if metrics.horizontalAdvance(number) < pitch:
                painter.setPen(QColor(self._theme.ink if self._ranked else self._theme.muted))
                painter.drawText(QRectF(left - 20, base - height - line, pitch + 40, line), middle, number)

    def _number(self, value: float) -> str:
        if not math.isfinite(value):
            return "?"
        together = self._ranked and 1 <= np.nanmax(self._values) < 100  # then all have the same digits
        return f"{value:.2f}" if together else f"{value:.2g}"

    def _share(self, index: int) -> str:
        total = float(np.nansum(self._values))
        share = float(self._values[index]) / total if 0 < total < math.inf else math.nan
        return f"{100 * share:.0f} %" if math.isfinite(share) else "–"

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
