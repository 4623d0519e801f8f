"""Packs, the order of updates, noise and targets: what they do to one step of the game."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Generator, nn

from guiapp.engine.models.gan import GanModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Network, SpecError
from tests.engine import runs
from tests.engine.games import SMALL, clean, model_of, only, same, spied

# ------------------------------------------------------------------------------------------------------------ packing


def gan_model(shape: tuple[int, ...], packing: int, network: Network, bounded: bool = True) -> GanModel:
    model = Gan(generator=network, discriminator=network, packing=packing)
    return GanModel(model, shape, bounded, Generator().manual_seed(0))


def test_a_pack_of_points_is_them_side_by_side() -> None:
    net = gan_model((2,), 3, SMALL, bounded=False)
    x = torch.arange(12.0).reshape(6, 2)
    assert [sorted(pack) for pack in net.pack(x).tolist()] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert net.judge(net.pack(x)).shape == (2,)
    assert net.logit(x).shape == (6,)
    assert torch.equal(net.logit(x[:1]), net.judge(net.pack(x[:1].expand(3, 2))))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pack_of_pictures_is_one_with_more_channels(channels: int) -> None:
    """Pixel (i, j) of a pack of m holds the channels of the first picture there, then those of the second …"""
    shape = (8, 8) if channels == 1 else (8, 8, 3)
    net = gan_model(shape, 2, Network("convolutional", (4,)))
    x = torch.rand((6, 64 * channels), generator=Generator().manual_seed(1))
    packs = net.pack(x).reshape(3, 8, 8, 2 * channels)
    pictures = x.reshape(3, 2, 8, 8, channels)
    assert torch.equal(packs[..., :channels], pictures[:, 0])
    assert torch.equal(packs[..., channels:], pictures[:, 1])
    assert net.judge(net.pack(x)).shape == (3,)
    first = next(m for m in net.discriminator.modules() if isinstance(m, nn.Conv2d))
    assert first.in_channels == 2 * channels
    with torch.no_grad():  # deaf to the second picture, D says the same whatever it is
        first.weight[:, channels:] = 0
    other = x.reshape(3, 2, -1).clone()
    other[:, 1] = 0.5
    assert torch.equal(net.judge(net.pack(x)), net.judge(net.pack(other.reshape(6, -1))))


def test_a_step_takes_as_many_packs_as_the_batch_says(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.gan(packing=4), "ring", batch=10)
    calls = spied(run, monkeypatch, "logits")
    runs.train(run, 1)
    assert [part.shape for part in calls[0]] == [(10, 8), (10, 8)]
    assert run.feed.seen == 40


def test_what_does_not_fill_a_pack_is_left_out() -> None:
    run = Trainer(runs.spec(runs.gan(packing=3), batch=100), runs.table(np.arange(20).reshape(10, 2) / 20))
    assert np.isfinite(runs.column(run, runs.train(run, 2), "d_loss")).all()


def test_a_pack_larger_than_the_data_is_refused() -> None:
    table = runs.table(np.arange(6).reshape(3, 2) / 6)
    with pytest.raises(SpecError, match=r"packing.*4 data together, and there are 3") as caught:
        Trainer(runs.spec(runs.gan(packing=4)), table)
    assert caught.value.remedy == {"model.packing": 3}
    runs.train(Trainer(runs.spec(runs.gan(packing=3)), table), 2)


# ---------------------------------------------------------------------------------------------------- order of updates


def test_simultaneous_players_both_answer_the_weights_before_the_step() -> None:
    """Both gradients equal those that each player alone would have had; alternating, G answers the new D."""
    sgd = {"d_optimiser": runs.sgd(0.5), "g_optimiser": runs.sgd(0.5)}
    found = {}
    for updates in ("simultaneous", "alternating"):
        run = runs.trainer(runs.gan(updates=updates, **sgd), "ring")
        found[updates] = [run, run.weights()]
        runs.train(run, 1)
    both = found["simultaneous"][0]
    alone = runs.trainer(runs.gan(**sgd), "ring")
    only("d", alone)
    state = alone.objective.noise.get_state()  # the stream stands where the second gradient began
    g_alone = runs.trainer(runs.gan(**sgd), "ring")
    g_alone.objective.noise.set_state(state)
    only("g", g_alone)
    for who, expected in (("d", alone), ("g", g_alone)):
        assert same(both.objective.players[who].gradients, expected.objective.players[who].gradients)
    other = found["alternating"][0].objective.players["g"].gradients
    assert not same(both.objective.players["g"].gradients, other)
    start = found["simultaneous"][1]
    for who in "dg":  # and each moved along its own
        player = both.objective.players[who]
        for name, p, gradient in zip(player.names, player.parameters, player.gradients, strict=True):
            assert_allclose(p.detach(), start[name] - 0.5 * gradient, atol=1e-6)


def test_with_several_steps_the_last_of_d_and_the_first_of_g_are_at_once() -> None:
    run = runs.trainer(runs.gan(updates="simultaneous", d_steps=3, g_steps=2), "ring")
    runs.train(run, 2)
    counts = {n: {int(s["step"]) for s in p.optimiser.state.values()} for n, p in run.objective.players.items()}
    assert counts == {"d": {6}, "g": {4}}


# -------------------------------------------------------------------------------------------------- noise and targets


def test_instance_noise_is_on_all_that_d_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    data = runs.table(np.zeros((600, 2)))
    run = Trainer(runs.spec(runs.gan(SMALL, instance_noise=0.5), batch=500), data)
    net = model_of(run)
    with torch.no_grad():
        for p in net.generator.parameters():
            p.zero_()
    net.bounded = False
    joint, judged = spied(run, monkeypatch, "logits"), spied(run, monkeypatch, "judge")
    runs.train(run, 1)
    for part in (*joint[0], judged[-1][0]):  # real and generated for D, generated for G: nothing but the noise
        assert float(part.std()) == pytest.approx(0.5, rel=0.12)
        assert abs(float(part.mean())) < 5 * 0.5 / math.sqrt(1000)


@pytest.mark.parametrize("objective", ["minimax", "least squares"])
def test_targets_enter_the_loss_of_d_alone(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.trainer(runs.gan(SMALL, objective=objective, real_target=0.9, fake_target=0.2), "ring")
    before = {n: p.detach().clone() for n, p in run.model.discriminator.named_parameters()}  # type: ignore[union-attr]
    joint = spied(run, monkeypatch, "logits")
    row = only("d", run)
    run.model.discriminator.load_state_dict(before)  # type: ignore[union-attr]
    a, b = (clean(run.model.discriminator, part) for part in joint[0])  # type: ignore[arg-type]
    if objective == "least squares":
        expected = ((a - 0.9) ** 2).mean() + ((b - 0.2) ** 2).mean()
    else:
        bce = nn.functional.binary_cross_entropy_with_logits
        expected = bce(a, torch.full_like(a, 0.9)) + bce(b, torch.full_like(b, 0.2))
    assert row["d_loss"] == pytest.approx(float(expected), rel=1e-5)


def test_accuracy_is_judged_where_the_best_d_is_undecided() -> None:
    """With targets .9 and 0, D = .45 where both are equally likely: a constant D just above calls all of it real."""
    run = runs.trainer(runs.gan(real_target=0.9), "ring")
    for belief, expected in ((0.46, (1.0, 0.0)), (0.44, (0.0, 1.0))):
        with torch.no_grad():
            for p in run.model.discriminator.parameters():  # type: ignore[union-attr]
                p.zero_()
            dict(run.model.named_parameters())["discriminator.2.bias"].fill_(math.log(belief / (1 - belief)))
        told = run.heldout()
        assert (told["d_acc_real"], told["d_acc_fake"]) == expected
