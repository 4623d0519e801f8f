"""The picture "beliefs" and the study "game-check" against definitions computed a second time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.gan import GanModel
from guiapp.engine.studies import STUDIES
from guiapp.engine.trainer import Trainer
from guiapp.gui.labs import objectives_check as checks
from guiapp.gui.labs.objectives_compute import OBJECTIVES, batch
from guiapp.messages import Picture
from guiapp.spec import Gan, Network
from tests.engine import runs

LINEAR = Network(hidden=())


def beliefs(run: Trainer) -> Picture:
    return Darkroom(run, pytest.fail).make(frozenset({"beliefs"}), {}, running=False)["beliefs"]


def linear(**fields: Any) -> Trainer:
    """x̃ = z, and a = the mean of 3 x₁ over the pack, in which all the x₁ come first."""
    packing = fields.get("packing", 1)
    run = runs.trainer(Gan(generator=LINEAR, discriminator=LINEAR, **fields), "ring")
    weights = {"generator.0.weight": torch.eye(2), "generator.0.bias": torch.zeros(2)}
    slope = torch.tensor([[3.0 / packing] * packing + [0.0] * packing])
    weights |= {"discriminator.0.weight": slope, "discriminator.0.bias": torch.zeros(1)}
    run.model.load_state_dict(run.weights() | weights)
    return run


def test_real_and_generated_outputs() -> None:
    run = linear()
    found = beliefs(run)
    assert_allclose(found["real"], 3 * run.feed.heldout[:512, 0], rtol=1e-5)
    z = np.random.default_rng([run.spec.seed, 4]).standard_normal((512, 2), np.float32)
    assert_allclose(found["generated"], 3 * z[:, 0], rtol=1e-5, atol=1e-6)


def test_packs_are_judged_together() -> None:
    one, found = beliefs(linear()), beliefs(linear(packing=4))
    assert found["real"].shape == found["generated"].shape == (128,)
    assert_allclose(found["real"], one["real"].reshape(128, 4).mean(1), rtol=1e-4, atol=1e-5)


def test_instance_noise_is_seen_and_is_the_same_at_every_look() -> None:
    clean, run = beliefs(linear()), linear(instance_noise=0.5)
    noisy = beliefs(run)
    assert_allclose((noisy["real"] - clean["real"]).std(), 1.5, rtol=0.1)
    assert_allclose(noisy["real"], beliefs(run)["real"])
    assert abs(np.corrcoef(noisy["real"] - clean["real"], noisy["generated"] - clean["generated"])[0, 1]) < 0.2


def test_the_generator_in_training_is_judged_not_its_average() -> None:
    run = runs.trainer(runs.gan(averaging=0.9), "ring")
    runs.train(run, 20)
    assert isinstance(run.model, GanModel)
    z = torch.from_numpy(np.random.default_rng([run.spec.seed, 4]).standard_normal((512, 2), np.float32))
    with torch.no_grad():
        assert_allclose(beliefs(run)["generated"], run.model.judge(run.model.generate(z)), rtol=1e-5)
        assert not np.allclose(beliefs(run)["generated"], run.model.judge(run.model.decode(z)))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_it_names_the_objective_and_the_weights_are_those_that_training_tells(objective: Any) -> None:
    run = runs.trainer(runs.gan(objective=objective, real_target=0.9, fake_target=0.1), "ring", batch=512)
    rows = runs.train(run, 30)
    found = batch(beliefs(run))
    assert found is not None
    assert (found.objective, found.targets) == (objective, (0.9, 0.1))
    told = float(runs.column(run, rows, "g_slope")[-1])
    assert found.weights.mean() == pytest.approx(told, rel=0.2, abs=0.02)


def test_looking_changes_nothing() -> None:
    seen, blind = (runs.trainer(runs.gan(instance_noise=0.1), "ring") for _ in range(2))
    for _ in range(3):
        beliefs(seen)
        runs.train(seen, 2)
        runs.train(blind, 2)
    assert runs.equal(seen.weights(), blind.weights())


def test_images_of_any_kind_and_no_vae() -> None:
    run = runs.trainer(runs.gan(), "digits")
    assert beliefs(run)["generated"].shape == (512,)
    assert len(beliefs(run)["real"]) == 297
    none = Darkroom(runs.trainer(runs.vae(), "digits"), pytest.fail).make(frozenset({"beliefs"}), {}, running=False)
    assert none == {}


def test_fewer_data_than_a_pack_holds() -> None:
    run = Trainer(runs.spec(runs.gan(packing=3)), runs.table(np.random.default_rng(0).random((5, 6))))
    assert beliefs(run)["real"].shape == (1,)


# ------------------------------------------------------------------------------------------------------------ study


def study(a: Any, **options: Any) -> Picture:
    found = next(study for study in STUDIES if study.kind == "game-check")
    asked = {"a": a, "real_target": 0.9, "fake_target": 0.1, "press": 5} | options
    with torch.no_grad():  # as in a study's turn
        *_, (progress, picture) = found.begin(runs.trainer(runs.vae()), asked)
    assert progress == 1
    return picture


def test_autograd_agrees_with_the_closed_forms_and_with_differences() -> None:
    a = checks.logits(7, batch(beliefs(linear())))
    found = study(a)
    assert int(found["press"]) == 5
    rows = checks.check(a, 0.9, 0.1, found)
    assert len(rows) == 17
    assert [row for row in rows if not row.good] == []


def test_autograd_is_of_the_losses_not_of_the_closed_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a wrong loss it is the closed form that is told to be wrong."""
    from guiapp.theory import game

    right = game.generator_loss
    monkeypatch.setattr(game, "generator_loss", lambda a, objective: 1.001 * right(a, objective))
    a = checks.random_batch(1)
    bad = {row.term for row in checks.check(a, 0.9, 0.1, study(a)) if row.good is False and (row.autograd or 0) > 1e-6}
    assert bad == {"generator"}


@pytest.mark.parametrize("a", [[], [np.nan], np.zeros(5000)])
def test_logits_that_cannot_be_checked(a: Any) -> None:
    with pytest.raises(ValueError, match="1 to 4,096 finite logits"):
        study(a)
