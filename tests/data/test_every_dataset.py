"""What every line of the catalogue must keep: a new data set gets these tests free."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from guiapp.data import DATASET_NAMES, DATASETS
from guiapp.data.source import Dataset, Law, Table

EVERY = pytest.mark.parametrize("dataset", DATASETS, ids=DATASET_NAMES)


@EVERY
def test_every_dataset_describes_itself(dataset: Dataset) -> None:
    source = dataset.load()
    assert (source.name, source.title) == (dataset.name, dataset.title)
    assert source.is_image == (dataset.kind == "images")
    assert source.dim == np.prod(source.shape)
    assert dataset.description.endswith(".")
    assert dataset.description.count(".") == 1


@EVERY
def test_every_dataset_gives_finite_float32_rows_and_labels_that_name_classes(dataset: Dataset) -> None:
    source = dataset.load()
    if isinstance(source, Law):
        parts = [source.sample(500, np.random.default_rng(1)), source.heldout()]
        assert parts[1][0].shape == (2000, 2)
    else:
        assert source.train_labels is not None
        assert source.heldout_labels is not None
        parts = [(source.train, source.train_labels), (source.heldout, source.heldout_labels)]
    for x, y in parts:
        assert x.dtype == np.float32
        assert y.dtype == np.int16
        assert x.shape == (len(y), source.dim)
        assert np.isfinite(x).all()
        assert set(np.unique(y)) == set(range(max(1, len(source.classes))))


@EVERY
def test_every_dataset_is_the_same_each_time_and_held_out_rows_are_not_trained_on(dataset: Dataset) -> None:
    first, second = dataset.load(), dataset.load()
    if isinstance(first, Table):
        assert isinstance(second, Table)
        assert np.array_equal(first.train, second.train)
        assert np.array_equal(first.heldout, second.heldout)
        train = {row.tobytes() for row in first.train}
        assert not any(row.tobytes() in train for row in first.heldout)
        both = np.concatenate([first.train, first.heldout])
        assert (first.low, first.high) == (both.min(), both.max()) == (0, 1)
    else:
        assert isinstance(second, Law)
        assert np.array_equal(first.heldout()[0], second.heldout()[0])
        for seed in (0, 1, 2013):
            assert not np.array_equal(first.heldout()[0], first.sample(2000, np.random.default_rng(seed))[0])


def test_names_are_unique_and_leave_file_free() -> None:
    assert len(set(DATASET_NAMES)) == len(DATASETS) == 13
    assert "file" not in DATASET_NAMES


def test_importing_the_catalogue_reads_no_resource_and_imports_no_image_library() -> None:
    code = (
        "import sys; opened = [];"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None);"
        "import guiapp.data.loading;"
        "assert not any('resources/data' in path for path in opened), opened;"
        "assert not {'PIL', 'torch', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
