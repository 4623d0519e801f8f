"""What the options of the game do to one step: penalties, clipping, normalisation, packs, averages, noise, targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Generator, Tensor, nn

from guiapp import fitting
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.models.layers import PIECES, maxout
from guiapp.engine.probes import PROBES
from guiapp.spec import Gan, Network, SpecError
from tests.engine import runs
from tests.engine.games import ALL_AT_ONCE, SMALL, clean, largest, model_of, only, slopes, spied


@pytest.mark.parametrize("packing", [1, 3])
@pytest.mark.parametrize(
    ("fields", "of"),
    [
        ({"slope": "gradient penalty", "penalty": 7.0}, "between"),
        ({"r1": 3.0}, "real"),
        ({"slope": "gradient penalty", "penalty": 2.0, "r1": 0.5}, "both"),
    ],
    ids=["gradient penalty", "R1", "both"],
)
def test_a_penalty_is_what_its_formula_says(
    fields: dict[str, Any], of: str, packing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.trainer(runs.gan(SMALL, packing=packing, **fields), "ring")
    net = model_of(run)
    joint, judged = spied(run, monkeypatch, "logits"), spied(run, monkeypatch, "judge")
    before = {name: p.detach().clone() for name, p in net.discriminator.named_parameters()}
    row = only("d", run)
    moved = {name: p.detach().clone() for name, p in net.discriminator.named_parameters()}
    net.discriminator.load_state_dict(before)
    ((real, fake),) = joint
    points = judged[1:]  # the first is of the batch
    expected = 0.0
    if of != "real":
        (between,) = points[0]
        u = ((between - fake) / (real - fake)).double()
        assert_allclose(u, u[:, :1].expand_as(u), atol=1e-3)  # one place on the line for all of a pack
        assert ((u > -1e-3) & (u < 1.001)).all()
        expected += fields["penalty"] * float(((slopes(net.discriminator, between) - 1) ** 2).mean())
    if of != "between":
        assert torch.equal(points[-1][0], real)
        expected += fields["r1"] / 2 * float((slopes(net.discriminator, real) ** 2).mean())
    assert row["d_penalty"] == pytest.approx(expected, rel=1e-5)
    a, b = clean(net.discriminator, real), clean(net.discriminator, fake)
    loss = nn.functional.softplus(-a).mean() + nn.functional.softplus(b).mean()
    assert row["d_loss"] == pytest.approx(float(loss), rel=1e-5), "without the penalty"
    assert any(not torch.equal(before[name], moved[name]) for name in before)


def test_the_penalty_is_descended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of D is that of loss and penalty, by finite differences along a random direction."""
    run = runs.trainer(runs.gan(SMALL, slope="gradient penalty", penalty=5.0, r1=2.0), "ring")
    objective, spec = run.objective, run.spec.model
    assert isinstance(objective, GanObjective)
    run.model.double()
    state = run.feed.state(), objective.noise.get_state()
    draw = run.model.draw  # type: ignore[union-attr]
    monkeypatch.setattr(run.model, "draw", lambda count, generator: draw(count, generator).double())
    batch = run.feed.batch
    monkeypatch.setattr(run.feed, "batch", lambda size: batch(size).double())

    def loss() -> Tensor:
        run.feed.restore(*state[0])
        objective.noise.set_state(state[1])
        return objective._d_loss(spec, 16)  # type: ignore[arg-type]

    parameters = objective.players["d"].parameters
    gradients = torch.autograd.grad(loss(), parameters)
    rng = Generator().manual_seed(3)
    directions = [torch.randn(p.shape, generator=rng, dtype=torch.float64) for p in parameters]
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            for p, d in zip(parameters, directions, strict=True):
                p.add_(sign * 1e-5 * d)
        ends.append(loss().item())
        with torch.no_grad():
            for p, d in zip(parameters, directions, strict=True):
                p.sub_(sign * 1e-5 * d)
    along = sum(float((g * d).sum()) for g, d in zip(gradients, directions, strict=True))
    assert along == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def test_clipping_keeps_every_weight_of_d_within_c() -> None:
    run = runs.trainer(runs.gan(objective="Wasserstein", slope="clipping", clip=0.05, d_steps=3), "ring")
    runs.train(run, 5)
    d, g = (run.objective.players[who].parameters for who in "dg")
    assert largest(d) == pytest.approx(0.05)
    assert largest(g) > 0.2
    run.edit("model.clip", 0.02)
    runs.train(run, 1)
    assert largest(d) == pytest.approx(0.02)


