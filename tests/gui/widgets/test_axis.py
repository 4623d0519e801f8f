"""The cheap axis against pyqtgraph's own: the same ticks, the same texts, in the same places."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QLineF
from PySide6.QtGui import QColor, QPainter, QPen, QPicture
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.axis import Axis, axes, paint_once
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.series import Series

RANGES = ((0.0, 1.0), (-3.2, 3.2), (1234.0, 1240.0), (-1e-6, 3e-6), (0.0, 2.5e7), (0.12, 0.1201), (5.0, -5.0))


class Witness(pg.AxisItem):
    """pyqtgraph's own, but for the sign."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [text.replace("-", "−") for text in super().tickStrings(values, scale, spacing)]


def plot_with(qtbot: QtBot, items: dict[str, pg.AxisItem], size: tuple[int, int], grid: bool) -> pg.PlotWidget:
    plot = pg.PlotWidget(axisItems=items)
    qtbot.addWidget(plot)
    plot.setBackground("#ffffff")
    plot.getAxis("left").setWidth(58)
    plot.showGrid(x=grid, y=grid, alpha=0.12)
    for axis in items.values():
        axis.setStyle(tickLength=-4, maxTickLevel=1)
        axis.enableAutoSIPrefix(False)
    plot.resize(*size)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


@pytest.mark.parametrize("size", [(500, 300), (160, 90), (1400, 900)])
@pytest.mark.parametrize("grid", [False, True], ids=["ticks", "grid"])
def test_ticks_and_texts_are_those_of_pyqtgraph(qtbot: QtBot, size: tuple[int, int], grid: bool) -> None:
    cheap = plot_with(qtbot, dict(axes()), size, grid)
    own = plot_with(qtbot, {side: Witness(side) for side in ("left", "bottom")}, size, grid)
    for low, high in RANGES:
        for plot in (cheap, own):
            plot.getViewBox().invertY(high < low)
            plot.setRange(xRange=sorted((low, high)), yRange=sorted((low, high)), padding=0)
            plot.grab()
        for side in ("left", "bottom"):
            axis, witness = cheap.getAxis(side), own.getAxis(side)
            picture = QPicture()
            painter = QPainter(picture)
            line, ticks, texts = witness.generateDrawSpecs(painter)
            painter.end()
            lines = [line for _, group in axis._lines for line in group]
            expected = [QLineF(one, other) for _, one, other in (line, *ticks)]
            assert ends(lines) == pytest.approx(ends(expected), abs=1e-6)
            # Qt keeps an opacity in 255ths, which is up to 1 of the red here, and the blend is rounded.
            assert colours(axis) == pytest.approx(blends(ticks), abs=1.5)
            assert {text for _, text in axis._texts} == {text for _, _, text in texts}
            places = {text: rect for rect, _, text in texts}
            for at, text in axis._texts:
                assert at.x() == pytest.approx(places[text].left(), abs=2)
                assert places[text].top() <= at.y() <= places[text].bottom() + 2, "the baseline"


def colours(axis: Axis) -> list[int]:
    """The red of each tick's line, pale ones first."""
    *ticks, _ = axis._lines
    return sorted((pen.color().red() for pen, lines in ticks for _ in lines), reverse=True)


def blends(ticks: list[tuple[QPen, object, object]]) -> list[float]:
    """The same of translucent lines on white."""
    found = [pen.color() for pen, _, _ in ticks]
    return sorted((255 - colour.alpha() / 255 * (255 - colour.red()) for colour in found), reverse=True)


def settle() -> None:
    for _ in range(5):  # a painting may ask for another one
        QApplication.processEvents()


def ends(lines: list[QLineF]) -> list[float]:
    """Of all lines, each from its upper left end, in one order."""
    found = [sorted(((line.x1(), line.y1()), (line.x2(), line.y2()))) for line in lines]
    ordered = sorted(found, key=lambda pair: [round(number, 3) for point in pair for number in point])
    return [number for pair in ordered for point in pair for number in point]


def test_ticks_chosen_by_the_plot_are_kept(qtbot: QtBot) -> None:
    plot = plot_with(qtbot, dict(axes()), (400, 300), False)
    plot.setRange(xRange=(0, 10), yRange=(0, 1), padding=0)
    plot.getAxis("bottom").setTicks([[(2, "two"), (5, "five"), (99, "out of sight")]])
    plot.grab()
    axis = plot.getAxis("bottom")
    assert [text for _, text in axis._texts] == ["two", "five"]
    assert np.diff([line.x1() for line in axis._lines[0][1]])[0] == pytest.approx(0.3 * plot.getViewBox().width())
    axis.setStyle(showValues=False)
    plot.grab()
    assert axis._texts == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_grid_is_opaque_quiet_and_behind_what_is_plotted(qtbot: QtBot, theme: object) -> None:
    plot = PlanePlot("Test")
    qtbot.addWidget(plot)
    plot.set_theme(theme)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.grab()
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        assert axis.zValue() < plot.getViewBox().zValue()
        *grid, _ = [pen.color() for pen, lines in axis._lines if lines]
        assert grid
        for colour in grid:
            assert colour.alpha() == 255
            assert abs(colour.lightness() - QColor(theme.background).lightness()) < 40
    plot.showGrid(x=False, y=False)
    assert plot.getAxis("left").zValue() > 0


def test_a_move_along_the_axis_paints_once(qtbot: QtBot) -> None:
    plot = TimeSeriesPlot("Test", "nats", (Curve("a", "a", "ink"),))
    qtbot.addWidget(plot)
    with qtbot.waitExposed(plot):
        plot.show()
    series = Series(("a",))
    series.append(np.random.default_rng(0).standard_normal((5000, 1), dtype=np.float32))
    plot.draw(series)
    settle()
    painted: list[int] = []
    plot.scene().sigPrepareForPaint.connect(lambda: painted.append(1))
    plot.look_at(100, 900)
    settle()
    assert len(painted) == 1
    plot.look_at(200, 700)
    settle()
    assert len(painted) == 2


def test_axes_that_are_never_seen_lay_out_nothing(qtbot: QtBot) -> None:
    plot = plot_with(qtbot, dict(axes()), (300, 200), False)
    paint_once(plot)
    assert plot.getAxis("top").linkedView() is plot.getAxis("right").linkedView() is None
    assert plot.getAxis("left").linkedView() is plot.getViewBox()


def test_a_range_of_no_width_draws(qtbot: QtBot) -> None:
    axis = Axis("left")
    axis.setRange(2.0, 2.0)
    axis._lay_out()
    assert axis._texts == []
