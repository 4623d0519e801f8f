"""The network that a spec describes, on either side of the data."""

from __future__ import annotations

import math

from torch import Generator, nn

from guiapp.engine.models.convolution import ConvDecoder, ConvEncoder
from guiapp.engine.models.layers import Mlp
from guiapp.spec import Network


def from_data(shape: tuple[int, ...], outputs: int, network: Network, generator: Generator) -> nn.Module:
    """An encoder or discriminator: (B, D) -> (B, outputs); `shape` is one datum's, D its product.

    Raises:
        SpecError: convolutions do not fit data of this shape.
    """
    if network.layers == "convolutional":
        return ConvEncoder(shape, outputs, network, generator)
    return Mlp(math.prod(shape), outputs, network, generator)


def to_data(inputs: int, shape: tuple[int, ...], network: Network, generator: Generator) -> nn.Module:
    """A decoder or generator: (B, inputs) -> (B, D).

    Raises:
        SpecError: as `from_data`.
    """
    if network.layers == "convolutional":
        return ConvDecoder(inputs, shape, network, generator)
    return Mlp(inputs, math.prod(shape), network, generator)
