"""Convolutional networks between images and vectors, as in DCGAN (Radford, Metz & Chintala 2016): 4 x 4 filters, stride
2, no pooling. Images are rows (B, D), D = H·W·C in the order (H, W, C), as everywhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from torch import Generator, Tensor, nn

from guiapp.engine.models.layers import ACTIVATIONS, Layer, initialise, pieces
from guiapp.fitting import STRIDE, image, sizes_of
from guiapp.spec import Network

KERNEL, PADDING = 4, 1


class Down(nn.Conv2d):
    """x -> g(norm(W * x + b)), half as high and wide; tensors `weight`, `bias`, `norm.weight`, `norm.bias`."""

    def __init__(self, inputs: int, outputs: int, network: Network, generator: Generator) -> None:
        super().__init__(inputs, outputs * pieces(network), KERNEL, STRIDE, PADDING)
        self.activation: Callable[[Tensor], Tensor] = ACTIVATIONS[network.activation]
        self.norm = _norm(network.norm, self.out_channels)
        initialise(self, network.init, network.activation, generator)

    def forward(self, x: Tensor) -> Tensor:  # (B, inputs, H, W) -> (B, outputs, H // 2, W // 2)
        h = super().forward(x)
        return self.activation(h if self.norm is None else self.norm(h))


class Up(nn.ConvTranspose2d):
    """x -> g(norm(Wᵀ * x + b)), to twice the height and width or one more; linear where it is the `last`."""

    def __init__(
        self, inputs: int, outputs: int, odd: tuple[int, int], network: Network, generator: Generator, last: bool
    ) -> None:
        filters = outputs if last else outputs * pieces(network)
        super().__init__(inputs, filters, KERNEL, STRIDE, PADDING, output_padding=odd)
        self.activation: Callable[[Tensor], Tensor] | None = None if last else ACTIVATIONS[network.activation]
        self.norm = None if last else _norm(network.norm, filters)
        initialise(self, network.init, "linear" if last else network.activation, generator)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:  # (B, inputs, h, w)
        h = super().forward(x, output_size)
        if self.norm is not None:
            h = self.norm(h)
        return h if self.activation is None else self.activation(h)


class ConvEncoder(nn.Sequential):
    """(B, D) -> (B, outputs): one `Down` for each of the hidden channels, then one linear layer on what is left."""

    def __init__(self, shape: tuple[int, ...], outputs: int, network: Network, generator: Generator) -> None:
        self.shape = image(shape)
        height, width = sizes_of(self.shape, len(network.hidden))[-1]
        channels = (self.shape[2], *network.hidden)
        super().__init__(*(Down(a, b, network, generator) for a, b in pairwise(channels)))
        linear = nn.Linear(channels[-1] * height * width, outputs)
        initialise(linear, network.init, "linear", generator)
        self.append(linear)

    def forward(self, x: Tensor) -> Tensor:
        *downs, linear = self
        h = x.reshape(-1, *self.shape).permute(0, 3, 1, 2)  # (B, C, H, W)
        for down in downs:
            h = down(h)
        out: Tensor = linear(h.flatten(1))
        return out


class ConvDecoder(nn.Sequential):
    """(B, inputs) -> (B, D): a dense layer to the first hidden channels, then an `Up` to each of the others and to the
    channels of the image; one linear layer where there are no hidden ones."""

    def __init__(self, inputs: int, shape: tuple[int, ...], network: Network, generator: Generator) -> None:
        self.shape = image(shape)
        sizes = sizes_of(self.shape, len(network.hidden))[::-1]
        channels = (*network.hidden, self.shape[2])
        self.start = (channels[0], *sizes[0])
        units = math.prod(self.start)
        dense = Layer(inputs, units, network) if network.hidden else nn.Linear(inputs, units)
        initialise(dense, network.init, network.activation if network.hidden else "linear", generator)
        ups = []
        for i, ((a, b), (small, large)) in enumerate(zip(pairwise(channels), pairwise(sizes), strict=True)):
            odd = (large[0] - STRIDE * small[0], large[1] - STRIDE * small[1])
            ups.append(Up(a, b, odd, network, generator, last=i == len(channels) - 2))
        super().__init__(dense, *ups)

    def forward(self, z: Tensor) -> Tensor:
        dense, *ups = self
        h = dense(z).reshape(-1, *self.start)  # (B, C, h, w)
        for up in ups:
            h = up(h)
        out: Tensor = h.permute(0, 2, 3, 1).flatten(1)
        return out


def _norm(kind: str, channels: int) -> nn.Module | None:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(1, channels) if kind == "layer" else None  # over all units of a datum
