"""Reading data while the window hears how far it is, and may think better of it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from weakref import ref

from guiapp import messages as m
from guiapp.data.fingerprint import fingerprint
from guiapp.data.loading import open_data
from guiapp.data.raw import CancelledError
from guiapp.data.source import Source
from guiapp.spec import Data

TELL_EVERY = 0.1  # seconds between two reports, so that the pipe is not flooded


class Shelf:
    """The person's own data that were read last, for the next run on them, as long as nothing of them has changed.

    They stay while a run has them. Those of a folder of images stay until others are read: it takes a minute to decode
    a million pictures, and what comes of it lies in a temporary file, but for 128 MiB at most.
    """

    def __init__(self) -> None:
        self._data: Data | None = None
        self._print = b""
        self._last: Callable[[], Source | None] = lambda: None

    def read(
        self,
        key: int,
        data: Data,
        inbox: deque[m.Command],
        say: Callable[[m.Event], None],
        clock: Callable[[], float] = perf_counter,
    ) -> Source:
        """The data of the run `key`. Reading is given up when another run, or the end, waits in `inbox`; and when
        `Pause` does, which is then taken out of it.

        Raises:
            CancelledError: given up; with a sentence where `Pause` was the reason. DataError: they cannot be used.
        """
        tell = _teller(key, data, inbox, say, clock)
        if not data.path:
            return open_data(data, tell)
        path = Path(os.path.expanduser(data.path))
        try:
            now = fingerprint(path, tell)
        except (OSError, ValueError):  # reading it says what is wrong
            now = b""
        last = self._last()
        if last is not None and now and (self._data, self._print) == (data, now):
            return last
        source = open_data(data, tell)
        self._data, self._print = data, now
        self._last = (lambda: source) if path.is_dir() else ref(source)
        return source


def _teller(
    key: int, data: Data, inbox: deque[m.Command], say: Callable[[m.Event], None], clock: Callable[[], float]
) -> Callable[[int, int], None]:
    """What hears how far reading is, and gives it up."""
    next_report = clock() + TELL_EVERY  # what takes no longer is not worth a word

    def tell(done: int, total: int) -> None:
        nonlocal next_report
        if any(isinstance(command, m.Start | m.Open | m.Quit) for command in tuple(inbox)):
            raise CancelledError
        if _took_pause(inbox):
            raise CancelledError(f"Reading {data.path} was stopped at your wish; nothing was started.")
        if clock() >= next_report:
            next_report = clock() + TELL_EVERY
            say(m.Loading(key, done, total))

    return tell


def _took_pause(inbox: deque[m.Command]) -> bool:
    """Take every `Pause` out of `inbox`, to which another thread appends meanwhile."""
    waiting = [inbox.popleft() for _ in range(len(inbox))]
    inbox.extendleft(command for command in reversed(waiting) if not isinstance(command, m.Pause))
    return any(isinstance(command, m.Pause) for command in waiting)
