"""How far p = N(μ₁, σ₁²) is from q = N(μ₂, σ₂²), by the measures that have a closed form; numpy, arguments broadcast.

Conventions: BC = ∫ √(pq) dx; H² = 1 - BC = ½ ∫ (√p - √q)² dx, so H ≤ 1; TV = ½ ∫ |p - q| dx, so TV ≤ 1; and
D_α = (1 - ∫ p^α q^(1-α) dx)/(α(1-α)) (Amari's α-divergence with α for his (1 - α)/2; Minka 2005), which is KL(p‖q) at
α = 1, KL(q‖p) at α = 0 and 4H² at α = ½. The KL is in `gaussian`, the Jensen-Shannon divergence in `divergence`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from guiapp.theory.divergence import log_ratio
from guiapp.theory.gaussian import kl, log_density

Floats = npt.NDArray[np.float64]
Number = float | Floats
_ERF: Final = np.vectorize(math.erf, otypes=[float])
WITNESS_REACH, WITNESS_STEP, WITNESS_NODES = 12.0, 0.05, 6  # of `nodes`: σ, σ, in a panel


def alpha_divergence(mu1: Number, sigma1: Number, mu2: Number, sigma2: Number, alpha: float) -> Floats:
    """D_α(p‖q) for α in [0, 1]; no unit, between 0 and 1/(α(1-α)).

    With r = log(σ₂/σ₁) and s² = (1-α)σ₁² + ασ₂² it is -expm1(αg)/(α(1-α)), αg = log ∫ p^α q^(1-α) dx =
    αr - ½ log(1 + α(e²ʳ - 1)) - α(1-α)(μ₁ - μ₂)²/(2s²). Every term is small with α and exact to rounding, and α > ½ is
    brought below by D_α(p‖q) = D_(1-α)(q‖p), so that both ends are reached without a jump.

    Raises:
        ValueError: α outside of [0, 1].
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"α is between 0 and 1, not {alpha:g}.")
    if alpha > 0.5:
        mu1, sigma1, mu2, sigma2, alpha = mu2, sigma2, mu1, sigma1, 1 - alpha
    if alpha < 1e-300:
        return np.asarray(kl(mu2, sigma2, mu1, sigma1), np.float64)
    mu1, sigma1, mu2, sigma2 = (np.asarray(value, np.float64) for value in (mu1, sigma1, mu2, sigma2))
    r = np.log(sigma2 / sigma1)
    shift = (mu1 - mu2) / sigma1
    spread = np.expm1(2 * r)
    exponent = alpha * r - 0.5 * np.log1p(alpha * spread)
    exponent = exponent - alpha * (1 - alpha) * shift * shift / (2 * (1 + alpha * spread))
    return np.asarray(-np.expm1(exponent) / alpha / (1 - alpha) + 0.0)


def squared_hellinger(mu1: Number, sigma1: Number, mu2: Number, sigma2: Number) -> Floats:
    """H²(p, q) = 1 - √(2σ₁σ₂/(σ₁² + σ₂²)) exp(-(μ₁ - μ₂)²/(4(σ₁² + σ₂²))), between 0 and 1, without a unit.

    Its square root H is a metric. As D_½/4 it keeps its digits for two nearly equal Gaussians.
    """
    return np.asarray(np.maximum(alpha_divergence(mu1, sigma1, mu2, sigma2, 0.5), 0.0) / 4)


def wasserstein(mu1: Number, sigma1: Number, mu2: Number, sigma2: Number) -> Floats:
    """W₂(p, q) = √((μ₁ - μ₂)² + (σ₁ - σ₂)²), in units of x. Olkin & Pukelsheim 1982."""
    return np.asarray(np.hypot(np.subtract(mu1, mu2), np.subtract(sigma1, sigma2)), np.float64)