@pytest.mark.parametrize("layers", ["dense", "convolutional"])
def test_spectral_normalisation_brings_every_weight_to_one(layers: str) -> None:
    """One power iteration a pass follows moving weights within a tenth, and weights at rest exactly."""
    network = Network(layers, (12, 12))  # type: ignore[arg-type]
    run = runs.trainer(runs.gan(network, spectral=True), "digits")
    runs.train(run, 30)
    net = model_of(run)
    weighty = [m for m in net.discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)]

    def norms() -> list[float]:
        return [float(torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]) for layer in weighty]

    assert len(weighty) == 3
    assert_allclose(norms(), 1, atol=0.1)
    with torch.no_grad():
        for _ in range(200):
            net.logit(run.feed.train[:2])
    assert_allclose(norms(), 1, atol=1e-3)
    originals = [layer.parametrizations.weight.original.detach().flatten(1) for layer in weighty]  # type: ignore[union-attr]
    assert max(abs(float(torch.linalg.svdvals(w)[0]) - 1) for w in originals) > 0.2, "there was something to divide by"
    assert not any("parametrizations" in name for name in run.names)


def test_spectral_normalisation_leaves_the_global_stream_alone() -> None:
    states = []
    for spectral in (False, True):
        torch.manual_seed(5)
        runs.trainer(runs.gan(spectral=spectral), "ring", seed=1)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)
    one, other = (runs.trainer(runs.gan(spectral=True), "ring", seed=seed) for seed in (1, 1))
    assert runs.equal(one.weights(), other.weights()), "its vectors come from the seed of the run"
    assert not runs.equal(one.weights(), runs.trainer(runs.gan(spectral=True), "ring", seed=2).weights())
    plain = runs.trainer(runs.gan(), "ring", seed=1).weights()
    assert torch.equal(one.weights()["generator.0.weight"], plain["generator.0.weight"])


@pytest.mark.parametrize("data", ["ring", "digits"])
def test_looking_changes_nothing(data: str) -> None:
    """Spectral vectors and running averages would move with a pass in training mode, noise with a draw."""
    model = runs.gan(Network(hidden=(8,), norm="batch"), **ALL_AT_ONCE)
    alone, watched = runs.trainer(model, data), runs.trainer(model, data)
    complaints: list[str] = []
    darkroom = Darkroom(watched, complaints.append)
    for _ in range(3):
        runs.train(alone, 2), runs.train(watched, 2)
        before = watched.weights()
        watched.heldout()
        darkroom.make(frozenset(probe.kind for probe in PROBES), {}, running=False)
        assert runs.equal(watched.weights(), before)
    assert not complaints
    assert runs.equal(alone.weights(), watched.weights())


@pytest.mark.parametrize("decay", [0.5, 0.99])
@pytest.mark.parametrize("g_steps", [1, 2])
def test_the_average_is_the_moving_average(decay: float, g_steps: int) -> None:
    run = runs.trainer(runs.gan(averaging=decay), "ring")
    net = model_of(run)
    assert net.average is not None
    mean = {name: p.detach().double() for name, p in net.generator.named_parameters()}
    for _ in range(10):
        runs.train(run, 1)
        for name, p in net.generator.named_parameters():
            mean[name] = decay * mean[name] + (1 - decay) * p.detach().double()
    for name, p in net.average.named_parameters():
        assert_allclose(p.detach(), mean[name], atol=1e-6)
        assert not p.requires_grad
    z = net.draw(9, Generator().manual_seed(0))
    assert torch.equal(net.decode(z), net.average(z))
    assert torch.equal(net.generate(z), net.generator(z))
    assert not torch.allclose(net.decode(z), net.generate(z))


