"""The strip of bars."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK
from guiapp.gui.widgets.bar_strip import CEILINGS, MARGIN, WIDEST, BarStrip, ceiling


@pytest.mark.parametrize("largest", [0.0023, 0.99, 1.0, 1.01, 4.2, 7.0, 9.9, 12345.0])
def test_the_ceiling_is_round_and_the_least_above(largest: float) -> None:
    found = ceiling(np.array([0.0, largest, np.nan]))
    mantissa = found / 10 ** np.floor(np.log10(found * (1 + 1e-12)))
    assert np.isclose(mantissa, CEILINGS).any()
    assert largest <= found * (1 + 1e-9)
    assert found <= 1.5 * largest * (1 + 1e-9)


def test_the_ceiling_of_nothing() -> None:
    assert ceiling(np.empty(0)) == 1
    assert ceiling(np.zeros(3)) == pytest.approx(1e-3)


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [3.2, np.inf, 0.1], list(range(64)), [-1.0, 2.0]])
def test_any_numbers_are_drawn(qtbot: QtBot, values: list[float]) -> None:
    strip = BarStrip("KL", "z", "nats")
    qtbot.addWidget(strip)
    strip.resize(300, 80)
    strip.set_theme(DARK, DARK.kl)
    strip.set_values(np.array(values), marked=(1,))
    strip.grab()
    np.testing.assert_array_equal(strip.values, values)


def test_bars_are_as_high_as_their_numbers(qtbot: QtBot) -> None:
    strip = BarStrip("KL", "z", "nats")
    qtbot.addWidget(strip)
    strip.resize(300, 200)
    strip.set_theme(DARK, "#ff0000")
    strip.set_values(np.array([1.0, 2.0, 4.0]))
    image = strip.grab().toImage()
    heights = []
    for index in range(3):
        x = int(6 + (index + 0.5) * strip._pitch())
        heights.append(sum(image.pixelColor(x, y).name() == "#ff0000" for y in range(200)))
    assert heights[1] == pytest.approx(2 * heights[0], abs=2)
    assert heights[2] == pytest.approx(4 * heights[0], abs=4)


def test_ranked_bars_stand_in_order_with_their_share(qtbot: QtBot) -> None:
    strip = BarStrip("KL", "z", "nats", ranked=True)
    qtbot.addWidget(strip)
    strip.resize(400, 160)
    strip.set_values(np.array([1.0, 6.0, np.nan, 3.0, 0.0]))
    assert strip.order == (1, 3, 0, 4, 2)
    assert [strip._share(i) for i in strip.order] == ["60 %", "30 %", "10 %", "0 %", "–"]
    assert strip.carriers() == 3
    strip.set_theme(DARK, "#ff0000")
    image = strip.grab().toImage()
    heights = [
        sum(image.pixelColor(MARGIN + int((i + 0.5) * WIDEST), y).name() == "#ff0000" for y in range(image.height()))
        for i in range(3)
    ]
    assert heights[0] > heights[1] > heights[2] > 0
    strip.set_values(np.zeros(3))
    assert strip.order == (0, 1, 2)
    assert strip.carriers() == 0
    strip.grab()


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [3.2, np.inf, 0.1], list(range(64)), [-1.0, 2.0]])
def test_any_numbers_are_ranked(qtbot: QtBot, values: list[float]) -> None:
    strip = BarStrip("KL", "z", "nats", ranked=True)
    qtbot.addWidget(strip)
    strip.resize(300, 120)
    strip.set_values(np.array(values))
    strip.grab()
    assert sorted(strip.order) == list(range(len(values)))
