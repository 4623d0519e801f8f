"""Reading run files that were written by hand: all comes back, and what is no run file is refused in a sentence."""

from __future__ import annotations

import sqlite3
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from guiapp import run_file
from guiapp.parameters import edited
from guiapp.run_file import (
    Event,
    RunFileError,
    edits,
    keyframe_steps,
    packed,
    read_events,
    read_keyframe,
    read_run,
    read_summary,
    unpacked,
)
from guiapp.spec import RunSpec
from tests import by_hand

SPEC = RunSpec()
NAMES = ("steps_per_s", "loss", "grad/w")
ROWS = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
BETA = {"path": "model.beta", "old": 1.0, "new": 2.0}
BATCH = {"path": "batch", "old": 128, "new": 64}


def a_run(path: Path, version: int = 2) -> Path:
    rows = ROWS.copy()
    rows[3, 2] = np.nan
    happened = [(0, "start", {}), (7, "edit", BETA), (12, "edit", BATCH)]
    return by_hand.write(
        path / "run.elbo", version, SPEC, NAMES, (rows[:1], rows[1:15], rows[15:]), happened, {15: b"weights"}
    )


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(statement, values)
        db.commit()


@pytest.mark.parametrize("version", [1, 2])
def test_all_of_a_run_comes_back(tmp_path: Path, version: int) -> None:
    path = a_run(tmp_path, version)
    stored = read_run(path)
    expected = ROWS.copy()
    expected[3, 2] = np.nan
    assert np.array_equal(stored.rows, expected, equal_nan=True)
    assert stored.rows.dtype == np.float32
    assert stored.names == NAMES
    assert stored.spec == SPEC
    assert stored.events == (Event(0, "start", {}, 1), Event(7, "edit", BETA, 2), Event(12, "edit", BATCH, 3))
    assert stored.events == read_events(path)
    assert stored.keyframes == {15: 3}
    assert keyframe_steps(path) == (15,)
    assert read_keyframe(path, 15) == b"weights"
    assert stored.keyframe_at() == stored.keyframe_at(15) == stored.keyframe_at(99) == 15
    beta = edited(SPEC, "model.beta", 2.0)
    assert [spec for _, spec in edits(stored)] == [beta, edited(beta, "batch", 64)] == [s for _, s in edits(stored, 15)]
    assert not list(tmp_path.glob("run.elbo-*")), "looking leaves nothing"


@pytest.mark.parametrize("version", [1, 2])
def test_a_summary_without_the_curves(tmp_path: Path, version: int) -> None:
    summary = read_summary(a_run(tmp_path, version))
    assert (summary.step, summary.spec, summary.title, summary.ended) == (20, SPEC, "run", True)
    assert (summary.tags, summary.figures, summary.thumbnail, summary.parent) == ((), {}, b"", "")


def test_what_a_person_wrote_is_in_the_summary(tmp_path: Path) -> None:
    known = {"title": "Mine", "notes": "n\nm", "tags": '["a", "β"]', "id": "x", "created": "2026-11-22T14:05:00+00:00"}
    known |= {"summary": '{"seconds": 2.5, "figures": {"loss": 3.0}}', "ended": "0", "parent": "y", "parent_step": "4"}
    path = by_hand.write(tmp_path / "a.elbo", 2, SPEC, NAMES, (), **known)
    change(path, "INSERT INTO picture VALUES ('thumbnail', 3, x'0102')")
    summary = read_summary(path)
    assert (summary.title, summary.notes, summary.tags, summary.id) == ("Mine", "n\nm", ("a", "β"), "x")
    assert (summary.seconds, summary.figures, summary.ended, summary.step) == (2.5, {"loss": 3.0}, False, 0)
    assert (summary.parent, summary.parent_step, summary.thumbnail) == ("y", 4, b"\1\2")


def test_what_happened_before_a_keyframe_is_told_by_the_order_not_the_step(tmp_path: Path) -> None:
    """An edit at the very step of a keyframe may have come before or after it."""
    path = a_run(tmp_path)
    change(path, "INSERT INTO keyframe VALUES (7, 1, 1, x'00'), (12, 3, 0, x'00')")
    stored = read_run(path)
    assert [event.id for event in stored.events_before(7)] == [1]
    assert [event.id for event in stored.events_before(12)] == [1, 2, 3]
    assert edits(stored, 7) == []
    assert stored.keyframe_at(11) == 7
    with pytest.raises(RunFileError, match="no weights at or before step 6"):
        stored.keyframe_at(6)


