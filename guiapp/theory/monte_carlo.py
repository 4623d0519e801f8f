"""Monte Carlo: E[f(z)] as the mean of f over draws, and by quadrature, its independent witness.

f̂ = (1/n) Σ_l f(z_l), z_l drawn from the law, is unbiased where E|f| is finite, with the standard error sd(f)/√n where
E[f²] is (central limit theorem). The Cauchy law has no mean: f̂ of z itself is again Cauchy distributed, whatever n is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]
LawName = Literal["normal", "uniform", "exponential", "Bernoulli", "Cauchy"]
LAWS: Final[tuple[LawName, ...]] = get_args(LawName)
BAND: Final = 1.96  # standard errors: 95 % of a normal law
NODES: Final = 12  # of a panel
PULL: Final = 1e-5  # of half a panel, from its ends to the outermost nodes
DEEPEST: Final = 48  # halvings of a panel
MOST_NODES: Final = 60_000  # of f together
EXACT: Final = 1e-10  # part of E[f²] or E|f| by which a panel may still change when it is halved
TAIL: Final = 1e-6  # part of an integral that may lie in the outermost panels, or in those that never settle
STEEP: Final = 1e3  # times E|f|: an f that is larger in panels that never settle has a pole there
NEVER: Final = 1e-12  # mass where f may be no number, for nobody will draw it
ROUNDING: Final = 1e-14


class UndefinedError(ValueError):
    """One sentence that says where f is no number."""


@dataclass(frozen=True)
class Law:
    """z = location + scale·b, and b by name: standard normal; uniform on (-1, 1); exponential with mean 1; standard
    Cauchy. Bernoulli: z is 1 with `probability`, else 0, without location and scale."""

    name: LawName
    location: float = 0.0
    scale: float = 1.0
    probability: float = 0.5

    def draws(self, base: Floats) -> Floats:
        """z (...), made from `base` (...), which `base_draws` gives for this law's name."""
        if self.name == "Bernoulli":
            return (base < self.probability).astype(np.float64)
        z = base * self.scale
        z += self.location
        return z

    def density(self, z: npt.ArrayLike) -> Floats:
        """p(z) (...); of Bernoulli the probability of z."""
        z = np.asarray(z, np.float64)
        if self.name == "Bernoulli":
            return np.where(z == 1, self.probability, np.where(z == 0, 1 - self.probability, 0.0))
        return _DENSITIES[self.name]((z - self.location) / self.scale) / self.scale


class Moments(NamedTuple):
    """E[f] and the standard deviation of f. Without a mean both are NaN; without a variance the latter is infinite.
    `error` is what the quadrature may be off in the mean."""

    mean: float
    deviation: float
    error: float

    @property
    def has_mean(self) -> bool:
        return math.isfinite(self.mean)

    @property
    def has_variance(self) -> bool:
        return math.isfinite(self.deviation)


NO_MOMENTS: Final = Moments(math.nan, math.nan, math.nan)


def base_draws(name: LawName, seed: int, shape: tuple[int, ...]) -> Floats:
    """What `Law.draws` makes z from, without location and scale, so that a law that moves keeps its draws."""
    rng = np.random.default_rng((seed, LAWS.index(name)))
    if name == "normal":
        return rng.standard_normal(shape)
    if name == "exponential":
        return rng.standard_exponential(shape)
    if name == "Cauchy":
        return rng.standard_cauchy(shape)
    return rng.uniform(-1.0 if name == "uniform" else 0.0, 1.0, shape)


def moments(f: Function, law: Law) -> Moments:
    """E[f] and sd(f) by adaptive Gauss-Lobatto quadrature, which halves the panels that still change: also for an f
    with corners and jumps. Where the panels at the ends or at a pole never settle the integral is taken not to exist.
    The tails are followed to 38 σ, to 700 means of the exponential law, and to e²⁰⁰ scales of the Cauchy law.

    Raises:
        UndefinedError: f is no number where the law puts more than 1e-12 of its mass.
    """
    with np.errstate(all="ignore"):
        if law.name == "Bernoulli":
            z = np.array([0.0, 1.0])
            return _summed(law.density(z), _values(f, z, law.density(z)), 0.0, True)
        return _integrated(f, law)


