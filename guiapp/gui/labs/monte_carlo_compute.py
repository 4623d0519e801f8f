"""What the Monte Carlo lab computes, without Qt: running means of f, and estimates of p(x) as the dimension grows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.expression import LONGEST, Expression, ExpressionError
from guiapp.theory.monte_carlo import (
    NO_MOMENTS,
    Function,
    Law,
    LawName,
    Moments,
    Running,
    Sums,
    UndefinedError,
    base_draws,
    coverage,
    moments,
    root_mean_square,
    slope,
    sums,
)
from guiapp.theory.monte_carlo_evidence import MOST_DIMENSIONS, Estimates, Model, Noise, estimates, log_weights, noise

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Page = Literal["expectation", "evidence"]
LOCATION_RANGE: Final = (-10.0, 10.0)
SCALE_RANGE: Final = (0.01, 10.0)
PROBABILITY_RANGE: Final = (0.001, 0.999)
COUNT_RANGE: Final = (10, 100_000)  # more would not follow a slider within 16 ms
DIMENSION_RANGE: Final = (1, MOST_DIMENSIONS)
NOISE_RANGE: Final = (0.1, 3.0)
SIZE_RANGE: Final = (0.0, 3.0)
QUALITY_RANGE: Final = (0.0, 2.0)
DRAWS_RANGE: Final = (1, 1000)
MOST_SEED: Final = 9999
REPEATS, EACH = 100, 1000  # runs, and draws of each; the first run goes on to the end of COUNT_RANGE
LENGTHS: Final = (EACH, 10_000, COUNT_RANGE[1])  # to which the first run is computed, as far as is asked for
POOL: Final = 20_000  # draws of each q: at least 20 groups of K
MOST_GROUPS: Final = 400
GRID: Final = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 35, 40, 45, 50)  # dimensions that are sampled
EVERY: Final = np.arange(1, MOST_DIMENSIONS + 1)
EVERY.flags.writeable = False
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "z": np.array,
        "z²": np.square,
        "z³": lambda z: z * z * z,
        "abs(z)": np.abs,
        "abs(z)^0.8": lambda z: np.abs(z) ** 0.8,
        "exp(−z²)": lambda z: np.exp(-z * z),
        "sin(z)": np.sin,
        "z > 2": lambda z: np.greater(z, 2.0).astype(np.float64),
    }
)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The page shown; of E[f]: law, f and the number n of draws; of p(x): d, σ, length of x, g of q, K; the seed."""

    page: Page = "evidence"
    law: LawName = "normal"
    function: Annotated[str, Meta(max_length=LONGEST)] = "z²"
    location: Annotated[float, Meta(ge=LOCATION_RANGE[0], le=LOCATION_RANGE[1])] = 0.0
    scale: Annotated[float, Meta(ge=SCALE_RANGE[0], le=SCALE_RANGE[1])] = 1.0
    probability: Annotated[float, Meta(ge=PROBABILITY_RANGE[0], le=PROBABILITY_RANGE[1])] = 0.1
    count: Annotated[int, Meta(ge=COUNT_RANGE[0], le=COUNT_RANGE[1])] = 10_000
    dimension: Annotated[int, Meta(ge=DIMENSION_RANGE[0], le=DIMENSION_RANGE[1])] = 10
    noise: Annotated[float, Meta(ge=NOISE_RANGE[0], le=NOISE_RANGE[1])] = 0.5
    size: Annotated[float, Meta(ge=SIZE_RANGE[0], le=SIZE_RANGE[1])] = 1.0
    quality: Annotated[float, Meta(ge=QUALITY_RANGE[0], le=QUALITY_RANGE[1])] = 0.9
    draws: Annotated[int, Meta(ge=DRAWS_RANGE[0], le=DRAWS_RANGE[1])] = 100
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)] = 0

    @property
    def the_law(self) -> Law:
        return Law(self.law, self.location, self.scale, self.probability)

    @property
    def model(self) -> Model:
        return Model(self.noise, self.size)


