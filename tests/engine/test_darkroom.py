"""Which pictures are made, and that looking stays within its share of the time; the clock is the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from guiapp.engine import darkroom as module
from guiapp.engine.darkroom import ADVANCE, SHARE, Darkroom
from guiapp.engine.probes import PROBES
from guiapp.engine.probes.probe import Arrays, Probe
from guiapp.engine.trainer import Trainer
from tests.engine import runs

COSTS = {"cheap": 0.01, "dear": 0.2}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Probes that take so many seconds of this clock."""
    clock = Clock()

    def probe(kind: str, cost: float, requires: frozenset[str] = frozenset()) -> Probe:
        def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
            clock.now += cost
            return {"step": np.array([trainer.step])}

        return Probe(kind, requires, read, frozenset({"latent_axes"}))

    probes = [probe(kind, cost) for kind, cost in COSTS.items()]
    monkeypatch.setattr(module, "PROBES", (*probes, probe("alien", 0.0, frozenset({"encodes", "scores"}))))
    return clock


def test_while_training_pictures_take_no_more_than_their_share(clock: Clock) -> None:
    run = runs.trainer(runs.vae())
    darkroom, events, needs = Darkroom(run, print, clock), run.events(), frozenset(COSTS)
    counts = dict.fromkeys(COSTS, 0)
    start = clock.now
    for _ in range(500):
        next(events)
        run.seconds = run.step * 0.2
        for kind in darkroom.make(needs, {}, running=True):
            counts[kind] += 1
        assert clock.now - start <= ADVANCE + SHARE * run.seconds + max(COSTS.values()) + 1e-9
    assert clock.now - start > SHARE * run.seconds, "the share is used, not left"
    assert abs(counts["cheap"] - counts["dear"]) <= 1, "they take turns"


def test_an_answer_comes_at_once_in_a_new_run(clock: Clock) -> None:
    run = runs.trainer(runs.vae())
    assert set(Darkroom(run, print, clock).make(frozenset(COSTS), {}, running=True)) == set(COSTS)


def test_when_training_stands_all_are_made_once_for_nothing(clock: Clock) -> None:
    run = runs.trainer(runs.vae())
    darkroom, events, needs = Darkroom(run, print, clock), run.events(), frozenset(COSTS)
    for _ in range(50):
        next(events)
        assert set(darkroom.make(needs, {}, running=False)) == set(COSTS)
        assert darkroom.make(needs, {}, running=False) == {}, "the same step is the same picture"
    next(events)
    assert set(darkroom.make(needs, {}, running=True)) == set(COSTS), "what was made in a pause costs no allowance"


def test_another_focus_makes_them_again(clock: Clock) -> None:
    darkroom = Darkroom(runs.trainer(runs.vae()), print, clock)
    needs = frozenset({"cheap"})
    assert set(darkroom.make(needs, {"latent_axes": (0, 1)}, running=False)) == needs
    assert darkroom.make(needs, {"latent_axes": (0, 1)}, running=False) == {}
    assert set(darkroom.make(needs, {"latent_axes": (0, 2)}, running=False)) == needs
    assert set(darkroom.make(needs, {}, running=False)) == needs
    assert darkroom.make(needs, {"colour": 1}, running=False) == {}, "which is no business of this picture"


def test_a_prompt_picture_is_made_at_once_when_its_focus_moves_whatever_was_spent(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
        return {"z": np.array(focus["z"])}

    monkeypatch.setattr(module, "PROBES", (Probe("decoded", frozenset(), read, frozenset({"z"}), prompt=True),))
    run = runs.trainer(runs.vae())
    darkroom, needs = Darkroom(run, print, clock), frozenset({"decoded"})
    assert set(darkroom.make(needs, {"z": 1}, running=True)) == needs
    darkroom._spent = 1e9
    assert set(darkroom.make(needs, {"z": 2}, running=True)) == needs
    run.step = 1
    assert darkroom.make(needs, {"z": 2}, running=True) == {}, "a new step alone waits for its share"


def test_only_what_was_asked_for_and_what_the_model_can_serve(clock: Clock) -> None:
    darkroom = Darkroom(runs.trainer(runs.vae()), print, clock)
    assert set(darkroom.make(frozenset({"cheap", "alien", "unheard of"}), {}, running=False)) == {"cheap"}
    assert darkroom.make(frozenset(), {}, running=False) == {}


def test_the_longest_unseen_comes_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.vae())
    darkroom, events, needs = Darkroom(run, print, clock), run.events(), frozenset(COSTS)
    next(events)
    darkroom.make(frozenset({"cheap"}), {}, running=True)
    next(events)
    monkeypatch.setattr(module, "ADVANCE", 0.05)
    run.seconds = 0.0
    assert set(darkroom.make(needs, {}, running=True)) == {"dear"}
    assert darkroom.make(needs, {}, running=True) == {}


def test_a_picture_that_cannot_be_made_is_told_once_and_the_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("eigh did not converge")

    monkeypatch.setattr("guiapp.engine.darkroom.PROBES", (Probe("latent", frozenset(), break_down), *PROBES[1:]))
    said: list[str] = []
    run = runs.trainer(runs.vae())
    darkroom = Darkroom(run, said.append)
    for _ in range(3):
        runs.train(run, 1)
        assert set(darkroom.make(frozenset({"latent", "samples"}), {}, running=False)) == {"samples"}
    assert said == ["The picture 'latent' cannot be made now (eigh did not converge); training goes on."]