def test_the_average_follows_every_step_of_g() -> None:
    run = runs.trainer(runs.gan(averaging=0.5, g_steps=3), "ring")
    net = model_of(run)
    calls: list[float] = []
    follow = net.follow
    net.follow = lambda decay: (calls.append(decay), follow(decay))[1]  # type: ignore[method-assign, func-returns-value]
    runs.train(run, 2)
    assert calls == [0.5] * 6


def test_the_average_of_a_normalised_generator_has_its_running_statistics() -> None:
    run = runs.trainer(runs.gan(Network(hidden=(8,), norm="batch"), averaging=0.9), "ring")
    runs.train(run, 4)
    net = model_of(run)
    assert net.average is not None
    for one, other in zip(net.average.buffers(), net.generator.buffers(), strict=True):
        assert torch.equal(one, other)


# -------------------------------------------------------------------------------------------------------------- others


EDITS: tuple[tuple[str, Any], ...] = (
    *(("model.objective", o) for o in ("minimax", "least squares", "hinge", "Wasserstein", "non-saturating")),
    ("model.d_steps", 3),
    ("model.g_steps", 2),
    ("model.updates", "simultaneous"),
    ("model.real_target", 0.9),
    ("model.fake_target", 0.1),
    ("model.instance_noise", 0.2),
    ("model.slope", "gradient penalty"),
    ("model.penalty", 3.0),
    ("model.slope", "clipping"),
    ("model.clip", 0.03),
    ("model.r1", 2.0),
    ("model.d_optimiser.lr", 1e-4),
    ("model.g_optimiser.lr", 1e-4),
    ("batch", 33),
)


@pytest.mark.parametrize("fields", [{}, {"spectral": True, "packing": 2, "averaging": 0.9}], ids=["plain", "all"])
def test_everything_live_can_change_at_any_step(fields: dict[str, Any]) -> None:
    run = runs.trainer(runs.gan(**fields), "ring")
    for path, value in EDITS:
        before = run.weights()
        run.edit(path, value)
        assert runs.equal(run.weights(), before), "an edit by itself changes no weight"
        rows = runs.train(run, 2)
        assert np.isfinite(runs.column(run, rows, "d_loss")).all()
        model = run.spec.model
        assert isinstance(model, Gan)
        penalised = model.slope == "gradient penalty" or model.r1 > 0
        assert (runs.column(run, rows, "d_penalty") > 0).all() == penalised
    assert largest(run.objective.players["d"].parameters) <= 0.03


@pytest.mark.parametrize("path", ["model.spectral", "model.packing", "model.averaging"])
def test_what_builds_the_model_waits_for_a_restart(path: str) -> None:
    with pytest.raises(SpecError, match="takes effect on restart"):
        runs.trainer(runs.gan(), "ring").edit(path, {"model.packing": 2, "model.averaging": 0.5}.get(path, True))


def test_nobody_moving_is_refused_with_a_remedy() -> None:
    with pytest.raises(SpecError, match="nothing is trained") as caught:
        runs.trainer(runs.gan(d_steps=0, g_steps=0), "ring")
    assert caught.value.remedy == {"model.g_steps": 1}
    run = runs.trainer(runs.gan(d_steps=0), "ring")
    with pytest.raises(SpecError, match="nothing is trained"):
        run.edit("model.g_steps", 0)
    assert run.spec.model.g_steps == 1  # type: ignore[union-attr]
    fitting.check_game(Gan(d_steps=0))
    fitting.check_game(Gan(g_steps=0))


def test_maxout_takes_the_largest_of_five() -> None:
    h = torch.randn((7, 3 * PIECES, 2, 2), generator=Generator().manual_seed(0))
    expected = np.stack([h[:, 5 * i : 5 * i + 5].numpy().max(axis=1) for i in range(3)], axis=1)
    assert np.array_equal(maxout(h).numpy(), expected)
    assert np.array_equal(maxout(h[..., 0, 0]).numpy(), expected[..., 0, 0])


def test_small_normal_weights_are_of_that_size() -> None:
    weight = runs.trainer(runs.gan(Network(hidden=(400, 400), init="normal, 0.02"))).weights()["generator.1.weight"]
    assert float(weight.std()) == pytest.approx(0.02, rel=0.02)
    assert not runs.trainer(runs.gan(Network(init="normal, 0.02"))).weights()["generator.0.bias"].any()
