"""The runs that were trained here: a folder of run files, listed from an index, and what can be done with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct
from platformdirs import user_data_path

from guiapp.run_file import SUFFIX, Event, RunFileError, Summary, read_events, read_summary
from guiapp.runs import files
from guiapp.runs.files import LibraryError, Progress, go_on, reason
from guiapp.runs.index import Index, Row, Stamp
from guiapp.runs.search import data_title, searchable
from guiapp.spec import RunSpec, from_json

State = Literal["training", "paused", "interrupted", "ended", "damaged"]

INDEX: Final = "index.sqlite"
REMOVED: Final = "removed"  # the folder of what was deleted
KEPT: Final = timedelta(days=7)
BATCH: Final = 100  # run files read between two writes of the index
LARGEST: Final = 2**63 - 1  # whole number that the index can hold
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()  # in every time zone a date


class Entry(Struct, frozen=True, array_like=True):
    """One run as a list shows it; `guiapp.run_file.Summary` says what the fields mean. `file` is its path; `when` is
    the start of the run in seconds since 1970 (of a file that does not say: its last change); `size` in bytes, the log
    included; `model` is VAE or GAN, `data` the title of the data set; `coded` the first spec as JSON. A damaged file
    has none of these, and `trouble` says what is wrong. `text` is what a search looks through."""

    file: str
    id: str = ""
    title: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    when: float = 0.0
    model: str = ""
    data: str = ""
    coded: bytes = b""
    step: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = {}  # msgspec gives each its own
    parent: str = ""
    parent_step: int = 0
    size: int = 0
    state: State = "ended"
    trouble: str = ""
    text: str = ""

    @property
    def path(self) -> Path:
        """Where the run file is; 5,000 of these take 0.1 s to make."""
        return Path(self.file)

    @property
    def spec(self) -> RunSpec | None:
        """The run's first specification; None for a damaged file. Decoded each time."""
        return from_json(self.coded) if self.coded else None


@dataclass(frozen=True)
class Removal:
    """What `Library.remove` did: from where to where each run went, and a sentence for each that stayed."""

    moved: tuple[tuple[Path, Path], ...]
    refused: tuple[str, ...]

    def undo(self, progress: Progress = go_on) -> tuple[str, ...]:
        """Bring the runs back, until told to stop; one whose name was given to another meanwhile gets a number. Gives a
        sentence for each that could not be."""
        troubles = []
        for done, (source, removed) in enumerate(self.moved):
            if not progress(done, len(self.moved)):
                troubles.append(f"{len(self.moved) - done} of {len(self.moved)} runs stay in {removed.parent}.")
                break
            try:
                files.move(removed, files.free(source.parent, source.stem))
            except OSError as error:
                troubles.append(f"{source.name} could not be brought back: {reason(error)}.")
            with suppress(OSError):
                removed.parent.rmdir()
        return tuple(troubles)


def default_folder() -> Path:
    """Where the platform keeps the data of a program."""
    return user_data_path("elboscope", appauthor=False) / "runs"


