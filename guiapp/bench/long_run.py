"""A run file as long as a patient person makes it, in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from guiapp.engine.recorder import Recorder
from guiapp.engine.trainer import Trainer
from guiapp.spec import RunSpec

REAL = 1000  # steps that are trained; the later half comes again and again, for all that is measured now and then
RHYTHM = 500  # steps after which every such measurement has come
CHUNK = 300  # steps that are appended at once, as in the half a second of a fast run


def write_long_run(path: Path, spec: RunSpec, steps: int) -> None:
    """A run of `spec` in the run file at `path` that says it has `steps` steps (at least `REAL`): the rows of a short
    one, then its last ones again and again with noise of 0.1 % on them, so that they compress as real ones do, and the
    weights of the short run as the keyframe of the last step."""
    trainer = Trainer(spec)
    events = trainer.events()
    for _ in range(min(REAL, steps)):
        next(events)
    rows, rng = trainer.flush(), np.random.default_rng(0)
    last = rows[-RHYTHM:]
    recorder = Recorder(path, trainer)
    recorder.add(rows, [(0, "start", {})])
    for begin in range(len(rows), steps, CHUNK):
        some = last[np.arange(begin, min(begin + CHUNK, steps)) % len(last)]
        recorder.add(some * (1 + np.float32(1e-3) * rng.standard_normal(some.shape, np.float32)))
    trainer.step = steps
    recorder.close()
