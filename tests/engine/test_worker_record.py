"""What the worker records while a run is under way: saved, annotated, on a disk that fills up, with another window."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.engine import run as module
from guiapp.engine.resume import resumed
from guiapp.engine.trainer import Trainer
from guiapp.run_file import StoredRun, read_run, read_summary
from guiapp.spec import RunSpec
from tests import by_hand
from tests.engine import runs
from tests.engine.bench import ALL, GAN, VAE, Bench, ask, benches


def test_save_and_the_events_of_the_run(bench: Bench, tmp_path: Path) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(5)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.advance(3)
    target = tmp_path / "saved.elbo"
    bench.obey(m.Save(str(target)))
    assert bench.last(m.Saved) == m.Saved(str(target))
    assert len(read_run(target).rows) == 8
    assert ask(target, "SELECT step, kind FROM event ORDER BY id") == [(0, "start"), (5, "edit")]
    assert np.array_equal(read_run(target).rows, bench.pull().rows, equal_nan=True)
    bench.obey(m.Save(str(tmp_path / "no folder" / "x.elbo")))
    sentence = bench.last(m.Refused).sentence
    assert "could not be saved as" in sentence
    assert f"there is no folder {tmp_path / 'no folder'}" in sentence
    bench.advance(1)


def test_a_new_run_begins_a_new_file_and_new_counts(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(5)
    bench.pull()
    bench.obey(m.Start(2, GAN, running=True))
    bench.advance(2)
    update = bench.pull()
    assert (update.key, update.step, update.first, len(update.rows)) == (2, 2, 1, 2)
    bench.worker.close()
    assert len(read_run(bench.run_file).rows) == 2


def in_the_way(path: Path) -> Path:
    """A folder that cannot be made, whoever asks: permissions do not stop everyone."""
    path.write_text("a file")
    return path


def test_runs_go_to_a_temporary_folder_where_theirs_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = in_the_way(tmp_path / "runs")
    with benches(folder) as (bench,):
        bench.obey(m.Start(1, VAE, running=True))
        (sentence,) = bench.refusals()
        elsewhere = bench.run_file.parent
        assert sentence.startswith(f"Runs cannot be recorded in {folder}; ")
        assert str(elsewhere) in sentence
        assert elsewhere.parent == tmp_path
        bench.advance(5)
        bench.obey(m.Start(2, VAE, running=True))
        assert len(bench.refusals()) == 1, "said once"
        assert bench.run_file.parent == elsewhere


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with benches(tmp_path / "not" / "there") as (bench,):
        bench.obey(m.Start(1, VAE, running=False))
        assert bench.run_file.parent == tmp_path / "not" / "there"
        assert bench.refusals() == []


def test_a_run_that_cannot_be_recorded_trains_all_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("guiapp.engine.worker.Recorder", refuse)
    bench.obey(m.Start(1, VAE, running=True))
    assert [type(event) for event in bench.said] == [m.Refused, m.Started]
    (sentence,) = bench.refusals()
    assert sentence.startswith("The run is not recorded, training goes on: ")
    assert bench.last(m.Started).run_file == ""
    bench.advance(5)
    bench.obey(m.Edit("batch", 3), m.Pull(frozenset()))
    assert len(bench.last(m.Update).rows) == 5
    bench.obey(m.Save(str(bench.worker._folder / "x.elbo")))
    assert "not recorded" in bench.last(m.Refused).sentence
    bench.obey(m.Annotate("", "a", "b", ()))
    assert bench.last(m.Annotated).trouble
    bench.worker.settle()
    bench.advance(1)


class Disk:
    """Every run file may grow by so many pages more than it has; SQLite's own limit stands for the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: list[sqlite3.Connection] = []
        connect = sqlite3.connect

        def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
            self.open.append(connect(*arguments, **named))
            return self.open[-1]

        monkeypatch.setattr("guiapp.engine.recorder.sqlite3.connect", watched)

    def fill(self, left: int = 0) -> None:
        self._limit(self.open[-1].execute("PRAGMA page_count").fetchone()[0] + left)

    def free(self) -> None:
        self._limit(1_000_000)

    def _limit(self, pages: int) -> None:
        self.open[-1].execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(module, "RECORD_EVERY", 0.0)
    return Disk(monkeypatch)


