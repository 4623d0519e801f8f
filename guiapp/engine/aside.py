"""Passes through a model beside its training, which go on as if there had been none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor, nn

from guiapp.engine.feed import Draws
from guiapp.engine.models.convolution import Down, Up
from guiapp.engine.models.layers import ACTIVATIONS, Layer
from guiapp.engine.objectives import Objective

Function = Callable[[Tensor], Tensor]
SEED = 8  # beside the run's seed and the step


@dataclass(frozen=True)
class Hidden:
    """A hidden layer g(norm(W x + b)); `activation` is the name of g in the spec, `function` g itself."""

    module: Layer | Down | Up
    activation: str
    function: Function


@dataclass
class Tap:
    """What went through a layer, pass by pass: what g was applied to, and what it made of that, (B, units, ...)."""

    before: list[Tensor] = field(default_factory=list)
    after: list[Tensor] = field(default_factory=list)


def hidden_layers(model: nn.Module) -> dict[str, Hidden]:
    """The hidden layers of all networks that train, by their path ("encoder.0"), in the order of their tensors."""
    names = {function: name for name, function in ACTIVATIONS.items()}
    found = {}
    for path, module in model.named_modules():
        if isinstance(module, Layer | Down | Up) and module.activation is not None and not path.startswith("average."):
            found[path] = Hidden(module, names[module.activation], module.activation)
    return found


@contextmanager
def tapped(layers: Mapping[str, Hidden]) -> Iterator[dict[str, Tap]]:
    """Meanwhile, all that goes through `layers` is kept. Nothing stays in the model, so training pays for none of it,
    and no tap can keep the data of a run that was replaced."""
    taps = {name: Tap() for name in layers}
    try:
        for name, layer in layers.items():
            layer.module.activation = partial(_through, layer.function, taps[name])
        yield taps
    finally:
        for layer in layers.values():
            layer.module.activation = layer.function


def _through(function: Function, tap: Tap, x: Tensor) -> Tensor:
    h = function(x)
    tap.before.append(x)
    tap.after.append(h)
    return h


@contextmanager
def beside(model: nn.Module, gradients: bool) -> Iterator[None]:
    """Meanwhile the model is as in a step of training; then its mode is as found, and so are its buffers: running
    averages, the vectors of spectral normalisation, the optimal σ."""
    kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
    training = model.training
    if not training:
        model.train()
    try:
        with torch.set_grad_enabled(gradients):
            yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)
        if not training:
            model.eval()


def twin(objective: Objective, seed: int, step: int) -> Objective:
    """`objective` with data and noise of its own, the same each time for a `seed` and a `step`, on the same weights.
    Its losses may be asked for; it must not iterate."""
    other = copy.copy(objective)
    data, noise = (int(n) >> 1 for n in np.random.SeedSequence([seed, SEED, step]).generate_state(2, np.uint64))
    other.feed = Draws(objective.feed, data)
    other.noise = Generator(objective.noise.device).manual_seed(noise)
    return other


def gradients(loss: Tensor, by: Sequence[Tensor], again: bool = False) -> list[Tensor | None]:
    """∂loss/∂t for each tensor; None where the loss does not depend on it, or where it is frozen. `again`: the graph
    is needed once more."""
    moving = [tensor for tensor in by if tensor.requires_grad]
    if not loss.requires_grad or not moving:
        return [None] * len(by)
    found = iter(torch.autograd.grad(loss, moving, retain_graph=again, allow_unused=True))
    return [next(found) if tensor.requires_grad else None for tensor in by]


def slope(function: Function, x: Tensor) -> Tensor:
    """g′(x) of an elementwise g."""
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        (result,) = torch.autograd.grad(function(at).sum(), at)
    return result


def root_mean_square(x: Tensor) -> Tensor:
    """√mean(x²), (), without the overflow and the underflow of the squares; Inf and NaN where x has such."""
    largest = x.detach().abs().amax()
    scaled = largest * (x / largest).square().mean().sqrt()
    return torch.where((largest > 0) & largest.isfinite(), scaled, largest)
