"""Large data stay where they are, and give bit for bit what they would give if all were scaled at once."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from guiapp.data import arrays, idx, split
from guiapp.data.files import open_file
from guiapp.data.scaling import Scaling
from guiapp.data.source import Rows, Table
from guiapp.data.split import heldout_count, is_mapped

BYTES = np.random.default_rng(0).integers(0, 256, (300, 6, 5), np.uint8)
NUMBERS = np.random.default_rng(1).normal(5, 2, (300, 7)).astype(np.float32)


def write_idx(path: Path, values: NDArray[np.uint8]) -> Path:
    path.write_bytes(struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes())
    return path


def write_npy(path: Path, values: NDArray[np.generic]) -> Path:
    np.save(path.with_suffix(".npy"), values)
    return path.with_suffix(".npy")


def write_npz(path: Path, values: NDArray[np.generic]) -> Path:
    np.savez(path.with_suffix(".npz"), x=values, y=np.arange(len(values)) % 3)
    return path.with_suffix(".npz")


def write_packed(path: Path, values: NDArray[np.generic]) -> Path:
    np.savez_compressed(path.with_suffix(".npz"), x=values)
    return path.with_suffix(".npz")


def both(path: Path, scale: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Table, Table]:
    """The table as small data are held, and as large ones are."""
    small = open_file(path, scale)
    with monkeypatch.context() as patch:
        patch.setattr(split, "LARGE", 0)
        for module in (arrays, idx):
            patch.setattr(module, "MAPPED", 0)
        return small, open_file(path, scale)


@pytest.mark.parametrize("scale", ["auto", "none", "unit", "standard"])
@pytest.mark.parametrize(
    ("write", "values", "is_in_file"),
    [
        (write_idx, BYTES, True),
        (write_npy, BYTES, True),
        (write_npy, NUMBERS, True),
        (write_npy, NUMBERS.astype(">f8"), True),
        (write_npy, np.asfortranarray(NUMBERS), False),
        (write_npz, BYTES, True),
        (write_npz, NUMBERS, True),
        (write_packed, BYTES, False),
    ],
    ids=["idx", "npy bytes", "npy", "npy doubles", "fortran", "npz bytes", "npz", "packed"],
)
def test_rows_are_those_of_the_whole_bit_for_bit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path, NDArray[np.generic]], Path],
    values: NDArray[np.generic],
    is_in_file: bool,
    scale: str,
) -> None:
    small, large = both(write(tmp_path / "a", values), scale, monkeypatch)
    assert isinstance(small.train, np.ndarray)
    assert isinstance(large.train, Rows)
    assert is_mapped(large.train.values) == is_in_file
    assert large.train.shape == small.train.shape
    assert large.train[:].tobytes() == small.train.tobytes()
    some = np.array([5, 0, 269, 5])
    assert large.train[some].tobytes() == small.train[some].tobytes()
    assert large.heldout.tobytes() == small.heldout.tobytes()
    assert (large.low, large.high, large.shape, large.note) == (small.low, small.high, small.shape, small.note)
    for one, other in ((large.train_labels, small.train_labels), (large.heldout_labels, small.heldout_labels)):
        assert np.array_equal(one, other) if one is not None and other is not None else one is other


def test_a_byte_over_255_is_the_same_in_both_precisions() -> None:
    every = np.arange(256, dtype=np.uint8)[None]
    quick = Scaling("bytes", np.zeros(1), np.full(1, 255.0))(every)
    assert quick.tobytes() == (np.arange(256) / 255).astype(np.float32).tobytes()


def test_doubles_that_lie_in_memory_are_not_kept_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, large = both(write_packed(tmp_path / "a", NUMBERS.astype(np.float64)), "auto", monkeypatch)
    assert isinstance(large.train, np.ndarray)


def test_points_of_the_plane_are_always_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, large = both(write_npy(tmp_path / "a", NUMBERS[:, :2]), "auto", monkeypatch)
    assert isinstance(large.train, np.ndarray)


def test_the_file_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_idx(tmp_path / "a", BYTES)
    before = path.read_bytes()
    _, large = both(path, "auto", monkeypatch)
    assert isinstance(large.train, Rows)
    large.train.values[:] = 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("rows", "width", "held_out"),
    [(2, 784, 1), (1000, 784, 100), (70_000, 784, 7000), (200_000, 784, 10_000), (100_000, 12_288, 1365)],
)
def test_a_tenth_is_held_out_as_far_as_it_fits(rows: int, width: int, held_out: int) -> None:
    assert heldout_count(rows, width) == held_out
