"""Symbols along curves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.curve_symbols import APART, SYMBOLS, CurveSymbols, shape
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.series import Series

CURVES = (Curve("a", "a", "discriminator"), Curve("b", "b", "generator"))


@pytest.fixture
def plot(qtbot: QtBot) -> TimeSeriesPlot:
    plot = TimeSeriesPlot("Test", "nats", CURVES)
    qtbot.addWidget(plot)
    plot.resize(700, 300)
    plot.set_smoothing(0)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


@pytest.fixture
def symbols(plot: TimeSeriesPlot) -> CurveSymbols:
    symbols = CurveSymbols(plot)
    symbols.set_curves([("a", 0, "discriminator"), ("b", 1, "generator")])
    return symbols


def draw(plot: TimeSeriesPlot, a: np.ndarray, b: np.ndarray) -> None:
    series = Series(("a", "b"))
    series.append(np.column_stack((a, b)).astype(np.float32))
    plot.draw(series)


def test_each_curve_bears_them_at_places_of_its_own(plot: TimeSeriesPlot, symbols: CurveSymbols) -> None:
    draw(plot, np.full(1000, 1.0), np.full(1000, 2.0))
    places = {name: symbols.places(name) for name in "ab"}
    for found in places.values():
        assert np.allclose(np.diff([place.x() for place in found]), APART, atol=2)
        assert len({round(place.y(), 3) for place in found}) == 1
    assert places["a"][0].y() > places["b"][0].y(), "1 lies below 2"
    assert abs(places["b"][0].x() - places["a"][0].x()) == pytest.approx(APART / 2, abs=2)


def test_a_short_or_absent_curve_is_no_trouble(plot: TimeSeriesPlot, symbols: CurveSymbols) -> None:
    assert symbols.places("a") == []
    draw(plot, np.append([1.0], np.full(999, np.nan)), np.full(1000, np.nan))
    assert len(symbols.places("a")) == 1, "one at the least"
    assert symbols.places("b") == []
    plot.set_log(True)
    draw(plot, np.full(1000, -1.0), np.full(1000, 10.0))
    assert symbols.places("a") == []
    assert len(symbols.places("b")) > 2


def test_they_are_painted_in_the_colour_of_the_curve(plot: TimeSeriesPlot, symbols: CurveSymbols) -> None:
    draw(plot, np.full(1000, 1.0), np.full(1000, 2.0))
    for theme in (LIGHT, DARK):
        plot.set_theme(theme)
        symbols.set_theme(theme)
        image = plot.grab().toImage()
        place = plot.mapFromScene(plot.box.mapToScene(symbols.places("a")[1]))
        assert image.pixelColor(place.x(), place.y() - 2) == QColor(theme.discriminator)


def test_every_symbol_is_a_shape_of_its_own_and_of_like_size() -> None:
    paths = [shape(symbol) for symbol in SYMBOLS]
    assert len({str(path.toFillPolygon().toPolygon()) for path in paths}) == len(SYMBOLS) == 8
    assert all(7 <= max(path.boundingRect().width(), path.boundingRect().height()) <= 13 for path in paths)
