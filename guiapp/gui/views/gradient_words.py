"""What the gradients view says in words."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np

from guiapp.gui.views.gradient_quantities import Quantity
from guiapp.gui.widgets.layers import Tensor, Values
from guiapp.gui.widgets.network_series import Noise
from guiapp.messages import Started

EMPTY = (
    "Here each layer's gradient will be a dot, from input to output, and beside it its course over the steps. "
    "Start training with ▶ to fill it."
)
BEFORE = "This is the model before its first step: it has no gradient yet."
NOTHING = "This run records no gradients."
OLDER = "No {} in this run: an older version recorded it without. A new run measures it."
NO_LAYERS = "No {} to show: that is of hidden layers, and this model has none. Give a network one, and restart."
AWAITED = "No {} yet: it is measured every {} steps, for the first time in step {}."
UNKNOWN = "No {} to show: these layers are of maxout, whose pieces have no bend, so that it cannot be told."
PART = "Gradient RMS of {}, as it is weighted in the loss; what of G's step falls on D only passes through it"
NO_PARTS = "The parts of the gradient come with the next picture of the trainer."
STEPS: Final = MappingProxyType({"generator": "G step", "discriminator": "D step"})  # in which a network is moved


def missing(run: Started, quantity: Quantity) -> str:
    """Why `run` does not have `quantity`."""
    measured = any(name.startswith("snr/") for name in run.names)
    return (NO_LAYERS if measured and quantity.of_layers else OLDER).format(quantity.title)


def not_yet(quantity: Quantity, step: int) -> str:
    """Why there is no value of `quantity` up to `step`."""
    if quantity.every and step < quantity.every:
        return AWAITED.format(quantity.title, quantity.every, quantity.every)
    return UNKNOWN.format(quantity.title) if quantity.fraction else ""


def caption(network: str) -> str:
    """Such as "generator · G step"; of a VAE, all of which moves at once, the network alone."""
    return f"{network} · {STEPS[network]}" if network in STEPS else network


def detail(tensor: Tensor) -> str:
    """Such as "generator.0.weight  32 × 2 · G step"."""
    step = f" · {STEPS[tensor.network]}" if tensor.network in STEPS else ""
    return f"{tensor.name}  {' × '.join(map(str, tensor.shape))}{step}"


def short(tensor: Tensor) -> str:
    """Such as "encoder 0 w", or "encoder 0" of a layer."""
    kind = tensor.name.removeprefix(".".join(part for part in (tensor.network, tensor.layer) if part)).strip(".")
    kind = {"weight": "w", "bias": "b"}.get(kind, kind)
    return " ".join(part for part in (tensor.network, tensor.layer, kind) if part)


def noise_text(networks: tuple[Noise, ...]) -> str:
    """Such as "encoder 0.27 ± 57 %, decoder 0.046 ± 19 %"."""
    parts = [
        f"{caption(part.network)} {part.mean:.2g}".replace(" · ", ", ")
        + ("" if np.isnan(part.spread) else f" ± {part.spread:.0%}")
        for part in networks
        if not np.isnan(part.mean)
    ]
    between = "; " if any(part.network in STEPS for part in networks) else ", "
    return f"{between.join(parts)} · gradient RMS of all weights, ± from step to step" if parts else ""


def largest(layers: tuple[Tensor, ...], values: Values, what: str) -> str:
    """Of a fraction (L,) of each layer the largest of each network: "Most dead units: encoder 3.1% (layer 0)"."""
    parts = []
    for network in dict.fromkeys(layer.network for layer in layers):
        members = [
            (value, layer.layer) for layer, value in zip(layers, values, strict=True) if layer.network == network
        ]
        known = [pair for pair in members if not np.isnan(pair[0])]
        if known:
            value, layer = max(known, key=lambda pair: pair[0])
            parts.append(f"{network} {value:.1%} (layer {layer})")
    return f"{what}: {', '.join(parts)}" if parts else ""
