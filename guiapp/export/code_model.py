"""The networks as code: layers one by one, and how their first weights are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Final

from guiapp.spec import Network

ACTIVATIONS: Final = MappingProxyType(
    {
        "relu": "nn.ReLU()",
        "leaky relu": "nn.LeakyReLU(0.01)",
        "elu": "nn.ELU()",
        "gelu": "nn.GELU()",
        "tanh": "nn.Tanh()",
        "sigmoid": "nn.Sigmoid()",
        "maxout": "Maxout()",
    }
)
NORMS: Final = MappingProxyType({"none": "", "batch": ", nn.BatchNorm1d({})", "layer": ", nn.LayerNorm({})"})
RECTIFIERS: Final = ("relu", "leaky relu", "elu", "gelu")
PIECES: Final = 5  # linear maps behind each maxout unit
REPEATS = 4  # equal layers in a row that are written as one line

RESIDUAL: Final = '''\
class Residual(nn.Sequential):
    """A layer whose input is added to its output: h + x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x
'''

MAXOUT: Final = f'''\
class Maxout(nn.Module):
    """The largest of {PIECES} neighbours (Goodfellow et al. 2013): (B, {PIECES} C, ...) -> (B, C, ...)."""

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return h.unflatten(1, (-1, {PIECES})).amax(2)
'''

# Scheme: what it is, and the lines that draw the weights of a layer.
DRAWS: Final = MappingProxyType(
    {
        "he": (
            "He et al. 2015: W ~ N(0, {variance} / inputs), b = 0.",
            ["layer.weight.normal_(0, math.sqrt({gain} / {inputs}), generator=weight_rng)"],
        ),
        "glorot": ("Glorot & Bengio 2010: W ~ U(±sqrt(6 / (inputs + outputs))), b = 0.", ["{glorot}"]),
        "orthogonal": (
            "Saxe et al. 2014: W is a random orthogonal map, b = 0.",
            ["nn.init.orthogonal_(layer.weight, {gain}, generator=weight_rng)"],
        ),
        "pytorch": (
            "PyTorch's own law: W and b ~ U(±1 / sqrt(inputs)).",
            [
                "bound = 1 / math.sqrt({seen})",
                "layer.weight.uniform_(-bound, bound, generator=weight_rng)",
                "layer.bias.uniform_(-bound, bound, generator=weight_rng)",
            ],
        ),
        "normal, 0.02": (
            "Radford, Metz & Chintala 2016: W ~ N(0, 0.02²), b = 0.",
            ["layer.weight.normal_(0, 0.02, generator=weight_rng)"],
        ),
    }
)
DENSE: Final = MappingProxyType(
    {
        "inputs": "layer.in_features",
        "seen": "layer.in_features",
        "glorot": "nn.init.xavier_uniform_(layer.weight, generator=weight_rng)",
    }
)
CONVOLUTIONAL: Final = MappingProxyType(
    {
        "inputs": "fans(layer)[0]",
        "seen": "layer.weight[0].numel()",
        "glorot": "bound = math.sqrt(3) * math.sqrt(2 / sum(fans(layer)))\n"
        "        layer.weight.uniform_(-bound, bound, generator=weight_rng)",
    }
)
# The inputs of a unit and the units that see an input, by the kind of convolution.
FANS: Final = MappingProxyType(
    {
        "nn.Conv2d": "layer.in_channels * 16, layer.out_channels * 4",
        "nn.ConvTranspose2d": "layer.in_channels * 4, layer.out_channels * 16",
    }
)


def network_code(
    name: str, network: Network, inputs: tuple[int, ...], outputs: str, note: str, written: str = ""
) -> str:
    """Code that makes the dense network `name` of data of the shape `inputs`, whose size is `written` so. `note`
    follows the output layer on its line, and may begin with more modules: "nn.Sigmoid(),  # in [0, 1]"."""
    size = math.prod(inputs)
    texts, widths = (written or str(size), *map(str, network.hidden), outputs), (size, *network.hidden)
    layers = [layer_code(network, texts[i], texts[i + 1], a == b) for i, (a, b) in enumerate(pairwise(widths))]
    lines = [f"{name} = nn.Sequential("]
    for layer, group in groupby(layers):
        count = len(list(group))
        lines += [f"    {layer},"] * count if count < REPEATS else _repeated(layer, count)
    last = f"    nn.Linear({texts[-2]}, {texts[-1]}),"
    return "\n".join([*lines, f"{last} {note}", ")"]) + "\n"


def pieces(network: Network) -> int:
    """Linear maps behind each unit of a hidden layer."""
    return PIECES if network.activation == "maxout" else 1


def layer_code(network: Network, inputs: str, outputs: str, same: bool) -> str:
    """A dense hidden layer as modules; `same`: it has as many outputs as inputs."""
    units = int(outputs) * pieces(network)
    norm = NORMS[network.norm].format(units)
    layer = f"nn.Linear({inputs}, {units}){norm}, {ACTIVATIONS[network.activation]}"
    return f"Residual({layer})" if network.skip and same else layer


def _repeated(layer: str, count: int) -> list[str]:
    if layer.startswith("Residual"):
        return [f"    *({layer} for _ in range({count})),"]
    head, tail = f"*(layer for _ in range({count})", f"for layer in ({layer})),"
    one = f"    {head} {tail}"
    return [one] if len(one) <= 96 else [f"    {head}", f"      {tail}"]


def initialisation_code(networks: Sequence[tuple[str, Network, str]]) -> tuple[list[str], list[str]]:
    """Blocks that define how the networks' first weights are drawn, and the lines that draw them, in this order.
    Each network comes with its name and the kind of convolution it has where it is convolutional."""
    keys = [_key(network) for _, network, _ in networks]
    deep = [any(other.hidden for (_, other, _), k in zip(networks, keys, strict=True) if k == key) for key in keys]
    kinds = [{kind} if network.layers == "convolutional" and network.hidden else set() for _, network, kind in networks]
    used = sorted(set[str]().union(*kinds))
    fans = [_fans(used)] if used and {network.init for _, network, _ in networks} & {"he", "glorot"} else []
    if len(set(keys)) == 1:
        names = ", ".join(name for name, _, _ in networks)
        calls = [f"for network in ({names}):", "    initialise(network)"]
        return [*fans, _initialise("initialise", *keys[0], deep[0], used)], calls
    functions = [f"initialise_{name}" for name, _, _ in networks]
    parts = [_initialise(f, *key, d, sorted(k)) for f, key, d, k in zip(functions, keys, deep, kinds, strict=True)]
    return [*fans, *parts], [f"{f}({name})" for f, (name, _, _) in zip(functions, networks, strict=True)]


def _key(network: Network) -> tuple[str, bool]:
    """The scheme, and whether its hidden layers take another gain than the output layer."""
    gains = {"he": True, "orthogonal": network.activation in RECTIFIERS}
    return network.init, gains.get(network.init, False)


def _fans(kinds: Sequence[str]) -> str:
    lines = [
        "def fans(layer: nn.Module) -> tuple[int, int]:",
        '    """Inputs of a unit, and units that see an input; 4 x 4 filters at stride 2 meet a pixel of the',
        '    larger image at 4 of their 16 places."""',
        *(f"    if isinstance(layer, {kind}):\n        return {FANS[kind]}" for kind in kinds),
        "    return layer.in_features, layer.out_features",
    ]
    return "\n".join(lines) + "\n"


def _initialise(function: str, scheme: str, gained: bool, deep: bool, kinds: Sequence[str]) -> str:
    """The function that draws one network's weights; `deep`: there are hidden layers, `kinds` of convolution."""
    doc, draw = DRAWS[scheme]
    split = gained and deep
    hidden, last = ("2", "1") if scheme == "he" else ("math.sqrt(2)", "1.0")
    doc = doc.format(variance="gain" if split else "1")
    words = (CONVOLUTIONAL if kinds else DENSE) | {"gain": "gain" if split else last}
    lines = [
        "@torch.no_grad()",
        f"def {function}(network: nn.Module) -> None:",
        f'    """{doc}"""',
        *([f"    kinds = {' | '.join(('nn.Linear', *kinds))}"] if kinds else []),
        f"    layers = [part for part in network.modules() if isinstance(part, {'kinds' if kinds else 'nn.Linear'})]",
        "    for layer in layers:",
        *([f"        gain = {last} if layer is layers[-1] else {hidden}  # a ReLU cuts half off"] if split else []),
        *("        " + line.format(**words) for line in draw),
        *(["        layer.bias.zero_()"] if scheme != "pytorch" else []),
    ]
    return "\n".join(lines) + "\n"
