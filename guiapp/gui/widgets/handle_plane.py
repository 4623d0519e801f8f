"""A plane with handles that a hand or the arrow keys move."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.own_keys import OwnKeys
from guiapp.gui.widgets.plane_handle import PlaneHandle
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import add_export_actions

ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
STEP = 1 / 184  # of the height shown, for one press of an arrow key: 0.05 σ in the latent plane
FAST = 10  # times as far with Shift


class HandlePlane(OwnKeys, PlanePlot):
    """A plane plot with handles. The arrow keys move the chosen one, with Shift ten times as far; the key of its letter
    chooses it.

    Signals:
        moved(int, float, float): handle k was taken to (x, y); it goes there when it is told to by `set_handles`.
        chosen(int): handle k is the chosen one now. clicked(float, float): a place without a handle.
    """

    moved = Signal(int, float, float)
    chosen = Signal(int)
    clicked = Signal(float, float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(f"{name}; arrow keys move the handle", parent)
        self.handles: list[PlaneHandle] = []
        self.active = 0
        self._theme = LIGHT
        add_export_actions(self)
        self.scene().sigMouseClicked.connect(self._click)

    def set_handles(self, places: npt.NDArray[Any], letters: str) -> None:
        """Show a handle at each of `places` (K, 2), named by a letter of `letters` (" " for none)."""
        if [handle.objectName() for handle in self.handles] != list(letters):
            for handle in self.handles:
                self.removeItem(handle)
            self.handles = [self._handle(number, letter) for number, letter in enumerate(letters)]
            self.choose(0)
            self._colour_handles()
        for handle, (x, y) in zip(self.handles, np.asarray(places, float).tolist(), strict=True):
            handle.setPos(x, y)

    def choose(self, number: int) -> None:
        """Let the arrow keys move handle `number`."""
        self.active = number
        for other, handle in enumerate(self.handles):
            handle.set_chosen(other == number)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._theme = theme
        self._colour_handles()

    def take_key(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ARROWS:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            way = STEP * self.home.height() * (FAST if shift else 1)
            at, (right, up) = self.handles[self.active].pos(), ARROWS[key]
            self.moved.emit(self.active, at.x() + right * way, at.y() + up * way)
        else:
            self._take(self._letters().index(event.text().upper()))

    def _letters(self) -> list[str]:
        return [handle.objectName() for handle in self.handles]

    def is_mine(self, event: QKeyEvent) -> bool:
        plain = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        if event.modifiers() & ~plain or not self.handles:
            return False
        return event.key() in ARROWS or (event.text().strip() != "" and event.text().upper() in self._letters())

    def _handle(self, number: int, letter: str) -> PlaneHandle:
        handle = PlaneHandle(letter.strip(), f"Drag it, or move it with the arrow keys {letter}".strip())
        handle.setObjectName(letter)
        handle.taken.connect(lambda: self._take(number))
        handle.dragged.connect(lambda x, y: self.moved.emit(number, x, y))
        self.addItem(handle, ignoreBounds=True)
        return handle

    def _take(self, number: int) -> None:
        self.choose(number)
        self.setFocus()
        self.chosen.emit(number)

    def _colour_handles(self) -> None:
        for handle in self.handles:
            handle.set_colours(self._theme.generated, self._theme.background)

    def _click(self, event: Any) -> None:
        box = self.getViewBox()
        if event.button() != Qt.MouseButton.LeftButton or event.double() or QApplication.keyboardModifiers():
            return
        if box.sceneBoundingRect().contains(event.scenePos()):
            self.clicked.emit(*box.mapSceneToView(event.scenePos()).toTuple())
