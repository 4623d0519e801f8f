from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from guiapp.data.raw import Raw
from guiapp.data.scaling import scale

RNG = np.random.default_rng(0)


def scaled(values: NDArray[Any], shape: tuple[int, ...], how: str = "auto") -> tuple[NDArray[np.float32], str]:
    result, _, note = scale(Raw(values, shape), how)
    assert result.dtype == np.float32
    return result, note


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_auto_divides_bytes_of_images_by_255(dtype: Any) -> None:
    values = RNG.integers(0, 256, (10, 12)).astype(dtype)
    result, note = scaled(values, (3, 4))
    np.testing.assert_allclose(result * 255, values, atol=1e-4)
    assert note == "divided by 255"


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_auto_leaves_what_lies_in_the_unit_interval(dtype: Any) -> None:
    values = RNG.integers(0, 2, (10, 12)).astype(dtype)
    result, note = scaled(values, (3, 4))
    assert np.array_equal(result, values)
    assert note == "values as they are"


def test_auto_standardises_vectors_by_column_and_spares_constant_ones() -> None:
    values = np.stack([RNG.normal(1.7e9, 3, 500), np.full(500, 0.1), RNG.normal(0, 1e-9, 500)], axis=1)
    result, note = scaled(values, (3,))
    assert "mean 0 and standard deviation 1 in each column" in note
    np.testing.assert_allclose(result.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=0), [1, 0, 1], atol=1e-5)
    np.testing.assert_allclose(result[:, 0], (values[:, 0] - values[:, 0].mean()) / values[:, 0].std(), atol=1e-4)


def test_auto_does_not_take_a_little_more_than_one_for_the_unit_interval() -> None:
    assert scaled(np.linspace(0, 1.01, 30).reshape(10, 3), (3,))[1].startswith("mean 0")
    assert scaled(np.linspace(-0.01, 1, 30).reshape(10, 3), (3,))[1].startswith("mean 0")
    assert scaled(np.linspace(0, 1, 30).reshape(10, 3), (3,))[1] == "values as they are"


def test_auto_maps_other_images_to_the_unit_interval_as_one() -> None:
    values = RNG.uniform(-1, 1, (10, 12))
    values[:, 3] = -1
    result, note = scaled(values, (3, 4))
    assert (result.min(), result.max()) == (0, 1)
    assert (result[:, 3] == 0).all()
    assert "over all pixels" in note


def test_auto_takes_squares_of_bytes_for_images() -> None:
    values = RNG.integers(0, 256, (10, 64)).astype(float)
    result, shape, note = scale(Raw(values, (64,)), "auto")
    assert shape == (8, 8)
    assert note == "rows taken for images of 8 x 8; divided by 255"
    assert result.max() <= 1
    assert scale(Raw(values + 0.5, (64,)), "auto")[1] == (64,)
    assert scale(Raw(values[:, :49], (49,)), "auto")[1] == (49,)
    assert scale(Raw(values, (64,)), "none")[1] == (64,)


def test_unit_and_standard_and_none_by_name() -> None:
    values = RNG.normal(5, 2, (300, 4))
    unit, _ = scaled(values, (4,), "unit")
    assert (unit.min(axis=0) == 0).all()
    assert (unit.max(axis=0) == 1).all()
    standard, _ = scaled(values, (2, 2), "standard")
    assert standard.mean() == pytest.approx(0, abs=1e-6)
    assert standard.std() == pytest.approx(1, abs=1e-6)
    assert abs(standard.mean(axis=0)).max() > 1e-3  # images: one mean for all pixels
    assert np.array_equal(scaled(values, (4,), "none")[0], values.astype(np.float32))


def test_many_blocks_give_what_one_gives() -> None:
    values = RNG.normal(3, 2, (2500, 1000))
    result, _ = scaled(values, (1000,))
    np.testing.assert_allclose(result, (values - values.mean(axis=0)) / values.std(axis=0), atol=1e-5)
