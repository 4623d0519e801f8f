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
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.data.source import DataError
from guiapp.engine import device
from guiapp.engine.fork import Fork
from guiapp.engine.recorder import Recorder
from guiapp.engine.replay import Replay, player_after, redo
from guiapp.engine.resume import resumed
from guiapp.engine.stored_files import trouble
from guiapp.engine.trainer import Trainer, last_values
from guiapp.fitting import check_estimator
from guiapp.parameters import edited
from guiapp.run_file import Outline, RunFileError, read_outline, read_run
from guiapp.spec import RunSpec, SpecError, to_builtins

Rows = npt.NDArray[np.float32]
TAIL = 500  # steps whose last finite values are printed
FLUSH_EVERY = 0.5  # seconds between two appends to the run file


def train(run: RunSpec | Path, steps: int, out: Path | None, as_json: bool, adapt: bool = False) -> int:
    """Train `steps` iterations of a spec, or `steps` more of a run file, and print the result; `adapt` lets the
    likelihood follow the data.

    Returns:
        0; 1 when a value was not finite; 2 when the data or a run file cannot be used; 130 after Ctrl+C.
    """
    device.take_threads()
    try:
        trainer, replay = _trainer(run, adapt)
        recorder = _recorder(out, trainer, replay) if out else None
    except (DataError, SpecError, RunFileError) as error:
        print(f"elboscope: {error}", file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error) as error:
        print(f"elboscope: The run file {out} cannot be written: {trouble(error)}.", file=sys.stderr)
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


def _trainer(run: RunSpec | Path, adapt: bool) -> tuple[Trainer, Replay | None]:
    if isinstance(run, Path):
        stored = read_outline(run)
        trainer = resumed(stored)
        return trainer, _caught_up(trainer, stored)
    check_estimator(run.model)
    try:
        return Trainer(run), None
    except SpecError as error:
        if not (adapt and error.remedy):
            raise
        for path, new in error.remedy.items():
            print(f"elboscope: {path} is {new} for these data.", file=sys.stderr)
            run = edited(run, path, new)
        return Trainer(run), None


def _caught_up(trainer: Trainer, stored: Outline) -> Replay:
    """Train again what `stored` holds of later steps than those of its newest weights."""
    replay, events = Replay(stored, trainer.step), trainer.events()
    trainer.player = player_after(stored.events_before(trainer.step))
    while True:
        for event in replay.due(trainer.step):
            redo(trainer, event)
        if replay.is_done(trainer.step) or (next(events) and not replay.diverged(trainer.step)):
            break
    trainer.flush()
    trainer.player = "both"
    return replay


def _recorder(out: Path, trainer: Trainer, replay: Replay | None) -> Recorder:
    if replay and out.absolute() == replay.stored.path.absolute():
        recorder = Recorder(out, trainer, go_on=replay.stored)
        recorder.take_up(trainer.step, replay.after)
        return recorder
    recorder = Recorder(out, trainer)
    if replay:
        recorder.inherit(Fork.of(read_run(replay.stored.path), replay.after, trainer))
    return recorder


def _steps(trainer: Trainer, until: int, recorder: Recorder | None) -> tuple[str | None, Rows, bool]:
    """Train to step `until`, or to the first Ctrl+C, and close the recorder; gives the first non-finite tensor, if any,
    the last rows, and whether it was interrupted."""
    tail = np.empty((0, len(trainer.names)), np.float32)
    events, tensor, due = trainer.events(), None, perf_counter() + FLUSH_EVERY
    with _interruption() as interrupted:
        while trainer.step < until and tensor is None and not interrupted.is_set():
            tensor = next(events)
            if perf_counter() >= due:
                due = perf_counter() + FLUSH_EVERY
                rows = trainer.flush()
                tail = np.concatenate([tail, rows])[-TAIL:]
                recorder = _written(recorder, partial(_record, rows=rows))
    rows = trainer.flush()
    recorder = _written(recorder, partial(Recorder.add, rows=rows))
    _written(recorder, Recorder.close)
    return tensor, np.concatenate([tail, rows])[-TAIL:], interrupted.is_set()


def _record(recorder: Recorder, rows: Rows) -> None:
    recorder.add(rows)
    recorder.keyframe_when_due()


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
        print(f"elboscope: The run is no longer recorded: {trouble(error)}.", file=sys.stderr)
        if recorder:
            recorder.abandon()
        return None


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['steps']} steps, {result['steps_per_s']:.1f} steps/s", f"{'':24}{'train':>12}{'held-out':>12}"]
    for name, heldout in result["heldout"].items():
        pair = (result["train"].get(name), heldout)
        lines.append(f"{name:24}" + "".join(f"{'none' if v is None else format(v, '.5g'):>12}" for v in pair))
    return "\n".join(lines)
