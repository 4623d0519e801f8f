"""Where the keyboard goes after a click."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget


def focus_by_tab(container: QWidget) -> None:
    """A click on a button or a combo box in `container` gives the focus to `container`, which uses no keys: Space after
    it runs or pauses and does not press the button again. With Tab they are reached, and then keep their keys."""
    if container.focusPolicy() == Qt.FocusPolicy.NoFocus:
        container.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    for control in (*container.findChildren(QAbstractButton), *container.findChildren(QComboBox)):
        if control.focusPolicy() & Qt.FocusPolicy.ClickFocus:
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
