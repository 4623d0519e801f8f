"""A worker without pipe, process or threads: commands by hand, steps by hand, events into a list."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, TypeVar

from guiapp import messages as m
from guiapp.engine.trainer import Trainer
from guiapp.engine.worker import Worker
from tests.engine import runs

E = TypeVar("E", bound=m.Event)
ALL = frozenset({"latent", "manifold", "samples", "reconstructions", "gradients", "field", "posterior"})
GAN = runs.spec(runs.gan(), "ring")
VAE = runs.spec(runs.vae())
WILD = runs.spec(runs.vae(optimiser=runs.sgd(10.0)))


class Bench:
    """A worker and what it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[m.Event] = []
        self.worker = Worker(self.said.append, folder)

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
    def trainer(self) -> Trainer:
        assert self.worker._run is not None
        return self.worker._run.trainer

    def last(self, kind: type[E]) -> E:
        """The last thing said, which is of this kind."""
        assert isinstance(self.said[-1], kind), self.said
        return self.said[-1]

    def pull(self, needs: frozenset[str] = frozenset()) -> m.Update:
        self.obey(m.Pull(needs))
        return self.last(m.Update)


def ask(path: Path, question: str) -> list[Any]:
    """What a run file answers."""
    db = sqlite3.connect(path)
    try:
        return db.execute(question).fetchall()
    finally:
        db.close()