class Running(NamedTuple):
    """Means and their standard errors after n draws: (R, C) for R runs and C values of n; the error is NaN at n = 1."""

    mean: Floats
    error: Floats


@dataclass(frozen=True, eq=False)
class Sums:
    """Running sums of f - `centre` and its square, (R, N): `at` then costs nothing, whatever n is asked for."""

    centre: float
    first: Floats
    second: Floats

    def at(self, n: npt.NDArray[np.intp]) -> Running:
        """After n draws, each of `n` (C,) from 1 to N."""
        total, square = self.first[:, n - 1], self.second[:, n - 1]
        with np.errstate(all="ignore"):
            variance = np.maximum(square - total * total / n, 0.0) / (n - 1)
            return Running(self.centre + total / n, np.where(n > 1, np.sqrt(variance / n), np.nan))


def sums(values: Floats) -> Sums:
    """The running sums of `values` (R, N), which they are centred for: a large mean costs the variance no digits."""
    centre = float(np.median(values[:, 0]))
    centre = centre if math.isfinite(centre) else 0.0
    with np.errstate(all="ignore"):
        apart = values - centre
        return Sums(centre, apart.cumsum(axis=1), np.square(apart).cumsum(axis=1))


def root_mean_square(means: Floats, truth: float) -> Floats:
    """√(mean over the runs of (f̂ - truth)²); (R, C) -> (C,)."""
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.square(means - truth).mean(axis=0)))


def slope(n: npt.NDArray[np.intp], errors: Floats, least: int = 10) -> float:
    """The slope of log(error) against log(n), by least squares from n = `least` on; NaN with fewer than two points."""
    kept = (n >= least) & np.isfinite(errors) & (errors > 0)
    if np.count_nonzero(kept) < 2:
        return math.nan
    x, y = np.log(n[kept]), np.log(errors[kept])
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))


def coverage(running: Running, truth: float) -> Floats:
    """The part (C,) of the runs whose band of ± BAND standard errors holds the truth. Rounding is not held against a
    band of width 0."""
    slack = 1e-12 * max(1.0, abs(truth))
    with np.errstate(all="ignore"):
        return np.asarray((np.abs(running.mean - truth) <= BAND * running.error + slack).mean(axis=0))


def _edges(name: LawName) -> Floats:
    """Panels of b, and of arsinh b for the Cauchy law."""
    if name == "normal":
        return np.linspace(-38.0, 38.0, 77)
    if name == "exponential":
        return np.concatenate([np.linspace(0.0, 40.0, 41), np.linspace(60.0, 700.0, 33)])
    return np.linspace(-1.0, 1.0, 9) if name == "uniform" else np.linspace(-200.0, 200.0, 401)


