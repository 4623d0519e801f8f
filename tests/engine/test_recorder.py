"""The run file: what was written is read back, whole, whatever happened to the process or the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch

from guiapp.engine.recorder import Recorder
from guiapp.engine.run_file import SCHEMA, RunFileError, read_run
from guiapp.engine.trainer import Trainer
from guiapp.spec import RunSpec, from_json
from tests.engine import runs


@pytest.fixture
def run() -> Trainer:
    return runs.trainer(runs.gan(d_steps=0), "ring")  # the columns of D are NaN


@pytest.fixture
def recorder(run: Trainer, tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path / "run.elbo", run)
    yield recorder
    recorder._db.close()


def ask(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(question).fetchall()


def weights(path: Path, step: int) -> runs.Weights:
    ((blob,),) = ask(path, f"SELECT state FROM keyframe WHERE step = {step}")
    assert isinstance(blob, bytes)
    tensors = safetensors.torch.load(blob)
    return {name.removeprefix("model/"): t for name, t in tensors.items() if name.startswith("model/")}


def test_rows_and_meta_come_back_equal(run: Trainer, recorder: Recorder) -> None:
    parts = [runs.train(run, n) for n in (1, 7, 1100)]
    for part in (parts[0], parts[0][:0], *parts[1:]):
        recorder.add(part)
    recorder.close()
    stored = read_run(recorder.path)
    meta, rows = stored.meta, stored.rows
    assert np.array_equal(rows, np.concatenate(parts), equal_nan=True)
    assert np.isnan(rows).any()
    assert from_json(meta["spec"]) == run.spec
    assert tuple(json.loads(meta["names"])) == run.names
    assert json.loads(meta["tensors"]) == [[name, list(shape)] for name, shape in run.tensors]
    assert meta["device"] == "cpu"
    assert ask(recorder.path, "SELECT first, count FROM chunk ORDER BY first") == [(1, 1), (2, 7), (9, 1100)]
    assert ask(recorder.path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(recorder.path, "PRAGMA user_version") == [(SCHEMA,)]
    assert [path.name for path in recorder.path.parent.iterdir()] == ["run.elbo"], "one file, no log beside it"
    assert runs.equal(weights(recorder.path, run.step), run.weights())


def test_a_run_without_a_step_is_a_file_too(run: Trainer, recorder: Recorder) -> None:
    recorder.close()
    stored = read_run(recorder.path)
    meta, rows = stored.meta, stored.rows
    assert rows.shape == (0, len(run.names))
    assert isinstance(from_json(meta["spec"]), RunSpec)
    assert ask(recorder.path, "SELECT * FROM keyframe") == []


def test_events_keep_their_step_and_order(run: Trainer, recorder: Recorder) -> None:
    recorder.event(0, "start", {})
    recorder.event(12, "edit", {"path": "model.sigma", "old": 0.3, "new": 1e-3})
    recorder.event(12, "edit", {"path": "model.likelihood", "old": "σ", "new": None})
    recorder.close()
    found = ask(recorder.path, "SELECT step, kind, detail FROM event ORDER BY id")
    assert [(step, kind) for step, kind, _ in found] == [(0, "start"), (12, "edit"), (12, "edit")]
    assert json.loads(str(found[1][2])) == {"path": "model.sigma", "old": 0.3, "new": 1e-3}
    assert json.loads(str(found[2][2]))["old"] == "σ"


def test_a_copy_while_recording_is_whole_and_the_record_goes_on(
    run: Trainer, recorder: Recorder, tmp_path: Path
) -> None:
    first = runs.train(run, 5)
    recorder.add(first)
    copy = tmp_path / "elsewhere" / "50% of run #1, β=4? ☃.elbo"
    copy.parent.mkdir()
    recorder.copy_to(copy)
    saved = run.weights()
    second = runs.train(run, 5)
    recorder.add(second)
    assert np.array_equal(read_run(copy).rows, first, equal_nan=True)
    assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
    assert runs.equal(weights(copy, 5), saved)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name], "no part, no log"
    recorder.copy_to(copy)
    assert len(read_run(copy).rows) == 10
    assert runs.equal(weights(copy, 10), run.weights())
    recorder.close()
    assert len(read_run(recorder.path).rows) == 10


@pytest.mark.parametrize("target", ["missing/run.elbo", "folder"])
def test_a_copy_that_cannot_be_leaves_nothing(recorder: Recorder, tmp_path: Path, target: str) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises((OSError, sqlite3.Error)):
        recorder.copy_to(tmp_path / target)
    assert not list(tmp_path.rglob("*.part"))
    assert (tmp_path / "folder" / "inner").is_dir()
    recorder.close()


def test_an_old_file_is_replaced_with_its_log(run: Trainer, tmp_path: Path) -> None:
    path = tmp_path / "run.elbo"
    Recorder(path, run).close()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").write_bytes(b"rubbish of an earlier run" * 100)
    recorder = Recorder(path, run)
    rows = runs.train(run, 3)
    recorder.add(rows)
    recorder.close()
    assert np.array_equal(read_run(path).rows, rows, equal_nan=True)


@pytest.mark.parametrize("content", [b"1,2\n", b"SQLite format 3\0" + bytes(100), b"x"])
def test_a_file_of_another_kind_is_never_replaced(run: Trainer, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "precious"
    path.write_bytes(content)
    with pytest.raises(FileExistsError, match="precious is there already"):
        Recorder(path, run)
    recorder = Recorder(tmp_path / "run.elbo", run)
    with pytest.raises(FileExistsError):
        recorder.copy_to(path)
    recorder.close()
    assert path.read_bytes() == content


def test_a_full_disk_is_an_error_and_what_was_written_stays(run: Trainer, recorder: Recorder) -> None:
    """SQLite's own page limit stands for the disk."""
    rows = runs.train(run, 400)
    recorder.add(rows)
    pages = recorder._db.execute("PRAGMA page_count").fetchone()[0]
    recorder._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(sqlite3.Error, match="full"):
        recorder.add(runs.train(run, 1000))
    recorder._db.close()
    assert np.array_equal(read_run(recorder.path).rows, rows, equal_nan=True)
    assert ask(recorder.path, "PRAGMA integrity_check") == [("ok",)]


def test_a_file_whose_writer_was_killed_opens(run: Trainer, recorder: Recorder, tmp_path: Path) -> None:
    """What lies on the disk in the midst of recording, log included, is all that a killed process leaves."""
    rows = runs.train(run, 50)
    recorder.add(rows)
    left = tmp_path / "left"
    left.mkdir()
    for path in tmp_path.glob("run.elbo*"):
        (left / path.name).write_bytes(path.read_bytes())
    assert (left / "run.elbo-wal").stat().st_size > 0
    assert np.array_equal(read_run(left / "run.elbo").rows, rows, equal_nan=True)


def test_reading_what_is_no_run_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no database" * 1000)
    for path in (other, tmp_path / "none"):
        with pytest.raises(RunFileError, match=path.name):
            read_run(path)
    assert not (tmp_path / "none").exists(), "looking makes no file"
