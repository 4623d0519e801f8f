"""A report that is not wanted any more does not read a person's data to their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from guiapp.engine.recorder import Recorder
from guiapp.engine.trainer import Trainer
from guiapp.gui.showcase.job import CancelledError, Job
from guiapp.gui.showcase.report import _read
from guiapp.spec import Data, RunSpec
from tests.engine import runs


def test_reading_the_data_for_the_script_can_be_given_up(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("0.5,0.25,0.125\n" * 5000)
    spec = RunSpec(data=Data(name="file", path=str(data)), model=runs.vae(), batch=16, device="cpu")
    trainer = Trainer(spec)
    recorder = Recorder(tmp_path / "run.elbo", trainer)
    recorder.add(runs.train(trainer, 3))
    recorder.close()
    job = Job("reading", lambda _: None)
    assert "DATA = " in _read(recorder.path, job)[1]
    job.cancel()
    with pytest.raises(CancelledError):
        _read(recorder.path, job)
