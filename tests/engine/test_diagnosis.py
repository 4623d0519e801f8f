"""When a value is not finite: nothing of that update is applied, and the first such tensor is named."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.probes import PROBES
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Network, Vae
from tests.engine import runs

BATCH_NORM = Network(hidden=(16, 16), norm="batch")


def until_divergence(run: Trainer, steps: int = 300) -> tuple[str, runs.Weights]:
    """The tensor named and the weights before the failed step."""
    events, before = run.events(), run.weights()
    for _ in range(steps):
        name = next(events)
        if name is not None:
            return name, before
        before = run.weights()
    raise AssertionError("it did not diverge")


@pytest.mark.parametrize(
    "model",
    [
        runs.vae(optimiser=runs.sgd(10.0)),
        runs.vae(latent=5, likelihood="gaussian", optimiser=runs.sgd(10.0, momentum=0.9)),
        runs.vae(BATCH_NORM, optimiser=runs.sgd(10.0)),
    ],
    ids=["bernoulli", "gaussian", "batch norm"],
)
def test_the_weights_before_the_failed_step_are_kept(model: Vae) -> None:
    run = runs.trainer(model)
    name, before = until_divergence(run)
    assert name.split(" ")[0] in {"input", "output", "gradient", "norm", "loss"}
    assert runs.equal(run.weights(), before)
    assert all(torch.isfinite(p).all() for p in run.model.parameters())
    assert len(run.flush()) == run.step, "the failed step has no row"
    pictures = Darkroom(run, print).make(frozenset(probe.kind for probe in PROBES), {}, running=False)
    assert {"latent", "gradients", "manifold", "posterior"} <= set(pictures)


def test_a_gan_diverges_in_words_too() -> None:
    run = runs.trainer(runs.gan(d_optimiser=runs.sgd(10.0), g_optimiser=runs.sgd(10.0), objective="minimax"), "grid")
    with torch.no_grad():
        dict(run.model.named_parameters())["discriminator.2.bias"].fill_(1e38)
        dict(run.model.named_parameters())["discriminator.2.weight"].fill_(1e38)
    before = run.weights()
    assert next(run.events()) in {"output of discriminator.2", "gradient of discriminator.2.weight"}
    assert runs.equal(run.weights(), before)


def poisoned_weight(run: Trainer) -> None:
    with torch.no_grad():
        dict(run.model.named_parameters())["encoder.1.weight"][0, 0] = math.nan


def poisoned_data(run: Trainer) -> None:
    run.feed.train = torch.full_like(run.feed.train, math.nan)


def overflowing_layer(run: Trainer) -> None:
    with torch.no_grad():
        dict(run.model.named_parameters())["decoder.0.bias"].fill_(3e38)
        dict(run.model.named_parameters())["decoder.1.weight"].fill_(10.0)


def overflowing_gradient(run: Trainer) -> None:
    """A finite loss whose slope is not: √ at 0."""
    decode = run.model.decoder.forward  # type: ignore[union-attr]
    run.model.decoder.forward = lambda z: decode(z) + (z[:, :1] * 0).sqrt()  # type: ignore[union-attr,method-assign]


@pytest.mark.parametrize(
    ("poison", "name"),
    [
        (poisoned_weight, "weights encoder.1.weight"),
        (poisoned_data, "input of encoder.0"),
        (overflowing_layer, "output of decoder.1"),
        (overflowing_gradient, "gradient of encoder.2.bias"),
    ],
)
def test_the_first_tensor_is_named(poison: Callable[[Trainer], None], name: str) -> None:
    run = runs.trainer(runs.vae())
    runs.train(run, 3)
    poison(run)
    before = run.weights()
    assert next(run.events()) == name
    assert run.step == 3
    after = run.weights()
    assert all(torch.equal(before[k], after[k]) for k in before if k != "encoder.1.weight")


def test_training_goes_on_after_a_bad_batch_and_running_averages_stay_clean() -> None:
    """A batch norm layer that saw one NaN would show nothing but NaN for ever after."""
    run = runs.trainer(runs.vae(BATCH_NORM))
    events = run.events()
    assert next(events) is None
    good, run.feed.train = run.feed.train, torch.full_like(run.feed.train, math.nan)
    assert next(events) == "input of encoder.0"
    assert next(events) == "input of encoder.0"
    run.feed.train = good
    assert next(events) is None
    assert run.step == 2
    assert all(torch.isfinite(tensor).all() for tensor in run.weights().values())
    assert np.isfinite(run.heldout()["loss"])


@pytest.mark.parametrize("scale", [1e25, 3e38])
def test_a_diverged_encoder_still_has_a_latent_picture(scale: float) -> None:
    """Finite weights so large that the squares of the means overflow, or the means, which then have no axes."""
    run = runs.trainer(runs.vae(latent=4))
    with torch.no_grad():
        dict(run.model.named_parameters())["encoder.2.weight"].mul_(scale)
    with np.errstate(all="ignore"):
        picture = Darkroom(run, print).make(frozenset({"latent"}), {}, running=False)["latent"]
    assert np.isfinite(picture["mean"]).all() == (scale == 1e25)
    assert np.isfinite(picture["axes"]).all()
    assert np.array_equal(picture["axes"], np.eye(4)[:2]) == (scale == 3e38)


def test_no_hook_is_left_behind() -> None:
    run = runs.trainer(runs.vae())
    poisoned_data(run)
    next(run.events())
    assert not any(module._forward_hooks for module in run.model.modules())


def test_zero_rates_and_huge_batches_of_a_gan_stay_finite() -> None:
    run = runs.trainer(Gan(generator=runs.NETWORK, discriminator=runs.NETWORK, d_steps=20, g_steps=20), batch=3000)
    told = [not name.startswith(("metric/", *run.statistics.names)) for name in run.names]  # not those now and then
    assert np.isfinite(runs.train(run, 1)[:, told]).all()


@pytest.mark.parametrize(
    "fields",
    [
        {"objective": "Wasserstein"},
        {"objective": "least squares", "updates": "simultaneous"},
        {"objective": "Wasserstein", "slope": "gradient penalty", "packing": 2},
        {"objective": "least squares", "averaging": 0.9, "r1": 1.0},
    ],
    ids=lambda fields: " ".join(map(str, fields.values())),
)
def test_a_learning_rate_of_ten_ends_in_the_name_of_a_tensor(fields: dict[str, object]) -> None:
    run = runs.trainer(runs.gan(d_optimiser=runs.sgd(10.0), g_optimiser=runs.sgd(10.0), **fields), "ring")
    name, _ = until_divergence(run)
    assert name.split(" ")[0] in {"input", "output", "gradient", "norm", "loss"}
    assert "discriminator" in name or "generator" in name or name == "loss"
    assert all(torch.isfinite(p).all() for p in run.model.parameters())
    assert len(run.flush()) == run.step


@pytest.mark.parametrize("fields", [{}, {"spectral": True, "averaging": 0.9, "packing": 2}], ids=["plain", "all"])
def test_a_discriminator_that_says_nan_is_named_and_nothing_moves(fields: dict[str, object]) -> None:
    run = runs.trainer(runs.gan(**fields), "ring")
    runs.train(run, 2)
    with torch.no_grad():
        dict(run.model.named_parameters())["discriminator.1.bias"][0] = math.nan
    before = run.weights()
    assert next(run.events()) == "weights discriminator.1.bias"
    after = run.weights()
    assert all(torch.equal(before[k], after[k]) for k in before if k != "discriminator.1.bias")
    assert run.step == 2
