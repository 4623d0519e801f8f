"""The pictures that come with the program, so that it works at once and without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from guiapp.data.arrays import read_npz
from guiapp.data.idx import read_idx
from guiapp.data.raw import Raw
from guiapp.data.source import DataError, Table
from guiapp.data.split import split_table
from guiapp.resources import resource

CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def fashion() -> Table:
    """10,000 grey pictures of clothes, 28 x 28, in [0, 1]: Fashion-MNIST's test part (Xiao et al. 2017, MIT licence).

    Split anew: 8,500 to train on (850 a class), 1,500 held out (150 a class).
    """
    raw = read_idx(_find("data/fashion/t10k-images-idx3-ubyte.gz"))
    return _table("fashion", "Fashion-MNIST (10,000)", raw, 255, 1500, CLOTHES)


def digits() -> Table:
    """1,797 grey handwritten digits, 8 x 8, in [0, 1]: UCI's optical digits (Alpaydin and Kaynak 1998, CC BY 4.0).

    Split: 1,500 to train on, 297 held out, each class giving its share.
    """
    return _table("digits", "Handwritten digits 8 x 8", read_npz(_find("data/digits.npz")), 16, 297)


def _table(name: str, title: str, raw: Raw, top: int, heldout: int, classes: tuple[str, ...] = ()) -> Table:
    values = raw.values.astype(np.float32) / np.float32(top)
    return split_table(
        name,
        title,
        values,
        raw.labels,
        heldout,
        shape=raw.shape,
        classes=classes or raw.classes,
        note=f"divided by {top}",
    )


def _find(path: str) -> Path:
    try:
        return resource(path)
    except FileNotFoundError as error:
        raise DataError(str(error)) from None