@pytest.mark.parametrize("left", [0, 2, 5, 30])
def test_a_disk_that_fills_up_stops_the_record_and_nothing_else(bench: Bench, disk: Disk, left: int) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    disk.fill(left)
    bench.advance(400)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.worker.settle()
    (sentence,) = bench.refusals()
    assert "the disk is full; free some space there" in sentence
    update = bench.pull()
    assert (update.first, len(update.rows), update.step) == (1, 403, 403)
    stored = read_run(bench.run_file)
    assert np.array_equal(stored.rows, update.rows[: len(stored.rows)], equal_nan=True)
    assert len(stored.rows) >= 3
    assert ask(bench.run_file, "PRAGMA integrity_check") == [("ok",)]
    bench.obey(m.Start(2, VAE, running=True))
    assert "not recorded" in bench.refusals()[1], "and once more when it ends"


def test_once_there_is_space_again_nothing_is_missing(
    bench: Bench, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_EVERY", 0.0)
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    disk.fill()
    bench.advance(200)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.advance(20)
    disk.free()
    bench.advance(1)
    assert [sentence.split(",")[0].split(";")[0] for sentence in bench.refusals()] == [
        "The run is not recorded at present",
        "The run is recorded again",
    ]
    bench.advance(10)
    rows, file = bench.pull().rows, bench.run_file
    bench.worker.close()
    stored = read_run(file)
    assert np.array_equal(stored.rows, rows, equal_nan=True)
    assert [(event.step, event.kind) for event in stored.events] == [(0, "start"), (203, "edit")]
    assert max(stored.keyframes) == 234
    again = resumed(stored)
    assert runs.equal(again.weights(), trained(VAE, stored).weights())


def trained(spec: RunSpec, stored: StoredRun) -> Trainer:
    """The run, trained from its record of edits alone."""
    run = Trainer(spec)
    for event in stored.events:
        runs.train(run, event.step - run.step)
        if event.kind == "edit":
            run.edit(event.detail["path"], event.detail["new"])
    runs.train(run, len(stored.rows) - run.step)
    return run


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't allocate"), sqlite3.DataError("too big")])
def test_weights_that_cannot_be_packed_do_not_end_the_training(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(module, "RECORD_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_SHARE", 1e9)
    bench.obey(m.Start(1, VAE, running=True))

    def fail(_trainer: Trainer) -> bytes:
        raise error

    monkeypatch.setattr("guiapp.engine.recorder.pack", fail)
    bench.advance(5)
    (sentence,) = bench.refusals()
    assert sentence.startswith("The weights are not recorded: ")
    monkeypatch.setattr(module, "RETRY_EVERY", 0.0)
    bench.obey(m.Edit("batch", 7))
    bench.advance(5)
    assert len(read_run(bench.run_file).rows) >= 5, "the curves go on"


def test_a_thumbnail_that_cannot_be_made_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_trainer: Trainer) -> bytes:
        raise ValueError

    monkeypatch.setattr("guiapp.engine.recorder.thumbnail.png", fail)
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(5)
    file = bench.run_file
    bench.worker.close()
    assert bench.refusals() == []
    assert (read_summary(file).thumbnail, read_summary(file).ended) == (b"", True)


def test_a_clock_that_jumps_moves_nothing_but_the_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back by years and forth between any two looks at it."""

    class Jumping(datetime.datetime):
        years = 2030

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Jumping:
            cls.years = 1970 + (cls.years * 7919) % 130
            return cls(cls.years, 1, 1, tzinfo=tz)

    for place in ("worker", "recorder"):
        monkeypatch.setattr(f"guiapp.engine.{place}.datetime", Jumping)
    dice = iter(range(10**9))
    monkeypatch.setattr("time.time", lambda: float(hash(next(dice)) * 7919 % 2**31))
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(20)
    bench.obey(m.Edit("model.beta", 2.0))
    bench.advance(20)
    bench.obey(m.Start(2, VAE, running=False))
    first = next(Path(event.run_file) for event in bench.said if isinstance(event, m.Started))
    stored = read_run(first)
    assert (len(stored.rows), max(stored.keyframes)) == (40, 40)
    assert np.all(stored.rows[:, 0] > 0)
    assert read_summary(first).seconds > 0
    assert first != bench.run_file


# --------------------------------------------------------------------------------------------------------- two windows


def test_two_trainers_on_one_file(tmp_path: Path) -> None:
    with benches(tmp_path, tmp_path) as (one, two):
        one.obey(m.Start(1, VAE, running=True))
        one.advance(5)
        one.worker.settle()
        two.obey(m.Start(2, GAN, running=True))
        two.advance(5)
        mine = two.run_file
        two.obey(m.Open(3, str(one.run_file)))
        refused = two.last(m.Refused)
        assert refused.key == 3
        assert refused.sentence == (
            f"{one.run_file.name} is being trained in another window; go on with it there, or close it there first."
        )
        two.advance(5)
        assert two.pull().key == 2
        assert len(two.pull().rows) == 0
        two.obey(m.Annotate(str(one.run_file), "Theirs", "", ()))
        assert "another window; change it there" in two.last(m.Annotated).trouble
        assert two.seen(one.run_file, 5, ALL).trouble == "", "looking is free"
        two.obey(m.Open(4, str(one.run_file), at=5))
        assert two.last(m.Started).key == 4, "and so is forking"
        one.advance(5)
        theirs = one.run_file
        one.worker.close()
        two.obey(m.Open(5, str(theirs)))
        assert two.last(m.Started).key == 5
        two.obey(m.Open(6, str(mine)))
        assert two.last(m.Started).key == 6
        assert len(two.rows()) == 10


def test_the_run_under_way_is_not_opened_again(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    bench.obey(m.Open(2, str(bench.run_file)))
    assert bench.last(m.Refused).key == 2
    assert "open already" in bench.last(m.Refused).sentence
    bench.advance(3)


def test_a_file_from_elsewhere_is_copied_and_its_own_left_as_it_is(tmp_path: Path) -> None:
    with benches(tmp_path / "a", tmp_path / "b") as (one, two):
        one.obey(m.Start(1, VAE, running=True))
        one.advance(5)
        one.worker.close()
        before = one.run_file.read_bytes()
        for key in (2, 3):
            two.obey(m.Open(key, str(one.run_file)), m.Step(3))
            two.until_it_stops()
            assert two.run_file.parent == tmp_path / "b"
        assert two.run_file.name == f"{one.run_file.stem} 2.elbo"
        two.worker.close()
        assert [len(read_run(path).rows) for path in sorted((tmp_path / "b").iterdir())] == [8, 8]
        assert one.run_file.read_bytes() == before


def test_a_file_from_elsewhere_that_cannot_be_opened_is_not_copied(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    bench.obey(m.Start(1, VAE, running=True))
    run = runs.trainer(runs.vae())
    by_hand.write(tmp_path / "else" / "run.elbo", 2, run.spec, run.names, ())
    for name in ("run.elbo", "none.elbo"):
        bench.obey(m.Open(2, str(tmp_path / "else" / name)))
        assert bench.last(m.Refused).key == 2
    assert not (tmp_path / "run.elbo").exists()
    bench.advance(3)


# ------------------------------------------------------------------------------------------------------------ annotate


def test_annotating_the_run_under_way_and_others(bench: Bench, tmp_path: Path) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    first = bench.run_file
    bench.obey(m.Start(2, VAE, running=True))
    bench.advance(3)
    for path in (first, bench.run_file):
        bench.obey(m.Annotate(str(path), "Title", "Notes\n…", ("a", "β")))
        assert bench.last(m.Annotated) == m.Annotated(str(path))
        summary = read_summary(path)
        assert (summary.title, summary.notes, summary.tags) == ("Title", "Notes\n…", ("a", "β"))
    for path, title in ((tmp_path / "none.elbo", "x"), (first, "half \ud800")):
        bench.obey(m.Annotate(str(path), title, "", ()))
        assert path.name in bench.last(m.Annotated).trouble
    bench.advance(3)
    assert bench.refusals() == []


@pytest.mark.early_keyframes
def test_the_first_steps_can_be_gone_back_to(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.obey(m.Start(1, GAN, True))
    bench.advance(300)
    keyframes = bench.pull().keyframes
    assert keyframes is not None
    assert {0, 1, 2, 4, 8, 16, 32, 64, 128, 256} <= set(keyframes.tolist())
    bench.worker.close()
