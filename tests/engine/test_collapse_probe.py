"""The picture "collapse" against its docstring, computed a second time with numpy and torch.distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.distributions import Normal, kl_divergence

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.theory.collapse import VERDICTS, verdicts
from tests.engine import runs

KIND = frozenset({"collapse"})
VECTORS, SCALARS = {"kl", "mean_var", "noise_var", "marginal_kl"}, {"active_units", "ceiling", "aggregate_kl", "count"}


def picture(run: Trainer) -> Picture:
    return Darkroom(run, print).make(KIND, {}, running=False)["collapse"]


@pytest.mark.parametrize("latent", [1, 5, 64])
def test_every_array_is_what_it_says(latent: int) -> None:
    run = runs.trainer(runs.vae(latent=latent))
    runs.train(run, 20)
    found = picture(run)
    assert isinstance(run.model, VaeModel)
    with torch.no_grad():
        mean, log_var = (part.double() for part in run.model.encode(run.feed.heldout[:500]))
    kl = kl_divergence(Normal(mean, torch.exp(log_var / 2)), Normal(0.0, 1.0)).mean(0).numpy()
    assert set(found) == VECTORS | SCALARS | {"information", "information_error"}
    assert all(found[name].shape == (latent,) for name in VECTORS)
    assert_allclose(found["kl"], kl, rtol=1e-6, atol=1e-9)
    assert_allclose(found["mean_var"], mean.numpy().var(0, ddof=1), rtol=1e-6)
    assert_allclose(found["noise_var"], log_var.exp().mean(0), rtol=1e-6)
    assert found["active_units"] == (mean.numpy().var(0, ddof=1) > 0.01).sum()
    assert found["count"] == len(mean) == 297
    assert found["ceiling"] == pytest.approx(math.log(297))
    assert found["aggregate_kl"] + found["information"] == pytest.approx(kl.sum(), rel=1e-6)
    if latent == 1:  # the marginal is the aggregate
        assert found["marginal_kl"][0] == pytest.approx(found["aggregate_kl"], abs=4 * found["information_error"])
    assert (found["marginal_kl"] <= found["kl"] + 1e-3).all(), "a mixture is no farther from the prior than its parts"


def test_a_weight_of_the_kl_that_is_far_too_large_collapses_every_dimension() -> None:
    run = runs.trainer(runs.vae(latent=6, beta=500.0))
    runs.train(run, 600)
    found = picture(run)
    assert [VERDICTS[i] for i in verdicts(found["kl"], found["mean_var"])] == ["collapsed"] * 6
    assert found["active_units"] == 0
    assert abs(found["information"]) < 0.01 + 4 * found["information_error"]


def test_the_draws_are_the_same_at_every_look_and_training_does_not_notice() -> None:
    seen, unseen = (runs.trainer(runs.vae(latent=3)) for _ in range(2))
    for _ in range(5):
        one, other = picture(seen), picture(seen)
        Darkroom(seen, print).make(KIND, {}, running=False)
        assert all(np.array_equal(one[name], other[name]) for name in one)
        runs.train(seen, 3)
    runs.train(unseen, 15)
    assert runs.equal(seen.weights(), unseen.weights())


def test_two_held_out_data_are_the_least() -> None:
    rows = np.random.default_rng(0).random((12, 6))
    assert picture(Trainer(runs.spec(runs.vae()), runs.table(rows))) == {}
    found = picture(Trainer(runs.spec(runs.vae()), runs.table(rows, rows[:2])))
    assert found["count"] == 2
    assert found["information"] <= math.log(2)


def test_a_gan_has_none() -> None:
    assert Darkroom(runs.trainer(runs.gan(), "ring"), print).make(KIND, {}, running=False) == {}
