"""The smoothed curve against the recurrence written out, and against itself at other windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from guiapp.gui.widgets.smoothing import smoothed
from guiapp.series import Series


def series_of(values: np.ndarray) -> Series:
    series = Series(("a",))
    series.append(values.astype(np.float32)[:, None])
    return series


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.99])
def test_at_one_step_a_cell_it_is_the_corrected_average(weight: float) -> None:
    values = np.random.default_rng(0).standard_normal(400)
    steps, average = smoothed(series_of(values), "a", 1, 401, 400, weight)
    np.testing.assert_array_equal(steps, np.arange(1, 401))
    witness = lfilter([1 - weight], [1, -weight], values) / (1 - weight ** np.arange(1, 401))
    np.testing.assert_allclose(average, witness, rtol=1e-5, atol=1e-6)


def test_a_constant_stays_itself() -> None:
    _, average = smoothed(series_of(np.full(5000, 7.0)), "a", 1, 5001, 300, 0.97)
    np.testing.assert_allclose(average, 7.0, rtol=1e-6)


@pytest.mark.parametrize("weight", [0.5, 0.9, 0.99])
def test_the_past_does_not_change_as_the_window_moves(weight: float) -> None:
    series = series_of(np.random.default_rng(1).standard_normal(5000))
    one, other = (dict(zip(*smoothed(series, "a", a, a + 600, 600, weight), strict=True)) for a in (2000, 2300))
    common = sorted(one.keys() & other.keys())
    assert len(common) > 250
    gap = max(abs(one[step] - other[step]) for step in common)
    assert gap < 2e-3  # of a curve with scatter 1


def test_coarse_cells_follow_the_fine_curve() -> None:
    values = np.sin(np.arange(100_000) / 8000) + 0.1 * np.random.default_rng(2).standard_normal(100_000)
    series = series_of(values)
    steps, coarse = smoothed(series, "a", 1, 100_001, 500, 0.99)
    fine = lfilter([0.01], [1, -0.99], values)
    np.testing.assert_allclose(coarse[20:], fine[steps[20:].astype(int)], atol=0.08)


def test_steps_without_a_value_are_skipped() -> None:
    values = np.full(300, np.nan)
    values[::3] = 4.0
    steps, average = smoothed(series_of(values), "a", 1, 301, 300, 0.9)
    np.testing.assert_array_equal(steps, np.arange(1, 301, 3))
    np.testing.assert_allclose(average, 4.0)


def test_nothing_gives_nothing() -> None:
    assert [len(part) for part in smoothed(Series(("a",)), "a", 1, 100, 50, 0.9)] == [0, 0]
    assert [len(part) for part in smoothed(series_of(np.full(50, np.nan)), "a", 1, 51, 50, 0.9)] == [0, 0]
