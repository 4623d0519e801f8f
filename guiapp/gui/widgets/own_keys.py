"""Widgets that use keys which mean something else in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:

    class Base(QWidget):
        def __init__(self, *details: Any) -> None: ...

else:
    Base = object  # to stand before any kind of widget in a list of bases


class OwnKeys(Base):
    """A mixin: while the widget has the focus, the keys for which `is_mine` holds go to `take_key` and to no shortcut
    (→ is one training step in the window), the others to `pass_key`. It is repainted when the focus comes and goes."""

    def is_mine(self, event: QKeyEvent) -> bool:
        """Whether the widget uses this key now."""
        raise NotImplementedError

    def take_key(self, event: QKeyEvent) -> None:
        """Do what one of its own keys asks for."""
        raise NotImplementedError

    def pass_key(self, event: QKeyEvent) -> None:
        """What becomes of any other key: what the kind of widget makes of it."""
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self.is_mine(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.is_mine(event):
            self.take_key(event)
        else:
            self.pass_key(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
