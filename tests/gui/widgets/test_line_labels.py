"""Names stand at the ends of their curves without overlap."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.gui.widgets.line_labels import Label, LineLabels, spread


@given(st.lists(st.floats(-50, 400), min_size=1, max_size=4))
def test_lines_do_not_overlap_and_stay_in_the_room(wanted: list[float]) -> None:
    placed = sorted(spread(wanted, 15.0, 300.0))
    assert placed[0] >= 7.5 - 1e-9
    assert placed[-1] <= 292.5 + 1e-9
    assert all(b - a >= 15.0 - 1e-9 for a, b in itertools.pairwise(placed))


def test_lines_far_apart_stand_where_they_want() -> None:
    assert spread([200.0, 50.0], 15.0, 300.0) == [200.0, 50.0]


@pytest.mark.parametrize("count", [4, 5])
def test_more_than_four_names_become_a_list(qtbot: object, count: int) -> None:
    labels = LineLabels()
    labels.set_labels(tuple(Label(f"curve {i}", "#0072b2", True, i / 4) for i in range(count)))
    labels.resize(100, 300)
    heights = [place.center().y() for place in labels.places()]
    assert (heights[0] < heights[-1]) == (count > 4)  # curve 0 ends lowest
