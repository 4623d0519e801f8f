"""The study of depth: what it measures against autograd, torch.func and theory; and which network learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose
from torch import Tensor

from guiapp import messages as m
from guiapp.engine.models.layers import Mlp
from guiapp.engine.studies import depth, depth_measures, depth_network
from guiapp.engine.studies.depth_network import Learner, Task, build, hidden_layers, trace
from guiapp.spec_parts import Normalisation
from guiapp.theory.propagation import DeepNetwork, propagate, sigmoid_bound
from tests.engine.bench import VAE, Bench

FOUR = (
    DeepNetwork(activation="sigmoid", init="glorot"),
    DeepNetwork(activation="tanh", init="glorot"),
    DeepNetwork(),
    DeepNetwork(activation="tanh", init="glorot", skip=True),
)
NETWORKS = [
    DeepNetwork(depth=4, width=12, activation="tanh", init="glorot"),
    DeepNetwork(depth=4, width=12, activation="gelu", init="pytorch", skip=True),
    DeepNetwork(depth=4, width=12, activation="sigmoid", norm="layer", skip=True),
    DeepNetwork(depth=3, width=12, activation="elu", norm="batch"),
    DeepNetwork(depth=3, width=1, activation="leaky relu", bias=False),
]


def study(*settings: DeepNetwork, **options: Any) -> Mapping[str, Any]:
    """The last thing it tells."""
    trainer = SimpleNamespace(device=torch.device("cpu"))
    asked = {"settings": [msgspec.to_builtins(network) for network in settings], **options}
    with torch.no_grad():
        return [picture for _, picture in depth.begin(trainer, asked)][-1]  # type: ignore[arg-type]


def batch(count: int, inputs: int = 8) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    labels = torch.randint(3, (count,), generator=generator)
    return torch.randn(count, inputs, generator=generator), labels


def stirred(network: DeepNetwork, inputs: int = 8) -> Mlp:
    """With scales and shifts that are not 1 and 0."""
    model = build(network, inputs, 3, 0)
    with torch.no_grad():
        for layer in hidden_layers(model):
            if layer.norm is not None:
                layer.norm.weight.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(1))
                layer.norm.bias.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(2))
    return model


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: f"{n.activation}-{n.norm}-{n.width}")
def test_jacobians_and_their_singular_values_are_those_of_jacrev(network: DeepNetwork) -> None:
    model, (x, _) = stirred(network).double().train(), batch(30)
    x = x.double()
    passed = trace(model, x)
    before: Tensor = x
    product = None
    spectra = list(depth_measures.spectra(model, x))[-1]
    for i, layer in enumerate(hidden_layers(model)):
        ours = depth_measures.jacobian(layer, passed, i, 2)
        for k in range(2):
            auto = torch.func.jacrev(partial(forward, layer, before))(before[k])
            assert_allclose(ours[k].detach(), auto.detach(), rtol=1e-9, atol=1e-12)
        theirs = np.linalg.svd(depth_measures.jacobian(layer, passed, i, 3).detach().numpy(), compute_uv=False)
        assert_allclose(spectra.layer[i], [theirs.max(), np.median(theirs), theirs.min()], rtol=1e-9, atol=1e-14)
        all_data = depth_measures.jacobian(layer, passed, i, 3).detach().numpy()
        product = all_data if i == 1 else None if i == 0 else all_data @ product
        if product is not None:
            values = np.linalg.svd(product, compute_uv=False)
            assert_allclose(spectra.product[i, :2], [values.max(), np.median(values)], rtol=1e-9)
        assert spectra.layer_counts[i].sum() == theirs.size
        before = passed.outputs[i]


def forward(layer: Any, before: Tensor, at: Tensor) -> Any:
    """The layer on one datum; the mean and deviation of a batch are those of the batch, held fixed."""
    if isinstance(layer.norm, torch.nn.BatchNorm1d):
        raw = F.linear(before, layer.weight, layer.bias)
        mean, var = raw.mean(0).detach(), raw.var(0, unbiased=False).detach()
        normal = (F.linear(at, layer.weight, layer.bias) - mean) / (var + layer.norm.eps).sqrt()
        h = layer.activation(normal * layer.norm.weight + layer.norm.bias)
        return h + at if layer.skip else h
    return layer(at[None])[0]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: f"{n.activation}-{n.norm}-{n.width}")
def test_signals_are_those_of_autograd(network: DeepNetwork) -> None:
    model, (x, labels) = stirred(network).train(), batch(40)
    running = [b.clone() for b in model.buffers()]
    found = depth_measures.signals(model, x, labels)
    assert all(torch.equal(a, b) for a, b in zip(running, model.buffers(), strict=True))
    outputs: list[Tensor] = []
    for layer in hidden_layers(model):
        layer.register_forward_hook(lambda _layer, _x, h: outputs.append(h))
    loss = F.cross_entropy(model(x), labels)
    weights = torch.autograd.grad(loss, [p for p in model.parameters() if p.ndim == 2], retain_graph=True)
    assert_allclose(found.gradient, np.array([rms(g) for g in weights]), rtol=1e-4, atol=1e-9)
    deltas = [40 * rms(d) for d in torch.autograd.grad(loss, outputs)]
    assert_allclose(found.delta, np.array(deltas), rtol=1e-4, atol=1e-8)
    spread = np.array([(h.detach().var(unbiased=False).item(), h.detach().mean().item()) for h in outputs])
    assert_allclose(np.stack([found.variance, found.mean], 1), spread, rtol=1e-4, atol=1e-6)


def rms(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


@pytest.mark.parametrize(("activation", "init"), [("relu", "he"), ("tanh", "glorot"), ("sigmoid", "orthogonal")])
def test_predicted_variances_are_within_the_sampling_error_of_measured_ones(activation: Any, init: Any) -> None:
    network = DeepNetwork(depth=8, width=128, activation=activation, init=init)
    x, labels = batch(128, 64)
    found = [depth_measures.signals(build(network, 64, 3, seed), x, labels) for seed in range(12)]
    theory = propagate(network, 64, x.double().square().mean(1).numpy(), x.double().mean(1).numpy())
    for measured, predicted in (
        (np.array([f.variance for f in found]), theory.variance),
        (np.array([(f.delta / f.delta[-1]) ** 2 for f in found]), theory.gradient),
    ):
        error = measured.std(0, ddof=1) / math.sqrt(len(found))
        assert (np.abs(measured.mean(0) - predicted) < 4 * error + 0.02 * predicted).all()


def test_the_gradient_of_a_sigmoid_falls_at_least_as_fast_as_the_bound() -> None:
    network = DeepNetwork(depth=11, width=32, activation="sigmoid", init="orthogonal")
    glorot = DeepNetwork(depth=11, width=32, activation="sigmoid", init="glorot")
    found = study(network, glorot)
    delta = found["delta"][0, 0]
    assert delta[0] / delta[10] <= sigmoid_bound(10)  # orthogonal: all norms are 1
    assert delta[0] > 0
    assert found["product"][0, 0, 10, 0] <= sigmoid_bound(10)
    norms = [
        float(torch.linalg.matrix_norm(layer.weight.detach(), 2)) for layer in hidden_layers(build(glorot, 64, 10, 0))
    ]
    bound = np.prod([norm / 4 for norm in norms[1:]])
    assert found["product"][1, 0, 10, 0] <= bound
    assert found["delta"][1, 0, 0] / found["delta"][1, 0, 10] <= bound


def test_gain_and_bias() -> None:
    networks = [DeepNetwork(depth=2, width=4, gain=gain, init="pytorch", bias=False) for gain in (1.0, 10.0)]
    one, ten = (dict(build(network, 3, 2, 0).named_parameters()) for network in networks)
    assert_allclose(ten["0.weight"].detach(), 10 * one["0.weight"].detach(), rtol=1e-6)
    assert torch.equal(ten["2.weight"], one["2.weight"])
    for name in ("0.bias", "1.bias", "2.bias"):
        assert not one[name].any()
        assert not one[name].requires_grad


# ------------------------------------------------------------------------------------------------------------ shapes


def test_settings_of_different_depths_fill_up_with_nan() -> None:
    found = study(DeepNetwork(depth=3, width=8), DeepNetwork(depth=5, width=4), task="spiral", steps=12, press=7)
    assert (int(found["press"]), int(found["step"])) == (7, 12)
    assert found["measured"].tolist() == [0, 10, 12]
    assert found["loss"].shape == (2, 12)
    assert np.isfinite(found["loss"]).all()
    assert found["accuracy"].shape == (2, len(found["accuracy_steps"]))
    assert found["gradient"].shape == (2, 3, 6)
    assert np.isfinite(found["gradient"][0, :, :4]).all()
    assert np.isnan(found["gradient"][0, :, 4:]).all()
    assert np.isnan(found["layer"][0, :, 3:]).all()
    assert found["known"].all()
    assert found["sampled"].sum(2).tolist() == [[3, 3, 3], [5, 5, 5]]
    assert np.isnan(found["product"][:, :, 0]).all()
    assert np.isfinite(found["product"][1, :, 1:]).all()
    assert found["layer_counts"].sum((1, 2)).tolist() == [3 * (2 + 8 + 8), 3 * (2 + 4 * 4)]
    assert found["diverged"].tolist() == [-1, -1]


def test_wide_networks_are_decomposed_at_a_dozen_layers() -> None:
    assert depth_measures.sampled_layers(100, 512) == [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]
    assert depth_measures.sampled_layers(100, 128) == list(range(100))


def test_everything_it_tells_is_known_by_then() -> None:
    trainer = SimpleNamespace(device=torch.device("cpu"))
    asked = {"settings": [msgspec.to_builtins(DeepNetwork(depth=3, width=8))], "steps": 3, "task": "spiral"}
    with torch.no_grad():
        told = [(p, dict(picture)) for p, picture in depth.begin(trainer, asked)]  # type: ignore[arg-type]
    progress = [p for p, _ in told]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert [picture["loss"].shape[1] for _, picture in told if picture][-1] == 3
    assert all(np.isfinite(picture["loss"]).all() for _, picture in told if picture)


def test_the_seed_gives_the_same_numbers_again() -> None:
    one, two = (study(DeepNetwork(depth=3, width=8), task="spiral", steps=5, seed=3) for _ in range(2))
    assert all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)
    other = study(DeepNetwork(depth=3, width=8), task="spiral", steps=5, seed=4)
    assert not np.array_equal(one["loss"], other["loss"])


# --------------------------------------------------------------------------------------------------------- bad input


def test_overflow_is_shown_and_training_ends() -> None:
    found = study(DeepNetwork(depth=100, width=16, gain=10.0), DeepNetwork(depth=2, width=8), steps=4, task="spiral")
    assert found["diverged"].tolist() == [0, -1]
    assert not np.isfinite(found["loss"][0]).any()
    assert np.isfinite(found["loss"][1]).all()
    assert np.isinf(found["variance"][0, 0]).any()
    assert np.isfinite(found["variance"][0, 0, :20]).all()
    assert not np.isfinite(found["gradient"][0, 0]).any()
    assert np.isnan(found["accuracy"][0]).all()


def test_underflow_is_zero() -> None:
    found = study(DeepNetwork(depth=100, width=16, gain=0.05, activation="sigmoid"), task="spiral")
    assert found["gradient"][0, 0, 0] == 0
    assert found["gradient"][0, 0, 100] > 0
    assert found["product"][0, 0, 99, 0] < 1e-100


def test_width_one() -> None:
    for norm in get_args(Normalisation):
        found = study(DeepNetwork(depth=3, width=1, norm=norm), steps=2, task="spiral")
        assert np.isfinite(found["loss"]).all()


def test_singular_values_of_what_is_not_finite() -> None:
    matrices = torch.eye(3, dtype=torch.float64).repeat(4, 1, 1)
    matrices[1, 0, 0], matrices[2, 1, 2], matrices[3, 2, 2] = torch.nan, torch.inf, 1e-20
    values = depth_measures.singular_values(matrices)
    assert values[0].tolist() == [1, 1, 1]
    assert np.isnan(values[1]).all()
    assert np.isinf(values[2]).all()
    assert values[3].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"settings": []}, "length"),
        ({"settings": [{"depth": 101}]}, "depth"),
        ({"settings": [{}, {"width": 0}]}, "setting 2"),
        ({"settings": [{"activation": "maxout"}]}, "maxout"),
        ({"settings": [{"gain": math.nan}]}, "gain"),
        ({"settings": [{}], "lr": 0.0}, "lr"),
        ({"settings": [{}], "task": "ring"}, "ring"),
        ({"settings": [{}], "steps": -1}, "steps"),
        ({"settings": [{}], "batch": 1}, "batch"),
        ({"settings": [{}], "colour": 1}, "colour"),
        ({}, "settings"),
    ],
)
def test_what_cannot_be_is_a_sentence(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        depth.checked(options)


def test_a_learner_whose_loss_is_not_finite_stops() -> None:
    data = Task(torch.randn(20, 2), torch.zeros(20, dtype=torch.int64), torch.randn(5, 2), torch.zeros(5), 2)
    made: Learner = depth_network.learner(DeepNetwork(depth=1, width=4), data, "sgd", 1e30, 0)
    for _ in range(5):
        made.step(data.x, data.labels)
    assert made.diverged is not None
    assert len(made.losses) == 5


def test_beside_a_run(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False))
    settings = [msgspec.to_builtins(DeepNetwork(depth=3, width=8)), msgspec.to_builtins(DeepNetwork(depth=2, width=4))]
    for settings_asked, trouble in ((settings, False), ([{"depth": 0}], True)):
        bench.obey(m.Study("depth", {"settings": settings_asked, "task": "spiral", "steps": 4, "press": 9}))
        for _ in range(1000):
            if not bench.worker._studies.busy:
                break
            bench.worker.advance()
        last = [event for event in bench.said if isinstance(event, m.Studied)][-1]
        assert last.ended
        if trouble:
            assert "the networks cannot be made; setting 1 depth: Expected int >= 1." in last.trouble
        else:
            assert int(last.picture["step"]) == 4


@pytest.mark.slow  # 10 s
def test_which_of_the_four_learns() -> None:
    found = study(*FOUR, steps=300, task="digits")
    plain, tanh, he, residual = found["accuracy"][:, -1]
    assert plain < 0.2
    assert min(he, residual) > 0.85
    assert tanh > 0.7
    assert found["gradient"][0, 0, 0] < 1e-9 * found["gradient"][2, 0, 0]
