"""The decoded manifold."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from scipy.stats import norm

from guiapp.gui.widgets.latent_layers import Shown
from guiapp.gui.widgets.manifold_plot import ManifoldPlot, is_manifold
from tests.gui.pictures import bent_manifold_picture, latent_picture, manifold_picture


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


def test_a_datum_lies_over_the_image_of_its_code(plot: ManifoldPlot) -> None:
    """A code at the quantiles of cell (i, j) is put at the middle of that cell, and the prior's circles with it."""
    picture = manifold_picture(5, 10, 20)
    plot.set_manifold(picture, 1.0)
    codes = np.stack(np.meshgrid(picture["quantiles"], picture["quantiles"]), -1).reshape(-1, 2)
    latent = {**latent_picture(25, classes=0), "mean": codes.astype(np.float32)}
    plot.show_latent(latent, Shown(ellipses=True))
    column, row = np.meshgrid(np.arange(5), np.arange(5))
    middles = np.stack([column * 20 + 10, row * 10 + 5], -1).reshape(-1, 2)
    np.testing.assert_allclose(plot.layers.cloud.points, middles, atol=1e-3)
    for (x, y), code in zip(middles, codes, strict=True):
        assert plot.at(x, y) == pytest.approx(code)
    x, y = plot.layers.prior.getData()
    np.testing.assert_allclose(np.unique(np.hypot(norm.ppf(x / 100), norm.ppf(y / 50)).round(2)), [1, 2, 3])
    assert plot.nearest((50.0, 25.0)) == 12
    assert plot.words((50.0, 25.0)) == "z₁ = 0.00, z₂ = 0.00"
    assert plot.words((-1.0, 25.0)) == ""
    plot.show_latent(None, Shown())
    assert plot.nearest((50.0, 25.0)) is None
    assert plot.words((50.0, 25.0)).startswith("decoded from z₁ = ")


def test_codes_far_away_lie_at_the_edge(plot: ManifoldPlot) -> None:
    plot.set_manifold(manifold_picture(5, 10, 10), 1.0)
    far = np.array([[1e6, -1e6], [np.nan, 0], [np.inf, 0]], np.float32)
    plot.show_latent({**latent_picture(3, classes=0), "mean": far}, Shown(ellipses=True))
    np.testing.assert_allclose(plot.layers.cloud.points, [[50, 0]], atol=1e-6)
    assert plot.layers.cloud.left_out == 2
    plot.grab()


@pytest.mark.parametrize(("channels", "dimensions"), [(1, 2), (2, 2), (3, 3), (4, 3)])
def test_colour_images(plot: ManifoldPlot, channels: int, dimensions: int) -> None:
    images = np.zeros((5, 5, 6, 8, channels), np.float32)
    images[0, 0, ..., 0] = 1  # the largest z2, the smallest z1
    plot.set_manifold({"quantiles": np.linspace(-2, 2, 5), "images": images}, 1.0)
    levels = plot.tiles.levels
    assert levels is not None
    assert levels.ndim == dimensions
    assert levels.shape[:2] == (30, 40)
    assert np.atleast_1d(levels[29, 0])[0] == 255
    assert is_manifold({"images": images})
    plot.grab()


def test_the_axes_are_named_after_the_plane(plot: ManifoldPlot) -> None:
    plot.set_manifold({**manifold_picture(5), "axes": np.eye(6)[[3, 1]]}, 1.0)
    assert plot._titles == ("z₄ at Φ⁻¹(u)", "z₂ at Φ⁻¹(u)")
    lean = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0]])
    plot.set_manifold({**manifold_picture(5), "axes": lean}, 1.0)
    assert plot._titles[0].startswith("PC 1")
