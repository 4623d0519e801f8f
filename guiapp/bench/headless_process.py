"""A second process that trains without a window, a measured segment at a time, for the bench to compare with."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from statistics import median
from time import perf_counter


def start() -> tuple[SpawnProcess, Connection]:
    """Spawn it. It takes the name of a method of `Measurements` and the arguments, and sends what that gives."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs,), name="elboscope-bench", daemon=True)
    process.start()
    theirs.close()
    return process, ours


def main(connection: Connection) -> None:
    """Measure what is asked for until the other end closes."""
    from guiapp.engine import device

    device.take_threads()
    measurements = Measurements()
    while True:
        try:
            question, *details = connection.recv()
        except EOFError:
            return
        connection.send(getattr(measurements, question)(*details))


class Measurements:
    """What can be asked. A trainer of each preset is kept and trained on."""

    def __init__(self) -> None:
        self._trainers: dict[str, Callable[[], None]] = {}

    def headless(self, preset: str, seconds: float) -> float:
        """Steps per second of the trainer alone."""
        return rate(self._trainer(preset), seconds)

    def bare(self, preset: str, seconds: float, pairs: int) -> float:
        """Steps per second of the trainer by those of a plain loop, the median of `pairs`."""
        from guiapp import presets
        from guiapp.bench import bare

        plain = bare.loop(presets.load(preset).spec)
        rate(plain, 1.0)
        return median(rate(self._trainer(preset), seconds) / rate(plain, seconds) for _ in range(pairs))

    def recording(self, preset: str, seconds: float, pairs: int) -> tuple[float, float]:
        """As `recording_cost`."""
        from guiapp import presets
        from guiapp.bench.recording import recording_cost

        return recording_cost(presets.load(preset).spec, seconds, pairs)

    def observatory(self, name: str, pairs: int) -> dict[str, float | None]:
        """As `observatory_cost`."""
        from guiapp.bench.observatory import observatory_cost

        return observatory_cost(name, pairs)

    def long_run(self, path: Path, preset: str, steps: int) -> None:
        """As `write_long_run`."""
        from guiapp import presets
        from guiapp.bench.long_run import write_long_run

        write_long_run(path, presets.load(preset).spec, steps)

    def _trainer(self, preset: str) -> Callable[[], None]:
        from guiapp import presets
        from guiapp.engine.trainer import Trainer

        if preset not in self._trainers:
            trainer = Trainer(presets.load(preset).spec)
            events = trainer.events()

            def iterate() -> None:
                next(events)
                if trainer.step % 1000 == 0:
                    trainer.flush()

            self._trainers[preset] = iterate
            rate(iterate, 1.0)
        return self._trainers[preset]


def rate(iterate: Callable[[], None], seconds: float) -> float:
    """Iterations per second over at least `seconds`."""
    count, began = 0, perf_counter()
    while (spent := perf_counter() - began) < seconds:
        iterate()
        count += 1
    return count / spent
