"""Verdicts in a run: when they are told, when they are over, and that they are in the run file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from guiapp import messages as m
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.judge import GRACE, Judge
from guiapp.engine.keyframe import pack
from guiapp.engine.resume import resumed
from guiapp.engine.trainer import Trainer
from guiapp.run_file import read_run
from guiapp.spec import Data, Gan, Network, RunSpec, Vae
from guiapp.theory.game_verdicts import LEAST_EVALUATIONS
from guiapp.theory.layer_verdicts import MEASUREMENTS
from tests import by_hand
from tests.engine import runs
from tests.engine.bench import Bench, benches
from tests.everyday import everyday

EVERY = 1000


def rows_of(run: Trainer, steps: int = EVERY, **values: float) -> npt.NDArray[np.float32]:
    """Rows (t, S) of an evaluation and the steps before it; what is not named is balanced."""
    balanced = {"d_acc_real": 0.6, "d_acc_fake": 0.6, "d_fake": 0.45, "d_loss": 1.38}
    rows = np.full((steps, len(run.names)), np.nan, np.float32)
    for name, value in (balanced | {k.replace("metric_", "metric/"): v for k, v in values.items()}).items():
        at = run.names.index(name)
        rows[-1 if name.startswith("metric/") else slice(None), at] = value
    return rows


WON = {"d_acc_real": 1.0, "d_acc_fake": 1.0, "d_fake": 0.001}
DROPPED = {"metric_modes": 3.0, "metric_fair": 3.0, "metric_quality": 0.8}
WHOLE = {"metric_modes": 8.0, "metric_fair": 8.0, "metric_quality": 0.8}


def judged(objective: str = "non-saturating") -> tuple[Trainer, Judge]:
    run = runs.trainer(runs.gan(objective=objective), "ring")
    run.step = 5000
    return run, Judge(run)


def kinds(news: object) -> list[tuple[str, bool]]:
    return [(told["verdict"], bool(told.get("over"))) for told in news]  # type: ignore[attr-defined]


def test_a_verdict_is_told_once_and_its_end_too() -> None:
    run, judge = judged()
    for _ in range(LEAST_EVALUATIONS):
        judge.watch(rows_of(run, **WHOLE))
        assert judge.news() == []
    judge.watch(rows_of(run, **WON, **WHOLE))
    (told,) = judge.news()
    assert told["verdict"] == "discriminator winning"
    assert told["confident"] is True
    assert "100.0%" in told["evidence"]
    assert told["remedy"].endswith(".")
    judge.watch(rows_of(run, **WON, **WHOLE))
    assert judge.news() == []
    for i in range(GRACE):
        judge.watch(rows_of(run, **WHOLE))
        assert kinds(judge.news()) == ([("discriminator winning", True)] if i == GRACE - 1 else [])
    judge.watch(rows_of(run, **WON, **WHOLE))
    assert kinds(judge.news()) == [("discriminator winning", False)]


def test_the_end_of_an_early_one_is_told_as_soon() -> None:
    run, judge = judged()
    judge.watch(rows_of(run, **WON))
    assert kinds(judge.news()) == [("discriminator winning", False)]
    for i in range(GRACE):
        judge.watch(rows_of(run))
        assert kinds(judge.news()) == ([("discriminator winning", True)] if i == GRACE - 1 else [])


def test_one_that_becomes_sure_is_told_again() -> None:
    run, judge = judged()
    for fake, expected in ((0.03, [False]), (0.03, []), (0.001, [True]), (0.03, []), (0.001, [])):
        judge.watch(rows_of(run, **WON | {"d_fake": fake, "d_acc_real": 0.97 if fake > 0.01 else 1.0}))
        assert [told["confident"] for told in judge.news()] == expected


def test_a_wasserstein_critic_never_wins() -> None:
    run, judge = judged("Wasserstein")
    judge.watch(rows_of(run, **WON))
    assert judge.news() == []


def test_dropped_modes_are_told_after_so_many_evaluations() -> None:
    run, judge = judged()
    found = []
    for _ in range(LEAST_EVALUATIONS + 2):
        judge.watch(rows_of(run, **DROPPED))
        found.append(kinds(judge.news()))
    assert found == [[]] * (LEAST_EVALUATIONS - 1) + [[("mode dropping", False)]] + [[]] * 2


def test_what_was_told_before_a_resume_is_not_told_again_and_ends_when_enough_is_known() -> None:
    run, judge = judged()
    judge.recall({"verdict": "discriminator winning", "confident": True, "evidence": "e.", "remedy": "r."})
    judge.recall({"verdict": "mode dropping", "confident": False})
    judge.recall({"verdict": "mode dropping", "over": True})
    judge.recall({"verdict": "of a later version"})
    judge.recall({})
    judge.watch(rows_of(run, **WON))
    assert judge.news() == []
    found = []
    for _ in range(LEAST_EVALUATIONS + GRACE):
        judge.watch(rows_of(run))
        found += kinds(judge.news())
    assert found == [("discriminator winning", True)]


@pytest.mark.parametrize("data", everyday(["ring", "digits", "line", "drawn"], ["ring"]))
def test_every_kind_of_data_is_judged(data: str) -> None:
    """Pictures, laws with modes that can be counted and without, and a single mode."""
    source = Data(name=data, drawing="0.2 0.2" if data == "drawn" else "")
    run = Trainer(RunSpec(data=source, model=runs.gan(), batch=16, device="cpu"))
    judge = Judge(run)
    judge.watch(runs.train(run, EVERY))
    assert isinstance(run.objective, GanObjective)
    assert all(told["verdict"] != "mode dropping" for told in judge.news())


def test_a_healthy_vae_has_no_verdict() -> None:
    run = runs.trainer(runs.vae())
    judge = Judge(run)
    judge.watch(runs.train(run, 300))
    assert judge.news() == []


# ------------------------------------------------------------------------------------------------------ of the layers

DEEP = Network(hidden=(16,) * 6, activation="sigmoid")


def layers_of(run: Trainer, steps: int = EVERY, decades: float = 0.0, **states: float) -> npt.NDArray[np.float32]:
    """Rows (t, S) in which each network's gradient falls by `decades` a layer; states are measured every 100 steps."""
    rows = np.full((steps, len(run.names)), np.nan, np.float32)
    for i, name in enumerate(run.names):
        kind, _, tensor = name.partition("/")
        if kind == "grad":
            rows[:, i] = 1e-2 * 10.0 ** (decades * (int(tensor.split(".")[1]) - 6))
        elif kind in ("dead", "saturated"):
            rows[99::100, i] = states.get(kind, 0.0)
    return rows


