from __future__ import annotations

import gzip

import numpy as np
import pytest

from guiapp.data import bundled
from guiapp.data.source import DataError
from guiapp.resources import resource


def test_fashion_is_the_file_of_its_authors_split_evenly() -> None:
    table = bundled.fashion()
    assert table.train_labels is not None
    assert table.heldout_labels is not None
    assert (table.train.shape, table.heldout.shape, table.shape) == ((8500, 784), (1500, 784), (28, 28))
    assert np.bincount(table.train_labels).tolist() == [850] * 10
    assert np.bincount(table.heldout_labels).tolist() == [150] * 10
    pixels = gzip.decompress(resource("data/fashion/t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    rows = np.frombuffer(pixels, np.uint8).reshape(10_000, 784)
    labels = gzip.decompress(resource("data/fashion/t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    original = {row.tobytes(): label for row, label in zip(rows, labels, strict=True)}
    back = np.rint(table.heldout * 255).astype(np.uint8)
    assert [original[row.tobytes()] for row in back] == table.heldout_labels.tolist()
    assert table.classes[9] == "ankle boot"


def test_digits_are_all_there_in_16ths() -> None:
    table = bundled.digits()
    assert (table.train.shape, table.heldout.shape, table.shape) == ((1500, 64), (297, 64), (8, 8))
    labels = np.concatenate([table.train_labels, table.heldout_labels])
    # The counts that the UCI repository states for the test part.
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.array_equal(table.train * 16, np.rint(table.train * 16))
    assert table.classes == tuple("0123456789")


def test_what_is_drawn_is_a_digit_standing_upright() -> None:
    table = bundled.digits()
    zero = table.train[table.train_labels == 0].mean(axis=0).reshape(8, 8)
    one = table.train[table.train_labels == 1].mean(axis=0).reshape(8, 8)
    assert zero[3:5, 3:5].mean() < 0.2 < 0.5 < one[3:5, 3:5].mean()
    assert one.max(axis=1).min() > 0.4  # every row of a 1 has ink, not every column
    assert one.max(axis=0).min() < 0.05


def test_licences_lie_beside_the_data() -> None:
    assert "Copyright (c) 2017 Zalando SE" in resource("data/fashion/LICENSE.txt").read_text()
    assert "CC BY 4.0" in resource("data/digits-SOURCE.txt").read_text()


def test_a_missing_resource_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str) -> None:
        raise FileNotFoundError(f"The resource '{path}' is missing; reinstall Elboscope.")

    monkeypatch.setattr(bundled, "resource", missing)
    with pytest.raises(DataError, match="reinstall"):
        bundled.fashion()
