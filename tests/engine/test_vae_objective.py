"""The series of a VAE's run: its terms, its schedule of β, held-out data; edits that take effect, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Generator

from guiapp.engine import vae_objective
from guiapp.engine.models.evidence import Terms, terms
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited, flat
from guiapp.spec import Network, SpecError, Vae
from guiapp.theory import elbo
from tests.engine import runs


def columns(run: Trainer, rows: np.ndarray, prefix: str) -> np.ndarray:
    return rows[:, [i for i, name in enumerate(run.names) if name.startswith(prefix)]]


@pytest.mark.parametrize("fields", [{}, {"draws": 3, "bound": "importance weighted"}, {"free_bits": 0.5, "draws": 2}])
def test_the_series_are_the_terms_as_they_are(fields: dict[str, Any]) -> None:
    run = runs.trainer(runs.vae(latent=4, **fields))
    rows = runs.train(run, 30)
    loss, rec, kl, bound = (runs.column(run, rows, name) for name in ("loss", "reconstruction", "kl", "elbo"))
    each = columns(run, rows, "kl/")
    assert each.shape == (30, 4)
    assert_allclose(each.sum(1), kl, rtol=1e-5)
    assert_allclose(bound, -(rec + kl), rtol=1e-5)
    if "bound" in fields:
        assert_allclose(runs.column(run, rows, "iwae"), -loss, rtol=1e-6)
        assert (runs.column(run, rows, "iwae") > bound).mean() > 0.9
    else:
        assert "iwae" not in run.names
        least = fields.get("free_bits", 0.0)
        assert_allclose(loss, rec + np.maximum(each, least).sum(1), rtol=1e-5)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cyclical"])
def test_beta_follows_its_schedule_and_the_loss_with_it(schedule: str) -> None:
    run = runs.trainer(runs.vae(beta=4.0, schedule=schedule, warmup=8))
    rows = runs.train(run, 20)
    told = {
        "constant": [4.0] * 20,
        "linear": [0.5, 1, 1.5, 2, 2.5, 3, 3.5] + [4.0] * 13,
        "cyclical": ([1.0, 2, 3, 4, 4, 4, 4, 4] * 3)[:20],
    }[schedule]
    assert_allclose(runs.column(run, rows, "beta"), told, rtol=1e-6)
    loss, rec, kl = (runs.column(run, rows, name) for name in ("loss", "reconstruction", "kl"))
    assert_allclose(loss, rec + told * kl, rtol=1e-5)
    run.edit("model.averaged", True)
    row = dict(zip(run.names, runs.train(run, 1)[0], strict=True))
    beta = {"constant": 4.0, "linear": 4.0, "cyclical": 4.0}[schedule]
    assert row["beta"] == 64 * beta, "against the summed reconstruction of digits of 8 x 8"
    assert row["loss"] == pytest.approx(row["reconstruction"] / 64 + beta * row["kl"], rel=1e-5)


def test_the_sigma_column_of_the_optimal_one_is_that_of_the_batch() -> None:
    run = runs.trainer(runs.vae(likelihood="gaussian, optimal σ"))
    rows = runs.train(run, 20)
    rec, sigma = runs.column(run, rows, "reconstruction"), runs.column(run, rows, "sigma")
    assert_allclose(rec, 64 * (np.log(sigma) + 0.5 * math.log(2 * math.pi) + 0.5), rtol=1e-4, atol=1e-3)
    assert "log_sigma" not in dict(run.model.named_parameters())
    assert run.weights()["log_sigma"].exp().item() == pytest.approx(sigma[-1])


# -------------------------------------------------------------------------------------------------------- held-out data

BATCH_NORM = Network(hidden=(16, 16), norm="batch")


def heldout(run: Trainer, rows: np.ndarray) -> np.ndarray:
    return columns(run, rows, "heldout/")


def test_the_heldout_terms_come_every_fifty_steps_with_the_same_data_and_noise() -> None:
    run = runs.trainer(runs.vae(BATCH_NORM, optimiser=runs.sgd(1e-40)))  # which moves no weight
    model, vae = run.model, run.spec.model
    assert isinstance(model, VaeModel)
    assert isinstance(vae, Vae)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.momentum = 0.0
    rows = heldout(run, runs.train(run, 120))
    known = np.isfinite(rows).all(1)
    assert np.flatnonzero(known).tolist() == [49, 99]
    assert np.isnan(rows[~known]).all()
    assert rows[49].tolist() == rows[99].tolist()
    x = run.feed.heldout[:256]
    noise = torch.randn((1, len(x), 2), generator=Generator().manual_seed(3))
    with run.quiet():
        told = terms(model, x, noise, vae, 1.0)
    assert_allclose(rows[49], [told.reconstruction.item(), told.kl.item()], rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        runs.vae(BATCH_NORM),
        runs.vae(likelihood="gaussian, optimal σ"),
        runs.vae(draws=3, bound="importance weighted"),
        runs.vae(estimator="score function, baseline"),
    ],
    ids=["batch norm", "optimal sigma", "importance weighted", "score function"],
)
def test_looking_at_heldout_data_changes_no_bit(model: Vae, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for every in (1, 10**9):
        monkeypatch.setattr(vae_objective, "HELDOUT_EVERY", every)
        run = runs.trainer(model)
        rows = runs.train(run, 12)
        assert np.isfinite(heldout(run, rows)).all() == (every == 1)
        keep = [i for i, name in enumerate(run.names) if i and not name.startswith("heldout/")]
        found.append((run.weights(), rows[:, keep]))
    assert runs.equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1], equal_nan=True)


# -------------------------------------------------------------------------------------------------------- live edits

LIVE: dict[str, tuple[Any, dict[str, Any]]] = {
    "model.sigma": (2.0, {"likelihood": "gaussian"}),
    "model.beta": (7.0, {}),
    "model.schedule": ("linear", {}),
    "model.warmup": (50, {"schedule": "linear"}),
    "model.free_bits": (3.0, {}),
    "model.averaged": (True, {}),
    "model.estimator": ("none", {}),
    "model.optimiser.lr": (0.5, {}),
    "batch": (7, {}),
}


def test_the_list_of_live_fields_is_complete() -> None:
    assert {path for path, parameter in flat(runs.spec(runs.vae())).items() if parameter.live} == set(LIVE)


@pytest.mark.parametrize("path", LIVE)
def test_a_live_edit_takes_effect_at_the_next_step_as_if_it_had_been_so(path: str) -> None:
    """The edited run's next step is that of a run built with the new value at the same weights and noise."""
    new, fields = LIVE[path]
    run, unedited = runs.trainer(runs.vae(**fields)), runs.trainer(runs.vae(**fields))
    runs.train(run, 3), runs.train(unedited, 3)
    old, now = run.edit(path, new)
    assert old != now == new
    row, other = runs.train(run, 1)[0, 1:], runs.train(unedited, 1)[0, 1:]
    assert not runs.equal(run.weights(), unedited.weights())
    assert not np.array_equal(row, other, equal_nan=True)
    if path not in ("batch", "model.optimiser.lr"):
        spec = edited(runs.spec(runs.vae(**fields)), path, new).model
        assert isinstance(spec, Vae)
        fresh = runs.trainer(runs.vae(**fields))
        runs.train(fresh, 3)
        net = fresh.model
        assert isinstance(net, VaeModel)
        x, noise = fresh.feed.batch(16), torch.randn((1, 16, 2), generator=fresh.objective.noise)
        told: Terms = terms(net, x, noise, spec, elbo.scheduled(spec.beta, spec.schedule, spec.warmup, 4))
        assert row[run.names.index("loss") - 1] == pytest.approx(told.loss.item(), rel=1e-6)


