"""Ranges hold the data, and move rarely."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from guiapp.gui.widgets.axis_range import FILLED, all_steps, last_steps, rounded, settled

steps = st.integers(1, 10**9)
values = st.floats(-1e6, 1e6)


@given(first=steps, count=st.integers(1, 10**7))
def test_all_steps_are_in_sight_with_little_room_to_spare(first: int, count: int) -> None:
    low, high = all_steps(first, first + count - 1)
    assert low <= first <= first + count - 1 <= high
    assert high - low <= max(21, 1.13 * count + 1)


def test_the_range_of_all_steps_moves_rarely() -> None:
    assert len({all_steps(1, last) for last in range(1000, 100_000)}) < 70


@given(first=steps, count=st.integers(1, 10**6), newest=st.sampled_from((100, 1000)))
def test_the_last_steps_are_in_sight(first: int, count: int, newest: int) -> None:
    last = first + count - 1
    low, high = last_steps(first, last, newest)
    assert low <= max(first, last - newest + 1) <= last <= high
    assert high - low <= 1.2 * newest + 1


@example(a=0.0, b=5e-324)
@example(a=0.0, b=1e-300)
@example(a=-1e-310, b=2e-310)
@given(a=values, b=values)
def test_rounded_holds_the_values_tightly(a: float, b: float) -> None:
    low, high = sorted((a, b))
    found = rounded(low, high)
    assert found[0] < low + 1e-9 * abs(low) + 1e-12
    assert found[1] > high - 1e-9 * abs(high) - 1e-12
    span = (high - low) or abs(high) * 0.1 or 1.0
    assert found[1] - found[0] <= 1.8 * span


def test_a_range_is_kept_until_it_is_left_or_far_too_wide() -> None:
    kept = settled(None, 0.0, 10.0)
    assert settled(kept, 0.5, 9.0) == kept
    assert settled(kept, 0.0, 20.0) != kept
    assert settled(kept, 4.0, 6.0) != kept
    small = settled(kept, 4.0, 6.0)
    assert small[1] - small[0] < FILLED * (kept[1] - kept[0])
