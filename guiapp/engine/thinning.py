"""Which keyframes to keep when not all fit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

PINNED = 50.0  # times as dear as another keyframe at its place


class Thinning:
    """Keyframes by step with their sizes, dense at both ends and sparse between.

    A keyframe at step t, between neighbours a < t < b, is worth (b - a) / min(t, last - t): its absence leaves a gap
    of that size in units of its distance from the nearer end, so that the steps kept are spaced logarithmically from
    the start, where a model changes fastest, and from now, which a person looks at first. A pinned one, as before an
    edit, is worth `PINNED` times as much. The first and the last always stay.
    """

    def __init__(self, budget: int, kept: Iterable[tuple[int, int, int]] = ()) -> None:
        """`budget` in bytes; `kept` (step, bytes, pinned) of what there is already: too much goes with the next."""
        self._budget = budget
        self._steps: list[int] = []
        self._size: dict[int, int] = {}
        self._bytes = 0
        self.pinned: set[int] = set()
        for step, size, pinned in kept:
            self._note(step, size, bool(pinned))

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(self._steps)

    def add(self, step: int, size: int, pinned: bool) -> list[int]:
        """Note a keyframe, in place of one of the same step; gives the steps to drop now."""
        self._note(step, size, pinned)
        dropped = []
        while self._bytes > self._budget and len(self._steps) > 2:
            dropped.append(self._drop())
        return dropped

    def _note(self, step: int, size: int, pinned: bool) -> None:
        if step not in self._size:
            self._steps.insert(bisect_left(self._steps, step), step)
        self._bytes += size - self._size.get(step, 0)
        self._size[step] = size
        if pinned:
            self.pinned.add(step)

    def _drop(self) -> int:
        steps = self._steps
        index = min(range(1, len(steps) - 1), key=self._worth)
        step = steps.pop(index)
        self._bytes -= self._size.pop(step)
        self.pinned.discard(step)
        return step

    def _worth(self, index: int) -> float:
        before, step, after = self._steps[index - 1 : index + 2]
        worth = (after - before) / max(1, min(step, self._steps[-1] - step))
        return worth * PINNED if step in self.pinned else worth