def _rule() -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 1]: those of Gauss and Lobatto, with the outermost drawn in a little, so that none is
    ever a pole at an end. Nodes near the ends see every jump, which those of Gauss and Legendre may leave between two
    panels. The weights are solved for: exact for polynomials up to the degree NODES - 1, and nearly so to 2 NODES - 3.
    """
    inner = np.polynomial.legendre.Legendre.basis(NODES - 1).deriv().roots().real
    nodes = np.concatenate([[PULL - 1], np.sort(inner), [1 - PULL]])
    whole = np.zeros(NODES)
    whole[0] = 2.0
    weights = np.linalg.solve(np.polynomial.legendre.legvander(nodes, NODES - 1).T, whole)
    return np.asarray(nodes, np.float64), np.asarray(weights, np.float64)


_RULE: Final = _rule()


@dataclass(frozen=True, eq=False)
class _Panels:
    """Panels from `low` to `high` (P,), weights and values of f (P, NODES) with Σ w f = ∫ f(z) p(z) dz over each, and
    `sizes` (2, P): ∫|f| p and ∫f² p."""

    low: Floats
    high: Floats
    w: Floats
    v: Floats
    sizes: Floats

    @classmethod
    def between(cls, low: Floats, high: Floats, f: Function, law: Law) -> _Panels:
        half = (high - low)[:, None] / 2
        y = (high + low)[:, None] / 2 + half * _RULE[0]
        if law.name == "Cauchy":  # b = sinh y, and p(b) db = dy/(π cosh y): the tails fall like e^-|y|
            z, w = np.sinh(y), half * _RULE[1] / (math.pi * np.cosh(y))
        else:
            z, w = y, half * _RULE[1] * _DENSITIES[law.name](y)
        v = _values(f, law.location + law.scale * z, w)
        weighted = np.abs(v) * w
        return cls(low, high, w, v, np.stack([weighted.sum(axis=1), (weighted * np.abs(v)).sum(axis=1)]))

    def halved(self, f: Function, law: Law) -> _Panels:
        """The two halves of each, one after the other."""
        middle = (self.low + self.high) / 2
        low, high = np.stack([self.low, middle], 1).ravel(), np.stack([middle, self.high], 1).ravel()
        return _Panels.between(low, high, f, law)

    def only(self, which: npt.NDArray[np.bool_]) -> _Panels:
        return _Panels(self.low[which], self.high[which], self.w[which], self.v[which], self.sizes[:, which])


def _integrated(f: Function, law: Law) -> Moments:
    edges = _edges(law.name)
    panels = _Panels.between(edges[:-1], edges[1:], f, law)
    total = panels.sizes.sum(axis=1)
    thick = panels.only(_at_ends(law.name, edges)).sizes.sum(axis=1) > TAIL * total
    done: list[_Panels] = []
    left, spent = np.zeros(2), panels.w.size
    for _ in range(DEEPEST):
        finer = panels.halved(f, law)
        spent += finer.w.size
        changes = np.abs(finer.sizes.reshape(2, -1, 2).sum(axis=2) - panels.sizes)
        is_open = np.any(changes > EXACT * total[:, None], axis=0)
        left = changes[:, is_open].sum(axis=1)
        both = np.repeat(is_open, 2)
        done.append(finer.only(~both))
        panels = finer.only(both)
        total = sum((part.sizes.sum(axis=1) for part in done), panels.sizes.sum(axis=1))
        if not is_open.any() or spent > MOST_NODES:
            break
    pole = float(np.abs(panels.v).max(initial=0.0)) > STEEP * total[0]
    exists = ~thick & np.isfinite(total) & ~((left > TAIL * total) & pole)
    w, v = (np.concatenate([getattr(part, name).ravel() for part in (*done, panels)]) for name in "wv")
    return _summed(w, v, float(left[0]), bool(exists[1])) if exists[0] else NO_MOMENTS


def _at_ends(name: LawName, edges: Floats) -> npt.NDArray[np.bool_]:
    """Which of the panels lie in the outermost fifth of an infinite range."""
    middle = (edges[1:] + edges[:-1]) / 2
    return np.abs(middle) > 0.8 * edges[-1] if name != "uniform" else np.zeros(len(middle), bool)


def _values(f: Function, z: Floats, w: Floats) -> Floats:
    v = np.asarray(f(z), np.float64)
    lost = np.isnan(v)
    if lost.any():
        if float(w[lost].sum()) > NEVER:
            where = f"{float(z[lost][np.argmax(w[lost])]):.3g}".replace("-", "−")
            raise UndefinedError(f"f is no number at z = {where}, which this law draws: choose another f or law.")
        v = np.where(lost, 0.0, v)
    return v


def _summed(w: Floats, v: Floats, error: float, has_variance: bool) -> Moments:
    """Moments of values v with weights w; values of no weight count for nothing, even where they are infinite."""
    w, v = w[w > 0], v[w > 0]
    share = w / w.sum()
    mean = float(share @ v)
    deviation = math.sqrt(float(share @ np.square(v - mean))) if has_variance else math.inf
    if not math.isfinite(mean):
        return NO_MOMENTS
    if deviation < ROUNDING * abs(mean):
        return Moments(mean, 0.0, error)
    return Moments(mean, deviation if math.isfinite(deviation) else math.inf, error)


_DENSITIES: Final[Mapping[LawName, Function]] = MappingProxyType(
    {
        "normal": lambda b: np.exp(-0.5 * b * b) / math.sqrt(2 * math.pi),
        "uniform": lambda b: np.where(np.abs(b) <= 1, 0.5, 0.0),
        "exponential": lambda b: np.where(b >= 0, np.exp(-np.maximum(b, 0.0)), 0.0),
        "Cauchy": lambda b: 1 / (math.pi * (1 + b * b)),
    }
)
