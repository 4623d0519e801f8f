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


def many(count: int) -> np.ndarray:
    """The same point `count` times, but for one by itself."""
    return np.concatenate([np.full((count - 1, 2), 0.5), [[-0.5, -0.5]]])


@pytest.mark.parametrize("count", [10, 3000])
def test_few_points_and_many_look_alike(cloud: PointCloudItem, count: int) -> None:
    cloud.set_points(many(count), np.zeros(count, int))
    image = painted(cloud)
    assert [colour_at(image, *at) for at in ((0.5, 0.5), (-0.5, -0.5), (0, 0))] == ["#ff0000", "#ff0000", "#ffffff"]
    dark = np.array([[image.pixelColor(x, y).green() < 128 for x in range(40, 60)] for y in range(140, 160)])
    assert 5 <= dark.any(0).sum() <= 7
    assert 5 <= dark.any(1).sum() <= 7


def test_many_points_follow_what_is_hidden_and_where_they_are_shown(cloud: PointCloudItem) -> None:
    cloud.set_points(many(3000), np.r_[np.zeros(2999, int), 1])
    assert colour_at(painted(cloud), -0.5, -0.5) == "#00ff00"
    assert colour_at(painted(cloud, 50), -0.25, -0.25) == "#00ff00"
    cloud.set_hidden(frozenset({1}))
    assert colour_at(painted(cloud), -0.5, -0.5) == "#ffffff"
    cloud.set_colours(("#0000ff",), "#000000")
    assert colour_at(painted(cloud), 0.5, 0.5) == "#0000ff"
    cloud.set_points(np.full((3000, 2), 1e12))
    assert colour_at(painted(cloud), 0.5, 0.5) == "#ffffff"


def test_of_many_points_the_later_one_lies_on_top(cloud: PointCloudItem) -> None:
    """Not the one of the last class, which would seem to be the largest."""
    groups = np.r_[np.ones(1500, int), np.zeros(1500, int)]
    cloud.set_points(np.full((3000, 2), 0.5), groups)
    assert colour_at(painted(cloud), 0.5, 0.5) == "#ff0000"
    cloud.set_points(np.full((3000, 2), 0.5), 1 - groups)
    assert colour_at(painted(cloud), 0.5, 0.5) == "#00ff00"


def test_groups_of_any_number(cloud: PointCloudItem) -> None:
    cloud.set_points(np.zeros((4, 2)), np.array([10**9, -7, 3, 40_000]))
    assert sorted(cloud.groups.tolist()) == [-1, 3, 32_767, 32_767]
