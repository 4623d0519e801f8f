"""The GAN's step: who moves, down which slope, on which batch, and what is told of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Generator, Tensor

from guiapp.engine.models.gan import GanModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Network
from tests.engine import runs

BATCH_NORM = Network(hidden=(16, 16), norm="batch")


def split(run: Trainer) -> tuple[runs.Weights, runs.Weights]:
    """Copies of the parameters of D and of G."""
    weights = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    return tuple({n: w for n, w in weights.items() if n.startswith(part)} for part in ("disc", "gen"))  # type: ignore[return-value]


def model(bounded: bool = False, **fields: object) -> GanModel:
    return GanModel(
        Gan(**{"generator": runs.NETWORK, "discriminator": runs.NETWORK, **fields}),
        (2,),
        bounded,
        Generator().manual_seed(0),
    ).double()


def randn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("objective", ["minimax", "non-saturating"])
def test_the_slope_by_the_generated_data(objective: str, bounded: bool) -> None:
    """∂/∂x̃ = -D(x̃)·∂a/∂x̃ for log(1 - D), -(1 - D(x̃))·∂a/∂x̃ for -log D, each times 1/B of the batch mean; then the
    chain rule through ∂G/∂θ."""
    run = Trainer(runs.spec(runs.gan(objective=objective), "digits" if bounded else "ring"))
    net = run.model.double()
    assert isinstance(net, GanModel)
    z = randn(16, 2)
    run.objective.noise = FixedNoise(z)  # type: ignore[attr-defined]
    net.draw = lambda count, generator: generator.z[:count]  # type: ignore[method-assign]
    fake = net.decode(z).detach().requires_grad_()
    a = net.logit(fake)
    d = torch.sigmoid(a.detach())
    (da,) = torch.autograd.grad(a.sum(), fake)
    by_fake = -(d if objective == "minimax" else 1 - d)[:, None] * da / 16
    parameters = [p for name, p in net.named_parameters() if name.startswith("generator")]
    expected = torch.autograd.grad(net.decode(z), parameters, grad_outputs=by_fake)
    run.player = "g"
    next(run.events())
    for found, wanted in zip(run.objective.players["g"].gradients, expected, strict=True):
        assert_allclose(found, wanted, atol=1e-6 * float(wanted.abs().max()))


class FixedNoise:
    def __init__(self, z: Tensor) -> None:
        self.z = z


def test_a_discriminator_that_cannot_tell_says_one_half_everywhere() -> None:
    run = runs.trainer(runs.gan(), "ring")
    with torch.no_grad():
        for name, parameter in run.model.named_parameters():
            if name.startswith("discriminator"):
                parameter.zero_()
    told = run.heldout()
    assert told["d_loss"] == pytest.approx(1.386294, abs=1e-6)
    assert told["g_loss"] == pytest.approx(0.693147, abs=1e-6)
    assert told["d_real"] == told["d_fake"] == 0.5
    row = dict(zip(run.names, runs.train(run, 1)[0], strict=True))
    assert row["d_loss"] == pytest.approx(1.386294, abs=1e-6)
    assert row["d_real"] == row["d_fake"] == 0.5


def test_what_is_told_is_what_was_computed() -> None:
    """d_loss, D(x), D(G(z)) and the fractions judged rightly, against numpy, on the held-out data."""
    run = runs.trainer(runs.gan(), "ring")
    runs.train(run, 30)
    told = run.heldout()
    net = run.model
    assert isinstance(net, GanModel)
    with torch.no_grad():
        x = run.feed.heldout
        fake = net.decode(net.draw(len(x), Generator().manual_seed(run.spec.seed + 3)))
        real, made = (torch.sigmoid(net.logit(part)).numpy().astype(float) for part in (x, fake))
    assert_allclose(told["d_loss"], -np.log(real).mean() - np.log(1 - made).mean(), rtol=1e-5)
    assert_allclose(told["g_loss"], -np.log(made).mean(), rtol=1e-5)
    assert_allclose([told["d_real"], told["d_fake"]], [real.mean(), made.mean()], rtol=1e-5)
    assert_allclose([told["d_acc_real"], told["d_acc_fake"]], [(real > 0.5).mean(), (made < 0.5).mean()], rtol=1e-6)
    assert told["d_acc_real"] != told["d_acc_fake"]


@pytest.mark.parametrize(("player", "moves"), [("d", (True, False)), ("g", (False, True)), ("both", (True, True))])
@pytest.mark.parametrize("steps", [{}, {"d_steps": 0}, {"g_steps": 0}], ids=["1 each", "D frozen", "G frozen"])
def test_only_the_player_named_moves(player: str, moves: tuple[bool, bool], steps: dict[str, int]) -> None:
    run = runs.trainer(runs.gan(**steps), "ring")
    run.player = player  # type: ignore[assignment]
    before = split(run)
    row = dict(zip(run.names, runs.train(run, 1)[0], strict=True))
    frozen = tuple(f"{who}_steps" in steps for who in "dg")
    named = player != "both"  # who then moves though frozen
    expected = tuple(moves_it and (named or not stands) for moves_it, stands in zip(moves, frozen, strict=True))
    for i, kind in enumerate(("discriminator", "generator")):
        assert runs.equal(before[i], split(run)[i]) is not expected[i]
        told = [np.isfinite(v) for n, v in row.items() if n.startswith(("grad/" + kind, "update/" + kind))]
        assert all(told) if expected[i] else not any(told)
    assert np.isfinite(row["d_loss"]) == expected[0]
    assert np.isfinite(row["g_loss"]) == expected[1]


def test_so_many_steps_as_asked_for_are_taken() -> None:
    """SGD with a constant gradient would move k times as far; here the optimisers' own counters are read."""
    run = runs.trainer(runs.gan(d_steps=3, g_steps=2), "ring", batch=10)
    runs.train(run, 4)
    counts = {name: {int(s["step"]) for s in p.optimiser.state.values()} for name, p in run.objective.players.items()}
    assert counts == {"d": {12}, "g": {8}}
    assert run.feed.seen == 3 * 4 * 10, "each step of D sees fresh data, those of G none"
    run.edit("model.d_steps", 0)
    run.edit("model.g_steps", 5)
    runs.train(run, 1)
    counts = {name: {int(s["step"]) for s in p.optimiser.state.values()} for name, p in run.objective.players.items()}
    assert counts == {"d": {12}, "g": {13}}


