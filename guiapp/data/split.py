"""The fixed split of rows into a training and a held-out part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guiapp.data.source import HELDOUT_SEED, Float32, Labels, Table

Rows = NDArray[np.intp]


def split_rows(count: int, heldout: int, labels: Labels | None) -> tuple[Rows, Rows]:
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
