"""The worker's commands: start, run, pause, step, edit and pull."""

from __future__ import annotations

import json
import weakref
from collections import deque
from threading import Event as Signal
from typing import Any

import numpy as np
import pytest
import torch

from guiapp import messages as m
from guiapp.engine import worker as module
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, RunSpec
from tests.engine import runs
from tests.engine.bench import ALL, GAN, VAE, Bench, ask

# ------------------------------------------------------------------------------------------------- start, run, pause


def test_start_tells_all_about_the_run(bench: Bench) -> None:
    bench.obey(m.Start(7, VAE, running=False))
    started = bench.last(m.Started)
    run = bench.trainer
    assert (started.key, started.spec, started.device) == (7, VAE, "cpu")
    assert started.names == run.names
    assert started.tensors == run.tensors
    assert (started.shape, started.data_count, started.extent) == ((8, 8), 1500, 0.0)
    assert len(started.classes) == 10
    assert started.data_note == "divided by 16"
    assert started.parameters == sum(int(np.prod(shape)) for _, shape in started.tensors)
    assert started.capabilities == {"encodes", "decodes", "samples"}
    assert not bench.worker.running
    bench.obey(m.Start(8, GAN, running=True))
    started = bench.last(m.Started)
    assert (started.key, started.shape, started.data_count, started.extent) == (8, (2,), 0, 1.25)
    assert started.capabilities == {"samples", "scores", "plane"}
    assert bench.worker.running


def test_run_and_pause(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), m.Run())
    bench.advance(4)
    bench.obey(m.Pause())
    assert bench.last(m.Paused) == m.Paused(1, 4)
    assert not bench.worker.running
    bench.obey(m.Run(until=9))
    bench.until_it_stops()
    assert bench.last(m.Paused) == m.Paused(1, 9)
    bench.obey(m.Run(until=9))
    assert bench.last(m.Paused) == m.Paused(1, 9)
    assert not bench.worker.running
    bench.obey(m.Run())
    bench.advance(20)
    assert bench.trainer.step == 29, "an earlier goal is forgotten"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_step_trains_so_many_steps_and_pauses(bench: Bench, count: int) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Step(3), m.Step(count))
    bench.until_it_stops()
    assert bench.last(m.Paused) == m.Paused(1, count), "the last wish counts"


@pytest.mark.parametrize("player", ["d", "g"])
def test_a_step_of_one_player_changes_its_weights_alone(bench: Bench, player: str) -> None:
    bench.obey(m.Start(1, GAN, running=False))
    before = bench.trainer.weights()
    bench.obey(m.Step(3, player))  # type: ignore[arg-type]
    bench.until_it_stops()
    after = bench.trainer.weights()
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"discriminator" if player == "d" else "generator"}
    bench.obey(m.Run(until=4))
    bench.until_it_stops()
    last = bench.trainer.weights()
    assert not any(torch.equal(last[name], after[name]) for name in last if name.endswith("weight")), "then both again"


def test_the_loop_obeys_trains_and_ends(bench: Bench) -> None:
    """`work`, with an inbox filled beforehand: all commands are obeyed before a step, then steps until the goal."""
    inbox: deque[m.Command] = deque([m.Start(1, GAN, running=False), m.Run(until=5), m.Pull(frozenset())])
    arrived = Signal()

    def say(event: m.Event) -> None:
        bench.said.append(event)
        if isinstance(event, m.Paused):
            inbox.extend((m.Pull(frozenset()), m.Quit()))
            arrived.set()

    bench.worker._say = say
    bench.worker.work(inbox, arrived)
    assert [type(event).__name__ for event in bench.said] == ["Ready", "Started", "Update", "Paused", "Update"]
    assert bench.said[0] == m.Ready(str(torch.__version__), module.device.available(), torch.get_num_threads())
    assert type(bench.said[0].torch) is str, "torch's own kind of text would drag torch into the window"
    assert bench.worker.done
    assert bench.trainer.step == 5


