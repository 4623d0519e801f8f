"""The heat map: its picture against log10 of the means, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.heat_map import INFINITE, ZERO, HeatMap, Row
from guiapp.gui.widgets.heat_scale import power_of_ten
from guiapp.gui.widgets.time_plot import AXIS_WIDTH
from guiapp.series import Series

ROWS = tuple(Row(name, f"row {name}", f"tensor {name}  3 × 4") for name in "abc")


def series_of(*columns: np.ndarray, first: int = 1) -> Series:
    series = Series(tuple("abcdefgh"[: len(columns)]), first)
    series.append(np.column_stack(columns).astype(np.float32))
    return series


def decay(count: int, level: float = 1.0) -> np.ndarray:
    return level * 10 ** (-np.arange(count) / count)


@pytest.fixture
def heat(qtbot: QtBot) -> HeatMap:
    heat = HeatMap("Test")
    qtbot.addWidget(heat)
    heat.set_rows(ROWS, "gradient RMS")
    heat.resize(500, 300)
    with qtbot.waitExposed(heat):
        heat.show()
    return heat


def values_of(heat: HeatMap) -> np.ndarray:
    """log10 of the values that the levels stand for; NaN for none and for zero."""
    assert heat.levels is not None
    low, high = heat.colour_range
    logs = low + (heat.levels.astype(float) - 1) / 254 * (high - low)
    return np.where(heat.levels > ZERO, logs, np.nan)


def test_each_row_shows_its_series(heat: HeatMap) -> None:
    levels = (1e-2, 1e-3, 1e-4)
    heat.draw(series_of(*(np.full(150, level) for level in levels)))
    np.testing.assert_allclose(values_of(heat), np.repeat(np.log10([levels]).T, 150, 1), atol=0.02)


def test_a_long_run_shows_the_mean_of_each_column(heat: HeatMap) -> None:
    columns = [decay(50_000, 10.0**-i) for i in range(3)]
    series = series_of(*columns)
    heat.draw(series)
    assert heat.levels is not None
    assert 150 < heat.levels.shape[1] <= 302
    low, high = heat.colour_range
    shown = values_of(heat)[:, 2:-2]
    steps = np.linspace(0, 50_000, heat.levels.shape[1] + 1)[2:-2]
    expected = np.array([np.interp((steps[1:] + steps[:-1]) / 2, np.arange(50_000), np.log10(c)) for c in columns])
    np.testing.assert_allclose(shown, np.clip(expected, low, high), atol=0.03)


def test_zero_and_nothing_have_levels_of_their_own(heat: HeatMap) -> None:
    a, b = np.full(60, 1e-3), np.full(60, 1e-3)
    a[10:20], b[30:40] = 0, np.nan
    heat.draw(series_of(a, b, np.full(60, np.nan)))
    assert heat.levels is not None
    assert (heat.levels[0, 10:20] == ZERO).all()
    assert (heat.levels[1, 30:40] == 0).all()
    assert (heat.levels[2] == 0).all()
    assert (heat.levels[0, :10] > ZERO).all()


def test_nothing_but_zeros_or_nothing_at_all(heat: HeatMap) -> None:
    heat.draw(series_of(np.zeros(30), np.zeros(30), np.full(30, np.nan)))
    assert heat.levels is not None
    assert (heat.levels[:2] == ZERO).all()
    heat.draw(Series(("a", "b", "c")))
    assert heat.levels is None
    heat.grab()


def test_colours_are_fitted_to_what_happens_now(heat: HeatMap) -> None:
    a = np.concatenate([np.full(1000, 1e5), np.full(2000, 1e-3)])
    heat.draw(series_of(a, a / 10, a / 100))
    low, high = heat.colour_range
    assert low <= -5
    assert high <= -2
    assert values_of(heat)[0, 5] == pytest.approx(high, abs=0.02), "what lies beyond takes the end colour"


def test_the_colours_rest_while_values_wander_a_little(heat: HeatMap) -> None:
    ranges = set()
    for i in range(40):
        wander = 10 ** (0.1 * np.sin(i) + np.random.default_rng(i).normal(0, 0.1, 200))
        heat.draw(series_of(1e-2 * wander, 1e-3 * wander, 1e-4 * wander))
        ranges.add(heat.colour_range)
    assert len(ranges) <= 3


def test_the_pointer_names_tensor_step_and_value(heat: HeatMap) -> None:
    series = series_of(*(decay(1000, 10.0**-i) for i in range(3)))
    heat.draw(series)
    heat._pointer = heat.box.mapViewToScene(QPointF(700, 1.5))
    heat._read()
    step, tensor, value = heat.crosshair.readings
    at = int(step.title.removeprefix("step ").replace("\u2009", ""))
    assert abs(at - 700) < 5
    assert tensor.title == "tensor b  3 × 4"
    assert value.value == f"{series.values('b')[at - 1]:.4g}"


def test_it_can_be_looked_at_closely(heat: HeatMap) -> None:
    heat.draw(series_of(*(decay(20_000, 10.0**-i) for i in range(3))))
    QTest.keyClick(heat, Qt.Key.Key_Plus)
    assert not heat.following
    heat.look_at(1000, 1100)
    assert heat.levels is not None
    assert 95 < heat.levels.shape[1] < 110
    assert heat.box.viewRange()[1] == [0, 3], "all rows stay in sight"


def test_the_same_frame_gives_the_same_picture(heat: HeatMap) -> None:
    one, other = (series_of(*(decay(n, 10.0**-i) for i in range(3))) for n in (3000, 200))
    heat.draw(one)
    before = heat.levels
    heat.draw(other)
    heat.set_rows(ROWS, "gradient RMS")
    heat.draw(one)
    np.testing.assert_array_equal(heat.levels, before)


def test_row_names_fit(heat: HeatMap) -> None:
    heat.set_rows([Row("a", "averyverylongname" * 3, "") for _ in range(80)], "x")
    heat.draw(series_of(decay(100)))
    ((ticks),) = heat.getAxis("left")._tickLevels
    assert len(ticks) < 40
    assert {text for _, text in ticks} == {"ave"}, "three letters a word, where the whole does not fit"
    heat.grab()


def test_csv_is_the_grid(heat: HeatMap) -> None:
    heat.draw(series_of(*(np.full(90, 10.0**-i) for i in range(3))))
    titles, rows = heat.table()
    assert list(titles) == ["step", "a", "b", "c"]
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, 91))
    np.testing.assert_allclose(rows[:, 1:], np.tile([1, 0.1, 0.01], (90, 1)), rtol=1e-6)


def test_themes_change_while_it_shows(heat: HeatMap) -> None:
    heat.draw(series_of(*(decay(100) for _ in range(3))))
    shown = []
    for theme in (LIGHT, DARK, LIGHT):
        heat.set_theme(theme)
        shown.append(heat.grab().toImage())
    assert shown[0] == shown[2] != shown[1]


def test_values_below_the_least_count_as_that(qtbot: QtBot) -> None:
    heat = HeatMap("Test", aligned=True, least=1e-4)
    qtbot.addWidget(heat)
    heat.set_rows(ROWS, "KL")
    heat.resize(500, 300)
    with qtbot.waitExposed(heat):
        heat.show()
    heat.draw(series_of(np.full(60, 1.0), np.full(60, -1e-9), np.full(60, np.nan)))
    assert heat.levels is not None
    assert heat.colour_range[0] == -4
    np.testing.assert_allclose(values_of(heat)[:2, -1], (0, -4), atol=0.02)
    assert (heat.levels[2] == 0).all(), "no value stays blank"
    assert heat.getAxis("left").width() == AXIS_WIDTH
    heat.set_scale_width(140)
    assert heat.scale_width < 140 == heat._scale.minimumWidth()


def test_powers_of_ten() -> None:
    assert [power_of_ten(e) for e in (-12, 0, 3)] == ["10⁻¹²", "10⁰", "10³"]


def measured(count: int, every: int, values: np.ndarray) -> np.ndarray:
    """`values` in steps `every`, 2 `every` and so on, NaN between."""
    column = np.full(count, np.nan)
    column[every - 1 :: every] = values
    return column


def held(values: np.ndarray, every: int, count: int) -> np.ndarray:
    """What is known in each of the steps 1 to `count`: the newest measurement."""
    newest = np.arange(1, count + 1) // every - 1
    return np.where(newest < 0, np.nan, values[newest])


@pytest.mark.parametrize("window", [(0, 250), (130, 180), (205, 215)])
def test_a_measurement_holds_until_the_next(heat: HeatMap, window: tuple[int, int]) -> None:
    values = np.array([1e-1, 1e-2, 1e-3, 1e-1])
    heat.set_rows(ROWS[:1], "RMS", every=50)
    heat.draw(series_of(measured(249, 50, values)))
    heat.look_at(*window)
    _, rows = heat.table()
    np.testing.assert_allclose(rows[:, 1], held(values, 50, 249)[rows[:, 0].astype(int) - 1], rtol=1e-6)
    assert heat.levels is not None
    assert (heat.levels[0] == 0).tolist() == np.isnan(rows[:, 1]).tolist(), "blank before the first one alone"


def test_a_long_run_of_rare_measurements_has_no_gap(heat: HeatMap) -> None:
    heat.set_rows(ROWS[:1], "RMS", every=500)
    heat.draw(series_of(measured(40_000, 500, np.geomspace(1, 1e-2, 80))))
    assert heat.levels is not None
    first = int(np.flatnonzero(heat.levels[0])[0])
    assert (heat.levels[0, first:] > ZERO).all()
    assert first <= 500 / 40_000 * heat.levels.shape[1] + 1


def test_the_pointer_says_when_it_was_measured(heat: HeatMap) -> None:
    heat.set_rows(ROWS[:1], "dead units", every=50, fraction=True)
    heat.draw(series_of(measured(249, 50, np.array([0.5, 0.25, 0.125, 0.0]))))
    assert [r.value for r in heat.readings(120, QPointF(120, 0.5))] == ["", "25.0%", "100"]
    assert heat.readings(49, QPointF(49, 0.5))[1].value == "not measured yet"


def test_a_fraction_is_coloured_as_it_is(heat: HeatMap) -> None:
    heat.set_rows(ROWS, "dead units", fraction=True)
    heat.draw(series_of(np.zeros(60), np.full(60, 0.5), np.ones(60)))
    assert heat.colour_range == (0, 1)
    assert heat.levels is not None
    np.testing.assert_allclose(heat.levels[:, 0], (2, 128, 254), atol=1)
    heat.set_rows(ROWS, "RMS")
    heat.draw(series_of(np.zeros(60), np.full(60, 0.5), np.ones(60)))
    assert heat.levels[0, 0] == ZERO, "nothing is left of the other kind"
    heat.grab()


def test_inf_has_a_colour_of_its_own_and_leaves_the_range_alone(heat: HeatMap) -> None:
    a = np.full(60, 1e-3)
    a[20:30] = np.inf
    heat.draw(series_of(a, np.full(60, 1e-4), np.full(60, np.nan)))
    assert heat.levels is not None
    assert (heat.levels[0, 20:30] == INFINITE).all()
    assert (heat.levels[0, 30:] < INFINITE).all()
    assert -5 < heat.colour_range[0] < heat.colour_range[1] < -2
    assert heat._scale._infinite
    assert heat.readings(25, QPointF(25, 0.5))[1].value == "Inf"
    heat.grab()


def test_a_click_names_its_row_and_a_drag_does_not(heat: HeatMap, qtbot: QtBot) -> None:
    heat.draw(series_of(*(decay(100, 10.0**-i) for i in range(3))))
    place = heat.mapFromScene(heat.box.mapViewToScene(QPointF(50, 1.5)))
    with qtbot.waitSignal(heat.row_clicked) as caught:
        QTest.mouseClick(heat.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == ["b"]
    with qtbot.assertNotEmitted(heat.row_clicked):
        QTest.mousePress(heat.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseMove(heat.viewport(), place + QPoint(30, 0))
        QTest.mouseRelease(heat.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(30, 0))
