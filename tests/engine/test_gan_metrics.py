"""The columns metric/…: what a perfect and a collapsed generator score, and that they change nothing in training."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from guiapp.data import DATASETS
from guiapp.data.loading import open_data
from guiapp.data.source import Float32, Law, Source
from guiapp.engine import gan_metrics
from guiapp.engine.gan_metrics import EVERY, SAMPLES, Metrics
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.trainer import Trainer
from guiapp.spec import Data, Gan, Network, RunSpec
from guiapp.theory import modes
from tests.engine import runs
from tests.everyday import everyday

LAWS = tuple(dataset.name for dataset in DATASETS if dataset.kind == "points")
MODEL = runs.gan()


class Given(nn.Module):
    """A generator whose n-th sample is the n-th of `points`; drawn noise is not looked at."""

    def __init__(self, points: Float32) -> None:
        super().__init__()
        self.points = torch.from_numpy(points)

    def forward(self, z: Tensor) -> Tensor:
        return self.points[: len(z)]


def scores(source: Source, points: Float32, step: int = EVERY) -> dict[str, float]:
    """Metrics of a generator that gives `points`."""
    run = Trainer(runs.spec(MODEL, source.name), source)
    run.model.generator = Given(points)  # type: ignore[union-attr, assignment]
    run.model.bounded = False  # type: ignore[union-attr]
    objective = run.objective
    assert isinstance(objective, GanObjective)
    assert isinstance(run.spec.model, Gan)
    values = objective.metrics.read(run.spec.model, step).tolist()
    return {name.removeprefix("metric/"): value for name, value in zip(objective.metrics.names, values, strict=True)}


@pytest.mark.parametrize("name", LAWS)
def test_a_perfect_sampler_scores_its_floor_and_a_collapsed_one_the_other_end(name: str) -> None:
    law = open_data(Data(name=name))
    assert isinstance(law, Law)
    x = law.sample(SAMPLES, np.random.default_rng(77))[0]
    perfect, collapsed = scores(law, x), scores(law, np.repeat(x[:1], SAMPLES, axis=0))
    assert perfect["js_floor"] == pytest.approx(collapsed["js_floor"])
    assert 0 < perfect["js_floor"] < 0.05
    assert perfect["js"] == pytest.approx(perfect["js_floor"], rel=0.4, abs=4e-4)
    assert abs(perfect["mmd"]) < 6 * perfect["mmd_floor"]
    assert collapsed["js"] > 0.5 * math.log(2)
    assert collapsed["mmd"] > 1000 * collapsed["mmd_floor"]
    count = len(law.centres)
    assert ("modes" in perfect) == modes.countable(law.centres, law.scales)
    if "modes" in perfect:
        assert (perfect["modes"], perfect["fair"]) == (count, count)
        assert perfect["quality"] == pytest.approx(
            modes.HIGH_QUALITY_CEILING, abs=5 * modes.high_quality_error(SAMPLES)
        )
        assert 0 <= perfect["kl_reverse"] <= 4 * modes.kl_floor(count, SAMPLES)
        assert perfect["kl_forward"] <= 4 * modes.kl_floor(count, SAMPLES)
        assert (collapsed["modes"], collapsed["fair"]) == (1, 1)
        assert collapsed["kl_reverse"] == pytest.approx(math.log(count), abs=1e-5)
        assert collapsed["kl_forward"] > 2 or count == 1


def test_half_of_the_modes() -> None:
    law = open_data(Data(name="ring"))
    assert isinstance(law, Law)
    x, label = law.sample(4 * SAMPLES, np.random.default_rng(3))
    few = scores(law, x[label < 4][:SAMPLES])
    assert (few["modes"], few["fair"]) == (4, 4)
    assert few["kl_reverse"] == pytest.approx(math.log(2), abs=0.01)


def test_nonsense_from_the_generator_is_far_and_not_fatal() -> None:
    law = open_data(Data(name="ring"))
    bad = np.full((SAMPLES, 2), np.nan, np.float32)
    bad[::2] = np.inf
    found = scores(law, bad)
    assert (found["modes"], found["quality"]) == (0, 0)
    assert found["js"] == pytest.approx(math.log(2), abs=1e-4)
    assert found["mmd"] > 0.3


@pytest.mark.parametrize("drawing", everyday(["0.3 -0.4", "0 0, 0 0", "1 1, -1 -1"], ["0.3 -0.4", "0 0, 0 0"]))
def test_drawings_of_a_point_or_two(drawing: str) -> None:
    run = Trainer(RunSpec(data=Data(name="drawn", drawing=drawing), model=MODEL, batch=16, device="cpu"))
    row = dict(zip(run.names, runs.train(run, EVERY)[-1].tolist(), strict=True))
    found = {name: value for name, value in row.items() if name.startswith("metric/")}
    assert ("metric/modes" in found) == (drawing != "0 0, 0 0")
    known = [math.isfinite(value) for name, value in found.items() if not name.startswith("metric/kl")]
    assert all(known)


def test_the_generator_that_is_shown_is_the_one_measured() -> None:
    run = runs.trainer(runs.gan(averaging=0.9), "ring")
    net, objective = run.model, run.objective
    assert isinstance(objective, GanObjective)
    law = run.source
    assert isinstance(law, Law)
    net.average = Given(law.sample(SAMPLES, np.random.default_rng(0))[0])  # type: ignore[union-attr, assignment]
    found = dict(zip(objective.metrics.names, objective.metrics.read(MODEL, EVERY).tolist(), strict=True))
    assert found["metric/fair"] == 8


# -------------------------------------------------------------------------------------------------------------- tables


def test_copies_score_one_and_fresh_data_one_half() -> None:
    rng = np.random.default_rng(4)
    data = rng.normal(size=(3000, 12)).astype(np.float32)
    table = runs.table(data[:2000], data[2000:])
    copies = scores(table, data[:100] + 1e-3)["memorisation"]
    fresh = scores(table, rng.normal(size=(100, 12)).astype(np.float32))["memorisation"]
    far = scores(table, 9 + data[:100])["memorisation"]
    assert copies == 1
    assert fresh == pytest.approx(0.5, abs=0.15)
    assert far == 0


def test_one_datum_and_nothing_held_out() -> None:
    table = runs.table(np.ones((1, 3)))
    assert np.isfinite(scores(table, np.zeros((64, 3), np.float32))["memorisation"])
    empty = replace(table, heldout=table.heldout[:0])
    assert math.isnan(scores(empty, np.zeros((64, 3), np.float32))["memorisation"])


# ------------------------------------------------------------------------------------------------------ beside training


@pytest.mark.parametrize("data", ["ring", "digits"])
@pytest.mark.parametrize(
    "fields", [{}, {"spectral": True, "packing": 2, "averaging": 0.9, "updates": "simultaneous"}], ids=["plain", "all"]
)
def test_metrics_leave_training_as_it_is(data: str, fields: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch normalisation and spectral vectors would move with a pass in training mode."""
    model = runs.gan(Network(hidden=(8,), norm="batch"), **fields)
    weights, rows = [], []
    for every in (10**9, 7):
        monkeypatch.setattr(gan_metrics, "EVERY", every)
        run = runs.trainer(model, data)
        rows.append(runs.train(run, 30))
        weights.append(run.weights())
        metric = [name.startswith("metric/") for name in run.names]
        assert np.isfinite(rows[-1][:, metric]).any() == (every == 7)
    assert runs.equal(*weights)
    plain = ~np.array(metric)
    plain[0] = False  # the speed
    assert np.array_equal(rows[0][:, plain], rows[1][:, plain], equal_nan=True)


def test_each_evaluation_has_fresh_samples_and_the_same_on_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.gan(), "ring")
    metrics = run.objective.metrics  # type: ignore[attr-defined]
    assert isinstance(metrics, Metrics)
    one, again, other = (metrics.read(MODEL, step) for step in (EVERY, EVERY, 2 * EVERY))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.isnan(metrics.read(MODEL, EVERY + 1)).all()
    seeds = [runs.spec(MODEL, "ring", seed=seed) for seed in (1, 2)]
    drawn = [Trainer(spec, runs.source("ring")).objective.metrics.read(MODEL, EVERY) for spec in seeds]  # type: ignore[attr-defined]
    assert not torch.equal(*drawn)


def test_a_frozen_generator_is_measured_too() -> None:
    run = runs.trainer(msgspec.structs.replace(MODEL, g_steps=0), "ring")
    rows = runs.train(run, EVERY)
    assert np.isfinite(runs.column(run, rows, "metric/js")[-1])
    assert np.isnan(runs.column(run, rows, "g_loss")).all()
    assert torch.isfinite(run.model.decode(run.model.draw(3, Generator()))).all()  # type: ignore[union-attr]
