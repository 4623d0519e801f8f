"""Steps, pixels and keyframes of the timeline, against plain counting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.gui.panels.timeline_axis import LIVE_PX, Axis, leap, nearest, neighbour, snapped

AXIS = Axis(1000, 10.0, 500.0)
SOME = np.array([0, 100, 200, 500, 990], np.int64)
NONE = np.empty(0, np.int64)
sets = st.lists(st.integers(0, 10_000_000), min_size=1, max_size=30, unique=True).map(sorted)


@given(st.integers(0, 10_000_000), st.floats(50, 3000), st.integers(0, 10_000_000))
def test_a_pixel_is_a_step_to_within_a_pixel(end: int, width: float, step: int) -> None:
    axis = Axis(end, 9.0, width)
    step = min(step, end)
    x = axis.x(step)
    assert 9.0 <= x <= 9.0 + width * (1 + 1e-12)
    assert abs(axis.step(x) - step) <= 1
    assert axis.xs(np.array([step]))[0] == pytest.approx(x)


@pytest.mark.parametrize(("x", "step"), [(-5, 0), (10, 0), (510, 1000), (9999, 1000)])
def test_outside_is_the_nearest_end(x: float, step: int) -> None:
    assert AXIS.step(x) == step


@given(st.integers(0, 2**40), st.floats(20, 3000), st.floats(20, 200))
def test_ticks_are_round_and_apart(end: int, width: float, spacing: float) -> None:
    axis = Axis(end, 0.0, width)
    ticks = list(axis.ticks(spacing))
    assert ticks[0] == 0
    assert ticks[-1] <= end
    assert len(ticks) <= width / spacing + 1 + 1e-9
    for before, after in pairwise(ticks):
        assert str(after - before).rstrip("0") in ("1", "2", "5")


@given(sets, st.integers(-5, 10_000_005))
def test_the_nearest_keyframe(keyframes: list[int], step: int) -> None:
    found = nearest(np.array(keyframes), step)
    assert found == min(keyframes, key=lambda k: (abs(k - step), k))


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0), (49, 0), (51, 100), (345, 200), (355, 500), (744, 500), (746, 990), (985, 990)],
)
def test_a_press_goes_to_the_nearest_keyframe(step: int, expected: int) -> None:
    assert snapped(AXIS, SOME, AXIS.x(step)) == expected


def test_a_press_at_the_right_end_or_nearer_to_it_than_to_a_keyframe_is_live() -> None:
    assert snapped(AXIS, SOME, 510.0) is None
    assert snapped(AXIS, SOME, 510.0 - LIVE_PX) is None
    assert snapped(AXIS, SOME, 700.0) is None
    assert snapped(AXIS, SOME, AXIS.x(987)) == 990, "over the keyframe: not live"
    assert snapped(AXIS, SOME[:1], AXIS.x(499)) == 0
    assert snapped(AXIS, SOME[:1], AXIS.x(501)) is None
    assert snapped(AXIS, NONE, 100.0) is None


@pytest.mark.parametrize(
    ("position", "by", "expected"),
    [
        (200, 1, 500),
        (200, 2, 990),
        (200, 3, None),
        (200, -1, 100),
        (200, -9, 0),
        (0, -1, 0),
        (150, 1, 200),  # a keyframe that was thinned away meanwhile
        (150, -1, 100),
        (None, -1, 990),
        (None, 1, None),
    ],
)
def test_neighbours(position: int | None, by: int, expected: int | None) -> None:
    assert neighbour(AXIS, SOME, position, by) == expected


def test_left_of_live_is_a_step_that_was_before() -> None:
    keyframes = np.array([0, 400, 1000])
    assert neighbour(AXIS, keyframes, None, -1) == 400, "1000 is what live shows"
    assert neighbour(AXIS, keyframes, 400, 1) == 1000
    assert neighbour(AXIS, keyframes[2:], None, -1) is None
    assert neighbour(AXIS, NONE, None, -1) is None


@pytest.mark.parametrize(
    ("position", "share", "expected"),
    [(100, 0.1, 200), (200, 0.1, 500), (500, -0.1, 200), (990, 0.1, None), (None, -0.1, 990), (0, -0.1, 0)],
)
def test_a_leap_moves_by_a_part_of_the_run_and_by_a_keyframe_at_the_least(
    position: int | None, share: float, expected: int | None
) -> None:
    assert leap(AXIS, SOME, position, share) == expected


def test_a_leap_without_keyframes_stays_or_is_live() -> None:
    assert leap(AXIS, NONE, None, -0.1) is None
    assert leap(AXIS, NONE, None, 0.1) is None


@given(sets, st.sampled_from([-0.1, 0.1]))
def test_leaps_come_to_the_end(keyframes: list[int], share: float) -> None:
    axis, steps = Axis(keyframes[-1] + 1, 0.0, 1000.0), np.array(keyframes)
    position = None if share < 0 else keyframes[0]
    last = None if share > 0 else keyframes[0]
    for _ in range(len(keyframes) + 1):
        if position == last:
            break
        position = leap(axis, steps, position, share)
    assert position == last
