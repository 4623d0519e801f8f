"""The run file: one SQLite database a run, written by the trainer process alone."""

from __future__ import annotations

import json
import math
import sqlite3
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from guiapp import __version__
from guiapp.engine import thumbnail
from guiapp.engine.fork import Fork
from guiapp.engine.keyframe import pack
from guiapp.engine.migration import TABLES, migrate
from guiapp.engine.stored_files import annotate, locked, refuse_to_destroy, unlocked
from guiapp.engine.thinning import Thinning
from guiapp.engine.trainer import Trainer
from guiapp.run_file import APPLICATION, SCHEMA, Outline, Rows, RunFileError, packed, read_run
from guiapp.spec import RunSpec, to_json

BUDGET = 256 << 20  # bytes of keyframes in one run file
KEYFRAME_SHARE = 0.01  # of the time goes into keyframes at the most
KEYFRAME_EVERY = 1.0  # seconds between two keyframes at the least
PATIENCE = 1.0  # seconds for another program that has locked the file; training waits for it
LAST_STEP = "SELECT coalesce(max(first + count - 1), 0) FROM chunk"
CHUNK = 1 << 16  # steps a chunk at the most: SQLite takes no blob of 1 GB

Note = tuple[int, str, Mapping[str, Any]]  # of an event: step, kind, detail


