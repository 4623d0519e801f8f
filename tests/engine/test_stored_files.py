"""Run files as files: who may write one, copies, titles and notes, and folders that cannot be used."""

from __future__ import annotations

import errno
import multiprocessing
import sqlite3
import tempfile
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from guiapp.engine import stored_files
from guiapp.engine.stored_files import InUseError, annotate_file, copied, locked, trouble, unlocked, usable
from guiapp.run_file import RunFileError, read_run, read_summary
from guiapp.spec import RunSpec
from tests import by_hand
from tests.engine.bench import ask

ROWS = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return by_hand.write(tmp_path / "run.elbo", 2, RunSpec(), ("steps_per_s", "loss", "grad/w"), (ROWS,), notes="old")


def test_a_lock_is_held_by_one_and_leaves_nothing(path: Path) -> None:
    lock = locked(path)
    with pytest.raises(InUseError, match=r"run\.elbo is being trained in another window"):
        locked(path)
    unlocked(lock)
    assert [p.name for p in path.parent.iterdir()] == ["run.elbo"]
    other = locked(path)
    unlocked(lock)  # a second time, when it is another's
    with pytest.raises(InUseError):
        locked(path)
    unlocked(other)


def _hold(path: Path, ready: Connection) -> None:
    lock = locked(path)
    ready.send(lock.is_locked)
    ready.recv()


def test_the_lock_of_a_killed_process_is_free(path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_hold, args=(path, theirs))
    process.start()
    assert ours.poll(30)
    ours.recv()
    with pytest.raises(InUseError):
        locked(path)
    process.kill()
    process.join()
    process.close()
    ours.close(), theirs.close()
    assert Path(f"{path}.lock").exists()
    unlocked(locked(path))
    assert not Path(f"{path}.lock").exists()


def test_annotating_a_file(path: Path) -> None:
    annotate_file(path, "Title", "Notes", ("a", "b c"))
    summary = read_summary(path)
    assert (summary.title, summary.notes, summary.tags) == ("Title", "Notes", ("a", "b c"))
    assert np.array_equal(read_run(path).rows, ROWS)
    assert [p.name for p in path.parent.iterdir()] == ["run.elbo"]


def test_annotating_a_file_that_is_locked_or_none(path: Path, tmp_path: Path) -> None:
    lock = locked(path)
    with pytest.raises(InUseError):
        annotate_file(path, "Title", "", ())
    unlocked(lock)
    assert read_summary(path).notes == "old"
    (tmp_path / "text").write_text("text")
    for other in (tmp_path / "text", tmp_path / "none"):
        with pytest.raises(RunFileError):
            annotate_file(other, "Title", "", ())
    assert (tmp_path / "text").read_text() == "text"


def test_a_copy_has_a_name_of_its_own(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    first, second = copied(path, folder), copied(path, folder)
    assert (first.name, second.name) == ("run.elbo", "run 2.elbo")
    for copy in (first, second):
        assert np.array_equal(read_run(copy).rows, ROWS)
        assert ask(copy, "PRAGMA application_id") == [(0x456C626F,)]
    with pytest.raises(RunFileError):
        copied(tmp_path / "none", folder)
    assert len(list(folder.iterdir())) == 2


def test_a_copy_of_what_a_killed_process_left(path: Path, tmp_path: Path) -> None:
    """The newest part is in the log only."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("UPDATE meta SET value = 'new' WHERE key = 'notes'")
        db.commit()
        folder = tmp_path / "runs"
        folder.mkdir()
        assert read_summary(copied(path, folder)).notes == "new"


def test_a_copy_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "run.elbo.part").mkdir()
    with pytest.raises((OSError, sqlite3.Error)):
        copied(path, folder)
    assert [p.name for p in folder.iterdir()] == ["run.elbo.part"]


def test_a_folder_that_is_missing_is_made_and_one_that_cannot_be_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / "a" / "b"
    assert usable(deep) == deep
    assert list(deep.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = usable(tmp_path / "file")
    assert other.parent == tmp_path
    assert other.name.startswith("elboscope-runs-")
    assert usable(tmp_path / "file" / "below").is_dir()

    def refuse(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(stored_files.tempfile, "TemporaryFile", refuse)
    assert usable(deep) != deep


def failure(statement: str) -> sqlite3.Error:
    with closing(sqlite3.connect(":memory:")) as db:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        db.execute("CREATE TABLE t (x)")
        db.execute("PRAGMA max_page_count = 10")
        with pytest.raises(sqlite3.Error) as caught:
            db.execute(statement)
    return caught.value


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full; free some space"),
        (failure("INSERT INTO t VALUES (zeroblob(90000))"), "the disk is full; free some space"),
        (failure("INSERT INTO t VALUES (zeroblob(900000))"), "more than a run file can hold"),
        (PermissionError(errno.EACCES, "Permission denied"), "not permitted"),
        (OSError(errno.EROFS, "Read-only file system"), "not permitted"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error; check"),
        (OSError("odd"), "odd; check"),
        (FileExistsError("a is there already and is no run file"), "no run file; choose another name"),
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error; check"),
        (MemoryError(), "memory is short; close"),
        (ZeroDivisionError(), "ZeroDivisionError; check"),
    ],
)
def test_the_remedy_fits_the_cause(error: Exception, says: str) -> None:
    assert says in trouble(error)
    assert "full" in says or "free some space" not in trouble(error)


def test_a_database_that_is_locked_or_read_only(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db, pytest.raises(sqlite3.Error) as caught:
        db.execute("DELETE FROM meta")
    assert "not permitted" in trouble(caught.value)
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.Error) as caught:
            other.execute("BEGIN IMMEDIATE")
    assert "another program has locked it" in trouble(caught.value)
