"""Run files as files: moved, copied and deleted with their logs, and whether a trainer is at work on one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from guiapp.run_file import SUFFIX

Progress = Callable[[int, int], bool]  # done, of how many; False: stop

PAGES: Final = 256  # of a database copied between two looks at whether to stop
LOG: Final = "-wal"  # beside a run file under way, or whose trainer was killed
BESIDE: Final = (LOG, "-shm", ".lock")  # all that may be left beside a run file
_STAMP: Final = "%Y-%m-%d %H%M%S"  # in UTC; no colons, for the sake of Windows


class LibraryError(Exception):
    """What cannot be done with a run file or the folder of the runs: one sentence with its name, why and the remedy."""


class CancelledError(Exception):
    """A person asked to stop; nothing was changed."""


def go_on(_done: int, _all: int) -> bool:
    """The `Progress` of someone who waits."""
    return True


def reason(error: Exception) -> str:
    """Why, without a path."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def is_locked(path: Path) -> bool:
    """Whether a trainer writes the run file at `path`; the lock file of one that was killed does not count."""
    if not os.path.exists(f"{path}.lock"):
        return False
    try:
        with FileLock(f"{path}.lock", timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # in a folder that cannot be written, no one trains
        return False


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While no trainer can write the run file at `path`.

    Raises:
        LibraryError: one does.
    """
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise LibraryError(f"{path.name} is being trained; start or open another run first.") from error
    try:
        yield
    finally:
        with suppress(OSError):  # before it is given back: afterwards it might be another's
            Path(f"{path}.lock").unlink()
        lock.release()


def free(folder: Path, stem: str) -> Path:
    """A path for a new run file in `folder`: `stem`, or with a number where that is taken."""
    names = (stem, *(f"{stem} {n}" for n in range(2, 100_000)))
    return next(path for name in names if not os.path.lexists(path := folder / f"{name}{SUFFIX}"))


def move(path: Path, target: Path) -> None:
    """Rename a run file with its log: the log first, for without the run it is nothing, and a run without it is whole
    but older.

    Raises:
        OSError: it stays where it is.
    """
    log, target_log = Path(f"{path}{LOG}"), Path(f"{target}{LOG}")
    has_log = log.exists()
    if has_log:
        log.rename(target_log)
    try:
        path.rename(target)
    except OSError:
        if has_log:
            target_log.rename(log)
        raise
    Path(f"{path}-shm").unlink(missing_ok=True)


def copy(path: Path, target: Path, progress: Progress) -> None:
    """Copy a run file with what is in its log to `target`, whole or not at all, as it is at this moment. Page by page:
    nothing in it is carried out, and one that is being trained is copied as well.

    Raises:
        LibraryError: it cannot be read or written. CancelledError: `progress` said so.
    """

    def told(_status: int, left: int, pages: int) -> None:
        if not progress(pages - left, pages):
            raise CancelledError

    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True, isolation_level=None)) as source,
            closing(sqlite3.connect(part, isolation_level=None)) as goal,
        ):
            source.execute("BEGIN")  # else the copying begins anew whenever a trainer writes
            source.execute("SELECT count(*) FROM meta").fetchone()
            source.backup(goal, pages=PAGES, progress=told, sleep=0)
            goal.execute("PRAGMA journal_mode=DELETE")
        for suffix in (LOG, "-shm"):  # of a run that was cut off there: SQLite would take them for the copy's
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"{path.name} could not be copied to {target.parent}: {reason(error)}.") from error
    finally:
        for suffix in ("", "-journal", LOG, "-shm"):
            with suppress(OSError):
                Path(f"{part}{suffix}").unlink(missing_ok=True)


def removal_name(now: datetime) -> str:
    """The name of the folder of what is removed at `now`."""
    return now.astimezone(UTC).strftime(_STAMP)


def when_removed(name: str) -> datetime | None:
    """The time that `removal_name` put into `name`; None for any other folder."""
    try:
        return datetime.strptime(name, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def emptied(folder: Path) -> int:
    """Delete the run files in `folder` and, where nothing else is in it, the folder. Gives their number."""
    count = 0
    for path in folder.glob(f"*{SUFFIX}*"):
        if path.name.endswith((SUFFIX, *(f"{SUFFIX}{beside}" for beside in BESIDE))):
            with suppress(OSError):
                path.unlink()
                count += path.suffix == SUFFIX
    with suppress(OSError):
        folder.rmdir()
    return count
