"""Convolutional networks as code, on either side of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from guiapp.export.code_model import ACTIVATIONS, layer_code, network_code, pieces
from guiapp.export.code_plan import WIDTH
from guiapp.fitting import STRIDE, image, sizes_of
from guiapp.spec import Network

NORMS: Final = MappingProxyType({"none": "", "batch": ", nn.BatchNorm2d({})", "layer": ", nn.GroupNorm(1, {})"})
FILTER: Final = "4, 2, 1"  # kernel, stride, padding

IMAGES: Final = '''\
class Images(nn.Module):
    """Rows (B, H·W·C), pixel by pixel, as images (B, C, H, W)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(-1, {}, {}, {}).permute(0, 3, 1, 2)
'''

ROWS: Final = '''\
class Rows(nn.Module):
    """Images (B, C, H, W) as rows (B, H·W·C)."""

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return h.permute(0, 2, 3, 1).flatten(1)
'''


def is_convolutional(network: Network) -> bool:
    """Its layers are convolutions."""
    return network.layers == "convolutional"


def shape_blocks(reads: Network, writes: Network, shape: tuple[int, ...]) -> list[str]:
    """The modules between rows and images that a network that `reads` data and one that `writes` them need.

    Raises:
        SpecError: the data are no images.
    """
    blocks = [IMAGES.format(*image(shape))] if is_convolutional(reads) else []
    return blocks + [ROWS] * is_convolutional(writes)


def from_data_code(name: str, network: Network, shape: tuple[int, ...], outputs: str, note: str) -> str:
    """Code that makes an encoder or discriminator; `note` as in `network_code`.

    Raises:
        SpecError: convolutions do not fit data of this shape.
    """
    if not is_convolutional(network):
        return network_code(name, network, shape, outputs, note)
    height, width, colours = image(shape)
    sizes, channels = sizes_of((height, width, colours), len(network.hidden)), (colours, *network.hidden)
    lines = [f"{name} = nn.Sequential(", f"    Images(),  # (B, {colours}, {height}, {width})"]
    for (a, b), size in zip(pairwise(channels), sizes[1:], strict=True):
        layer = f"nn.Conv2d({a}, {b * pieces(network)}, {FILTER}){_normed(network, b)},"
        lines.append(_noted(layer, b, size))
    units = channels[-1] * sizes[-1][0] * sizes[-1][1]
    return "\n".join([*lines, "    nn.Flatten(),", f"    nn.Linear({units}, {outputs}), {note}", ")"]) + "\n"


def to_data_code(name: str, network: Network, inputs: int, shape: tuple[int, ...], note: str) -> str:
    """Code that makes a decoder or generator of `inputs`, which the code calls Z.

    Raises:
        SpecError: as `from_data_code`.
    """
    if not is_convolutional(network):
        return network_code(name, network, (inputs,), str(math.prod(shape)), note, "Z")
    height, width, colours = image(shape)
    sizes = sizes_of((height, width, colours), len(network.hidden))[::-1]
    channels = (*network.hidden, colours)
    start = (channels[0], *sizes[0])
    units = math.prod(start)
    dense = layer_code(network, "Z", str(units), inputs == units) if network.hidden else f"nn.Linear(Z, {units})"
    lines = [f"{name} = nn.Sequential(", f"    {dense},", f"    nn.Unflatten(1, {start}),"]
    for i, ((a, b), (small, large)) in enumerate(zip(pairwise(channels), pairwise(sizes), strict=True)):
        odd = (large[0] - STRIDE * small[0], large[1] - STRIDE * small[1])
        last = i == len(channels) - 2
        filters, padding = b if last else b * pieces(network), f", output_padding={odd}" if any(odd) else ""
        layer = f"nn.ConvTranspose2d({a}, {filters}, {FILTER}{padding}){'' if last else _normed(network, b)},"
        lines.append(_noted(layer, b, large))
    return "\n".join([*lines, f"    Rows(), {note}", ")"]) + "\n"


def _normed(network: Network, channels: int) -> str:
    """What follows a convolution to `channels` on its line."""
    return f"{NORMS[network.norm].format(channels * pieces(network))}, {ACTIVATIONS[network.activation]}"


def _noted(layer: str, channels: int, size: Sequence[int]) -> str:
    """The line of a layer with the shape of its output, where there is room."""
    line, note = f"    {layer}", f"  # (B, {channels}, {size[0]}, {size[1]})"
    return line + note if len(line + note) <= WIDTH else line
