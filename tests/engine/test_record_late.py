"""A run whose file cannot be begun at first: it is recorded from its first step on, later."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.engine import run as module
from guiapp.engine.recorder import Recorder
from guiapp.engine.resume import resumed
from guiapp.engine.trainer import Trainer
from guiapp.run_file import read_run
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
