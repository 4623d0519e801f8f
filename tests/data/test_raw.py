from __future__ import annotations

import numpy as np
import pytest

from guiapp.data.raw import blocks, check_bytes, row_shape
from guiapp.data.source import DataError


def test_two_gibibytes_are_the_limit() -> None:
    check_bytes("here", 2**29)
    with pytest.raises(DataError, match="here: the values would take 2 GiB"):
        check_bytes("here", 2**29 + 1)
    with pytest.raises(DataError):
        check_bytes("here", 10**5000)


def test_a_shape_is_judged_without_the_values() -> None:
    assert row_shape("here", (5000, 100_000)) == (100_000,)
    assert row_shape("here", (100_000, 64, 64, 3)) == (64, 64, 3)
    with pytest.raises(DataError, match="N x H x W x 3 for colour"):
        row_shape("here", (100, 3, 64, 64))


def test_blocks_cover_all_rows_once() -> None:
    values = np.arange(3_000_000).reshape(3000, 1000)
    pieces = list(blocks(values))
    assert len(pieces) > 2
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), values)
    assert [start for start, _ in pieces] == [*range(0, 3000, 1048)]
