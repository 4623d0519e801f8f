"""Files of the first schema: read as they are, brought to the newest one when they are gone on with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.engine.keyframe import pack
from guiapp.engine.migration import TABLES, migrate
from guiapp.engine.resume import resumed
from guiapp.run_file import SCHEMA, RunFileError, read_run, read_summary
from tests import by_hand
from tests.engine import runs
from tests.engine.bench import Bench, ask, benches

BETA = {"path": "model.beta", "old": 1.0, "new": 2.0}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """30 steps and an edit at step 20, with the weights of step 25."""
    run = runs.trainer(runs.vae())
    spec, parts = run.spec, [runs.train(run, 20)]
    run.edit("model.beta", 2.0)
    parts.append(runs.train(run, 5))
    state = pack(run)
    parts.append(runs.train(run, 5))
    return by_hand.write(
        tmp_path / "old.elbo", 1, spec, run.names, parts, [(0, "start", {}), (20, "edit", BETA)], {25: state}
    )


def whole() -> tuple[runs.Weights, np.ndarray]:
    """The same run in one piece, 40 steps."""
    run = runs.trainer(runs.vae())
    rows = [runs.train(run, 20)]
    run.edit("model.beta", 2.0)
    rows.append(runs.train(run, 20))
    return run.weights(), np.concatenate(rows)


def test_an_old_file_is_read_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    stored = read_run(old)
    assert np.array_equal(stored.rows[:, 1:], whole()[1][:30, 1:], equal_nan=True)
    assert stored.keyframes == {25: 2}
    assert resumed(stored).spec.model.beta == 2.0  # type: ignore[union-attr]
    assert read_summary(old).step == 30
    assert old.read_bytes() == before


def test_an_old_file_brought_to_the_newest_schema_holds_the_same(old: Path) -> None:
    before = read_run(old)
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        migrate(db)
        migrate(db)  # a second time does nothing
    after = read_run(old)
    assert ask(old, "PRAGMA user_version") == [(SCHEMA,)]
    assert np.array_equal(after.rows.view(np.uint32), before.rows.view(np.uint32))
    assert (after.names, after.events, after.keyframes) == (before.names, before.events, before.keyframes)
    assert {**before.meta, **after.meta} == after.meta
    assert len(read_summary(old).id) == 32
    columns = {name: ask(old, f"SELECT name, type FROM pragma_table_info('{name}')") for name in NEWEST}
    assert columns == NEWEST
    assert ask(old, "PRAGMA integrity_check") == [("ok",)]


def _newest() -> dict[str, list[tuple[str, str]]]:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in TABLES:
            db.execute(statement)
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {n: db.execute(f"SELECT name, type FROM pragma_table_info('{n}')").fetchall() for n in names}


NEWEST = _newest()


def test_a_damaged_old_file_is_left_as_it_is(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db:
        db.execute("UPDATE chunk SET rows = x'00' WHERE first = 21")
        db.commit()
    before = ask(old, "SELECT * FROM chunk"), ask(old, "SELECT * FROM meta"), ask(old, "SELECT * FROM sqlite_master")
    with closing(sqlite3.connect(old, isolation_level=None)) as db, pytest.raises(Exception, match=r"incorrect|incomp"):
        migrate(db)
    assert (
        ask(old, "SELECT * FROM chunk"),
        ask(old, "SELECT * FROM meta"),
        ask(old, "SELECT * FROM sqlite_master"),
    ) == before
    with pytest.raises(RunFileError):
        read_run(old)


def test_an_old_run_is_gone_on_with_bit_for_bit(bench: Bench, old: Path) -> None:
    bench.obey(m.Open(1, str(old)))
    assert bench.worker.running, "five steps have no weights"
    bench.until_it_stops()
    assert bench.last(m.Paused) == m.Paused(1, 30)
    bench.obey(m.Run(until=40))
    bench.until_it_stops()
    weights, rows = whole()
    assert runs.equal(bench.trainer.weights(), weights)
    bench.worker.close()
    assert bench.run_file == old
    stored = read_run(old)
    assert np.array_equal(stored.rows[:, 1:], rows[:, 1:], equal_nan=True)
    assert [event.kind for event in stored.events] == ["start", "edit", "resume"]


def test_an_old_run_is_forked(tmp_path: Path, old: Path) -> None:
    with benches(tmp_path / "runs") as (bench,):
        bench.obey(m.Open(1, str(old), at=27), m.Run(until=40))
        assert bench.trainer.step == 25
        bench.until_it_stops()
        assert runs.equal(bench.trainer.weights(), whole()[0])
        bench.worker.close()
        stored = read_run(bench.run_file)
        assert ask(old, "PRAGMA user_version") == [(1,)]
        assert [event.kind for event in stored.events] == ["start", "edit", "fork"]
        assert np.array_equal(stored.rows[:, 1:], whole()[1][:, 1:], equal_nan=True)
