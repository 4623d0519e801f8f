"""The nearest training data of samples, against a search of another kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.probes import neighbours
from guiapp.engine.probes.samples import generated
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan
from guiapp.theory.memorisation import neighbour_distances
from tests.engine import runs


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_pairs_are_the_nearest_and_the_ranks_are_those_of_mann_and_whitney(kind: str) -> None:
    run = runs.trainer(runs.vae() if kind == "vae" else runs.gan(), "digits")
    with run.quiet():
        found = neighbours.read(run, {})
        made = generated(run, neighbours.DISTANCES).numpy()
    train, heldout = run.feed.train[: len(run.feed.train)].numpy(), run.feed.heldout[:256].numpy()
    apart = cdist(made, train)
    assert found["samples"] == pytest.approx(apart.min(1), rel=1e-5)
    assert found["heldout"] == pytest.approx(cdist(heldout, train).min(1), rel=1e-5)
    assert found["distance"] == pytest.approx(found["samples"][: neighbours.PAIRS])
    assert found["generated"].shape == found["nearest"].shape == (neighbours.PAIRS, 8, 8)
    gaps = np.linalg.norm((found["generated"] - found["nearest"]).reshape(neighbours.PAIRS, -1), axis=1)
    assert gaps == pytest.approx(found["distance"], rel=1e-4)
    row = apart[: neighbours.PAIRS].argmin(1)
    assert found["label"].tolist() == run.feed.train_labels[row].tolist()
    test = mannwhitneyu(found["heldout"], found["samples"])
    assert found["auc"] == pytest.approx(test.statistic / (len(heldout) * len(made)))
    assert found["training"] == len(train)


def test_a_law_has_nothing_to_copy() -> None:
    run = runs.trainer(runs.gan(), "ring")
    with run.quiet():
        assert neighbours.read(run, {}) == {}


def test_samples_that_are_no_numbers_have_no_neighbour() -> None:
    run = runs.trainer(runs.vae(), "digits")
    with run.quiet():
        for parameter in run.model.parameters():
            parameter.fill_(float("nan"))
        found = neighbours.read(run, {})
    assert np.isnan(found["distance"]).all()
    assert np.isnan(found["nearest"]).all()
    assert (found["label"] == -1).all()
    assert np.isnan(found["auc"])


def test_training_data_given_back_are_found_at_distance_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.vae(), "digits")
    copies = run.feed.train[5 : 5 + neighbours.DISTANCES]
    monkeypatch.setattr(neighbours, "generated", lambda _trainer, _count: copies)
    with run.quiet():
        found = neighbours.read(run, {})
    assert found["distance"] == pytest.approx(0, abs=1e-3)
    assert found["auc"] > 0.99
    assert found["z"] > 10


def measured(run: Trainer) -> Trainer:
    """A GAN whose metrics have been computed, so that they hold the distances of the held-out data."""
    assert isinstance(run.objective, GanObjective)
    assert isinstance(run.spec.model, Gan)
    run.objective.metrics.read(run.spec.model, 0)
    assert len(run.objective.metrics.heldout) == neighbours.DISTANCES
    return run


def test_the_distances_that_a_gans_metrics_hold_are_taken_from_them_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    run, searched = measured(runs.trainer(runs.gan(), "digits")), 0

    def search(*data: Any) -> Any:
        nonlocal searched
        searched += 1
        return neighbour_distances(*data)

    monkeypatch.setattr(neighbours, "neighbour_distances", search)
    with run.quiet():
        found = neighbours.read(run, {})
    assert searched == 1  # for the samples alone
    train, heldout = run.feed.train[: len(run.feed.train)].numpy(), run.feed.heldout[:256].numpy()
    assert found["heldout"] == pytest.approx(cdist(heldout, train).min(1), rel=1e-5)
    test = mannwhitneyu(found["heldout"], found["samples"])
    assert found["auc"] == pytest.approx(test.statistic / (len(found["heldout"]) * len(found["samples"])))


def test_distances_to_other_training_data_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    run = measured(runs.trainer(runs.gan(), "digits"))
    monkeypatch.setattr(neighbours, "NUMBERS", 300 * run.feed.dim + 7)  # as with data of many components
    with run.quiet():
        found = neighbours.read(run, {})
    assert found["training"] == 300
    heldout = cdist(run.feed.heldout[:256].numpy(), run.feed.train[:300].numpy()).min(1)
    assert found["heldout"] == pytest.approx(heldout, rel=1e-5)


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_training_is_bit_equal_with_the_probe_and_without(kind: str) -> None:
    one, other = (runs.trainer(runs.vae() if kind == "vae" else runs.gan(), "digits") for _ in range(2))
    rows = []
    for run, looks in ((one, True), (other, False)):
        events = run.events()
        for _ in range(12):
            next(events)
            if looks:
                with run.quiet():
                    neighbours.read(run, {})
        rows.append(run.flush()[:, 1:])  # the first column is a time
    assert np.array_equal(rows[0], rows[1], equal_nan=True)
    assert runs.equal(one.model.state_dict(), other.model.state_dict())
