"""The choice of a unit."""

from __future__ import annotations

import math

import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.unit_choice import NATS, UnitChoice, bits


def test_a_coin_a_pixel_is_a_bit_a_dimension() -> None:
    assert 784 * math.log(2) * bits(784).factor == pytest.approx(1)
    assert bits(784).text(784 * math.log(2)) == "1.0000"
    assert NATS.text(-238.404) == "−238.40"


def test_it_tells_when_another_one_is_chosen(qtbot: QtBot) -> None:
    choice = UnitChoice()
    qtbot.addWidget(choice)
    assert choice.unit(784) == NATS
    with qtbot.waitSignal(choice.changed):
        choice.choose(True)
    assert choice.unit(784) == bits(784)
    assert choice.unit(2) == bits(2)
    with qtbot.waitSignal(choice.changed):
        choice.choose(False)
    assert choice.unit(784) == NATS
    assert choice.box.accessibleName() == "Unit"