# ------------------------------------------------------------------------------------------------------------ packing


ANY = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(width=32, allow_nan=True)
)


@given(ANY)
def test_packing_keeps_every_bit(rows: np.ndarray) -> None:
    back = unpacked(packed(rows), *rows.shape, 2, 1)
    assert np.array_equal(back.view(np.uint32), rows.view(np.uint32))
    assert zlib.decompress(packed(rows)) == zlib.decompress(by_hand.planes(rows))
    old = unpacked(by_hand.plain(rows), *rows.shape, 1, 1)
    assert np.array_equal(old, rows, equal_nan=True)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda rows: rows[::-1], lambda rows: rows[:, ::2]])
def test_packing_does_not_mind_the_layout(layout: Callable[[np.ndarray], np.ndarray]) -> None:
    rows = layout(ROWS)
    assert np.array_equal(unpacked(packed(rows), *rows.shape, 2, 1), rows)


def test_a_chunk_that_expands_beyond_its_promise_is_not_unpacked(tmp_path: Path) -> None:
    path = a_run(tmp_path)
    change(path, "UPDATE chunk SET rows = ? WHERE first = 1", zlib.compress(bytes(1 << 28), 9))
    with pytest.raises(RunFileError, match="incomplete"):
        read_run(path)


@pytest.mark.slow
def test_a_million_steps_are_read_in_a_second(tmp_path: Path) -> None:
    """31 columns, in the chunks of half a second each that a fast run has; three times for a machine that is busy."""
    rng = np.random.default_rng(0)
    path = by_hand.write(tmp_path / "long.elbo", 2, SPEC, [str(i) for i in range(31)], ())
    rows = rng.normal(size=(500, 31)).astype(np.float32)
    with closing(sqlite3.connect(path)) as db:
        blobs = [packed(rng.permutation(rows)) for _ in range(20)]
        db.executemany("INSERT INTO chunk VALUES (?, 500, ?)", ((1 + 500 * i, blobs[i % 20]) for i in range(2000)))
        db.commit()
    times = []
    for _ in range(5):
        began = perf_counter()
        assert read_run(path).rows.shape == (1_000_000, 31)
        times.append(perf_counter() - began)
    print(f"1,000,000 steps x 31 columns: {min(times):.2f} s")
    assert min(times) < 3.0


# ------------------------------------------------------------------------------------------------------------- damage


def test_what_is_no_run_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no database" * 1000)
    (tmp_path / "empty").write_bytes(b"")
    for path in (other, tmp_path / "none", tmp_path / "empty", tmp_path, tmp_path / "nu\0ll", other / "below"):
        for read in (read_run, read_summary, keyframe_steps, read_events, lambda path: read_keyframe(path, 1)):
            with pytest.raises(RunFileError, match=path.name.replace("\0", ".")):
                read(path)
    assert not (tmp_path / "none").exists(), "looking makes no file"


DAMAGE = {
    "PRAGMA user_version = 99": "version 99",
    "PRAGMA user_version = -1": "version -1",
    "DROP TABLE chunk": "no such table",
    "DELETE FROM meta": "damaged",
    "UPDATE meta SET value = '[' WHERE key = 'names'": "damaged",
    "UPDATE meta SET value = '7' WHERE key = 'names'": "damaged",
    "UPDATE meta SET value = '[\"a\"]' WHERE key = 'names'": "incomplete",
    "UPDATE chunk SET count = count + 1 WHERE first = 16": "incomplete",
    "UPDATE chunk SET count = 1 << 40": "missing",
    "UPDATE chunk SET count = (1 << 24) - 1 WHERE first = 16": "incomplete",
    "UPDATE chunk SET count = -1": "missing",
    "UPDATE chunk SET count = 0": "missing",
    "UPDATE chunk SET first = 7 WHERE first = 16": "missing",
    "UPDATE chunk SET first = -1 WHERE first = 1": "missing",
    "DELETE FROM chunk WHERE first = 2": "missing",
    "UPDATE chunk SET rows = x'00'": "damaged",
    "UPDATE chunk SET rows = x''": "incomplete",
    "UPDATE event SET detail = '{'": "damaged",
    "UPDATE event SET detail = '[1, 2]'": "damaged",
    "UPDATE event SET detail = CAST(x'ff' AS TEXT)": "damaged",
    "ALTER TABLE keyframe RENAME COLUMN after TO later": "no such column",
}