@pytest.mark.parametrize("model", [runs.vae(DEEP), runs.gan(DEEP)], ids=["vae", "gan"])
def test_a_vanishing_gradient_is_told_of_any_model_and_its_end_too(model: Vae | Gan) -> None:
    run = runs.trainer(model, "digits")
    judge = Judge(run)
    judge.watch(layers_of(run, decades=1))
    (told,) = judge.news()
    network = "encoder" if isinstance(model, Vae) else "discriminator"
    other = "decoder" if isinstance(model, Vae) else "generator"
    assert told["verdict"] == "vanishing gradient"
    assert told["confident"] is True
    assert told["layer"] in (f"{network}.0", f"{other}.0")
    assert "over 6 layers" in told["evidence"]
    judge.watch(layers_of(run, decades=1))
    assert judge.news() == []
    for expected in ([], [("vanishing gradient", True)]):
        judge.watch(layers_of(run))
        assert kinds(judge.news()) == expected


@pytest.mark.parametrize(
    ("activation", "states", "kind"),
    [("relu", {"dead": 0.97, "saturated": 0.97}, "dead units"), ("tanh", {"saturated": 0.97}, "saturated units")],
)
def test_dead_and_saturated_units_are_told(activation: str, states: dict[str, float], kind: str) -> None:
    run = runs.trainer(runs.vae(Network(hidden=(16, 16), activation=activation)))  # type: ignore[arg-type]
    judge = Judge(run)
    for rows in np.array_split(layers_of(run, **states), 60):  # as they come
        judge.watch(rows)
    (told,) = judge.news()
    assert told["verdict"] == kind
    assert told["layer"] == "encoder.0"


def test_it_holds_no_more_than_it_needs() -> None:
    run = runs.trainer(runs.vae(DEEP))
    judge = Judge(run)
    for _ in range(7):
        for rows in np.array_split(layers_of(run), 33):
            judge.watch(rows)
    known = judge._layers.known()
    assert EVERY <= len(known.gradients) < EVERY + 40
    assert known.dead.shape == (MEASUREMENTS, 12)


def test_the_layers_are_those_of_the_columns() -> None:
    """Of every form of network: dense, convolutional, normalised, with spectral normalisation, averaged."""
    game = Gan(
        generator=Network(layers="convolutional", hidden=(8, 4), norm="batch"),
        discriminator=Network(layers="convolutional", hidden=(4, 8), activation="leaky relu"),
        averaging=0.9,
        spectral=True,
    )
    run = Trainer(RunSpec(data=Data(name="fashion"), model=game, batch=4, device="cpu"), runs.source("fashion"))
    judge = Judge(run)
    rows = runs.train(run, 100)
    judge.watch(rows)
    known = judge._layers.known()
    assert known.names == ("generator.0", "generator.1", "discriminator.0", "discriminator.1")
    assert known.activations == ("relu", "relu", "leaky relu", "leaky relu")
    for i, name in enumerate(known.names):
        np.testing.assert_array_equal(known.gradients[:, i], runs.column(run, rows, f"grad/{name}.weight"))
        assert known.dead[-1, i] == runs.column(run, rows, f"dead/{name}")[-1]
    assert judge.news() == []


def test_a_network_without_hidden_layers_is_judged() -> None:
    run = runs.trainer(runs.vae(Network(hidden=())))
    judge = Judge(run)
    judge.watch(runs.train(run, 200))
    assert judge.news() == []
    assert judge.diverged("loss")[0]["evidence"] == "In step 201 the loss was not finite."


