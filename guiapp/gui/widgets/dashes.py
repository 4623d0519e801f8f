"""Dashed lines as segments: Qt's own dashes start anew at each vertex of a polyline that is drawn in segments, and cost
ten times as much on one that is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
ON, OFF = 5.0, 3.5  # px
MOST = 2000  # dashes; a longer line has longer ones


def dashed(x: Points, y: Points, width: float, height: float) -> tuple[Points, Points, npt.NDArray[np.int32]]:
    """The polyline (x, y), (N,) each, cut into dashes of `ON` pixels with gaps of `OFF`, along its length on a screen
    whose pixels are `width` x `height` in the units of x and y.

    Returns:
        x (M,), y (M,), joined (M,): the vertices, the old ones among them, and whether each is joined to the next.
    """
    if len(x) < 2:
        return x, y, np.zeros(len(x), np.int32)
    lengths = np.hypot(np.diff(x) / (width or 1.0), np.diff(y) / (height or 1.0))  # (N-1,) px; 0: not laid out yet
    along = np.concatenate(([0.0], np.cumsum(lengths)))
    period = max(ON + OFF, along[-1] / MOST)
    on = period * ON / (ON + OFF)
    begins = np.arange(0.0, along[-1], period)
    places = np.sort(np.concatenate((along, begins, begins + on)), kind="stable")
    places = places[places <= along[-1]]
    inside = (places[:-1] + places[1:]) / 2 % period < on
    joined = np.append(inside, False).astype(np.int32)
    return np.interp(places, along, x), np.interp(places, along, y), joined
