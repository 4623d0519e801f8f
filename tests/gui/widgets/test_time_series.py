"""The plot of curves: what it draws, how it follows, what a person can do to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.annotations import Reference
from guiapp.gui.widgets.plot_menu import write_csv, write_svg
from guiapp.gui.widgets.time_plot import StepAxis, grouped_digits
from guiapp.gui.widgets.time_series import INFINITE_NOTE, LOG_NOTE, Curve, TimeSeriesPlot
from guiapp.series import Series
from tests.gui.frames import vae_frame

CURVES = (Curve("a", "curve a", "discriminator"), Curve("b", "curve b", "generator"))


def series_of(*columns: np.ndarray, first: int = 1) -> Series:
    series = Series(tuple("abcdefgh"[: len(columns)]), first)
    series.append(np.column_stack(columns).astype(np.float32))
    return series


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count)


@pytest.fixture
def plot(qtbot: QtBot) -> TimeSeriesPlot:
    plot = TimeSeriesPlot("Test", "nats per datum", CURVES)
    qtbot.addWidget(plot)
    plot.resize(700, 300)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


def test_few_steps_are_drawn_as_they_are(plot: TimeSeriesPlot) -> None:
    a, b = noise(50), noise(50, 1)
    plot.draw(series_of(a, b))
    x, y = plot.points("a")
    np.testing.assert_array_equal(x, np.arange(1, 51))
    np.testing.assert_allclose(y, a, rtol=1e-6)
    np.testing.assert_allclose(plot.points("b")[1], b, rtol=1e-6)


def test_no_spike_of_a_long_run_is_lost(plot: TimeSeriesPlot) -> None:
    a = np.zeros(300_000)
    a[[7, 123_456, 299_998]] = 3, -4, 5
    plot.draw(series_of(a, a))
    x, y = plot.points("a")
    assert len(x) < 3000
    assert {3.0, -4.0, 5.0} <= set(y.tolist())
    assert abs(x[y == -4][0] - 123_457) < 2 * 300_000 / 400


def test_the_same_frame_gives_the_same_picture(plot: TimeSeriesPlot) -> None:
    one, other = series_of(noise(5000), noise(5000, 1)), series_of(noise(80, 2), noise(80, 3), first=900)

    def drawn(series: Series) -> list[np.ndarray]:
        plot.draw(series)
        return [part for name in "ab" for smooth in (False, True) for part in plot.points(name, smooth)]

    before, between, after = drawn(one), drawn(other), drawn(one)
    assert all(np.array_equal(p, q) for p, q in zip(before, after, strict=True))
    assert not all(np.array_equal(p, q) for p, q in zip(before, between, strict=True))


def test_a_line_leads_across_a_short_rest_but_not_across_a_long_one(plot: TimeSeriesPlot) -> None:
    a = np.ones(200)
    a[1::2] = np.nan
    a[100:150] = np.nan
    plot.draw(series_of(a, a))
    x, y = plot.points("a")
    assert not np.isnan(y).any()
    joined = plot._raw[0].opts["connect"]
    breaks = x[:-1][joined[:-1] == 0]
    np.testing.assert_array_equal(breaks, [99])


def test_curves_that_the_run_lacks_or_that_hold_nothing_are_empty(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(np.full(30, np.nan)))
    assert len(plot.points("a")[0]) == len(plot.points("b")[0]) == 0
    plot.draw(Series(("a", "b")))
    assert len(plot.points("a")[0]) == 0
    plot.grab()


def test_smoothing_off_draws_the_curve_alone(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(noise(100), noise(100)))
    assert len(plot.points("a", smooth=True)[0]) == 100
    plot.set_smoothing(0.0)
    assert len(plot.points("a", smooth=True)[0]) == 0
    assert len(plot.points("a")[0]) == 100
    assert plot._raw[0].opts["pen"].color().name() == LIGHT.discriminator


@pytest.mark.parametrize("count", [300, 50_000])
@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_values_are_left_out_and_told_of(plot: TimeSeriesPlot, bad: float, count: int) -> None:
    values = noise(count)
    plot.draw(series_of(values, noise(count, 1)))
    assert plot.annotations.note == ""
    before = plot.box.viewRange()[1]
    values[100:103] = bad
    plot.draw(series_of(values, noise(count, 1)))
    assert plot.box.viewRange()[1] == before
    assert plot.annotations.note == INFINITE_NOTE


def test_a_logarithmic_axis_skips_what_has_no_logarithm_and_says_so(plot: TimeSeriesPlot) -> None:
    a = np.array([100.0, 10.0, 0.0, -5.0, 1.0])
    plot.set_log(True)
    plot.draw(series_of(a, np.ones(5)))
    np.testing.assert_allclose(plot.points("a")[1], [2, 1, 0], atol=1e-6)
    assert plot.annotations.note == LOG_NOTE
    plot.set_log(False)
    assert plot.annotations.note == ""
    np.testing.assert_allclose(plot.points("a")[1], a)


def test_ticks_of_a_logarithmic_axis_are_values(plot: TimeSeriesPlot) -> None:
    plot.set_log(True)
    axis = plot.getAxis("left")
    assert axis.tickStrings([-2.0, 0.0, np.log10(250), 3.0], 1, 1) == ["0.01", "1", "250", "1000"]
    for low, high in ((-2.0, 3.0), (2.36, 2.46), (-12.0, 4.0), (0.0, 0.001)):
        found = [tick for _, ticks in axis.tickValues(low, high, 250) for tick in ticks]
        assert 2 <= len(found) <= 20
        assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)


def test_values_not_steps_stretch_the_axis_and_a_start_from_far_above_does_not(plot: TimeSeriesPlot) -> None:
    a = 10 + 500 * np.exp(-np.arange(4000) / 20) + 0.1 * noise(4000)
    plot.draw(series_of(a, a))
    low, high = plot.box.viewRange()[1]
    assert low < 10 < high < 15
    plot.draw(series_of(a[:100], a[:100]))
    assert plot.box.viewRange()[1][1] > 500
    a[3000] = 90
    plot.draw(series_of(a, a))
    assert plot.box.viewRange()[1][1] > 90, "a later spike is always in sight"


def test_the_value_axis_rests_while_the_values_stay_in_it(plot: TimeSeriesPlot) -> None:
    changes = []
    plot.box.sigYRangeChanged.connect(lambda *_: changes.append(1))
    series = series_of(noise(1000), noise(1000))
    for i in range(200):
        series.append(np.column_stack([noise(5, i), noise(5, i + 1)]).astype(np.float32))
        plot.draw(series)
    assert len(changes) < 8


def test_it_follows_the_run_in_rare_chunks(plot: TimeSeriesPlot) -> None:
    changes = []
    plot.box.sigXRangeChanged.connect(lambda *_: changes.append(1))
    series = series_of(noise(1000), noise(1000))
    for i in range(200):
        series.append(np.column_stack([noise(20, i), noise(20, i + 1)]).astype(np.float32))
        plot.draw(series)
        low, high = plot.box.viewRange()[0]
        assert low <= 1
        assert series.last <= high <= 1.15 * series.last
    assert len(changes) < 40
    plot.follow(1000)
    low, high = plot.box.viewRange()[0]
    assert series.last - 1200 <= low <= series.last - 999
    assert plot.newest == 1000


def test_looking_elsewhere_leaves_following_and_a_double_click_returns(plot: TimeSeriesPlot, qtbot: QtBot) -> None:
    series = series_of(noise(1000), noise(1000))
    plot.draw(series)
    with qtbot.waitSignals([plot.window_moved, plot.following_changed]):
        QTest.keyClick(plot, Qt.Key.Key_Plus)
    kept = plot.box.viewRange()[0]
    assert not plot.following
    series.append(np.zeros((3000, 2), np.float32))
    plot.draw(series)
    assert plot.box.viewRange()[0] == kept
    QTest.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 100))
    assert plot.following
    assert plot.box.viewRange()[0][1] >= 4000


def test_a_close_look_shows_single_steps(plot: TimeSeriesPlot) -> None:
    a = noise(100_000)
    plot.draw(series_of(a, a))
    plot.look_at(50_000, 50_100)
    x, y = plot.points("a")
    assert (np.diff(x) == 1).all()
    np.testing.assert_allclose(y, a[x.astype(int) - 1], rtol=1e-6)


@pytest.mark.parametrize(("axis", "follows"), [(0, False), (1, True)])
def test_moving_one_axis_leaves_the_other(plot: TimeSeriesPlot, axis: int, follows: bool) -> None:
    plot.draw(series_of(noise(1000), noise(1000)))
    before = plot.box.viewRange()
    plot.box.scaleBy((0.5, 1) if axis == 0 else (1, 0.5))
    plot.box.moved.emit(axis)
    assert plot.following is follows
    if axis == 1:
        plot.draw(series_of(9 * noise(1000), noise(1000)))
        assert plot.box.viewRange()[1][1] < before[1][1], "the chosen range of values stays"


def test_a_click_on_a_name_hides_its_curve(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(noise(100), noise(100) + 50))
    assert plot.box.viewRange()[1][1] > 50
    place = plot._labels.places()[1].center()
    at = plot.mapFromScene(plot._labels.mapToScene(place))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert plot.hidden == {"b"}
    assert len(plot.points("b")[0]) == 0
    assert plot.box.viewRange()[1][1] < 10, "the axis goes to what is left"
    next(action for action in plot.actions() if action.text() == "Show curve b").trigger()
    assert plot.hidden == frozenset()
    for name in "ab":
        plot.toggle(name)
    assert "hidden" in plot.annotations.note


def test_names_stand_at_the_ends(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(np.full(300, 1.0), np.linspace(0, 9, 300)))
    first, second = plot.labels
    low, high = plot.box.viewRange()[1]
    assert first.height == pytest.approx((1 - low) / (high - low), abs=1e-6)
    assert second.height is not None
    assert second.height > 0.6


@pytest.mark.parametrize("steps", [300, 900, 100_000])
def test_a_smoothed_curve_has_a_point_for_two_pixels_at_the_most(plot: TimeSeriesPlot, steps: int) -> None:
    """Each costs some 2 µs to paint."""
    plot.set_smoothing(0.9)
    plot.draw(series_of(noise(steps), noise(steps)))
    count = len(plot.points("a", smooth=True)[0])
    assert min(steps, plot.box.width() / 2) * 0.5 <= count <= plot.box.width() / 2 + 2


def test_the_crosshair_reads_exact_values(plot: TimeSeriesPlot) -> None:
    a = noise(100_000)
    plot.draw(series_of(a, np.full(100_000, np.nan)))
    plot._pointer = plot.box.mapViewToScene(QPointF(43_210, 0))
    plot._read()
    step, one, other = plot.crosshair.readings
    at = int(step.title.removeprefix("step ").replace("\u2009", ""))
    assert abs(at - 43_210) < 300
    assert one.value == f"{np.float32(a[at - 1]):.6g}".replace("-", "−")
    assert other.value == "no value"
    plot.draw(series_of(a[:10], a[:10]))
    assert plot.crosshair._at is None, "another run's values must not stay"


def test_the_crosshair_comes_with_the_pointer_and_goes_with_it(plot: TimeSeriesPlot, qtbot: QtBot) -> None:
    plot.draw(series_of(noise(1000), noise(1000)))
    QTest.mouseMove(plot.viewport(), QPoint(300, 120))
    qtbot.waitUntil(lambda: plot.crosshair._at is not None)
    QTest.mouseMove(plot.viewport(), QPoint(5, 5))
    qtbot.waitUntil(lambda: plot.crosshair._at is None)


def test_edits_near_the_pointer_are_read_too(plot: TimeSeriesPlot) -> None:
    frame = vae_frame(1000, edits=((400, "model.beta", 1.0, 4.0),))
    plot.set_curves((Curve("loss", "total", "total"),), "nats")
    plot.draw(frame.series, frame.marks)
    plot._pointer = plot.box.mapViewToScene(QPointF(400.5, 300))
    plot._read()
    assert plot.crosshair.readings[-1].title == "β 1→4"
    plot.grab()


def test_references_are_in_sight(plot: TimeSeriesPlot) -> None:
    plot.set_curves(CURVES, "nats", references=(Reference(1.386, "log 4"),))
    plot.draw(series_of(0.1 * noise(100), 0.1 * noise(100)))
    assert plot.box.viewRange()[1][1] > 1.386


def test_a_negated_curve_is_turned_over_everywhere(plot: TimeSeriesPlot) -> None:
    plot.set_curves((Curve("a", "−a", "total", negated=True),), "nats")
    a = 5 + noise(20_000)
    plot.draw(series_of(a))
    y, smooth = plot.points("a")[1], plot.points("a", smooth=True)[1]
    assert y.max() == np.float32(-a.min())
    assert y.min() == np.float32(-a.max())
    assert smooth.mean() == pytest.approx(-5, abs=0.1)
    titles, rows = plot.table()
    assert list(titles) == ["step", "-a"]
    np.testing.assert_allclose(rows[:, 1], -a.astype(np.float32))


def test_csv_has_every_step_of_the_curves_shown(plot: TimeSeriesPlot, tmp_path: Path) -> None:
    a = noise(20_000)
    plot.draw(series_of(a, a, first=5))
    plot.toggle("b")
    write_csv(plot.table(), tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "step,a"
    assert len(lines) == 20_001
    step, value = lines[1].split(",")
    assert (int(step), np.float32(value)) == (5, np.float32(a[0]))
    write_svg(plot, tmp_path / "x.svg")
    assert b"<svg" in (tmp_path / "x.svg").read_bytes()[:300]


def test_themes_change_while_it_shows(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(noise(100), noise(100)))
    plot.set_theme(DARK)
    assert plot._smooth[0].opts["pen"].color().name() == DARK.discriminator
    dark = plot.grab().toImage()
    assert dark.pixelColor(dark.width() // 2, 3).name() == DARK.background
    assert plot.getAxis("left").labelText == "nats per datum"
    plot.set_theme(LIGHT)
    assert plot.grab().toImage() != dark


def test_clearing_forgets_the_run(plot: TimeSeriesPlot) -> None:
    plot.draw(series_of(noise(100), noise(100)))
    plot.look_at(3, 9)
    plot.clear_steps()
    assert plot.following
    assert len(plot.points("a")[0]) == 0
    assert len(plot.table()[1]) == 0


def test_more_than_four_curves(plot: TimeSeriesPlot) -> None:
    plot.set_curves(tuple(Curve(name, f"curve {name}", "ink") for name in "abcdef"), "nats")
    plot.draw(series_of(*(noise(50, i) for i in range(6))))
    assert len(plot.labels) == 6
    plot.grab()


@pytest.mark.parametrize("last", [3, 20, 99, 960, 2_000, 5_120, 12_345, 999_999, 7_654_321])
@pytest.mark.parametrize("pixels", [60, 75, 120, 400, 1600])
def test_texts_of_the_step_axis_never_overlap_and_there_is_one(qapp: object, last: int, pixels: int) -> None:
    axis = StepAxis()
    ((spacing, _),) = axis.tickSpacing(0, last, pixels)
    steps = np.arange(spacing, last, spacing)
    assert len(steps) >= 1
    widest = QFontMetricsF(QApplication.font()).horizontalAdvance(grouped_digits(last))
    assert len(steps) == 1 or spacing * pixels / last > widest
    texts = axis.tickStrings(list(steps), 1, spacing)
    assert all(texts) or last < 10


def test_curves_are_as_thick_on_a_finer_screen(
    qtbot: QtBot, plot: TimeSeriesPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot, "devicePixelRatioF", lambda: 2.0)
    plot.set_theme(DARK)
    assert plot._smooth[0].opts["pen"].widthF() == 3.0
