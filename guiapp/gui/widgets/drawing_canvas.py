"""A square in which a person draws a law, point by point."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme

ARROWS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
PUTS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
ERASES = (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
APART = 0.01  # between two points of a stroke
RUBBER = 0.06  # radius of the eraser
STRIDE = 0.05  # of an arrow key; a tenth of it with Shift
MARGIN = 10.0  # px

Points = npt.NDArray[np.float64]


class DrawingCanvas(QWidget):
    """Points in [-1, 1]². The left button draws, the right one erases. By keys: the arrows move the pen (Shift:
    finely), Return puts a point, Backspace erases about the pen. `changed` comes with every change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Drawing: arrow keys move the pen, Return puts a point, Backspace erases")
        self.setToolTip("Left button draws, right button erases; by keys: arrows, Return, Backspace")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.erases = False
        self.blur = 0.03
        self._points: Points = np.empty((0, 2))
        self._pen = (0.0, 0.0)
        self._last: tuple[float, float] | None = None
        self._theme = LIGHT

    @property
    def points(self) -> Points:
        """What is drawn, (K, 2)."""
        return self._points

    def set_points(self, points: npt.ArrayLike) -> None:
        """Draw these (K, 2); what lies outside the square is moved to its edge."""
        self._points = np.clip(np.asarray(points, float).reshape(-1, 2), -1, 1)
        self.update()
        self.changed.emit()

    def set_blur(self, blur: float) -> None:
        """Show each point as wide as the law will be about it: two standard deviations."""
        self.blur = blur
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def stroke(self, start: tuple[float, float], stop: tuple[float, float], erase: bool) -> None:
        """Draw, or erase, from `start` to `stop`; points are put evenly, and the first one where `start` has none."""
        a, b = np.clip(np.array(start), -1, 1), np.clip(np.array(stop), -1, 1)
        count = max(1, int(np.hypot(*(b - a)) / APART))
        way = a + np.linspace(0, 1, count + 1)[:, None] * (b - a)  # (count + 1, 2)
        if erase:
            near = np.zeros(len(self._points), bool)
            for place in way[:: max(1, int(RUBBER / APART / 2))]:
                near |= np.hypot(*(self._points - place).T) <= RUBBER
            near |= np.hypot(*(self._points - b).T) <= RUBBER
            self.set_points(self._points[~near])
        else:
            new = way[:1] if start == stop else way[1:]
            self.set_points(np.concatenate([self._points, new]))

    def area(self) -> QRectF:
        """Where the square is."""
        side = min(self.width(), self.height()) - 2 * MARGIN
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _is_mine(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not _is_mine(event):
            super().keyPressEvent(event)
        elif key in ARROWS:
            stride = STRIDE / 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STRIDE
            x, y = (place + stride * way for place, way in zip(self._pen, ARROWS[key], strict=True))
            self._pen = (min(max(x, -1.0), 1.0), min(max(y, -1.0), 1.0))
            self.update()
        else:
            self.stroke(self._pen, self._pen, key in ERASES or self.erases)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pen = self._last = self._place(event.position())
        if event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton):
            self.stroke(self._pen, self._pen, self._erasing(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pen = self._place(event.position())
        drawing = event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton)
        far = self._last is not None and np.hypot(*np.subtract(self._pen, self._last)) >= APART
        if drawing and far and self._last is not None:
            self.stroke(self._last, self._pen, self._erasing(event))
            self._last = self._pen
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._last = None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, theme = self.area(), self._theme
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.fillRect(area, QColor(theme.background))
        painter.setPen(QPen(QColor(theme.grid), 1))
        painter.drawLine(QPointF(area.center().x(), area.top()), QPointF(area.center().x(), area.bottom()))
        painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.muted), 2 if self.hasFocus() else 1))
        painter.drawRect(area)
        painter.setClipRect(area)
        half = area.width() / 2
        spots = [self._pixel(x, y) for x, y in self._points.tolist()]
        for width, alpha in ((4 * self.blur * half, 0.15), (4.0, 0.9)):
            colour = QColor(theme.real)
            colour.setAlphaF(alpha)
            painter.setPen(QPen(colour, max(2.0, width), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(spots)
        painter.setPen(QPen(QColor(theme.ink), 1))
        radius = RUBBER * half if self.erases else 4.0
        painter.drawEllipse(self._pixel(*self._pen), radius, radius)
        painter.end()

    def _pixel(self, x: float, y: float) -> QPointF:
        area = self.area()
        return QPointF(area.left() + (x + 1) / 2 * area.width(), area.bottom() - (y + 1) / 2 * area.height())

    def _place(self, position: QPointF) -> tuple[float, float]:
        area = self.area()
        x, y = (position.x() - area.left()) / area.width(), (area.bottom() - position.y()) / area.height()
        return min(max(2 * x - 1, -1.0), 1.0), min(max(2 * y - 1, -1.0), 1.0)

    def _erasing(self, event: QMouseEvent) -> bool:
        return bool(event.buttons() & Qt.MouseButton.RightButton) or self.erases


def _is_mine(event: QKeyEvent) -> bool:
    allowed = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    return not event.modifiers() & ~allowed and event.key() in (*ARROWS, *PUTS, *ERASES)
