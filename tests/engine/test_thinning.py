"""Which keyframes stay when not all fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.engine.thinning import Thinning

KEYFRAMES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 50), st.booleans()), min_size=1, max_size=80)


@given(KEYFRAMES, st.integers(0, 400))
def test_they_fit_and_the_first_and_the_last_stay(kept: list[tuple[int, int, bool]], budget: int) -> None:
    """Whatever comes in whatever order: what is told to be dropped and what is kept are all there was."""
    thinning, there = Thinning(budget), dict[int, int]()
    for step, size, pinned in kept:
        there[step] = size
        for dropped in thinning.add(step, size, pinned):
            del there[dropped]
        assert thinning.steps == tuple(sorted(there))
        assert sum(there.values()) <= budget or len(there) <= 2
        assert thinning.pinned <= there.keys()
    assert max(there) == max(step for step, _, _ in kept)
    assert min(there) == min(step for step, _, _ in kept)


@given(KEYFRAMES, st.integers(100, 400), st.integers(0, 100))
def test_a_smaller_budget_counts_from_the_next_keyframe_on(
    kept: list[tuple[int, int, bool]], budget: int, smaller: int
) -> None:
    first = Thinning(budget)
    for step, size, pinned in kept:
        first.add(step, size, pinned)
    sizes = {step: size for step, size, _ in kept}
    second = Thinning(smaller, [(step, sizes[step], int(step in first.pinned)) for step in first.steps])
    assert (second.steps, second.pinned) == (first.steps, first.pinned)
    dropped = second.add(10_001, 1, False)
    assert set(dropped) | set(second.steps) == {*first.steps, 10_001}
    assert len(second.steps) == 2 or sum(sizes.get(step, 1) for step in second.steps) <= smaller


@pytest.fixture(scope="module")
def long_run() -> Thinning:
    """A keyframe each 10 steps, of which 100 fit; one before each of 10 edits."""
    thinning = Thinning(100)
    for step in range(0, 100_001, 10):
        thinning.add(step, 1, step % 10_000 == 5_000)
    return thinning


def test_they_are_dense_at_both_ends(long_run: Thinning) -> None:
    steps = np.array([step for step in long_run.steps if step not in long_run.pinned])
    assert len(long_run.steps) == 100
    gaps = np.diff(steps)
    assert gaps[:3].max() <= 30
    assert gaps[-3:].max() <= 30
    middle = np.searchsorted(steps, 50_000)
    assert gaps[middle - 1] > 1000
    distance = np.minimum(steps[1:-1], 100_000 - steps[1:-1])
    assert (gaps[1:] / np.maximum(distance, 10)).max() < 2, "no gap is larger than twice its distance from an end"


def test_those_before_edits_outlive_others(long_run: Thinning) -> None:
    assert long_run.pinned == {5_000 + 10_000 * k for k in range(10)} <= set(long_run.steps)


def test_too_many_edits_are_thinned_out_as_well() -> None:
    thinning = Thinning(20)
    for step in range(1000):
        thinning.add(step, 1, step % 2 == 1)
    assert len(thinning.steps) == 20
    assert {0, 999} <= set(thinning.steps)


def test_a_keyframe_in_place_of_another_stays_pinned_and_counts_once() -> None:
    thinning = Thinning(10)
    thinning.add(0, 1, False)
    thinning.add(7, 3, True)
    assert thinning.add(7, 4, False) == []
    assert thinning.add(9, 4, False) == []
    assert thinning.pinned == {7}
    assert thinning.steps == (0, 7, 9)
