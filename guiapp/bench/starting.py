"""From the start of the program to its window on the screen."""

from __future__ import annotations

import subprocess
import sys
from time import time

from PySide6.QtCore import QCoreApplication

from guiapp.bench.stage import open_window

SHOWN = "shown"  # the hidden command that prints when its window is on the screen


def program() -> list[str]:
    """The command that starts this program."""
    return [sys.executable] if hasattr(sys, "_MEIPASS") else [sys.executable, "-m", "guiapp"]


def start_seconds() -> float:
    """From the start of a process to its painted window."""
    began = time()
    done = subprocess.run([*program(), SHOWN], capture_output=True, text=True, check=True, timeout=120)
    return float(done.stdout.split()[-1]) - began


def shown() -> int:
    """Open the window, print the time when it has been painted, and close it."""
    with open_window():
        QCoreApplication.processEvents()
        print(time(), flush=True)
    return 0
