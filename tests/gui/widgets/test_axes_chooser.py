"""The chooser of latent axes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.axes_chooser import AxesChooser


@pytest.fixture
def chooser(qtbot: QtBot) -> AxesChooser:
    chooser = AxesChooser()
    qtbot.addWidget(chooser)
    chooser.set_dimensions(8)
    return chooser


def spins(chooser: QWidget) -> list[QSpinBox]:
    return chooser.findChildren(QSpinBox)


def test_principal_components_first(chooser: AxesChooser) -> None:
    assert chooser.axes() is None
    assert not any(spin.isEnabled() for spin in spins(chooser))


def test_coordinates_are_counted_from_one_on_the_screen(qtbot: QtBot, chooser: AxesChooser) -> None:
    with qtbot.waitSignal(chooser.changed):
        chooser.set_axes((2, 5))
    assert chooser.axes() == (2, 5)
    assert [spin.text() for spin in spins(chooser)] == ["z3", "z6"]


def test_the_two_are_never_the_same(chooser: AxesChooser) -> None:
    chooser.set_axes((2, 5))
    spins(chooser)[0].setValue(6)
    assert chooser.axes() == (5, 6)
    spins(chooser)[0].setValue(8)
    spins(chooser)[1].setValue(8)
    assert chooser.axes() == (6, 7)


def test_one_signal_a_change(qtbot: QtBot, chooser: AxesChooser) -> None:
    heard: list[object] = []
    chooser.changed.connect(lambda: heard.append(chooser.axes()))
    chooser.set_axes(None)
    assert not heard
    spins(chooser)[0].setValue(4)
    assert not heard, "nothing shown has changed"


def test_fewer_dimensions_drop_a_choice_beyond_them(qtbot: QtBot, chooser: AxesChooser) -> None:
    chooser.set_axes((1, 6))
    with qtbot.waitSignal(chooser.changed):
        chooser.set_dimensions(5)
    assert chooser.axes() is None
    chooser.set_axes((1, 2))
    chooser.set_dimensions(4)
    assert chooser.axes() == (1, 2)
    chooser.set_dimensions(2)
    assert chooser.axes() is None
    assert chooser.isHidden()
