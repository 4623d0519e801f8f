"""Pictures of steps that are past, of the current run and of others, while training goes on as if no one looked."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.run_file import read_run
from guiapp.spec import Network, RunSpec
from tests.engine import runs
from tests.engine.bench import ALL, GAN, VAE, Bench, benches, remains

NORMED = runs.spec(runs.vae(Network(hidden=(16,), norm="batch")))
KINDS = {"vae": VAE, "gan": GAN, "batch norm": NORMED, "momentum": runs.spec(runs.vae(optimiser=runs.sgd(1e-3, 0.9)))}
FOCUS = {"dimensions": (0, 1)}


@pytest.fixture(autouse=True)
def _keyframes_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_EVERY", 1e9)
    monkeypatch.setattr("guiapp.engine.run.SAME_EDIT", 0.0)


def advance(bench: Bench, until: int) -> None:
    bench.obey(m.Run(until=until))
    bench.until_it_stops()


def pull(bench: Bench, at: int | None = None, needs: frozenset[str] = ALL) -> m.Update:
    """The whole answer, whether it came at once or, of a past step, the pictures of its gradients by themselves."""
    before = len(bench.said)
    bench.obey(m.Pull(needs, {}, at))
    parts = [event for event in bench.said[before:] if isinstance(event, m.Update)]
    assert not parts[-1].to_come
    assert all(part.to_come and part.at is not None for part in parts[:-1])
    return replace(parts[-1], pictures={kind: picture for part in parts for kind, picture in part.pictures.items()})


def same(one: Mapping[str, m.Picture], other: Mapping[str, m.Picture]) -> bool:
    return one.keys() == other.keys() and all(
        one[kind].keys() == other[kind].keys()
        and all(np.array_equal(one[kind][name], other[kind][name], equal_nan=True) for name in one[kind])
        for kind in one
    )


def train_and_look(bench: Bench, spec: RunSpec) -> dict[int, Mapping[str, m.Picture]]:
    """Pictures of four steps as they were made then; the gradients are those of the step that follows."""
    bench.obey(m.Start(1, spec, running=False))
    then = {}
    for step in (0, 7, 20, 31):
        advance(bench, step)
        bench.worker.settle()
        pictures = dict(pull(bench).pictures)
        advance(bench, step + 1)
        if "gradients" in pictures:
            pictures["gradients"] = pull(bench, needs=frozenset({"gradients"})).pictures["gradients"]
        then[step] = pictures
        if step == 7:
            bench.obey(m.Edit("batch", 24))
    return then


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recalled_is_what_was_seen_then(bench: Bench, kind: str) -> None:
    then = train_and_look(bench, KINDS[kind])
    for step in (20, 0, 31, 7, 20):
        update = pull(bench, step)
        assert (update.at, update.step) == (step, 32)
        assert len(update.pictures) >= 3
        if kind == "batch norm" and "gradients" in then[step]:
            assert "gradients" in update.pictures
        assert same(update.pictures, then[step]), step
        assert pull(bench, step).pictures == {}, "made once"


@pytest.mark.parametrize("kind", KINDS)
def test_looking_back_does_not_touch_the_training(tmp_path: Path, kind: str) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    with benches(tmp_path / "a", tmp_path / "b") as (one, other):
        for bench in (one, other):
            bench.obey(m.Start(1, KINDS[kind], running=False))
            advance(bench, 10)
            bench.worker.settle()
            bench.obey(m.Run())
        for _ in range(10):
            one.advance(2), other.advance(2)
            for at in (10, 0, None):
                pull(one, at)
            one.seen(one.run_file, 5, ALL)
        assert runs.equal(one.trainer.weights(), other.trainer.weights())
        one.obey(m.Pause()), other.obey(m.Pause())
        pulled = np.concatenate([event.rows for event in one.said if isinstance(event, m.Update)])
        last = other.pull().rows
        assert np.array_equal(pulled[:, 1:], last[:, 1:], equal_nan=True)


def test_back_to_live_all_pictures_are_made_again(bench: Bench) -> None:
    train_and_look(bench, VAE)
    needs = frozenset({"samples", "latent"})
    live = pull(bench, needs=needs).pictures
    assert pull(bench, needs=needs).pictures == {}
    assert not same(pull(bench, 7, needs).pictures, live)
    update = pull(bench, needs=needs)
    assert update.at is None
    assert same(update.pictures, live or update.pictures)
    assert set(update.pictures) == needs


def test_a_step_without_weights_is_told(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    update = pull(bench, 2)
    assert update.pictures == {}
    assert "Step 2 cannot be shown" in bench.refusals()[0]
    bench.advance(3)


def test_a_run_that_is_not_recorded_cannot_be_recalled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("guiapp.engine.worker.Recorder", refuse)
    bench.obey(m.Start(1, VAE, running=True))
    assert "The run is not recorded, training goes on: writing is not permitted" in bench.refusals()[0]
    bench.advance(3)
    assert pull(bench, 0).pictures == {}
    assert "Step 0 cannot be shown" in bench.refusals()[1]


# ---------------------------------------------------------------------------------------------------------------- look


def test_looking_at_several_runs_while_one_trains(bench: Bench, tmp_path: Path) -> None:
    paths, then = {}, {}
    for kind, spec in KINDS.items():
        then[kind] = train_and_look(bench, spec)
        paths[kind] = bench.run_file
    bench.obey(m.Run())
    for step in (7, 25, 3, 99):
        for kind, path in paths.items():
            seen = bench.seen(path, step, ALL)
            shown = max(k for k in read_run(path).keyframes if k <= step)
            assert (seen.path, seen.step, seen.trouble) == (str(path), shown, "")
            assert seen.run is not None
            assert (seen.run.run_file, seen.run.names) == (str(path), read_run(path).names)
            assert seen.spec is not None
            assert seen.spec.batch == (16 if shown <= 7 else 24)
            if shown in then[kind]:
                assert same(seen.pictures, then[kind][shown])
            assert same(bench.seen(path, step, ALL).pictures, seen.pictures), "as often as it is asked for"
        bench.advance(2)
    assert bench.pull().step == 40


def test_looking_needs_no_current_run(bench: Bench, tmp_path: Path) -> None:
    bench.obey(m.Start(1, GAN, running=False))
    advance(bench, 5)
    bench.worker.close()
    with benches(tmp_path / "other") as (other,):
        seen = other.seen(bench.run_file, 5, frozenset({"samples"}))
        assert (seen.step, set(seen.pictures), seen.trouble) == (5, {"samples"}, "")
        before = other.seen(bench.run_file, -5)
        assert (before.step, before.trouble) == (0, ""), "the first, for what is before it"
        assert not list(bench.run_file.parent.glob("*.lock"))


def test_more_runs_than_are_kept_ready(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guiapp.engine.album.MOST", 2)
    paths = []
    for seed in range(4):
        bench.obey(m.Start(seed, runs.spec(runs.vae(), seed=seed), running=False))
        advance(bench, 2)
        paths.append(bench.run_file)
    bench.worker.close()
    first = [bench.seen(path, 2, frozenset({"samples"})).pictures for path in paths]
    again = [bench.seen(path, 2, frozenset({"samples"})).pictures for path in reversed(paths)]
    assert all(same(a, b) for a, b in zip(first, reversed(again), strict=True))
    assert len(bench.worker._album._shadows) == 2
    assert not same(first[0], first[1])


def test_what_cannot_be_looked_at_is_said_in_the_answer(bench: Bench, tmp_path: Path) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(3)
    (tmp_path / "text.elbo").write_text("text")
    damaged = remains(bench.run_file, tmp_path / "left")
    with closing(sqlite3.connect(damaged)) as db:
        db.execute("UPDATE keyframe SET state = x'00'")
        db.commit()
    others = {tmp_path / "none": "no such file", tmp_path / "text.elbo": "no run file", damaged: "damaged"}
    for path, says in others.items():
        seen = bench.seen(path, 3, ALL)
        assert (seen.path, seen.step, seen.run, seen.spec, seen.pictures) == (str(path), 3, None, None, {})
        assert says in seen.trouble
    bench.advance(3)
    assert bench.refusals() == []


def test_another_file_at_the_same_place_is_looked_at_anew(bench: Bench, tmp_path: Path) -> None:
    paths = []
    for step, spec in ((2, VAE), (3, GAN)):
        bench.obey(m.Start(1, spec, running=False))
        advance(bench, step)
        paths.append(bench.run_file)
    bench.worker.close()
    assert bench.seen(paths[0], 2, frozenset({"samples"})).trouble == ""
    paths[1].replace(paths[0])
    assert "do not fit" in bench.seen(paths[0], 3, frozenset({"samples"})).trouble
    assert bench.seen(paths[0], 3, frozenset({"samples"})).trouble == ""


def test_the_step_for_gradients_measures_nothing_that_is_in_the_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.obey(m.Start(1, VAE, running=False))
    advance(bench, 3)
    bench.worker.settle()
    monkeypatch.setattr("guiapp.engine.updates.Updates.begin", lambda _: pytest.fail("measured an update"))
    assert "gradients" in pull(bench, 3).pictures
