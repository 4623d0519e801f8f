from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guiapp.data import DATASET_NAMES
from guiapp.data.loading import load, open_data
from guiapp.data.source import DataError, Law, Table
from guiapp.spec import Data


def test_a_name_of_the_catalogue_is_loaded() -> None:
    assert load("ring").name == "ring"
    assert load("digits").name == "digits"


def test_file_opens_the_path_with_the_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "mine.npy", np.arange(40.0).reshape(20, 2))
    monkeypatch.setenv("HOME", str(tmp_path))
    table = load("file", "~/mine.npy", "none")
    assert isinstance(table, Table)
    assert (table.name, table.high) == ("mine", 39)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(DataError) as caught:
        load("mnist")
    assert all(name in str(caught.value) for name in (*DATASET_NAMES, "mnist", "file"))


@pytest.mark.parametrize("path", ["", "~nobody-of-this-name/x.npy", "nowhere.npy", "zero\0byte", "half\ud800"])
def test_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises(DataError, match="path"):
        load("file", path)


def test_a_limit_leaves_the_first_training_data_and_all_held_out() -> None:
    whole, few = open_data(Data(name="digits")), open_data(Data(name="digits", limit=16))
    assert isinstance(whole, Table)
    assert isinstance(few, Table)
    assert np.array_equal(few.train[:], whole.train[:16])
    assert few.train_labels is not None
    assert whole.train_labels is not None
    assert np.array_equal(few.train_labels, whole.train_labels[:16])
    assert np.array_equal(few.heldout, whole.heldout)
    assert (few.low, few.high) == (whole.low, whole.high)
    assert len(open_data(Data(name="digits", limit=10**6)).train) == len(whole.train)  # type: ignore[union-attr]
    assert isinstance(open_data(Data(name="ring", limit=5)), Law), "a law has no end to cut off"