class Library:
    """The run files in `folder`. One thread may `refresh` or copy while another lists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = Index(folder / INDEX)
        self._known: Mapping[str, tuple[Stamp, Entry]] | None = None

    def entries(self) -> list[Entry]:
        """The runs as read last, in no order; what came or changed since is found by `refresh`.

        Raises:
            LibraryError: the folder cannot be read.
        """
        found = _scanned(self.folder)
        known = self._load()
        return [_of_now(known[name][1], has_lock) for name, (_, has_lock) in found.items() if name in known]

    def refresh(self, progress: Progress = go_on) -> list[Entry]:
        """Read what is new or has changed, telling `progress` before each file; gives all entries.

        Raises:
            LibraryError: the folder cannot be read.
        """
        found = _scanned(self.folder)
        known = dict(self._load())
        changed = [name for name, (stamp, _) in found.items() if _is_news(known.get(name), stamp)]
        rows: list[Row] = []
        for name, row, entry in self._read(changed, found, progress):
            known[name] = (row.stamp, entry)
            rows.append(row)
            if len(rows) == BATCH:
                self._index.store(rows)
                rows = []
        self._index.store(rows)
        gone = known.keys() - found.keys()
        self._index.drop(gone)
        self._known = {name: known[name] for name in known if name not in gone}
        return self.entries()

    def thumbnail(self, entry: Entry) -> bytes:
        """The run's small picture as a PNG; empty where it has none, or its file has gone."""
        stored = self._index.thumbnail(entry.path.name)
        if stored is not None:
            return stored
        try:
            return read_summary(entry.path).thumbnail
        except RunFileError:
            return b""

    def remove(self, paths: Sequence[Path], now: datetime | None = None, progress: Progress = go_on) -> Removal:
        """Move the run files at `paths` to where `Removal.undo` and, for `KEPT`, a person find them, until told to
        stop. A run that is being trained stays."""
        folder = self.folder / REMOVED / files.removal_name(now or datetime.now(UTC))
        moved, refused = [], []
        for done, path in enumerate(paths):
            if not progress(done, len(paths)):
                break
            try:
                moved.append((path, self._set_aside(path, folder)))
            except LibraryError as error:
                refused.append(str(error))
            except OSError as error:
                refused.append(f"{path.name} could not be deleted: {reason(error)}.")
        return Removal(tuple(moved), tuple(refused))

    def purge(self, now: datetime | None = None) -> int:
        """Delete for good what was removed more than `KEPT` before `now`; gives the number of run files."""
        try:
            folders = [path for path in (self.folder / REMOVED).iterdir() if path.is_dir() and not path.is_symlink()]
        except OSError:
            return 0
        times = [(folder, files.when_removed(folder.name)) for folder in folders]
        limit = (now or datetime.now(UTC)) - KEPT
        return sum(files.emptied(folder) for folder, time in times if time is not None and time < limit)

    def add(self, path: Path, progress: Progress = go_on) -> Path:
        """Copy the run file at `path`, its log included, into the library, under its own name or one like it.
        `progress` is told the pages copied.

        Raises:
            RunFileError: it is none. LibraryError: it is here already, or cannot be copied. CancelledError.
        """
        read_summary(path)
        if path.absolute().parent == self.folder.absolute():
            raise LibraryError(f"{path.name} is in the library already.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"The folder {self.folder} cannot be made: {reason(error)}.") from error
        target = files.free(self.folder, path.stem)
        files.copy(path, target, progress)
        return target

    def export(self, path: Path, target: Path, progress: Progress = go_on) -> None:
        """Copy the run file at `path`, its log included, to `target`; a run file there is replaced.

        Raises:
            RunFileError: `path` is none. LibraryError: `target` is another kind of file, is being trained, or cannot be
            written. CancelledError.
        """
        read_summary(path)
        if target.exists():
            _refuse_to_destroy(target, path)
        files.copy(path, target, progress)

    def _load(self) -> Mapping[str, tuple[Stamp, Entry]]:
        if self._known is None:
            known = {}
            decoder, folder = msgspec.msgpack.Decoder(Entry), str(self.folder)
            for name, stamp, record in self._index.load():
                with suppress(msgspec.MsgspecError, TypeError, ValueError):  # what cannot be understood is read again
                    entry = decoder.decode(record)
                    known[name] = (stamp, msgspec.structs.replace(entry, file=os.path.join(folder, name)))
            self._known = known
        return self._known

    def _read(
        self, names: list[str], found: Mapping[str, tuple[Stamp, bool]], progress: Progress
    ) -> Iterator[tuple[str, Row, Entry]]:
        """Each run file, until told to stop, but for those that their trainer has yet to fill."""
        for done, name in enumerate(names):
            if not progress(done, len(names)):
                return
            path, (stamp, has_lock), thumbnail = self.folder / name, found[name], b""
            try:
                summary = read_summary(path)
                entry, thumbnail = _entry(summary, read_events(path), stamp), summary.thumbnail
            except RunFileError as error:
                if has_lock:
                    continue
                entry = _damaged(path, stamp, str(error))
            yield name, Row(name, stamp, _encoded(entry), thumbnail), entry

    def _set_aside(self, path: Path, folder: Path) -> Path:
        if path.absolute().parent != self.folder.absolute():
            raise LibraryError(f"{path} is not in the library; delete it where it lies.")
        if not path.is_file():
            raise LibraryError(f"{path.name} has gone already.")
        with files.locked(path):
            folder.mkdir(parents=True, exist_ok=True)
            target = files.free(folder, path.stem)
            files.move(path, target)
        return target


def _scanned(folder: Path) -> dict[str, tuple[Stamp, bool]]:
    """The run files in `folder` and whether a lock file is beside each; none where there is no folder yet."""
    try:
        with os.scandir(folder) as listing:
            present = {item.name: item for item in listing}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LibraryError(f"The folder of the runs, {folder}, cannot be read: {reason(error)}.") from error
    found = {}
    for name, item in present.items():
        with suppress(OSError):  # it has gone meanwhile
            if name.endswith(SUFFIX) and item.is_file():
                found[name] = (_stamp(item, present.get(f"{name}{files.LOG}")), f"{name}.lock" in present)
    return found


def _stamp(file: os.DirEntry[str], log: os.DirEntry[str] | None) -> Stamp:
    status, log_status = file.stat(), log.stat() if log else None
    if log_status is None or not log_status.st_size:  # reading makes an empty log
        return Stamp(status.st_mtime_ns, status.st_size, 0, 0)
    return Stamp(status.st_mtime_ns, status.st_size, log_status.st_mtime_ns, log_status.st_size)


def _is_news(known: tuple[Stamp, Entry] | None, stamp: Stamp) -> bool:
    """A damaged file is read again each time: it may have been a matter of rights, which change no date."""
    return known is None or known[0] != stamp or known[1].state == "damaged"


def _of_now(entry: Entry, has_lock: bool) -> Entry:
    if has_lock and files.is_locked(entry.path):
        return msgspec.structs.replace(entry, state="training")
    return entry


def _encoded(entry: Entry) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(entry, file=""))


