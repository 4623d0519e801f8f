"""The Fréchet distance in the features of a classifier: what it compares, what it refuses, and that it tells models
apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from guiapp.engine.studies import frechet
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from tests.engine import runs


def study(trainer: Trainer, **options: Any) -> list[tuple[float, Picture]]:
    with trainer.quiet():
        return list(frechet.STUDY.begin(trainer, options))


@pytest.fixture(scope="module")
def slices() -> list[tuple[float, Picture]]:
    return study(runs.trainer(runs.vae(), "digits"))


def test_it_comes_in_slices_that_go_forward_and_end(slices: list[tuple[float, Picture]]) -> None:
    progress = [part for part, _ in slices]
    assert progress == sorted(progress)
    assert (len(progress) > frechet.STEPS, progress[-1]) == (True, 1.0)
    assert np.isnan(slices[0][1]["accuracy"])
    assert "distance" not in slices[-2][1]


def test_the_classifier_has_learnt_the_classes(slices: list[tuple[float, Picture]]) -> None:
    found = slices[-1][1]
    assert found["accuracy"] > 0.9
    assert 0.09 < found["chance"] < 0.15
    assert (found["count"], found["features"]) == (148, 64)


def test_an_untrained_model_is_far_above_the_floor(slices: list[tuple[float, Picture]]) -> None:
    found = slices[-1][1]
    assert found["distance"] > 5 * found["floor"] > 0
    assert found["floor_spread"] < found["floor"]


@pytest.fixture
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier that has hardly learnt; its features are features."""
    monkeypatch.setattr(frechet, "STEPS", 100)


@pytest.mark.usefixtures("_brief")
def test_real_data_are_at_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.vae(), "digits")
    train = run.feed.train[: len(run.feed.train)]
    monkeypatch.setattr(
        frechet, "_drawn", lambda _trainer, count, generator: train[_some(len(train), count, generator)]
    )
    found = study(run)[-1][1]
    assert found["distance"] < 1.6 * found["floor"]


def test_both_numbers_are_those_of_the_matrix_square_root_over_the_splits() -> None:
    draw = np.random.default_rng(4)
    made, real = draw.normal(0.3, 1.5, (90, 5)) @ draw.normal(size=(5, 5)), draw.normal(size=(200, 5))
    found = list(frechet._compared(made, real, 3, {}))[-1][1]
    rng, distances, floors = np.random.default_rng([3, frechet.SEED]), [], []
    for _ in range(frechet.SPLITS):
        order = rng.permutation(200)
        one, other = real[order[:90]], real[order[90:180]]
        distances.append(_distance(made, one))
        floors.append(_distance(one, other))
    assert found["distance"] == pytest.approx(np.mean(distances), rel=1e-8)
    assert found["floor"] == pytest.approx(np.mean(floors), rel=1e-8)
    assert found["distance_spread"] == pytest.approx(np.std(distances, ddof=1), rel=1e-6)
    assert found["floor_spread"] == pytest.approx(np.std(floors, ddof=1), rel=1e-6)


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½), the root by scipy."""
    a, b = np.cov(one.T), np.cov(other.T)
    gap = one.mean(0) - other.mean(0)
    return float(gap @ gap + np.trace(a + b - 2 * np.real(sqrtm(a @ b))))


def _some(of: int, count: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randperm(of, generator=generator)[:count]


@pytest.mark.usefixtures("_brief")
def test_it_is_the_same_again_and_leaves_the_global_stream_alone() -> None:
    run = runs.trainer(runs.vae(), "digits")
    before = torch.get_rng_state()
    first = study(run)[-1][1]
    assert torch.equal(torch.get_rng_state(), before)
    assert study(runs.trainer(runs.vae(), "digits"))[-1][1]["distance"] == first["distance"]


@pytest.mark.parametrize(
    ("data", "options", "word"),
    [("ring", {}, "law"), ("digits", {"data": 1}, "2 to 10,000"), ("digits", {"data": 20_000}, "2 to 10,000")],
)
def test_what_cannot_be_compared_is_refused(data: str, options: dict[str, Any], word: str) -> None:
    model = runs.gan() if data == "ring" else runs.vae()
    with pytest.raises(ValueError, match=word):
        study(runs.trainer(model, data), **options)


def test_data_without_labels_are_refused() -> None:
    run = runs.trainer(runs.vae(), "digits")
    run.feed.train_labels = np.full(len(run.feed.train), -1, np.int16)
    with pytest.raises(ValueError, match="no labels of two or more classes"):
        study(run)


@pytest.mark.usefixtures("_brief")
def test_a_model_that_has_diverged_is_refused() -> None:
    run = runs.trainer(runs.vae(), "digits")
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(ValueError, match="diverged"):
        study(run)
