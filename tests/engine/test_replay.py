"""A run that was cut off is trained again up to where its record ends, with all that was done to it, bit for bit; and
being cut off once more in the midst of that costs nothing."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from guiapp import messages as m
from guiapp.engine.keyframe import pack
from guiapp.engine.player import NonFiniteError
from guiapp.engine.vae_objective import VaeObjective
from guiapp.run_file import StoredRun, read_run, read_summary
from tests import by_hand
from tests.engine import runs
from tests.engine.bench import GAN, VAE, Bench, benches, remains
from tests.everyday import everyday


@pytest.fixture
def _every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are written at once, and keyframes only where a test has them made, or before an edit."""
    monkeypatch.setattr("guiapp.engine.run.RECORD_EVERY", 0.0)
    monkeypatch.setattr("guiapp.engine.run.SAME_EDIT", 0.0)
    monkeypatch.setattr("guiapp.engine.recorder.KEYFRAME_EVERY", 1e9)


pytestmark = pytest.mark.usefixtures("_every_step")


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[Bench, ...]]:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    with benches(*folders) as made:
        yield made


def advance(bench: Bench, steps: int) -> None:
    bench.obey(m.Run(until=bench.trainer.step + steps))
    bench.until_it_stops()


def catch_up(bench: Bench, path: Path) -> m.Started:
    """Open what is left of a run at `path` in place, and train it again to its end."""
    bench.obey(m.Open(2, str(path)))
    started = next(event for event in reversed(bench.said) if isinstance(event, m.Started))
    assert bench.worker.running == bool(started.again)
    bench.until_it_stops()
    assert bench.run.replay is None
    assert bench.refusals() == []
    return started


def happened(stored: StoredRun) -> list[tuple[int, str, Any]]:
    return [(event.step, event.kind, event.detail) for event in stored.events]


Deed = Callable[[Bench, random.Random], object]
DEEDS: dict[str, Deed] = {
    "train": lambda bench, dice: advance(bench, dice.randrange(1, 20)),
    "edit the rate": lambda bench, dice: bench.obey(m.Edit(rate(bench), dice.uniform(1e-4, 1e-2))),
    "edit the batch": lambda bench, dice: bench.obey(m.Edit("batch", dice.randrange(2, 40))),
    "pause for a while": lambda bench, _: bench.worker.settle(),
    "one player": lambda bench, dice: step(bench, dice),
}


def rate(bench: Bench) -> str:
    return {"digits": "model.optimiser.lr", "ring": "model.d_optimiser.lr"}[bench.trainer.spec.data.name]


def step(bench: Bench, dice: random.Random) -> None:
    if bench.trainer.spec.data.name == "ring":
        bench.obey(m.Step(dice.randrange(1, 5), dice.choice(("d", "g"))))
        bench.until_it_stops()


@pytest.mark.parametrize("spec", [VAE, GAN], ids=["vae", "gan"])
@pytest.mark.parametrize("seed", everyday(range(8), range(4)))
def test_whatever_was_done_is_done_again(three: tuple[Bench, ...], tmp_path: Path, spec: Any, seed: int) -> None:
    one, two, _ = three
    dice = random.Random(seed)
    one.obey(m.Start(1, spec, running=False))
    for _ in range(15):
        DEEDS[dice.choice(tuple(DEEDS))](one, dice)
    left = remains(one.run_file, tmp_path / "b")
    started = catch_up(two, left)
    first, second = one.trainer, two.trainer
    assert started.again in (0, first.step)
    assert (second.step, second.spec) == (first.step, first.spec)
    assert runs.equal(second.weights(), first.weights())
    for bench in (one, two):
        advance(bench, 20)
    assert runs.equal(second.weights(), first.weights())
    told = two.rows()
    for bench in (one, two):
        bench.worker.close()
    before, after = read_run(one.run_file), read_run(two.run_file)
    assert np.array_equal(after.rows[:, 1:], before.rows[:, 1:], equal_nan=True)
    assert np.array_equal(told[:, 1:], before.rows[:, 1:], equal_nan=True), "all of it is shown"
    assert [h for h in happened(after) if h[1] not in ("resume", "step")] == [
        h for h in happened(before) if h[1] != "step"
    ]
    assert after.spec == before.spec


