"""Small run files for the tests of exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from guiapp.engine.recorder import Recorder
from guiapp.engine.trainer import Trainer
from guiapp.run_file import Event, Rows, StoredRun
from guiapp.spec import Gan, Vae
from tests.engine import runs

KEYFRAME = 6  # the first one
EDIT = 6
LAST = 12


def recorded(path: Path, model: Vae | Gan, data: str = "digits") -> Trainer:
    """A closed run file at `path`: keyframes of steps 6 and 12, an edit of the batch size after 6. Gives its trainer,
    which stands at 12."""
    trainer = runs.trainer(model, data)
    recorder = Recorder(path, trainer)
    recorder.add(runs.train(trainer, KEYFRAME), [(0, "start", {})])
    recorder.keyframe(pinned=True)
    old, new = trainer.edit("batch", 8)
    recorder.add(runs.train(trainer, LAST - KEYFRAME), [(EDIT, "edit", {"path": "batch", "old": old, "new": new})])
    recorder.close()
    return trainer


def made(rows: Rows, names: tuple[str, ...] = (), events: tuple[Event, ...] = ()) -> StoredRun:
    """A run in memory, of rows (T, S)."""
    names = names or ("steps_per_s", *(f"grad/{i}" for i in range(1, rows.shape[1])))
    return StoredRun(Path("made.elbo"), {}, names, len(rows), events, {}, np.asarray(rows, np.float32))


def quiet(_fraction: float) -> None:
    """A progress that nobody looks at."""
