"""A training thread without a process: tests read what was sent and say what arrives."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from guiapp import messages as m
from guiapp.spec import RunSpec


class Wire(QObject):
    """Stands where the `TrainingThread` stands."""

    received = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[m.Command] = []
        self.starts = 0
        self.running = False
        self.pid = 4711

    def isRunning(self) -> bool:
        return self.running

    def start(self) -> None:
        self.running = True
        self.starts += 1

    def wait(self) -> bool:
        self.running = False
        return True

    def send(self, command: m.Command) -> None:
        self.sent.append(command)

    def shut_down(self) -> None:
        self.running = False

    def say(self, event: m.Event) -> None:
        """Let `event` arrive."""
        self.received.emit(event)

    def last(self) -> m.Command:
        return self.sent[-1]


NAMES = ("steps_per_s", "loss", "grad/encoder.0.weight")


def started(key: int, spec: RunSpec | None = None, data_count: int = 1000) -> m.Started:
    """What the trainer says when run `key` exists."""
    return m.Started(
        key=key,
        spec=spec or RunSpec(),
        names=NAMES,
        tensors=(("encoder.0.weight", (3, 4)),),
        capabilities=frozenset({"encodes", "decodes", "samples"}),
        shape=(2, 2),
        classes=(),
        data_title="data",
        data_note="",
        data_count=data_count,
        extent=0.0,
        device="cpu",
        parameters=12,
        run_file="",
    )


def update(key: int, first: int, count: int, running: bool = True, **pictures: m.Picture) -> m.Update:
    """`count` rows from step `first` on."""
    steps = np.arange(first, first + count, dtype=np.float32)
    rows = (
        np.stack([np.full(count, 100, np.float32), 1 / steps, steps], axis=1) if count else np.empty((0, 3), np.float32)
    )
    last = first + count - 1
    return m.Update(key, last, last / 10, last / 100, 100.0, running, first, rows, pictures)
