"""Curves of any length: float32, one value a step, with a pyramid of extremes and means, so that ten million steps
draw at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
BLOCK = 512  # cells made at once: what they need for a moment stays in the processor's cache
MANY = 8  # blocks, from which on two threads share them
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
        self._check(rows)
        need = self._count + len(rows)
        if need > len(self._rows):
            self._rows = _grown(self._rows, need, self._count)
        self._rows[self._count : need] = rows
        self._count = need
        self._extend(0, None)

    def adopt(self, rows: Floats) -> None:
        """As `append` of a new run's first rows, but without a copy: `rows` must not change from now on.

        Raises:
            ValueError: as `append`; there are rows already.
        """
        if self._count:
            raise ValueError("only the first rows can be adopted")
        self._check(rows)
        self._rows, self._count = rows, len(rows)
        self._extend(0, None)

    def until(self, step: int) -> Series:
        """The same curves up to `step`, at once and without copying: what is appended here later does not show there.

        The cut's arrays are views that end with it, so its own first `append` makes it a copy, and leaves this one as
        it is. Cost: some microseconds per level of the pyramid, whatever the length.
        """
        cut = Series(self.names, self.first)
        cut._count = min(max(step - self.first + 1, 0), self._count)
        cut._rows = self._rows[: cut._count]
        full = cut._count // FANOUT
        for level in self._levels:
            if not full:  # a level without a cell would send `window` to the rows below it
                break
            cut._levels.append(level.until(full))
            full //= FANOUT
        return cut

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
        parts = [self._extremes(level, part, column) for level, part in cut.parts]
        lows, highs = [low for low, _ in parts], [high for _, high in parts]
        return cut.steps, cut.reduced(np.fmin, lows), cut.reduced(np.fmax, highs)

    def windows(self, names: tuple[str, ...], start: int, stop: int, cells: int) -> tuple[Doubles, Floats, Floats]:
        """As `window` of each of `names`, in one pass: steps (N,), low (len(names), N), high (len(names), N)."""
        cut, columns = self._cut(start, stop, cells), self._columns(names)
        parts = [self._extremes(level, part, columns) for level, part in cut.parts]
        lows, highs = [low for low, _ in parts], [high for _, high in parts]
        return cut.steps, cut.reduced(np.fmin, lows).T, cut.reduced(np.fmax, highs).T

    def grid(
        self, names: tuple[str, ...], start: int, stop: int, cells: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The means of `names` over the same cells as `window`'s.

        Returns:
            steps (N,), mean (len(names), N): the first step of each cell and the mean of the values within it that are
            not NaN; NaN in a cell of NaN alone.
        """
        cut, columns = self._cut(start, stop, cells), self._columns(names)
        parts = [self._sums(level, part, columns) for level, part in cut.parts]
        total, count = (cut.reduced(np.add, [part[k] for part in parts]) for k in (0, 1))
        return cut.steps, np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).T

    def _check(self, rows: Floats) -> None:
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise ValueError(f"rows of shape {rows.shape} for {len(self.names)} series")

    def _extremes(self, level: _Level | None, part: slice, column: int | slice | list[int]) -> tuple[Floats, Floats]:
        if level is None:
            rows = self._rows[part, column]
            return rows, rows
        return level.low[part, column], level.high[part, column]

    def _sums(self, level: _Level | None, part: slice, columns: slice | list[int]) -> tuple[Doubles, Doubles]:
        """The sum and the number of the values in each cell; float64, since sums of huge values overflow float32."""
        mean = self._rows[part, columns] if level is None else level.mean[part, columns]
        count = (~np.isnan(mean) if level is None else level.filled[part, columns]).astype(np.float64)
        return np.where(count > 0, mean, 0) * count, count

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
        width, depth, count = 1, 0, self._count
        for level in self._levels:  # a short curve lacks the coarse ones yet
            if width == coarse:
                break
            width, depth, count = width * FANOUT, depth + 1, level.count
        group = cell // width
        i = a // (width * group) * group
        j = max(i, min(count, -(-b // width)))
        if b <= a:
            return _Cut(((None, slice(0, 0)),), np.arange(0), np.empty(0), False)
        starts = np.arange(0, j - i, group)
        steps = (starts + i).astype(np.float64) * width + self.first
        rest = self._rest(j * width, b, depth)
        joined = (j - i) % group > 0 or not rest
        if not joined:
            steps = np.append(steps, float(j * width + self.first))
        whole = self._levels[depth - 1] if depth else None, slice(i, j)
        return _Cut((whole, *rest), starts, steps, joined)

    def _rest(self, begin: int, end: int, depth: int) -> list[Part]:
        """Rows `begin .. end - 1`, too few for a cell of the level at `depth`, from at most 15 cells of each level
        below it and 15 rows."""
        parts: list[Part] = []
        for k in range(depth - 2, -1, -1):
            width = FANOUT ** (k + 1)
            if end // width * width > begin:
                parts.append((self._levels[k], slice(begin // width, end // width)))
                begin = end // width * width
        return [*parts, (None, slice(begin, end))] if end > begin else parts

    def _extend(self, level: int, below: _Level | None) -> None:
        """Add to `level` of the pyramid the cells that became full one level below (None: the rows)."""
        full = (self._count if below is None else below.count) // FANOUT
        if level == len(self._levels):
            if not full:
                return
            self._levels.append(_Level(len(self.names), FANOUT ** (level + 1)))
        cell = self._levels[level]
        if full == cell.count:
            return
        cell.reserve(full)
        parts = [slice(begin, min(begin + BLOCK, full)) for begin in range(cell.count, full, BLOCK)]

        def add(new: slice) -> None:
            part, shape = slice(new.start * FANOUT, new.stop * FANOUT), (new.stop - new.start, FANOUT, len(self.names))
            if below is None:
                cell.fill_from_rows(new, self._rows[part].reshape(shape))
            else:
                cell.fill(
                    new, *(array[part].reshape(shape) for array in (below.low, below.high, below.mean, below.filled))
                )

        if len(parts) < MANY:
            for part in parts:
                add(part)
        else:
            with ThreadPoolExecutor(2) as pool:  # numpy lets other threads run
                for _ in pool.map(add, parts):
                    pass
        cell.count = full
        self._extend(level + 1, cell)


Part = tuple["_Level | None", slice]  # cells of a level of the pyramid, or rows


@dataclass(frozen=True, slots=True)
class _Cut:
    """The first of `parts` in groups that begin at `starts`, then the others, which belong to the last group
    (`joined`) or make up one more."""

    parts: tuple[Part, ...]
    starts: npt.NDArray[np.intp]
    steps: npt.NDArray[np.float64]
    joined: bool

    def reduced(self, operation: np.ufunc, parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """One value per entry of `steps` along axis 0, from those of the `parts`."""
        cells, *rest = parts
        groups: npt.NDArray[Any] = operation.reduceat(cells, self.starts, axis=0) if len(cells) else cells
        if not rest:
            return groups
        last = operation.reduce(np.concatenate(rest), axis=0)
        if self.joined:
            groups[-1] = operation(groups[-1], last)
            return groups
        return np.concatenate((groups, last[None]))


class _Level:
    """Extremes, mean and number of the values that are not NaN, in each cell of each column; where there is none, the
    extremes are NaN and the mean is any number."""

    def __init__(self, columns: int, width: int) -> None:
        """`width`: how many steps a cell has."""
        self.low = np.empty((64, columns), np.float32)
        self.high = np.empty((64, columns), np.float32)
        self.mean = np.empty((64, columns), np.float32)
        self.filled = np.empty((64, columns), np.float32)
        self.count, self.width = 0, width

    def until(self, count: int) -> _Level:
        """The first `count` cells, as views that end with them."""
        cut = _Level(0, self.width)
        cut.low, cut.high, cut.mean = self.low[:count], self.high[:count], self.mean[:count]
        cut.filled, cut.count = self.filled[:count], count
        return cut

    def reserve(self, need: int) -> None:
        """Make room for `need` cells in all."""
        if need > len(self.low):
            self.low, self.high = _grown(self.low, need, self.count), _grown(self.high, need, self.count)
            self.mean, self.filled = _grown(self.mean, need, self.count), _grown(self.filled, need, self.count)

    def fill_from_rows(self, new: slice, rows: Floats) -> None:
        """Set the cells `new` of the first level from rows, shape (n, 16, S)."""
        full = _before_thin(rows)
        dense = np.ascontiguousarray(rows[:, :, :full])  # long inner loops
        low, high = self.low[new, :full], self.high[new, :full]
        low[:], high[:] = _folded(np.minimum, dense), _folded(np.maximum, dense)
        self.mean[new, :full] = _folded(np.add, dense * np.float32(1 / self.width))
        self.filled[new] = self.width
        thin = np.ones(rows.shape[2], np.bool_)
        thin[:full] = np.any(np.isnan(low), axis=0)
        if thin.any():
            self._fill_in(new, rows, thin)

    def _fill_in(self, new: slice, rows: Floats, thin: npt.NDArray[np.bool_]) -> None:
        """The cells `new` of the columns that are `thin`, which lack values in some `rows` (n, 16, S). They cost next
        to nothing where values are few: a measurement is taken once in twenty steps at the most."""
        at = np.flatnonzero(~np.isnan(rows) & thin)
        values, width = rows.reshape(-1)[at], len(thin)
        cell = at // (FANOUT * width) * width + at % width
        low, high, mean, filled = (array[new] for array in (self.low, self.high, self.mean, self.filled))
        low[:, thin] = high[:, thin] = np.nan
        mean[:, thin] = filled[:, thin] = 0
        np.fmin.at(low.reshape(-1), cell, values)
        np.fmax.at(high.reshape(-1), cell, values)
        np.add.at(filled.reshape(-1), cell, 1)
        np.add.at(mean.reshape(-1), cell, values / filled.reshape(-1)[cell])  # a sum of huge values would overflow

    def fill(self, new: slice, low: Floats, high: Floats, mean: Floats, filled: Floats) -> None:
        """Set the cells `new`, each from 16 of the level below; all of shape (n, 16, S)."""
        self.low[new] = _folded(np.fmin, low)  # fmin and fmax skip NaN without a warning
        self.high[new] = _folded(np.fmax, high)
        number = _folded(np.add, filled)
        share = filled * np.float32(1 / self.width)  # before the sum, so that huge values do not overflow it
        total = _folded(np.add, np.where(filled > 0, mean, 0) * share)
        scale = np.divide(self.width, number, out=np.full(number.shape, np.nan, np.float32), where=number > 0)
        self.mean[new] = total * scale
        self.filled[new] = number


def _before_thin(rows: Floats) -> int:
    """How many columns of `rows` (n, 16, S) come before those at the end that lack values already in the first cell:
    what is measured now and then stands last, and need not be folded."""
    dense = np.flatnonzero(~np.isnan(rows[0]).any(axis=0))
    return int(dense[-1]) + 1 if len(dense) else 0


def _folded(operation: np.ufunc, cells: Floats) -> Floats:
    """`operation` over axis 1 of (n, 16, S), by halves: long inner loops, three times as fast as `reduce` for few S."""
    while cells.shape[1] > 1:
        half = cells.shape[1] // 2
        cells = operation(cells[:, :half], cells[:, half:])
    return cells[:, 0]


def _grown(array: Floats, need: int, keep: int) -> Floats:
    bigger = np.empty((max(need, 2 * len(array)), *array.shape[1:]), np.float32)
    bigger[:keep] = array[:keep]
    return bigger
