"""The run file: what was written is read back, whole, whatever happened to the process or the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from guiapp.engine.keyframe import pack
from guiapp.engine.recorder import Recorder
from guiapp.engine.stored_files import InUseError
from guiapp.engine.trainer import Trainer
from guiapp.run_file import SCHEMA, keyframe_steps, read_keyframe, read_outline, read_run, read_summary
from guiapp.spec import from_json
from tests.engine import runs
from tests.engine.bench import ask, remains


@pytest.fixture
def run() -> Trainer:
    return runs.trainer(runs.gan(d_steps=0), "ring")  # the columns of D are NaN


@pytest.fixture
def recorder(run: Trainer, tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path / "run.elbo", run)
    yield recorder
    recorder.abandon()


def weights(path: Path, step: int) -> runs.Weights:
    tensors = safetensors.torch.load(read_keyframe(path, step))
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


def test_a_run_without_a_step_is_a_file_while_it_is_under_way_and_leaves_none(run: Trainer, recorder: Recorder) -> None:
    recorder.keyframe()
    stored = read_run(recorder.path)
    assert stored.rows.shape == (0, len(run.names))
    assert stored.spec == run.spec
    assert stored.keyframes == {0: 0}
    recorder.close()
    assert list(recorder.path.parent.iterdir()) == []


def test_every_step_has_its_number_whatever_the_size_of_a_chunk(
    run: Trainer, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guiapp.engine.recorder.CHUNK", 7)
    rows = runs.train(run, 30)
    recorder.add(rows[:3])
    recorder.add(rows[3:])
    assert ask(recorder.path, "SELECT first, count FROM chunk ORDER BY first") == [
        (1, 3),
        (4, 7),
        (11, 7),
        (18, 7),
        (25, 6),
    ]
    assert np.array_equal(read_run(recorder.path).rows, rows, equal_nan=True)


def test_events_keep_their_step_and_order(run: Trainer, recorder: Recorder) -> None:
    rows = runs.train(run, 12)
    recorder.add(rows[:0], [(0, "start", {})])
    edits = [{"path": "model.sigma", "old": 0.3, "new": 1e-3}, {"path": "model.likelihood", "old": "σ", "new": None}]
    recorder.add(rows, [(12, "edit", edit) for edit in edits])
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
    recorder.keyframe()
    copy = tmp_path / "elsewhere" / "50% of run #1, β=4? ☃.elbo"
    copy.parent.mkdir()
    recorder.copy_to(copy)
    saved = run.weights()
    second = runs.train(run, 5)
    recorder.add(second)
    recorder.keyframe()
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
    Recorder(path, run).abandon()
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
    recorder.abandon()
    assert path.read_bytes() == content


def test_a_full_disk_is_an_error_and_what_was_written_stays(run: Trainer, recorder: Recorder) -> None:
    """SQLite's own page limit stands for the disk."""
    rows = runs.train(run, 400)
    recorder.add(rows)
    recorder.keyframe()
    fill(recorder, 2)
    more = runs.train(run, 1000)
    for write in (lambda: recorder.add(more, [(1400, "edit", {})]), recorder.keyframe):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            write()
        assert recorder.keyframes == (400,)
        stored = read_run(recorder.path)
        assert np.array_equal(stored.rows, rows, equal_nan=True)
        assert (stored.events, stored.keyframes) == ((), {400: 0})
        assert ask(recorder.path, "PRAGMA integrity_check") == [("ok",)]
    recorder._db.execute("PRAGMA max_page_count = 1000000")
    recorder.add(more, [(1400, "edit", {})])
    recorder.keyframe()
    recorder.close()
    stored = read_run(recorder.path)
    assert np.array_equal(stored.rows, np.concatenate([rows, more]), equal_nan=True), "no hole, nothing twice"
    assert (len(stored.events), stored.keyframes) == (1, {400: 0, 1400: 1})


def fill(recorder: Recorder, pages: int) -> None:
    """Let the file grow by no more than `pages`."""
    used = recorder._db.execute("PRAGMA page_count").fetchone()[0]
    recorder._db.execute(f"PRAGMA max_page_count = {used + pages}")


class Brittle:
    """A connection that fails at the nth statement from now on, and says so to the count of statements."""

    def __init__(self, db: sqlite3.Connection, left: int) -> None:
        self._db, self.left = db, left

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise sqlite3.OperationalError("disk I/O error")

    def execute(self, *arguments: Any) -> Any:
        if not arguments[0].startswith("ROLLBACK"):
            self._count()
        return self._db.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._count()
        return self._db.executemany(*arguments)

    def close(self) -> None:
        self._db.close()


