"""The cloud of points."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.point_cloud import PointCloudItem


def painted(cloud: PointCloudItem, scale: float = 100.0, side: int = 200) -> QImage:
    """The cloud on white, with the origin in the middle."""
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.translate(side / 2, side / 2)
    painter.scale(scale, -scale)
    cloud.paint(painter)
    painter.end()
    return image


@pytest.fixture
def cloud(qtbot: QtBot) -> PointCloudItem:
    cloud = PointCloudItem(size=6, alpha=1)
    cloud.set_colours(("#ff0000", "#00ff00"), "#0000ff")
    return cloud


def colour_at(image: QImage, x: float, y: float) -> str:
    return image.pixelColor(round(100 + 100 * x), round(100 - 100 * y)).name()


def test_each_group_has_its_colour(cloud: PointCloudItem) -> None:
    cloud.set_points(np.array([[0.5, 0.5], [-0.5, 0.5], [0, -0.5], [0.5, -0.5]]), np.array([0, 1, -1, 2]))
    image = painted(cloud)
    places = [(0.5, 0.5), (-0.5, 0.5), (0, -0.5), (0.5, -0.5), (0, 0)]
    assert [colour_at(image, *at) for at in places] == ["#ff0000", "#00ff00", "#0000ff", "#ff0000", "#ffffff"]
    cloud.set_hidden(frozenset({1}))
    assert colour_at(painted(cloud), -0.5, 0.5) == "#ffffff"


@pytest.mark.parametrize("scale", [1.0, 100.0, 3000.0])
def test_points_are_round_at_any_zoom(cloud: PointCloudItem, scale: float) -> None:
    """Qt draws a wide point as a short line in the units of the painter: long dashes when zoomed in."""
    cloud.set_points(np.zeros((1, 2)))
    image = painted(cloud, scale)
    dark = np.array([[image.pixelColor(x, y).red() < 128 for x in range(80, 120)] for y in range(80, 120)])
    assert abs(int(dark.any(0).sum()) - int(dark.any(1).sum())) <= 1
    assert 5 <= dark.any(0).sum() <= 7


def test_points_that_are_not_finite_are_left_out_and_counted(cloud: PointCloudItem) -> None:
    cloud.set_points(np.array([[0, 1], [np.nan, 1], [1, np.inf], [2, 3]]), np.array([1, 0, 0, 0]))
    assert cloud.left_out == 2
    assert cloud.points.tolist() == [[2, 3], [0, 1]]
    assert cloud.groups.tolist() == [0, 1]


def test_nearest_against_brute_force(cloud: PointCloudItem) -> None:
    rng = np.random.default_rng(0)
    points, groups = rng.normal(size=(300, 2)), rng.integers(-1, 4, 300)
    points[5] = np.nan
    cloud.set_points(points, groups)
    cloud.set_hidden(frozenset({2}))
    for at in rng.normal(size=(40, 2)):
        distance = np.array([((p - at) ** 2).sum() for p in points])
        distance[(groups == 2) | np.isnan(distance)] = np.inf
        expected = int(distance.argmin()) if distance.min() <= 0.1**2 else None
        assert cloud.nearest(*at, (0.1, 0.1)) == expected


def test_no_points(cloud: PointCloudItem) -> None:
    cloud.set_points(np.empty((0, 2)))
    assert cloud.nearest(0, 0, (1, 1)) is None
    assert cloud.boundingRect().isNull()
    painted(cloud)


def test_reach_may_differ_along_the_axes(cloud: PointCloudItem) -> None:
    cloud.set_points(np.array([[3.0, 0.0], [0.0, 2.0]]))
    assert cloud.nearest(0, 0, (10, 1)) == 0
    assert cloud.nearest(0, 0, (1, 10)) == 1