class Recorder:
    """Appends to the run file at `path`; an existing run file is replaced, any other file is not. With `go_on` it is
    the file of that run, which the trainer was resumed from; it stays as it is until `take_up`. `spec` is what the
    trainer began with, where it has been edited since. docs/run-file.md describes the tables. Every method writes all
    that it should or, if it raises, nothing.

    Attributes:
        keyframes: the steps that can be gone back to, ascending.

    Raises:
        InUseError, OSError, sqlite3.Error: the file cannot be written. RunFileError: what is to be gone on with is
            damaged, or not as it was.
    """

    def __init__(
        self,
        path: Path,
        trainer: Trainer,
        budget: int = BUDGET,
        go_on: Outline | None = None,
        spec: RunSpec | None = None,
    ) -> None:
        refuse_to_destroy(path)
        self.path, self._trainer = path, trainer
        self._budget = budget
        self._written = 0  # steps
        self._pictured = 0  # the step of the thumbnail
        self._next_keyframe = perf_counter() + KEYFRAME_EVERY
        self._lock = locked(path)
        try:
            if go_on is None:
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{path}{suffix}").unlink(missing_ok=True)
            self._db = sqlite3.connect(path.absolute().as_uri(), PATIENCE, isolation_level=None, uri=True)
            if go_on is not None:
                self._refuse_another(go_on)
            self._db.execute(f"PRAGMA application_id={APPLICATION}")  # first, so that it is in the file, not in its log
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            if go_on is not None:
                migrate(self._db)
            else:
                self._create(spec or trainer.spec)
            self._thinning = self._thinned()
        except (TypeError, ValueError, LookupError, zlib.error) as error:
            self._let_go()
            raise RunFileError(f"{path}: this run file is damaged ({error}).") from error
        except BaseException:
            if go_on is not None:
                self._let_go()
            else:
                self.discard()
            raise

    @property
    def keyframes(self) -> tuple[int, ...]:
        return self._thinning.steps

    def _create(self, spec: RunSpec) -> None:
        trainer = self._trainer
        with self._whole():
            for statement in TABLES:
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={SCHEMA}")
            self._set(
                id=uuid.uuid4().hex,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                spec=to_json(spec).decode(),
                names=json.dumps(trainer.names),
                tensors=json.dumps(trainer.tensors),
                title=f"{trainer.source.title} · {type(spec.model).__name__.upper()}",
                **_circumstances(trainer),
            )

    def _refuse_another(self, stored: Outline) -> None:
        """Raises RunFileError where the file holds more, or less, than `stored`: no one's work is to be dropped."""
        held = self._db.execute(f"SELECT ({LAST_STEP}), (SELECT coalesce(max(id), 0) FROM event)").fetchone()
        if held != (stored.steps, max((event.id for event in stored.events), default=0)):
            raise RunFileError(f"{self.path}: another window has gone on with this run; open it again to see that.")

    def take_up(self, step: int, after: int) -> None:
        """Go on with a file that the trainer was resumed from, from `step`: what it holds of later steps, and of events
        later than `after`, is dropped."""
        db = self._db
        self._written = db.execute(f"{LAST_STEP} WHERE first + count - 1 <= ?", (step,)).fetchone()[0]
        beyond = read_run(self.path).rows[self._written : step] if self._written < step else None
        with self._whole():
            db.execute("DELETE FROM chunk WHERE first + count - 1 > ?", (step,))
            db.execute("DELETE FROM event WHERE id > ?", (after,))
            db.execute("DELETE FROM keyframe WHERE step > ?", (step,))
            if beyond is not None:
                self._insert(beyond)  # the part of a chunk that reached beyond
            self._set(**_circumstances(self._trainer))
            self._note(step, "resume", {})
        self._thinning = self._thinned()

    def inherit(self, fork: Fork) -> None:
        """Begin as `fork` says that the trainer did."""
        step, db, parent = fork.step, self._db, fork.parent
        outline = fork.outline()
        with _attached(db, parent.path), self._whole():
            self._set(spec=parent.meta["spec"], parent=parent.meta.get("id", ""), parent_step=str(step))
            if db.execute("PRAGMA parent.user_version").fetchone()[0] == SCHEMA:  # 1 had other rows and one keyframe
                db.execute("INSERT INTO chunk SELECT * FROM parent.chunk WHERE first + count - 1 <= ?", (step,))
                db.execute("INSERT INTO keyframe SELECT * FROM parent.keyframe WHERE step < ?", (step,))
                self._written = db.execute(LAST_STEP).fetchone()[0]
            self._insert(parent.rows[self._written : step])
            self._summarise(parent.rows[:step])
            for event in outline.events:
                self._note(event.step, event.kind, event.detail, event.id or None)
            self._thinning = self._thinned()
            self._keep(step, fork.state, pinned=True)

    def add(self, rows: Rows, events: Sequence[Note] = ()) -> None:
        """Append `rows` (t, S) of the steps that follow those written so far, what a list of runs shows, and `events`
        that came with them."""
        if len(rows) or events:
            with self._whole():
                self._insert(rows)
                self._summarise(rows)
                for event in events:
                    self._note(*event)

    def keyframe(self, pinned: bool = False) -> None:
        """Store the run as it is now, all its rows being written; `pinned` ones are the last to be thinned out."""
        began = perf_counter()
        with self._whole():
            self._keep(self._trainer.step, pack(self._trainer), pinned)
        if self._trainer.step >= 1.5 * self._pictured:  # so that pictures cost nothing in the long run
            self._picture()
        now = perf_counter()
        self._next_keyframe = now + max(KEYFRAME_EVERY, (now - began) / KEYFRAME_SHARE)

    def keyframe_when_due(self) -> None:
        """Store the run as it is now where that costs no more than `KEYFRAME_SHARE` of the time."""
        if perf_counter() >= self._next_keyframe:
            self.keyframe()

    def _picture(self) -> None:
        self._pictured = self._trainer.step
        try:
            png = thumbnail.png(self._trainer)
        except Exception:  # whatever the model does: a list of runs does without
            png = b""
        if png:
            with self._whole():
                self._db.execute("INSERT OR REPLACE INTO picture VALUES ('thumbnail', ?, ?)", (self._pictured, png))

    def annotate(self, title: str, notes: str, tags: Sequence[str]) -> None:
        """Set what a person calls the run."""
        annotate(self._db, title, notes, tags)

    def copy_to(self, path: Path) -> None:
        """Write all so far to a new file at `path`, which is replaced."""
        refuse_to_destroy(path)
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        try:
            self._db.execute("VACUUM INTO ?", (str(part),))
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                copy.execute("UPDATE meta SET value = '1' WHERE key = 'ended'")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Store a keyframe and leave one file without its log; one without a step is removed."""
        try:
            if self._trainer.step:
                self.keyframe()
                self._picture()
                self._set(ended="1")
            with suppress(sqlite3.OperationalError):  # someone reads: then the file keeps its log, which does no harm
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._db.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._let_go()
        if not self._trainer.step:
            self.path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Leave the file as it is: the run has not ended."""
        with suppress(sqlite3.Error):
            self._let_go()

    def discard(self) -> None:
        """Remove the file: nothing came of it."""
        self.abandon()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Close the file as it is, and let others write it."""
        try:
            if hasattr(self, "_db"):
                self._db.close()
        finally:
            unlocked(self._lock)

    def _thinned(self) -> Thinning:
        found = self._db.execute("SELECT step, length(state), pinned FROM keyframe ORDER BY step")
        return Thinning(self._budget, found)

    def _keep(self, step: int, state: bytes, pinned: bool) -> None:
        dropped = self._thinning.add(step, len(state), pinned)
        self._db.execute(
            "INSERT OR REPLACE INTO keyframe VALUES (?, (SELECT coalesce(max(id), 0) FROM event), ?, ?)",
            (step, int(step in self._thinning.pinned), state),
        )
        self._db.executemany("DELETE FROM keyframe WHERE step = ?", [(step,) for step in dropped])

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All of what follows is written, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        written = self._written
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # after some errors SQLite has rolled back by itself
                self._db.execute("ROLLBACK")
            with suppress(sqlite3.Error):
                self._thinning = self._thinned()
            self._written = written
            raise

    def _set(self, **meta: str) -> None:
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    def _summarise(self, rows: Rows) -> None:
        """What a list of runs shows, of the last of `rows`."""
        if len(rows):
            terms = set(self._trainer.objective.terms)
            values = zip(self._trainer.names, rows[-1].tolist(), strict=True)
            figures = {
                name: value for name, value in values if name in terms and "/" not in name and math.isfinite(value)
            }
            self._set(summary=json.dumps({"seconds": self._trainer.seconds, "figures": figures}))

    def _insert(self, rows: Rows) -> None:
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            self._db.execute("INSERT INTO chunk VALUES (?, ?, ?)", (self._written + 1, len(chunk), packed(chunk)))
            self._written += len(chunk)

    def _note(self, step: int, kind: str, detail: Mapping[str, Any], number: int | None = None) -> None:
        self._db.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (number, step, kind, json.dumps(detail)))


@contextmanager
def _attached(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    db.execute("ATTACH ? AS parent", (f"{path.absolute().as_uri()}?mode=ro",))
    try:
        yield
    finally:
        db.execute("DETACH parent")


def _circumstances(trainer: Trainer) -> dict[str, str]:
    """What may be different each time a run is gone on with."""
    versions = {"elboscope": __version__, "torch": str(torch.__version__)}
    return {"device": str(trainer.device), "versions": json.dumps(versions), "ended": "0"}
