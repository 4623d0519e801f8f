from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guiapp.data import DATASET_NAMES
from guiapp.data.loading import load
from guiapp.data.source import DataError, Table


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
