"""Reading data while the window hears how far it is, and may think better of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter

from guiapp import messages as m
from guiapp.data.loading import load
from guiapp.data.raw import CancelledError
from guiapp.data.source import Source
from guiapp.spec import Data

TELL_EVERY = 0.1  # seconds between two reports, so that the pipe is not flooded


def read(
    key: int,
    data: Data,
    inbox: deque[m.Command],
    say: Callable[[m.Event], None],
    clock: Callable[[], float] = perf_counter,
) -> Source:
    """The data of the run `key`. Reading is given up when another run, or the end, waits in `inbox`; and when `Pause`
    does, which is then taken out of it.

    Raises:
        CancelledError: given up; with a sentence where `Pause` was the reason. DataError: the data cannot be used.
    """
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

    return load(data.name, data.path, data.scale, data.side, tell)


def _took_pause(inbox: deque[m.Command]) -> bool:
    """Take every `Pause` out of `inbox`, to which another thread appends meanwhile."""
    waiting = [inbox.popleft() for _ in range(len(inbox))]
    inbox.extendleft(command for command in reversed(waiting) if not isinstance(command, m.Pause))
    return any(isinstance(command, m.Pause) for command in waiting)
