"""Opening the library of a person who has trained thousands of runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QApplication

from guiapp.gui.library.window import LibraryWindow
from guiapp.run_file import APPLICATION, SCHEMA, packed
from guiapp.runs.library import Library
from guiapp.spec import RunSpec, to_json

NAMES = ("steps_per_s", "loss", "reconstruction", "kl", "elbo")
STEPS = 100
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def open_time(runs: int) -> float:
    """Milliseconds from the wish to see a library of `runs` runs that are in its index to the painted window: the index
    read, the folder listed, the table filled and sorted, the thumbnails in sight loaded. There has to be a
    QApplication. The folder is made for it and takes 30 kB a run."""
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder), runs)
        Library(Path(folder)).refresh()
        began = perf_counter()
        window = LibraryWindow(Library(Path(folder)))
        window.show()
        window.grab()
        spent = 1000 * (perf_counter() - began)
        if window.table.total != runs:
            raise RuntimeError(f"the library shows {window.table.total} of {runs} runs")
        window.close()
        window.deleteLater()
        QApplication.processEvents()
    return spent


def make_runs(folder: Path, runs: int) -> None:
    """`runs` small run files in `folder`: one, and copies of it with ids, titles and dates of their own."""
    model = folder / "model"
    _make_run(model)
    for i in range(runs):
        path = folder / f"{i:05} fashion vae.elbo"
        shutil.copyfile(model, path)
        meta = {
            "id": uuid.UUID(int=i).hex,
            "title": f"Fashion-MNIST · VAE {i}",
            "created": (BEGUN + timedelta(minutes=7 * i)).isoformat(),
            "summary": json.dumps({"seconds": 1.5 * i, "figures": {"elbo": -100.0 - i % 97, "kl": i % 13}}),
        }
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.execute("PRAGMA journal_mode=OFF")
            db.execute("BEGIN")
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
            db.execute("COMMIT")
    model.unlink()


def _make_run(path: Path) -> None:
    from guiapp.engine.migration import TABLES  # the tables alone: torch stays out

    rng = np.random.default_rng(0)
    png = BytesIO()
    Image.fromarray(rng.integers(0, 255, (96, 96), np.uint8)).save(png, "PNG")
    rows = rng.standard_normal((STEPS, len(NAMES)), dtype=np.float32)
    meta = {"spec": to_json(RunSpec()).decode(), "names": json.dumps(NAMES), "ended": "1"}
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute(f"PRAGMA user_version={SCHEMA}")
        for statement in TABLES:
            db.execute(statement)
        db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        db.execute("INSERT INTO chunk VALUES (1, ?, ?)", (STEPS, packed(rows)))
        db.execute("INSERT INTO picture VALUES ('thumbnail', ?, ?)", (STEPS, png.getvalue()))