def test_memory_is_given_back_once_when_a_run_stands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not between the moves of a hand, whose pictures would have to fault it in again."""
    given: list[int] = []
    monkeypatch.setattr(module, "give_back", lambda: given.append(bench.trainer.step))
    monkeypatch.setattr(module, "REST", 0.0)
    then: list[m.Command | None] = [None, m.Pull(ALL), m.Pull(ALL, {}, 5), m.Run(until=7), None, m.Quit()]
    inbox: deque[m.Command] = deque([m.Start(1, GAN, running=False), m.Run(until=5)])

    class Arrivals(Signal):
        def wait(self, timeout: float | None = None) -> bool:
            command = then.pop(0)
            inbox.extend([command] if command else [])
            return command is not None

    bench.worker.work(inbox, Arrivals())
    assert given == [5, 7]


def test_of_several_moves_of_the_timeline_only_the_last_is_shown(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), m.Run(until=5))
    bench.until_it_stops()
    bench.worker.settle()
    inbox: deque[m.Command] = deque([m.Pull(ALL), m.Pull(ALL, {}, 0), m.Pull(ALL, {}, 5), m.Quit()])
    bench.worker.work(inbox, Signal())
    told = [event for event in bench.said if isinstance(event, m.Update)]
    assert [(event.at, bool(event.pictures)) for event in told] == [(None, False), (0, False), (5, True), (5, True)]


def test_what_the_weights_of_a_past_step_give_does_not_wait_for_its_gradients(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), m.Run(until=5))
    bench.until_it_stops()
    bench.worker.settle()
    of_gradients = frozenset({"gradients", "layers", "tensor"})
    bench.obey(m.Pull(ALL | of_gradients, {}, 0))
    soon, later = [event for event in bench.said if isinstance(event, m.Update)][-2:]
    assert soon.to_come == of_gradients
    assert {"samples", "field"} <= soon.pictures.keys() <= ALL - of_gradients
    assert (later.at, later.to_come) == (0, frozenset())
    assert later.pictures.keys() == of_gradients
    bench.obey(m.Pull(frozenset({"gradients"}), {}, 5))
    alone = bench.last(m.Update)
    assert (alone.at, alone.pictures.keys(), alone.to_come) == (5, {"gradients"}, frozenset())


def test_training_rests_while_a_hand_may_move_the_timeline_on(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), m.Run(until=5))
    bench.until_it_stops()
    bench.worker.settle()
    bench.obey(m.Run(until=7))
    inbox: deque[m.Command] = deque([m.Pull(ALL, {}, 5)])
    waited: list[tuple[float, int]] = []

    class Arrivals(Signal):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append((timeout or 0.0, bench.trainer.step))
            inbox.append((m.Pull(ALL, {}, 5), m.Pull(ALL), m.Quit())[len(waited) - 1])
            return True

    bench.worker.work(inbox, Arrivals())
    assert [step for _, step in waited] == [5, 5, 7], "no step is made meanwhile; back in the present it trains at once"
    assert 0 < waited[1][0] < waited[0][0] <= module.REST, "what is shown already does not make it longer"


# -------------------------------------------------------------------------------------------------------------- edit


def test_an_edit_acts_between_two_steps_and_is_told(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(2)
    bench.obey(m.Edit("model.beta", "4"))
    told = bench.last(m.Edited)
    assert (told.key, told.step, told.path, told.old, told.new) == (1, 2, "model.beta", 1.0, 4.0)
    assert told.spec == bench.trainer.spec
    assert told.spec.model.beta == 4.0  # type: ignore[union-attr]
    assert bench.worker.running
    bench.obey(m.Edit("model.optimiser.lr", 0.5))
    assert bench.trainer.objective.players["vae"].optimiser.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    ("path", "new", "sentence"),
    [
        ("model.beta", -1, "β: -1 is not allowed"),
        ("batch", 0, "batch size: 0 is not allowed"),
        ("model.optimiser.lr", float("nan"), "learning rate: nan is not allowed"),
        ("model.latent", 3, "cannot change while training"),
        ("seed", 3, "cannot change while training"),
        ("model.kind", "gan", "cannot change while training"),
        ("model", "gan", "cannot change while training"),
        ("model.optimiser", 1, "cannot change while training"),
        ("model.gamma", 1, "no parameter 'model.gamma'"),
        ("model.d_steps", 1, "no parameter 'model.d_steps'"),
        ("", 1, "no parameter ''"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_in_a_sentence(bench: Bench, path: str, new: Any, sentence: str) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(1)
    bench.obey(m.Edit(path, new))
    assert sentence in bench.last(m.Refused).sentence
    assert bench.trainer.spec == VAE
    bench.advance(2)
    assert bench.trainer.step == 3


def test_batch_normalisation_of_one_datum_is_refused_before_it_can_fail(bench: Bench) -> None:
    normed = runs.spec(runs.gan(Network(hidden=(8,), norm="batch")), "ring", batch=2)
    bench.obey(m.Start(1, normed, running=True))
    bench.advance(1)
    bench.obey(m.Edit("batch", 1))
    assert "at least 2" in bench.last(m.Refused).sentence
    bench.advance(1)
    lone = runs.spec(runs.vae(Network(hidden=(8,), norm="batch")), batch=1)
    bench.obey(m.Start(2, lone, running=True))
    assert "at least 2" in bench.last(m.Refused).sentence
    bench.advance(1)
    bench.obey(m.Start(3, runs.spec(runs.vae(), batch=1), running=True))
    bench.advance(3)


# -------------------------------------------------------------------------------------------------------------- pull


def test_pulled_rows_line_up_and_none_is_lost_or_doubled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over many pulls at random moments, with a block that fills now and then and edits in between."""
    monkeypatch.setattr("guiapp.engine.trainer.BLOCK", 8)
    bench.obey(m.Start(3, VAE, running=True))
    rng, next_first, parts = np.random.default_rng(0), 1, []
    for round_ in range(60):
        bench.advance(int(rng.integers(0, 12)))
        if round_ % 7 == 0:
            bench.obey(m.Edit("model.beta", 1.0 + round_))
        update = bench.pull()
        assert update.first == next_first
        assert update.step == next_first + len(update.rows) - 1
        assert update.rows.dtype == np.float32
        assert update.rows.shape[1] == len(bench.trainer.names)
        next_first += len(update.rows)
        parts.append(update.rows)
    rows = np.concatenate(parts)
    assert len(rows) == bench.trainer.step
    twin = Trainer(VAE)
    expected, events = [], twin.events()
    edits = [json.loads(d) for (d,) in ask(bench.run_file, "SELECT detail FROM event WHERE kind = 'edit' ORDER BY id")]
    steps = [step for (step,) in ask(bench.run_file, "SELECT step FROM event WHERE kind = 'edit' ORDER BY id")]
    for step in range(len(rows)):
        for at, edit in zip(steps, edits, strict=True):
            if at == step:
                twin.edit(edit["path"], edit["new"])
        next(events)
        expected.append(twin.flush())
    assert np.array_equal(rows[:, 1:], np.concatenate(expected)[:, 1:], equal_nan=True), "the record repeats the run"


