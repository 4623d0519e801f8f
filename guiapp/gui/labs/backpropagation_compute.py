"""What the lab of backpropagation shows: its parameters, its presets, and one pass through its network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from guiapp.theory.activations import Activation
from guiapp.theory.backpropagation import (
    MOST_LAYERS,
    MOST_UNITS,
    Chain,
    Floats,
    Loss,
    Net,
    Pass,
    chain,
    differences,
    drawn,
    passed,
)

RATE_RANGE: Final = (0.001, 10.0)
MOST_SAMPLES: Final = 8
GREATEST: Final = 100.0  # of an input or a target
GREATEST_WEIGHT: Final = 1e6  # descent stops before
TOLERANCE: Final = 1e-6  # of a derivative against central differences, relative to the largest

Number = Annotated[float, Meta(ge=-GREATEST, le=GREATEST)]
Units = Annotated[int, Meta(ge=1, le=MOST_UNITS)]
Row = tuple[Number, ...]
Rows = Annotated[tuple[Row, ...], Meta(min_length=1, max_length=MOST_SAMPLES)]
Weight = tuple[int, int, int]
Weights = tuple[tuple[tuple[float, ...], ...], ...]


class Params(Struct, frozen=True):
    """`widths`: inputs, then the units of each layer. `weights`: by layer and unit those from the units before, and
    the bias last. `stage`: 0 the inputs alone, l the layers up to l forward, L + l the l last ones backward. `chosen`:
    (layer from 1, unit, unit before; the number of units before stands for the bias)."""

    widths: Annotated[tuple[Units, ...], Meta(min_length=2, max_length=MOST_LAYERS + 1)]
    activation: Activation
    loss: Loss
    residual: bool
    rate: Annotated[float, Meta(ge=RATE_RANGE[0], le=RATE_RANGE[1])]
    seed: Annotated[int, Meta(ge=0, le=9999)]
    inputs: Rows
    targets: Rows
    weights: Weights
    sample: Annotated[int, Meta(ge=0)] = 0
    stage: Annotated[int, Meta(ge=0)] = 0
    chosen: Weight = (1, 0, 0)

    @property
    def layers(self) -> int:
        """L."""
        return len(self.widths) - 1

    def net(self) -> Net:
        """The network of these weights."""
        return Net(tuple(np.array(w) for w in self.weights), self.activation, self.loss, self.residual)


@dataclass(frozen=True, eq=False)
class Result:
    """The pass of the whole mini-batch, its mean gradients by layer, and the chain rule of the chosen weight."""

    params: Params
    done: Pass
    mean: tuple[Floats, ...]
    chain: Chain

    @property
    def per_sample(self) -> Floats:
        """The gradient of the chosen weight of each sample alone."""
        layer, to, source = self.params.chosen
        return self.done.gradients[layer - 1][:, to, source]

    def is_forward(self, layer: int) -> bool:
        """Whether the forward pass has come to `layer`."""
        return self.params.stage >= layer

    def is_backward(self, layer: int) -> bool:
        """Whether the backward pass has given ∂L/∂W of `layer`."""
        return self.params.stage > 2 * self.params.layers - layer

    def has_delta(self, layer: int) -> bool:
        """Whether δ of the units of `layer` (0 the inputs) is known: their layer, or the one after, was passed."""
        return self.is_backward(min(layer + 1, self.params.layers))


def begun(
    widths: Sequence[int],
    activation: Activation = "tanh",
    loss: Loss = "squared error",
    seed: int = 0,
    data: tuple[Sequence[Sequence[float]], Sequence[Sequence[float]]] | None = None,
    residual: bool = False,
    rate: float = 0.1,
) -> Params:
    """New weights for a network of `widths`, before the first step; random samples where there are no `data`."""
    inputs, targets = data or samples(widths, loss, 4)
    return Params(
        widths=tuple(widths),
        activation=activation,
        loss=loss,
        residual=residual,
        rate=rate,
        seed=seed,
        inputs=tuple(map(tuple, inputs)),
        targets=tuple(map(tuple, targets)),
        weights=as_tuples(drawn(widths, seed)),
    )


def samples(widths: Sequence[int], loss: Loss, count: int) -> tuple[list[list[float]], list[list[float]]]:
    """Inputs from N(0, 1), targets 0 or 1 for the cross entropy, else from N(0, 1), to two decimals."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(count, widths[0])).round(2)
    targets = rng.normal(size=(count, widths[-1])).round(2)
    if loss == "cross entropy":
        targets = (targets > 0).astype(float)
    return inputs.tolist(), targets.tolist()


def as_tuples(weights: Sequence[Floats]) -> Weights:
    """As a parameter."""
    return tuple(tuple(tuple(map(float, row)) for row in w) for w in weights)


