"""Curves and their pyramid against brute force over all steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guiapp.series import Series


def series_of(rows: npt.NDArray[np.float32], first: int = 1, block: int = 0) -> Series:
    series = Series(tuple("abcdefgh"[: rows.shape[1]]), first)
    for i in range(0, len(rows), block or max(1, len(rows))):
        series.append(rows[i : i + (block or len(rows))])
    return series


def random_rows(count: int, columns: int = 2, nan: float = 0.0, seed: int = 0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count, columns), dtype=np.float32)
    rows[rng.random((count, columns)) < nan] = np.nan
    return rows


def brute(
    values: npt.NDArray[np.float32], steps: npt.NDArray[np.float64], first: int, end: int, how: str
) -> list[float]:
    """Cell k holds the steps from steps[k] to before steps[k+1]; the last one ends at `end`."""
    found = []
    for begin, after in zip(steps, [*steps[1:], end], strict=True):
        part = values[int(begin) - first : int(after) - first]
        part = part[~np.isnan(part)].astype(np.float64)
        found.append(float(getattr(np, how)(part)) if len(part) else np.nan)
    return found


def cell_width(steps: npt.NDArray[np.float64]) -> int:
    return int(steps[1] - steps[0]) if len(steps) > 1 else 1


def test_append_keeps_every_value_in_order_across_blocks_and_growth() -> None:
    rows = random_rows(5000)
    series = series_of(rows, first=7, block=37)
    assert len(series) == 5000
    assert series.last == 5006
    np.testing.assert_array_equal(series.values("a"), rows[:, 0])
    np.testing.assert_array_equal(series.values("b"), rows[:, 1])
    np.testing.assert_array_equal(series.recent(("b", "a"), 3), rows[-3:, ::-1])


def test_append_refuses_another_number_of_columns() -> None:
    series = Series(("a", "b"))
    with pytest.raises(ValueError, match="2 series"):
        series.append(np.zeros((3, 1), np.float32))
    with pytest.raises(ValueError, match="2 series"):
        series.append(np.zeros(2, np.float32))
    assert len(series) == 0


@pytest.mark.parametrize("count", [0, 1, 15, 5000])
def test_adopted_rows_are_as_appended_ones_without_a_copy(count: int) -> None:
    rows, adopted = random_rows(count + 40), Series(("a", "b"))
    adopted.adopt(rows[:count])
    assert np.shares_memory(adopted.values("a"), rows) == (count > 0)
    same(adopted, series_of(rows[:count]), 1, count + 1, 50)
    before = rows.copy()
    adopted.append(rows[count:])
    same(adopted, series_of(rows), 1, count + 41, 50)
    assert np.array_equal(rows, before, equal_nan=True)
    with pytest.raises(ValueError, match="first rows"):
        adopted.adopt(rows)
    with pytest.raises(ValueError, match="shape"):
        Series(("a",)).adopt(rows)


def test_nothing_yet_and_no_such_name() -> None:
    series = Series(("a",))
    assert series.last == 0
    assert [len(part) for part in series.window("a", 1, 100, 10)] == [0, 0, 0]
    steps, mean = series.grid(("a",), 1, 100, 10)
    assert steps.shape == (0,)
    assert mean.shape == (1, 0)
    assert series.recent(("a",), 5).shape == (0, 1)


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(1, 6000),
    first=st.integers(1, 50),
    start=st.integers(-10, 6200),
    length=st.integers(1, 6500),
    cells=st.integers(1, 400),
    nan=st.sampled_from((0.0, 0.5, 0.97)),
    block=st.sampled_from((0, 1000, 111)),
    seed=st.integers(0, 3),
)
def test_cells_hold_the_extremes_and_means_of_their_steps(
    count: int, first: int, start: int, length: int, cells: int, nan: float, block: int, seed: int
) -> None:
    rows = random_rows(count, nan=nan, seed=seed)
    series = series_of(rows, first, block)
    steps, low, high = series.window("b", start, start + length, cells)
    grid_steps, mean = series.grid(("a", "b"), start, start + length, cells)
    assert len(steps) == len(low) == len(high) == mean.shape[1]
    np.testing.assert_array_equal(grid_steps, steps)
    a, b = max(start, first), min(start + length, first + count)
    if a >= b:
        assert len(steps) == 0
        return
    assert 1 <= len(steps) <= cells + 2
    assert steps[0] <= a
    assert (np.diff(steps) > 0).all()
    ends = range(b, first + count + 1)
    end = next((end for end in ends if brute_agrees(rows[:, 1], steps, first, end, low, high, mean[1])), None)
    assert end is not None, "no last cell explains the extremes and means"
    assert end - b < max(cell_width(steps), 2 * length / cells + 16)
    for k, how in ((0, low), (1, high)):
        finite = ~np.isnan(how)
        np.testing.assert_array_equal(np.isnan(how), np.isnan(mean[1]))
        assert (
            (how[finite] <= mean[1][finite] + 1e-5).all() if k == 0 else (how[finite] >= mean[1][finite] - 1e-5).all()
        )


def brute_agrees(values, steps, first, end, low, high, mean) -> bool:  # type: ignore[no-untyped-def]
    """Whether the cells, the last one up to `end`, have these extremes and means."""
    return (
        np.array_equal(brute(values, steps, first, end, "min") if len(values) else [], low, equal_nan=True)
        and np.array_equal(brute(values, steps, first, end, "max"), high, equal_nan=True)
        and np.allclose(brute(values, steps, first, end, "mean"), mean, rtol=1e-4, atol=1e-5, equal_nan=True)
    )


@pytest.mark.parametrize("stop", [4097, 50_000, 900_000])
def test_cells_stay_where_they_are_as_steps_come(stop: int) -> None:
    rows = random_rows(min(stop, 60_000))
    series = series_of(rows[:1])
    known: dict[float, tuple[float, float]] = {}
    for end in [2, 30, 500, *range(1000, len(rows), len(rows) // 60)]:
        series.append(rows[len(series) : end])
        steps, low, high = series.window("a", 1, stop, 100)
        cells = dict(zip(steps, zip(low, high, strict=True), strict=True))
        for step in known.keys() - {max(known, default=0)}:
            assert cells[step] == known[step]
        known = cells
    assert len(known) > 3


def test_cells_stay_where_they_are_as_the_window_moves() -> None:
    series = series_of(random_rows(30_000))
    wide = series.window("a", 1, 20_001, 100)
    moved = series.window("a", 4937, 24_937, 100)
    assert ((moved[0] - 1) % cell_width(moved[0]) == 0).all()
    common = sorted(set(wide[0][1:-1]) & set(moved[0][1:-1]))
    assert len(common) > 60
    for low_or_high in (1, 2):
        one, other = (dict(zip(w[0], w[low_or_high], strict=True)) for w in (wide, moved))
        assert [one[s] for s in common] == [other[s] for s in common]


def test_one_step_a_cell_when_there_is_room() -> None:
    rows = random_rows(300, nan=0.2)
    steps, low, high = series_of(rows).window("a", 101, 151, 50)
    np.testing.assert_array_equal(steps, np.arange(101, 151))
    np.testing.assert_array_equal(low, rows[100:150, 0])
    np.testing.assert_array_equal(high, low)


def test_a_million_steps_lose_no_spike() -> None:
    rows = np.zeros((1_000_000, 3), np.float32)
    spikes = [1, 77, 4095, 4096, 123_456, 654_321, 999_998, 999_999]
    rows[spikes, 1] = 5
    series = series_of(rows, block=100_000)
    steps, low, high = series.window("b", 1, 1_000_001, 700)
    assert len(steps) <= 702
    assert low.max() == 0
    holders = {int(np.searchsorted(steps, spike + 1, "right")) - 1 for spike in spikes}
    assert {int(i) for i in np.flatnonzero(high)} == holders
    _, mean = series.grid(("b",), 1, 1_000_001, 700)
    assert mean[0, int(np.searchsorted(steps, 123_457, "right")) - 1] > 0


def test_means_of_huge_values_do_not_overflow() -> None:
    rows = np.full((5000, 1), 3e38, np.float32)
    rows[::3] = np.nan
    _, mean = series_of(rows).grid(("a",), 1, 5001, 3)
    np.testing.assert_allclose(mean, 3e38, rtol=1e-5)


def test_a_grid_of_scattered_names_keeps_their_order() -> None:
    rows = random_rows(5000, columns=4)
    steps, mean = series_of(rows).grid(("d", "a", "c"), 1, 5001, 40)
    for row, column in zip(mean, (3, 0, 2), strict=True):
        np.testing.assert_allclose(row, brute(rows[:, column], steps, 1, 5001, "mean"), rtol=1e-4, atol=1e-6)


def test_the_end_of_a_long_curve_costs_no_pass_over_its_rows() -> None:
    """A last cell that is just not full holds 65,535 rows; they come from 15 cells of each finer level."""
    rows = random_rows(16**4 + 16**4 - 1, nan=0.3)
    cut = series_of(rows)._cut(1, 1 + 200 * 16**4, 100)
    assert cut.parts[0][1] == slice(0, 1)
    assert [part.stop - part.start for _, part in cut.parts[1:]] == [15, 15, 15, 15]


# ------------------------------------------------------------------------------------------------ cut at a past step


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(0, 6000),
    first=st.integers(1, 50),
    step=st.integers(-10, 6200),
    start=st.integers(-10, 6200),
    length=st.integers(1, 6500),
    cells=st.integers(1, 400),
    nan=st.sampled_from((0.0, 0.5)),
    block=st.sampled_from((0, 1000, 111)),
)
def test_a_curve_cut_at_a_step_is_one_that_ended_there(
    count: int, first: int, step: int, start: int, length: int, cells: int, nan: float, block: int
) -> None:
    rows = random_rows(count, nan=nan)
    whole = series_of(rows, first, block)
    cut, fresh = whole.until(step), series_of(rows[: max(0, step - first + 1)], first)
    same(cut, fresh, start, length, cells)
    assert len(whole) == count


def same(one: Series, other: Series, start: int, length: int, cells: int) -> None:
    assert (one.names, one.first, one.last, len(one)) == (other.names, other.first, other.last, len(other))
    np.testing.assert_array_equal(one.values("b"), other.values("b"))
    np.testing.assert_array_equal(one.recent(("b", "a"), 40), other.recent(("b", "a"), 40))
    for part, wanted in zip(
        one.window("b", start, start + length, cells), other.window("b", start, start + length, cells), strict=True
    ):
        np.testing.assert_array_equal(part, wanted)
    for part, wanted in zip(
        one.grid(("a", "b"), start, start + length, cells),
        other.grid(("a", "b"), start, start + length, cells),
        strict=True,
    ):
        np.testing.assert_allclose(part, wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("more", [3, 400, 5000], ids=["within the arrays", "a new cell", "regrown arrays"])
def test_what_is_appended_to_the_whole_does_not_show_in_the_cut(more: int) -> None:
    rows = random_rows(4090)
    whole = series_of(rows)
    cut = whole.until(4000)
    whole.append(random_rows(more, seed=1))
    same(cut, series_of(rows[:4000]), 1, 5000, 100)
    same(cut, series_of(rows[:4000]), 1, 5000, 5000)


@pytest.mark.parametrize("step", [0, 5, 256, 4000, 4090])
def test_appending_to_the_cut_leaves_the_whole_as_it_is(step: int) -> None:
    rows, other = random_rows(4090), random_rows(700, seed=1)
    whole = series_of(rows)
    cut = whole.until(step)
    cut.append(other)
    same(whole, series_of(rows), 1, 5000, 100)
    same(cut, series_of(np.concatenate((rows[:step], other))), 1, 5000, 100)
    same(cut.until(step), series_of(rows[:step]), 1, 5000, 100)


def test_a_cut_shares_its_rows_and_cells_with_the_whole() -> None:
    whole = series_of(random_rows(70_000))
    cut = whole.until(60_000)
    assert np.shares_memory(cut.values("a"), whole.values("a"))
    assert [level.count for level in cut._levels] == [3750, 234, 14]
    assert all(np.shares_memory(one.mean, other.mean) for one, other in zip(cut._levels, whole._levels, strict=False))
