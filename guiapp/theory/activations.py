"""Activation functions g of one number, their derivatives, and what they leave of a gradient. Numpy only.

A plain layer x_{l+1} = g(a), a = W x_l + b, sends the error δ_l = Wᵀ(δ_{l+1} ⊙ g'(a)) back (Rumelhart, Hinton &
Williams 1986). With n weights of variance v and mean 0 into each unit, independent of the rest, E δ_l² =
n v E[g'(a)²] E δ_{l+1}² (Glorot & Bengio 2010; He et al. 2015), so E[g'(a)²] is the part of the activation in the
factor by which the gradient's variance grows or shrinks in one layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Activation = Literal["relu", "leaky relu", "elu", "gelu", "tanh", "sigmoid"]
ACTIVATIONS: Final[tuple[Activation, ...]] = get_args(Activation)
LEAK: Final = 0.01  # slope of the leaky ReLU below 0
SATURATED: Final = 0.01  # of the steepest slope: a unit below it counts as saturated
REACH: Final = 9.0  # standard deviations: beyond lie 2·10⁻¹⁹ of a normal
FLAT: Final = 40.0  # |a| from which all of them are straight to the last digit
NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True)
class Passed:
    """What a law of pre-activations a leaves of a gradient: `slope` E[g'(a)], `squared` E[g'(a)²], `saturated`
    P(|g'(a)| < .01 sup|g'|), `dead` P(g'(a) = 0); no units."""

    slope: float
    squared: float
    saturated: float
    dead: float


def value(activation: str, a: npt.ArrayLike) -> Floats:
    """g(a), elementwise: relu max(a, 0); leaky relu max(a, .01 a) (Maas et al. 2013); elu a, below 0 eᵃ - 1 (Clevert
    et al. 2016); gelu a Φ(a) with Φ the standard normal distribution function (Hendrycks & Gimpel 2016, the exact
    form); tanh; sigmoid 1 / (1 + e⁻ᵃ). NaN stays NaN.

    Raises:
        ValueError: `activation` is no function of one number.
    """
    a = np.asarray(a, np.float64)
    if _known(activation) == "relu":
        return np.asarray(np.maximum(a, 0.0))
    if activation == "leaky relu":
        return np.where(a > 0, a, LEAK * a)
    if activation == "elu":
        return np.where(a > 0, a, np.expm1(np.minimum(a, 0.0)))
    if activation == "gelu":
        return np.asarray(np.maximum(a, -FLAT) * normal_cdf(a))
    if activation == "tanh":
        return np.asarray(np.tanh(a))
    small = np.exp(-np.abs(a))
    return np.asarray(np.where(a >= 0, 1.0, small) / (1 + small))


def derivative(activation: str, a: npt.ArrayLike) -> Floats:
    """g'(a), elementwise: relu 1 where a > 0, else 0; leaky relu 1 or .01; elu 1, below 0 eᵃ; gelu Φ(a) + a φ(a) with
    φ the standard normal density; tanh 1 - tanh²a; sigmoid g (1 - g), at most ¼. At a kink the derivative from the
    left, as torch has it. NaN stays NaN; the tails keep their digits.

    Raises:
        ValueError: `activation` is no function of one number.
    """
    a = np.asarray(a, np.float64)
    if _known(activation) in ("relu", "leaky relu"):
        below = 0.0 if activation == "relu" else LEAK
        return np.where(np.isnan(a), a, np.where(a > 0, 1.0, below))
    if activation == "elu":
        return np.asarray(np.exp(np.minimum(a, 0.0)))
    if activation == "gelu":
        near = a.clip(-FLAT, FLAT)
        return normal_cdf(near) + near * np.exp(-0.5 * near**2) / math.sqrt(2 * math.pi)
    small = np.exp(-np.abs(2 * a if activation == "tanh" else a))
    return np.asarray((4 if activation == "tanh" else 1) * small / (1 + small) ** 2)  # tanh(a) = 2 sigmoid(2a) - 1


def steepest(activation: str) -> float:
    """sup |g'|: ¼ for the sigmoid, Φ(√2) + √2 φ(√2) = 1.1289 for gelu, whose g'' = φ (2 - a²); 1 for the others."""
    if _known(activation) == "gelu":
        return float(derivative("gelu", math.sqrt(2)))
    return 0.25 if activation == "sigmoid" else 1.0


def saturation(activation: str) -> tuple[tuple[float, float], ...]:
    """The intervals of a where |g'(a)| < .01 sup|g'|, from left to right, ends possibly ±∞. None for the leaky ReLU,
    whose slope below 0 is .01 itself; two for gelu, the second about its minimum at a = -.75, where g' is 0."""
    if _known(activation) == "relu":
        return ((-math.inf, 0.0),)
    if activation == "leaky relu":
        return ()
    if activation == "elu":
        return ((-math.inf, math.log(SATURATED)),)
    if activation == "gelu":
        return _OF_GELU
    far = math.atanh(math.sqrt(1 - SATURATED)) * (1 if activation == "tanh" else 2)  # sigmoid(a) = (1 + tanh(a/2)) / 2
    return ((-math.inf, -far), (far, math.inf))


def under_normal(activation: str, mean: float, deviation: float) -> Passed:
    """Of a ~ N(mean, deviation²): composite Gauss-Legendre, cut at the kink, at every unit of a and of the deviation;
    good to 12 digits. Some 0.3 ms.

    Raises:
        ValueError: `deviation` is not positive, or one of the two is not finite, or no such function.
    """
    if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0):
        raise ValueError(f"A normal needs a finite mean and a positive deviation, not {mean:g} and {deviation:g}.")
    low, high = mean - REACH * deviation, mean + REACH * deviation
    points, weights = _quadrature(mean + deviation * np.arange(-REACH, REACH + 1), low, high)
    density = np.exp(-0.5 * ((points - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    return _passed(activation, points, weights * density, lambda a: float(normal_cdf((a - mean) / deviation)))


def under_histogram(activation: str, edges: npt.ArrayLike, counts: npt.ArrayLike) -> Passed:
    """Of a histogram of pre-activations: `edges` (K+1,) rising, `counts` (K,), each bin filled evenly.

    Raises:
        ValueError: shapes that do not fit, edges that do not rise, counts below 0 or all 0, or no such function.
    """
    edges, counts = np.asarray(edges, np.float64), np.asarray(counts, np.float64)
    if edges.ndim != 1 or len(edges) < 2 or counts.shape != (len(edges) - 1,):
        raise ValueError(f"A histogram of K bins has K + 1 edges, not {edges.shape} for {counts.shape}.")
    if not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        raise ValueError("The edges of a histogram rise, and are finite.")
    if not np.isfinite(counts).all() or (counts < 0).any() or not counts.any():
        raise ValueError("A histogram needs counts of 0 and more, and one above 0.")
    shares = counts / counts.sum()
    density = shares / np.diff(edges)
    points, weights = _quadrature(edges, edges[0], edges[-1])
    bins = (np.searchsorted(edges, points, "right") - 1).clip(0, len(counts) - 1)
    below = np.concatenate(([0.0], np.cumsum(shares)))
    return _passed(activation, points, weights * density[bins], lambda a: float(np.interp(a, edges, below)))


def normal_cdf(x: npt.ArrayLike) -> Floats:
    """Φ(x), elementwise, = erfc(-x/√2) / 2; 65 ns a number."""
    return np.asarray(_erfc(-np.asarray(x, np.float64) / math.sqrt(2)) / 2)


_erfc: Final = np.vectorize(math.erfc, otypes=[np.float64])


def _known(activation: str) -> str:
    if activation == "maxout":
        raise ValueError("maxout is the largest of several linear maps of a layer's input: no function of one number.")
    if activation not in ACTIVATIONS:
        raise ValueError(f"There is no activation {activation!r}; there are {', '.join(ACTIVATIONS)}.")
    return activation


def _quadrature(breaks: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Nodes and weights on [low, high], cut at `breaks` and, within ±FLAT, at the whole numbers: the functions change
    on a scale of 1, and the kinks are at 0."""
    units = np.arange(-FLAT, FLAT + 1)
    cuts = np.unique(np.concatenate([breaks, units[(units > low) & (units < high)]]))
    half, middle = np.diff(cuts) / 2, (cuts[1:] + cuts[:-1]) / 2
    return (middle[:, None] + half[:, None] * NODES).ravel(), (half[:, None] * WEIGHTS).ravel()


def _passed(activation: str, points: Floats, weights: Floats, cdf: Callable[[float], float]) -> Passed:
    slopes = derivative(activation, points)
    saturated = sum(cdf(high) - cdf(low) for low, high in saturation(activation))
    dead = cdf(0.0) if activation == "relu" else 0.0
    return Passed(float(weights @ slopes), float(weights @ slopes**2), float(min(max(saturated, 0.0), 1.0)), dead)


def _gelu_saturation() -> tuple[tuple[float, float], ...]:
    """g' falls from 0 to its minimum at -√2, then rises through 0 to 1: it crosses ±.01 sup g' three times."""
    level, lowest = SATURATED * steepest("gelu"), -math.sqrt(2)
    tail, left, right = (_crossing("gelu", y, lowest, to) for y, to in ((-level, -FLAT), (-level, 0.0), (level, 0.0)))
    return (-math.inf, tail), (left, right)


def _crossing(activation: str, level: float, low: float, high: float) -> float:
    """a between `low`, where g' is below `level`, and `high`, where it is above, by bisection to the last digit."""
    for _ in range(60):
        middle = (low + high) / 2
        if float(derivative(activation, middle)) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


_OF_GELU: Final = _gelu_saturation()  # a millisecond, once
