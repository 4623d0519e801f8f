"""Curves of any length: float32, one value a step, with a pyramid of extremes and means, so that ten million steps
draw at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
FANOUT = 16  # steps per pyramid cell; each level holds four numbers for 16, so 27 % more memory in all


class Series:
    """Named curves over steps `first .. first + len - 1`, appended in blocks.

    `rows` has shape (T, S): T steps, S names. Level k of the pyramid keeps, for each full group of 16^(k+1) steps, the
    minimum, maximum and mean of every curve, so that a window of any width is drawn from about as many cells as
    pixels and no spike is lost. NaN marks a step without a value.
    """

    def __init__(self, names: tuple[str, ...], first: int = 1) -> None:
        self.names = names
        self.first = first
        self._rows = np.empty((1024, len(names)), np.float32)
        self._count = 0
        self._levels: list[_Level] = []
        self._column = {name: i for i, name in enumerate(names)}

    def __len__(self) -> int:
        return self._count

    @property
    def last(self) -> int:
        """The last step that has a row; `first - 1` when there is none."""
        return self.first + self._count - 1

    def append(self, rows: Floats) -> None:
        """Add `rows`, shape (t, S), for the next t steps.

        Raises:
            ValueError: the number of columns is not the number of names.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise ValueError(f"rows of shape {rows.shape} for {len(self.names)} series")
        need = self._count + len(rows)
        if need > len(self._rows):
            self._rows = _grown(self._rows, need, self._count)
        self._rows[self._count : need] = rows
        self._count = need
        self._extend(0, None)

    def values(self, name: str) -> Floats:
        """All values of `name`, shape (T,); a view, not a copy."""
        return self._rows[: self._count, self._column[name]]

    def recent(self, names: tuple[str, ...], count: int) -> Floats:
        """The last `count` rows of `names`, shape (min(count, T), len(names))."""
        columns = [self._column[name] for name in names]
        return self._rows[max(0, self._count - count) : self._count, columns]

    def window(self, name: str, start: int, stop: int, cells: int) -> tuple[npt.NDArray[np.float64], Floats, Floats]:
        """The curve `name` over steps `start .. stop - 1` in at most `cells` + 2 cells.

        Cells start at multiples of their width, which `stop - start` and `cells` alone decide, so that they do not
        flicker as steps come. The first cell begins at or before `start`; the last may reach past `stop`.

        Returns:
            steps (N,), low (N,), high (N,): the first step of each cell and the extremes within it, NaN in a cell of
            NaN alone. Where a cell is one step, low equals high.
        """
        cut, column = self._cut(start, stop, cells), self._column[name]
        level, part, rest = cut.level, slice(cut.i, cut.j), self._rows[cut.rest, column]
        low = self._rows[part, column] if level is None else level.low[part, column]
        high = low if level is None else level.high[part, column]
        return cut.steps, cut.reduced(np.fmin, low, rest), cut.reduced(np.fmax, high, rest)

    def grid(
        self, names: tuple[str, ...], start: int, stop: int, cells: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The means of `names` over the same cells as `window`'s.

        Returns:
            steps (N,), mean (len(names), N): the first step of each cell and the mean of the values within it that are
            not NaN; NaN in a cell of NaN alone.
        """
        cut, columns = self._cut(start, stop, cells), self._columns(names)
        level, part, rest = cut.level, slice(cut.i, cut.j), self._rows[cut.rest, columns]
        mean = self._rows[part, columns] if level is None else level.mean[part, columns]
        count = ~np.isnan(mean) if level is None else level.filled[part, columns]
        values, filled = np.where(count > 0, mean, 0), ~np.isnan(rest)
        count = count.astype(np.float64)  # float64: sums of huge values overflow float32
        total = cut.reduced(np.add, values * count, np.where(filled, rest, 0).astype(np.float64))
        count = cut.reduced(np.add, count, filled.astype(np.float64))
        return cut.steps, np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).T

    def _columns(self, names: tuple[str, ...]) -> slice | list[int]:
        columns = [self._column[name] for name in names]
        if columns and columns == list(range(columns[0], columns[0] + len(columns))):
            return slice(columns[0], columns[0] + len(columns))  # a view, where a list would copy
        return columns

    def _cut(self, start: int, stop: int, cells: int) -> _Cut:
        a, b = max(0, start - self.first), min(self._count, stop - self.first)
        span, coarse = max(1, stop - start), 1
        while span / (coarse * FANOUT) >= 2 * cells:  # 2: whole groups then waste at most a third of the cells
            coarse *= FANOUT
        cell = coarse * max(1, -(-span // (coarse * max(1, cells))))
        width, found, count = 1, None, self._count
        for level in self._levels:  # a short curve lacks the coarse ones yet
            if width == coarse:
                break
            width, found, count = width * FANOUT, level, level.count
        group = cell // width
        i = a // (width * group) * group
        j = max(i, min(count, -(-b // width)))
        if b <= a:
            return _Cut(None, 0, 0, np.arange(0), np.empty(0), slice(0, 0), False)
        starts = np.arange(0, j - i, group)
        steps = (starts + i).astype(np.float64) * width + self.first
        rest = slice(j * width, max(j * width, b))
        joined = (j - i) % group > 0 or rest.start == rest.stop
        if not joined:
            steps = np.append(steps, float(rest.start + self.first))
        return _Cut(found, i, j, starts, steps, rest, joined)

    def _extend(self, level: int, below: _Level | None) -> None:
        """Add to `level` of the pyramid the cells that became full one level below (None: the rows)."""
        full = (self._count if below is None else below.count) // FANOUT
        if level == len(self._levels):
            if not full:
                return
            self._levels.append(_Level(len(self.names)))
        cell = self._levels[level]
        if full == cell.count:
            return
        part, shape = slice(cell.count * FANOUT, full * FANOUT), (full - cell.count, FANOUT, len(self.names))
        if below is None:
            rows = self._rows[part].reshape(shape)
            cell.append(rows, rows, rows, (~np.isnan(rows)).astype(np.float32))
        else:
            cell.append(*(array[part].reshape(shape) for array in (below.low, below.high, below.mean, below.filled)))
        self._extend(level + 1, cell)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Cells `i .. j` of `level` (None: the rows) in groups that begin at `starts`, then the rows of `rest`, which
    belong to the last group (`joined`) or make up one more."""

    level: _Level | None
    i: int
    j: int
    starts: npt.NDArray[np.intp]
    steps: npt.NDArray[np.float64]
    rest: slice
    joined: bool

    def reduced(self, operation: np.ufunc, cells: npt.NDArray[Any], rest: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """One value per entry of `steps` along axis 0, from those of the cells and of the rows of `rest`."""
        groups: npt.NDArray[Any] = operation.reduceat(cells, self.starts, axis=0) if len(cells) else cells
        if not len(rest):
            return groups
        last = operation.reduce(rest, axis=0)
        if self.joined:
            groups[-1] = operation(groups[-1], last)
            return groups
        return np.concatenate((groups, last[None]))


class _Level:
    """Extremes, mean and number of the values that are not NaN, in each cell of each column."""

    def __init__(self, columns: int) -> None:
        self.low = np.empty((64, columns), np.float32)
        self.high = np.empty((64, columns), np.float32)
        self.mean = np.empty((64, columns), np.float32)
        self.filled = np.empty((64, columns), np.float32)
        self.count = 0

    def append(self, low: Floats, high: Floats, mean: Floats, filled: Floats) -> None:
        """Add cells, each from 16 of the level below; all of shape (n, 16, S)."""
        need = self.count + len(low)
        if need > len(self.low):
            self.low, self.high = _grown(self.low, need, self.count), _grown(self.high, need, self.count)
            self.mean, self.filled = _grown(self.mean, need, self.count), _grown(self.filled, need, self.count)
        new = slice(self.count, need)
        self.low[new] = np.fmin.reduce(low, axis=1)  # fmin and fmax skip NaN without a warning
        self.high[new] = np.fmax.reduce(high, axis=1)
        number = filled.sum(1)
        share = filled / np.maximum(number, 1)[:, None]  # before the sum, so that huge values do not overflow it
        mean = (np.where(filled > 0, mean, 0) * share).sum(1)
        self.mean[new] = np.where(number > 0, mean, np.nan)
        self.filled[new] = number
        self.count = need


def _grown(array: Floats, need: int, keep: int) -> Floats:
    bigger = np.empty((max(need, 2 * len(array)), *array.shape[1:]), np.float32)
    bigger[:keep] = array[:keep]
    return bigger
