"""The cost of recording, and long runs, at small sizes; their figures belong to the bench."""

from __future__ import annotations

import math
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from guiapp.bench import long_run, recording
from guiapp.engine.resume import resumed
from guiapp.engine.run import Run
from guiapp.run_file import read_run
from tests.engine import runs

SPEC = runs.spec(runs.gan(), "ring")


@pytest.mark.slow
def test_the_cost_of_recording_is_found_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording that takes 30 ms a step, where training takes some, shows in both."""
    keep = Run.keep_record

    def slow(run: Run) -> None:
        began = perf_counter()
        keep(run)
        while perf_counter() - began < 0.03:
            pass

    monkeypatch.setattr(recording, "SETTLING", 0.05)
    monkeypatch.setattr(Run, "keep_record", slow)
    by_speed, by_clock = recording.recording_cost(SPEC, 0.3, 3)
    assert 20 < by_speed < 100
    assert 20 < by_clock < 150  # the last step may begin within the segment and end far outside


def test_recording_as_it_is_costs_less_than_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SETTLING", 0.05)
    by_speed, by_clock = recording.recording_cost(SPEC, 0.2, 1)
    assert math.isfinite(by_speed)
    assert 0 < by_clock < 60


@pytest.mark.parametrize("steps", [70, 950])
def test_a_long_run_is_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    monkeypatch.setattr(long_run, "REAL", 100)
    path = tmp_path / "long.elbo"
    long_run.write_long_run(path, SPEC, steps)
    stored = read_run(path)
    assert stored.rows.shape == (steps, len(stored.names))
    assert np.isfinite(stored.rows[:, stored.names.index("d_loss")]).all()
    assert [event.kind for event in stored.events] == ["start"]
    trainer = resumed(stored)
    assert (trainer.step, trainer.names) == (steps, stored.names)
    next(trainer.events())
    assert trainer.step == steps + 1