def total_variation(mu1: Number, sigma1: Number, mu2: Number, sigma2: Number) -> Floats:
    """TV(p, q) = ½ ∫ |p - q| dx = |P(A) - Q(A)|, A between the two points where p = q (one of them is infinitely far
    where σ₁ = σ₂); between 0 and 1, without a unit. Absolute error some 1e-16.

    At x = μ₁ + σ₁z the log-ratio is c₀ + c₁z + c₂z²; its roots are taken without a difference of nearly equal numbers.
    """
    mu1, sigma1, mu2, sigma2 = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (mu1, sigma1, mu2, sigma2)))
    log_scale, shift, scale = np.log(sigma1 / sigma2), (mu1 - mu2) / sigma2, sigma1 / sigma2
    c0, c1, c2 = 0.5 * shift * shift - log_scale, shift * scale, 0.5 * np.expm1(2 * log_scale)
    pivot = -0.5 * (c1 + np.copysign(np.sqrt(np.maximum(c1 * c1 - 4 * c0 * c2, 0.0)), c1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([pivot / c2, c0 / pivot])
    p = _below(ends)
    q = _below(shift + scale * ends)
    between = np.abs((p[1] - p[0]) - (q[1] - q[0]))
    return np.asarray(np.where(pivot == 0, 0.0, np.minimum(between, 1.0)))


def nodes(mu1: float, sigma1: float, mu2: float, sigma2: float) -> tuple[Floats, Floats]:
    """Points and weights (P,) of a quadrature over both Gaussians out to 12 σ: composite Gauss-Legendre, 6 nodes in
    panels of 0.05 σ of either. For the witnesses below; it knows nothing of where p = q."""
    steps = np.arange(-WITNESS_REACH, WITNESS_REACH + WITNESS_STEP / 2, WITNESS_STEP)
    edges = np.unique(np.concatenate([mu1 + sigma1 * steps, mu2 + sigma2 * steps]))
    points, weights = np.polynomial.legendre.leggauss(WITNESS_NODES)
    half = 0.5 * np.diff(edges)[:, None]
    return ((edges[:-1, None] + half) + half * points).ravel(), (half * weights).ravel()


def by_quadrature(mu1: float, sigma1: float, mu2: float, sigma2: float, alpha: float) -> dict[str, float]:
    """The integrals that define `forward`, `reverse`, `alpha`, `js`, `hellinger2`, `variation`, and `wasserstein` from
    the quantiles, each as a witness of its closed form: none of these is used here."""
    x, weights = nodes(mu1, sigma1, mu2, sigma2)
    log_p, log_q = log_density(x, mu1, sigma1), log_density(x, mu2, sigma2)
    p, q = np.exp(log_p), np.exp(log_q)
    t = log_ratio(x, mu1, sigma1, mu2, sigma2)
    middle = np.logaddexp(log_p, log_q) - math.log(2)
    mixed = np.exp(alpha * log_p + (1 - alpha) * log_q)
    density = {
        "forward": p * t,
        "reverse": -q * t,
        "js": 0.5 * (p * (log_p - middle) + q * (log_q - middle)),
        "hellinger2": 0.5 * (np.exp(0.5 * log_p) - np.exp(0.5 * log_q)) ** 2,
        "variation": 0.5 * np.abs(p - q),
    }
    if 0 < alpha < 1:  # αp + (1-α)q integrates to 1, and the difference is small where p and q agree
        density["alpha"] = (alpha * p + (1 - alpha) * q - mixed) / (alpha * (1 - alpha))
    else:
        density["alpha"] = p * t if alpha == 1 else -q * t
    found = {name: float(weights @ values) for name, values in density.items()}
    found["wasserstein"] = _transported(x, weights, p, q)
    return found


def _transported(x: Floats, weights: Floats, p: Floats, q: Floats) -> float:
    """W₂ from the two distribution functions: √∫ (x - T(x))² p(x) dx, where T(x) is the quantile of q at P(x), found
    from running sums and read off by interpolation; relative error some 1e-3."""
    up_p, up_q = np.cumsum(weights * p) - 0.5 * weights * p, np.cumsum(weights * q) - 0.5 * weights * q
    inside = (up_q > 1e-12) & (up_q < 1 - 1e-12) & (np.diff(up_q, prepend=-1.0) > 0)
    to = np.interp(up_p, up_q[inside], x[inside])
    return float(np.sqrt(weights @ (p * (x - to) ** 2)))


def _below(z: Floats) -> Floats:
    """The standard normal distribution function, Φ(z) = ½(1 + erf(z/√2))."""
    return np.asarray(0.5 * (1 + _ERF(z / math.sqrt(2))))
