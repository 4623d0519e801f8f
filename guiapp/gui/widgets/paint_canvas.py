"""An image that a person paints, pixel by pixel of the data."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.image_table import GAP, MARGIN, tiles, whole_pixels
from guiapp.gui.widgets.own_keys import OwnKeys

ARROWS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
ACTS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)

Levels = npt.NDArray[np.uint8]


class PaintCanvas(OwnKeys, QWidget):
    """Levels 0 to 255 (H, W, C). The left button paints with `ink`, the right one erases. By keys: the arrows move the
    brush, Return paints, Backspace erases. `changed` comes with every stroke."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Canvas: arrow keys move the brush, Return paints, Backspace erases")
        self.setToolTip("Left button paints, right button erases; by keys: arrows, Return, Backspace")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(60, 50)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.levels: Levels = np.zeros((1, 1, 1), np.uint8)
        self.ink: tuple[int, ...] = (255,)
        self.radius = 1.0  # data pixels
        self.erases = False
        self._theme = LIGHT
        self._brush = (0.5, 0.5)  # x, y in data pixels
        self._last: tuple[float, float] | None = None

    def set_shape(self, height: int, width: int, channels: int) -> None:
        """Begin an empty canvas where the shape is another one."""
        if self.levels.shape != (height, width, channels):
            self.levels = np.zeros((height, width, channels), np.uint8)
            self._brush = (width / 2, height / 2)
            self.update()

    def load(self, levels: Levels) -> None:
        """Show `levels`, of the canvas's shape."""
        self.levels = levels.reshape(self.levels.shape).copy()
        self.update()
        self.changed.emit()

    def clear(self) -> None:
        """Everything to level 0."""
        self.load(np.zeros_like(self.levels))

    def stroke(self, start: tuple[float, float], stop: tuple[float, float], erase: bool) -> None:
        """Draw from `start` to `stop`, in data pixels from the top left corner; the rim of the brush is soft."""
        height, width, _ = self.levels.shape
        y, x = np.mgrid[0.5:height, 0.5:width]  # the middles of the pixels
        (x0, y0), (x1, y1) = start, stop
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / (length or 1.0), 0, 1)
        distance = np.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0))
        cover = np.clip(self.radius + 0.5 - distance, 0, 1)[..., None]  # (H, W, 1)
        ink = np.zeros(self.levels.shape[2]) if erase else np.resize(np.array(self.ink, float), self.levels.shape[2])
        self.levels = np.rint(self.levels + (ink - self.levels) * cover).astype(np.uint8)
        self.update()
        self.changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def area(self) -> QRectF:
        """Where the image is."""
        height, width, _ = self.levels.shape
        room = self.width() - 2 * MARGIN - GAP, self.height() - 2 * MARGIN - GAP
        scale = whole_pixels(max(1e-2, min(room[0] / width, room[1] / height)), self.devicePixelRatioF())
        return QRectF(MARGIN, MARGIN, scale * width, scale * height)  # as large as the reconstruction beside it

    def take_key(self, event: QKeyEvent) -> None:
        height, width, _ = self.levels.shape
        if (key := Qt.Key(event.key())) in ARROWS:
            x, y = (place + way for place, way in zip(self._brush, ARROWS[key], strict=True))
            self._brush = (min(max(x, 0.5), width - 0.5), min(max(y, 0.5), height - 0.5))
            self.update()
        else:
            self.stroke(self._brush, self._brush, key in ACTS[2:] or self.erases)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = self._place(event.position())
        self._draw_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._draw_to(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._last = None

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        area = self.area()
        painter.drawImage(area, tiles(self.levels[None], (0, 255), self._theme.background)[0])
        painter.setPen(QPen(QColor(self._theme.accent if self.hasFocus() else self._theme.muted), 1))
        painter.drawRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = area.width() / self.levels.shape[1]
        middle = area.topLeft() + QPointF(self._brush[0], self._brush[1]) * scale
        painter.setClipRect(area)
        painter.setPen(QPen(QColor(self._theme.generated), 1.5))
        painter.drawEllipse(middle, self.radius * scale, self.radius * scale)
        painter.end()

    def _draw_to(self, event: QMouseEvent) -> None:
        self._brush = self._place(event.position())
        erase = bool(event.buttons() & Qt.MouseButton.RightButton) or self.erases
        if self._last is not None and event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton):
            self.stroke(self._last, self._brush, erase)
            self._last = self._brush
        else:
            self.update()

    def _place(self, position: QPointF) -> tuple[float, float]:
        area = self.area()
        scale = area.width() / self.levels.shape[1]
        return (position.x() - area.left()) / scale, (position.y() - area.top()) / scale

    def is_mine(self, event: QKeyEvent) -> bool:
        key, plain = event.key(), Qt.KeyboardModifier.KeypadModifier
        return not event.modifiers() & ~plain and (key in ARROWS or key in ACTS)
