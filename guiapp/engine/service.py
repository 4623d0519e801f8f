"""The trainer process at its end of the pipe."""

from __future__ import annotations

import os
import threading
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path

from guiapp import messages as m
from guiapp.allocator import keep_large_apart
from guiapp.engine import device
from guiapp.engine.worker import Worker

LARGE = 16 << 20  # bytes; no tensor of a usual step is as large, so training does not pay for it
LAST_WORDS = 3.0  # seconds that a hung step gets once the window is gone


def serve(connection: Connection, folder: Path, budget: int) -> None:
    """Work until `Quit` or until the other end of `connection` closes; then the process has nothing left to do. Runs
    are recorded in `folder`, a file each with at most `budget` bytes of keyframes."""
    device.take_threads()
    keep_large_apart(LARGE)
    inbox: deque[m.Command] = deque()
    arrived = threading.Event()

    def listen() -> None:
        command: m.Command | None = None
        while not isinstance(command, m.Quit):
            try:
                command = connection.recv()
            except (EOFError, OSError):
                command = m.Quit()
                deadline = threading.Timer(LAST_WORDS, os._exit, (1,))
                deadline.daemon = True  # it must not itself keep a process alive that has ended well
                deadline.start()
            inbox.append(command)
            arrived.set()

    threading.Thread(target=listen, name="listen", daemon=True).start()
    worker = Worker(connection.send, folder, budget)
    try:
        worker.work(inbox, arrived)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the window is gone
    finally:
        worker.close()
