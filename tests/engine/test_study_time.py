"""How a study and training share the time; the clock is the test's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from guiapp import messages as m
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.study import SHARE, TELL_EVERY, Study, Work
from guiapp.engine.trainer import Trainer
from tests.engine import runs


class Clock:
    """Time that passes only where a slice or a step takes it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def worked(slice_s: float, step_s: float, steps: int, *, training: bool = True) -> tuple[float, list[m.Event], int]:
    """Share of the time that an endless study of such slices got beside so many training steps, what was said, and the
    number of slices."""
    clock, said, done = Clock(), [], [0]

    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
        while True:
            clock.now += slice_s
            done[0] += 1
            yield 0.5, {}

    work = Work(1, Study("counting", frozenset(), begin), runs.trainer(runs.vae()), {}, said.append, clock)
    studied = 0.0
    for _ in range(steps):
        began = clock.now
        work.advance(training)
        studied += clock.now - began
        clock.now += step_s
    return studied / (clock.now - 100.0), said, done[0]


@pytest.mark.parametrize(
    ("slice_s", "step_s"), [(0.001, 0.0002), (0.004, 0.001), (0.02, 0.001), (0.2, 0.01), (0.01, 0.01)]
)
def test_training_keeps_its_share_of_the_time(slice_s: float, step_s: float) -> None:
    share, _, _ = worked(slice_s, step_s, 20_000)
    assert SHARE - 0.06 < share <= SHARE + 0.01


def test_slow_steps_are_not_slowed_more_than_a_turn_each() -> None:
    share, _, slices = worked(0.004, 0.5, 50)
    assert share < 0.03
    assert slices == 150, "three in each turn of 10 ms"


def test_a_study_has_all_the_time_while_training_stands() -> None:
    share, said, _ = worked(0.004, 0.0, 1000, training=False)
    assert share == pytest.approx(1)
    assert len(said) == pytest.approx(12.0 / TELL_EVERY, rel=0.2), "the pipe is not flooded"
