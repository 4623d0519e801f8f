"""The evidence lower bound of two small latent models whose log p(x) is known, and ways up it. In nats.

x = b + wz + az² + ε, z ~ N(0, 1), ε ~ N(0, σ²), and q(z) = N(m, s²). With a = 0 the model is linear-Gaussian
(probabilistic PCA of one dimension: Tipping & Bishop 1999) and everything is closed form; with w = 0 its posterior has
two modes where x - b is large. For every q, log p(x) = ELBO + KL(q ‖ p(z|x)), and
ELBO = E_q[log p(x|z)] - KL(q ‖ p(z)) (Kingma & Welling 2014).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from guiapp.theory.divergence import Estimate
from guiapp.theory.elbo import log_mean_exp
from guiapp.theory.gaussian import HALF_LOG_2_PI, kl, kl_standard_each, log_density

Floats = npt.NDArray[np.float64]
REACH, NODES = 12.0, 9601  # of the trapezoid rule over z, .0025 apart: smooth peaks wider than that to all digits
TAIL, TAIL_NODES = 12.0, 481  # the same under q, in units of s
CHAIN: Final = (1, 5, 10, 50, 100, 500, 1000)  # each K divides the next


class Terms(NamedTuple):
    """E_q[log p(x|z)] and KL(q ‖ p(z)); each of the shape of m and s."""

    reconstruction: Floats
    kl: Floats

    @property
    def elbo(self) -> Floats:
        return self.reconstruction - self.kl

    def weighted(self, beta: float) -> Floats:
        """E_q[log p(x|z)] - β KL(q ‖ p(z)), what a β-VAE maximises (Higgins et al. 2017); a bound for β ≥ 1."""
        return self.reconstruction - beta * self.kl


@dataclass(frozen=True)
class Model:
    """x = b + wz + az² + ε with ε ~ N(0, σ²), seen at one x."""

    x: float
    w: float
    a: float
    b: float
    sigma: float

    def log_likelihood(self, z: npt.ArrayLike) -> Floats:
        """log p(x|z); of the shape of z."""
        z = np.asarray(z, float)
        residual = (self.x - self.b - z * (self.w + self.a * z)) / self.sigma
        return -0.5 * residual * residual - (math.log(self.sigma) + HALF_LOG_2_PI)

    def log_joint(self, z: npt.ArrayLike) -> Floats:
        """log p(x, z); of the shape of z."""
        z = np.asarray(z, float)
        return np.asarray(self.log_likelihood(z) - 0.5 * z * z - HALF_LOG_2_PI)

    def evidence_by_quadrature(self) -> float:
        """log ∫ p(x|z) p(z) dz by the trapezoid rule on [-REACH, REACH], which converges faster than any power where
        the integrand dies away: good to 1e-12 while the posterior lies inside and is wider than .005."""
        z = np.linspace(-REACH, REACH, NODES)
        joint = self.log_joint(z)
        top = float(joint.max())
        return top + math.log(float(np.exp(joint - top).sum()) * (z[1] - z[0]))

    def evidence(self) -> float:
        """log p(x): log N(x; b, w² + σ²) where a = 0, else by quadrature."""
        if self.a:
            return self.evidence_by_quadrature()
        return float(log_density(self.x, self.b, math.hypot(self.w, self.sigma)))

    def gaussian_posterior(self, beta: float = 1.0) -> tuple[float, float]:
        """Mean w(x-b)/(w² + βσ²) and deviation √(βσ²/(w² + βσ²)) of the Gaussian that is best at this β where a = 0:
        the true posterior at β = 1 (Bishop 2006, eq. 12.42); β acts as a factor of σ²."""
        total = self.w**2 + beta * self.sigma**2
        return self.w * (self.x - self.b) / total, math.sqrt(beta / total) * self.sigma

    def terms(self, m: npt.ArrayLike, s: npt.ArrayLike) -> Terms:
        """The two terms of the bound at q = N(m, s²), closed form; m and s broadcast.

        With r = x - b - wz - az² and z = m + sε: r = r₀ + r₁ε + r₂ε², E[r²] = r₀² + r₁² + 3r₂² + 2r₀r₂.
        """
        m, s = np.asarray(m, float), np.asarray(s, float)
        r0 = self.x - self.b - m * (self.w + self.a * m)
        r1, r2 = (self.w + 2 * self.a * m) * s, -self.a * s * s
        squared = r0 * r0 + r1 * r1 + 3 * r2 * r2 + 2 * r0 * r2
        constant = math.log(self.sigma) + HALF_LOG_2_PI
        return Terms(-0.5 * squared / self.sigma**2 - constant, np.asarray(kl_standard_each(m, 2 * np.log(s))))

    def gap(self, m: float, s: float, evidence: float) -> float:
        """KL(q ‖ p(z|x)) by itself, not as a difference to the bound: between two Gaussians where a = 0, else by the
        trapezoid rule under q of log q(z) - log p(z|x), with log p(z|x) = log p(x, z) - `evidence`."""
        if not self.a:
            return float(kl(m, s, *self.gaussian_posterior()))
        return self.gap_by_quadrature(m, s, evidence)

    def gap_by_quadrature(self, m: float, s: float, evidence: float) -> float:
        """`gap` by quadrature for every model."""
        z, weights = nodes(m, s)
        return float(weights @ (log_density(z, m, s) - (self.log_joint(z) - evidence)))

    def slope(self, m: float, s: float, beta: float) -> Floats:
        """Derivatives (2,) of the weighted bound by m and by log s."""
        g, r0, u = self.w + 2 * self.a * m, self.x - self.b - m * (self.w + self.a * m), s * s
        by_m = 2 * g * (3 * self.a * u - r0)
        by_log_s = 2 * u * (g * g + 6 * self.a**2 * u - 2 * self.a * r0)
        half = 0.5 / self.sigma**2
        return np.array([-half * by_m - beta * m, -half * by_log_s - beta * (u - 1)])

    def best_mean(self, m: float, s: float, beta: float) -> float:
        """The m that maximises the weighted bound at this s: the best root of its derivative, a cubic in m; of two that
        are equally good the nearer one."""
        w, a, shift = self.w, self.a, 3 * self.a * s * s - (self.x - self.b)
        linear = w * w + 2 * a * shift + beta * self.sigma**2
        roots = np.roots([2 * a * a, 3 * a * w, linear, w * shift])
        found = roots.real[np.abs(roots.imag) < 1e-9]
        heights = self.terms(found, s).weighted(beta)
        best = found[heights > heights.max() - 1e-9 * max(1.0, abs(heights.max()))]
        return float(best[np.argmin(np.abs(best - m))])

    def best_deviation(self, m: float, beta: float) -> float:
        """The s that maximises the weighted bound at this m: 6a²u² + (g² - 2ar₀ + βσ²)u - βσ² = 0 in u = s², with
        g = w + 2am; one root is positive."""
        g, r0, noise = self.w + 2 * self.a * m, self.x - self.b - m * (self.w + self.a * m), beta * self.sigma**2
        linear = g * g - 2 * self.a * r0 + noise
        root = math.sqrt(linear * linear + 24 * self.a**2 * noise)
        if linear > 0:
            return math.sqrt(2 * noise / (linear + root))
        return math.sqrt((root - linear) / (12 * self.a**2))


def nodes(m: float, s: float) -> tuple[Floats, Floats]:
    """Nodes z and weights, both (TAIL_NODES,), with Σ wᵢ f(zᵢ) = E[f(z)], z ~ N(m, s²), for smooth f."""
    t = np.linspace(-TAIL, TAIL, TAIL_NODES)
    weights = np.exp(-0.5 * t * t)
    return m + s * t, weights / weights.sum()


def gradient_ascent(model: Model, m: float, s: float, beta: float, steps: int) -> Iterator[tuple[float, float]]:
    """The points (m, s) of `steps` steps of gradient ascent on (m, log s), each as long as lets the bound rise by a
    third of what the slope promises (Armijo 1966); ends early where the slope is flat."""
    rate, at = 0.5, np.array([m, math.log(s)])
    here = float(model.terms(m, s).weighted(beta))
    for _ in range(steps):
        slope = model.slope(float(at[0]), math.exp(at[1]), beta)
        steepness = float(slope @ slope)
        if steepness < 1e-12:
            return
        rate = min(2 * rate, 0.5, 0.5 / math.sqrt(steepness))
        while rate > 1e-15:
            to = at + rate * slope
            there = float(model.terms(to[0], math.exp(to[1])).weighted(beta))
            if there >= here + rate * steepness / 3:
                break
            rate /= 2
        else:
            return
        at, here = to, there
        yield float(at[0]), math.exp(at[1])


def coordinate_ascent(model: Model, m: float, s: float, beta: float, steps: int) -> Iterator[tuple[float, float]]:
    """The points (m, s) of `steps` steps that set m, then s, in turn to what is best for the other; ends early where
    neither moves."""
    for _ in range(steps // 2):
        before = (m, s)
        m = model.best_mean(m, s, beta)
        yield m, s
        s = model.best_deviation(m, beta)
        yield m, s
        if math.dist(before, (m, s)) < 1e-9:
            return


def weighted_bounds(model: Model, m: float, s: float, noise: Floats) -> tuple[Estimate, ...]:
    """L_K = E[log (1/K) Σ_k p(x, z_k)/q(z_k)], z_k ~ q, for each K of CHAIN, with standard errors (Burda, Grosse &
    Salakhutdinov 2016). `noise` (N,), standard normal, N a multiple of the last K and at least twice it.

    Every L_K is the mean over all N/K groups of the same draws, each group made of groups of the K before; so by
    Jensen's inequality L_1 ≤ L_5 ≤ ... holds in every sample, not only in expectation.
    """
    z = m + s * noise
    logs = model.log_joint(z) + (0.5 * noise * noise + (math.log(s) + HALF_LOG_2_PI))
    found = [_mean(logs)]
    for fewer, more in pairwise(CHAIN):
        logs = np.asarray(log_mean_exp(logs.reshape(-1, more // fewer).T))
        found.append(_mean(logs))
    return tuple(found)


def _mean(values: Floats) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))
