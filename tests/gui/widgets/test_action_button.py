"""A button for an action looks as the action does, and is connected to it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QAction, QIcon, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from guiapp.gui.widgets.action_button import ActionButton

CHANGES: dict[str, Callable[[QAction], object]] = {
    "text": lambda action: action.setText("Pause"),
    "tooltip": lambda action: action.setToolTip("Stop here"),
    "status tip": lambda action: action.setStatusTip("Stop between two steps"),
    "enabled": lambda action: action.setEnabled(False),
}


def looks(button: QToolButton) -> tuple[object, ...]:
    return button.text(), button.toolTip(), button.statusTip(), button.isEnabled(), button.icon().cacheKey()


@pytest.mark.parametrize("change", CHANGES)
def test_it_follows_its_action_as_a_button_of_qt_does(qtbot: Any, change: str) -> None:
    action = QAction("Run")
    button, other = ActionButton(action), QToolButton()
    other.setDefaultAction(action)
    for widget in (button, other):
        qtbot.addWidget(widget)
    before = looks(button)
    assert before == looks(other)
    CHANGES[change](action)
    assert looks(button) == looks(other) != before


def test_it_takes_the_icon_and_triggers(qtbot: Any) -> None:
    action, clicked = QAction("Run"), []
    action.triggered.connect(lambda: clicked.append(1))
    button = ActionButton(action)
    qtbot.addWidget(button)
    picture = QPixmap(8, 8)
    picture.fill(Qt.GlobalColor.red)
    action.setIcon(QIcon(picture))
    assert button.icon().cacheKey() == action.icon().cacheKey()
    button.show()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert clicked == [1]


def test_it_is_connected_once_however_often_the_action_changes(qtbot: Any) -> None:
    action = QAction("Run")
    button = ActionButton(action)
    qtbot.addWidget(button)

    def connections() -> list[int]:
        return [
            action.receivers(SIGNAL(name)) for name in ("hovered()", "triggered(bool)", "changed()", "toggled(bool)")
        ]

    before = connections()
    for i in range(20):
        action.setEnabled(bool(i % 2))
    assert connections() == before
