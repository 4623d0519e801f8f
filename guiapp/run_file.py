"""Reading run files: read-only, nothing in them is executed or unpickled, and every fault is one sentence.

docs/run-file.md describes the tables. The window reads run files as well, so no torch here."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.parameters import edited
from guiapp.series import Series
from guiapp.spec import RunSpec, SpecError, from_json

SCHEMA = 2  # of the tables that a `Recorder` makes; files of schema 1 are read as well
APPLICATION = int.from_bytes(b"Elbo", "big")  # in the header of every run file
SUFFIX = ".elbo"
LONGEST_CHUNK = 1 << 24  # steps; a recorder writes some thousands at most
AT_ONCE = 32  # chunks that a thread takes: one by one, a million steps took a fifth longer
MOST_BYTES = 1 << 33  # of all rows of a run once unpacked
MOST_WORK = 100_000_000  # instructions of SQLite for one reading, some seconds; a million steps take a tenth

Rows = npt.NDArray[np.float32]


class RunFileError(Exception):
    """A file that is no run file, or a damaged one; one sentence with its name and what is wrong."""


@dataclass(frozen=True)
class Event:
    """What happened after `step`; docs/run-file.md lists the kinds and what `detail` holds."""

    step: int
    kind: str
    detail: Mapping[str, Any]
    id: int = 0


@dataclass(frozen=True)
class Outline:
    """A run as its file holds it, but for the rows of its `steps` steps: the names of its series, events, and its
    keyframes: from the step of each, ascending, to the id of the last event before it was taken."""

    path: Path
    meta: Mapping[str, str]
    names: tuple[str, ...]
    steps: int
    events: tuple[Event, ...]
    keyframes: Mapping[int, int]

    @property
    def spec(self) -> RunSpec:
        """The run's first specification, before any edit.

        Raises:
            RunFileError: it is none that this version knows.
        """
        return _spec(self.path, self.meta)

    def events_before(self, keyframe: int) -> tuple[Event, ...]:
        """What had happened when the keyframe of step `keyframe` was taken."""
        return tuple(event for event in self.events if event.id <= self.keyframes[keyframe])

    def keyframe_at(self, step: int | None = None) -> int:
        """The step of the newest keyframe, or of the newest at or before `step`.

        Raises:
            RunFileError: there is none.
        """
        found = [k for k in self.keyframes if step is None or k <= step]
        if not found:
            where = "" if step is None else f" at or before step {step}"
            raise RunFileError(f"{self.path}: this run holds no weights{where} to go on from.")
        return max(found)


@dataclass(frozen=True)
class StoredRun(Outline):
    """A run with its rows (steps, S)."""

    rows: Rows

    def curves(self) -> Series:
        """The rows with their pyramid; they are shared, not copied. Cost: 0.2 s for a million steps of 29 series."""
        curves = Series(self.names)
        curves.adopt(self.rows)
        return curves


@dataclass(frozen=True)
class Summary:
    """What a list of runs shows of one. `figures` are the last values of the loss terms; `created` is ISO 8601 in UTC;
    `ended` is false where the writer was cut off, or is still at work; `parent` is the id of the run that this one was
    forked from."""

    path: Path
    id: str
    title: str
    notes: str
    tags: tuple[str, ...]
    created: str
    spec: RunSpec
    step: int
    seconds: float
    figures: Mapping[str, float]
    ended: bool
    parent: str
    parent_step: int
    thumbnail: bytes


def read_run(path: Path) -> StoredRun:
    """All of the run file at `path` but the keyframes themselves.

    Raises:
        RunFileError: there is no such file, it is none of ours, of a newer version, or damaged.
    """
    with _reading(path) as (db, version):
        outline, chunks = _outline(path, db, version)
        rows = _rows(db, chunks, len(outline.names), version)
    return StoredRun(**vars(outline), rows=rows)


def read_outline(path: Path) -> Outline:
    """All of the run file at `path` but its rows and the keyframes themselves.

    Raises:
        RunFileError: as `read_run`; damage in the rows is not seen.
    """
    with _reading(path) as (db, version):
        return _outline(path, db, version)[0]


def read_summary(path: Path) -> Summary:
    """A cheap look at the run file at `path`; its curves are not read.

    Raises:
        RunFileError: as `read_run`.
    """
    with _reading(path) as (db, version):
        meta = {str(key): str(value) for key, value in db.execute("SELECT key, value FROM meta")}
        steps = db.execute("SELECT first + count - 1 FROM chunk ORDER BY first DESC LIMIT 1").fetchone()
        picture = version > 1 and db.execute("SELECT png FROM picture WHERE kind = 'thumbnail'").fetchone()
        summary = dict(json.loads(meta.get("summary", "{}")))
        figures = {str(k): float(v) for k, v in dict(summary.get("figures", {})).items() if v is not None}
        return Summary(
            path=path,
            id=meta.get("id", ""),
            title=meta.get("title", "") or path.stem,
            notes=meta.get("notes", ""),
            tags=tuple(str(tag) for tag in json.loads(meta.get("tags", "[]"))),
            created=meta.get("created", ""),
            spec=_spec(path, meta),
            step=_integer(steps[0]) if steps else 0,
            seconds=float(summary.get("seconds", 0.0)),
            figures=figures,
            ended=meta.get("ended", "1") == "1",
            parent=meta.get("parent", ""),
            parent_step=int(meta.get("parent_step", "0")),
            thumbnail=bytes(picture[0]) if picture else b"",
        )


def read_events(path: Path) -> tuple[Event, ...]:
    """What happened in the run, in order; its curves are not read.

    Raises:
        RunFileError: as `read_run`.
    """
    with _reading(path) as (db, _):
        return _events(db)


def keyframe_steps(path: Path) -> tuple[int, ...]:
    """The steps that can be gone back to, ascending.

    Raises:
        RunFileError: as `read_run`.
    """
    with _reading(path) as (db, _):
        return tuple(_integer(step) for (step,) in db.execute("SELECT step FROM keyframe ORDER BY step"))


def read_keyframe(path: Path, step: int) -> bytes:
    """The keyframe of `step`, as `engine.keyframe.pack` made it.

    Raises:
        RunFileError: as `read_run`, or there is no such keyframe.
    """
    with _reading(path) as (db, _):
        kind = db.execute("SELECT typeof(state) FROM keyframe WHERE step = ?", (step,)).fetchone()
        if kind != ("blob",):
            raise RunFileError(f"{path}: this run holds no weights of step {step}.")
        with db.blobopen("keyframe", "state", step, readonly=True) as state:
            return state.read()  # 10 MB in 4 ms; a SELECT copies them twice, in 13


def edits(stored: Outline, keyframe: int | None = None) -> list[tuple[Event, RunSpec]]:
    """The edits of the run, or those before the keyframe of step `keyframe` was taken, each with the spec that it led
    to.

    Raises:
        RunFileError: an edit that the run cannot have had.
    """
    spec, found = stored.spec, []
    try:
        for event in stored.events if keyframe is None else stored.events_before(keyframe):
            if event.kind == "edit":
                spec = edited(spec, str(event.detail["path"]), event.detail["new"])
                found.append((event, spec))
    except (SpecError, KeyError) as error:
        raise RunFileError(f"{stored.path}: this run file is damaged (an edit: {error}).") from error
    return found


def packed(rows: Rows) -> bytes:
    """`rows` (t, S) for the file: little-endian float32 column by column, the first byte of every number, then the
    second and so on, compressed by zlib. So it compresses to 80 % where plain rows give 93 %, in half the time."""
    columns = np.ascontiguousarray(rows.T, "<f4").reshape(-1).view(np.uint8)
    return zlib.compress(columns.reshape(-1, 4).T.tobytes(), 1)


@contextmanager
def _reading(path: Path) -> Iterator[tuple[sqlite3.Connection, int]]:
    """The open file as it is at this moment, and its schema; whatever goes wrong inside is a RunFileError."""
    try:
        if not path.is_file():
            raise RunFileError(f"{path}: there is no such file; check the path.")
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", isolation_level=None, uri=True)) as db:
            db.execute("BEGIN")
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if not version:  # what SQLite says of an empty file, too
                raise RunFileError(f"{path}: this is no run file, or nothing is in it.")
            if not 1 <= version <= SCHEMA:
                known = f"run files of version {version} cannot be read, only up to version {SCHEMA}"
                raise RunFileError(f"{path}: {known}.")
            _distrust(db, path)
            yield db, version
    except sqlite3.Error as error:
        raise RunFileError(f"{path}: this is no run file, or it is damaged ({error}).") from error
    except OSError as error:
        raise RunFileError(f"{path}: it cannot be read ({error.strerror or error}); check the file.") from error
    except (ValueError, LookupError, TypeError, OverflowError, zlib.error, RecursionError, MemoryError) as error:
        raise RunFileError(f"{path}: this run file is damaged ({type(error).__name__}: {error}).") from error


def _distrust(db: sqlite3.Connection, path: Path) -> None:
    """The tables of a file from elsewhere may be views that count for ever, or columns that are made up as they are
    read: nothing runs long, and no value is longer than the file itself."""
    db.execute("PRAGMA trusted_schema=OFF")
    work = iter(range(100))
    db.set_progress_handler(lambda: next(work, None) is None, MOST_WORK // 100)
    log = Path(f"{path}-wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(size + 1024, 1_000_000_000))  # of SQL as well


def _spec(path: Path, meta: Mapping[str, str]) -> RunSpec:
    try:
        return from_json(meta["spec"])
    except (SpecError, KeyError) as error:
        raise RunFileError(f"{path}: this run file is damaged ({error}).") from error


def _events(db: sqlite3.Connection) -> tuple[Event, ...]:
    found = db.execute("SELECT id, step, kind, detail FROM event ORDER BY id")
    return tuple(
        Event(_integer(step), str(kind), dict(json.loads(detail)), _integer(id)) for id, step, kind, detail in found
    )


def _integer(value: object) -> int:
    """What the tables promise, but a column of another table may not hold: 1e308 is a whole number as well."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r:.40} is no step")
    return value


