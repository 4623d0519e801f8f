"""What the library read of each run file, kept so that thousands of them need not be opened again.

One SQLite file beside them. It may be thrown away at any time: what is missing from it is read again, and where it
cannot be written the library works without it."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from guiapp import __version__

# Of its table and of what the library stores in it, in this version of the program; any other is thrown away.
VERSION: Final = zlib.crc32(f"2 {__version__}".encode()) >> 1
PATIENCE: Final = 1.0  # seconds to wait for another window that writes it
T = TypeVar("T")

_DAMAGED: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # ERROR: no such table


class Stamp(NamedTuple):
    """When and how large a run file and its log are: a run under way grows in the log alone. Times in nanoseconds."""

    changed: int
    size: int
    log_changed: int
    log_size: int


class Row(NamedTuple):
    """What is kept of the run file `name`; `record` is the library's own encoding."""

    name: str
    stamp: Stamp
    record: bytes
    thumbnail: bytes


class Index:
    """The file at `path`; none of its methods raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[tuple[str, Stamp, bytes]]:
        """Name, stamp and record of every run."""
        query = "SELECT name, changed, size, log_changed, log_size, record FROM run"
        nothing: list[Any] = []
        found = self._reading(lambda db: db.execute(query).fetchall(), nothing)
        return [(os.fsdecode(name), Stamp(*stamp), bytes(record)) for name, *stamp, record in found]

    def thumbnail(self, name: str) -> bytes | None:
        """The PNG of the run file `name`, empty where the run has none; None where the run is not in the index."""
        query = "SELECT thumbnail FROM run WHERE name = ?"
        row = self._reading(lambda db: db.execute(query, (os.fsencode(name),)).fetchone(), None)
        return None if row is None else bytes(row[0])

    def store(self, rows: Iterable[Row]) -> None:
        """Keep `rows`, in place of what was known of the same names."""
        values = [(os.fsencode(row.name), *row.stamp, row.record, row.thumbnail) for row in rows]
        self._writing("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def drop(self, names: Iterable[str]) -> None:
        """Forget the run files `names`."""
        self._writing("DELETE FROM run WHERE name = ?", [(os.fsencode(name),) for name in names])

    def _reading(self, ask: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", PATIENCE, uri=True)) as db:
                if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                    return nothing
                return ask(db)
        except sqlite3.Error:  # the next writing makes it anew
            return nothing

    def _writing(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        if not values:
            return
        try:
            self._write(statement, values)
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF in _DAMAGED:  # the low byte of an extended code
                self._remove()
                with suppress(sqlite3.Error):
                    self._write(statement, values)

    def _write(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self._path, PATIENCE, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=OFF")  # what a power cut costs is read again
            db.execute("BEGIN IMMEDIATE")
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                db.execute("DROP TABLE IF EXISTS run")
                db.execute(
                    """CREATE TABLE run (name BLOB PRIMARY KEY, changed INTEGER, size INTEGER, log_changed INTEGER,
                       log_size INTEGER, record BLOB, thumbnail BLOB) STRICT"""
                )
                db.execute(f"PRAGMA user_version={VERSION}")
            db.executemany(statement, values)
            db.execute("COMMIT")

    def _remove(self) -> None:
        for suffix in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
