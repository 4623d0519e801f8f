"""The tables of a run file, and how a file of an older schema gets them."""

from __future__ import annotations

import json
import sqlite3
import uuid

from guiapp.run_file import SCHEMA, packed, unpacked

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL) STRICT",
    """CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL)
       STRICT""",
    """CREATE TABLE keyframe (step INTEGER PRIMARY KEY, after INTEGER NOT NULL, pinned INTEGER NOT NULL,
       state BLOB NOT NULL) STRICT""",
    "CREATE TABLE picture (kind TEXT PRIMARY KEY, step INTEGER NOT NULL, png BLOB NOT NULL) STRICT",
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring the run file open in `db` to the newest schema: all of it or nothing.

    Raises:
        ValueError, zlib.error, sqlite3.Error: it is damaged; the file is as it was.
    """
    if db.execute("PRAGMA user_version").fetchone()[0] == 1:
        with db:
            db.execute("BEGIN IMMEDIATE")
            _from_1(db)


def _from_1(db: sqlite3.Connection) -> None:
    """Schema 1 had plain rows, one keyframe, no thumbnail, and no name for a run."""
    width = len(json.loads(db.execute("SELECT value FROM meta WHERE key = 'names'").fetchone()[0]))
    for first, count, blob in db.execute("SELECT first, count, rows FROM chunk").fetchall():
        rows = unpacked(blob, count, width, 1, first)
        db.execute("UPDATE chunk SET rows = ? WHERE first = ?", (packed(rows), first))
    db.execute("ALTER TABLE keyframe RENAME TO old")
    for statement in TABLES[3:]:
        db.execute(statement)
    db.execute("INSERT INTO keyframe SELECT step, (SELECT coalesce(max(id), 0) FROM event), 0, state FROM old")
    db.execute("DROP TABLE old")
    meta = {"id": uuid.uuid4().hex, "created": "", "ended": "1"}
    db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", meta.items())
    db.execute(f"PRAGMA user_version={SCHEMA}")