def begin(bench: Bench) -> None:
    """30 steps with an edit at 20, weights at 0 and 20."""
    bench.obey(m.Start(1, VAE, running=False))
    advance(bench, 20)
    bench.obey(m.Edit("model.beta", 3.0))
    advance(bench, 10)
    bench.obey(m.Edit("batch", 8))  # with a keyframe, which is taken away here
    assert bench.run._recorder is not None
    bench.run._recorder._db.execute("DELETE FROM keyframe WHERE step = 30")


def test_what_the_window_hears_meanwhile(three: tuple[Bench, ...], tmp_path: Path) -> None:
    one, two, _ = three
    begin(one)
    two.obey(m.Open(7, str(remains(one.run_file, tmp_path / "b"))))
    (started,) = two.said
    assert isinstance(started, m.Started)
    assert (started.key, started.again, started.spec.model.beta) == (7, 30, 3.0)  # type: ignore[union-attr]
    assert [(e.key, e.step, e.path, e.new) for e in started.edited] == [(7, 20, "model.beta", 3.0)]
    two.advance(4)
    update = two.pull()
    assert (update.first, len(update.rows), update.step, update.running) == (21, 4, 24, True)
    assert [(step, kind) for step, kind, _ in update.events] == [(0, "start"), (20, "edit")]
    assert update.keyframes is not None
    assert update.keyframes.tolist() == [0, 20]
    two.obey(m.Edit("model.beta", 9.0))
    assert "after step 30" in two.last(m.Refused).sentence
    two.until_it_stops()
    assert two.last(m.Paused) == m.Paused(7, 30)
    update = two.pull()
    assert (update.first, len(update.rows)) == (25, 6)
    assert [(step, kind) for step, kind, _ in update.events] == [(30, "edit"), (30, "resume")]
    two.obey(m.Edit("model.beta", 9.0), m.Step(2))
    two.until_it_stops()
    assert two.last(m.Paused) == m.Paused(7, 32)


@pytest.mark.parametrize("command", [m.Run(), m.Run(until=35), m.Step(3, "both")])
def test_who_trains_on_meanwhile_goes_beyond_it(three: tuple[Bench, ...], tmp_path: Path, command: m.Command) -> None:
    one, two, _ = three
    begin(one)
    two.obey(m.Open(7, str(remains(one.run_file, tmp_path / "b"))))
    two.advance(2)
    two.obey(m.Pause(), command)
    if command == m.Run():
        two.advance(20)
        two.obey(m.Pause())
    two.until_it_stops()
    step = {m.Run(): 42, m.Run(until=35): 35}.get(command, 30)
    assert two.last(m.Paused) == m.Paused(7, step)
    two.worker.close()
    advance(one, 12)
    rows = one.pull().rows
    assert np.array_equal(read_run(two.run_file).rows[:, 1:], rows[:step, 1:], equal_nan=True)


@pytest.mark.parametrize("how", ["killed", "closed", "another run", "copied"])
def test_cut_off_again_in_the_midst_of_it_nothing_is_lost(three: tuple[Bench, ...], tmp_path: Path, how: str) -> None:
    one, two, last = three
    begin(one)
    left = remains(one.run_file, tmp_path / "b")
    two.obey(m.Open(7, str(left)))
    two.advance(5)
    two.worker.settle()
    assert not read_summary(left).ended
    if how == "closed":
        two.worker.close()
    elif how == "another run":
        two.obey(m.Start(8, GAN, running=True))
    elif how == "copied":
        two.obey(m.Save(str(tmp_path / "c" / left.name)))
    if how != "copied":
        remains(left, tmp_path / "c")
    catch_up(last, tmp_path / "c" / left.name)
    assert last.trainer.spec == one.trainer.spec
    assert runs.equal(last.trainer.weights(), one.trainer.weights())


