"""Folders of real run files: each trained for a few steps, then copied and renamed for more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from guiapp.engine.recorder import Recorder
from guiapp.runs.library import Entry
from guiapp.spec import RunSpec
from tests.engine import runs

BEGUN = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


def vae_run(path: Path, steps: int = 5, beta: float = 1.0) -> Path:
    """A VAE on the digits, ended after `steps` steps."""
    return recorded(path, runs.spec(runs.vae(beta=beta)), steps)


def gan_run(path: Path, steps: int = 5) -> Path:
    """A GAN on the ring."""
    return recorded(path, runs.spec(runs.gan(), "ring"), steps)


def recorded(path: Path, spec: RunSpec, steps: int) -> Path:
    """A run of `spec`, ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_content(spec, steps))
    return said_of(path, id=uuid4().hex)


@cache
def _content(spec: RunSpec, steps: int) -> bytes:
    """Of a run file; training each anew would take most of the time of the tests."""
    with TemporaryDirectory() as folder:
        recorder = begun(Path(folder) / "run.elbo", spec, steps)
        recorder.close()
        return recorder.path.read_bytes()


def begun(path: Path, spec: RunSpec, steps: int) -> Recorder:
    """A run of `spec` under way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run = runs.trainer(spec.model, spec.data.name)
    recorder = Recorder(path, run)
    recorder.add(runs.train(run, steps))
    return recorder


def happened(path: Path, *events: tuple[int, str, dict[str, object]]) -> Path:
    """The run file at `path` with these events (step, kind, detail) after its own."""
    with closing(sqlite3.connect(path)) as db, db:
        rows = [(step, kind, json.dumps(detail)) for step, kind, detail in events]
        db.executemany("INSERT INTO event (step, kind, detail) VALUES (?, ?, ?)", rows)
    return path


def said_of(path: Path, **meta: str | Sequence[str]) -> Path:
    """The run file at `path` with other words or circumstances in its table `meta`."""
    with closing(sqlite3.connect(path)) as db, db:
        for key, value in meta.items():
            text = value if isinstance(value, str) else json.dumps(list(value))
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))
    return path


def many(folder: Path, count: int) -> list[Path]:
    """`count` runs, VAEs and GANs in turn, an hour between the beginnings of each two; the newest is the first."""
    paths = [folder / f"run {i}.elbo" for i in range(count)]
    for i, path in enumerate(paths):
        if i % 2:
            gan_run(path, 30)
        else:
            vae_run(path, 40, beta=4.0)
        begin = (BEGUN - timedelta(hours=i)).isoformat(timespec="seconds")
        said_of(path, id=f"{i:032x}", title=f"Run number {i}", created=begin)
    return paths


def by_name(entries: list[Entry]) -> dict[str, Entry]:
    """The entries of a library by the names of their files."""
    return {entry.path.name: entry for entry in entries}
