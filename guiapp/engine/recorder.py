"""The run file: one SQLite database a run, written by the trainer process alone."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from guiapp import __version__
from guiapp.engine.keyframe import pack
from guiapp.engine.run_file import SCHEMA, StoredRun
from guiapp.engine.trainer import Trainer
from guiapp.spec import to_json

APPLICATION = int.from_bytes(b"Elbo", "big")  # in the header of every run file
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL) STRICT;
CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE keyframe (step INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT;
"""


class Recorder:
    """Appends to the run file at `path`; an existing run file is replaced, any other file is not.

    `chunk.rows` is zlib-compressed little-endian float32 of shape (count, S), the columns as in meta `names`;
    `event.detail` is JSON; `keyframe.state` is what `keyframe.pack` makes. docs/run-file.md describes all of it.

    Raises:
        OSError, sqlite3.Error: the file cannot be written.
    """

    def __init__(self, path: Path, trainer: Trainer) -> None:
        refuse_to_destroy(path)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        self.path = path
        self._trainer = trainer
        self._next = 1
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(f"PRAGMA application_id={APPLICATION}")  # first, so that it is in the file and not in its log
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(TABLES)
        self._db.execute(f"PRAGMA user_version={SCHEMA}")
        meta = {
            "spec": to_json(trainer.spec).decode(),
            "names": json.dumps(trainer.names),
            "tensors": json.dumps(trainer.tensors),
            "device": str(trainer.device),
            "versions": json.dumps({"elboscope": __version__, "torch": str(torch.__version__)}),
        }
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())

    def add(self, rows: npt.NDArray[np.float32]) -> None:
        """Append `rows` (t, S) of the steps that follow those written so far."""
        if len(rows):
            blob = zlib.compress(rows.astype("<f4", copy=False).tobytes(), 1)
            self._db.execute("INSERT INTO chunk VALUES (?, ?, ?)", (self._next, len(rows), blob))
            self._next += len(rows)

    def take_over(self, stored: StoredRun) -> None:
        """Write what `stored` holds up to where the trainer, resumed from it, stands."""
        step = self._trainer.step
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'spec'", (stored.meta["spec"],))  # before its edits
        self.add(stored.rows[:step])
        for event in stored.events:
            if event.step <= step:
                self.event(event.step, event.kind, event.detail)
        self.event(step, "resume", {})

    def event(self, step: int, kind: str, detail: dict[str, Any]) -> None:
        """Note that `kind` happened after `step`."""
        self._db.execute("INSERT INTO event (step, kind, detail) VALUES (?, ?, ?)", (step, kind, json.dumps(detail)))

    def keyframe(self) -> None:
        """Store the run as it is now, in place of the keyframe before."""
        step = self._trainer.step
        self._db.execute("INSERT OR REPLACE INTO keyframe VALUES (?, ?)", (step, pack(self._trainer)))
        self._db.execute("DELETE FROM keyframe WHERE step != ?", (step,))

    def copy_to(self, path: Path) -> None:
        """Write all so far, a keyframe included, to a new file at `path`, which is replaced."""
        refuse_to_destroy(path)
        self.keyframe()
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        try:
            self._db.execute("VACUUM INTO ?", (str(part),))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Store a keyframe and leave one file without its log."""
        if self._trainer.step:
            self.keyframe()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()


def refuse_to_destroy(path: Path) -> None:
    """Raises FileExistsError where `path` is a file that no recorder wrote: a slip of the fingers would cost it."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            header = file.read(72)
        if not (header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION.to_bytes(4, "big")):
            raise FileExistsError(f"{path} is there already and is no run file")
