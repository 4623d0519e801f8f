"""A code as a row of small sliders, one a dimension."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.own_keys import OwnKeys

MARGIN = 6  # px
WIDEST = 56.0  # px, one slider
STEP, FAST = 0.0125, 10  # of the reach for a press of an arrow key; with Shift so many times as far
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_0, Qt.Key.Key_Delete)


class CodeBars(OwnKeys, QWidget):
    """Numbers v_1 ... v_Z from low to high. One drags a bar, or chooses it with ← and → and moves it with ↑ and ↓ (with
    Shift ten times as far, 0 for zero); `moved` gives its index and value. One widget for all: 64 of Qt's sliders would
    cost a hundred times as much."""

    moved = Signal(int, float)

    def __init__(self, name: str, symbol: str = "z", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._symbol = name, symbol
        self._values: npt.NDArray[np.float64] = np.zeros(0)
        self._spread: npt.NDArray[np.float64] | None = None
        self._low, self._high = -1.0, 1.0
        self._marked: tuple[int, ...] = ()
        self._chosen, self._held = 0, False
        self._theme = LIGHT
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        self._tell()

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The numbers shown, (Z,)."""
        return self._values

    def set_values(
        self,
        values: npt.NDArray[Any],
        low: float,
        high: float,
        *,
        marked: tuple[int, ...] = (),
        spread: npt.NDArray[Any] | None = None,
    ) -> None:
        """Show `values` (Z,) on scales from `low` to `high`; the ones `marked` are drawn full, the others faint (none
        marked: all full); `spread` (Z,) is drawn as whiskers ±."""
        self._values = np.asarray(values, np.float64).copy()
        self._low, self._high, self._marked = low, high, marked
        self._spread = None if spread is None else np.asarray(spread, np.float64)
        self._chosen = min(self._chosen, max(0, len(self._values) - 1))
        self._tell()
        self.update()

    def set_editable(self, on: bool) -> None:
        """Whether a hand may move the bars."""
        self.setEnabled(on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.NoFocus)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 7 * self.fontMetrics().height() + 2 * MARGIN)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 2 * self.fontMetrics().height())

    def words(self, index: int) -> str:
        """Bar `index` in words: "z₃ = 0.52"."""
        text = f"{self._bar_name(index)} = {self._values[index]:.3g}"
        text += f" ± {self._spread[index]:.2g}" if self._spread is not None else ""
        return text.replace("-", "−")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index(event.pos().x())
            QToolTip.showText(event.globalPos(), self.words(index) if index is not None else "", self)
            return True
        return super().event(event)

    def take_key(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._chosen = (self._chosen + (1 if key == Qt.Key.Key_Right else -1)) % len(self._values)
            self._tell()
            self.update()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            fast = FAST if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            way = (1 if key == Qt.Key.Key_Up else -1) * fast * STEP * (self._high - self._low) / 2
            self._move(self._values[self._chosen] + way)
        else:
            self._move(0.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index(event.position().x())
        if index is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._chosen, self._held = index, True
        self._move(self._value_at(event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._move(self._value_at(event.position().y()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = False

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.setPen(QColor(self._theme.ink))
        title = f"{self._name} · {self.words(self._chosen)}" if len(self._values) and self.isEnabled() else self._name
        title = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, self.width() - 2 * MARGIN)
        painter.drawText(QPointF(MARGIN, MARGIN + self.fontMetrics().ascent()), title)
        if len(self._values):
            zero = self._place(min(max(0.0, self._low), self._high))
            painter.setPen(QColor(self._theme.grid))
            painter.drawLine(QPointF(MARGIN, zero), QPointF(MARGIN + self._pitch() * len(self._values), zero))
            every = self.named_every()
            for index in range(len(self._values)):
                self._paint_bar(painter, index, zero)
                if index % every == 0:
                    self._paint_name(painter, index)
        painter.end()

    def _paint_bar(self, painter: QPainter, index: int, zero: float) -> None:
        pitch, value = self._pitch(), float(self._values[index])
        left, middle = MARGIN + index * pitch, MARGIN + (index + 0.5) * pitch
        if self.hasFocus() and index == self._chosen:
            top, bottom = self._ends()
            painter.fillRect(QRectF(left, top, pitch, bottom - top), QColor(self._theme.grid))
        colour = QColor(self._theme.generated)
        colour.setAlphaF(1.0 if not self._marked or index in self._marked else 0.5)
        if math.isfinite(value):
            at = self._place(value)
            painter.fillRect(QRectF(left + 0.3 * pitch, min(at, zero), 0.4 * pitch, abs(at - zero)), colour)
            painter.fillRect(QRectF(left + 0.1 * pitch, at - 1.5, 0.8 * pitch, 3), colour)
            if self._spread is not None and math.isfinite(self._spread[index]):
                painter.setPen(QPen(QColor(self._theme.ink), 1.5))
                whisker = (self._place(value - self._spread[index]), self._place(value + self._spread[index]))
                painter.drawLine(QPointF(middle, whisker[0]), QPointF(middle, whisker[1]))

    def _paint_name(self, painter: QPainter, index: int) -> None:
        line = self.fontMetrics().height()
        painter.setPen(QColor(self._theme.muted))
        room = QRectF(MARGIN + (index + 0.5) * self._pitch() - 30, self.height() - MARGIN - line + 1, 60, line)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, self._bar_name(index))

    def named_every(self) -> int:
        """How many bars there are to one name below, so that the longest of the names finds room."""
        widest = self.fontMetrics().horizontalAdvance(self._bar_name(max(0, len(self._values) - 1)))
        return max(1, math.ceil((widest + 4) / self._pitch()))

    def _bar_name(self, index: int) -> str:
        return f"{self._symbol}{str(index + 1).translate(SUBSCRIPTS)}"

    def _move(self, value: float) -> None:
        self.moved.emit(self._chosen, min(max(value, self._low), self._high))

    def is_mine(self, event: QKeyEvent) -> bool:
        plain = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        return event.key() in KEYS and not event.modifiers() & ~plain and len(self._values) > 0 and self.isEnabled()

    def _tell(self) -> None:
        words = self.words(self._chosen) if len(self._values) else ""
        self.setAccessibleName(f"{self._name} {words}".strip())

    def _index(self, x: float) -> int | None:
        index = math.floor((x - MARGIN) / self._pitch())
        return index if 0 <= index < len(self._values) else None

    def _pitch(self) -> float:
        return min(WIDEST, (self.width() - 2 * MARGIN) / max(1, len(self._values)))

    def _ends(self) -> tuple[float, float]:
        """Where the scales begin and end, in px from the top."""
        line = self.fontMetrics().height()
        return float(MARGIN + line + 3), float(self.height() - MARGIN - line)

    def _place(self, value: float) -> float:
        top, bottom = self._ends()
        share = (value - self._low) / ((self._high - self._low) or 1.0)
        return bottom - (bottom - top) * min(max(share, 0.0), 1.0)

    def _value_at(self, y: float) -> float:
        top, bottom = self._ends()
        share = (bottom - y) / max(1.0, bottom - top)
        return self._low + (self._high - self._low) * min(max(share, 0.0), 1.0)
