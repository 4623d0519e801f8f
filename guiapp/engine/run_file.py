"""Reading a run file: read-only, nothing in it is executed or unpickled, and every fault is one sentence."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.engine.keyframe import KeyframeError, restore, spec_of
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited
from guiapp.spec import RunSpec, SpecError, from_json

SCHEMA = 1  # of the tables that a `Recorder` makes
LONGEST_CHUNK = 1 << 24  # steps; a recorder writes some thousands at most


class RunFileError(Exception):
    """A file that is no run file, or a damaged one; one sentence with its name and what is wrong."""


@dataclass(frozen=True)
class Event:
    """What happened after `step`."""

    step: int
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class StoredRun:
    """A run as its file holds it: rows (T, S) of the series `names`, events, and the newest keyframe, if any."""

    path: Path
    meta: dict[str, str]
    names: tuple[str, ...]
    rows: npt.NDArray[np.float32]
    events: tuple[Event, ...]
    keyframe: bytes | None


def read_run(path: Path) -> StoredRun:
    """All of the run file at `path`.

    Raises:
        RunFileError: there is no such file, it is none of ours, of a newer version, or damaged.
    """
    if not path.is_file():
        raise RunFileError(f"{path}: there is no such file; check the path.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != SCHEMA:
                raise RunFileError(f"{path}: run files of version {version} cannot be read, only of version {SCHEMA}.")
            meta = dict(db.execute("SELECT key, value FROM meta"))
            names = tuple(str(name) for name in json.loads(meta["names"]))
            rows = np.concatenate([np.empty((0, len(names)), np.float32), *_chunks(db, len(names))])
            found = db.execute("SELECT step, kind, detail FROM event ORDER BY id")
            events = tuple(Event(step, kind, dict(json.loads(detail))) for step, kind, detail in found)
            newest = db.execute("SELECT state FROM keyframe ORDER BY step DESC LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        raise RunFileError(f"{path}: this is no run file, or it is damaged ({error}).") from error
    except (ValueError, KeyError, TypeError, zlib.error, RecursionError, MemoryError) as error:
        raise RunFileError(f"{path}: this run file is damaged ({type(error).__name__}: {error}).") from error
    return StoredRun(path, meta, names, rows, events, newest[0] if newest else None)


def edits(stored: StoredRun, until: int) -> list[tuple[Event, RunSpec]]:
    """The edits after the steps up to `until`, each with the spec that it led to.

    Raises:
        RunFileError: an edit that the run cannot have had.
    """
    try:
        spec, found = from_json(stored.meta["spec"]), []
        for event in stored.events:
            if event.kind == "edit" and event.step <= until:
                spec = edited(spec, str(event.detail["path"]), event.detail["new"])
                found.append((event, spec))
    except (SpecError, KeyError) as error:
        raise RunFileError(f"{stored.path}: this run file is damaged (an edit: {error}).") from error
    return found


def resumed(stored: StoredRun) -> Trainer:
    """A trainer that stands where the newest keyframe of `stored` was taken, and goes on bit for bit as the run would
    have.

    Raises:
        RunFileError: there is no keyframe, or it does not fit. DataError: the data are gone or changed their form.
        SpecError: this machine lacks the device.
    """
    if stored.keyframe is None:
        raise RunFileError(f"{stored.path}: this run holds no weights to go on from.")
    try:
        spec = spec_of(stored.keyframe)
    except (KeyframeError, SpecError) as error:
        raise RunFileError(f"{stored.path}: {error}") from error
    trainer = Trainer(spec)
    try:
        restore(trainer, stored.keyframe)
    except KeyframeError as error:
        raise RunFileError(f"{stored.path}: {error}; were the data changed?") from error
    if trainer.names != stored.names or not 0 <= trainer.step <= len(stored.rows):
        raise RunFileError(f"{stored.path}: the curves and the weights of this run file do not belong together.")
    return trainer


def _chunks(db: sqlite3.Connection, width: int) -> Iterator[npt.NDArray[np.float32]]:
    expected = 1
    for first, count, blob in db.execute("SELECT first, count, rows FROM chunk ORDER BY first"):
        if first != expected or not 0 < count <= LONGEST_CHUNK:
            raise ValueError(f"steps {expected} and following are missing")
        size = 4 * count * width
        data = zlib.decompressobj().decompress(blob, size + 1)  # never more than promised: no decompression bomb
        if len(data) != size:
            raise ValueError(f"steps {first} and following are incomplete")
        expected += count
        yield np.frombuffer(data, "<f4").reshape(count, width)
