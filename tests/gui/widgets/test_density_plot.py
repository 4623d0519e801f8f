from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.density_plot import DensityPlot


@pytest.fixture
def plot(qtbot: QtBot) -> DensityPlot:
    plot = DensityPlot("a density", "x", "density (1 / unit of x)")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.set_theme(LIGHT)
    plot.set_ranges((-3.0, 3.0), (0.0, 1.0))
    plot.show()
    return plot


def test_an_area_is_bounded_by_its_curve_and_zero(plot: DensityPlot) -> None:
    area = plot.add_area("p", split=True)
    area.set_curve(np.array([-1.0, 0.0, 2.0]), np.array([-0.5, 0.25, 0.0]))
    rect = area.boundingRect()
    assert (rect.left(), rect.right(), rect.top(), rect.bottom()) == (-1, 2, -0.5, 0.25)
    area.set_curve(np.empty(0), np.empty(0))
    assert area.boundingRect().isEmpty()


def test_new_curves_leave_the_ranges_alone(plot: DensityPlot) -> None:
    area = plot.add_area("p")
    area.set_colours("#0072b2", QColor("#0072b2"))
    blank = plot.grab().toImage()
    area.set_curve(np.linspace(-50, 50, 11), np.full(11, 7.0))
    assert plot.ranges() == ((-3, 3), (0, 1))
    assert plot.grab().toImage() != blank


def test_keys_zoom_pan_and_ask_for_a_fit(plot: DensityPlot, qtbot: QtBot) -> None:
    with qtbot.waitSignal(plot.range_chosen):
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.ranges()[0] == pytest.approx((-2.4, 2.4))
    with qtbot.waitSignal(plot.range_chosen):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.ranges()[0] == pytest.approx((-1.92, 2.88))
    with qtbot.waitSignal(plot.fit_asked):
        qtbot.keyClick(plot, Qt.Key.Key_Home)
    with qtbot.waitSignal(plot.fit_asked):
        qtbot.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 100))


def test_the_pointer_tells_its_x(plot: DensityPlot, qtbot: QtBot) -> None:
    middle = plot.getViewBox().sceneBoundingRect().center().toPoint()
    with qtbot.waitSignal(plot.hovered) as signal:
        qtbot.mouseMove(plot.viewport(), middle)
    assert signal.args[0] == pytest.approx(0, abs=0.05)
    plot.point_at(1.0)
    plot.point_at(None)


def test_themes_differ(plot: DensityPlot) -> None:
    light = plot.grab().toImage()
    plot.set_theme(DARK)
    assert plot.grab().toImage() != light