@pytest.mark.parametrize("which", range(1, 40))
def test_a_write_that_fails_half_way_leaves_no_half(run: Trainer, tmp_path: Path, which: int) -> None:
    """The disk fails at the nth statement of rows, events and a keyframe that thins others out; then it works again."""
    size = len(pack(run))
    recorder = Recorder(tmp_path / "run.elbo", run, budget=4 * size)
    for _ in range(4):
        recorder.add(runs.train(run, 5))
        recorder.keyframe()
    before, kept = read_run(recorder.path), recorder.keyframes
    rows = runs.train(run, 5)
    whole, brittle = recorder._db, Brittle(recorder._db, which)
    recorder._db = brittle  # type: ignore[assignment]
    try:
        recorder.add(rows, [(25, "edit", {"path": "batch"})])
        recorder.keyframe(pinned=True)
        failed = False
    except sqlite3.OperationalError:
        failed = True
    recorder._db = whole
    after = read_run(recorder.path)
    assert failed == (brittle.left <= 0)
    assert ask(recorder.path, "PRAGMA integrity_check") == [("ok",)]
    assert keyframe_steps(recorder.path) == recorder.keyframes
    added = len(after.rows) > len(before.rows)
    assert len(after.events) == int(added)
    if not added:
        assert (after.keyframes, recorder.keyframes) == (before.keyframes, kept)
        recorder.add(rows, [(25, "edit", {"path": "batch"})])
    recorder.keyframe(pinned=True)
    recorder.close()
    stored = read_run(recorder.path)
    assert (len(stored.rows), len(stored.events), max(stored.keyframes)) == (25, 1, 25)
    assert len(stored.keyframes) <= 4


def test_that_was_enough_statements(run: Trainer, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.elbo", run)
    recorder.add(runs.train(run, 5))
    whole, brittle = recorder._db, Brittle(recorder._db, 1000)
    recorder._db = brittle  # type: ignore[assignment]
    recorder.add(runs.train(run, 5), [(10, "edit", {})])
    recorder.keyframe()
    recorder._db = whole
    recorder.close()
    assert 10 < 1000 - brittle.left < 39


def test_a_file_whose_writer_was_killed_opens(run: Trainer, recorder: Recorder, tmp_path: Path) -> None:
    """What lies on the disk in the midst of recording, log included, is all that a killed process leaves."""
    rows = runs.train(run, 50)
    recorder.add(rows)
    left = remains(recorder.path, tmp_path / "left")
    assert Path(f"{left}-wal").stat().st_size > 0
    assert np.array_equal(read_run(left).rows, rows, equal_nan=True)
    assert not read_summary(left).ended


def test_only_one_writes_a_file(run: Trainer, recorder: Recorder) -> None:
    rows = runs.train(run, 3)
    recorder.add(rows)
    for go_on in (read_outline(recorder.path), None):
        with pytest.raises(InUseError, match=r"run\.elbo is being trained in another window"):
            Recorder(recorder.path, run, go_on=go_on)
    assert np.array_equal(read_run(recorder.path).rows, rows, equal_nan=True)
    recorder.close()
    assert not Path(f"{recorder.path}.lock").exists()
    Recorder(recorder.path, run, go_on=read_outline(recorder.path)).abandon()


@pytest.mark.parametrize("step", [0, 4, 5, 7, 10, 12])
def test_taken_up_at_any_step_the_file_ends_there(run: Trainer, recorder: Recorder, step: int) -> None:
    """Chunks of 5 steps, a keyframe and an event after each: what reaches beyond is cut, also within a chunk."""
    parts = []
    for end in (5, 10, 15):
        parts.append(runs.train(run, 5))
        recorder.add(parts[-1], [(end, "edit", {})])
        recorder.keyframe()
    recorder.abandon()
    rows = np.concatenate(parts)
    run.step = step  # as of one that was resumed and caught up
    again = Recorder(recorder.path, run, go_on=read_outline(recorder.path))
    assert np.array_equal(read_run(recorder.path).rows, rows, equal_nan=True), "not before it is taken up"
    again.take_up(step, after=step // 5)
    again.add(rows[step : step + 3])
    after = read_run(recorder.path)
    again.abandon()
    assert np.array_equal(after.rows, rows[: step + 3], equal_nan=True)
    edits = [(5 * k, "edit") for k in range(1, step // 5 + 1)]
    assert [(event.step, event.kind) for event in after.events] == [*edits, (step, "resume")]
    assert after.keyframes == {5 * k: k for k in range(1, step // 5 + 1)}
    assert again.keyframes == tuple(after.keyframes)


def test_a_file_that_someone_reads_is_closed_at_once_and_whole(run: Trainer, recorder: Recorder) -> None:
    rows = runs.train(run, 3)
    recorder.add(rows)
    with closing(sqlite3.connect(recorder.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM chunk").fetchone() == (1,)
        recorder.close()
    assert read_summary(recorder.path).ended
    assert np.array_equal(read_run(recorder.path).rows, rows, equal_nan=True)


def test_a_folder_that_is_not_there_is_not_made(run: Trainer, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no folder"):
        Recorder(tmp_path / "none" / "run.elbo", run)
    assert list(tmp_path.iterdir()) == []


def test_the_summary_says_what_a_list_shows(run: Trainer, recorder: Recorder) -> None:
    rows = runs.train(run, 20)
    recorder.add(rows[:10])
    recorder.add(rows[10:])
    recorder.annotate("Mine", "First\ntry", ("a", "β"))
    recorder.keyframe()
    summary = read_summary(recorder.path)
    assert (summary.title, summary.notes, summary.tags) == ("Mine", "First\ntry", ("a", "β"))
    assert (summary.step, summary.seconds, summary.ended) == (20, run.seconds, False)
    assert summary.figures["g_loss"] == pytest.approx(float(rows[-1, run.names.index("g_loss")]))
    assert set(summary.figures) <= set(run.objective.terms)
    assert (summary.spec, summary.parent, summary.parent_step) == (run.spec, "", 0)
    assert len(summary.id) == 32
    assert summary.created.endswith("+00:00")
    assert summary.thumbnail.startswith(b"\x89PNG")
