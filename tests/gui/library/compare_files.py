"""Run files made by hand, as docs/run-file.md describes them: no torch, no process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.run_file import SCHEMA, packed
from guiapp.spec import Data, Gan, RunSpec, Vae, to_json

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL)",
    "CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL)",
    "CREATE TABLE keyframe (step INTEGER PRIMARY KEY, after INTEGER NOT NULL, pinned INTEGER NOT NULL, state BLOB)",
    "CREATE TABLE picture (kind TEXT PRIMARY KEY, step INTEGER NOT NULL, png BLOB NOT NULL)",
)
VAE_NAMES = ("steps_per_s", "loss", "reconstruction", "kl", "elbo", "grad/encoder.0.weight", "update/encoder.0.weight")
GAN_NAMES = ("steps_per_s", "d_loss", "g_loss", "d_real", "d_fake", "d_acc_real", "d_acc_fake")
Edit = tuple[int, str, Any, Any]


def write(
    path: Path,
    spec: RunSpec,
    names: tuple[str, ...],
    rows: npt.NDArray[np.float32],
    *,
    keyframes: tuple[int, ...] = (),
    edits: tuple[Edit, ...] = (),
    **meta: str,
) -> Path:
    """A run file with these rows (T, S); an edit comes after the keyframe of its step."""
    texts = {"id": path.stem, "title": path.stem, "ended": "1", **meta}
    texts |= {"spec": to_json(spec).decode(), "names": json.dumps(names)}
    with closing(sqlite3.connect(path)) as db, db:
        for statement in TABLES:
            db.execute(statement)
        db.execute(f"PRAGMA user_version={SCHEMA}")
        db.executemany("INSERT INTO meta VALUES (?, ?)", texts.items())
        if len(rows):
            db.execute("INSERT INTO chunk VALUES (1, ?, ?)", (len(rows), packed(rows)))
        for step, name, old, new in edits:
            detail = json.dumps({"path": name, "old": old, "new": new})
            db.execute("INSERT INTO event (step, kind, detail) VALUES (?, 'edit', ?)", (step, detail))
        for step in keyframes:
            after = sum(at < step for at, *_ in edits)
            db.execute("INSERT INTO keyframe VALUES (?, ?, 0, x'00')", (step, after))
    return path


def vae_file(path: Path, steps: int = 100, model: Vae | None = None, seed: int = 0, **more: Any) -> Path:
    """A VAE on the digits whose column i is 10 i + 1/step; its elbo is minus its loss."""
    spec = RunSpec(data=Data(name="digits"), model=model or Vae(), seed=seed)
    rows = columns(steps, len(VAE_NAMES))
    rows[:, VAE_NAMES.index("elbo")] = -rows[:, VAE_NAMES.index("loss")]
    return write(path, spec, VAE_NAMES, rows, **{"keyframes": (0, 50, 100), **more})


def gan_file(path: Path, steps: int = 200, model: Gan | None = None, **more: Any) -> Path:
    """A GAN on the ring whose column i is 10 i + 1/step."""
    spec = RunSpec(data=Data(name="ring"), model=model or Gan())
    return write(path, spec, GAN_NAMES, columns(steps, len(GAN_NAMES)), **{"keyframes": (0, 80, 200), **more})


def columns(steps: int, count: int) -> npt.NDArray[np.float32]:
    """(T, S)"""
    t = np.arange(1, steps + 1, dtype=np.float32)
    return 10 * np.arange(count, dtype=np.float32) + 1 / t[:, None]


def summary(seconds: float, **figures: float) -> Mapping[str, str]:
    """The `meta` that a list of runs reads."""
    return {"summary": json.dumps({"seconds": seconds, "figures": figures})}
