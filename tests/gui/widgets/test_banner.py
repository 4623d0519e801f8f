"""The warning across a view."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.banner import Banner


def test_it_is_there_as_long_as_it_says_something(qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    column, banner = QVBoxLayout(around), Banner()
    column.addWidget(banner)
    around.resize(300, 100)
    with qtbot.waitExposed(around):
        around.show()
    assert not banner.isVisible()
    banner.say("Mind the gap.")
    assert banner.isVisible()
    assert banner.accessibleName() == "Mind the gap."
    light = banner.grab().toImage()
    banner.set_theme(DARK)
    assert banner.grab().toImage() != light
    banner.set_theme(LIGHT)
    assert banner.grab().toImage() == light
    banner.say("")
    assert not banner.isVisible()
