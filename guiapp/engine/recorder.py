"""The run file: one SQLite database a run, written by the trainer process alone."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.torch

from guiapp.engine.trainer import Trainer
from guiapp.spec import to_json

SCHEMA = 1
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL) STRICT;
CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE keyframe (step INTEGER PRIMARY KEY, weights BLOB NOT NULL) STRICT;
"""


class Recorder:
    """Appends to the run file at `path`; an existing file is replaced.

    `chunk.rows` is zlib-compressed little-endian float32 of shape (count, S), the columns as in meta `names`;
    `event.detail` is JSON; `keyframe.weights` is safetensors (never a pickle). docs/run-file.md describes all of it.

    Raises:
        OSError, sqlite3.Error: the file cannot be written.
    """

    def __init__(self, path: Path, trainer: Trainer) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        self.path = path
        self._trainer = trainer
        self._next = 1
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(TABLES)
        self._db.execute(f"PRAGMA user_version={SCHEMA}")
        meta = {
            "spec": to_json(trainer.spec).decode(),
            "names": json.dumps(trainer.names),
            "tensors": json.dumps(trainer.tensors),
            "device": str(trainer.device),
        }
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())

    def add(self, rows: npt.NDArray[np.float32]) -> None:
        """Append `rows` (t, S) of the steps that follow those written so far."""
        if len(rows):
            blob = zlib.compress(rows.astype("<f4", copy=False).tobytes(), 1)
            self._db.execute("INSERT INTO chunk VALUES (?, ?, ?)", (self._next, len(rows), blob))
            self._next += len(rows)

    def event(self, step: int, kind: str, detail: dict[str, Any]) -> None:
        """Note that `kind` happened after `step`."""
        self._db.execute("INSERT INTO event (step, kind, detail) VALUES (?, ?, ?)", (step, kind, json.dumps(detail)))

    def keyframe(self) -> None:
        """Store the weights as they are now."""
        blob = safetensors.torch.save(self._trainer.weights())
        self._db.execute("INSERT OR REPLACE INTO keyframe VALUES (?, ?)", (self._trainer.step, blob))

    def copy_to(self, path: Path) -> None:
        """Write all so far, weights included, to a new file at `path`, which is replaced."""
        self.keyframe()
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        try:
            self._db.execute("VACUUM INTO ?", (str(part),))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Store the weights and leave one file without its log."""
        if self._trainer.step:
            self.keyframe()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()


def read_run(path: Path) -> tuple[dict[str, str], npt.NDArray[np.float32]]:
    """The meta entries and all rows (T, S) of the run file at `path`, opened read-only.

    Raises:
        sqlite3.Error: no run file, or a damaged one.
    """
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        meta = dict(db.execute("SELECT key, value FROM meta"))
        width = len(json.loads(meta["names"]))
        chunks = [
            np.frombuffer(zlib.decompress(blob), "<f4")
            for (blob,) in db.execute("SELECT rows FROM chunk ORDER BY first")
        ]
        rows = np.concatenate(chunks) if chunks else np.empty(0, np.float32)
        return meta, rows.reshape(-1, width)
    finally:
        db.close()