def test_noise_of_both_laws() -> None:
    """Means and variances within 5 standard errors: N(0, 1); U(-1, 1) has variance 1/3."""
    for law, variance, fourth in (("normal", 1.0, 3.0), ("uniform", 1 / 3, 1 / 5)):
        z = model(noise_law=law, noise=3).draw(20_000, Generator().manual_seed(5)).double()
        assert z.shape == (20_000, 3)
        assert abs(z.mean().item()) < 5 * math.sqrt(variance / z.numel())
        error = math.sqrt((fourth - variance**2) / z.numel())
        assert abs(z.square().mean().item() - variance) < 5 * error
        assert (z.abs().max() <= 1) == (law == "uniform")


def test_bounded_data_get_a_sigmoid_and_a_centred_discriminator() -> None:
    plain, bounded = model(), model(bounded=True)
    z = 9 * randn(50, 2)
    assert torch.equal(bounded.decode(z), torch.sigmoid(plain.decode(z)))
    x = torch.rand((9, 2), generator=Generator().manual_seed(3), dtype=torch.float64)
    assert torch.equal(bounded.logit(x), plain.logit(2 * x - 1))
    assert bounded.logit(x).shape == (9,)


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_real_and_generated_data_share_no_batch_statistics(norm: str) -> None:
    """One pass for both halves where that changes nothing, two passes where it would."""
    net = model(discriminator=Network(hidden=(16,), norm=norm))  # type: ignore[arg-type]
    real, fake, other = randn(12, 2), randn(12, 2, seed=2), 5 + randn(12, 2, seed=3)
    assert torch.allclose(net.logits(real, fake)[0], net.logits(real, other)[0], atol=1e-12)
    assert torch.allclose(net.logits(real, fake)[1], net.logit(fake), atol=1e-12)


def test_a_generator_that_wins_nothing_gets_no_slope_from_minimax() -> None:
    """A discriminator with logit -20 on all that is generated (theory.md, Q16): 2e-9 against 1."""
    norms = {}
    for objective in ("minimax", "non-saturating"):
        run = runs.trainer(runs.gan(objective=objective), "ring")
        with torch.no_grad():
            dict(run.model.named_parameters())["discriminator.2.bias"].fill_(-20)
        run.player = "g"
        runs.train(run, 1)
        norms[objective] = max(g.abs().max().item() for g in run.objective.players["g"].gradients)
    assert norms["non-saturating"] > 1e-3
    assert norms["minimax"] < 1e-6 * norms["non-saturating"]


def test_a_batch_larger_than_the_data() -> None:
    run = Trainer(runs.spec(Gan(noise=2), batch=500), runs.table(np.arange(20).reshape(10, 2) / 20))
    assert np.isfinite(runs.train(run, 3)[:, 1:8]).all()
    assert run.feed.epoch == 3
