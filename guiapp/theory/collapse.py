"""How much a code tells of the data: active units, mutual information, and the aggregate posterior against the prior.

For N data, q(z) = (1/N) Σ_n q(z|x_n) is a finite mixture, q(z|x_n) = N(μ_n, diag σ_n²). The mean KL splits exactly
(Hoffman & Johnson 2016, "ELBO surgery"):

    (1/N) Σ_n KL(q(z|x_n) ‖ p(z)) = I(x; z) + KL(q(z) ‖ p(z)),   0 ≤ I ≤ log N.

All in nats. Arguments are numpy arrays or torch tensors; float64 is advised where deviations are small.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

from array_api_compat import array_namespace

from guiapp.theory.arrays import Array
from guiapp.theory.elbo import Schedule
from guiapp.theory.gaussian import HALF_LOG_2_PI

ACTIVE_VARIANCE: Final = 0.01  # of the posterior means over the data; Burda, Grosse & Salakhutdinov 2016, section 5
COLLAPSED_KL: Final = 0.01  # nats; the mean KL of a dimension with μ = 0.14 for all data, or σ = 0.93
EARLY_STEPS: Final = 500  # no verdict before
VERDICTS: Final = ("collapsed", "in between", "active")
REACH = 5.0  # posterior deviations beyond the means that the grid of the marginals covers
NOTHING = -80.0  # of a logarithm: e⁻⁸⁰ adds nothing to 1, and e⁻⁷²⁰, not a normal number, takes thirty times as long
LEAST_WIDTH = 0.5  # grid spacings a component's deviation has at least: narrower ones would fall between the points

Verdict = Literal["collapsed", "in between", "active"]


class Information(NamedTuple):
    """I(x; z), its standard error, and its ceiling log N; nats."""

    value: Array
    error: Array
    ceiling: float


def variance_of_means(mean: Array) -> Array:
    """Var_x(E_q[z_i|x]) over the data, divisor N - 1; (N, Z) -> (Z,), N ≥ 2. Burda et al. 2016.

    Of the divisor N it is at most 2·KL_i, for KL_i ≥ ½ μ_i² at every datum.

    Raises:
        ValueError: fewer than two data.
    """
    if mean.shape[0] < 2:
        raise ValueError(f"A variance over the data needs at least two of them; there are {mean.shape[0]}.")
    xp = array_namespace(mean)
    return xp.var(mean, axis=0, correction=1)


def active(mean: Array) -> Array:
    """Which dimensions are active units: `variance_of_means` above 0.01; (N, Z) -> (Z,) of truth values."""
    return variance_of_means(mean) > ACTIVE_VARIANCE


def verdicts(kl: Array, variance: Array) -> Array:
    """For each dimension an index into `VERDICTS`, from KL_i (Z,) and the variance of its means (Z,) -> (Z,).

    collapsed: both below their thresholds. active: neither. in between: a KL is paid for what is the same for all data
    (free bits do that), or, in the narrow band that `variance_of_means` leaves, the other way round; and what is NaN.
    """
    xp = array_namespace(kl, variance)
    pays, tells = kl >= COLLAPSED_KL, variance > ACTIVE_VARIANCE
    none = (kl < COLLAPSED_KL) & (variance <= ACTIVE_VARIANCE)
    return xp.where(pays & tells, 2, xp.where(none, 0, 1))


def early(step: int, schedule: Schedule, warmup: int) -> int:
    """The step before which a verdict after step `step` would be premature, or 0: the first 500 steps, in which
    dimensions that lie at the prior at first come to life, and the (first) rise of a scheduled β."""
    rise = {"constant": 0, "linear": warmup, "cyclical": math.ceil(warmup / 2)}[schedule]
    until = max(EARLY_STEPS, rise)
    return until if step < until else 0


def log_aggregate(z: Array, mean: Array, log_var: Array) -> Array:
    """log q(z) = log (1/N) Σ_n N(z; μ_n, diag σ_n²); (M, Z), (N, Z), (N, Z) -> (M,).

    The squares are multiplied out into two matrix products, M·N·Z in all: in float64 that costs nothing that shows,
    unless a deviation is below 10⁻⁶ of a mean.
    """
    xp = array_namespace(z)
    precision = xp.exp(-log_var)  # (N, Z)
    constant = xp.sum(mean * mean * precision + log_var, axis=-1) + 2 * HALF_LOG_2_PI * z.shape[-1]  # (N,)
    distance = (z * z) @ precision.T - 2 * (z @ (mean * precision).T) + constant  # (M, N)
    logs = -0.5 * distance
    largest = xp.max(logs, axis=-1)
    total = xp.sum(xp.exp(xp.clip(logs - largest[:, None], min=NOTHING)), axis=-1)
    return largest + xp.log(total) - math.log(mean.shape[0])


def mutual_information(mean: Array, log_var: Array, noise: Array) -> Information:
    """I(x; z) = (1/N) Σ_n E_{q(z|x_n)}[log q(z|x_n) - log q(z)] from draws z = μ_n + σ_n ε of every datum.

    Unbiased for these N data. Each term is at most log N, is log N where the posteriors do not overlap and 0 where they
    are one: the error vanishes at both ends. It is that of the draws alone, taken within each datum; other data would
    give another value.

    Shapes: mean (N, Z), log_var (N, Z), noise ε (S, N, Z), S ≥ 2.

    Raises:
        ValueError: fewer than two draws a datum.
    """
    draws, count, size = noise.shape
    if draws < 2:
        raise ValueError(f"A standard error needs at least two draws of each datum; there is {draws}.")
    xp = array_namespace(mean)
    z = mean + xp.exp(0.5 * log_var) * noise  # (S, N, Z)
    own = -0.5 * xp.sum(noise * noise + log_var, axis=-1) - HALF_LOG_2_PI * size  # (S, N)
    terms = own - xp.reshape(log_aggregate(xp.reshape(z, (draws * count, size)), mean, log_var), (draws, count))
    within = xp.mean(xp.var(terms, axis=0, correction=1))
    return Information(xp.mean(terms), xp.sqrt(within / (draws * count)), math.log(count))


def marginal_kl(mean: Array, log_var: Array, points: int = 96) -> Array:
    """KL(q(z_i) ‖ p(z_i)) of the aggregate in every dimension by itself, (N, Z), (N, Z) -> (Z,); nats.

    The trapezoidal rule on `points` places that cover each dimension's q(z_i), whose components are not narrower than
    half of their spacing: a posterior thinner than that (σ < 0.05, say) counts as that wide.
    """
    xp = array_namespace(mean)
    std = xp.exp(0.5 * log_var)
    low, high = xp.min(mean - REACH * std, axis=0), xp.max(mean + REACH * std, axis=0)  # (Z,)
    spacing = (high - low) / (points - 1)
    steps = xp.arange(points, dtype=mean.dtype)
    z = low + steps[:, None] * spacing  # (G, Z)
    std = xp.maximum(std, LEAST_WIDTH * spacing)
    scaled = (z[:, None, :] - mean) * (math.sqrt(0.5) / std)  # (G, N, Z)
    each = xp.exp(-xp.clip(scaled * scaled, max=-NOTHING))
    density = xp.sum(each * (math.exp(-HALF_LOG_2_PI) / (mean.shape[0] * std)), axis=1)  # (G, Z)
    ratio = xp.log(xp.where(density > 0, density, 1.0)) + 0.5 * z * z + HALF_LOG_2_PI
    return xp.sum(density * ratio, axis=0) * spacing
