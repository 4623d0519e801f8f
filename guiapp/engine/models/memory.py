"""How much memory training takes, estimated from the parameters before anything is built."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from typing import Final

import torch

from guiapp.engine.models.convolution import KERNEL
from guiapp.engine.models.layers import PIECES, pieces
from guiapp.fitting import image, sizes_of
from guiapp.spec import Gan, Network, RunSpec, SpecError, Vae

SHARE: Final = 0.9  # of the memory; the rest is for the data, torch itself and the window
FLOAT: Final = 4  # bytes
COPIES: Final = 6  # of the weights: they, their gradient, two moments, the last ones, what a layer makes on the way
OUTPUTS: Final = 6  # of the D values of a decoded datum, those of the likelihood and of its gradient among them
# Values a unit, for the way back; those of maxout are its maps, each twice, and their largest.
KEPT: Final = {"relu": 1, "tanh": 1, "sigmoid": 1, "leaky relu": 2, "elu": 2, "gelu": 2, "maxout": 2 * PIECES + 1}


def check(spec: RunSpec, shape: tuple[int, ...], batch: int, device: torch.device) -> None:
    """`shape` is that of a datum, `batch` the data in a step.

    Raises:
        SpecError: a step takes more memory than `device` has; the sentence names both, and a batch that fits.
    """
    present = memory_of(device)
    if present is None:
        return
    fixed, each = demand(spec.model, shape)
    if fixed + each * batch <= SHARE * present:
        return
    draws = spec.model.draws if isinstance(spec.model, Vae) else 1
    times, fewer = (f" x {draws} draws k", "fewer draws") if draws > 1 else ("", "")
    lack = (
        f"batch size: {batch} data{times} a step need about {_in_gb(fixed + each * batch)} of memory, and this machine "
        f"has {_in_gb(present)}"
    )
    fits = int((SHARE * present - fixed) / each)
    if fits < 2:
        raise SpecError(f"{lack}; take {fewer and f'{fewer}, or '}fewer units in the hidden layers.")
    raise SpecError(f"{lack}; take a batch of at most {fits}{fewer and f', or {fewer}'}.", {"batch": fits})


def memory_of(device: torch.device) -> int | None:
    """All bytes of memory that `device` has; None where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def demand(model: Vae | Gan, shape: tuple[int, ...]) -> tuple[int, int]:
    """Bytes that training takes: for the weights, and more for each datum of a batch.

    A step keeps the output of every layer for the way back: that of the encoder once, that of the decoder once for each
    of the k draws; the discriminator's for a real and a generated pack, and for each penalty. The sum was 0.9 to 1.7
    times the measured peak for thirteen models, dense and convolutional.

    Raises:
        SpecError: convolutions do not fit data of this shape.
    """
    size = math.prod(shape)
    if isinstance(model, Vae):
        first = _demand(model.encoder, model.encoder.hidden, shape, 2 * model.latent)
        second = _demand(model.decoder, model.decoder.hidden[::-1], shape, model.latent)
        each = size + first[1] + model.draws * (second[1] + OUTPUTS * size + 6 * model.latent)
    else:
        first = _demand(model.discriminator, model.discriminator.hidden, shape, 1)
        second = _demand(model.generator, model.generator.hidden[::-1], shape, model.noise)
        again = 2 + (model.slope == "gradient penalty") + (model.r1 > 0)  # passes, those of penalties kept for another
        each = model.packing * (size + second[1] + OUTPUTS * size) + again * first[1]
    return FLOAT * COPIES * (first[0] + second[0]), FLOAT * each


def _demand(network: Network, hidden: tuple[int, ...], shape: tuple[int, ...], code: int) -> tuple[int, int]:
    """Weights, and values kept of each datum, of a network between data of `shape` and `code` numbers, either way;
    `hidden` are its layers in order from the data on."""
    kept = KEPT[network.activation] + (network.norm != "none") + network.skip
    if network.layers == "dense":
        areas, filters, ends = [1] * (len(hidden) + 1), 1, (math.prod(shape), *hidden)
    else:
        at = image(shape)
        areas = [height * width for height, width in sizes_of(at, len(hidden))]
        filters, ends = KERNEL**2, (at[2], *hidden)
        kept += 1  # a copy in the order in which convolutions are fast
    weights = filters * pieces(network) * sum(a * b for a, b in pairwise(ends)) + ends[-1] * areas[-1] * code
    units = sum(channels * area for channels, area in zip(hidden, areas[1:], strict=True))
    return weights, units * kept


def _in_gb(count: float) -> str:
    return f"{count / 1e9:,.1f} GB"
