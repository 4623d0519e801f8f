"""Multilayer perceptrons as `spec.Network` describes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from guiapp.spec import Network

PIECES: Final = 5  # linear maps of a maxout unit, as in Goodfellow et al. 2013 and PacGAN


def maxout(h: Tensor) -> Tensor:
    """The largest of each `PIECES` neighbouring channels: (B, 5 C, ...) -> (B, C, ...)."""
    return torch.unflatten(h, 1, (-1, PIECES)).amax(2)


ACTIVATIONS: Final = MappingProxyType(
    {
        "relu": torch.relu,
        "leaky relu": lambda x: F.leaky_relu(x, 0.01),
        "elu": F.elu,
        "gelu": F.gelu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "maxout": maxout,
    }
)
_NORMS: Final = MappingProxyType({"batch": nn.BatchNorm1d, "layer": nn.LayerNorm})


def pieces(network: Network) -> int:
    """Linear maps behind each unit of a hidden layer."""
    return PIECES if network.activation == "maxout" else 1


Weighted = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


class Layer(nn.Linear):
    """x -> g(norm(W x + b)) [+ x]: one hidden layer, its tensors named `weight`, `bias`, `norm.weight`, `norm.bias`."""

    def __init__(self, inputs: int, outputs: int, network: Network) -> None:
        super().__init__(inputs, outputs * pieces(network))
        self.activation: Callable[[Tensor], Tensor] = ACTIVATIONS[network.activation]
        self.norm = _NORMS[network.norm](self.out_features) if network.norm != "none" else None
        self.skip = network.skip and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:  # (B, inputs) -> (B, outputs)
        h = F.linear(x, self.weight, self.bias)
        if self.norm is not None:
            h = self.norm(h)
        h = self.activation(h)
        return h + x if self.skip else h


class Mlp(nn.Sequential):
    """Hidden layers and one linear output layer; parameters are named `0.weight`, `0.bias`, `1.weight`, …"""

    def __init__(self, inputs: int, outputs: int, network: Network, generator: Generator) -> None:
        widths = (inputs, *network.hidden)
        hidden = [Layer(a, b, network) for a, b in pairwise(widths)]
        super().__init__(*hidden, nn.Linear(widths[-1], outputs))
        for layer in hidden:
            initialise(layer, network.init, network.activation, generator)
        last = self[len(hidden)]
        assert isinstance(last, nn.Linear)
        initialise(last, network.init, "linear", generator)


def initialise(layer: Weighted, scheme: str, activation: str, generator: Generator) -> None:
    """Draw the first weights of `layer`, bias zero (but for `pytorch`), from `generator`.

    he: N(0, 2/fan_in) (He et al. 2015; for a linear output 1/fan_in); glorot: U(±√(6/(fan_in + fan_out))) (Glorot &
    Bengio 2010); orthogonal: a random orthogonal map (Saxe et al. 2014), gain √2 for rectifiers; pytorch: torch's own,
    U(±1/√fan_in), where a transposed convolution takes the filters of one of its inputs for fan_in; normal, 0.02:
    N(0, .02²) whatever the layer (Radford et al. 2016).
    """
    rectifier, bias = activation in ("relu", "leaky relu", "elu", "gelu"), layer.bias
    assert bias is not None
    with torch.no_grad():
        if scheme == "pytorch":
            bound = 1 / math.sqrt(layer.weight[0].numel())
            layer.weight.uniform_(-bound, bound, generator=generator)
            bias.uniform_(-bound, bound, generator=generator)
            return
        bias.zero_()
        fan_in, fan_out = _fans(layer)
        if scheme == "he":
            layer.weight.normal_(0, math.sqrt((1 if activation == "linear" else 2) / fan_in), generator=generator)
        elif scheme == "normal, 0.02":
            layer.weight.normal_(0, 0.02, generator=generator)
        elif scheme == "glorot":
            bound = math.sqrt(3) * math.sqrt(2 / (fan_in + fan_out))
            layer.weight.uniform_(-bound, bound, generator=generator)
        else:
            nn.init.orthogonal_(layer.weight, gain=math.sqrt(2) if rectifier else 1.0, generator=generator)


def _fans(layer: Weighted) -> tuple[float, float]:
    """How many inputs a unit of `layer` sees, and by how many units an input is seen. With a stride, one in stride² of
    the filter's places meets each pixel of the larger image, all of them each of the smaller one."""
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    size, apart = math.prod(layer.kernel_size), math.prod(layer.stride)
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels * size / apart, layer.out_channels * size
    return layer.in_channels * size, layer.out_channels * size / apart
