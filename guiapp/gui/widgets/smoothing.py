"""The smoothed curve: an exponential moving average over the cells of a window."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from guiapp.series import Series

Points = npt.NDArray[np.float64]
FORGOTTEN = 1e-3  # the share of the average that steps before the window's warm-up would have


def smoothed(series: Series, name: str, start: int, stop: int, cells: int, weight: float) -> tuple[Points, Points]:
    """The average s_t = w s_(t-1) + (1 - w) x_t, corrected for its start, of the steps `start .. stop - 1`.

    `weight` w is per *step*, so that the average of a step is the same at every zoom: it looks back 1/(1 - w) steps.
    A cell of k steps with mean m moves it to w^k s + (1 - w^k) m; where cells are wider than that look back, the curve
    is their means. It begins ln(0.001)/ln(w) steps before the window (688 at w = .99), so that the values of the past
    change by less than 0.1 % of the curve's scatter as the window moves. Steps without a value count as time gone by.

    Returns:
        steps (N,), values (N,): the cells that hold a value, each at its middle step. Cost: one pass over N cells.
    """
    warm = math.ceil(math.log(FORGOTTEN) / math.log(weight)) if weight > 0 else 0
    span = max(1, stop - start)
    steps, means = series.grid((name,), start - warm, stop, max(1, round(cells * (span + warm) / span)))
    if not len(steps):
        return steps, steps
    ends = cell_ends(series, steps, stop)
    values = means[0]
    filled = ~np.isnan(values)
    ends, begins, values = ends[filled], steps[filled], values[filled]
    keep = weight ** np.diff(ends, prepend=begins[:1])
    average = np.array(_averages(values.tolist(), keep.tolist()))
    middle = (begins + ends - 1) / 2
    seen = ends > start
    return middle[seen], average[seen]


def cell_ends(series: Series, steps: Points, stop: int) -> Points:
    """The step after the last one of each of the cells that begin at `steps`, of a window that ends before `stop`."""
    if not len(steps):
        return steps
    width = steps[1] - steps[0] if len(steps) > 1 else max(1.0, stop - steps[0])
    ends: Points = np.minimum(steps + width, series.last + 1)
    return ends


def _averages(values: list[float], keep: list[float]) -> list[float]:
    found, total, mass = [], 0.0, 0.0
    for value, share in zip(values, keep, strict=True):
        total = share * total + (1 - share) * value
        mass = share * mass + (1 - share)
        found.append(total / mass)
    return found
