"""What every reader of a user's file returns, and the limits it checks before it allocates anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from guiapp.data.source import DataError, Float64, Labels

MAX_BYTES = 2 << 30  # of values held in memory, as float32: reading needs about three times as much for a moment
MAPPED = 16 << 20  # bytes from which values stay in their file, and the system brings in the pages that are asked for
MAX_WIDTH = 100_000  # values in a row: one dense layer of 256 units on it already holds 100 MB of weights
MAX_CLASSES = 1000  # more distinct labels than this are a measurement, not a class
MAX_VALUE = 1e30  # beyond it the squares that training forms no longer fit into float32
BLOCK = 1 << 20  # values a pass, so that 2 GiB of float32 need no 4 GiB of float64 beside them


@dataclass(frozen=True, eq=False)
class Raw:
    """Values (N, D) of any real type as the file holds them, all finite; `shape` of a row; labels index `classes`."""

    values: NDArray[Any]
    shape: tuple[int, ...]
    labels: Labels | None = None
    classes: tuple[str, ...] = ()
    note: str = ""


class CancelledError(Exception):
    """Nobody waits for the data any more; raised by `Reading.tell`."""


def tell_nobody(_done: int, _total: int) -> None:
    """How far reading is: of no interest."""


@dataclass(frozen=True)
class Reading:
    """How to read: images are shrunk to at most `side` pixels a side; `tell(done, total)` is called on the way, with a
    total of 0 while that is not known, and may raise `CancelledError`."""

    side: int = 64
    tell: Callable[[int, int], None] = tell_nobody


AS_IT_IS: Final = Reading()


class Reader(Protocol):
    """What turns a path into `Raw`."""

    def __call__(self, path: Path, reading: Reading = AS_IT_IS, /) -> Raw: ...


def mapped(path: Path, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """The values of a file where they lie, brought into memory as they are asked for; changes never reach the file.
    The file must not be cut while they are in use: the system would end the process."""
    # Copy on write: torch warns of arrays that cannot be written. As a plain array: a memmap is slower to index.
    return np.asarray(np.memmap(path, dtype, "c", offset, shape))


def row_shape(place: str, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of a row, (D,), (H, W) or (H, W, 3), of an array (N, D), (N, H, W), (N, H, W, 1) or (N, H, W, 3).

    Raises:
        DataError: another number of axes, fewer than 2 rows, rows without values or wider than 100,000. Needs the
            header only.
    """
    written = f"{' x '.join(map(str, shape)) or 'a single number':.100}"
    row = tuple(shape[1:-1]) if len(shape) == 4 and shape[3] == 1 else tuple(shape[1:])
    if len(row) not in (1, 2) and not (len(row) == 3 and row[2] == 3):
        raise DataError(
            f"{place}: the data are {written}; make them N x D, N x H x W for grey images, or N x H x W x 3 for colour."
        )
    if shape[0] < 2:
        raise DataError(f"{place}: the data are {written}, but at least 2 rows are needed, so add more data.")
    width = math.prod(row)
    if not 1 <= width <= MAX_WIDTH:
        raise DataError(f"{place}: a row has {width} values; it must have 1 to {MAX_WIDTH:,}, so choose fewer columns.")
    return row


def check_bytes(place: str, values: int) -> None:
    """Raises DataError if so many values, which have to be held in memory, take more than 2 GiB as float32."""
    if values * 4 > MAX_BYTES:
        gib = min(values, 1 << 70) * 4 / 2**30  # the cap: an int from a header can exceed any float
        raise DataError(f"{place}: the values would take {gib:,.3g} GiB of memory, more than 2; choose fewer rows.")


def check_type(place: str, dtype: np.dtype[Any]) -> None:
    """Raises DataError unless the type is boolean, integer or real."""
    if dtype.kind not in "buif":
        raise DataError(f"{place}: the values are of type '{dtype}', not numbers; save them as float32.")


def check_finite(place: str, values: NDArray[Any], tell: Callable[[int, int], None] = tell_nobody) -> None:
    """Raises DataError at the first NaN, infinity, or number beyond 1e30 in values (N, ...), naming its index."""
    if values.dtype.kind != "f":
        return
    for start, block in blocks(values):
        tell(start, len(values))
        wrong = ~(np.abs(block) <= MAX_VALUE)
        if wrong.any():
            first = tuple(np.argwhere(wrong)[0])
            index = [start + int(first[0]), *map(int, first[1:])]
            what = "is not a finite number" if not np.isfinite(block[first]) else "is beyond 1e30"
            raise DataError(f"{place}: the value at index {index} is {block[first]}, which {what}; mend or drop it.")


def blocks(values: NDArray[Any]) -> Iterator[tuple[int, Float64]]:
    """(number of the first row, rows as float64) of values (N, ...), in pieces of about a million values."""
    rows = max(1, BLOCK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), rows):
        with np.errstate(over="ignore", invalid="ignore"):
            yield start, values[start : start + rows].astype(np.float64)


def index_labels(place: str, labels: NDArray[Any], count: int) -> tuple[Labels, tuple[str, ...]]:
    """Labels (N,) as int16 numbers 0 to K - 1 of the K distinct values in ascending order, and the names of those.

    Raises:
        DataError: not one label for each of `count` rows, of a type that is neither integer nor text, or more than
            1,000 distinct ones.
    """
    if labels.shape not in ((count,), (count, 1)):
        shape = " x ".join(map(str, labels.shape))
        raise DataError(f"{place}: the labels are {shape} but there are {count} rows; give one label for each row.")
    if labels.dtype.kind == "f":
        wide = labels.astype(np.float64)
        labels = wide.astype(np.int64) if ((wide == np.floor(wide)) & (np.abs(wide) < 2**31)).all() else wide
    if labels.dtype.kind not in "buiU":
        raise DataError(
            f"{place}: labels of type '{labels.dtype}' name no classes; save whole numbers, or leave them out."
        )
    names, index = np.unique(labels.reshape(count), return_inverse=True)
    if len(names) > MAX_CLASSES:
        raise DataError(f"{place}: there are {len(names)} distinct labels, more than {MAX_CLASSES}; leave them out.")
    return index.astype(np.int16), tuple(str(name) for name in names)


def named(place: str, classes: tuple[str, ...], names: NDArray[Any]) -> tuple[str, ...]:
    """The names of `classes`, which are the whole numbers 0, 1 ... that the labels hold: their places in `names` (K,).

    Raises:
        DataError: the names are no list of texts, or there is none for one of the classes.
    """
    if names.ndim != 1 or names.dtype.kind != "U":
        raise DataError(f"{place}: class names must be one list of texts; save them as a NumPy array of str.")
    if not all(name.isdecimal() and int(name) < len(names) for name in classes):
        raise DataError(
            f"{place}: there are {len(names)} class names, but the labels go to {classes[-1]:.30}; number the labels "
            f"from 0 to {len(names) - 1}, or leave the names out."
        )
    return tuple(str(names[int(name)])[:60] for name in classes)
