"""A fork is the parent up to a keyframe, and goes on from there: without changes bit for bit as the parent did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.parameters import edited
from guiapp.run_file import read_run, read_summary
from guiapp.spec import Network, RunSpec
from tests.engine import runs
from tests.engine.bench import GAN, VAE, Bench, ask, benches, remains


@pytest.fixture(autouse=True)
def _keyframes_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_EVERY", 1e9)
    monkeypatch.setattr("guiapp.engine.run.RECORD_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.run.SAME_EDIT", 0.0)


def advance(bench: Bench, until: int) -> None:
    bench.obey(m.Run(until=until))
    bench.until_it_stops()


def keyframe(bench: Bench, step: int) -> None:
    advance(bench, step)
    bench.worker.settle()


def begin(bench: Bench, spec: RunSpec = VAE) -> Path:
    """40 steps, β edited at 10 and at 20, keyframes at 0, 10, 20 (each before the edit), 30."""
    bench.obey(m.Start(1, spec, running=False))
    advance(bench, 10)
    bench.obey(m.Edit("model.beta", 2.0))
    advance(bench, 20)
    bench.obey(m.Edit("model.beta", 3.0))
    keyframe(bench, 30)
    advance(bench, 40)
    bench.obey(m.Annotate(str(bench.run_file), "Parent", "", ()))
    return bench.run_file


def fork(bench: Bench, parent: Path, at: int, spec: RunSpec | None = None, key: int = 2) -> Path:
    bench.obey(m.Open(key, str(parent), at, spec))
    assert bench.run_file != parent, bench.said[-1]
    return bench.run_file


@pytest.mark.parametrize("at", [0, 10, 20, 29, 30, 99])
def test_without_changes_it_repeats_its_parent(bench: Bench, at: int) -> None:
    parent = begin(bench)
    weights, rows, spec = bench.trainer.weights(), bench.rows(), bench.trainer.spec
    child = fork(bench, parent, at)
    step = bench.trainer.step
    assert step == {29: 20, 99: 40}.get(at, at), "the newest keyframe up to there; the newest of all is made for it"
    script = {10: 2.0, 20: 3.0}
    for until in (10, 20, 40):
        if until > step or (until == step and until in script):
            advance(bench, until)
            if until in script and until >= step:
                bench.obey(m.Edit("model.beta", script[until]))
    assert bench.trainer.spec == spec
    assert runs.equal(bench.trainer.weights(), weights)
    assert np.array_equal(bench.rows()[:, 1:], rows[:, 1:], equal_nan=True)
    bench.worker.close()
    stored, before = read_run(child), read_run(parent)
    assert np.array_equal(stored.rows[:, 1:], before.rows[:, 1:], equal_nan=True)
    assert stored.spec == before.spec == VAE
    assert ask(child, "PRAGMA integrity_check") == [("ok",)]
    assert set(stored.keyframes) == {k for k in before.keyframes if k <= step} | ({10, 20} - set(range(step))) | {40}


def test_what_it_says_of_where_it_comes_from(bench: Bench) -> None:
    parent = begin(bench)
    child = fork(bench, parent, 30, edited(bench.trainer.spec, "batch", 8))
    told = [event for event in bench.said if isinstance(event, m.Started)][-1]
    assert (told.key, told.again, told.known, told.run_file, told.spec.batch) == (2, 0, 30, str(child), 8)
    edits = [(event.step, event.path, event.old, event.new) for event in told.edited]
    assert edits == [(10, "model.beta", 1.0, 2.0), (20, "model.beta", 2.0, 3.0), (30, "batch", 16, 8)]
    update = bench.pull()
    assert (update.first, len(update.rows), update.step, update.running) == (31, 0, 30, False)
    assert [(step, kind) for step, kind, _ in update.events] == [
        (0, "start"),
        (10, "edit"),
        (20, "edit"),
        (30, "fork"),
        (30, "edit"),
    ]
    assert update.keyframes is not None
    assert update.keyframes.tolist() == [0, 10, 20, 30]
    summary, before = read_summary(child), read_summary(parent)
    assert (summary.parent, summary.parent_step, summary.step) == (before.id, 30, 30)
    assert summary.id != before.id
    assert summary.seconds > 0
    assert set(summary.figures) == set(before.figures)
    (detail,) = [detail for _, kind, detail in update.events if kind == "fork"]
    assert detail == {"parent": before.id, "title": "Parent"}


def test_the_parent_is_left_as_it_was_but_for_a_keyframe_of_now(bench: Bench) -> None:
    parent = begin(bench)
    rows = bench.pull().rows
    fork(bench, parent, 20)
    stored = read_run(parent)
    assert np.array_equal(stored.rows, rows, equal_nan=True)
    assert tuple(stored.keyframes) == (0, 10, 20, 30, 40)
    assert read_summary(parent).ended


def test_to_undo_an_edit_is_to_fork_before_it(bench: Bench) -> None:
    """The same as if it had never been made."""
    parent = begin(bench)
    child = fork(bench, parent, 20, edited(VAE, "model.beta", 2.0))
    advance(bench, 40)
    bench.worker.close()
    twin = runs.trainer(runs.vae())
    runs.train(twin, 10)
    twin.edit("model.beta", 2.0)
    rows = runs.train(twin, 30)
    assert np.array_equal(read_run(child).rows[10:, 1:], rows[:, 1:], equal_nan=True)
    assert [event.detail.get("new") for event in read_run(child).events if event.kind == "edit"] == [2.0]


def test_to_undo_an_edit_after_a_pause_whose_keyframe_came_after_it(bench: Bench) -> None:
    """The weights of a step are the same before and after an edit at it; its parameters are not."""
    bench.obey(m.Start(1, VAE, running=False))
    advance(bench, 10)
    bench.obey(m.Edit("model.beta", 2.0), m.Edit("batch", 8))
    bench.worker.settle()
    advance(bench, 15)
    parent = bench.run_file
    assert read_run(parent).keyframes[10] > 1
    child = fork(bench, parent, 10, VAE)
    advance(bench, 15)
    bench.worker.close()
    assert np.array_equal(read_run(child).rows[:, 1:], runs.train(runs.trainer(runs.vae()), 15)[:, 1:], equal_nan=True)
    assert [event.kind for event in read_run(child).events] == ["start", "fork"]


CHANGES: dict[str, tuple[RunSpec, str, Any]] = {
    "another optimiser": (VAE, "model.optimiser.kind", "sgd"),
    "momentum where there was none": (
        runs.spec(runs.vae(optimiser=runs.sgd())),
        "model.optimiser.momentum",
        0.9,
    ),
    "a seed": (VAE, "seed", 5),
    "an activation": (VAE, "model.encoder.activation", "tanh"),
    "a loss": (GAN, "model.objective", "minimax"),
    "another law": (GAN, "data.name", "grid"),
    "a likelihood of the same form": (VAE, "model.likelihood", "gaussian"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_with_changes_it_goes_another_way_from_the_same_weights(bench: Bench, change: str) -> None:
    spec, path, new = CHANGES[change]
    bench.obey(m.Start(1, spec, running=False))
    keyframe(bench, 10)
    weights = bench.trainer.weights()
    parent = bench.run_file
    advance(bench, 20)
    rows = bench.pull().rows
    child = fork(bench, parent, 10, edited(spec, path, new))
    assert runs.equal(bench.trainer.weights(), weights)
    assert bench.trainer.spec == edited(spec, path, new)
    advance(bench, 20)
    other = bench.rows()
    assert np.array_equal(other[:10, 1:], rows[:10, 1:], equal_nan=True)
    assert not np.array_equal(other[10:, 1:], rows[10:, 1:], equal_nan=True)
    left = remains(child, child.parent / "left")
    with benches(left.parent) as (again,):
        again.obey(m.Open(1, str(left)))
        again.until_it_stops()
        assert again.trainer.spec == bench.trainer.spec
        assert runs.equal(again.trainer.weights(), bench.trainer.weights()), "and that is resumed as well"


OTHER_FORMS: dict[str, tuple[RunSpec, RunSpec]] = {
    "widths": (VAE, runs.spec(runs.vae(Network(hidden=(16, 17))))),
    "one layer less": (VAE, runs.spec(runs.vae(Network(hidden=(16,))))),
    "latent dimensions": (VAE, runs.spec(runs.vae(latent=3))),
    "a learned sigma": (VAE, runs.spec(runs.vae(likelihood="gaussian, learned σ"))),
    "normalisation": (VAE, runs.spec(runs.vae(Network(hidden=(16, 16), norm="batch")))),
    "data of another size": (VAE, runs.spec(runs.vae(), "fashion")),
    "another model": (VAE, runs.spec(runs.gan(), "digits")),
    "noise of a GAN": (GAN, runs.spec(runs.gan(noise=3), "ring")),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_what_does_not_fit_the_weights_is_refused_and_training_goes_on(bench: Bench, form: str) -> None:
    spec, other = OTHER_FORMS[form]
    bench.obey(m.Start(1, spec, running=True))
    bench.advance(5)
    bench.worker.settle()
    files = sorted(bench.run_file.parent.iterdir())
    bench.obey(m.Open(2, str(bench.run_file), 5, other))
    refused = bench.last(m.Refused)
    assert refused.key == 2
    assert "The weights of step 5 fit only a model of the same form" in refused.sentence
    assert sorted(bench.run_file.parent.iterdir()) == files, "no half of a file is left"
    bench.advance(5)
    update = bench.pull()
    assert (update.key, update.step, update.running) == (1, 10, True)


@pytest.mark.parametrize(
    ("path", "at", "says"),
    [
        ("none.elbo", 5, "none.elbo: there is no such file"),
        ("", 5, "no such file"),
        (None, -1, "no weights at"),
    ],
)
def test_a_fork_that_cannot_be_is_refused(bench: Bench, tmp_path: Path, path: str | None, at: int, says: str) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(5)
    name = bench.run_file if path is None else tmp_path / path
    bench.obey(m.Open(2, str(name) if path != "" else "", at))
    assert says in bench.last(m.Refused).sentence
    bench.advance(5)


def test_a_fork_whose_file_cannot_be_written_leaves_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = begin(bench)
    files = sorted(parent.parent.iterdir())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("guiapp.engine.recorder.Recorder._keep", full)
    bench.obey(m.Open(2, str(parent), 20))
    assert any("the disk is full" in sentence for sentence in bench.refusals())
    assert bench.trainer.step == 20, "it goes on all the same"
    advance(bench, 25)
    update = bench.pull()
    assert (update.first, len(update.rows)) == (21, 5)
    assert {p.name for p in parent.parent.iterdir()} <= {p.name for p in files}


def test_a_fork_of_a_fork(bench: Bench) -> None:
    parent = begin(bench)
    child = fork(bench, parent, 20, edited(VAE, "model.beta", 5.0))
    keyframe(bench, 25)
    advance(bench, 30)
    weights = bench.trainer.weights()
    grandchild = fork(bench, child, 26, key=3)
    advance(bench, 30)
    assert runs.equal(bench.trainer.weights(), weights)
    bench.worker.close()
    stored = read_run(grandchild)
    assert [event.kind for event in stored.events] == ["start", "edit", "fork", "edit", "fork"]
    assert tuple(stored.keyframes) == (0, 10, 20, 25, 30)
    assert read_summary(grandchild).parent == read_summary(child).id


def test_from_a_step_of_one_player_both_go_on(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), m.Step(5, "d"))
    bench.until_it_stops()
    bench.worker.settle()
    parent = bench.run_file
    fork(bench, parent, 5)
    advance(bench, 8)
    update = bench.pull()
    assert (update.first, len(update.rows)) == (6, 3)
    rare = ("metric/", *bench.trainer.statistics.names)  # measured now and then
    both = [not name.startswith(rare) for name in bench.trainer.names]
    assert not np.isnan(update.rows[:, both]).any()


def test_the_budget_of_a_fork_counts_what_it_inherits(tmp_path: Path) -> None:
    with benches(tmp_path) as (large,):
        parent = begin(large)
        large.worker.close()
        size = max(length for (length,) in ask(parent, "SELECT length(state) FROM keyframe"))
        small = Bench(tmp_path, 3 * size)
        child = fork(small, parent, 40)
        assert len(read_run(child).keyframes) == 3
        small.worker.close()
