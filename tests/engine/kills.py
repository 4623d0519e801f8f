"""A program that kills trainer processes at random moments: `python -m tests.engine.kills FOLDER COUNT SEED SECONDS`.

Torch is imported once and each trainer process is forked from here, for a new one takes seconds to load it. Each life
trains, every other one is edited, paused, looked at and forked at random as well, and ends by SIGKILL within SECONDS
after its run has begun; the next one opens what it left, until a new run begins with every fifth. FOLDER/N/ is what lay
on the disk after life N, with what was known of it by then in known.json and the seconds of training after each step in
seconds.npy.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any

import numpy as np
import torch

from guiapp import messages as m
from guiapp.engine import device
from guiapp.engine.service import serve
from guiapp.engine.worker import Worker
from tests.engine.bench import GAN, VAE, Bench

GENERATION = 5  # lives of one run
STEPS = 1 << 18
BUDGET = 1 << 19  # bytes of keyframes: little, so that they are thinned out as well
RATES = {"digits": "model.optimiser.lr", "ring": "model.g_optimiser.lr"}


class Known:
    """What of a trainer is known outside it at every moment, through memory that both share."""

    def __init__(self) -> None:
        self.key, self.step = RawValue("l", -1), RawValue("l", 0)
        self.seconds = RawArray("d", STEPS)

    def watch(self) -> None:
        """Called in the trainer: note every step that is done."""
        advance = Worker.advance

        def watched(worker: Worker) -> None:
            run = worker._run
            assert run is not None
            self._note(run.key, run.trainer.step, run.trainer.seconds)
            advance(worker)
            self._note(run.key, run.trainer.step, run.trainer.seconds)

        Worker.advance = watched  # type: ignore[method-assign]

    def _note(self, key: int, step: int, seconds: float) -> None:
        self.seconds[step] = seconds
        self.key.value, self.step.value = key, step


class Life:
    """One trainer process and what it said."""

    def __init__(self, folder: Path, known: Known, dice: random.Random) -> None:
        self._known, self._dice = known, dice
        self._left_alone = dice.random() < 0.5  # for every command may have something written
        self.path = ""
        self.key, self.keyframes = 0, [0]
        self.edits: list[tuple[int, str, Any]] = []
        ours, theirs = multiprocessing.Pipe()
        self.pid = os.fork()
        if not self.pid:
            ours.close()
            self._train(theirs, folder)
        theirs.close()
        self._connection = ours

    def _train(self, connection: Connection, folder: Path) -> None:
        try:
            device.take_threads = lambda: torch.set_num_threads(1)  # so that sums come out as in the test
            self._known.watch()
            serve(connection, folder, BUDGET)
        finally:
            os._exit(0)

    def spend(self, first: m.Command, other: Path | None, longest: float) -> None:
        """Let it do `first` and whatever comes to mind, and kill it at a random moment."""
        self._connection.send(first)
        if isinstance(first, m.Start) or self._dice.random() < 0.8:
            self._hear(until=lambda: self.key > 0)  # else it may die in the midst of opening the file
        self._connection.send(m.Run())  # on from where it was cut off
        end = time.monotonic() + self._dice.uniform(0.0, longest)
        while (left := end - time.monotonic()) > 0:
            for command in () if self._left_alone else self._whim(other):
                self._connection.send(command)
            self._hear(for_seconds=min(left, self._dice.expovariate(8.0)))
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._hear(for_seconds=0.0)
        self._connection.close()

    def _whim(self, other: Path | None) -> Iterator[m.Command]:
        dice, data = self._dice, "ring" if "GAN" in self.path else "digits"
        match dice.randrange(9):
            case 0 | 1:
                yield m.Edit(RATES[data], dice.uniform(1e-4, 5e-3))
            case 2:
                yield m.Edit("batch", dice.randrange(8, 64))
            case 3:
                yield m.Pause()
                if dice.random() < 0.7:
                    yield m.Run()
            case 4:
                yield m.Pull(frozenset({"samples", "gradients"}), {}, dice.choice([None, *self.keyframes]))
            case 5:
                yield m.Step(dice.randrange(1, 9), "d" if data == "ring" else "both")
                yield m.Run()
            case 6 if other is not None:
                yield m.Look(str(other), dice.randrange(1000), frozenset({"samples"}))
            case 7:
                yield m.Annotate(self.path, "Killed", str(dice.random()), ())
            case 8 if dice.random() < 0.3:
                yield m.Open(self.key + 1, self.path, dice.choice(self.keyframes), None, True)
            case _:
                yield m.Run()

    def _hear(self, for_seconds: float = 60.0, until: Callable[[], bool] = lambda: False) -> None:
        """Take in what it says, for so long or until something is so."""
        end = time.monotonic() + for_seconds
        try:
            while not until() and self._connection.poll(max(0.0, end - time.monotonic())):
                self._take(self._connection.recv())
        except (EOFError, ConnectionResetError):
            pass

    def _take(self, event: m.Event) -> None:
        match event:
            case m.Started():
                self.key, self.path = event.key, event.run_file
                self.edits = [(edit.step, edit.path, edit.new) for edit in event.edited if edit.new != edit.old]
            case m.Edited() if event.key == self.key and event.new != event.old:
                self.edits.append((event.step, event.path, event.new))
            case m.Update() if event.keyframes is not None:
                self.keyframes = [int(step) for step in event.keyframes] or [0]
            case m.Failed():
                print(event.details, file=sys.stderr)
            case m.Refused() if "record" in event.sentence and "Parameters can be" not in event.sentence:
                print(event.sentence, file=sys.stderr)


def warm_up(folder: Path) -> None:
    """Let torch import now what it imports when it is first used, lest each trainer does."""
    torch.set_num_threads(1)  # a process that computes in several cannot be forked
    for spec in (VAE, GAN):
        bench = Bench(folder)
        bench.obey(m.Start(1, spec, running=True), m.Pull(frozenset({"samples", "gradients"})))
        bench.advance(2)
        bench.worker.close()
    shutil.rmtree(folder)


def main(folder: Path, count: int, seed: int, longest: float) -> None:
    warm_up(folder / "runs")
    dice, runs, path = random.Random(seed), folder / "runs", ""
    earlier: list[Path] = []
    for number in range(count):
        if number % GENERATION == 0 or not path:
            command: m.Command = m.Start(1, dice.choice((VAE, GAN)), running=True)
        else:
            command = m.Open(1, path)
        known = Known()
        life = Life(runs, known, dice)
        life.spend(command, earlier[-1] if earlier else None, longest)
        came_from, path = path if isinstance(command, m.Open) else "", life.path or path
        kept = folder / str(number)
        shutil.copytree(runs, kept)
        done = known.step.value if known.key.value == life.key else 0
        np.save(kept / "seconds.npy", np.frombuffer(known.seconds)[: done + 1])
        facts = {"path": Path(path).name, "from": Path(came_from).name, "key": life.key, "done": done}
        facts |= {"edits": life.edits, "begun": bool(life.path)}
        (kept / "known.json").write_text(json.dumps(facts))
        earlier.append(Path(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