REFUSED = (
    ({"bound": "importance weighted"}, "model.estimator", "none", "reparameterised", "gradient estimator: 'none'"),
    (
        {"bound": "importance weighted"},
        "model.estimator",
        "score function, baseline",
        "reparameterised",
        "gradient estimator: 'score",
    ),
    ({"bound": "importance weighted"}, "model.free_bits", 0.5, 0.0, "free bits λ"),
)


@pytest.mark.parametrize(("fields", "path", "new", "remedy", "sentence"), REFUSED)
def test_what_does_not_go_together_is_refused_at_the_start_and_while_training(
    fields: dict[str, Any], path: str, new: Any, remedy: Any, sentence: str
) -> None:
    right = runs.spec(runs.vae(draws=3, **fields))
    with pytest.raises(SpecError, match=sentence) as refusal:
        Trainer(edited(right, path, new), runs.source("digits"))
    assert refusal.value.remedy == {path: remedy}
    assert edited(edited(right, path, new), path, remedy) == right
    run = Trainer(right, runs.source("digits"))
    runs.train(run, 2)
    with pytest.raises(SpecError, match=sentence) as refusal:
        run.edit(path, new)
    assert refusal.value.remedy == {path: remedy}
    assert run.spec == right, "the old value stays"
    runs.train(run, 2)


@pytest.mark.parametrize("path", ["model.likelihood", "model.bound", "model.draws", "model.encoder.layers"])
def test_what_changes_the_form_of_the_model_needs_a_restart(path: str) -> None:
    run = runs.trainer(runs.vae())
    with pytest.raises(SpecError, match="takes effect on restart"):
        run.edit(path, 2)
