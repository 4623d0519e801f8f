"""Single-sample estimators of g = d/dθ E[f(z)], z ~ N(θ, σ²), that is z = θ + σε with ε ~ N(0, 1).

    pathwise         f′(θ + σε)            reparameterisation: ε is an input, so ∂z/∂θ = 1
    score function   f(z) ε/σ              for ∂ log p(z)/∂θ = (z - θ)/σ² = ε/σ; REINFORCE
    with baseline    (f(z) - b) ε/σ        b = E[f(z) ε²], the constant of the least variance

Their variances follow from A = E[f² ε²] and B = E[f ε²]: the score function has A/σ² - g², with the baseline
(A - B²)/σ² - g². E[fε²] = E[f] + σ²E[f″] (Stein's lemma twice) gives the closed forms below. Williams 1992 (score
function, baseline), Kingma & Welling 2014 and Rezende et al. 2014 (pathwise), Mohamed et al. 2020 (survey).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Literal["z²", "z", "z³", "sin z", "|z|", "exp(−z²)", "step"]
Estimator = Literal["pathwise", "score function", "with baseline"]
FUNCTIONS: Final[tuple[Function, ...]] = get_args(Function)
ESTIMATORS: Final[tuple[Estimator, ...]] = get_args(Estimator)
REACH, PANELS, NODES = 16.0, 256, 12  # of the quadrature: |ε| ≤ 16, beyond which lies 1e-57 of the mass
LEAST = 1e-40  # what is smaller counts as 0
_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])


class Exact(NamedTuple):
    """Closed forms at θ (...): E[f]; g = dE[f]/dθ; mean and variance of the pathwise estimator, whose mean is not g
    where f jumps; variances of the score function without and with the best constant baseline; that baseline."""

    value: Floats
    derivative: Floats
    pathwise_mean: Floats
    pathwise_variance: Floats
    score_variance: Floats
    baselined_variance: Floats
    baseline: Floats

    def mean(self, estimator: Estimator) -> Floats:
        """What `estimator` gives on average."""
        return self.pathwise_mean if estimator == "pathwise" else self.derivative

    def variance(self, estimator: Estimator) -> Floats:
        """Of a single sample of `estimator`."""
        return (self.pathwise_variance, self.score_variance, self.baselined_variance)[ESTIMATORS.index(estimator)]


def function(name: Function, z: npt.ArrayLike) -> Floats:
    """f(z), any shape. The step is 1 where z > 0, else 0."""
    return np.asarray(_FORMS[name][0](np.asarray(z, np.float64)), np.float64)


def derivative(name: Function, z: npt.ArrayLike) -> Floats:
    """f′(z) as automatic differentiation has it: 0 at the corner of |z|, and 0 everywhere for the step."""
    return np.asarray(_FORMS[name][1](np.asarray(z, np.float64)), np.float64)


def estimates(name: Function, theta: float, sigma: float, noise: Floats, baseline: float) -> dict[Estimator, Floats]:
    """One estimate of g from each draw ε of `noise` (n,), by each estimator; `baseline` is b."""
    z, score = theta + sigma * noise, noise / sigma
    f = function(name, z)
    return {
        "pathwise": derivative(name, z),
        "score function": f * score,
        "with baseline": (f - baseline) * score,
    }


def exact(name: Function, theta: npt.ArrayLike, sigma: float) -> Exact:
    """The closed forms for f = `name` at θ (...), σ > 0.

    Raises:
        ValueError: σ is not positive.
    """
    if not sigma > 0:
        raise ValueError(f"σ must be above 0, not {sigma:g}.")
    m = _FORMS[name][2](np.asarray(theta, np.float64), sigma)
    square = m.derivative * m.derivative
    return Exact(
        value=m.value,
        derivative=m.derivative,
        pathwise_mean=m.slope,
        pathwise_variance=np.maximum(m.slope_variance, 0.0),
        score_variance=np.maximum(m.weighted_square / sigma**2 - square, 0.0),
        baselined_variance=np.maximum(m.centred / sigma**2 - square, 0.0),
        baseline=m.weighted,
    )


def by_quadrature(name: Function, theta: float, sigma: float) -> Exact:
    """The same numbers by composite Gauss-Legendre quadrature over ε, from f and f′ alone: 256 panels of 12 nodes,
    cut where z = 0, the corner of |z| and the jump of the step. g is E[f ε]/σ, which asks for no derivative of f."""
    noise, weights = _nodes(-theta / sigma)

    def mean(values: Floats) -> Floats:
        return np.asarray(weights @ values)

    z, score = theta + sigma * noise, noise / sigma
    f, slope = function(name, z), derivative(name, z)
    g, pathwise, baseline = mean(f * score), mean(slope), mean(f * noise**2)
    return Exact(
        value=mean(f),
        derivative=g,
        pathwise_mean=pathwise,
        pathwise_variance=mean((slope - pathwise) ** 2),
        score_variance=mean((f * score - g) ** 2),
        baselined_variance=mean(((f - baseline) * score - g) ** 2),
        baseline=baseline,
    )


def difference(one: Exact, other: Exact, sigma: float) -> float:
    """The largest relative difference of two answers for one θ. Means are compared on the scale of the score function's
    root mean square, √A/σ, for they may be 0; variances on their own, or on 1e-12 of its square where they are less."""
    square = float(other.score_variance + other.derivative**2)  # A/σ²
    root = math.sqrt(square)
    scales = Exact(
        value=np.asarray(sigma * root),
        derivative=np.asarray(root),
        pathwise_mean=np.maximum(root, np.abs(other.pathwise_mean)),
        pathwise_variance=np.maximum(other.pathwise_variance, 1e-12 * square),
        score_variance=other.score_variance,
        baselined_variance=np.maximum(other.baselined_variance, 1e-12 * square),
        baseline=np.asarray(sigma * root),
    )
    pairs = zip(one, other, scales, strict=True)
    return max(float(np.abs(a - b) / np.maximum(scale, LEAST)) for a, b, scale in pairs)


def _nodes(cut: float) -> tuple[Floats, Floats]:
    edges = np.linspace(-REACH, REACH, PANELS + 1)
    if abs(cut) < REACH:
        edges = np.sort(np.append(edges, cut))
    points, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    noise = (middle + half * points).ravel()
    return noise, (half * weights).ravel() * np.exp(-0.5 * noise**2) / math.sqrt(2 * math.pi)


class _Moments(NamedTuple):
    """E[f], dE[f]/dθ, E[f′], Var[f′], B = E[fε²], A = E[f²ε²], and A - B² where it keeps its digits."""

    value: Floats
    derivative: Floats
    slope: Floats
    slope_variance: Floats
    weighted: Floats
    weighted_square: Floats
    centred: Floats


def _line(t: Floats, s: float) -> _Moments:
    one = np.ones_like(t)
    return _Moments(t, one, one, 0 * one, t, t**2 + 3 * s**2, 3 * s**2 * one)


def _square(t: Floats, s: float) -> _Moments:
    return _Moments(
        value=t**2 + s**2,
        derivative=2 * t,
        slope=2 * t,
        slope_variance=4 * s**2 * np.ones_like(t),
        weighted=t**2 + 3 * s**2,
        weighted_square=t**4 + 18 * t**2 * s**2 + 15 * s**4,
        centred=12 * t**2 * s**2 + 6 * s**4,
    )


def _cube(t: Floats, s: float) -> _Moments:
    slope = 3 * (t**2 + s**2)
    return _Moments(
        value=t**3 + 3 * t * s**2,
        derivative=slope,
        slope=slope,
        slope_variance=36 * t**2 * s**2 + 18 * s**4,
        weighted=t**3 + 9 * t * s**2,
        weighted_square=t**6 + 45 * t**4 * s**2 + 225 * t**2 * s**4 + 105 * s**6,
        centred=27 * t**4 * s**2 + 144 * t**2 * s**4 + 105 * s**6,
    )


def _sine(t: Floats, s: float) -> _Moments:
    """E[e^{iz}] = e^{iθ - σ²/2}, and sin² = ½ - ½ cos 2z."""
    one, two = math.exp(-0.5 * s**2), math.exp(-2 * s**2)
    slope, weighted = one * np.cos(t), (1 - s**2) * one * np.sin(t)
    square = 0.5 * (1 - (1 - 4 * s**2) * two * np.cos(2 * t))
    lost = -math.expm1(-(s**2))
    variance = 0.5 * lost * (lost + 2 * (1 - lost) * np.sin(t) ** 2)  # Var[cos z], without a difference of 1 and 1
    return _Moments(one * np.sin(t), slope, slope, variance, weighted, square, square - weighted**2)


def _absolute(t: Floats, s: float) -> _Moments:
    """f″ = 2δ(z), so σ²E[f″] = 2σ φ(θ/σ)."""
    u = t / (s * math.sqrt(2))
    slope, bell = _erf(u), s * math.sqrt(2 / math.pi) * np.exp(-(u**2))
    weighted, square = t * slope + 2 * bell, t**2 + 3 * s**2
    variance = _erfc(np.abs(u)) * (1 + _erf(np.abs(u)))
    return _Moments(t * slope + bell, slope, slope, variance, weighted, square, square - weighted**2)


def _bell(t: Floats, s: float) -> _Moments:
    """e^{-cz²} N(z; θ, σ²) = Z N(z; m, v) with m = θ/(1 + 2cσ²), v = σ²/(1 + 2cσ²): c = 1 for f, 2 for f²."""
    (z1, m1, v1), (z2, m2, v2) = _tilted(t, s, 1), _tilted(t, s, 2)
    slope = -2 * z1 * m1
    weighted, square = z1 * ((m1 - t) ** 2 + v1) / s**2, z2 * ((m2 - t) ** 2 + v2) / s**2
    variance = 4 * z2 * (m2**2 + v2) - slope**2
    return _Moments(z1, slope, slope, variance, weighted, square, square - weighted**2)


def _tilted(t: Floats, s: float, c: int) -> tuple[Floats, Floats, float]:
    scale = 1 + 2 * c * s**2
    return np.exp(-c * t**2 / scale) / math.sqrt(scale), t / scale, s**2 / scale


def _step(t: Floats, s: float) -> _Moments:
    """E[f] = Φ(θ/σ), E[fε²] = Φ(u) - uφ(u); E[f′] = 0, which is not the derivative φ(u)/σ."""
    u, nothing = t / s, np.zeros_like(t)
    bell = np.exp(-0.5 * u**2) / math.sqrt(2 * math.pi)
    below = 0.5 * _erfc(-u / math.sqrt(2))
    weighted = below - u * bell
    # Of the two sides of the step; the other is 1 less this.
    small = 0.5 * _erfc(np.abs(u) / math.sqrt(2)) + np.abs(u) * bell
    return _Moments(below, bell / s, nothing, nothing, weighted, weighted, small * (1 - small))


_Form = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Callable[[Floats, float], _Moments]]
_FORMS: Final[Mapping[Function, _Form]] = MappingProxyType(
    {
        "z²": (np.square, lambda z: 2 * z, _square),
        "z": (np.array, np.ones_like, _line),
        "z³": (lambda z: z * z * z, lambda z: 3 * z * z, _cube),
        "sin z": (np.sin, np.cos, _sine),
        "|z|": (np.abs, np.sign, _absolute),
        "exp(−z²)": (lambda z: np.exp(-z * z), lambda z: -2 * z * np.exp(-z * z), _bell),
        "step": (lambda z: np.where(z > 0, 1.0, 0.0), np.zeros_like, _step),
    }
)
