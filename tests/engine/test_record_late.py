"""A run whose file cannot be begun, or gone on with, at first: later it is recorded from its first step on."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.engine import run as module
from guiapp.engine.recorder import Recorder
from guiapp.engine.resume import resumed, standing_at
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited
from guiapp.run_file import read_run, read_summary
from tests.engine import runs
from tests.engine.bench import VAE, Bench


def full_at_first(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While this holds anything, no run file can be begun."""
    full = [True]

    class Full(Recorder):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().__init__(*arguments, **named)

    monkeypatch.setattr("guiapp.engine.worker.Recorder", Full)
    monkeypatch.setattr(module, "RECORD_EVERY", 0.0)
    monkeypatch.setattr(module, "RETRY_EVERY", 0.0)
    return full


@pytest.mark.parametrize("ends", [False, True], ids=["training", "ended"])
def test_a_run_that_began_on_a_full_disk_is_recorded_once_there_is_space(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    full = full_at_first(monkeypatch)
    bench.obey(m.Start(1, VAE, running=True))
    (sentence,) = bench.refusals()
    assert sentence.startswith("The run is not recorded, training goes on: the disk is full; free some space there;")
    assert sentence.endswith("; it will be as soon as that is mended.")
    bench.advance(300)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.advance(20)
    assert bench.last(m.Edited).step == 300, "nothing more was said"
    told = bench.pull()
    full.clear()
    if ends:
        bench.worker.close()
    else:
        bench.advance(1)
        assert bench.refusals()[1:] == ["The run is recorded again; nothing is missing."]
        bench.advance(9)
    (event,) = [event for event in bench.said if isinstance(event, m.Recorded)]
    assert event.key == 1
    bench.worker.close()
    stored = read_run(Path(event.run_file))
    assert len(stored.rows) == (320 if ends else 330)
    assert np.array_equal(stored.rows[:320], told.rows, equal_nan=True)
    assert [(event.step, event.kind) for event in stored.events] == [(0, "start"), (300, "edit")]
    assert stored.spec == VAE, "as it began"
    again = Trainer(VAE)
    runs.train(again, 300)
    again.edit("model.beta", 2.0)
    runs.train(again, len(stored.rows) - 300)
    assert runs.equal(resumed(stored).weights(), again.weights())


def test_a_full_disk_is_not_tried_at_every_step(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    full_at_first(monkeypatch)
    monkeypatch.setattr(module, "RETRY_EVERY", 10.0)
    bench.obey(m.Start(1, VAE, running=True))
    monkeypatch.setattr(bench.run, "_record", lambda: pytest.fail("tried again too soon"))
    bench.advance(20)
    bench.worker.settle()
    monkeypatch.setattr(bench.run, "_record", None)


def begun(bench: Bench, monkeypatch: pytest.MonkeyPatch, cut: bool = False) -> Path:
    """A run of 40 steps with β edited at step 10 and keyframes at 10, 20 and, unless it was `cut`, 40."""
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_EVERY", 1e9)
    monkeypatch.setattr(module, "RECORD_EVERY", 0.0)
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(10)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.advance(10)
    bench.worker.settle()
    bench.advance(20)
    path = bench.run_file
    if cut:
        assert bench.run._recorder is not None
        bench.run._recorder.abandon()
        bench.worker._run = None
    bench.worker.close()
    return path


def known(bench: Bench) -> int:
    """Steps that the newest run began with."""
    return next(event.known for event in reversed(bench.said) if isinstance(event, m.Started))


def recorded(bench: Bench, key: int) -> Path:
    (event,) = [event for event in bench.said if isinstance(event, m.Recorded) and event.key == key]
    return Path(event.run_file)


@pytest.mark.parametrize("beta", [2.0, 5.0])
def test_a_fork_begun_on_a_full_disk_is_recorded_as_one_begun_with_space(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, beta: float
) -> None:
    parent = begun(bench, monkeypatch)
    full = full_at_first(monkeypatch)
    for key in (2, 3):
        spec = edited(VAE, "model.beta", beta)
        bench.obey(m.Open(key, str(parent), 20, spec, running=True))
        told = bench.pull()
        assert known(bench) == 20
        bench.advance(25)
        bench.obey(m.Edit("model.beta", 0.5))
        bench.advance(5)
        full.clear()
        bench.advance(5)
        weights = bench.trainer.weights()
        bench.worker.close()
        kinds = [(0, "start"), (10, "edit"), (20, "fork"), *([(20, "edit")] if beta == 5 else []), (45, "edit")]
        assert [(step, kind) for step, kind, _ in told.events] == kinds[:-1]
        path = recorded(bench, 2) if key == 2 else bench.run_file
        stored, before = read_run(path), read_run(parent)
        assert len(stored.rows) == 55
        assert np.array_equal(stored.rows[:20], before.rows[:20], equal_nan=True)
        assert [(event.step, event.kind) for event in stored.events] == kinds
        assert stored.spec == VAE
        assert {0, 10, 20, 55} <= set(stored.keyframes)
        assert runs.equal(resumed(stored).weights(), weights)
        assert read_summary(path).parent == read_summary(parent).id
        if key == 3:
            late = read_run(recorded(bench, 2))
            assert np.array_equal(stored.rows[:, 1:], late.rows[:, 1:], equal_nan=True)
            assert [event.detail for event in stored.events] == [event.detail for event in late.events]
            assert {k: stored.keyframes[k] for k in (0, 10, 20)} == {k: late.keyframes[k] for k in (0, 10, 20)}
            for keyframe in (20, 55):
                one, two = (standing_at(run, keyframe) for run in (stored, late))
                assert runs.equal(one.weights(), two.weights())
                assert one.spec == two.spec


@pytest.mark.parametrize("when", ["catching up", "training", "ended"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_run_reopened_on_a_full_disk_is_recorded_once_there_is_space(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, cut: bool, when: str
) -> None:
    path = begun(bench, monkeypatch, cut)
    before = path.read_bytes()
    full = full_at_first(monkeypatch)
    bench.obey(m.Open(2, str(path)))
    assert "the disk is full" in bench.refusals()[0]
    assert known(bench) == (20 if cut else 40)
    if when == "catching up":
        full.clear()
    bench.until_it_stops()
    assert bench.trainer.step == 40
    bench.obey(m.Run())
    bench.advance(30)
    if when != "catching up":
        assert path.read_bytes() == before
    full.clear()
    if when != "ended":
        bench.advance(10)
        assert bench.refusals()[1:] == ["The run is recorded again; nothing is missing."]
    weights, step = bench.trainer.weights(), bench.trainer.step
    bench.worker.close()
    assert recorded(bench, 2) == path
    stored = read_run(path)
    assert len(stored.rows) == step == (70 if when == "ended" else 80)
    assert [(event.step, event.kind) for event in stored.events] == [(0, "start"), (10, "edit"), (40, "resume")]
    assert runs.equal(resumed(stored).weights(), weights)
    twin = Trainer(VAE)
    runs.train(twin, 10)
    twin.edit("model.beta", 2.0)
    rows = runs.train(twin, step - 10)
    assert np.array_equal(stored.rows[10:, 1:], rows[:, 1:], equal_nan=True)


def test_what_another_window_has_trained_meanwhile_is_not_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = begun(bench, monkeypatch)
    full = full_at_first(monkeypatch)
    bench.obey(m.Open(2, str(path)), m.Run())
    bench.advance(10)
    full.clear()
    other = Bench(path.parent)
    other.obey(m.Open(1, str(path)), m.Run())
    other.advance(25)
    other.worker.close()
    held = path.read_bytes()
    bench.advance(30)
    assert [s for s in bench.refusals() if "another window has gone on with this run" in s] == bench.refusals()[-1:]
    bench.worker.close()
    assert path.read_bytes() == held
    assert len(read_run(path).rows) == 65