def test_a_verdict_on_a_layer_is_recalled_with_it() -> None:
    run = runs.trainer(runs.vae(DEEP))
    judge = Judge(run)
    judge.recall({"verdict": "vanishing gradient", "confident": True, "evidence": "e.", "layer": "encoder.0"})
    judge.watch(layers_of(run, 10))
    assert judge.news() == [], "ten steps after a resume say nothing"
    judge.watch(layers_of(run, decades=1))
    assert judge.news() == [], "it stands"


def test_a_run_of_an_older_version_goes_on_without_the_columns_it_lacks(tmp_path: Path) -> None:
    """Seven columns before those of the tensors; it is judged by what there is."""
    run = runs.trainer(runs.gan(), "ring")
    younger = ("d_penalty", "g_slope", "metric/", "activation/", "dead/", "saturated/", "snr/")
    older = [i for i, name in enumerate(run.names) if not name.startswith(younger)]
    rows = runs.train(run, 5)[:, older]
    names = tuple(run.names[i] for i in older)
    path = by_hand.write(tmp_path / "run.elbo", 2, run.spec, names, (rows,), (), {5: pack(run)})
    again = resumed(read_run(path))
    assert again.names == names
    judge = Judge(again)
    more = runs.train(again, 1000)
    assert more.shape == (1000, len(names))
    judge.watch(more)
    assert judge.news() == []
    assert len(judge._layers.known().gradients) == 1000
    assert len(judge._layers.known().dead) == 0, "what was not counted is not guessed"


# -------------------------------------------------------------------------------------------------------- end to end

LOST = runs.spec(runs.gan(g_optimiser=runs.sgd(1e-6)), "ring")


def until(bench: Bench, step: int) -> None:
    bench.obey(m.Run(until=step))
    bench.until_it_stops(10_000)


@pytest.mark.slow
def test_a_verdict_is_in_the_file_and_known_after_a_resume(tmp_path: Path) -> None:
    """A generator that stands still, and far off."""
    with benches(tmp_path / "a") as (bench,):
        bench.obey(m.Start(1, LOST, running=False))
        with torch.no_grad():
            dict(bench.trainer.model.named_parameters())["generator.2.bias"].fill_(5.0)
        until(bench, EVERY)
        told = [event for event in bench.pull().events if event[1] == "verdict"]
        assert [(step, detail["verdict"]) for step, _, detail in told] == [(EVERY, "discriminator winning")]
        path = bench.run_file
        bench.worker.settle()
        bench.worker.close()
        assert [(e.step, e.kind) for e in read_run(path).events if e.kind == "verdict"] == [(EVERY, "verdict")]
        bench.obey(m.Open(2, str(path)))
        known = [event for event in bench.pull().events if event[1] == "verdict"]
        assert len(known) == 1, "the window hears of it"
        until(bench, 2 * EVERY)
        assert known[0][2]["confident"]
        assert not any(event[1] == "verdict" for event in bench.pull().events), "it is not told twice"


@pytest.mark.slow
def test_a_vaes_verdicts_are_in_the_file_and_known_after_a_resume(tmp_path: Path) -> None:
    deep = runs.spec(runs.vae(Network(hidden=(16,) * 8, activation="sigmoid", init="pytorch")))
    with benches(tmp_path / "a") as (bench,):
        bench.obey(m.Start(1, deep, running=False))
        until(bench, EVERY)
        told = [event for event in bench.pull().events if event[1] == "verdict"]
        assert [(step, detail["verdict"]) for step, _, detail in told] == [(EVERY, "vanishing gradient")]
        path = bench.run_file
        bench.worker.settle()
        bench.worker.close()
        (stored,) = [event for event in read_run(path).events if event.kind == "verdict"]
        assert (stored.step, dict(stored.detail)) == (EVERY, told[0][2])
        assert stored.detail["layer"].endswith(".0")
        bench.obey(m.Open(2, str(path)))
        assert len([event for event in bench.pull().events if event[1] == "verdict"]) == 1, "the window hears of it"
        until(bench, 2 * EVERY)
        assert not any(event[1] == "verdict" for event in bench.pull().events), "it is not told twice"


def test_a_run_that_diverges_has_a_verdict_at_once(tmp_path: Path) -> None:
    wild = runs.spec(runs.vae(Network(hidden=(16, 16, 16)), optimiser=runs.sgd(10.0), likelihood="gaussian"))
    with benches(tmp_path / "a") as (bench,):
        bench.obey(m.Start(1, wild, running=False))
        until(bench, EVERY)
        events = bench.pull().events
        assert [kind for _, kind, _ in events if kind in ("diverged", "verdict")] == ["diverged", "verdict"]
        step, _, detail = events[-1]
        assert detail["verdict"] == "exploding gradient"
        assert f"In step {step + 1}" in detail["evidence"]
        until(bench, EVERY)
        again = [kind for _, kind, _ in bench.pull().events if kind in ("diverged", "verdict")]
        assert again == ["diverged"], "it is told once"