def _outline(path: Path, db: sqlite3.Connection, version: int) -> tuple[Outline, list[tuple[int, int]]]:
    """The run, and the first index and the number of rows of each chunk."""
    meta = {str(key): str(value) for key, value in db.execute("SELECT key, value FROM meta")}
    names = tuple(str(name) for name in json.loads(meta["names"]))
    chunks = _chunks(db, len(names))
    events = _events(db)
    after = "after" if version > 1 else "(SELECT coalesce(max(id), 0) FROM event WHERE event.step <= keyframe.step)"
    found = db.execute(f"SELECT step, {after} FROM keyframe ORDER BY step")
    keyframes = {_integer(step): _integer(id) for step, id in found}
    return Outline(path, meta, names, sum(count for _, count in chunks), events, keyframes), chunks


def _chunks(db: sqlite3.Connection, width: int) -> list[tuple[int, int]]:
    found, expected = [], 1
    for first, count in db.execute("SELECT first, count FROM chunk ORDER BY first"):
        count = _integer(count)
        if first != expected or not 0 < count <= LONGEST_CHUNK:
            raise ValueError(f"steps {expected} and following are missing")
        expected += count
        found.append((first - 1, count))
    if 4 * width * (expected - 1) > MOST_BYTES:
        raise ValueError(f"{expected - 1} steps of {width} values are more than any run has")
    return found


