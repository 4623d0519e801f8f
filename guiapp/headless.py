"""Training without a window: the same trainer, one JSON object at the end."""

from __future__ import annotations

import json
import math
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.data.source import DataError
from guiapp.engine import device
from guiapp.engine.recorder import Recorder
from guiapp.engine.run_file import RunFileError, StoredRun, read_run, resumed
from guiapp.engine.trainer import Trainer, last_values
from guiapp.parameters import edited
from guiapp.spec import RunSpec, SpecError, to_builtins

Rows = npt.NDArray[np.float32]
FLUSH_EVERY = 500  # steps between two appends to the run file


def train(run: RunSpec | Path, steps: int, out: Path | None, as_json: bool, adapt: bool = False) -> int:
    """Train `steps` iterations of a spec, or `steps` more of a run file, and print the result; `adapt` lets the
    likelihood follow the data.

    Returns:
        0; 1 when a value was not finite; 2 when the data or a run file cannot be used; 130 after Ctrl+C.
    """
    device.take_threads()
    try:
        trainer, stored = _trainer(run, adapt)
        recorder = _recorder(out, trainer, stored) if out else None
    except (DataError, SpecError, RunFileError) as error:
        print(f"elboscope: {error}", file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error) as error:
        print(f"elboscope: The run file {out} cannot be written: {error}. Choose another place.", file=sys.stderr)
        return 2
    tensor, rows, interrupted = _steps(trainer, trainer.step + steps, recorder)
    result: dict[str, Any] = {
        "steps": trainer.step,
        "steps_per_s": trainer.step / trainer.seconds if trainer.seconds else 0.0,
        "train": last_values(trainer.names, rows),
        "heldout": {name: v if math.isfinite(v) else None for name, v in trainer.heldout().items()},
        "spec": to_builtins(trainer.spec),
    }
    if tensor:
        result["diverged"] = {"step": trainer.step + 1, "tensor": tensor}
        print(f"elboscope: step {trainer.step + 1}: the {tensor} is not finite; training stopped.", file=sys.stderr)
    print(json.dumps(result, indent=2) if as_json else _table(result))
    return 130 if interrupted else 1 if tensor else 0


def _trainer(run: RunSpec | Path, adapt: bool) -> tuple[Trainer, StoredRun | None]:
    if isinstance(run, Path):
        stored = read_run(run)
        return resumed(stored), stored
    try:
        return Trainer(run), None
    except SpecError as error:
        if not (adapt and error.remedy):
            raise
        for path, new in error.remedy.items():
            print(f"elboscope: {path} is {new} for these data.", file=sys.stderr)
            run = edited(run, path, new)
        return Trainer(run), None


def _recorder(out: Path, trainer: Trainer, stored: StoredRun | None) -> Recorder:
    recorder = Recorder(out, trainer)
    if stored:
        recorder.take_over(stored)
    return recorder


def _steps(trainer: Trainer, until: int, recorder: Recorder | None) -> tuple[str | None, Rows, bool]:
    """Train to step `until`, or to the first Ctrl+C, and close the recorder; gives the first non-finite tensor, if any,
    the last rows, and whether it was interrupted."""
    tail = np.empty((0, len(trainer.names)), np.float32)
    events, tensor = trainer.events(), None
    with _interruption() as interrupted:
        while trainer.step < until and tensor is None and not interrupted.is_set():
            tensor = next(events)
            if trainer.step % FLUSH_EVERY == 0 or trainer.step == until or tensor or interrupted.is_set():
                rows = trainer.flush()
                tail = np.concatenate([tail, rows])[-FLUSH_EVERY:]
                recorder = _written(recorder, partial(Recorder.add, rows=rows))
    _written(recorder, Recorder.close)
    return tensor, tail, interrupted.is_set()


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Set by Ctrl+C instead of an exception, which could strike between the weights and the count of a step."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _written(recorder: Recorder | None, write: Callable[[Recorder], None]) -> Recorder | None:
    """`write` to the run file; where that fails, say so once and train on without."""
    try:
        if recorder:
            write(recorder)
        return recorder
    except (OSError, sqlite3.Error) as error:
        print(f"elboscope: The run is no longer recorded: {error}. Free some disk space.", file=sys.stderr)
        return None


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['steps']} steps, {result['steps_per_s']:.1f} steps/s", f"{'':24}{'train':>12}{'held-out':>12}"]
    for name, heldout in result["heldout"].items():
        pair = (result["train"].get(name), heldout)
        lines.append(f"{name:24}" + "".join(f"{'none' if v is None else format(v, '.5g'):>12}" for v in pair))
    return "\n".join(lines)
