"""The decoded manifold."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.manifold_plot import ManifoldPlot, is_manifold
from tests.gui.pictures import bent_manifold_picture, manifold_picture


@pytest.fixture
def plot(qtbot: QtBot) -> ManifoldPlot:
    plot = ManifoldPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 300)
    return plot


def test_each_image_lies_at_its_code(plot: ManifoldPlot) -> None:
    """Image (row, column) is filled with 10 row + column; row 0 is the largest z2, so it lies on top."""
    rows, columns = np.indices((5, 5))
    images = np.broadcast_to((10 * rows + columns)[..., None, None] / 44, (5, 5, 4, 6))
    quantiles = np.linspace(-2, 2, 5)
    plot.set_manifold({"quantiles": quantiles, "images": images}, 1.0)
    levels = plot.tiles.levels
    assert levels is not None
    assert levels.shape == (20, 30)
    for row in range(5):
        for column in range(5):
            x, y = column * 6 + 3, (4 - row) * 4 + 2  # row 0 of the levels is the smallest y
            assert levels[y, x] == int(254 * (10 * row + column) / 44 + 1.5)
            assert plot.at(x, y) == (quantiles[column], quantiles[4 - row])
    assert plot.at(-1, 3) is None
    assert plot.at(30.5, 3) is None


def test_ticks_name_the_quantiles(plot: ManifoldPlot) -> None:
    picture = manifold_picture()
    plot.set_manifold(picture, 1.0)
    ticks = plot.getAxis("bottom")._tickLevels[0]
    for position, text in ticks:
        assert float(text.replace("−", "-")) == pytest.approx(picture["quantiles"][int(position // 28)], abs=0.051)
    assert 4 <= len(ticks) <= 7


def test_points_become_a_grid_and_back(plot: ManifoldPlot) -> None:
    bent = bent_manifold_picture()
    plot.set_manifold(bent, 1.5)
    drawn = np.stack(plot.lines.getData(), 1)
    np.testing.assert_allclose(drawn[: 15 * 15], bent["points"].reshape(-1, 2))
    assert plot.tiles.levels is None
    assert plot.at(0, 0) is None
    assert plot.home.width() == 3
    plot.set_manifold(manifold_picture(), 1.5)
    assert plot.tiles.levels is not None
    assert not plot.lines.getData()[0].size


def test_what_is_not_finite_is_counted(plot: ManifoldPlot) -> None:
    picture = manifold_picture(5)
    picture["images"][0, 0, 0, :3] = np.nan
    assert plot.set_manifold(picture, 1.0) == 3
    plot.grab()


def test_large_images_are_thinned(plot: ManifoldPlot) -> None:
    plot.set_manifold({"quantiles": np.arange(15.0), "images": np.zeros((15, 15, 200, 200), np.float32)}, 1.0)
    assert plot.tiles.levels is not None
    assert max(plot.tiles.levels.shape) <= 2048


def test_what_can_be_drawn() -> None:
    assert is_manifold(manifold_picture(3))
    assert is_manifold(bent_manifold_picture(3))
    assert not is_manifold({})
    assert not is_manifold({"quantiles": np.arange(3), "images": np.zeros((3, 3, 20))}), "vectors"


def test_a_narrow_plot_has_fewer_ticks(plot: ManifoldPlot) -> None:
    counts = []
    for side in (150, 400):
        plot.resize(side, side)
        plot.show()
        plot.set_manifold(manifold_picture(), 1.0)
        counts.append(len(plot.getAxis("bottom")._tickLevels[0]))
    assert 1 <= counts[0] < counts[1] <= 6


def test_there_are_fewer_ticks_when_there_is_less_room(qtbot: QtBot, plot: ManifoldPlot) -> None:
    """Without another picture: where a run is paused, or one run stands beside others."""
    with qtbot.waitExposed(plot):
        plot.show()
    plot.set_manifold(manifold_picture(), 1.0)
    before = len(plot.getAxis("bottom")._tickLevels[0])
    plot.resize(170, 130)
    qtbot.waitUntil(lambda: len(plot.getAxis("bottom")._tickLevels[0]) < before)
