"""One Gaussian fitted to a mixture of two: the forward divergence KL(p‖q) and the reverse one KL(q‖p), in nats, their
gradients by (μ, log σ), and the descent.

Forward: the best q has the mean and the variance of p (moment matching), so it covers both modes. Reverse: E_q[log q -
log p] has no closed form; its gradient is that of the reparameterised x = μ + σε, by quadrature over ε. Bishop 2006,
section 10.1.2; Minka 2005.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Direction = Literal["forward", "reverse"]
HALF_LOG_2_PI: Final = 0.5 * math.log(2 * math.pi)
REACH: Final = 8.0  # standard deviations that the quadrature covers
EPS: Final = np.linspace(-REACH, REACH, 257)  # trapezia: the error is greatest where log p bends sharply
WEIGHTS: Final = np.exp(-0.5 * EPS * EPS) / np.exp(-0.5 * EPS * EPS).sum()
RATE: Final = 0.3  # of the natural gradient; halved until the divergence falls
FARTHEST: Final = 0.25  # of one step, in σ and in units of log σ: it would jump over a hill otherwise
ENOUGH: Final = 1e-7  # length of the natural gradient at which the descent is over
LEAST_RATE: Final = 1e-6
for _array in (EPS, WEIGHTS):
    _array.flags.writeable = False


class FitError(ValueError):
    """One sentence: which number makes no density, and why."""


class Mixture(NamedTuple):
    """w N(μ₁, σ₁²) + (1 - w) N(μ₂, σ₂²)."""

    weight: float
    mu1: float
    sigma1: float
    mu2: float
    sigma2: float


class Point(NamedTuple):
    """A Gaussian by its mean and the logarithm of its standard deviation."""

    mu: float
    log_sigma: float


def checked(p: Mixture) -> Mixture:
    """`p`, if it is a density whose logarithm can be computed.

    Raises:
        FitError: a number is not finite or beyond 1e100, σ ≤ 0, or w not strictly between 0 and 1.
    """
    if not 0 < p.weight < 1:
        raise FitError(f"The weight has to lie between 0 and 1, not {p.weight:g}.")
    for name, value in (("σ₁", p.sigma1), ("σ₂", p.sigma2)):
        if not 1e-100 <= value <= 1e100:
            raise FitError(f"{name} has to be above 0, from 1e-100 to 1e100, not {value:g}.")
    for name, value in (("μ₁", p.mu1), ("μ₂", p.mu2)):
        if not abs(value) <= 1e100:
            raise FitError(f"{name} has to be a number from -1e100 to 1e100, not {value:g}.")
    return p


def log_density(p: Mixture, x: npt.ArrayLike) -> Floats:
    """log p(x) in nats, same shape as x."""
    one, two = _logs(p, np.asarray(x, float))
    result: Floats = np.logaddexp(one, two)
    return result


def slope(p: Mixture, x: npt.ArrayLike) -> Floats:
    """d log p / dx, same shape as x."""
    at = np.asarray(x, float)
    one, two = _logs(p, at)
    share = np.exp(one - np.logaddexp(one, two))
    first, second = (p.mu1 - at) / p.sigma1**2, (p.mu2 - at) / p.sigma2**2
    result: Floats = share * first + (1 - share) * second
    return result


def moments(p: Mixture) -> tuple[float, float]:
    """Mean and variance of p; the Gaussian with these minimises KL(p‖q)."""
    other = 1 - p.weight
    variance = p.weight * p.sigma1**2 + other * p.sigma2**2 + p.weight * other * (p.mu1 - p.mu2) ** 2
    return p.weight * p.mu1 + other * p.mu2, variance


def entropy(p: Mixture) -> float:
    """-E_p[log p] in nats, by quadrature over each part."""
    parts = ((p.weight, p.mu1, p.sigma1), (1 - p.weight, p.mu2, p.sigma2))
    return -sum(w * float(WEIGHTS @ log_density(p, mu + sigma * EPS)) for w, mu, sigma in parts)


def divergence(p: Mixture, q: Point, direction: Direction) -> float:
    """KL(p‖q) where `direction` is "forward", KL(q‖p) where it is "reverse"; never negative but for rounding."""
    if direction == "forward":
        mean, variance = moments(p)
        spread = (variance + (mean - q.mu) ** 2) * math.exp(-2 * q.log_sigma)
        return q.log_sigma + HALF_LOG_2_PI + 0.5 * spread - entropy(p)
    return -q.log_sigma - HALF_LOG_2_PI - 0.5 - float(WEIGHTS @ log_density(p, q.mu + math.exp(q.log_sigma) * EPS))


def gradient(p: Mixture, q: Point, direction: Direction) -> tuple[float, float]:
    """The derivatives of `divergence` by μ and by log σ."""
    sigma = math.exp(q.log_sigma)
    if direction == "forward":
        mean, variance = moments(p)
        return (q.mu - mean) / sigma**2, 1 - (variance + (mean - q.mu) ** 2) / sigma**2
    score = slope(p, q.mu + sigma * EPS) * WEIGHTS
    return -float(score.sum()), -1 - sigma * float(score @ EPS)


def descend(p: Mixture, start: Point, direction: Direction, steps: int) -> tuple[Point, ...]:
    """The path of a descent from `start`, at most `steps` long, start included. A step goes along the natural gradient
    (σ² by μ, ½ by log σ: Amari 1998), which is the same in every unit of x; it is at most
    FARTHEST long, and halved until the divergence falls, so the path never rises."""
    checked(p)
    q, path = start, [start]
    height = divergence(p, q, direction)
    for _ in range(steps):
        by_mu, by_log = gradient(p, q, direction)
        down = -math.exp(2 * q.log_sigma) * by_mu, -0.5 * by_log
        length = math.hypot(down[0] * math.exp(-q.log_sigma), down[1])
        if length < ENOUGH:
            break
        rate = min(RATE, FARTHEST / length)
        while rate > LEAST_RATE:
            new = Point(q.mu + rate * down[0], q.log_sigma + rate * down[1])
            below = divergence(p, new, direction)
            if below < height:
                break
            rate *= 0.5
        else:
            break
        q, height = new, below
        path.append(q)
    return tuple(path)


def _logs(p: Mixture, x: Floats) -> tuple[Floats, Floats]:
    """log of w N(x; μ₁, σ₁²) and of (1 - w) N(x; μ₂, σ₂²)."""
    one = math.log(p.weight / p.sigma1) - HALF_LOG_2_PI - 0.5 * ((x - p.mu1) / p.sigma1) ** 2
    two = math.log((1 - p.weight) / p.sigma2) - HALF_LOG_2_PI - 0.5 * ((x - p.mu2) / p.sigma2) ** 2
    return one, two