PRESETS: Final = MappingProxyType(
    {
        "expectation": {
            "z² of a normal law": Params(page="expectation"),
            "a rare event": Params(page="expectation", law="Bernoulli", function="z", probability=0.01),
            "no mean: Cauchy": Params(page="expectation", law="Cauchy", function="z", count=100_000),
            "a mean, but no variance": Params(page="expectation", law="Cauchy", function="abs(z)^0.8"),
        },
        "evidence": {
            "the prior misses": Params(),
            "x = 0, σ = 1: 2/√3 a dimension": Params(noise=1.0, size=0.0, dimension=50),
            "q is the posterior": Params(quality=1.0),
            "q too narrow": Params(quality=1.6),
        },
    }
)


@dataclass(frozen=True, eq=False)
class Expectation:
    """The first run at `path` (T,) values of n: mean and standard error (T,); |f̂ - reference| (R, C) of all runs at
    `n` (C,), and what is typical of them (C,): the root mean square, or the median where f has no variance. `reference`
    is E[f], or, where there is none, the median of the means in the end. `covered`: the part of the runs whose band at
    the last n holds E[f]. `problem`: why there is nothing."""

    params: Params
    problem: str
    moments: Moments
    reference: float
    path: Whole
    running: Running
    n: Whole
    errors: Floats
    typical: Floats
    slope: float
    covered: float

    @property
    def last(self) -> Running:
        """f̂ and its standard error after all draws, both ()."""
        return Running(self.running.mean[-1], self.running.error[-1])


@dataclass(frozen=True, eq=False)
class Evidence:
    """Estimates of log p̂(x) - log p(x) at `dimensions` (C,), `here` being the place of the present one; log10 of the
    relative variance Var[w]/E[w]² at EVERY dimension, NaN where it is 0; of the prior and of q."""

    params: Params
    dimensions: Whole
    here: int
    evidence: float
    prior: Estimates
    q: Estimates
    prior_spread: Floats
    q_spread: Floats
    groups: int

    def expected_size(self, spread: Floats) -> Floats:
        """log10 K/(1 + Var[w]/E[w]²) at EVERY dimension: the effective sample size that K draws have to expect."""
        grown = np.logaddexp(0, np.nan_to_num(spread * math.log(10), nan=-np.inf))
        return np.asarray((math.log(self.params.draws) - grown) / math.log(10))


@dataclass(frozen=True, eq=False)
class Result:
    """What both pages show."""

    params: Params
    expectation: Expectation
    evidence: Evidence


