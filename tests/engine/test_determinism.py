"""The same spec and the same edits at the same steps give the same bits; looking on changes none of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.probes import PROBES
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Network, Vae
from tests.engine import runs
from tests.everyday import everyday

Model = Vae | Gan
BATCH_NORM = Network(hidden=(16, 16), norm="batch")
CONVOLUTIONS = Network("convolutional", (6, 5), norm="batch")
MODELS: dict[str, tuple[Model, str]] = {
    "vae": (runs.vae(), "digits"),
    "vae, batch norm": (runs.vae(BATCH_NORM, latent=3), "digits"),
    "vae, plane": (runs.vae(likelihood="gaussian, learned σ", latent=1), "moons"),
    "vae, several draws": (runs.vae(draws=3, estimator="score function, baseline"), "digits"),
    "vae, importance weighted": (runs.vae(BATCH_NORM, draws=4, bound="importance weighted"), "digits"),
    "vae, optimal sigma": (runs.vae(likelihood="gaussian, optimal σ", draws=2), "digits"),
    "vae, convolutions": (runs.vae(CONVOLUTIONS, schedule="linear", warmup=5), "digits"),
    "gan, convolutions": (runs.gan(CONVOLUTIONS), "digits"),
    "gan": (runs.gan(), "ring"),
    "gan, batch norm": (runs.gan(BATCH_NORM, noise_law="uniform"), "ring"),
    "gan, momentum": (runs.gan(d_optimiser=runs.sgd(0.1, 0.9), g_optimiser=runs.sgd(0.1, 0.9)), "digits"),
}
FIRST_TO_LOOK_AT = ("vae", "vae, batch norm", "vae, several draws", "gan", "gan, batch norm", "gan, momentum")
EDITS: dict[str, dict[int, tuple[str, Any]]] = {
    "vae": {3: ("batch", 40), 5: ("model.beta", 4.0), 8: ("model.optimiser.lr", 0.01), 9: ("batch", 7)},
    "vae, plane": {4: ("model.sigma", 0.5)},
    "vae, several draws": {3: ("model.estimator", "none"), 6: ("model.free_bits", 0.5), 9: ("model.averaged", True)},
    "vae, convolutions": {2: ("model.warmup", 20), 7: ("model.schedule", "cyclical")},
    "gan": {2: ("model.d_steps", 3), 4: ("batch", 50), 6: ("model.g_steps", 0), 9: ("model.objective", "minimax")},
    "gan, momentum": {3: ("model.d_optimiser.lr", 0.2), 5: ("model.g_optimiser.lr", 0.3), 7: ("model.d_steps", 0)},
}


LOOKS = (0, 3, 9, 10, 11, 13)  # after the first step, after edits, and after a step of one player alone


def trained(name: str, seed: int = 0, edits: bool = True, look: bool = False) -> tuple[Trainer, np.ndarray]:
    """Fourteen steps with the edits, of which step 11 is D's alone and step 12 G's."""
    model, data = MODELS[name]
    run = runs.trainer(model, data, seed=seed)
    darkroom, events = Darkroom(run, print), run.events()
    for step in range(14):
        if edits and step in EDITS.get(name, {}):
            run.edit(*EDITS[name][step])
        run.player = {10: "d", 11: "g"}.get(step, "both")  # type: ignore[assignment]
        assert next(events) is None
        if look and step in LOOKS:
            look_at_all(run, darkroom)
    return run, run.flush()


def look_at_all(run: Trainer, darkroom: Darkroom) -> None:
    """Every probe, the held-out loss and the weights; what the last step left behind must stay."""
    gradients = [[g.clone() for g in p.gradients] for p in run.objective.players.values()]
    torch.rand(1)  # nor may the global stream matter
    made = darkroom.make(frozenset(probe.kind for probe in PROBES), {"latent_axes": (0, 1)}, running=False)
    assert len(made) >= 2
    run.heldout()
    run.weights()
    assert run.model.training
    assert torch.is_grad_enabled()
    for before, player in zip(gradients, run.objective.players.values(), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(before, player.gradients, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_the_same_spec_and_edits_give_the_same_bits(name: str) -> None:
    one, rows = trained(name)
    torch.manual_seed(12345)
    two, again = trained(name)
    assert runs.equal(one.weights(), two.weights())
    assert np.array_equal(rows[:, 1:], again[:, 1:], equal_nan=True)  # all but the speed


@pytest.mark.parametrize("name", everyday(MODELS, FIRST_TO_LOOK_AT))
def test_looking_changes_nothing(name: str) -> None:
    one, rows = trained(name)
    two, again = trained(name, look=True)
    assert runs.equal(one.weights(), two.weights())
    assert np.array_equal(rows[:, 1:], again[:, 1:], equal_nan=True)


@pytest.mark.parametrize("name", MODELS)
def test_another_seed_gives_other_weights(name: str) -> None:
    assert not runs.equal(trained(name)[0].weights(), trained(name, seed=1)[0].weights())


@pytest.mark.parametrize("name", EDITS)
def test_edits_matter(name: str) -> None:
    same = runs.equal(trained(name)[0].weights(), trained(name, edits=False)[0].weights())
    assert same is (name == "vae, plane")  # a learned σ does not follow the fixed one


def test_the_first_weights_come_from_the_seed_alone() -> None:
    def first(seed: int, data: str = "ring") -> runs.Weights:
        return runs.trainer(runs.gan(), data, seed=seed).weights()

    assert runs.equal(first(7), first(7))
    assert runs.equal(first(7), first(7, "moons"))
    assert not runs.equal(first(7), first(8))


@pytest.mark.parametrize("seed", [2**31, 2**63 - 1])
def test_every_seed_that_the_spec_allows_works(seed: int) -> None:
    run = runs.trainer(runs.gan(), "ring", seed=seed)
    runs.train(run, 2)
    assert len(Darkroom(run, print).make(frozenset({"samples", "field"}), {}, running=False)) == 2


def test_the_mode_and_the_gradient_switch_are_put_back_after_an_error() -> None:
    run = runs.trainer(runs.vae(BATCH_NORM))
    seen = []

    def failing_probe() -> None:
        with run.quiet():
            seen.append((run.model.training, torch.is_grad_enabled()))
            raise RuntimeError("a probe failed")

    with pytest.raises(RuntimeError, match="a probe failed"):
        failing_probe()
    assert seen == [(False, False)]
    assert run.model.training
    assert torch.is_grad_enabled()
