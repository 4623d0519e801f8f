"""The track of the timeline: keyframes, marks and the handle, and the hand on them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.timeline_axis import Axis, Keyframes, leap, nearest, neighbour, snapped
from guiapp.gui.panels.timeline_marks import HALF_PX, Chain, Marks, note_of
from guiapp.gui.panels.timeline_scene import Scene, height, paint, scene, small
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.own_keys import OwnKeys

EMPTY: Final = "The timeline fills as training goes on; drag along it to see any earlier step."
UNSTORED: Final = "No step of this run is stored, so there is none to go back to."
SIDE = 9  # px left and right of the axis: half the handle, and the focus ring
REACH_PX = HALF_PX + 1  # around a mark
PAGE = 0.1  # of all steps
NOTCH = 120  # eighths of a degree that a wheel turns at once
MOST_NOTES = 6  # lines of a tooltip
LARGEST = 2**31 - 1  # of Qt's sliders
KEYS: Final = frozenset(
    {
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
        Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape,
    }
)  # fmt: skip


class Track(OwnKeys, QAbstractSlider):
    """A slider whose only places are the keyframes and the live end. It says where a hand wants to go and shows the
    handle where it is told to. A `QAbstractSlider`, so that screen readers and the window's key guard know it as one.

    Signals:
        asked(int | None): go to this keyframe, or live; also where the handle is there already.
        menu_asked(QPoint, float): a context menu, at this place on the screen and this pixel of the track.
    """

    asked = Signal(object)
    menu_asked = Signal(QPoint, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        self.marks = Marks()
        self._theme = LIGHT
        self._newest = 0
        self._position: int | None = None
        self._keyframes: Keyframes = np.empty(0, np.int64)
        self._held: int | None = None  # while a hand drags, the end of the axis must not move under it
        self._hover: float | None = None
        self._turned = 0
        self._scene: Scene | None = None
        self.valueChanged.connect(lambda value: self._ask_nearest(value))  # set by a screen reader

    # What it shows

    @property
    def axis(self) -> Axis:
        """Steps and pixels, as they are now."""
        end = self._newest if self._held is None else self._held
        return Axis(end, SIDE, max(1.0, self.width() - 2.0 * SIDE))

    @property
    def keyframes(self) -> Keyframes:
        """The steps that one can go to, from 0 to the newest step."""
        first, last = np.searchsorted(self._keyframes, (0, self._newest + 1))
        return self._keyframes[first:last]

    def set_newest(self, step: int) -> None:
        """The run has come to `step`."""
        self._newest = max(0, step)
        self.redo()

    def set_keyframes(self, keyframes: Keyframes) -> None:
        """One can go to these steps, in their order; those after the newest step once it is there. The caller decides
        when to `redo`, as with `marks`."""
        self._keyframes = keyframes

    def set_position(self, position: int | None) -> None:
        """The handle is at this keyframe; None: at the live end."""
        self._position = position
        self._tell()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.redo()

    def let_go(self) -> None:
        """End a drag, as when the run is replaced under the hand."""
        self._held = None
        self.redo()

    def redo(self) -> None:
        """Lay out anew at the next repaint."""
        self._scene = None
        self.update()

    def after(self, step: int) -> int | None:
        """The first keyframe later than `step`."""
        later = self.keyframes
        index = int(np.searchsorted(later, step, side="right"))
        return int(later[index]) if index < len(later) else None

    def chains_at(self, x: float) -> list[Chain]:
        """The marks under pixel `x`, those of one kind as one."""
        axis = self.axis
        steps = self._newest / axis.width * REACH_PX
        middle = (x - axis.left) / axis.width * axis.end
        return self.marks.chains(math.ceil(middle - steps), min(math.floor(middle + steps), self._newest), axis.x)

    def text_at(self, x: float) -> str:
        """What the tooltip says at pixel `x`."""
        if not self._newest:
            return EMPTY
        if not len(self.keyframes):
            return UNSTORED
        step, target = self.axis.step(x), snapped(self.axis, self.keyframes, x)
        lines = [f"step {thousands(step)}"]
        if target is None:
            lines = [f"live: step {thousands(self._newest)}"]
        elif target != step:
            lines = [f"step {thousands(step)}; the nearest keyframe is {thousands(target)}"]
        notes = [note_of(chain, thousands) for chain in self.chains_at(x)]
        more = len(notes) - MOST_NOTES
        return "\n".join([*lines, *notes[:MOST_NOTES], *([f"and {more} more"] if more > 0 else [])])

    def _laid_out(self) -> Scene:
        if self._scene is None:
            ratio = self.devicePixelRatioF()
            font = small(self.font())
            self._scene = scene(self.axis, self.keyframes, self.marks, font, self._theme.muted, ratio)
        return self._scene

    def _tell(self) -> None:
        """Screen readers: the position as a number, and in words."""
        live = self._position is None
        step = self._newest if self._position is None else self._position
        with QSignalBlocker(self):
            self.setRange(0, min(self._newest, LARGEST))
            self.setValue(min(step, LARGEST))
        words = f"step {step} of {self._newest}"
        self.setAccessibleDescription((f"live, {words}" if live else words) if self._newest else EMPTY)

    # Painting

    def sizeHint(self) -> QSize:
        return QSize(400, height(self.font()))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, height(self.font()))

    def resizeEvent(self, event: QEvent) -> None:
        self.redo()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange):
            self.updateGeometry()
            self.redo()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._newest:
            painter.setPen(QColor(self._theme.muted))
            room = QRectF(self.rect()).adjusted(SIDE, 0, -SIDE, 0)
            text = self.fontMetrics().elidedText(EMPTY, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        else:
            hover = None if self._hover is None else snapped(self.axis, self.keyframes, self._hover)
            paint(painter, self._laid_out(), self._theme, self._position, hover)
            if self.hasFocus():
                painter.setPen(QPen(QColor(self._theme.accent), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    # The hand: mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._newest:
            event.ignore()
            return
        self._held = self._newest
        self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        if self._held is not None:
            self._scrub(event)
        if self._held is not None or QToolTip.isVisible():
            QToolTip.showText(event.globalPosition().toPoint(), self.text_at(self._hover), self)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            QToolTip.hideText()
            self.let_go()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A keyframe a notch; touch pads send parts of one."""
        delta = event.angleDelta()
        self._turned += delta.y() if abs(delta.y()) >= abs(delta.x()) else -delta.x()
        notches, self._turned = int(self._turned / NOTCH), self._turned - NOTCH * int(self._turned / NOTCH)
        if notches:
            self.asked.emit(neighbour(self.axis, self.keyframes, self._position, notches))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_hand = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self.axis.x(self._newest if self._position is None else self._position)
        x = float(event.pos().x()) if by_hand else place
        at = event.globalPos() if by_hand else self.mapToGlobal(QPoint(round(place), self.height() // 2))
        self.menu_asked.emit(at, x)

    def _scrub(self, event: QMouseEvent) -> None:
        self.asked.emit(snapped(self.axis, self.keyframes, event.position().x()))

    # The hand: keys

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.text_at(event.pos().x()), self)
            return True
        return super().event(event)

    def pass_key(self, event: QKeyEvent) -> None:
        event.ignore()  # a slider would move itself

    def take_key(self, event: QKeyEvent) -> None:
        axis, keyframes, position = self.axis, self.keyframes, self._position
        match event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier):
            case Qt.Key.Key_Left, False:
                target = neighbour(axis, keyframes, position, -1)
            case Qt.Key.Key_Right, False:
                target = neighbour(axis, keyframes, position, 1)
            case ((Qt.Key.Key_Left | Qt.Key.Key_PageDown), _):
                target = leap(axis, keyframes, position, -PAGE)
            case ((Qt.Key.Key_Right | Qt.Key.Key_PageUp), _):
                target = leap(axis, keyframes, position, PAGE)
            case Qt.Key.Key_Home, _:
                target = int(keyframes[0]) if len(keyframes) else position
            case _:
                target = None
        self.asked.emit(target)

    def is_mine(self, event: QKeyEvent) -> bool:
        """Keys that the track uses; Esc only where there is something to leave."""
        plain = Qt.KeyboardModifier.KeypadModifier
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            plain |= Qt.KeyboardModifier.ShiftModifier  # an epoch in the window, further than a keyframe here
        if event.modifiers() & ~plain or event.key() not in KEYS or not self._newest:
            return False
        return event.key() != Qt.Key.Key_Escape or self._position is not None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell()

    def _ask_nearest(self, step: int) -> None:
        if len(self.keyframes):
            self.asked.emit(None if step >= self._newest else nearest(self.keyframes, step))
