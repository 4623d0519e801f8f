"""The optimal σ with a score function: refused to new runs, but what an older version recorded still opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guiapp import headless
from guiapp import messages as m
from guiapp.engine.keyframe import pack
from guiapp.parameters import edited
from guiapp.run_file import read_run
from guiapp.spec import RunSpec, Vae
from tests import by_hand
from tests.engine import runs
from tests.engine.bench import Bench

OPTIMAL = runs.vae(likelihood="gaussian, optimal σ")
SCORES = ("score function", "score function, baseline")
SAYS = "biased with the optimal σ"


def biased(estimator: str = "score function") -> RunSpec:
    return edited(runs.spec(OPTIMAL), "model.estimator", estimator)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Ten steps so, then four more without weights, with an edit to the other score function among them."""
    run = runs.trainer(biased().model)
    parts, states = [runs.train(run, 5)], {5: pack(run)}
    parts.append(runs.train(run, 5))
    states[10] = pack(run)
    parts.append(runs.train(run, 2))
    run.edit("model.estimator", SCORES[1])
    parts.append(runs.train(run, 2))
    change = {"path": "model.estimator", "old": SCORES[0], "new": SCORES[1]}
    return by_hand.write(
        tmp_path / "old.elbo", 1, biased(), run.names, parts, [(0, "start", {}), (12, "edit", change)], states
    )


@pytest.mark.parametrize("estimator", SCORES)
def test_a_new_run_is_refused_with_the_remedy(bench: Bench, estimator: str) -> None:
    bench.obey(m.Start(1, biased(estimator), running=False))
    refusal = bench.last(m.Refused)
    assert SAYS in refusal.sentence
    assert (refusal.remedy, refusal.key) == ({"model.estimator": "reparameterised"}, 1)


@pytest.mark.parametrize("estimator", SCORES)
def test_an_edit_to_it_is_refused_and_training_goes_on(bench: Bench, estimator: str) -> None:
    bench.obey(m.Start(1, runs.spec(OPTIMAL), running=True))
    bench.advance(2)
    bench.obey(m.Edit("model.estimator", estimator))
    assert SAYS in bench.last(m.Refused).sentence
    assert bench.trainer.spec == runs.spec(OPTIMAL)
    bench.obey(m.Edit("model.estimator", "none"))
    bench.last(m.Edited)
    bench.advance(2)


def test_without_a_window_it_is_refused_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert headless.train(biased(), 3, None, as_json=True) == 2
    assert SAYS in capsys.readouterr().err


def test_a_stored_run_is_gone_on_with(bench: Bench, stored: Path) -> None:
    bench.obey(m.Open(1, str(stored)))
    assert bench.refusals() == []
    bench.until_it_stops()
    assert bench.last(m.Paused) == m.Paused(1, 14)
    assert isinstance(bench.trainer.spec.model, Vae)
    assert bench.trainer.spec.model.estimator == SCORES[1]
    bench.obey(m.Edit("model.optimiser.lr", 1e-4), m.Run(until=20))
    bench.until_it_stops()
    assert bench.refusals() == []
    bench.worker.settle()
    assert read_run(bench.run_file).steps == 20


def test_a_stored_run_is_looked_at_and_studied_at_an_earlier_step(bench: Bench, stored: Path) -> None:
    pictures = bench.seen(stored, 5, frozenset({"reconstructions"})).pictures
    assert all(np.isfinite(part).all() for part in pictures["reconstructions"].values())
    bench.obey(m.Open(1, str(stored)))
    bench.until_it_stops()
    bench.obey(m.Pull(frozenset({"latent"}), {}, 5), m.Study("likelihood", {"draws": 2, "data": 3}, 5))
    for _ in range(100):
        bench.worker.advance()
    report = [event for event in bench.said if isinstance(event, m.Studied)][-1]
    assert (report.progress, report.trouble, report.step) == (1.0, "", 5)
    assert bench.refusals() == []


def test_a_stored_run_is_forked_as_it_was_but_not_to_other_parameters(bench: Bench, stored: Path) -> None:
    bench.obey(m.Open(1, str(stored), 7, edited(biased(), "model.beta", 2.0), False))
    assert SAYS in bench.last(m.Refused).sentence
    bench.obey(m.Open(2, str(stored), 7))
    assert bench.last(m.Started).known == 5
    other = edited(biased(), "model.estimator", "reparameterised")
    bench.obey(m.Open(3, str(stored), 7, other, False))
    assert isinstance(bench.trainer.spec.model, Vae)
    assert bench.trainer.spec.model.estimator == "reparameterised"