def _rows(db: sqlite3.Connection, chunks: list[tuple[int, int]], width: int, version: int) -> Rows:
    rows = np.empty((sum(count for _, count in chunks), width), np.float32)

    def unpack(part: list[tuple[tuple[int, int], bytes]]) -> None:
        for (start, count), blob in part:
            rows[start : start + count] = unpacked(blob, count, width, version, start + 1)

    blobs = (blob for (blob,) in db.execute("SELECT rows FROM chunk ORDER BY first"))
    pairs = zip(chunks, blobs, strict=True)
    with ThreadPoolExecutor(2) as pool:  # zlib lets other threads run: a million steps take half the time
        for _ in pool.map(unpack, iter(lambda: list(islice(pairs, AT_ONCE)), [])):
            pass
    return rows


def unpacked(blob: bytes, count: int, width: int, version: int, first: int) -> Rows:
    """What `packed` made of `count` rows of `width` values from step `first` on; schema 1 had plain rows.

    Raises:
        ValueError, zlib.error: the chunk is damaged.
    """
    size = 4 * count * width
    data = zlib.decompressobj().decompress(blob, size + 1)  # never more than promised: no decompression bomb
    if len(data) != size:
        raise ValueError(f"steps {first} and following are incomplete")
    if version == 1:
        return np.frombuffer(data, "<f4").reshape(count, width)
    numbers = np.empty((count * width, 4), np.uint8)
    for place, plane in enumerate(np.frombuffer(data, np.uint8).reshape(4, -1)):
        numbers[:, place] = plane  # a third of the time of a transposed copy
    return numbers.view("<f4").reshape(width, count).T
