"""The first weights have the scale of the papers; layers compute what their names say; every draw is the seed's."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, nn

from guiapp.engine.models.layers import Layer, Mlp
from guiapp.spec import Network

RECTIFIERS = ("relu", "leaky relu", "elu", "gelu")


def mlp(network: Network, inputs: int = 300, outputs: int = 200, seed: int = 0) -> Mlp:
    return Mlp(inputs, outputs, network, Generator().manual_seed(seed))


def weight(module: nn.Module) -> torch.Tensor:
    assert isinstance(module, nn.Linear)
    return module.weight.detach().double()


@pytest.mark.parametrize("activation", [*RECTIFIERS, "tanh", "sigmoid"])
@pytest.mark.parametrize("scheme", ["he", "glorot", "orthogonal", "pytorch"])
def test_the_variance_of_the_first_weights(scheme: str, activation: str) -> None:
    """Within 5 standard errors of the sample variance of n draws: √(2/n) of it for normal draws, less for uniform."""
    net = mlp(Network(hidden=(400,), activation=activation, init=scheme))  # type: ignore[arg-type]
    for layer, (fan_in, fan_out), last in ((net[0], (300, 400), False), (net[1], (400, 200), True)):
        w = weight(layer)
        square_gain = 2.0 if activation in RECTIFIERS and not last else 1.0
        expected = {
            "he": (1 if last else 2) / fan_in,
            "glorot": 2 / (fan_in + fan_out),
            "orthogonal": square_gain / max(fan_in, fan_out),
            "pytorch": 1 / (3 * fan_in),
        }[scheme]
        error = 5 * math.sqrt(2 / w.numel())
        assert w.var().item() == pytest.approx(expected, rel=error)
        assert abs(w.mean().item()) < 5 * math.sqrt(expected / w.numel())


def test_he_draws_are_normal_and_glorot_and_pytorch_uniform_within_their_bounds() -> None:
    normal = weight(mlp(Network(hidden=(400,), init="he"))[0]) / math.sqrt(2 / 300)
    assert (normal.abs() < 1).double().mean().item() == pytest.approx(0.6827, abs=5 * math.sqrt(0.22 / 120_000))
    for scheme, bound in (("glorot", math.sqrt(6 / 700)), ("pytorch", 1 / math.sqrt(300))):
        uniform = weight(mlp(Network(hidden=(400,), init=scheme))[0]) / bound  # type: ignore[arg-type]
        assert 0.999 < uniform.abs().max().item() <= 1
        assert (uniform.abs() < 0.5).double().mean().item() == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / 120_000))


@pytest.mark.parametrize(("activation", "gain"), [("relu", math.sqrt(2)), ("tanh", 1.0)])
def test_the_singular_values_of_orthogonal_weights_are_the_gain(activation: str, gain: float) -> None:
    net = mlp(Network(hidden=(400,), activation=activation, init="orthogonal"))  # type: ignore[arg-type]
    for layer, expected in ((net[0], gain), (net[1], 1.0)):
        values = torch.linalg.svdvals(weight(layer))
        assert torch.allclose(values, torch.full_like(values, expected), atol=1e-5)


@pytest.mark.parametrize("scheme", ["he", "glorot", "orthogonal", "pytorch"])
def test_biases(scheme: str) -> None:
    for layer in mlp(Network(hidden=(400, 400), init=scheme)):  # type: ignore[arg-type]
        assert isinstance(layer, nn.Linear)
        if scheme == "pytorch":
            bound = 1 / math.sqrt(layer.in_features)
            assert bound * 0.9 < layer.bias.abs().max().item() <= bound
        else:
            assert not layer.bias.any()


def test_he_keeps_the_second_moment_through_twenty_relu_layers_and_glorot_loses_it() -> None:
    """He et al. 2015: E[h²] stays, where half of that variance shrinks it by 2²⁰."""
    x = torch.randn(500, 256, generator=Generator().manual_seed(1))
    kept, lost = (
        before_the_output(mlp(Network(hidden=(256,) * 20, init=scheme), 256, 256), x).square().mean().item()
        for scheme in ("he", "glorot")
    )
    assert 0.3 < kept < 3
    assert lost == pytest.approx(kept * 2.0**-20, rel=0.9)


def before_the_output(net: Mlp, x: torch.Tensor) -> torch.Tensor:
    for layer in list(net)[:-1]:
        x = layer(x)
    return x


def test_the_weights_come_from_the_generator_alone() -> None:
    for scheme in ("he", "glorot", "orthogonal", "pytorch"):
        network = Network(hidden=(8,), init=scheme)  # type: ignore[arg-type]
        one = mlp(network, 4, 3, seed=5)
        torch.manual_seed(99)
        two, three = mlp(network, 4, 3, seed=5), mlp(network, 4, 3, seed=6)
        assert runs_equal(one, two)
        assert not runs_equal(one, three)


def runs_equal(one: nn.Module, two: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("relu", lambda a: a.clamp_min(0)),
        ("leaky relu", lambda a: torch.where(a > 0, a, 0.01 * a)),
        ("elu", lambda a: torch.where(a > 0, a, a.exp() - 1)),
        ("gelu", lambda a: a * torch.distributions.Normal(0.0, 1.0).cdf(a)),
        ("tanh", lambda a: (a.exp() - (-a).exp()) / (a.exp() + (-a).exp())),
        ("sigmoid", lambda a: 1 / (1 + (-a).exp())),
    ],
)
def test_a_layer_is_g_of_norm_of_affine_plus_skip(activation: str, function: object) -> None:
    x = torch.randn(32, 6, generator=Generator().manual_seed(2))
    for norm in ("none", "batch", "layer"):
        for skip in (False, True):
            layer = Layer(6, 6, Network(activation=activation, norm=norm, skip=skip))  # type: ignore[arg-type]
            a = x @ layer.weight.T + layer.bias
            if norm != "none":
                axis = 0 if norm == "batch" else 1
                a = (a - a.mean(axis, keepdim=True)) / (a.var(axis, correction=0, keepdim=True) + 1e-5).sqrt()
            expected = function(a) + (x if skip else 0)  # type: ignore[operator]
            assert torch.allclose(layer(x), expected, atol=1e-5)


def test_a_skip_needs_equal_widths_and_the_output_is_affine() -> None:
    net = mlp(Network(hidden=(300, 300, 100), skip=True))
    assert [layer.skip for layer in net if isinstance(layer, Layer)] == [True, True, False]
    assert type(net[3]) is nn.Linear
    x = torch.randn(5, 300, generator=Generator().manual_seed(3))
    assert torch.equal(net(x), F.linear(before_the_output(net, x), net[3].weight, net[3].bias))
    assert [name for name, _ in net.named_parameters()][:3] == ["0.weight", "0.bias", "1.weight"]


def test_no_hidden_layer_is_a_linear_map() -> None:
    net = mlp(Network(hidden=()), 4, 2)
    assert [type(module) for module in net] == [nn.Linear]
    a, b = torch.randn(2, 7, 4, generator=Generator().manual_seed(4))
    assert torch.allclose(net(a + b), net(a) + net(b), atol=1e-5)
