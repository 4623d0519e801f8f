"""The gradient of whole networks against a plain computation from all rows."""

from __future__ import annotations

import numpy as np
import pytest

from guiapp.gui.widgets.layers import placed
from guiapp.gui.widgets.network_series import NetworkSeries
from guiapp.series import Series

SHAPES = (("encoder.0.weight", (4, 3)), ("encoder.0.bias", (4,)), ("decoder.0.weight", (3, 4)))
SIZES = np.array([12, 4, 12])


def made(steps: int, first: int = 1) -> tuple[np.ndarray, NetworkSeries]:
    """Rows (T, 3) of gradient RMS, and the series of the two networks."""
    rows = np.exp(np.random.default_rng(0).normal(-3, 1, (steps, 3))).astype(np.float32)
    series = Series(tuple(f"grad/{name}" for name, _ in SHAPES), first)
    series.append(rows)
    return rows, NetworkSeries(series, placed(SHAPES))


def whole(rows: np.ndarray) -> np.ndarray:
    """√(sum of squares of all elements / their number) of encoder and decoder, (T, 2)."""
    squares = rows.astype(float) ** 2 * SIZES
    return np.sqrt(np.stack([squares[:, :2].sum(1) / 16, squares[:, 2] / 12], 1))


def test_values_are_the_rms_over_all_elements() -> None:
    rows, networks = made(50, first=7)
    assert networks.names == ("encoder", "decoder")
    assert (len(networks), networks.first, networks.last) == (50, 7, 56)
    for i, name in enumerate(networks.names):
        np.testing.assert_allclose(networks.values(name), whole(rows)[:, i], rtol=1e-5)
    np.testing.assert_allclose(networks.recent(("decoder", "encoder"), 3), whole(rows)[-3:, ::-1], rtol=1e-5)


def test_a_window_of_single_steps_is_exact_and_a_wide_one_encloses_the_curve() -> None:
    rows, networks = made(5000)
    steps, low, high = networks.window("encoder", 100, 200, 300)
    at = steps.astype(int) - 1
    np.testing.assert_allclose(low, whole(rows)[at, 0], rtol=1e-5)
    np.testing.assert_array_equal(low, high)
    steps, low, high = networks.window("encoder", 1, 5001, 50)
    width = int(steps[1] - steps[0])
    for begin, least, most in zip(steps.astype(int) - 1, low, high, strict=True):
        part = whole(rows)[begin : begin + width, 0]
        assert least <= part.min() * 1.00001
        assert most >= part.max() / 1.00001


def test_a_grid_has_the_cells_of_the_tensors() -> None:
    rows, networks = made(64)
    steps, means = networks.grid(("encoder", "decoder"), 1, 65, 100)
    assert means.shape == (2, len(steps))
    np.testing.assert_allclose(means, whole(rows).T, rtol=1e-5)


def test_noise_is_the_spread_from_step_to_step_and_no_trend() -> None:
    rng = np.random.default_rng(1)
    rows = np.tile(np.geomspace(1, 3, 4000)[:, None], 3)
    rows[:, 2] *= 1 + 0.1 * rng.standard_normal(4000)
    series = Series(tuple(f"grad/{name}" for name, _ in SHAPES))
    series.append(rows.astype(np.float32))
    encoder, decoder = NetworkSeries(series, placed(SHAPES)).noise(100)
    assert encoder.network == "encoder"
    assert encoder.spread < 1e-3
    assert decoder.spread == pytest.approx(0.1, rel=0.25)
    assert decoder.mean == pytest.approx(rows[-100:, 2].mean(), rel=1e-4)


def test_steps_without_a_value_do_not_count() -> None:
    rows, _ = made(9)
    rows[::2, 2] = np.nan
    series = Series(tuple(f"grad/{name}" for name, _ in SHAPES))
    series.append(rows)
    networks = NetworkSeries(series, placed(SHAPES))
    known = whole(rows)[1::2, 1]
    spread = np.sqrt(0.5 * (np.diff(known) ** 2).mean()) / known.mean()
    assert networks.noise(100)[1].mean == pytest.approx(known.mean(), rel=1e-5)
    assert networks.noise(100)[1].spread == pytest.approx(spread, rel=1e-4)
    rows[:, 2] = np.nan
    series = Series(series.names)
    series.append(rows[:1])
    encoder, decoder = NetworkSeries(series, placed(SHAPES)).noise(100)
    assert np.isnan([encoder.spread, decoder.mean, decoder.spread]).all()


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "a")])
@pytest.mark.parametrize(("start", "stop", "cells"), [(1, 5001, 50), (4000, 4100, 300), (9000, 9100, 20)])
def test_windows_are_the_window_of_each(names: tuple[str, ...], start: int, stop: int, cells: int) -> None:
    series = Series(("a", "b", "c"))
    series.append(np.random.default_rng(0).standard_normal((5000, 3)).astype(np.float32))
    steps, low, high = series.windows(names, start, stop, cells)
    assert low.shape == high.shape == (len(names), len(steps))
    for i, name in enumerate(names):
        for found, expected in zip((steps, low[i], high[i]), series.window(name, start, stop, cells), strict=True):
            np.testing.assert_array_equal(found, expected)
