"""Knowing at the next start that a window was killed, and in which run."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

SUFFIX = ".window"


class Mark(Struct, frozen=True):
    """What an open window leaves on the disk: the run file it is at; empty before the first run."""

    run: str = ""


class Recovery:
    """The mark of this window in `folder`, and those that killed windows left there.

    A window holds a lock on its mark, which the system frees however the window ends: so a mark that can be locked is
    of a window that is gone and had no time to remove it. Where the folder cannot be written there is nothing to
    recover either, and nothing is said here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = FileLock(f"{self._path}.lock", timeout=0)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        self.note("")

    def note(self, run_file: str) -> None:
        """This window is at the run in `run_file` now."""
        part = self._path.with_suffix(".part")
        with suppress(OSError):
            try:
                part.write_bytes(msgspec.json.encode(Mark(run_file)))
                part.replace(self._path)
            finally:
                part.unlink(missing_ok=True)

    def left(self) -> list[Path]:
        """The run files at which windows were killed and that still exist; told once."""
        found = []
        with suppress(OSError):
            for path in sorted(self._folder.glob(f"*{SUFFIX}")):
                run = self._claim(path) if path != self._path else ""
                if run and Path(run).is_file():
                    found.append(Path(run))
        return found

    def close(self) -> None:
        """The window ends well: its mark goes."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._lock.release()
            Path(self._lock.lock_file).unlink(missing_ok=True)

    def _claim(self, path: Path) -> str:
        """The run of a window that is gone; nothing of one that is open."""
        lock = FileLock(f"{path}.lock", timeout=0)
        try:
            with lock:
                run = msgspec.json.decode(path.read_bytes(), type=Mark).run
                path.unlink()
        except (Timeout, OSError):
            return ""
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            run = ""
            path.unlink(missing_ok=True)
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        return run
