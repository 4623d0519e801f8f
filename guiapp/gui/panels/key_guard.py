"""Single keys as shortcuts of the window, without taking them from the control that has the focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QTabBar,
    QTextEdit,
)

from guiapp.gui.widgets.refusing_line import RefusingLine


class KeyGuard(QObject):
    """Space, →, Shift+→ and R are shortcuts of the window, and Qt gives a shortcut precedence over the focused widget:
    Space on a check box would start training. The guard watches the focused widget alone and lets it keep the keys
    that it uses itself."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusObjectChanged.connect(self._watch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if needs_key(watched, event):
            event.accept()
            return True
        if _is_after_a_number(watched, event):
            event.ignore()  # a line would claim it
            return True
        return False

    def _watch(self, focused: QObject | None) -> None:
        if focused is not None:
            focused.removeEventFilter(self)
            focused.installEventFilter(self)


def needs_key(widget: QObject, event: QKeyEvent) -> bool:
    """Whether `widget` does something with the key itself."""
    key, modifiers = event.key(), event.modifiers()
    if modifiers & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
        return False  # Ctrl+R and the like are no typing
    # Return and Escape carry text too; the list of a combo box takes them at this very event, so they must reach it.
    types = bool(event.text()) and event.text().isprintable()
    if _is_after_a_number(widget, event):
        return False
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly() and (key == Qt.Key.Key_Right or types)
    if isinstance(widget, QAbstractSpinBox):
        return True
    if key == Qt.Key.Key_Space:
        return isinstance(widget, QAbstractButton | QComboBox | QAbstractItemView)
    if key == Qt.Key.Key_Right:
        return isinstance(widget, QAbstractSlider | QTabBar | QAbstractItemView | QRadioButton)
    return types and isinstance(widget, QComboBox | QAbstractItemView)  # letters search the list


def _is_after_a_number(widget: QObject, event: QKeyEvent) -> bool:
    """No number has a blank: who has just typed a value wants to go on."""
    return isinstance(widget, RefusingLine) and widget.is_number and event.key() == Qt.Key.Key_Space
