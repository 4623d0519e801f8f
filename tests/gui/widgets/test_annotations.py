"""Labels of edits: their words, and their places."""

from __future__ import annotations

import itertools

import pytest

from guiapp.gui.widgets.annotations import GAP, mark_label, mark_title, placed_labels, spans
from tests.gui.frames import gan_frame, vae_frame


def width(text: str) -> float:
    return 6.0 * len(text)


def test_a_mark_names_the_parameter_and_both_values() -> None:
    (mark,) = vae_frame(50, edits=((20, "model.beta", 1.0, 4.0),)).marks
    assert mark_label(mark_title(mark), mark, mark) == "β 1→4"


def test_a_title_that_two_parameters_share_says_whose_it_is() -> None:
    marks = gan_frame(
        50, edits=((9, "model.d_optimiser.lr", 1e-3, 1e-4), (20, "model.g_optimiser.lr", 1e-3, 1e-4))
    ).marks
    assert [mark_title(mark) for mark in marks] == ["Discriminator learning rate", "Generator learning rate"]
    (only,) = vae_frame(50, edits=((20, "model.optimiser.lr", 1e-3, 1e-4),)).marks
    assert mark_title(only) == "learning rate"


def test_an_edit_of_an_unknown_path_is_named_by_its_last_part() -> None:
    (mark,) = vae_frame(50, edits=((20, "model.beta", 1.0, 4.0),)).marks
    strange = type(mark)(mark.key, mark.step, "model.other.thing", 1, 2, mark.spec)
    assert mark_title(strange) == "thing"


@pytest.mark.parametrize("room", [300.0, 600.0])
def test_labels_never_overlap_and_stay_inside(room: float) -> None:
    paths = ("model.beta", "batch", "model.optimiser.lr")
    values = {"model.beta": (1.0, 2.0), "batch": (128, 64), "model.optimiser.lr": (1e-3, 1e-4)}
    marks = vae_frame(50, edits=tuple((i, paths[i % 3], *values[paths[i % 3]]) for i in range(30))).marks
    titles = {mark.path: mark_title(mark) for mark in marks}
    xs = [i * room / 29 for i in range(30)]
    placed = placed_labels(marks, titles, xs, width, room)
    assert placed
    for level in (0, 1):
        ranges = sorted((left, left + width(text)) for left, on, text in placed if on == level)
        assert all(end + GAP <= begin for (_, end), (begin, _) in itertools.pairwise(ranges))
        assert all(begin >= -GAP and end <= room + GAP for begin, end in ranges)


def test_a_slider_drawn_through_values_leaves_one_label() -> None:
    marks = vae_frame(50, edits=tuple((i, "model.beta", 1.0 + i, 2.0 + i) for i in range(10))).marks
    placed = placed_labels(marks, {"model.beta": "β"}, [100.0 + i for i in range(10)], width, 500.0)
    assert [text for _, _, text in placed] == ["β 1→11"]


def test_edits_of_a_slider_are_one_line_and_a_band() -> None:
    places = [("a", 10.0), ("a", 14.0), ("a", 22.0), ("a", 31.0), ("b", 33.0), ("a", 35.0)]
    assert spans(places) == [(10, 22), (31, 31), (33, 33), (35, 35)]
    assert spans([]) == []
