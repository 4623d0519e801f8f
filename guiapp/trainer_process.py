"""The other process: how the window starts it, and the only door from the window's side to torch."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

METHOD: Final = "spawn"  # a fork would have the window's memory and locks, but none of its threads


def start(folder: Path, budget: int) -> tuple[SpawnProcess, Connection]:
    """Spawn a trainer process that records its runs in `folder`, with at most `budget` bytes of keyframes each; gives
    it and this side's end of the pipe. It ends when that end is closed."""
    context = multiprocessing.get_context(METHOD)
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, folder, budget), name="elboscope-trainer", daemon=True)
    process.start()
    theirs.close()  # so that each side sees the end of file when the other dies
    return process, ours


def main(connection: Connection, folder: Path, budget: int) -> None:
    """What the child runs."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, which then ends us
    from guiapp.engine.service import serve

    serve(connection, folder, budget)
