"""What the lab of the evidence lower bound computes, without Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.bound import Model, Terms, coordinate_ascent, gradient_ascent, nodes, weighted_bounds
from guiapp.theory.divergence import Estimate
from guiapp.theory.gaussian import log_density

Floats = npt.NDArray[np.float64]
Kind = Literal["linear", "square"]
Ascent = Literal["coordinate", "gradient"]
X_RANGE: Final = (-4.0, 4.0)
WEIGHT_RANGE: Final = (0.5, 3.0)
BIAS_RANGE: Final = (-1.0, 1.0)
NOISE_RANGE: Final = (0.1, 3.0)
BETA_RANGE: Final = (0.1, 10.0)
MEAN_RANGE: Final = (-5.0, 5.0)
DEVIATION_RANGE: Final = (0.02, 5.0)
LOG_RANGE: Final = (math.log(DEVIATION_RANGE[0]), math.log(DEVIATION_RANGE[1]))
MOST_SEED: Final = 9999
DRAWS: Final = 100_000  # of the importance-weighted bounds; 100 groups of the largest K
STEPS: Final = MappingProxyType({"coordinate": 24, "gradient": 120})  # of an ascent, at the most
MAP_SHAPE: Final = (72, 96)  # rows of log s, columns of m
REACH: Final = 4.0  # of the plot of the densities, over z, at the least
POINTS: Final = 1201


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """x = b + wz + ε, or b + wz² + ε, with ε ~ N(0, σ²), z ~ N(0, 1), seen at x; q = N(m, s²); β; seed of the draws."""

    kind: Kind = "linear"
    x: Annotated[float, Meta(ge=X_RANGE[0], le=X_RANGE[1])] = 1.5
    weight: Annotated[float, Meta(ge=WEIGHT_RANGE[0], le=WEIGHT_RANGE[1])] = 1.0
    bias: Annotated[float, Meta(ge=BIAS_RANGE[0], le=BIAS_RANGE[1])] = 0.0
    sigma: Annotated[float, Meta(ge=NOISE_RANGE[0], le=NOISE_RANGE[1])] = 0.5
    beta: Annotated[float, Meta(ge=BETA_RANGE[0], le=BETA_RANGE[1])] = 1.0
    m: Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])] = -0.5
    s: Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])] = 0.8
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)] = 0

    @property
    def model(self) -> Model:
        """The model at its x."""
        linear = self.kind == "linear"
        weights = (self.weight, 0.0) if linear else (0.0, self.weight)
        return Model(self.x, *weights, self.bias, self.sigma)


def held(m: float, s: float) -> tuple[float, float]:
    """m and s within their ranges."""
    return min(max(m, MEAN_RANGE[0]), MEAN_RANGE[1]), min(max(s, DEVIATION_RANGE[0]), DEVIATION_RANGE[1])


def ascent(params: Params, way: Ascent) -> Iterator[tuple[float, float]]:
    """The points (m, s) of an ascent of the weighted bound from those of `params`, each within the ranges."""
    climb = coordinate_ascent if way == "coordinate" else gradient_ascent
    for point in climb(params.model, params.m, params.s, params.beta, STEPS[way]):
        yield held(*point)


def _at_best(params: Params) -> Params:
    """`params` with q where coordinate ascent ends."""
    for m, s in coordinate_ascent(params.model, params.m, params.s, params.beta, 400):
        params = msgspec.structs.replace(params, m=m, s=s)
    return params


PRESETS: Final = MappingProxyType(
    {
        "q is the posterior: the gap is 0": _at_best(Params()),
        "two modes: q takes one": _at_best(Params(kind="square", x=2.0, m=1.0, s=0.2)),
        "β = 4": _at_best(Params(beta=4.0)),
        "σ too small": Params(sigma=0.1, m=1.2, s=0.447),
    }
)


@dataclass(frozen=True, eq=False)
class Surface:
    """The weighted bound (R, C) over m (C,) and log s (R,), in nats."""

    m: Floats
    log_s: Floats
    bound: Floats

    @property
    def best(self) -> float:
        """Its greatest value on the grid."""
        return float(self.bound.max())


@dataclass(frozen=True, eq=False)
class Result:
    """Densities over z, shapes (T,), and numbers in nats: log p(x) = terms.elbo + gap, the gap computed apart."""

    params: Params
    evidence: float
    terms: Terms
    gap: float
    z: Floats
    prior: Floats
    posterior: Floats
    q: Floats
    bounds: tuple[Estimate, ...]
    surface: Surface

    @property
    def elbo(self) -> float:
        return float(self.terms.elbo)

    @property
    def weighted(self) -> float:
        """E_q[log p(x|z)] - β KL(q ‖ p(z))."""
        return float(self.terms.weighted(self.params.beta))


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def compute(params: Params) -> Result:
    """Everything that the lab shows."""
    model = params.model
    evidence = _evidence(model)
    z = _points(params)
    return Result(
        params=params,
        evidence=evidence,
        terms=model.terms(params.m, params.s),
        gap=model.gap(params.m, params.s, evidence),
        z=z,
        prior=np.exp(log_density(z, 0.0, 1.0)),
        posterior=np.exp(model.log_joint(z) - evidence),
        q=np.exp(log_density(z, params.m, params.s)),
        bounds=weighted_bounds(model, params.m, params.s, _noise(params.seed)),
        surface=_surface(model, params.beta),
    )


@dataclass(frozen=True)
class Row:
    """A formula, its largest absolute difference from a numeric witness, and what it may be."""

    formula: str
    witness: str
    apart: float
    allowed: float

    @property
    def good(self) -> bool:
        return self.apart <= self.allowed


def check(params: Params, seed: int) -> tuple[Row, ...]:
    """Every number of the lab at `params` against a witness that shares nothing with it but p(x|z), p(z) and q(z)."""
    model, m, s = params.model, params.m, params.s
    evidence, terms = model.evidence(), model.terms(m, s)
    z, weights = nodes(m, s)
    reconstruction = float(weights @ model.log_likelihood(z))
    divergence = float(weights @ (log_density(z, m, s) - log_density(z, 0.0, 1.0)))
    gap = model.gap(m, s, evidence)
    z_gap, weights_gap = _legendre(m - 12 * s, m + 12 * s)
    log_q = log_density(z_gap, m, s)
    apart = float(weights_gap @ (np.exp(log_q) * (log_q - (model.log_joint(z_gap) - evidence))))
    draws = model.log_likelihood(m + s * np.random.default_rng(seed).standard_normal(DRAWS))
    error = float(draws.std(ddof=1)) / math.sqrt(DRAWS)
    size = 1e-9 * max(1.0, 1e-5 * abs(float(terms.elbo)))
    legendre = "Gauss–Legendre"
    return (
        Row("log p(x)", legendre, abs(evidence - _by_legendre(model)), 1e-9),
        Row("E log p(x|z)", "quadrature under q", abs(float(terms.reconstruction) - reconstruction), size),
        Row("E log p(x|z)", f"{DRAWS:,} draws, in standard errors", _errors(draws, terms, error), 4.5),
        Row("KL(q‖p(z))", "quadrature under q", abs(float(terms.kl) - divergence), 1e-9),
        Row("KL(q‖p(z|x))", legendre, abs(gap - apart), size),
        Row("ELBO + KL(q‖p(z|x))", "log p(x)", abs(float(terms.elbo) + gap - evidence), size),
        Row("slope by m, log s", "differences, relative", _slope_error(params), 1e-5),
    )


def _errors(draws: Floats, terms: Terms, error: float) -> float:
    return abs(float(draws.mean() - terms.reconstruction)) / error


def _legendre(low: float, high: float) -> tuple[Floats, Floats]:
    """Nodes and weights, both (12800,), of ∫ f(z) dz from `low` to `high`: 16 Gauss-Legendre nodes in each of 800
    panels, which are not those of the trapezoid rule."""
    t, weights = np.polynomial.legendre.leggauss(16)
    half = (high - low) / 1600
    middles = low + half * (2 * np.arange(800) + 1)
    return (middles[:, None] + half * t).ravel(), np.tile(half * weights, 800)


def _by_legendre(model: Model) -> float:
    z, weights = _legendre(-12.0, 12.0)
    joint = model.log_joint(z)
    return float(joint.max() + np.log(weights @ np.exp(joint - joint.max())))


def _slope_error(params: Params) -> float:
    """Of the slope to central differences of the terms, in units of the slope, or of 1 where that is larger."""
    model, h, log_s = params.model, 1e-5, math.log(params.s)

    def at(m: float, place: float) -> float:
        return float(model.terms(m, math.exp(place)).weighted(params.beta))

    by_m = (at(params.m + h, log_s) - at(params.m - h, log_s)) / (2 * h)
    by_s = (at(params.m, log_s + h) - at(params.m, log_s - h)) / (2 * h)
    slope = model.slope(params.m, params.s, params.beta)
    return float(np.abs(slope - (by_m, by_s)).max() / max(1.0, np.abs(slope).max()))


@lru_cache(maxsize=1)
def _evidence(model: Model) -> float:
    return model.evidence()


@lru_cache(maxsize=1)
def _noise(seed: int) -> Floats:
    noise = np.random.default_rng(seed).standard_normal(DRAWS)
    noise.flags.writeable = False
    return noise


@lru_cache(maxsize=1)
def _surface(model: Model, beta: float) -> Surface:
    rows, columns = MAP_SHAPE
    m, log_s = np.linspace(*MEAN_RANGE, columns), np.linspace(*LOG_RANGE, rows)
    return Surface(m, log_s, model.terms(m, np.exp(log_s)[:, None]).weighted(beta))


def _points(params: Params) -> Floats:
    """Even ones over what may be seen, for the prior and the posterior, and some that follow q."""
    reach = max(REACH + 4, abs(params.m) + 5 * params.s)
    return np.union1d(np.linspace(-reach, reach, POINTS), params.m + params.s * np.linspace(-5, 5, POINTS // 6))
