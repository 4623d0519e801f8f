"""A run that is stored and resumed goes on bit for bit; a file that cannot be is refused in a sentence."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.data.source import DataError
from guiapp.engine.keyframe import KeyframeError, pack, restore, spec_of
from guiapp.engine.recorder import Recorder
from guiapp.engine.run_file import RunFileError, StoredRun, read_run, resumed
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, Optimiser, RunSpec, SpecError, Vae
from tests.engine import runs
from tests.engine.bench import Bench

KINDS = {
    "vae": (runs.vae(), "digits"),
    "vae, batch norm": (runs.vae(Network(hidden=(16,), norm="batch")), "digits"),
    "vae, learned sigma": (runs.vae(likelihood="gaussian, learned σ"), "digits"),
    "vae, momentum": (runs.vae(optimiser=Optimiser(kind="sgd", lr=1e-3, momentum=0.9)), "digits"),
    "vae, plain sgd": (runs.vae(optimiser=Optimiser(kind="sgd", lr=1e-3)), "digits"),
    "gan on a law": (runs.gan(), "ring"),
    "gan on images": (runs.gan(noise=5, noise_law="uniform", d_steps=2), "digits"),
}


def stored(run: Trainer, path: Path, rows: np.ndarray) -> StoredRun:
    """`run` written to `path` and read back."""
    recorder = Recorder(path, run)
    recorder.add(rows)
    recorder.close()
    return read_run(path)


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_are_one_whole(kind: str, tmp_path: Path) -> None:
    model, data = KINDS[kind]
    whole = runs.trainer(model, data, batch=100)
    rows = runs.train(whole, 60)
    half = runs.trainer(model, data, batch=100)
    first = runs.train(half, 25)
    again = resumed(stored(half, tmp_path / "run.elbo", first))
    assert again.step == 25
    second = runs.train(again, 35)
    assert runs.equal(again.weights(), whole.weights())
    told = np.concatenate([first, second])[:, 1:]  # but for the speed
    assert np.array_equal(told, rows[:, 1:], equal_nan=True)
    assert again.feed.epoch == whole.feed.epoch
    assert again.heldout() == whole.heldout()


def test_edits_are_part_of_it(tmp_path: Path) -> None:
    def half(run: Trainer) -> np.ndarray:
        rows = runs.train(run, 10)
        run.edit("model.optimiser.lr", 5e-3)
        run.edit("model.beta", 3.0)
        run.edit("batch", 33)
        return np.concatenate([rows, runs.train(run, 10)])

    whole, first = runs.trainer(runs.vae()), runs.trainer(runs.vae())
    half(whole)
    again = resumed(stored(first, tmp_path / "run.elbo", half(first)))
    assert again.spec == whole.spec
    runs.train(whole, 20), runs.train(again, 20)
    assert runs.equal(again.weights(), whole.weights())


def test_a_saved_run_opens_where_it_was_saved_with_its_rows_and_edits(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    first, second = Bench(tmp_path / "a"), Bench(tmp_path / "b")
    first.obey(m.Start(1, runs.spec(runs.vae()), running=True))
    first.advance(7)
    first.obey(m.Edit("model.beta", 2.0))
    first.advance(5)
    rows = first.pull().rows
    first.obey(m.Save(str(tmp_path / "saved.elbo")))
    second.obey(m.Open(9, str(tmp_path / "saved.elbo")))
    (begun,) = [event for event in second.said if isinstance(event, m.Started)]
    assert begun.key == 9
    assert begun.spec.model.beta == 2.0
    (edit,) = [event for event in second.said if isinstance(event, m.Edited)]
    assert (edit.step, edit.path, edit.old, edit.new) == (7, "model.beta", 1.0, 2.0)
    assert not second.worker.running
    update = second.pull()
    assert (update.first, update.step) == (1, 12)
    assert np.array_equal(update.rows, rows, equal_nan=True)
    second.obey(m.Step(3))
    second.advance(3)
    assert second.pull().first == 13
    second.obey(m.Save(str(tmp_path / "again.elbo")))
    once_more = read_run(tmp_path / "again.elbo")
    assert len(once_more.rows) == 15
    assert [event.kind for event in once_more.events] == ["start", "edit", "resume"]
    third = Bench(tmp_path / "c")
    third.obey(m.Open(1, str(tmp_path / "again.elbo")))
    (edit,) = [event for event in third.said if isinstance(event, m.Edited)]
    assert edit.spec.model.beta == 2.0, "what a run resumed twice had edited is still told"


def test_a_file_that_cannot_be_opened_leaves_the_run_that_is_under_way(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.obey(m.Start(1, runs.spec(runs.vae()), running=True))
    bench.advance(3)
    bench.obey(m.Open(2, str(tmp_path / "none.elbo")))
    assert "none.elbo" in bench.last(m.Refused).sentence
    bench.advance(3)
    assert bench.pull().step == 6


def test_keyframes_come_by_themselves_and_only_the_newest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guiapp.engine.run.RECORD_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.run.KEYFRAME_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.run.KEYFRAME_SHARE", 1e9)
    bench = Bench(tmp_path)
    bench.obey(m.Start(1, runs.spec(runs.vae()), running=True))
    bench.advance(5)
    killed = read_run(bench.run_file)  # what a killed process leaves
    assert resumed(killed).step == 5
    with sqlite3.connect(bench.run_file) as db:
        assert db.execute("SELECT step FROM keyframe").fetchall() == [(5,)]


def test_the_rows_after_the_keyframe_are_trained_again(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    recorder = Recorder(tmp_path / "run.elbo", run)
    recorder.add(runs.train(run, 10))
    recorder.keyframe()
    late = runs.train(run, 5)
    recorder.add(late)
    again = resumed(read_run(tmp_path / "run.elbo"))
    assert again.step == 10
    assert np.array_equal(runs.train(again, 5)[:, 1:], late[:, 1:], equal_nan=True)
    recorder.close()


def test_a_run_without_weights_says_so(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    with pytest.raises(RunFileError, match=r"run\.elbo.*no weights"):
        resumed(stored(run, tmp_path / "run.elbo", run.flush()))


def test_weights_of_another_model_are_refused() -> None:
    small, large = runs.trainer(runs.vae()), runs.trainer(runs.vae(Network(hidden=(17,))))
    with pytest.raises(KeyframeError, match="do not fit"):
        restore(large, pack(small))


@pytest.mark.parametrize("blob", [b"", b"x" * 7, b"\xff" * 100, (8).to_bytes(8, "little") + b"[1,2,3] "])
def test_what_is_no_keyframe_is_refused(blob: bytes) -> None:
    with pytest.raises(KeyframeError):
        spec_of(blob)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("PRAGMA user_version = 99", "version 99"),
        ("DROP TABLE chunk", "no such table"),
        ("DELETE FROM meta", "damaged"),
        ("UPDATE meta SET value = '[' WHERE key = 'names'", "damaged"),
        ("UPDATE chunk SET count = count + 1", "incomplete"),
        ("UPDATE chunk SET count = 1 << 40", "missing"),
        ("UPDATE chunk SET first = 7", "missing"),
        ("UPDATE chunk SET rows = x'00'", "damaged"),
        ("UPDATE keyframe SET state = x'00'", "damaged"),
        ("UPDATE event SET detail = '{'", "damaged"),
        ("UPDATE meta SET value = '[\"a\"]' WHERE key = 'names'", "incomplete"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path: Path, change: str, says: str) -> None:
    run = runs.trainer(runs.vae())
    path = tmp_path / "run.elbo"
    recorder = Recorder(path, run)
    recorder.add(runs.train(run, 3))
    recorder.event(1, "edit", {})
    recorder.close()
    with sqlite3.connect(path) as db:
        db.execute(change)
    db.close()
    with pytest.raises(RunFileError, match=rf"run\.elbo.*{says}"):
        resumed(read_run(path))


def test_mutated_files_give_a_run_or_a_sentence(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae(Network(hidden=(4,))))
    path = tmp_path / "run.elbo"
    recorder = Recorder(path, run)
    recorder.add(runs.train(run, 50))
    recorder.event(3, "edit", {"path": "model.beta", "old": 1.0, "new": 2.0})
    recorder.close()
    whole, dice, said = path.read_bytes(), random.Random(0), []
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 3, 30))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(data[: dice.choice((len(data), len(data), dice.randrange(len(data))))])
        try:
            resumed(read_run(path))
        except (RunFileError, SpecError, DataError) as error:
            said.append(str(error))
    assert len(said) > 50
    assert all(said)


def test_a_decompression_bomb_is_not_unpacked(tmp_path: Path) -> None:
    import zlib

    run = runs.trainer(runs.vae())
    found = stored(run, tmp_path / "run.elbo", runs.train(run, 3))
    with sqlite3.connect(found.path) as db:
        db.execute("UPDATE chunk SET rows = ?", (zlib.compress(bytes(1 << 28), 9),))
    db.close()
    with pytest.raises(RunFileError, match="incomplete"):
        read_run(found.path)


def test_the_spec_of_a_keyframe_is_the_edited_one() -> None:
    run = Trainer(RunSpec(data=runs.spec(runs.vae()).data, model=Vae(), device="cpu"))
    run.edit("model.beta", 7.0)
    assert spec_of(pack(run)) == run.spec
