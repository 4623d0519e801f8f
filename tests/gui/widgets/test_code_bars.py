"""A code as a row of sliders."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import THEMES
from guiapp.gui.widgets.code_bars import CodeBars


@pytest.fixture
def bars(qtbot: QtBot) -> CodeBars:
    bars = CodeBars("Code")
    qtbot.addWidget(bars)
    bars.resize(400, bars.sizeHint().height())
    bars.set_values(np.array([0.5, -1.0, 2.0]), -4, 4)
    bars.moved.connect(lambda i, v: bars.set_values(np.where(np.arange(3) == i, v, bars.values), -4, 4))
    with qtbot.waitExposed(bars):
        bars.show()
    return bars


def middle(bars: CodeBars, index: int) -> int:
    return round(6 + (index + 0.5) * bars._pitch())


def test_a_bar_goes_where_it_is_dragged_and_no_further(bars: CodeBars) -> None:
    top, bottom = bars._ends()
    QTest.mousePress(bars, Qt.MouseButton.LeftButton, pos=QPoint(middle(bars, 1), round((top + bottom) / 2)))
    assert bars.values[1] == pytest.approx(0, abs=0.2)
    QTest.mouseMove(bars, QPoint(middle(bars, 1), -50))
    assert bars.values.tolist()[1] == 4
    QTest.mouseMove(bars, QPoint(middle(bars, 1), 900))
    assert bars.values.tolist()[1] == -4
    QTest.mouseRelease(bars, Qt.MouseButton.LeftButton)
    QTest.mouseMove(bars, QPoint(middle(bars, 1), 0))
    assert bars.values.tolist()[1] == -4, "it was let go"
    assert bars.values[[0, 2]].tolist() == [0.5, 2.0]


def test_keys_choose_and_move(bars: CodeBars) -> None:
    QTest.keyClick(bars, Qt.Key.Key_Right)
    QTest.keyClick(bars, Qt.Key.Key_Up)
    assert bars.values[1] == pytest.approx(-0.95)
    QTest.keyClick(bars, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert bars.values[1] == pytest.approx(-1.45)
    QTest.keyClick(bars, Qt.Key.Key_0)
    assert bars.values[1] == 0
    assert "z₂ = 0" in bars.accessibleName()
    QTest.keyClick(bars, Qt.Key.Key_Left)
    QTest.keyClick(bars, Qt.Key.Key_Left)
    QTest.keyClick(bars, Qt.Key.Key_Delete)
    assert bars.values.tolist() == [0.5, 0.0, 0.0]


@pytest.mark.parametrize("count", [0, 1, 64])
def test_any_number_of_bars_whatever_they_hold(bars: CodeBars, count: int) -> None:
    values = np.linspace(-9, 9, count)
    values[:1] = np.nan
    for theme in THEMES.values():
        bars.set_theme(theme)
        for spread in (None, np.full(count, np.inf)):
            bars.set_values(values, -3, 3, spread=spread, marked=(0,))
            bars.grab()
    bars.set_values(values, 1, 1)
    bars.grab()


def test_names_below_stand_at_even_distances(bars: CodeBars) -> None:
    bars.set_values(np.zeros(20), -4, 4)
    every = bars.named_every()
    assert every == 2, "z₁₉ finds room on two bars only, and so has z₁"
    assert every * bars._pitch() > bars.fontMetrics().horizontalAdvance("z₁₉")
