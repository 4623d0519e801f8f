"""Images in rows and columns."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.image_table import ImageTable, tiles


@pytest.fixture
def table(qtbot: QtBot) -> ImageTable:
    table = ImageTable("Images")
    qtbot.addWidget(table)
    table.resize(400, 300)
    return table


@pytest.mark.parametrize("size", [(400, 300), (120, 300), (600, 90), (60, 50)])
@pytest.mark.parametrize("shape", [(20, 28, 28), (1, 1, 1), (10, 8, 30), (1, 512, 512, 3), (90, 64, 64, 3)])
def test_any_shape_fits_any_size(table: ImageTable, size: tuple[int, int], shape: tuple[int, ...]) -> None:
    table.resize(*size)
    words = ["−1.23"] * shape[0]
    for columns in (0, 9 if shape[0] == 90 else shape[0]):
        table.set_images(np.ones(shape, np.float32), (0, 1), columns=columns, below=words, heads=words[:9], rows=["z₁"])
        cells = table.cells()
        assert len(cells) == shape[0]
        if size[0] >= 120:  # in less there is no room for the gaps
            assert max(cell.right() for cell in cells) <= size[0]
            assert max(cell.bottom() for cell in cells) <= size[1]
        assert not table.grab().isNull()


def test_an_image_is_found_under_the_pointer(table: ImageTable) -> None:
    table.set_images(np.zeros((6, 4, 4)), (0, 1), columns=3)
    cells = table.cells()
    assert cells[3].top() > cells[0].bottom()
    assert cells[3].left() == cells[0].left()
    assert [table.index_at(cell.center()) for cell in cells] == list(range(6))
    assert table.index_at(table.rect().bottomRight()) is None


def test_pixels_have_their_values() -> None:
    (grey,) = tiles(np.array([[[0.0, 1.0], [0.5, np.nan]]]), (0, 1), "#123456")
    assert [grey.pixelColor(x, y).name() for y in (0, 1) for x in (0, 1)][:2] == ["#000000", "#ffffff"]
    assert abs(grey.pixelColor(0, 1).red() - 128) <= 1
    assert grey.pixelColor(1, 1).name() == "#123456", "what is not finite takes the background"
    (red,) = tiles(np.array([[[[1.0, 0.0, 0.0]]]]), (0, 1), "#ffffff")
    assert red.pixelColor(0, 0).name() == "#ff0000"
    (transparent,) = tiles(np.array([[[[0.0, 0.0, 1.0, 0.2]]]]), (0, 1), "#ffffff")
    assert transparent.pixelColor(0, 0).name() == "#0000ff"
    (two,) = tiles(np.array([[[[0.0, 1.0]]]]), (0, 1), "#ffffff")
    assert abs(two.pixelColor(0, 0).red() - 128) <= 1


def test_constant_data_and_none(table: ImageTable) -> None:
    table.set_images(np.ones((1, 2, 2)), (1.0, 1.0))
    table.grab()
    table.set_images(np.zeros((0, 2, 2)), (0, 1))
    assert table.cells() == []
    assert table.index_at(table.rect().center()) is None
    for theme in (LIGHT, DARK):
        table.set_theme(theme)
        assert table.grab().toImage().pixelColor(200, 150).name() == theme.background
