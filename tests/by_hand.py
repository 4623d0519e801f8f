"""Run files written from docs/run-file.md alone, as a witness for what reads and writes them."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.spec import RunSpec, to_json

OLD = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL) STRICT;
CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE keyframe (step INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT;
PRAGMA user_version = 1;
"""
NEW = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL) STRICT;
CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE keyframe (step INTEGER PRIMARY KEY, after INTEGER NOT NULL, pinned INTEGER NOT NULL, state BLOB NOT NULL)
    STRICT;
CREATE TABLE picture (kind TEXT PRIMARY KEY, step INTEGER NOT NULL, png BLOB NOT NULL) STRICT;
PRAGMA user_version = 2;
"""
HEADER = "PRAGMA application_id = 0x456C626F;"  # "Elbo"

Rows = npt.NDArray[np.float32]
Happening = tuple[int, str, Mapping[str, Any]]


def plain(rows: Rows) -> bytes:
    """A chunk of schema 1: row by row."""
    return zlib.compress(b"".join(struct.pack(f"<{len(row)}f", *row.tolist()) for row in rows), 1)


def planes(rows: Rows) -> bytes:
    """A chunk of schema 2: column by column, the first byte of all numbers, then the second of all, and so on."""
    numbers = [struct.pack("<f", value) for column in rows.T.tolist() for value in column]
    return zlib.compress(b"".join(bytes(number[k] for number in numbers) for k in range(4)))


def write(
    path: Path,
    version: int,
    spec: RunSpec,
    names: Sequence[str],
    chunks: Iterable[Rows],
    events: Iterable[Happening] = (),
    keyframes: Mapping[int, bytes] | None = None,
    **meta: str,
) -> Path:
    """A run file of schema `version`; its keyframes come after all events."""
    told = {"spec": to_json(spec).decode(), "names": json.dumps(list(names)), "tensors": "[]", "device": "cpu"}
    told |= {"versions": "{}", **meta}
    with closing(sqlite3.connect(path)) as db:
        db.executescript(HEADER + (OLD if version == 1 else NEW))
        db.executemany("INSERT INTO meta VALUES (?, ?)", told.items())
        first = 1
        for rows in chunks:
            blob = plain(rows) if version == 1 else planes(rows)
            db.execute("INSERT INTO chunk VALUES (?, ?, ?)", (first, len(rows), blob))
            first += len(rows)
        happened = [(step, kind, json.dumps(detail)) for step, kind, detail in events]
        db.executemany("INSERT INTO event (step, kind, detail) VALUES (?, ?, ?)", happened)
        for step, state in (keyframes or {}).items():
            values = (step, state) if version == 1 else (step, len(happened), 0, state)
            db.execute(f"INSERT INTO keyframe VALUES ({', '.join('?' * len(values))})", values)
        db.commit()
    return path
