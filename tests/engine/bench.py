"""A worker without pipe, process or threads: commands by hand, steps by hand, events into a list."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from guiapp import messages as m
from guiapp.engine.recorder import BUDGET
from guiapp.engine.run import Run
from guiapp.engine.trainer import Trainer
from guiapp.engine.worker import Worker
from guiapp.run_file import Rows, read_run
from tests.engine import runs

E = TypeVar("E", bound=m.Event)
ALL = frozenset({"latent", "manifold", "samples", "reconstructions", "gradients", "field", "posterior"})
GAN = runs.spec(runs.gan(), "ring")
VAE = runs.spec(runs.vae())
WILD = runs.spec(runs.vae(optimiser=runs.sgd(10.0)))


class Bench:
    """A worker and what it said."""

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        self.said: list[m.Event] = []
        self.worker = Worker(self.said.append, folder, budget)

    @property
    def run_file(self) -> Path:
        """Of the newest run."""
        return Path(next(event.run_file for event in reversed(self.said) if isinstance(event, m.Started)))

    def obey(self, *commands: m.Command) -> None:
        for command in commands:
            self.worker.obey(command)

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            assert self.worker.running
            self.worker.advance()

    def until_it_stops(self, most: int = 1000) -> None:
        for _ in range(most):
            if not self.worker.running:
                return
            self.worker.advance()
        raise AssertionError("it does not stop")

    @property
    def run(self) -> Run:
        assert self.worker._run is not None
        return self.worker._run

    @property
    def trainer(self) -> Trainer:
        return self.run.trainer

    def refusals(self) -> list[str]:
        """All sentences so far that something could not be."""
        return [event.sentence for event in self.said if isinstance(event, m.Refused)]

    def seen(self, path: Path, step: int, needs: frozenset[str] = frozenset()) -> m.Seen:
        self.obey(m.Look(str(path), step, needs))
        return self.last(m.Seen)

    def last(self, kind: type[E]) -> E:
        """The last thing said, which is of this kind."""
        assert isinstance(self.said[-1], kind), self.said
        return self.said[-1]

    def rows(self) -> Rows:
        """All rows of the newest run as the window has them: those known before from the run file, then those told."""
        known = next(event.known for event in reversed(self.said) if isinstance(event, m.Started))
        self.pull()
        begun = max(i for i, event in enumerate(self.said) if isinstance(event, m.Started))
        told = [event.rows for event in self.said[begun:] if isinstance(event, m.Update)]
        return np.concatenate([read_run(self.run_file).rows[:known], *told])

    def pull(self, needs: frozenset[str] = frozenset()) -> m.Update:
        self.obey(m.Pull(needs))
        return self.last(m.Update)


@contextmanager
def benches(*folders: Path) -> Iterator[tuple[Bench, ...]]:
    """A worker for each folder, closed afterwards."""
    made = tuple(Bench(folder) for folder in folders)
    try:
        yield made
    finally:
        for bench in made:
            bench.worker.close()


def remains(path: Path, folder: Path) -> Path:
    """What a killed process leaves of the run file at `path`, log included, copied into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal"):
        if Path(f"{path}{suffix}").exists():
            shutil.copy(f"{path}{suffix}", folder)
    return folder / path.name


def ask(path: Path, question: str) -> list[Any]:
    """What a run file answers."""
    db = sqlite3.connect(path)
    try:
        return db.execute(question).fetchall()
    finally:
        db.close()
