"""Numbers to levels and colours."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PySide6.QtGui import QColor

from guiapp.gui.widgets.levels import colour_table, to_image, to_levels, value_range


def test_levels_run_from_1_to_255_and_0_is_for_what_is_not_finite() -> None:
    values = np.array([-5, 0, 0.5, 1, 7, np.nan, np.inf, -np.inf], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert to_levels(values, 0, 1).tolist() == [1, 1, 128, 255, 255, 0, 0, 0]
        assert to_levels(np.ones(3), 1, 1).tolist() == [1, 1, 1]


def test_the_range_is_that_of_images_or_robust() -> None:
    rng = np.random.default_rng(0)
    assert value_range(rng.uniform(0, 1, (10, 8, 8))) == (0, 1)
    normal = rng.normal(3, 2, 40_000)
    normal[0] = 1e9
    low, high = value_range(normal)
    assert low == pytest.approx(3 - 2.576 * 2, abs=0.2)  # the 0.5 and 99.5 % points of N(3, 2²)
    assert high == pytest.approx(3 + 2.576 * 2, abs=0.2)
    assert value_range(np.full(5, 4.0)) == (3.5, 4.5)
    assert value_range(np.full(5, np.nan)) == (0, 1)
    assert value_range(np.empty((0, 3, 3))) == (0, 1)


def test_colours_run_through_the_stops() -> None:
    table = colour_table("#000000", "#ff0000", "#ffffff", background="#00ff00")
    assert [QColor(table[i]).name() for i in (0, 1, 128, 255)] == ["#00ff00", "#000000", "#ff0000", "#ffffff"]
    assert QColor.fromRgba(colour_table("#000000", "#ffffff")[0]).alpha() == 0


def test_an_image_owns_its_pixels() -> None:
    levels = np.array([[1, 255, 0], [128, 1, 1]], np.uint8)
    image = to_image(levels[:, ::-1], colour_table("#000000", "#ffffff"))
    levels[:] = 7
    assert (image.width(), image.height()) == (3, 2)
    assert [image.pixelColor(x, 0).alpha() for x in range(3)] == [0, 255, 255]
    assert image.pixelColor(1, 0).name() == "#ffffff"
