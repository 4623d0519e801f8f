"""The picture "tensor" against numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from guiapp.engine.aside import beside, twin
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.keyframe import pack
from guiapp.engine.probes.tensor import EDGES, ENTRIES
from guiapp.engine.shadow import Shadow
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Network
from tests.engine import runs
from tests.engine.test_every_model import BASES, build

COLUMNS = ("weights", "gradients", "activations")


def picture(run: Trainer, name: Any) -> Picture:
    complaints: list[str] = []
    found = Darkroom(run, complaints.append).make(frozenset({"tensor"}), {"tensor": name}, running=False)
    assert not complaints
    return found["tensor"]


def check(found: Picture, index: int, values: np.ndarray) -> None:
    values = values.ravel().astype(float)
    assert (found["zeros"][index], found["nan"][index]) == ((values == 0).sum(), np.isnan(values).sum())
    assert found["inf"][index] == np.isinf(values).sum()
    finite = values[np.isfinite(values)]
    told = [found[name][index] for name in ("min", "max", "mean", "std")]
    assert_allclose(told, [finite.min(), finite.max(), finite.mean(), finite.std()], rtol=1e-4, atol=1e-7)
    logs = np.log10(np.abs(finite[finite != 0]))
    counts = np.histogram(logs.clip(EDGES[0], EDGES[-1]), EDGES.astype(float))[0]
    assert found[COLUMNS[index]].sum() == len(logs)
    assert np.abs(found[COLUMNS[index]] - counts).sum() <= 4, "but for rounding at an edge"


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base[0]}-{base[2]}-{len(base[1])}")
def test_every_tensor_of_every_model(base: Any) -> None:
    run = build(base, ("relu", "he", "layer", False))
    runs.train(run, 3)
    plain = {name: i for i, (name, _) in enumerate(run.tensors)}
    players = run.objective.players.values()
    weights = [p for player in players for p in player.parameters]
    gradients = [g for player in players for g in player.gradients]
    before = run.weights()
    for name, i in plain.items():
        found = picture(run, name)
        assert str(found["name"]) == name
        assert tuple(found["shape"]) == run.tensors[i][1]
        check(found, 0, weights[i].detach().numpy())
        check(found, 1, gradients[i].numpy())
        if name == "log_sigma":
            assert not found["activations"].any()
            assert np.isnan(found["mean"][2])
        else:
            assert found["activations"].sum() > 0
    assert runs.equal(run.weights(), before)


def test_the_outputs_are_those_of_the_layer() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(9, 9), skip=True)))
    runs.train(run, 3)
    x = twin(run.objective, run.spec.seed, run.step).feed.batch(16)
    encoder: Any = run.model.encoder
    with beside(run.model, gradients=False):
        first = encoder[0](x)
        second = torch.relu(first @ encoder[1].weight.T + encoder[1].bias)  # without the skip
        last = encoder[2](encoder[1](first))
    check(picture(run, "encoder.0.weight"), 2, first.numpy())
    check(picture(run, "encoder.1.bias"), 2, second.numpy())
    check(picture(run, "encoder.2.weight"), 2, last.numpy())


def test_what_is_not_finite_is_counted() -> None:
    run = runs.trainer(runs.vae())
    runs.train(run, 1)
    player = run.objective.players["vae"]
    player.gradients[0][0, :3] = torch.tensor([math.nan, -math.inf, 0.0])
    with torch.no_grad():
        player.parameters[0][0, :3] = torch.tensor([math.inf, 1e30, 1e-30])
        player.parameters[1].fill_(math.nan)
    found = picture(run, "encoder.0.weight")
    check(found, 0, player.parameters[0].detach().numpy())
    check(found, 1, player.gradients[0].numpy())
    assert found["weights"][0] >= 1
    assert found["weights"][-1] >= 1
    assert found["nan"][2] == 16 * 16
    bad = picture(run, "encoder.0.bias")
    assert bad["nan"][0] == 16
    assert np.isnan([bad[name][0] for name in ("min", "max", "mean", "std")]).all()
    assert not bad["weights"].any()


def test_before_the_first_step_there_is_no_gradient() -> None:
    found = picture(runs.trainer(runs.gan(), "ring"), "generator.1.weight")
    assert not found["gradients"].any()
    assert np.isnan(found["std"][1])
    assert found["weights"].sum() == 256


def test_a_large_tensor_is_sampled_evenly() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(700, 700))))
    player = run.objective.players["vae"]
    index = player.names.index("encoder.1.weight")
    with torch.no_grad():
        player.parameters[index].copy_(10 ** torch.linspace(-19, 4, 700 * 700).reshape(700, 700))
    found = picture(run, "encoder.1.weight")
    assert ENTRIES / 2 < found["weights"].sum() <= ENTRIES
    inside = found["weights"][4:-4]
    assert_allclose(inside / inside.mean(), 1, rtol=0.02)


@pytest.mark.parametrize("name", [None, "", "encoder.9.weight", 3, ("encoder.0.weight",)])
def test_what_is_no_tensor_has_no_picture(name: Any) -> None:
    assert picture(runs.trainer(runs.vae()), name) == {}
    run = runs.trainer(runs.vae())
    assert Darkroom(run, print).make(frozenset({"tensor"}), {}, running=False)["tensor"] == {}


def test_it_is_made_at_once_for_another_tensor() -> None:
    run = runs.trainer(runs.vae())
    runs.train(run, 1)
    darkroom = Darkroom(run, print)
    darkroom._spent = 1e9
    for name in ("encoder.0.weight", "decoder.0.bias"):
        assert str(darkroom.make(frozenset({"tensor"}), {"tensor": name}, running=True)["tensor"]["name"]) == name
    assert "tensor" not in darkroom.make(frozenset({"tensor"}), {"tensor": name}, running=True)


def test_a_past_step() -> None:
    run = runs.trainer(runs.gan(), "ring")
    runs.train(run, 2)
    state, then = pack(run), picture(run, "generator.0.weight")
    runs.train(run, 5)
    shadow = Shadow(state, print, run.source)
    shadow.stand_at(2, lambda: state)
    found = shadow.pictures(frozenset({"tensor"}), {"tensor": "generator.0.weight"})["tensor"]
    assert np.array_equal(found["weights"], then["weights"])
    assert np.array_equal(found["activations"], then["activations"])


def test_no_hook_is_left() -> None:
    run = runs.trainer(runs.vae())
    picture(run, "encoder.2.weight")
    assert not any(module._forward_hooks for module in run.model.modules() if isinstance(module, nn.Module))
