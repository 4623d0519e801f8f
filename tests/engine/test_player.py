"""One step of one player: gradient RMS and update ratios against their definitions, optimisers against their papers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from guiapp.engine.player import NonFiniteError, Player
from guiapp.spec import Optimiser
from tests.engine import runs


def tensors(*values: list[float]) -> list[tuple[str, nn.Parameter]]:
    return [(f"t{i}", nn.Parameter(torch.tensor(v))) for i, v in enumerate(values)]


def test_rms_and_update_ratio_by_hand() -> None:
    named = tensors([3.0, 4.0], [0.0, 0.0, 0.0])
    player = Player(named, runs.sgd(lr=0.1))
    # The gradient 0 * (1, 1, 1) is an expanded view of one number, which torch's fused kernels read beyond its end.
    rms, update = player.descend((named[0][1] ** 2).sum() + 0 * named[1][1].sum(), 1)
    assert_allclose(rms, [math.sqrt((6**2 + 8**2) / 2), 0], rtol=1e-6)  # of the gradient (6, 8)
    assert_allclose(named[0][1].detach(), [2.4, 3.2], rtol=1e-6)
    assert_allclose(update[0], 1 / 4, rtol=1e-6)  # a step of length 1 to a weight of length 4
    assert update[1].isnan(), "no ratio to a tensor of zeros"
    assert_allclose(player.gradients[0], [6, 8])


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_the_optimisers_are_those_of_the_papers(kind: str) -> None:
    """Adam: Kingma & Ba 2015, algorithm 1. SGD: v <- m v + g; w <- w - lr v. Written out in numpy."""
    w, m, v = np.array([1.0, -2.0, 0.5]), np.zeros(3), np.zeros(3)
    named = tensors(w.tolist())
    lr, beta1, beta2, momentum = 0.05, 0.6, 0.95, 0.7
    player = Player(named, Optimiser(kind=kind, lr=lr, beta1=beta1, beta2=beta2, momentum=momentum))  # type: ignore[arg-type]
    for t in range(1, 8):
        if t == 4:
            lr = 0.2
            player.set_rate(lr)
        g = 4 * w**3 - 1
        player.descend((named[0][1] ** 4 - named[0][1]).sum(), 1)
        if kind == "adam":
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            w = w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
        else:
            m = momentum * m + g
            w = w - lr * m
        assert_allclose(named[0][1].detach(), w, rtol=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e38])
def test_nothing_moves_when_the_loss_or_a_gradient_is_not_finite(bad: float) -> None:
    named = tensors([1.0, 2.0], [3.0])
    player = Player(named, runs.sgd(lr=0.1, momentum=0.9))
    player.descend((named[0][1] ** 2).sum() + named[1][1].sum(), 1)
    before = [p.detach().clone() for _, p in named]
    momentum = {k: v["momentum_buffer"].clone() for k, v in player.optimiser.state.items()}
    with pytest.raises(NonFiniteError):  # 1e38: finite loss, finite entries, but the norm of the gradient overflows
        player.descend((named[0][1] * 1e-38 * 0).sum() + (named[1][1] - 3) * bad + (named[0][1] * bad).sum() * 0.5, 1)
    with pytest.raises(NonFiniteError):  # the loss alone: its gradient is finite
        player.descend((named[0][1] ** 2).sum() + named[1][1].sum() + math.inf, 1)
    assert all(torch.equal(a, p.detach()) for a, (_, p) in zip(before, named, strict=True))
    assert all(torch.equal(a, player.optimiser.state[k]["momentum_buffer"]) for k, a in momentum.items())


def test_the_way_a_step_goes_is_measured_now_and_then_and_changes_nothing() -> None:
    named, others = tensors([1.0, 2.0]), tensors([1.0, 2.0])
    seen, unseen = (Player(pairs, runs.sgd(lr=0.1)) for pairs in (named, others))
    assert seen.descend((named[0][1] ** 2).sum(), 20)[1].isfinite().all()
    assert unseen.descend((others[0][1] ** 2).sum(), 21)[1].isnan().all()
    assert torch.equal(named[0][1], others[0][1])


def test_a_resting_player_tells_nan() -> None:
    rms, update = Player(tensors([1.0], [2.0]), Optimiser()).rest()
    assert rms.shape == update.shape == (2,)
    assert rms.isnan().all()
    assert update.isnan().all()


@pytest.mark.parametrize("model", [runs.vae(), runs.gan(d_steps=1, g_steps=1)], ids=["vae", "gan"])
def test_the_series_of_a_run_hold_the_gradients_of_the_step(model: object) -> None:
    """The gradients are computed a second time from a copy of the run, without its own machinery."""
    run, twin = runs.trainer(model, seed=3), runs.trainer(model, seed=3)  # type: ignore[arg-type]
    runs.train(run, 4)
    runs.train(twin, 4)
    before = run.weights()
    rows = runs.train(run, 1)
    after = run.weights()
    expected = by_backward(twin)
    assert set(expected) == {name for name, _ in run.tensors}
    for name, gradient in expected.items():
        rms = float(gradient.double().pow(2).mean().sqrt())
        assert_allclose(runs.column(run, rows, f"grad/{name}"), rms, rtol=1e-4, atol=1e-9)
        change = (after[name].double() - before[name].double()).norm() / after[name].double().norm()
        assert_allclose(runs.column(run, rows, f"update/{name}"), float(change), rtol=1e-3)


def by_backward(run: object) -> dict[str, torch.Tensor]:
    """The gradients of the next step through `.backward()` on losses of torch's own, optimisers moved by hand."""
    objective, spec, model = run.objective, run.spec, run.model  # type: ignore[attr-defined]
    x = objective.feed.batch(spec.batch)
    bce = nn.functional.binary_cross_entropy_with_logits
    model.zero_grad()
    if spec.model.__struct_config__.tag == "vae":
        mean, log_var = model.encoder(x).chunk(2, 1)
        z = mean + (log_var / 2).exp() * torch.randn(mean.shape, generator=objective.noise)
        q = torch.distributions.Normal(mean, (log_var / 2).exp())
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
        (bce(model.decoder(z), x, reduction="none").sum(1) + kl).mean().backward()
        return {name: p.grad for name, p in model.named_parameters()}
    fake = model.decode(torch.randn((len(x), 2), generator=objective.noise)).detach()
    real_logit, fake_logit = model.discriminator(2 * x - 1), model.discriminator(2 * fake - 1)
    d_loss = bce(real_logit, torch.ones_like(real_logit)) + bce(fake_logit, torch.zeros_like(fake_logit))
    of_d = dict(model.discriminator.named_parameters(prefix="discriminator"))
    found = dict(zip(of_d, torch.autograd.grad(d_loss, list(of_d.values())), strict=True))
    player = objective.players["d"]
    for parameter, gradient in zip(of_d.values(), found.values(), strict=True):
        parameter.grad = gradient.clone()
    player.optimiser.step()
    logit = model.discriminator(2 * model.decode(torch.randn((len(x), 2), generator=objective.noise)) - 1)
    of_g = dict(model.generator.named_parameters(prefix="generator"))
    g_loss = bce(logit, torch.ones_like(logit))
    return found | dict(zip(of_g, torch.autograd.grad(g_loss, list(of_g.values())), strict=True))
