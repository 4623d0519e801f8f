"""What happened in a run, as the timeline shows it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.gui.panels.timeline_marks import EDIT, GAP_PX, HALF_PX, Chain, Mark, Marks, note_of, placed_labels
from guiapp.messages import Edited
from guiapp.run_file import Event
from tests.gui import frames

BETA, LR = "model.beta", "model.optimiser.lr"


def edits(*wanted: tuple[int, str, Any, Any]) -> tuple[Edited, ...]:
    return frames.marks(frames.vae_frame(0).run, wanted)


def chains(marks: Marks, scale: float = 1.0, first: int = 0, last: int = 10**6) -> list[Chain]:
    return marks.chains(first, last, lambda step: step * scale)


def notes(marks: Marks) -> list[str]:
    return [note_of(chain, str) for chain in chains(marks)]


def test_an_edit_says_title_old_and_new() -> None:
    marks = Marks()
    marks.set(edits((700, BETA, 1.0, 4.0), (900, LR, 1e-3, 3e-4)), ())
    assert notes(marks) == ["β 1→4 · step 700", "learning rate 0.001→0.0003 · step 900"]
    assert [chain.first.edit for chain in chains(marks)] == [0, 1]


def test_edits_of_a_slider_look_like_one() -> None:
    marks = Marks()
    marks.set(edits((700, BETA, 1.0, 2.0), (703, BETA, 2.0, 3.0), (704, LR, 1e-3, 3e-4), (706, BETA, 3.0, 4.0)), ())
    beta, rate = chains(marks)
    assert (beta.label, beta.count, beta.left, beta.right, beta.first.edit) == ("β 1→4", 3, 700, 706, 0)
    assert (rate.count, rate.first.edit) == (1, 2)
    assert note_of(beta, str) == "β 1→4 · 3 times, steps 700 to 706"
    assert len(chains(marks, scale=10)) == 4, "further apart they are told apart"
    assert [chain.label for chain in chains(marks, first=702, last=705)] == ["β 2→3", "learning rate 0.001→0.0003"]


def test_edits_and_events_stand_in_the_order_of_their_steps() -> None:
    marks = Marks()
    marks.set(edits((700, BETA, 1.0, 4.0)), (Event(900, "resume", {}), Event(300, "diverged", {"tensor": "w"})))
    assert [chain.left for chain in chains(marks)] == [300, 700, 900]
    assert chains(marks, last=699)[-1].first.kind == "diverged", "nothing after the last step"
    marks.clear()
    assert chains(marks) == []


@pytest.mark.parametrize(
    ("kind", "detail", "note", "shape"),
    [
        ("diverged", {"tensor": "encoder.0.weight"}, "diverged: encoder.0.weight was not finite · step 7", "cross"),
        ("resume", {}, "went on from the run file · step 7", "arrow"),
        ("fork", {"parent": "3f2a", "step": 7}, "forked here from run 3f2a · step 7", "diamond"),
        ("recovered", {}, "recovered after a crash · step 7", "plus"),
        ("step", {"player": "d"}, "from here the discriminator alone · step 7", "lower dot"),
        ("step", {"player": "g"}, "from here the generator alone · step 7", "upper dot"),
        ("step", {"player": "both"}, "from here both players again · step 7", "ring"),
        ("verdict", {"verdict": "mode dropping", "evidence": "5 of 8."}, "mode dropping: 5 of 8. · step 7", "square"),
        ("verdict", {"verdict": "mode dropping", "over": True}, "no longer: mode dropping · step 7", "ring"),
        ("comet", {}, "comet · step 7", "ring"),
        ("diverged", {}, "diverged: a value was not finite · step 7", "cross"),
        ("fork", {}, "forked here from run unknown · step 7", "diamond"),
        ("step", {}, "step None · step 7", "ring"),
    ],
)
def test_every_event_has_a_shape_and_words(kind: str, detail: dict[str, Any], note: str, shape: str) -> None:
    marks = Marks()
    marks.set((), (Event(7, kind, detail),))
    assert notes(marks) == [note]
    assert chains(marks)[0].first.style.shape == shape


def test_a_verdict_is_named_and_is_of_another_colour_where_it_is_sure() -> None:
    said = {"verdict": "mode dropping", "confident": False, "evidence": "5 of 8.", "remedy": "Packing."}
    marks = Marks()
    sure, other = {**said, "confident": True}, {**said, "verdict": "oscillation"}
    marks.set((), (Event(7, "verdict", said), Event(50, "verdict", sure), Event(52, "verdict", other)))
    first, second, third = (chain.first for chain in chains(marks))
    assert [mark.style.colour for mark in (first, second, third)] == ["warning", "bad", "warning"]
    assert [mark.style.label for mark in (first, second, third)] == ["mode dropping", "mode dropping", "oscillation"]


def test_start_and_edit_events_have_no_mark() -> None:
    marks = Marks()
    marks.set((), (Event(0, "start", {}), Event(5, "edit", {"path": BETA, "old": 1.0, "new": 4.0})))
    assert chains(marks) == []


def test_a_long_story_is_cut() -> None:
    marks = Marks()
    marks.set((), (Event(7, "comet", {"tail": "x" * 1000}),))
    assert len(notes(marks)[0]) < 140


# ---------------------------------------------------------------------------------------------------------- labels


def chain(left: float, label: str, right: float | None = None) -> Chain:
    mark = Mark(0, "edit", EDIT, "")
    return Chain(mark, mark, 1, left, left if right is None else right, label)


def test_a_label_stands_right_of_its_mark_and_at_the_end_left_of_it() -> None:
    wide = 10.0 * 5
    side = HALF_PX + GAP_PX
    placed = placed_labels([chain(100, "first"), chain(390, "later")], lambda text: 10.0 * len(text), 400)
    assert placed == [(100 + side, "first"), (390 - side - wide, "later")]


def test_a_label_without_room_is_left_out() -> None:
    tight = [chain(100, "first"), chain(130, "second"), chain(160, "")]
    assert placed_labels(tight, lambda text: 30.0, 400) == [(62, "first")], "left of it there was room"
    assert placed_labels(tight, lambda text: 99.0, 400) == []


@given(
    st.lists(st.tuples(st.floats(0, 800), st.floats(0, 30), st.text("ab", max_size=12)), max_size=30),
    st.floats(5, 12),
)
def test_labels_overlap_neither_each_other_nor_marks(spots: list[tuple[float, float, str]], letter: float) -> None:
    found = [chain(left, label, left + long) for left, long, label in sorted(spots)]
    placed = placed_labels(found, lambda text: letter * len(text), 810)
    places = sorted((left, left + letter * len(text)) for left, text in placed)
    assert all(left >= 0 and right <= 810 for left, right in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    for c in found:
        assert all(right <= c.left - HALF_PX or left >= c.right for left, right in places)
