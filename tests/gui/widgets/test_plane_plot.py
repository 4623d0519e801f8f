"""The plot of the plane."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.plane_plot import PlanePlot

HOME = QRectF(-2, -2, 4, 4)


@pytest.fixture
def plot(qtbot: QtBot) -> PlanePlot:
    plot = PlanePlot("Plane")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.set_home(HOME)
    return plot


def test_the_home_is_seen_whole_and_to_scale(plot: PlanePlot) -> None:
    assert plot.getViewBox().viewRect().contains(HOME)
    width, height = plot.getViewBox().viewPixelSize()
    assert width == pytest.approx(height)


def test_a_person_s_range_stays_until_they_fit(qtbot: QtBot, plot: PlanePlot) -> None:
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    zoomed = plot.getViewBox().viewRect()
    assert zoomed.width() < 4 * 400 / 300
    plot.set_home(QRectF(-3, -3, 6, 6))
    assert plot.getViewBox().viewRect() == zoomed
    QTest.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 100))
    assert plot.getViewBox().viewRect().contains(QRectF(-3, -3, 6, 6))


def test_the_pointer_is_told_in_data_units(qtbot: QtBot, plot: PlanePlot) -> None:
    heard: list[object] = []
    plot.hovered.connect(heard.append)
    middle = plot.mapFromScene(plot.getViewBox().mapViewToScene(HOME.center()))
    qtbot.mouseMove(plot.viewport(), middle)
    assert heard[-1] == pytest.approx((0, 0), abs=0.05)
    qtbot.mouseMove(plot.viewport(), QPoint(1, 1))
    assert heard[-1] is None


def test_titles_survive_a_theme(plot: PlanePlot) -> None:
    plot.set_titles("z₁", "z₂")
    plot.set_theme(DARK)
    plot.set_theme(LIGHT)
    assert [plot.getAxis(side).labelText for side in ("bottom", "left")] == ["z₁", "z₂"]


def test_the_range_does_not_depend_on_the_sizes_passed_through(plot: PlanePlot) -> None:
    before = plot.getViewBox().viewRect()
    for width, height in ((120, 300), (500, 80), (400, 300)):
        plot.resize(width, height)
        plot.grab()
        assert plot.getViewBox().viewRect().contains(HOME)
    assert plot.getViewBox().viewRect() == before


def test_what_is_held_is_shown_whatever_the_home_is(qtbot: QtBot, plot: PlanePlot) -> None:
    wide = QRectF(-5, -5, 10, 10)
    plot.hold(wide)
    assert plot.getViewBox().viewRect().contains(wide)
    plot.set_home(QRectF(-1, -1, 2, 2))
    assert plot.getViewBox().viewRect().contains(wide)
    assert plot.home == QRectF(-1, -1, 2, 2)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    zoomed = plot.getViewBox().viewRect()
    plot.hold(QRectF(-9, -9, 18, 18))
    assert plot.getViewBox().viewRect() == zoomed, "a person has chosen it"
    plot.hold(QRectF())
    plot.fit()
    assert not plot.getViewBox().viewRect().contains(wide)


def test_a_title_longer_than_its_axis_is_cut_with_dots_and_whole_again(plot: PlanePlot) -> None:
    plot.set_titles("x₁ · " + "reconstructions and their data " * 3, "z₂")
    shown = plot.getAxis("bottom").labelText
    assert shown.endswith("…")
    assert plot.getAxis("bottom").label.boundingRect().width() <= plot.getViewBox().width() + 10
    plot.resize(1400, 300)
    assert plot.getAxis("bottom").labelText.endswith("data ")
    assert plot.getAxis("left").labelText == "z₂"
