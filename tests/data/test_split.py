from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guiapp.data.split import split_rows


@settings(derandomize=True, database=None, deadline=None, max_examples=60)
@given(st.data())
def test_parts_are_disjoint_whole_and_balanced(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 300))
    heldout = data.draw(st.integers(1, count - 1))
    classes = data.draw(st.integers(1, 5))
    labels = np.random.default_rng(count).integers(classes, size=count).astype(np.int16)
    train, test = split_rows(count, heldout, labels)
    assert len(test) == heldout
    assert sorted([*train, *test]) == list(range(count))
    share = np.bincount(labels) * heldout / count
    assert (np.abs(np.bincount(labels[test], minlength=len(share)) - share) <= 1).all()


def test_the_split_never_changes() -> None:
    train, test = split_rows(12, 3, None)
    # Numbers of this version of NumPy; were its shuffle to change, old runs would be scored on rows they trained on.
    assert (train.tolist(), test.tolist()) == ([5, 9, 1, 6, 0, 10, 3, 11, 7], [8, 2, 4])


def test_training_rows_are_shuffled() -> None:
    train, _ = split_rows(1000, 100, np.repeat([0, 1], 500).astype(np.int16))
    assert abs((train[:450] < 500).mean() - 0.5) < 0.1
    assert pytest.approx(0, abs=0.15) == np.corrcoef(train, np.arange(900))[0, 1]