def test_what_an_update_says(bench: Bench) -> None:
    bench.obey(m.Start(3, VAE, running=True))
    empty = bench.pull(ALL)
    assert (empty.key, empty.step, empty.first, len(empty.rows), empty.steps_per_s) == (3, 0, 1, 0, 0.0)
    assert set(empty.pictures) == ALL - {"field"}
    bench.advance(10)
    update = bench.pull(frozenset({"samples"}))
    speeds = update.rows[:, 0].astype(float)
    assert (update.step, update.running, update.epoch) == (10, True, 160 / 1500)
    assert update.steps_per_s == pytest.approx(10 / (1 / speeds).sum(), rel=1e-6)
    assert update.seconds == pytest.approx((1 / speeds).sum(), rel=1e-4)
    assert set(update.pictures) == {"samples"}
    bench.obey(m.Pause())
    assert not bench.pull().running
    assert bench.pull().seconds == update.seconds, "pauses do not count"


@pytest.mark.parametrize("spec", [VAE, GAN])
def test_a_replaced_run_frees_its_data_at_once(bench: Bench, spec: RunSpec) -> None:
    """Without waiting for the garbage collector: its cycles would hold the data of several runs."""
    bench.obey(m.Start(1, spec, running=True))
    bench.advance(3)
    bench.pull(ALL)
    bench.worker.settle()
    feed = weakref.ref(bench.trainer.feed)
    bench.obey(m.Start(2, spec, running=False))
    assert feed() is None
