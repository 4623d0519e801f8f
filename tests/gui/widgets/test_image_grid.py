"""The grid of images."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.image_grid import ImageGrid


@pytest.fixture
def grid(qtbot: QtBot) -> ImageGrid:
    grid = ImageGrid("Images")
    qtbot.addWidget(grid)
    grid.resize(400, 300)
    return grid


def greys(grid: ImageGrid) -> np.ndarray:
    """Red values of the grabbed widget."""
    image = grid.grab().toImage()
    return np.array([[image.pixelColor(x, y).red() for x in range(image.width())] for y in range(image.height())])


def test_every_image_is_seen_whole_pixel_by_pixel(grid: ImageGrid) -> None:
    images = np.zeros((6, 4, 4), np.float32)
    images[:, 0, 0] = np.linspace(0.2, 0.7, 6)
    grid.set_images(images, grey=(0.0, 1.0))
    seen = greys(grid)
    for value in np.linspace(0.2, 0.7, 6):
        count = int((np.abs(seen - 255 * value) < 1).sum())
        assert count > 4, "a pixel is a block"
        assert np.sqrt(count) == pytest.approx(round(np.sqrt(count))), "of whole pixels"


@pytest.mark.parametrize("size", [(400, 300), (120, 300), (600, 90), (60, 50)])
@pytest.mark.parametrize("shape", [(64, 28, 28), (1, 1, 1), (5, 8, 30), (3, 512, 512), (7, 200, 3)])
def test_any_shape_fits_any_size(grid: ImageGrid, size: tuple[int, int], shape: tuple[int, ...]) -> None:
    grid.resize(*size)
    grid.set_images(np.ones(shape, np.float32), "caption", grey=(0.0, 1.0))
    _, _, area = grid._layout()
    assert area.right() <= size[0]
    assert area.bottom() <= size[1] + 1
    grid.grab()


def test_partners_stand_below(grid: ImageGrid) -> None:
    above, below = np.zeros((3, 5, 5)), np.ones((3, 5, 5))
    grid.set_images(above, below=[below], grey=(0, 1))
    assert grid.tiles.shape == (3, 11, 5)
    assert (grid.tiles[:, :5] == 1).all()
    assert (grid.tiles[:, 6:] == 255).all()
    assert (grid.tiles[:, 5] == 0).all()


def test_every_index_is_found_under_its_image(grid: ImageGrid) -> None:
    grid.set_images(np.ones((7, 10, 6)), "caption")
    columns, scale, area = grid._layout()
    for index in range(7):
        row, column = divmod(index, columns)
        x = area.left() + (column * (6 + grid._between) + 3) * scale
        y = area.top() + (row * (10 + grid._between) + 5) * scale
        assert grid.index_at(QPoint(int(x), int(y))) == index
    assert grid.index_at(QPoint(399, 299)) is None
    assert grid.index_at(QPoint(0, 0)) is None


def test_values_that_are_not_finite_take_the_background(grid: ImageGrid) -> None:
    images = np.zeros((1, 2, 2))
    images[0, 0, 0] = np.nan
    grid.set_theme(LIGHT)
    grid.set_images(images, grey=(0, 1))
    assert grid.tiles[0].tolist() == [[0, 1], [1, 1]]


def test_no_images_and_both_themes(grid: ImageGrid) -> None:
    grid.set_images(np.empty((0, 28, 28)), "none yet")
    assert grid.index_at(QPoint(20, 20)) is None
    for theme in (LIGHT, DARK):
        grid.set_theme(theme)
        assert grid.grab().toImage().pixelColor(399, 299).name() == theme.background


def test_colour_is_shown_as_it_is(grid: ImageGrid) -> None:
    images = np.zeros((4, 6, 5, 3), np.float32)
    images[:] = (1.0, 0.5, 0.0)
    images[2, 0, 0, 1] = np.nan
    for theme in (LIGHT, DARK):
        grid.set_theme(theme)
        grid.set_images(images, "colours", grey=(0, 1))
        assert grid.tiles.shape == (4, 6, 5, 3)
        seen = grid.grab().toImage()
        columns, scale, area = grid._layout()
        for index in range(4):
            row, column = divmod(index, columns)
            x = area.left() + (column * (5 + grid._between) + 2.5) * scale
            y = area.top() + (row * (6 + grid._between) + 2.5) * scale
            colour = seen.pixelColor(int(x), int(y))
            assert abs(colour.red() - 255) <= 1
            assert abs(colour.green() - 127.5) <= 1.5
            assert colour.blue() <= 1
        row, column = divmod(2, columns)
        x = area.left() + (column * (5 + grid._between) + 0.5) * scale
        y = area.top() + (row * (6 + grid._between) + 0.5) * scale
        assert seen.pixelColor(int(x), int(y)).name() == theme.background, "what is not finite is left blank"
        assert seen.pixelColor(int(area.left() + (5 + 0.5) * scale), int(y)).name() == theme.background


@pytest.mark.parametrize("shape", [(64, 64, 64, 3), (1, 1, 1, 3), (3, 300, 200, 3)])
@pytest.mark.parametrize("size", [(400, 300), (60, 50)])
def test_colour_of_any_shape_fits_any_size(grid: ImageGrid, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    grid.resize(*size)
    images = np.random.default_rng(0).random(shape)
    grid.set_images(images, below=[images, images])
    _, _, area = grid._layout()
    assert area.right() <= size[0]
    assert area.bottom() <= size[1]
    grid.grab()


def test_several_partners_stand_below_one_another(grid: ImageGrid) -> None:
    grid.set_images(np.zeros((3, 5, 5)), below=[np.full((3, 5, 5), 0.5), np.ones((3, 5, 5))], grey=(0, 1))
    assert grid.tiles.shape == (3, 17, 5)
    assert [int(grid.tiles[0, row, 0]) for row in (0, 5, 6, 11, 12)] == [1, 0, 128, 0, 255]
