"""The nearest training data of samples, against a search of another kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from guiapp.engine.probes import neighbours
from guiapp.engine.probes.samples import generated
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
