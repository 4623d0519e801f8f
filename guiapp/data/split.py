"""The fixed split of rows into a training and a held-out part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guiapp.data.raw import Raw
from guiapp.data.scaling import Scaling
from guiapp.data.source import HELDOUT_SEED, Float32, Labels, Rows, Table

Indices = NDArray[np.intp]
LARGE = 64 << 20  # bytes of float32 beyond which training data are scaled a batch at a time
HELDOUT_ROWS, HELDOUT_VALUES = 10_000, 1 << 24  # at most, for they are kept in memory: 64 MiB


def split_rows(count: int, heldout: int, labels: Labels | None) -> tuple[Indices, Indices]:
    """(training, held-out) row numbers of `count` rows, the same in every run; disjoint and together all of them.

    Shuffled with a fixed seed, sorted by label (stably), and then every (count/heldout)-th row is held out, so that
    each class gives its share to within one row.
    """
    shuffled = np.random.default_rng(HELDOUT_SEED).permutation(count)
    order = shuffled if labels is None else shuffled[np.argsort(labels[shuffled], kind="stable")]
    taken = np.zeros(count, bool)
    taken[order[(2 * np.arange(heldout) + 1) * count // (2 * heldout)]] = True
    return shuffled[~taken[shuffled]], shuffled[taken[shuffled]]


def split_table(
    name: str,
    title: str,
    values: Float32,
    labels: Labels | None,
    heldout: int,
    *,
    shape: tuple[int, ...],
    classes: tuple[str, ...],
    note: str,
) -> Table:
    """The `Table` of values float32 (N, D), of which `heldout` rows are held out. Copies the values once."""
    train, test = split_rows(len(values), heldout, labels)
    return Table(
        name,
        title,
        train=values[train],
        train_labels=None if labels is None else labels[train],
        heldout=values[test],
        heldout_labels=None if labels is None else labels[test],
        shape=shape,
        classes=classes,
        low=float(values.min()),
        high=float(values.max()),
        note=note,
    )


def heldout_count(rows: int, width: int) -> int:
    """How many of `rows` rows of `width` values are held out: a tenth, at least 1, at most 10,000 or 16.8 million
    values."""
    return min(max(1, rows // 10), HELDOUT_ROWS, max(1, HELDOUT_VALUES // width))


def split_raw(name: str, title: str, raw: Raw, scaling: Scaling, shape: tuple[int, ...], note: str) -> Table:
    """The `Table` of the values (N, D) of a user's file. Above 64 MiB of float32 they stay as they are, in the file
    or as numbers of at most four bytes, but for the held-out ones."""
    values = raw.values
    count, width = values.shape
    heldout = heldout_count(count, width)
    stays = values.nbytes <= 4 * values.size or is_mapped(values)
    if width <= 2 or 4 * values.size <= LARGE or not stays:
        return split_table(
            name, title, scaling(values), raw.labels, heldout, shape=shape, classes=raw.classes, note=note
        )
    train, test = split_rows(count, heldout, raw.labels)
    ends = scaling(np.stack([values.min(axis=0), values.max(axis=0)]))  # scaling keeps the order
    return Table(
        name,
        title,
        train=Rows(values, train, scaling),
        train_labels=None if raw.labels is None else raw.labels[train],
        heldout=scaling(values[test]),
        heldout_labels=None if raw.labels is None else raw.labels[test],
        shape=shape,
        classes=raw.classes,
        low=float(ends.min()),
        high=float(ends.max()),
        note=note,
    )


def is_mapped(values: NDArray[np.generic]) -> bool:
    """Whether `values` lie in a file."""
    base: object = values
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return True
        base = base.base
    return False