def _entry(summary: Summary, events: Sequence[Event], stamp: Stamp) -> Entry:
    edits = [(str(e.detail.get("path")), e.detail.get("new")) for e in events if e.kind == "edit"]
    title, notes, tags = _clean(summary.title), _clean(summary.notes), tuple(map(_clean, summary.tags))
    return Entry(
        file=str(summary.path),
        id=_clean(summary.id),
        title=title,
        notes=notes,
        tags=tags,
        when=_time(summary.created, stamp),
        model=type(summary.spec.model).__name__.upper(),
        data=data_title(summary.spec.data),
        coded=msgspec.json.encode(summary.spec),
        step=_bounded(summary.step),
        seconds=summary.seconds,
        figures={_clean(name): value for name, value in summary.figures.items()},
        parent=_clean(summary.parent),
        parent_step=_bounded(summary.parent_step),
        size=stamp.size + stamp.log_size,
        state="ended" if summary.ended else "interrupted",
        text=_clean(searchable((title, notes, *tags), summary.spec, edits)),
    )


def _damaged(path: Path, stamp: Stamp, trouble: str) -> Entry:
    title = _clean(path.stem)
    return Entry(
        file=str(path),
        title=title,
        when=stamp.changed / 1e9,
        size=stamp.size + stamp.log_size,
        state="damaged",
        trouble=_clean(trouble),
        text=f"{title}\ndamaged\n".casefold(),
    )


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which neither the index nor the screen can show."""
    return text.encode(errors="replace").decode()


def _bounded(number: int) -> int:
    return min(max(number, 0), LARGEST)


def _time(created: str, stamp: Stamp) -> float:
    try:
        time = datetime.fromisoformat(created)
        seconds = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        return min(max(seconds, 0.0), LATEST)
    except (ValueError, OverflowError):
        return stamp.changed / 1e9


def _refuse_to_destroy(target: Path, path: Path) -> None:
    if target.samefile(path):
        raise LibraryError(f"{target} is the run itself; choose another name.")
    try:
        read_summary(target)
    except RunFileError as error:
        raise LibraryError(f"{target} is there already and is no run file; choose another name.") from error
    if files.is_locked(target):
        raise LibraryError(f"{target} is being trained; choose another name.")
