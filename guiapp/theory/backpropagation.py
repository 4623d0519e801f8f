"""Backpropagation through a small network, with every number of the way kept. Numpy only.

x_l = g(a_l) (+ x_{l-1} where a residual layer's widths agree), a_l = W_l x_{l-1} + b_l, l = 1 … L; y = x_L. Hidden
layers have the chosen g; the output is linear under the squared error ½ Σ (y - t)² and a sigmoid under the cross
entropy -Σ t log y + (1 - t) log(1 - y), in nats. With δ_l = ∂L/∂x_l (Rumelhart, Hinton & Williams 1986):
∂L/∂a_l = δ_l ⊙ g'(a_l), δ_{l-1} = W_lᵀ ∂L/∂a_l (+ δ_l), ∂L/∂W_l = ∂L/∂a_l x_{l-1}ᵀ. The gradient of a mini-batch is
the mean of those of its samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from guiapp.theory.activations import derivative, value

Floats = npt.NDArray[np.float64]
Loss = Literal["squared error", "cross entropy"]
LOSSES: Final[tuple[Loss, ...]] = get_args(Loss)
MOST_LAYERS: Final = 4
MOST_UNITS: Final = 6
LOWERED: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Net:
    """`weights` L matrices (units, units before + 1), the last column the biases."""

    weights: tuple[Floats, ...]
    activation: str
    loss: Loss
    residual: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.weights) <= MOST_LAYERS:
            raise ValueError(f"A network here has 1 to {MOST_LAYERS} layers, not {len(self.weights)}.")
        if any(w.ndim != 2 or w.shape[1] < 2 or not 1 <= w.shape[0] <= MOST_UNITS for w in self.weights):
            raise ValueError(
                f"A layer here has 1 to {MOST_UNITS} units, and a weight for each unit before and the bias."
            )
        if any(w.shape[1] - 1 != before.shape[0] for before, w in pairwise(self.weights)):
            raise ValueError("A layer has a weight for each unit of the layer before, and the bias.")
        if self.loss not in LOSSES:
            raise ValueError(f"There is no loss {self.loss!r}; there are {', '.join(LOSSES)}.")

    def skips(self, layer: int) -> bool:
        """Whether the input of `layer` (1 … L) is added to its output: a hidden layer with as many units as inputs."""
        rows, columns = self.weights[layer - 1].shape
        return self.residual and layer < len(self.weights) and rows == columns - 1

    def slope(self, layer: int, a: Floats) -> Floats:
        """g'(a) of `layer`; 1 at a linear output."""
        if layer < len(self.weights):
            return derivative(self.activation, a)
        return np.ones_like(a) if self.loss == "squared error" else derivative("sigmoid", a)

    def output(self, layer: int, a: Floats) -> Floats:
        """g(a) of `layer`, before what a residual layer adds."""
        if layer < len(self.weights):
            return value(self.activation, a)
        return a if self.loss == "squared error" else value("sigmoid", a)


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward and backward pass of N samples. By layer: `x` (N, units), the inputs first, so L + 1 of them;
    `delta` ∂L/∂x, likewise; `a` (N, units), `slope` g'(a) and `error` ∂L/∂a, L each; `gradients` (N, units, units
    before + 1) of each sample alone; `losses` (N,)."""

    x: tuple[Floats, ...]
    a: tuple[Floats, ...]
    slope: tuple[Floats, ...]
    delta: tuple[Floats, ...]
    error: tuple[Floats, ...]
    gradients: tuple[Floats, ...]
    losses: Floats

    def mean(self) -> tuple[Floats, ...]:
        """The gradient of the mini-batch: the mean over its samples."""
        return tuple(gradient.mean(axis=0) for gradient in self.gradients)


@dataclass(frozen=True)
class Factor:
    """A factor of the chain rule: as plain text, as LaTeX, and its number."""

    text: str
    latex: str
    value: float


@dataclass(frozen=True)
class Path:
    """One way from the loss back to a weight: its factors, the loss first, and their product."""

    factors: tuple[Factor, ...]

    @property
    def value(self) -> float:
        return math.prod(factor.value for factor in self.factors)


@dataclass(frozen=True)
class Chain:
    """∂L/∂w: `name` of w, `local` its three factors (∂L/∂x_l, g'(a), x_{l-1}; two at the output,
    where ∂L/∂a = y - t is one) and `paths`, whose products sum to the same `value`."""

    name: Factor
    local: Path
    paths: tuple[Path, ...]
    value: float


def passed(net: Net, inputs: npt.ArrayLike, targets: npt.ArrayLike) -> Pass:
    """The pass of samples `inputs` (N, inputs), `targets` (N, outputs); overflow gives inf or NaN, as it does in life.

    Raises:
        ValueError: shapes that do not fit, no sample, or a target of the cross entropy outside of [0, 1].
    """
    x0, t = np.asarray(inputs, np.float64), np.asarray(targets, np.float64)
    wanted = (len(x0), net.weights[0].shape[1] - 1), (len(x0), net.weights[-1].shape[0])
    if not len(x0) or x0.shape != wanted[0] or t.shape != wanted[1]:
        raise ValueError(f"The samples have shapes {x0.shape} and {t.shape}; the network takes {wanted}.")
    if net.loss == "cross entropy" and not ((t >= 0) & (t <= 1)).all():
        raise ValueError("A target of the cross entropy is a probability, 0 to 1.")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x, a = _forward(net, x0)
        slope = tuple(net.slope(layer, pre) for layer, pre in enumerate(a, 1))
        delta, error = _backward(net, a[-1], x[-1], t, slope)
        gradients = tuple(_outer(e, before) for e, before in zip(error, x, strict=False))
        return Pass(x, a, slope, delta, error, gradients, _losses(net.loss, a[-1], t))


def mean_loss(net: Net, inputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """The loss of a mini-batch: the mean over its samples."""
    return float(_losses(net.loss, _forward(net, np.asarray(inputs, np.float64))[1][-1], np.asarray(targets)).mean())


def differences(net: Net, inputs: npt.ArrayLike, targets: npt.ArrayLike, h: float = 1e-5) -> tuple[Floats, ...]:
    """Central differences (L(w + h) - L(w - h)) / 2h of the mean loss by every weight: an independent witness, error
    of order h² where no kink lies between. 2 passes a weight."""
    found = []
    for layer, weights in enumerate(net.weights):
        slopes = np.empty_like(weights)
        for place in np.ndindex(weights.shape):
            ends = []
            for sign in (1, -1):
                moved = weights.copy()
                moved[place] += sign * h
                there = (*net.weights[:layer], moved, *net.weights[layer + 1 :])
                ends.append(mean_loss(replace(net, weights=there), inputs, targets))
            slopes[place] = (ends[0] - ends[1]) / (2 * h)
        found.append(slopes)
    return tuple(found)


def chain(net: Net, done: Pass, sample: int, layer: int, to: int, source: int) -> Chain:
    """The chain rule for the weight of `layer` (1 … L) to unit `to` from unit `source` (from 0; the number of units
    before is the bias), for one sample. At most 7³ paths.

    Raises:
        IndexError: there is no such weight or sample.
    """
    rows, columns = net.weights[layer - 1].shape
    if not (0 <= sample < len(done.losses) and 1 <= layer <= len(net.weights) and to < rows and source < columns):
        raise IndexError(f"There is no weight {layer}, {to}, {source}, or no sample {sample}.")
    is_bias = source == columns - 1
    name = weight_name(layer, to, source, is_bias, float(net.weights[layer - 1][to, source]))
    last = Factor("1", "1", 1.0) if is_bias else _unit("x", layer - 1, source, done.x[layer - 1][sample, source])
    starts = tuple(_ways(net, done, sample, layer, to))
    paths = tuple(Path((*way, last)) for way in starts)
    local = Path((*_error(net, done, sample, layer, to), last))
    return Chain(name, local, paths, float(done.gradients[layer - 1][sample, to, source]))


def weight_name(layer: int, to: int, source: int, is_bias: bool, number: float) -> Factor:
    """w with the layer above and (to, from) below, or b with the layer above and its unit below."""
    indices = f"{to + 1}" if is_bias else f"{to + 1}{source + 1}"
    return _named("b" if is_bias else "w", layer, indices, number)


def drawn(widths: Sequence[int], seed: int) -> tuple[Floats, ...]:
    """Glorot-normal weights, variance 2 / (units before + units), biases 0, to three decimals."""
    rng = np.random.default_rng(seed)
    layers = []
    for before, units in pairwise(widths):
        weights = rng.normal(0, math.sqrt(2 / (before + units)), (units, before))
        layers.append(np.column_stack([weights.round(3), np.zeros(units)]))
    return tuple(layers)


def _forward(net: Net, x0: Floats) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    x, a = [x0], []
    for layer, weights in enumerate(net.weights, 1):
        a.append(x[-1] @ weights[:, :-1].T + weights[:, -1])
        g = net.output(layer, a[-1])
        x.append(x[-1] + g if net.skips(layer) else g)
    return tuple(x), tuple(a)


def _backward(
    net: Net, a: Floats, y: Floats, t: Floats, slope: tuple[Floats, ...]
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    if net.loss == "squared error":
        delta = [y - t]
    else:  # y - t over y (1 - y), each part with all its digits where y is next to 0 or 1
        delta = [np.where(t < 1, (1 - t) / value("sigmoid", -a), 0.0) - np.where(t > 0, t / y, 0.0)]
    error: list[Floats] = []
    for layer in range(len(net.weights), 0, -1):
        is_output = layer == len(net.weights)
        error.insert(0, y - t if is_output else delta[0] * slope[layer - 1])
        back = error[0] @ net.weights[layer - 1][:, :-1]
        delta.insert(0, back + delta[0] if net.skips(layer) else back)
    return tuple(delta), tuple(error)


def _outer(error: Floats, before: Floats) -> Floats:
    with_bias = np.column_stack([before, np.ones(len(before))])
    return np.asarray(error[:, :, None] * with_bias[:, None, :])


def _losses(loss: Loss, a: Floats, t: Floats) -> Floats:
    if loss == "squared error":
        return np.asarray(0.5 * ((a - t) ** 2).sum(axis=1))
    return np.asarray((np.logaddexp(0, a) - t * a).sum(axis=1))


def _named(letter: str, layer: int, indices: str, number: float) -> Factor:
    text = f"{letter}{str(layer).translate(RAISED)}{indices.translate(LOWERED)}"
    return Factor(text, f"{letter}^{{{layer}}}_{{{indices}}}", float(number))


def _unit(letter: str, layer: int, unit: int, number: float) -> Factor:
    return _named(letter, layer, str(unit + 1), number)


def _slope(net: Net, done: Pass, sample: int, layer: int, unit: int) -> tuple[Factor, ...]:
    """g'(a) of a unit; nothing at a linear output, where it is 1."""
    if layer == len(net.weights) and net.loss == "squared error":
        return ()
    a = _unit("a", layer, unit, 0)
    return (Factor(f"g′({a.text})", f"g'({a.latex})", float(done.slope[layer - 1][sample, unit])),)