@pytest.mark.parametrize("statement", DAMAGE)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path: Path, statement: str) -> None:
    path = a_run(tmp_path)
    change(path, statement)
    with pytest.raises(RunFileError, match=rf"run\.elbo.*{DAMAGE[statement]}"):
        read_run(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meta SET value = '{\"batch\": 0}' WHERE key = 'spec'",
        "UPDATE meta SET value = '7' WHERE key = 'spec'",
        "INSERT OR REPLACE INTO meta VALUES ('summary', '7')",
        "INSERT OR REPLACE INTO meta VALUES ('summary', '{\"figures\": 7}')",
        "INSERT OR REPLACE INTO meta VALUES ('summary', '{\"seconds\": \"x\"}')",
        "INSERT OR REPLACE INTO meta VALUES ('tags', '7')",
        "INSERT OR REPLACE INTO meta VALUES ('tags', ?)",
        "INSERT OR REPLACE INTO meta VALUES ('parent_step', 'x')",
    ],
)
def test_a_summary_that_cannot_be(tmp_path: Path, statement: str) -> None:
    path = a_run(tmp_path)
    values = ("[" * 100_000,) if "?" in statement else ()
    change(path, statement, *values)
    with pytest.raises(RunFileError, match=r"run\.elbo.*damaged"):
        read_summary(path)


@pytest.mark.parametrize("detail", [{}, {"path": "model.beta"}, {"path": "no", "new": 1}, {"path": "batch", "new": -1}])
def test_an_edit_that_cannot_have_been(tmp_path: Path, detail: dict[str, object]) -> None:
    path = by_hand.write(tmp_path / "a.elbo", 2, SPEC, NAMES, (ROWS,), [(3, "edit", detail)])
    with pytest.raises(RunFileError, match=r"a\.elbo.*an edit"):
        edits(read_run(path))


def test_a_view_that_counts_for_ever_is_cut_short(tmp_path: Path) -> None:
    path = a_run(tmp_path)
    change(path, "DROP TABLE meta")
    endless = "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c)"
    change(path, f"CREATE VIEW meta AS {endless} SELECT 'a' AS key, x AS value FROM c WHERE x < 0")
    began = perf_counter()
    with pytest.raises(RunFileError, match="interrupted"):
        read_summary(path)
    assert perf_counter() - began < 5


def test_a_value_longer_than_the_file_is_not_made_up(tmp_path: Path) -> None:
    path = a_run(tmp_path)
    change(path, "DROP TABLE meta")
    change(path, "CREATE TABLE meta (key TEXT, value TEXT AS (hex(zeroblob(1000000))))")
    change(path, "INSERT INTO meta (key) VALUES ('names')")
    with pytest.raises(RunFileError, match="too big"):
        read_run(path)


def test_a_file_that_grows_meanwhile_is_read_as_it_was_at_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_run(tmp_path)
    change(path, "PRAGMA journal_mode = WAL")
    whole = run_file._rows

    def and_then_more(db: sqlite3.Connection, *rest: int) -> np.ndarray:
        rows = whole(db, *rest)
        change(path, "INSERT INTO event (step, kind, detail) VALUES (25, 'edit', '{}')")
        change(path, "INSERT INTO keyframe VALUES (25, 4, 0, x'00')")
        return rows

    monkeypatch.setattr(run_file, "_rows", and_then_more)
    stored = read_run(path)
    assert (len(stored.rows), len(stored.events), tuple(stored.keyframes)) == (20, 3, (15,))
    monkeypatch.undo()
    assert tuple(read_run(path).keyframes) == (15, 25)


def test_reading_needs_no_torch() -> None:
    import subprocess

    program = "import sys; import guiapp.run_file; print('torch' in sys.modules, 'PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
