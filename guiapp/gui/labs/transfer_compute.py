"""What the lab of the transfer functions computes: curves, what a law of pre-activations leaves of a gradient, and the
layers of a run; without Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.activations import (
    ACTIVATIONS,
    Activation,
    Passed,
    derivative,
    saturation,
    steepest,
    under_histogram,
    under_normal,
    value,
)

Floats = npt.NDArray[np.float64]
MEAN_RANGE: Final = (-20.0, 20.0)
DEVIATION_RANGE: Final = (0.05, 20.0)
WEIGHT_RANGE: Final = (0.01, 100.0)
MOST_LAYERS: Final = 100
REACH: Final = 200.0  # |a| up to which the curves are drawn
STEP: Final = 1e-5  # of the differences, times |a| where that is above 1: truncation 1e-11, rounding 1e-10
TOLERANCE: Final = 1e-6
CHECKED: Final = 256  # pre-activations a press of the button


def _points() -> Floats:
    """Dense where the functions bend, and on both sides of the kinks."""
    dense, far = np.arange(-12.0, 12.01, 0.03), np.geomspace(12, REACH, 60)
    return np.unique(np.concatenate([dense, far, -far, [0.0, 1e-9]]))


POINTS: Final = _points()
POINTS.flags.writeable = False
STEPS: Final = np.linspace(-6.0, 6.0, 161)  # of the normal's curve, in its deviations


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The activation that the numbers are of, and those whose curves are shown; the law N(mean, deviation²) of the
    pre-activations; `weight` = n·Var(w), the n weights of a unit together; the number of layers; whether |g'| is drawn
    on a logarithmic axis."""

    activation: Activation = "sigmoid"
    shown: tuple[Activation, ...] = ("relu", "tanh", "sigmoid")
    mean: Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])] = 0.0
    deviation: Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])] = 1.0
    weight: Annotated[float, Meta(ge=WEIGHT_RANGE[0], le=WEIGHT_RANGE[1])] = 1.0
    layers: Annotated[int, Meta(ge=1, le=MOST_LAYERS)] = 10
    log: bool = False


# activation, mean, deviation, n·Var(w): Glorot's 1, He's 2.
PRESETS: Final[Mapping[str, tuple[Activation, float, float, float]]] = MappingProxyType(
    {
        "sigmoid, centred": ("sigmoid", 0.0, 1.0, 1.0),
        "sigmoid, saturated": ("sigmoid", 5.0, 3.0, 1.0),
        "tanh, Glorot": ("tanh", 0.0, 0.3, 1.0),
        "tanh, saturated": ("tanh", 0.0, 6.0, 1.0),
        "ReLU + He": ("relu", 0.0, 1.0, 2.0),
        "ReLU, half dead": ("relu", 0.0, 1.0, 1.0),
        "ReLU, dead": ("relu", -4.0, 1.0, 2.0),
        "GELU": ("gelu", 0.0, 1.0, 2.0),
    }
)


@dataclass(frozen=True)
class Through:
    """What one law of pre-activations does to a gradient: `passed` in one activation; `one` = n·Var(w)·E[g'²], the
    factor of its variance in one layer; `variance` and `rms`, those of its variance and its size in L layers."""

    passed: Passed
    one: float
    variance: float
    rms: float


@dataclass(frozen=True, eq=False)
class Layer:
    """A hidden layer of the run: its `activation` as the spec names it, and the histogram of its pre-activations,
    `edges` (K+1,), `counts` (K,)."""

    name: str
    activation: str
    edges: Floats
    counts: Floats

    @property
    def shares(self) -> Floats:
        """Of each bin (K,)."""
        result: Floats = self.counts / self.counts.sum()
        return result

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the histogram, each bin filled evenly."""
        middles, widths = (self.edges[1:] + self.edges[:-1]) / 2, np.diff(self.edges)
        mean = float(self.shares @ middles)
        return mean, math.sqrt(float(self.shares @ ((middles - mean) ** 2 + widths**2 / 12)))

    def quantile(self, share: float) -> float:
        """The pre-activation below which `share` of them lie."""
        return float(np.interp(share, np.concatenate(([0.0], np.cumsum(self.shares))), self.edges))


@dataclass(frozen=True, eq=False)
class Result:
    """Under the normal `all` activations, the chosen one of them as `normal`; `live` is the chosen one under the run's
    layer, if there is one; `bound` = sup|g'|^L; `saturated`, the intervals where |g'| < .01 sup|g'|."""

    params: Params
    all: Mapping[Activation, Through]
    live: Through | None
    bound: float
    saturated: tuple[tuple[float, float], ...]

    @property
    def normal(self) -> Through:
        return self.all[self.params.activation]


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def curves() -> Mapping[Activation, tuple[Floats, Floats]]:
    """g and g' over POINTS, (T,) each, of every activation."""
    return {name: (value(name, POINTS), derivative(name, POINTS)) for name in ACTIVATIONS}


def density(params: Params) -> tuple[Floats, Floats]:
    """a and the density of the normal there."""
    heights = np.exp(-0.5 * STEPS**2) / (params.deviation * math.sqrt(2 * math.pi))
    return params.mean + params.deviation * STEPS, heights


def compute(params: Params, layer: Layer | None = None) -> Result:
    """Everything that the lab says; 2 ms."""
    live = None
    if layer is not None:
        live = _through(params, under_histogram(params.activation, layer.edges, layer.counts))
    return Result(
        params=params,
        all={name: _through(params, under_normal(name, params.mean, params.deviation)) for name in ACTIVATIONS},
        live=live,
        bound=steepest(params.activation) ** params.layers,
        saturated=saturation(params.activation),
    )


def layers(picture: Mapping[str, Any] | None) -> tuple[Layer, ...]:
    """The layers of the picture "layers" whose pre-activations are known: `layer` (L,) str, `activation` (L,) str,
    `pre_edges` (K+1,), `pre_counts` (L, K). Layers without a finite one are left out, and so is all that is no such
    picture."""
    try:
        names, kinds, edges, counts = (
            np.asarray((picture or {})[key]) for key in ("layer", "activation", "pre_edges", "pre_counts")
        )
        edges, counts = edges.astype(np.float64), counts.astype(np.float64)
    except (KeyError, TypeError, ValueError):
        return ()
    rising = edges.ndim == 1 and len(edges) > 1 and np.isfinite(edges).all() and (np.diff(edges) > 0).all()
    if not rising or names.ndim != 1 or kinds.shape != names.shape or counts.shape != (len(names), len(edges) - 1):
        return ()
    usable = np.isfinite(counts).all(1) & (counts >= 0).all(1) & (counts > 0).any(1)
    return tuple(Layer(str(names[i]), str(kinds[i]), edges, counts[i]) for i in np.flatnonzero(usable))


def check(seed: int) -> Mapping[Activation, float]:
    """By activation the largest |g'(a) - (g(a + h) - g(a - h)) / 2h| over CHECKED random a of the stream `seed`,
    uniform on [-10, 10], without those at a kink."""
    a = np.random.default_rng(seed).uniform(-10, 10, CHECKED)
    a = a[np.abs(a) > 4 * STEP]
    h = STEP * np.maximum(1.0, np.abs(a))
    return {
        name: float(np.abs(derivative(name, a) - (value(name, a + h) - value(name, a - h)) / ((a + h) - (a - h))).max())
        for name in ACTIVATIONS
    }


def _through(params: Params, passed: Passed) -> Through:
    one = params.weight * passed.squared
    return Through(passed, one, one**params.layers, one ** (params.layers / 2))