def test_forked_in_the_midst_of_it_from_what_has_weights(three: tuple[Bench, ...], tmp_path: Path) -> None:
    one, two, _ = three
    begin(one)
    left = remains(one.run_file, tmp_path / "b")
    two.obey(m.Open(7, str(left)))
    two.advance(5)
    two.obey(m.Open(8, str(left), at=25))
    assert two.trainer.step == 20
    two.worker.close()
    assert len(read_run(left).rows) == 30


def stumble(monkeypatch: pytest.MonkeyPatch, *seen: int) -> None:
    """Let the batches that begin after so many data diverge."""
    whole = VaeObjective.iterate

    def iterate(self: VaeObjective, model: Any, batch: int, player: str, step: int) -> Any:
        if self.feed.seen in seen:
            self.feed.batch(batch)
            torch.randn(3, generator=self.noise)
            raise NonFiniteError
        return whole(self, model, batch, player, step)

    monkeypatch.setattr(VaeObjective, "iterate", iterate)


@pytest.mark.parametrize("after", [0, 5])
def test_iterations_that_diverged_are_tried_again(
    three: tuple[Bench, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """They take a batch and noise from the streams, so that what follows depends on them; two in a row, at the end of
    the record or not."""
    stumble(monkeypatch, 16 * 10, 16 * 11)
    one, two, _ = three
    one.obey(m.Start(1, VAE, running=False))
    advance(one, 50)
    advance(one, 50)
    assert one.trainer.step == 10
    one.obey(m.Edit("model.beta", 2.0))
    assert one.run._recorder is not None
    one.run._recorder._db.execute("DELETE FROM keyframe WHERE step > 0")
    advance(one, after)
    left = remains(one.run_file, tmp_path / "b")
    two.obey(m.Open(2, str(left)))
    two.until_it_stops()
    assert two.last(m.Paused).step == 10 + after
    assert two.run.replay is None
    for bench in (one, two):
        advance(bench, 15)
    assert runs.equal(two.trainer.weights(), one.trainer.weights())
    kinds = [event.kind for event in read_run(left).events]
    assert kinds == ["start", "diverged", "verdict", "diverged", "edit", "resume"]


def test_what_diverges_where_it_did_not_is_told_and_the_record_ends_there(
    three: tuple[Bench, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As may be on a machine that computes otherwise."""
    one, two, _ = three
    begin(one)
    left = remains(one.run_file, tmp_path / "b")
    stumble(monkeypatch, 16 * 25)
    two.obey(m.Open(7, str(left)))
    two.until_it_stops()
    assert two.last(m.Diverged).step == 26
    assert not two.worker.running
    stored = read_run(left)
    assert len(stored.rows) == 25
    assert [event.kind for event in stored.events] == ["start", "edit", "resume", "diverged", "verdict"]
    two.obey(m.Edit("model.beta", 1.0), m.Run(until=40))
    two.until_it_stops()
    two.worker.close()
    assert len(read_run(left).rows) == 40


def test_an_edit_that_cannot_be_done_again_is_refused_and_the_current_run_goes_on(bench: Bench, tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    state, rows = pack(run), runs.train(run, 5)
    bench.obey(m.Start(1, GAN, running=True))
    for detail in ({"path": "no", "new": 1}, {"path": "model.beta", "new": "x"}, {}):
        path = tmp_path / f"{len(bench.said)}.elbo"
        by_hand.write(path, 2, run.spec, run.names, (rows,), [(3, "edit", detail)])
        with closing(sqlite3.connect(path)) as db:
            db.execute("INSERT INTO keyframe VALUES (0, 0, 0, ?)", (state,))
            db.commit()
        bench.obey(m.Open(2, str(path)))
        assert "an edit" in bench.last(m.Refused).sentence
        bench.advance(2)
    assert bench.pull().key == 1
