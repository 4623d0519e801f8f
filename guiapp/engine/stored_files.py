"""Run files as files: who may write one, copying one, and what a person calls it."""

from __future__ import annotations

import errno
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from guiapp.run_file import APPLICATION, SUFFIX, read_summary


class InUseError(OSError):
    """Another trainer writes this run file."""


def annotate(db: sqlite3.Connection, title: str, notes: str, tags: Sequence[str]) -> None:
    """Set what a person calls the run of the file open in `db`."""
    new = ("title", title, "notes", notes, "tags", json.dumps(list(tags)))
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?), (?, ?), (?, ?)", new)


def annotate_file(path: Path, title: str, notes: str, tags: Sequence[str]) -> None:
    """Set what a person calls the run in the run file at `path`, which no one is writing.

    Raises:
        RunFileError: it is none. InUseError, OSError, sqlite3.Error: it cannot be written.
    """
    read_summary(path)
    lock = locked(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            annotate(db, title, notes, tags)
    finally:
        unlocked(lock)


def copied(path: Path, folder: Path) -> Path:
    """A copy of the run file at `path` in `folder`, under its own name or one like it.

    Raises:
        RunFileError: it is none. OSError, sqlite3.Error: it cannot be copied.
    """
    read_summary(path)
    names = (path.stem, *(f"{path.stem} {n}" for n in range(2, 10_000)))
    target = next(t for name in names if not (t := folder / f"{name}{SUFFIX}").exists())
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.execute("VACUUM INTO ?", (str(part),))  # also of one that is being written
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def usable(folder: Path) -> Path:
    """`folder`, made where it is missing and found to take files; or else a temporary one.

    Raises:
        OSError: there is not even that.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="elboscope-runs-"))


def trouble(error: Exception) -> str:
    """Why a file could not be written, and what to do, in two clauses."""
    name = getattr(error, "sqlite_errorname", "")
    number = error.errno if isinstance(error, OSError) else 0
    if name == "SQLITE_FULL" or number in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space there"
    if name == "SQLITE_TOOBIG":
        return "the weights are more than a run file can hold; choose smaller layers"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")) or number in (errno.EACCES, errno.EROFS):
        return "writing is not permitted there; change the permissions of the folder or choose another"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another program has locked it; close that one"
    if isinstance(error, FileExistsError):
        return f"{error}; choose another name"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}; check the folder and its disk"
    if isinstance(error, MemoryError):
        return "memory is short; close other programs"
    return f"{str(error) or type(error).__name__}; check the folder and its disk"


def refuse_to_destroy(path: Path) -> None:
    """Raises FileExistsError where `path` is a file that no recorder wrote: a slip of the fingers would cost it."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            header = file.read(72)
        if not (header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION.to_bytes(4, "big")):
            raise FileExistsError(f"{path} is there already and is no run file")


def locked(path: Path) -> FileLock:
    """The sole right to write the run file at `path`; the system frees it when this process ends, however it ends.

    Raises:
        InUseError: another process has it.
    """
    if not path.parent.is_dir():  # which FileLock would make
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InUseError(f"{path.name} is being trained in another window") from error
    return lock


def unlocked(lock: FileLock) -> None:
    """Give the right back, if it is still there."""
    if lock.is_locked:
        with suppress(OSError):  # before the release: after it the file may be the next one's lock
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