def validated(params: Params) -> Params:
    """`params`, if all of them are in range and f is a formula.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    params = msgspec.convert(msgspec.to_builtins(params), Params)
    function(params.function)
    return params


def function(text: str) -> Function:
    """f(z) as typed; those of the list without the detour of a formula, four times as fast.

    Raises:
        ExpressionError: the text is no formula in z.
    """
    return FUNCTIONS.get(text) or _typed(text)


def compute(params: Params, known: Result | None = None) -> Result:
    """Everything that is shown. Of `known`, the last result, is kept what has not changed."""
    if known is None:
        return Result(params, expectation(params), evidence(params))
    before = known.params
    return Result(
        params,
        known.expectation if _of_expectation(params) == _of_expectation(before) else expectation(params),
        known.evidence if _of_evidence(params) == _of_evidence(before) else evidence(params),
    )


def expectation(params: Params) -> Expectation:
    """What is shown of E[f]."""
    law, each = params.the_law, min(params.count, EACH)
    try:
        truth = _moments(law, params.function)
        runs, first = _sums(law, params.function, params.seed, next(n for n in LENGTHS if n >= params.count))
    except (UndefinedError, ExpressionError) as error:
        return _nothing(params, str(error))
    n, path = _places(each, 48), _places(params.count, 320)
    every, one = runs.at(n), first.at(path)
    reference = truth.mean if truth.has_mean else _median(every.mean[:, -1])
    with np.errstate(all="ignore"):
        errors = np.abs(every.mean - reference)
        typical = root_mean_square(every.mean, reference) if truth.has_variance else np.median(errors, axis=0)
    return Expectation(
        params=params,
        problem="",
        moments=truth,
        reference=reference,
        path=path,
        running=Running(one.mean[0], one.error[0]),
        n=n,
        errors=errors,
        typical=typical,
        slope=slope(n, typical, max(1, each // 200)),
        covered=float(coverage(every, reference)[-1]) if truth.has_mean else math.nan,
    )


def evidence(params: Params) -> Evidence:
    """What is shown of p(x)."""
    model = params.model
    dimensions = np.union1d(GRID, params.dimension)
    prior, q = (_estimates(model, g, params.seed, params.draws, params.dimension) for g in (0.0, params.quality))
    return Evidence(
        params=params,
        dimensions=dimensions,
        here=int(np.searchsorted(dimensions, params.dimension)),
        evidence=params.dimension * model.evidence,
        prior=prior,
        q=q,
        prior_spread=_spread(model.growth(0.0)),
        q_spread=_spread(model.growth(params.quality)),
        groups=min(POOL // params.draws, MOST_GROUPS),
    )


def _of_expectation(params: Params) -> tuple[object, ...]:
    return params.law, params.function, params.location, params.scale, params.probability, params.count, params.seed


def _of_evidence(params: Params) -> tuple[object, ...]:
    return params.dimension, params.noise, params.size, params.quality, params.draws, params.seed


def _nothing(params: Params, problem: str) -> Expectation:
    none, whole = np.empty(0), np.empty(0, np.intp)
    empty = Running(none, none)
    nan = math.nan
    return Expectation(params, problem, NO_MOMENTS, nan, whole, empty, whole, np.empty((0, 0)), none, nan, nan)


def _places(last: int, points: int) -> Whole:
    """About so many whole numbers from 1 to `last`, evenly on a logarithmic axis."""
    return np.unique(np.geomspace(1, last, points).round().astype(np.intp))


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan


def _spread(growth: float) -> Floats:
    """log10(e^(growth d) - 1) at EVERY dimension; rounding counts as 0."""
    total = growth * EVERY
    if growth < 1e-12:
        return np.full(len(EVERY), np.nan)
    return np.asarray((total + np.log(-np.expm1(-total))) / math.log(10))


@lru_cache(maxsize=1)
def _typed(text: str) -> Function:
    formula = Expression(text, ("z",))
    return lambda z: formula(z=z)


@lru_cache(maxsize=1)
def _base(name: LawName, seed: int) -> tuple[Floats, Floats]:
    """Base draws (REPEATS, EACH) of all runs, and how the first goes on (1, rest)."""
    drawn = base_draws(name, seed, (REPEATS * EACH + COUNT_RANGE[1] - EACH,))
    drawn.flags.writeable = False
    return drawn[: REPEATS * EACH].reshape(REPEATS, EACH), drawn[None, REPEATS * EACH :]


@lru_cache(maxsize=1)
def _moments(law: Law, text: str) -> Moments:
    return moments(function(text), law)


@lru_cache(maxsize=1)
def _sums(law: Law, text: str, seed: int, length: int) -> tuple[Sums, Sums]:
    """Of all runs as far as they go together, and of the first, as far as `length`."""
    f, (base, rest) = function(text), _base(law.name, seed)
    with np.errstate(all="ignore"):
        values = f(law.draws(base))
        runs = sums(values)
        if length == EACH:
            return runs, Sums(runs.centre, runs.first[:1], runs.second[:1])
        return runs, sums(np.concatenate([values[:1], f(law.draws(rest[:, : length - EACH]))], axis=1))


@lru_cache(maxsize=1)
def _noise(seed: int) -> Noise:
    return noise(seed, POOL)


@lru_cache(maxsize=2)
def _estimates(model: Model, g: float, seed: int, k: int, dimension: int) -> Estimates:
    dimensions, drawn = np.union1d(GRID, dimension), _noise(seed)
    used = min(POOL // k, MOST_GROUPS) * k
    part = Noise(drawn.first[:, :used], drawn.second[:, :used])
    return estimates(log_weights(model, g, part, dimensions), k)
