"""Steps and pixels of the timeline, and which keyframe a place or a key means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LIVE_PX = 6.0  # this far from the right end is live: the newest keyframe is often a pixel from it

Keyframes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axis:
    """Steps 0 .. `end` on pixels `left` .. `left + width`."""

    end: int
    left: float
    width: float

    def x(self, step: float) -> float:
        """The pixel of `step`."""
        return self.left + self.width * step / max(1, self.end)

    def xs(self, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The pixels of `steps`."""
        return self.left + steps.astype(np.float64) * (self.width / max(1, self.end))

    def step(self, x: float) -> int:
        """The step at pixel `x`, the nearest end's outside."""
        share = (x - self.left) / max(1.0, self.width)
        return round(min(max(share, 0.0), 1.0) * self.end)

    def ticks(self, spacing: float) -> range:
        """Round steps (1, 2 or 5 times a power of ten) at least `spacing` pixels apart."""
        least = max(1.0, self.end * spacing / max(1.0, self.width))
        unit = int(10 ** math.floor(math.log10(least)))
        unit *= next(factor for factor in (1, 2, 5, 10) if factor * unit >= least)
        return range(0, self.end + 1, unit)


def nearest(keyframes: Keyframes, step: float) -> int:
    """The keyframe nearest to `step`, the earlier of two; there must be one."""
    after = int(np.searchsorted(keyframes, step))
    around = keyframes[max(0, after - 1) : after + 1]
    return int(around[np.argmin(np.abs(around - step))])


def snapped(axis: Axis, keyframes: Keyframes, x: float) -> int | None:
    """Where a press at pixel `x` goes: the nearest of all keyframes and the live end (None).

    The nearest, not the one below: the handle is then never further from the pointer than half a gap, and a keyframe
    is caught from both sides.
    """
    if not len(keyframes) or x >= axis.left + axis.width - LIVE_PX:
        return None
    step = axis.step(x)
    found = nearest(keyframes, step)
    return found if abs(found - step) < axis.end - step else None


def neighbour(axis: Axis, keyframes: Keyframes, position: int | None, by: int) -> int | None:
    """The keyframe `by` places after `position`, before it where negative; past the last is live (None), and nothing
    is before the first. Of live, the place is the newest step."""
    place = axis.end if position is None else position
    if by > 0:
        index = int(np.searchsorted(keyframes, place, side="right")) + by - 1
        return int(keyframes[index]) if index < len(keyframes) else None
    index = int(np.searchsorted(keyframes, place)) + by
    if index >= 0:
        return int(keyframes[index])
    return int(keyframes[0]) if len(keyframes) and keyframes[0] < place else position


def leap(axis: Axis, keyframes: Keyframes, position: int | None, share: float) -> int | None:
    """The keyframe nearest to `share` of all steps after `position`, but one further at the least."""
    place = axis.end if position is None else position
    target = place + share * axis.end
    if target >= axis.end or not len(keyframes):
        return None if share > 0 else position
    found = nearest(keyframes, target)
    if (found - place) * share > 0:
        return found
    return neighbour(axis, keyframes, position, 1 if share > 0 else -1)