def _error(net: Net, done: Pass, sample: int, layer: int, unit: int) -> tuple[Factor, ...]:
    """∂L/∂a of a unit in factors: δ and g', or at the output y - t."""
    if layer == len(net.weights):
        index = str(unit + 1)
        text = f"(y{index.translate(LOWERED)} − t{index.translate(LOWERED)})"
        return (Factor(text, f"(y_{index}-t_{index})", float(done.error[-1][sample, unit])),)
    delta = _unit("δ", layer, unit, done.delta[layer][sample, unit])
    delta = Factor(delta.text, delta.latex.replace("δ", r"\delta"), delta.value)
    return delta, *_slope(net, done, sample, layer, unit)


def _ways(net: Net, done: Pass, sample: int, layer: int, unit: int) -> Iterator[tuple[Factor, ...]]:
    """Factors of every way from the loss to the pre-activation of a unit; their products sum to ∂L/∂a."""
    if layer == len(net.weights):
        yield _error(net, done, sample, layer, unit)
        return
    slope = _slope(net, done, sample, layer, unit)
    for way in _ways_to_output(net, done, sample, layer, unit):
        yield (*way, *slope)


def _ways_to_output(net: Net, done: Pass, sample: int, layer: int, unit: int) -> Iterator[tuple[Factor, ...]]:
    """As `_ways`, to the output x of a unit of a hidden layer: through each weight that leaves it, or past them."""
    weights = net.weights[layer]
    for to in range(len(weights)):
        step = weight_name(layer + 1, to, unit, False, float(weights[to, unit]))
        for way in _ways(net, done, sample, layer + 1, to):
            yield (*way, step)
    if net.skips(layer + 1):
        for way in _ways_to_output(net, done, sample, layer + 1, unit):
            yield (*way, Factor("1", "1", 1.0))
