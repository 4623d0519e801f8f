"""Curves of few values, in another unit, or without their scatter."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.series import Series


def series_of(*columns: np.ndarray) -> Series:
    series = Series(tuple("abcdefgh"[: len(columns)]))
    series.append(np.column_stack(columns).astype(np.float32))
    return series


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(count)


def sparse_plot(qtbot: QtBot, *curves: Curve) -> TimeSeriesPlot:
    plot = TimeSeriesPlot("Test", "nats", curves)
    qtbot.addWidget(plot)
    plot.resize(640, 300)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


def every(count: int, gap: int, values: np.ndarray) -> np.ndarray:
    column = np.full(count, np.nan)
    column[gap - 1 :: gap] = values[gap - 1 :: gap]
    return column


def test_a_sparse_curve_is_a_dashed_line_through_its_points(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("a", "a", "kl", sparse=True))
    truth = np.linspace(3.0, 9.0, 160) ** 2
    plot.draw(series_of(every(160, 20, truth), truth))
    x, y = plot.points("a", smooth=True)
    assert {*range(20, 161, 20)} <= {*x.tolist()}
    np.testing.assert_allclose(y, np.interp(x, np.arange(20, 161, 20), truth[19::20]), rtol=1e-6)
    assert not len(plot.points("a")[0])
    (label,) = plot.labels
    assert label.dashed
    low, high = plot.box.viewRange()[1]
    assert label.height == pytest.approx((truth[-1] - low) / (high - low))


def test_a_sparse_curve_may_be_a_sum(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("sum", "sum", "kl", negated=True, scale=0.5, sparse=True, parts=("a", "b")))
    one, other = np.arange(200.0), np.sqrt(np.arange(200.0))
    plot.draw(series_of(every(200, 25, one), every(200, 25, other)))
    x, y = plot.points("sum", smooth=True)
    at = np.isin(x, np.arange(25, 201, 25))
    np.testing.assert_allclose(y[at], -0.5 * (one + other)[x[at].astype(int) - 1], rtol=1e-6)
    titles, rows = plot.table()
    assert list(titles) == ["step", "-sum"]
    assert rows[24, 1] == pytest.approx(-0.5 * (one[24] + other[24]))
    plot.draw(series_of(every(200, 25, one)))
    assert not len(plot.points("sum", smooth=True)[0]), "a part is missing"


def test_a_long_sparse_curve_shows_the_mean_of_each_pixel(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("a", "a", "kl", sparse=True))
    truth = np.sin(np.arange(400_000) / 4e4)
    plot.draw(series_of(every(400_000, 50, truth)))
    x, y = plot.points("a", smooth=True)
    assert len(x) < 5000
    np.testing.assert_allclose(y, np.interp(x, np.arange(1, 400_001), truth), atol=0.02)


def test_the_pointer_reads_the_last_value_of_a_sparse_curve(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("a", "a", "kl", sparse=True))
    plot.draw(series_of(every(3000, 50, np.arange(3000.0))))
    assert plot.readings(100, QPointF())[0].value == "99"
    assert plot.readings(137, QPointF())[0].value == "99 (step 100)"
    assert plot.readings(49, QPointF())[0].value == "no value"


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_a_scaled_curve_is_the_same_in_another_unit(qtbot: QtBot, negated: bool, weight: float) -> None:
    plot = sparse_plot(
        qtbot, Curve("a", "a", "kl", negated=negated), Curve("b", "b", "kl", negated=negated, scale=0.25)
    )
    plot.set_smoothing(weight)
    values = 5 + noise(5000)
    plot.draw(series_of(values, values))
    for smooth in (False, True):
        np.testing.assert_allclose(0.25 * plot.points("a", smooth)[1], plot.points("b", smooth)[1], rtol=1e-5)
    one, other = plot.readings(77, QPointF())
    read = [float(reading.value.replace("−", "-")) for reading in (one, other)]
    assert 0.25 * read[0] == pytest.approx(read[1], rel=1e-4)


def test_a_curve_alone_hides_its_scatter_while_it_is_smoothed(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("a", "a", "kl", alone=True))
    plot.draw(series_of(100 + 30 * noise(4000)))
    assert not len(plot.points("a")[0])
    assert len(plot.points("a", smooth=True)[0])
    low, high = plot.box.viewRange()[1]
    assert high - low < 80, "the axis holds what is drawn"
    plot.set_smoothing(0)
    assert len(plot.points("a")[0])


def test_the_axis_holds_the_extremes_of_a_negated_curve(qtbot: QtBot) -> None:
    plot = sparse_plot(qtbot, Curve("a", "a", "kl", negated=True))
    values = 5 + noise(50_000)
    plot.draw(series_of(values))
    low, high = plot.box.viewRange()[1]
    assert low <= -values[2500:].max()
    assert high >= -values[2500:].min()
