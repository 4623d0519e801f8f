"""Monte Carlo estimates of p(x) in a linear-Gaussian model whose log p(x) is known, as its dimension d grows.

x = z + σε with z ~ N(0, I), ε ~ N(0, I), both d-dimensional: probabilistic PCA (Tipping & Bishop 1999) with W
orthogonal; a rotation, W = U, and coordinates of x that W does not reach, change no ratio below. Seen is an x whose d
coordinates are all c·√(1 + σ²): by the symmetry of the model nothing but the length of x counts, and c = 1 is typical.

p̂(x) = (1/K) Σ_k w_k, w = p(x, z)/q(z), z ~ q(z) ∝ p(z) p(x|z)^g. At g = 0, q is the prior and w = p(x|z): plain Monte
Carlo. At g = 1, q is the true posterior and every w is p(x). p̂ is unbiased for every g; log p̂ is biased low (Jensen).

With F(t) = log ∫ p(z) p(x|z)^t dz the squared mean of w is e^{2F(1)}, its mean square e^{F(g) + F(2-g)}: finite up to
g = 2, the same at g and 2 - g, and exponential in d, for F is a sum over the d coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from guiapp.theory.gaussian import HALF_LOG_2_PI

Floats = npt.NDArray[np.float64]
MOST_DIMENSIONS: Final = 50


class Proposal(NamedTuple):
    """q of one coordinate: N(mean, deviation²)."""

    mean: float
    deviation: float


class Line(NamedTuple):
    """log w - log p(x) of one coordinate is constant + by_noise·ε + by_square·ε², where z = mean + deviation·ε."""

    constant: float
    by_noise: float
    by_square: float


@dataclass(frozen=True)
class Model:
    """One coordinate of the model, σ = `noise` > 0, seen at x = c·√(1 + σ²), c = `size`."""

    noise: float
    size: float

    @property
    def x(self) -> float:
        return self.size * math.hypot(1.0, self.noise)

    @property
    def evidence(self) -> float:
        """log p(x) of one coordinate, log N(x; 0, 1 + σ²), in nats."""
        return -0.5 * self.size**2 - math.log(math.hypot(1.0, self.noise)) - HALF_LOG_2_PI

    def proposal(self, g: float) -> Proposal:
        """q ∝ p(z) p(x|z)^g, 0 ≤ g ≤ 2."""
        precision = 1 + g / self.noise**2
        return Proposal(g * self.x / self.noise**2 / precision, 1 / math.sqrt(precision))

    def line(self, g: float) -> Line:
        """How log w hangs on the noise ε of the draw."""
        m, s = self.proposal(g)
        r0, r1 = (self.x - m) / self.noise, s / self.noise
        constant = -0.5 * (r0 * r0 + m * m) + math.log(s / self.noise) - HALF_LOG_2_PI - self.evidence
        return Line(constant, r0 * r1 - m * s, 0.5 * (1 - r1 * r1 - s * s))

    def log_power(self, t: float) -> float:
        """F(t) = log ∫ p(z) p(x|z)^t dz of one coordinate; it takes t > -σ²."""
        scale = 1 + t / self.noise**2
        fit = t * (self.x / self.noise) ** 2 / scale
        return -t * (math.log(self.noise) + HALF_LOG_2_PI) - 0.5 * (math.log(scale) + fit)

    def growth(self, g: float) -> float:
        """log(E[w²]/E[w]²) of one coordinate; d of them add up."""
        return max(0.0, self.log_power(g) + self.log_power(2 - g) - 2 * self.log_power(1.0))

    def gap(self, g: float) -> float:
        """log p(x) - E[log w] of one coordinate: KL(q ‖ p(z|x)), and how far log p̂ is too low on average at K = 1."""
        line = self.line(g)
        return -(line.constant + line.by_square)


@dataclass(frozen=True, eq=False)
class Noise:
    """Sums over the first d coordinates, row d - 1, of ε and ε², (D, N): with them a draw of log w in any dimension is
    a line of three terms, whatever the model and q are."""

    first: Floats
    second: Floats


class Estimates(NamedTuple):
    """By dimension (C,): mean, 10 % and 90 % points of log p̂ - log p(x) over the groups of K draws, the standard error
    of that mean, and the mean effective sample size (Σw)²/Σw² of a group, from 1 to K."""

    mean: Floats
    low: Floats
    high: Floats
    error: Floats
    effective: Floats


def noise(seed: int, count: int, dimensions: int = MOST_DIMENSIONS) -> Noise:
    """`count` draws of ε in so many dimensions."""
    drawn = np.random.default_rng((seed, count)).standard_normal((dimensions, count))
    return Noise(drawn.cumsum(axis=0), np.square(drawn, out=drawn).cumsum(axis=0))


def log_weights(model: Model, g: float, drawn: Noise, dimensions: npt.NDArray[np.intp]) -> Floats:
    """log w - log p(x) of every draw in each of `dimensions` (C,): (C, N)."""
    line, rows = model.line(g), dimensions - 1
    logs = drawn.second[rows]
    logs *= line.by_square
    logs += line.by_noise * drawn.first[rows]
    logs += line.constant * dimensions[:, None]
    return logs


def estimates(logs: Floats, k: int) -> Estimates:
    """What groups of `k` draws give, of `logs` (C, N), 1 ≤ k ≤ N/2; draws that fill no group are left out."""
    groups = logs.shape[1] // k
    grouped = logs[:, : groups * k].reshape(len(logs), groups, k)
    top = grouped.max(axis=2)
    weights = np.exp(grouped - top[:, :, None])
    total = weights.sum(axis=2)
    effective = total * total / np.einsum("cgk,cgk->cg", weights, weights)
    found = top + np.log(total) - math.log(k)
    low, high = np.quantile(found, (0.1, 0.9), axis=1)
    error = found.std(axis=1, ddof=1) / math.sqrt(groups)
    return Estimates(found.mean(axis=1), low, high, error, effective.mean(axis=1))


def log_evidence(x: Floats, w: Floats, sigma: float) -> float:
    """log N(x; 0, WWᵀ + σ²I) for x (D,) and any W (D, d), through a Cholesky factor; in nats.

    Raises:
        numpy.linalg.LinAlgError: the covariance is not positive definite.
    """
    lower = np.linalg.cholesky(w @ w.T + sigma**2 * np.eye(len(x)))
    white = np.linalg.solve(lower, x)
    return float(-0.5 * white @ white - np.log(np.diag(lower)).sum() - len(x) * HALF_LOG_2_PI)
