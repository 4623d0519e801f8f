"""Where a run has been in the plane of rate and distortion, at a resolution that serves its start, its end, and what an
edit has brought about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from guiapp.series import Series

Points = npt.NDArray[np.float64]
GROWTH = 0.05  # a cell is this part of the time since the start, or since an edit
FINE = 4_096  # steps after each start whose cells grow; then they are of one width ...
LATER = 150  # ... and so many at the most
EDITS = 5  # the newest ones from which the resolution begins anew
APART = 0.01  # of the run: edits closer together, as from a slider, count as one
NOW = 100  # steps, or a tenth of the run where that is less, or a hundredth where that is more: the newest point's
LOOK_BACK = 1000  # steps in which the last evaluation on held-out data is looked for
KEPT, LEAST_KEPT = 0.95, 0.6  # of the mean so far, per step, and at the least per point
TRAINING, HELDOUT = ("kl", "reconstruction"), ("heldout/kl", "heldout/reconstruction")


@dataclass(frozen=True, slots=True)
class Course:
    """Points in the order of their steps, all (N,): rate = KL, distortion = −E_q[log p(x|z)], nats per datum."""

    steps: Points
    rate: Points
    distortion: Points

    def scaled(self, factor: float) -> Course:
        """The same in another unit."""
        return Course(self.steps, self.rate * factor, self.distortion * factor)

    def since(self, step: float) -> Course:
        """The points of `step` and later."""
        late = self.steps >= step
        return Course(self.steps[late], self.rate[late], self.distortion[late])


NOTHING = Course(np.empty(0), np.empty(0), np.empty(0))


def course(series: Series, names: tuple[str, str], edits: tuple[int, ...] = ()) -> Course:
    """The means of the series `names` (rate, distortion), each over a cell of steps: 5 % of the time since the start or
    the last of `edits` (the last step before each), so that the first hundred steps of a million are as plain as the
    rest. A training course is smoothed further: a mean that moves by 5 % a step towards the newest. The last point is
    the mean of the last 1 % of the run's steps, 100 if that is more; of a held-out course, the last value."""
    first, stop = series.first, series.last + 1
    if stop <= first or not set(names) <= set(series.names):
        return NOTHING
    starts = [first, *kept_edits(edits, first, stop), stop]
    parts = [_stretch(series, names, begin, end) for begin, end in pairwise(starts)]
    steps = np.concatenate([steps for steps, _ in parts])
    values = np.concatenate([values for _, values in parts], axis=1)  # (2, N)
    known = np.isfinite(values).all(0)
    steps, values = steps[known], values[:, known]
    if names == TRAINING:
        values = _smoothed(steps, values)
    newest = _newest(series, names, since=starts[-2])
    if newest is not None:
        begin, end, mean = newest
        steps, values = steps[steps < begin], values[:, : np.searchsorted(steps, begin)]
        steps, values = np.append(steps, end), np.column_stack((values, mean))
    return Course(steps, values[0], values[1])


def kept_edits(edits: tuple[int, ...], first: int, stop: int) -> list[int]:
    """The steps after the newest `edits`, of those close together the last one."""
    kept: list[int] = []
    for step in sorted({edit + 1 for edit in edits if first < edit + 1 < stop}, reverse=True):
        if len(kept) < EDITS and (not kept or kept[-1] - step >= max(2, APART * (stop - first))):
            kept.append(step)
    return kept[::-1]


def edges(count: int) -> npt.NDArray[np.intp]:
    """Where cells of `count` steps begin, from 0 on: single steps first, then ever longer ones."""
    single = 1 / GROWTH
    number = max(0, math.ceil(math.log(count / single) / math.log1p(GROWTH))) + 1
    begins = np.concatenate((np.arange(single), single * (1 + GROWTH) ** np.arange(number)))
    begins = np.unique(begins.astype(np.intp))
    return begins[begins < count]


def _stretch(series: Series, names: tuple[str, str], begin: int, end: int) -> tuple[Points, Points]:
    """Middle steps (N,) and means (2, N) of the steps `begin .. end - 1`."""
    fine = min(end, begin + FINE)
    part = slice(begin - series.first, fine - series.first)
    rows = np.stack([series.values(name)[part] for name in names]).astype(np.float64)  # (2, n)
    cells = edges(fine - begin)
    filled = np.isfinite(rows)
    total = np.add.reduceat(np.where(filled, rows, 0), cells, axis=1)
    count = np.add.reduceat(filled.astype(np.float64), cells, axis=1)
    means = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    middles = begin + (cells + np.append(cells[1:], fine - begin) - 1) / 2
    if end <= fine:
        return middles, means
    steps, later = series.grid(names, fine, end, min(LATER, max(1, int((end - fine) / (GROWTH * FINE)))))
    width = steps[1] - steps[0] if len(steps) > 1 else 1.0
    inside = steps >= fine
    return np.append(middles, steps[inside] + (width - 1) / 2), np.append(means, later[:, inside], axis=1)


def _smoothed(steps: Points, values: Points) -> Points:
    """A running mean of `values` (2, N) at `steps` (N,), corrected for its start."""
    keep = np.maximum(KEPT ** np.diff(steps, prepend=steps[:1] - 1), LEAST_KEPT).tolist()
    found, mass, x, y = [], 0.0, 0.0, 0.0
    for share, rate, distortion in zip(keep, *values.tolist(), strict=True):
        mass = share * mass + 1 - share
        x, y = share * x + (1 - share) * rate, share * y + (1 - share) * distortion
        found.append((x / mass, y / mass))
    return np.array(found).reshape(-1, 2).T


def _newest(series: Series, names: tuple[str, str], since: int) -> tuple[float, float, Points] | None:
    """First and last step of the newest point, and its place (2,); of a training course from `since` on."""
    count = max(min(NOW, len(series) // 10), len(series) // 100)
    rows = series.recent(names, LOOK_BACK if names == HELDOUT else max(1, min(count, series.last + 1 - since)))
    known = np.flatnonzero(np.isfinite(rows).all(1))
    if not len(known):
        return None
    first, last = series.last - len(rows) + 1, float(series.last)
    if names == HELDOUT:
        first, last, known = first + int(known[-1]), float(first + known[-1]), known[-1:]
    return float(first), last, rows[known].mean(0, dtype=float)
