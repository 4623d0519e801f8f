"""A second process that trains without a window, a measured segment at a time, for the bench to compare with."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from statistics import median
from time import perf_counter
from typing import Any


def start() -> tuple[SpawnProcess, Connection]:
    """Spawn it; send `("headless", preset, seconds)` or `("bare", preset, seconds, pairs)`, receive a number."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs,), name="elboscope-bench", daemon=True)
    process.start()
    theirs.close()
    return process, ours


def main(connection: Connection) -> None:
    """Measure what is asked for until the other end closes."""
    from guiapp import presets
    from guiapp.bench import bare
    from guiapp.engine import device
    from guiapp.engine.trainer import Trainer

    device.take_threads()
    trainers: dict[str, Any] = {}
    while True:
        try:
            kind, preset, seconds, *pairs = connection.recv()
        except EOFError:
            return
        spec = presets.load(preset).spec
        if preset not in trainers:
            trainer = Trainer(spec)
            events = trainer.events()

            def iterate(trainer: Any = trainer, events: Any = events) -> None:
                next(events)
                if trainer.step % 1000 == 0:
                    trainer.flush()

            trainers[preset] = iterate
            rate(iterate, 1.0)
        if kind == "headless":
            connection.send(rate(trainers[preset], seconds))
        else:
            plain = bare.loop(spec)
            rate(plain, 1.0)
            ratios = [rate(trainers[preset], seconds) / rate(plain, seconds) for _ in range(pairs[0])]
            connection.send(median(ratios))


def rate(iterate: Callable[[], None], seconds: float) -> float:
    """Iterations per second over at least `seconds`."""
    count, began = 0, perf_counter()
    while (spent := perf_counter() - began) < seconds:
        iterate()
        count += 1
    return count / spent
