"""What the lab of the reparameterisation trick computes: estimates, their histograms, variances against θ, a check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.estimators import (
    ESTIMATORS,
    FUNCTIONS,
    Estimator,
    Exact,
    Function,
    by_quadrature,
    derivative,
    difference,
    estimates,
    exact,
    function,
)

Floats = npt.NDArray[np.float64]
THETA_RANGE: Final = (-10.0, 10.0)
SIGMA_RANGE: Final = (0.01, 10.0)
COUNT_RANGE: Final = (10, 50_000)  # more would not follow a slider within 16 ms
MOST_SEED: Final = 9999
POINTS: Final = np.linspace(*THETA_RANGE, 401)
POINTS.flags.writeable = False
BINS: Final = 61  # odd: what is always exact stands in the middle of one
SPREAD: Final = 3.5  # standard deviations of the widest estimator to either side of the derivative
LEAST_REACH: Final = 1e-6
CHECKED: Final = 100_000  # draws of the check
TOLERANCE: Final = 1e-6  # relative, of the closed forms to quadrature
ERRORS: Final = 5.0  # standard errors that the mean of the check's draws may be off; 21 means, 1e-5 by chance
FORMULAS: Final[Mapping[Function, tuple[str, str, str]]] = MappingProxyType(
    {
        "z²": ("4σ²", "θ⁴/σ² + 14θ² + 15σ²", "8θ² + 6σ²"),
        "z": ("0", "θ²/σ² + 2", "2"),
        "z³": ("36θ²σ² + 18σ⁴", "θ⁶/σ² + 36θ⁴ + 207θ²σ² + 96σ⁴", "18θ⁴ + 126θ²σ² + 96σ⁴"),
    }
)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """z ~ N(θ, σ²); the f whose mean is differentiated by θ; how many single-sample estimates, and their seed."""

    function: Function = "z²"
    theta: Annotated[float, Meta(ge=THETA_RANGE[0], le=THETA_RANGE[1])] = 2.0
    sigma: Annotated[float, Meta(ge=SIGMA_RANGE[0], le=SIGMA_RANGE[1])] = 1.0
    count: Annotated[int, Meta(ge=COUNT_RANGE[0], le=COUNT_RANGE[1])] = 10_000
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)] = 0


PRESETS: Final[Mapping[str, tuple[Function, float, float]]] = MappingProxyType(
    {
        "z² at θ = 2: 87 against 4": ("z²", 2.0, 1.0),
        "far out": ("z²", 10.0, 1.0),
        "a step: pathwise fails": ("step", 0.0, 1.0),
        "fast waves: score wins": ("sin z", 0.0, 5.0),
    }
)


@dataclass(frozen=True, eq=False)
class Sampled:
    """`count` estimates of one kind: mean, its standard error, sample variance; shares (B,) of them in the bins, and
    how large a share lies beyond the bins, which is counted in the outermost ones."""

    mean: float
    error: float
    variance: float
    shares: Floats
    beyond: float


@dataclass(frozen=True, eq=False)
class Draw:
    """The first draw ε of the seed, and what a gradient meets on its way back from f(z)."""

    noise: float
    z: float
    f: float
    slope: float
    score: float


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that is drawn. `edges` (B + 1,): of all three histograms; `curves`: the closed forms at POINTS."""

    params: Params
    exact: Exact
    sampled: Mapping[Estimator, Sampled]
    edges: Floats
    curves: Exact
    draw: Draw

    @property
    def ratio(self) -> float:
        """Variance of the score function by that of the pathwise estimator; infinite or NaN where the latter is 0."""
        below, above = float(self.exact.pathwise_variance), float(self.exact.score_variance)
        return above / below if below else (math.inf if above else math.nan)

    @property
    def is_biased(self) -> bool:
        """Whether the pathwise estimator misses the derivative, because f jumps."""
        return self.params.function == "step"


@dataclass(frozen=True)
class Row:
    """The check of one f: the largest relative difference to quadrature, the largest |mean - truth| of the estimators
    in standard errors, and how far the pathwise mean is from the derivative."""

    function: Function
    quadrature: float
    errors: float
    bias: float

    @property
    def good(self) -> bool:
        """Whether the closed forms stand."""
        return self.quadrature <= TOLERANCE and self.errors <= ERRORS


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def draws(count: int, seed: int) -> Floats:
    """`count` standard normal numbers of the stream `seed`; 50,000 take .6 ms."""
    return np.random.default_rng(seed).standard_normal(count)


def curves(name: Function, sigma: float) -> Exact:
    """The closed forms at POINTS."""
    return exact(name, POINTS, sigma)


def compute(params: Params, noise: Floats | None = None, known: Exact | None = None) -> Result:
    """Everything the lab shows; `noise` is what `draws` gives and `known` what `curves` gives, where they are kept."""
    noise = draws(params.count, params.seed) if noise is None else noise
    name, theta, sigma = params.function, params.theta, params.sigma
    truth = exact(name, theta, sigma)
    edges = _edges(truth)
    values = estimates(name, theta, sigma, noise, float(truth.baseline))
    first = float(noise[0])
    z = theta + sigma * first
    return Result(
        params=params,
        exact=truth,
        sampled={estimator: _sampled(values[estimator], edges) for estimator in ESTIMATORS},
        edges=edges,
        curves=curves(name, sigma) if known is None else known,
        draw=Draw(first, z, float(function(name, z)), float(derivative(name, z)), first / sigma),
    )


def check(theta: float, sigma: float, seed: int) -> tuple[Row, ...]:
    """All closed forms at θ and σ against quadrature, and against CHECKED draws of the stream `seed`; 40 ms."""
    noise = np.random.default_rng((seed, CHECKED)).standard_normal(CHECKED)
    rows = []
    for name in FUNCTIONS:
        truth = exact(name, theta, sigma)
        values = estimates(name, theta, sigma, noise, float(truth.baseline))
        errors = max(_errors(float(values[e].mean()), truth, e) for e in ESTIMATORS)
        apart = difference(truth, by_quadrature(name, theta, sigma), sigma)
        rows.append(Row(name, apart, errors, float(truth.pathwise_mean - truth.derivative)))
    return tuple(rows)


def _errors(mean: float, truth: Exact, estimator: Estimator) -> float:
    """|mean - truth| in standard errors of the closed form; what rounding explains is none."""
    apart = abs(mean - float(truth.mean(estimator)))
    error = math.sqrt(float(truth.variance(estimator)) / CHECKED)
    rounding = 1e-12 * (abs(mean) + math.sqrt(float(truth.score_variance)))
    return 0.0 if apart <= rounding else apart / error if error else math.inf


def _edges(truth: Exact) -> Floats:
    centre = float(truth.derivative)
    widest = math.sqrt(max(float(truth.variance(estimator)) for estimator in ESTIMATORS))
    reach = max(SPREAD * widest, 1e-6 * abs(centre), LEAST_REACH)
    return np.linspace(centre - reach, centre + reach, BINS + 1)


def _sampled(values: Floats, edges: Floats) -> Sampled:
    low, high = float(edges[0]), float(edges[-1])
    mean, variance = float(values.mean()), float(values.var(ddof=1))
    places = ((values - low) * (BINS / (high - low))).clip(0, BINS - 0.5).astype(np.intp)
    shares = np.bincount(places, minlength=BINS) / len(values)
    beyond = np.count_nonzero((values < low) | (values > high)) / len(values)
    return Sampled(mean, math.sqrt(variance / len(values)), variance, shares, float(beyond))
