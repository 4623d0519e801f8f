"""The script of a run on a person's own data, made in a process of its own: all of the data are read for it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import perf_counter
from typing import Any

from guiapp.spec import RunSpec

TELL_EVERY = 0.1  # seconds between two reports

Edits = Sequence[tuple[int, str, Any]]


def start(spec: RunSpec, steps: int, edits: Edits) -> tuple[SpawnProcess, Connection]:
    """Spawn it; gives it and the end of the pipe from which come (done, total), again and again, and then ("script",
    text) or ("refused", sentence).

    Raises:
        OSError: there is no memory, or no room for one more process.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=main, args=(theirs, spec, steps, edits), name="elboscope-code", daemon=True)
    process.start()
    theirs.close()  # so that this side sees the end of file when the other dies
    return process, ours


def main(connection: Connection, spec: RunSpec, steps: int, edits: Edits) -> None:
    """What the child runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, which then ends us
    from guiapp.data.source import DataError
    from guiapp.export.code import script

    next_report = perf_counter()

    def tell(done: int, total: int) -> None:
        nonlocal next_report
        if perf_counter() >= next_report:
            next_report = perf_counter() + TELL_EVERY
            connection.send((done, total))

    try:
        connection.send(("script", script(spec, steps=steps, edits=edits, tell=tell)))
    except (ValueError, DataError) as error:
        connection.send(("refused", str(error)))
    except MemoryError:
        connection.send(("refused", "There is too little memory to read the data for the script; close programs."))
