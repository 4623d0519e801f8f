"""Which verdicts stand, from the events of a run."""

from __future__ import annotations

from guiapp.gui.verdicts import rulings, standing
from guiapp.run_file import Event


def given(step: int, kind: str, sure: bool = False, evidence: str = "Because.") -> Event:
    detail = {"verdict": kind, "confident": sure, "evidence": evidence, "remedy": "Do."}
    return Event(step, "verdict", detail)


def over(step: int, kind: str) -> Event:
    return Event(step, "verdict", {"verdict": kind, "over": True})


def test_a_verdict_begins_becomes_sure_and_ends() -> None:
    story = (
        given(2000, "oscillation"),
        given(5000, "oscillation", sure=True, evidence="Now."),
        over(9000, "oscillation"),
    )
    found = [rulings(story[:count]) for count in (1, 2, 3)]
    assert [(r.begin, r.sure, r.end) for (r,) in found] == [(2000, None, None), (2000, 5000, None), (2000, 5000, 9000)]
    assert [r.evidence for (r,) in found] == ["Because.", "Now.", "Now."]
    assert [len(standing(story[:count])) for count in (0, 1, 2, 3)] == [0, 1, 1, 0]


def test_the_layer_is_that_of_the_newest_word() -> None:
    first = Event(1000, "verdict", {"verdict": "dead units", "confident": False, "layer": "encoder.2"})
    second = Event(2000, "verdict", {"verdict": "dead units", "confident": True, "layer": "decoder.0"})
    assert [ruling.layer for ruling in rulings((first, second))] == ["decoder.0"]
    assert [ruling.layer for ruling in rulings((given(1000, "oscillation"),))] == [""]


def test_one_that_comes_back_is_another() -> None:
    first, second = rulings((given(1000, "oscillation", True), over(3000, "oscillation"), given(7000, "oscillation")))
    assert (first.begin, first.end, first.confident) == (1000, 3000, True)
    assert (second.begin, second.end, second.confident) == (7000, None, False)


def test_the_sure_ones_come_first() -> None:
    found = standing(
        (given(1000, "oscillation"), given(2000, "mode dropping", True), given(3000, "memorisation", True))
    )
    assert [ruling.kind for ruling in found] == ["mode dropping", "memorisation", "oscillation"]


def test_other_events_and_broken_ones_say_nothing() -> None:
    story = (
        Event(1, "start", {}),
        Event(5, "verdict", {}),
        over(6, "oscillation"),
        Event(7, "edit", {"path": "batch"}),
    )
    assert rulings(story) == ()
    (bare,) = rulings((Event(9, "verdict", {"verdict": "comet"}),))
    assert (bare.kind, bare.evidence, bare.remedy, bare.confident) == ("comet", "", "", False)