def validated(params: Params) -> Params:
    """`params`, if all of them are in range and fit together.

    Raises:
        ValueError: not so; the message says what.
    """
    params = msgspec.convert(msgspec.to_builtins(params), Params)
    layer, to, source = params.chosen
    if (
        not 1 <= layer <= params.layers
        or not 0 <= to < params.widths[layer]
        or not 0 <= source <= params.widths[layer - 1]
    ):
        raise ValueError("The chosen weight is not in the network.")
    if params.sample >= len(params.inputs) or params.stage > 2 * params.layers:
        raise ValueError("There is no such sample, or no such step.")
    net = params.net()
    if not all((np.abs(w) <= GREATEST_WEIGHT).all() for w in net.weights):
        raise ValueError("A weight is a number within ±10⁶.")
    passed(net, params.inputs, params.targets)
    return params


def compute(params: Params) -> Result:
    """Everything that the lab says; half a millisecond, 2 for 216 paths."""
    net = params.net()
    done = passed(net, params.inputs, params.targets)
    return Result(params, done, done.mean(), chain(net, done, params.sample, *params.chosen))


def reshaped(params: Params, widths: Sequence[int], loss: Loss) -> Params:
    """A network of `widths` and `loss`, weights drawn anew, the samples kept as far as they fit."""
    inputs, targets = samples(widths, loss, len(params.inputs))
    for drawn_rows, old in ((inputs, params.inputs), (targets, params.targets)):
        for row, before in zip(drawn_rows, old, strict=True):
            row[: len(before)] = list(before[: len(row)])
    if loss == "cross entropy":
        targets = [[min(max(t, 0.0), 1.0) for t in row] for row in targets]
    new = begun(widths, params.activation, loss, params.seed, (inputs, targets), params.residual, params.rate)
    return msgspec.structs.replace(new, sample=params.sample)


def with_weight(params: Params, number: float) -> Params:
    """The chosen weight set."""
    layer, to, source = params.chosen
    weights = [[list(row) for row in w] for w in params.weights]
    weights[layer - 1][to][source] = number
    return msgspec.structs.replace(params, weights=as_tuples([np.array(w) for w in weights]))


def descended(result: Result) -> Params:
    """One step of gradient descent, w - rate · mean gradient, and at its end a new pass to make.

    Raises:
        ValueError: a weight would leave ±10⁶.
    """
    params = result.params
    moved = [np.array(w) - params.rate * g for w, g in zip(params.weights, result.mean, strict=True)]
    if not all((np.abs(w) <= GREATEST_WEIGHT).all() for w in moved):
        raise ValueError("A weight would leave ±10⁶, so no step was made: lower the learning rate, or press Reset.")
    return msgspec.structs.replace(params, weights=as_tuples(moved))


def check(result: Result) -> tuple[float, float]:
    """The largest difference of a mean gradient from central differences, and the largest gradient."""
    apart = differences(result.params.net(), result.params.inputs, result.params.targets)
    worst = max(float(np.abs(ours - theirs).max()) for ours, theirs in zip(result.mean, apart, strict=True))
    return worst, max(float(np.abs(gradient).max()) for gradient in result.mean)


def short(number: float) -> str:
    """Three digits at most, for tight places: 0.731, −12.3, 4.0e−7."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("−∞" if number < 0 else "∞")
    number += 0.0  # -0 is 0
    text = f"{number:.3g}" if number == 0 or 1e-2 <= abs(number) < 1e4 else f"{number:.1e}"
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


def _preset(params: Params, **changes: Any) -> Params:
    return msgspec.structs.replace(params, **changes)


_XOR: Final = (((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)), ((0.0,), (1.0,), (1.0,), (0.0,)))
_DEAD: Final = (((0.8, -0.5, 0.1), (-0.6, -0.4, -3.0)), ((0.7, 0.9, 0.0),))

PRESETS: Final[Mapping[str, Params]] = MappingProxyType(
    {
        "one hidden unit": _preset(
            begun((1, 1, 1), "tanh", data=(((1.0,), (-0.5,)), ((0.5,), (0.25,)))),
            weights=(((0.8, 0.1),), ((1.5, -0.2),)),
            stage=4,
        ),
        "XOR, 2-2-1": _preset(
            begun((2, 2, 1), "tanh", "cross entropy", 3, _XOR, rate=1.0), stage=4, sample=1, chosen=(1, 0, 1)
        ),
        "sigmoid, 4 layers: watch δ shrink": _preset(begun((2, 3, 3, 3, 1), "sigmoid", seed=1), stage=8),
        "ReLU: a dead unit": _preset(
            begun((2, 2, 1), "relu", data=(((1.0, 0.5), (-1.0, 1.0), (0.5, -1.0)), ((1.0,), (0.0,), (0.5,)))),
            weights=_DEAD,
            stage=4,
            chosen=(1, 1, 0),
        ),
    }
)
