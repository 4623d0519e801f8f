"""Gaussians in the plane: their ellipses, and the Kullback-Leibler divergence with the three parts of its formula.

KL(p‖q) = ½ tr(Σ₂⁻¹Σ₁) + ½ (μ₂ - μ₁)ᵀ Σ₂⁻¹ (μ₂ - μ₁) + ½ log(|Σ₂|/|Σ₁|) - d/2 with d = 2, in nats.
Kullback & Leibler 1951; see `guiapp.theory.gaussian.kl_multivariate` for any d.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LARGEST: Final = 1e100  # whose square is still a number
SINGULAR: Final = 1e-12  # least determinant of a map by its sum of squares: below it rounding decides
NODES: Final = 120  # of the quadrature along each axis: an error below 1e-12
REACH: Final = 10.0  # standard deviations that it covers; beyond lies 1e-23 of the mass


class CovarianceError(ValueError):
    """One sentence: which number makes no Gaussian of the plane, and why."""


class PlaneGaussian(NamedTuple):
    """N((x, y), Σ) with Σ = [[sx², ρ sx sy], [ρ sx sy, sy²]]."""

    x: float
    y: float
    sx: float
    sy: float
    rho: float

    @property
    def mean(self) -> Floats:
        """Shape (2,)."""
        return np.array([self.x, self.y])

    @property
    def covariance(self) -> Floats:
        """Shape (2, 2)."""
        cross = self.rho * self.sx * self.sy
        return np.array([[self.sx**2, cross], [cross, self.sy**2]])

    @property
    def rest(self) -> float:
        """Standard deviation of y given x, sy √(1 - ρ²)."""
        return self.sy * math.sqrt((1 - self.rho) * (1 + self.rho))

    @property
    def factor(self) -> Floats:
        """Lower triangular L with Σ = L Lᵀ, shape (2, 2)."""
        return np.array([[self.sx, 0.0], [self.rho * self.sy, self.rest]])


class Parts(NamedTuple):
    """½ tr(Σ₂⁻¹Σ₁), ½ squared Mahalanobis distance of the means under Σ₂, ½ log(|Σ₂|/|Σ₁|), and the KL, which is their
    sum less 1; in nats."""

    trace: float
    distance: float
    log_ratio: float
    kl: float


class Axes(NamedTuple):
    """The ellipse at one standard deviation: half-axis a in the direction `angle` (radians from x), b across it."""

    a: float
    b: float
    angle: float


def checked(g: PlaneGaussian) -> PlaneGaussian:
    """`g`, if it has a density.

    Raises:
        CovarianceError: a number is not finite or too large to be squared, σ ≤ 0, or |ρ| ≥ 1.
    """
    for name, value in zip(("mean of x", "mean of y"), (g.x, g.y), strict=True):
        if not abs(value) <= LARGEST:
            raise CovarianceError(f"The {name} has to be a number from -1e100 to 1e100, not {value:g}.")
    for name, value in zip(("σ of x", "σ of y"), (g.sx, g.sy), strict=True):
        if not 1 / LARGEST <= value <= LARGEST:
            raise CovarianceError(f"The {name} has to be above 0, from 1e-100 to 1e100, not {value:g}.")
    if not abs(g.rho) < 1:
        raise CovarianceError(f"The correlation ρ has to lie between -1 and 1, where Σ is singular, not {g.rho:g}.")
    return g


def parts(p: PlaneGaussian, q: PlaneGaussian) -> Parts:
    """KL(p‖q) and its three parts.

    With L₂⁻¹L₁ = [[a, 0], [c, d]] the KL is ½(a² - 1 - log a² + d² - 1 - log d² + c²) plus the distance: a sum of terms
    that are never negative, so two nearly equal Gaussians do not lose their digits in a difference.

    Raises:
        CovarianceError: p or q has no density.
    """
    checked(p), checked(q)
    a, d = p.sx / q.sx, p.rest / q.rest
    c = (p.rho * p.sy - q.rho * q.sy * a) / q.rest
    along = (p.x - q.x) / q.sx
    across = (p.y - q.y - q.rho * q.sy * along) / q.rest
    distance = 0.5 * (along * along + across * across)
    logs = 2 * math.log(a), 2 * math.log(d)
    shape = sum(_expm1(v) - v for v in logs) + c * c
    return Parts(0.5 * (a * a + c * c + d * d), distance, -0.5 * sum(logs), 0.5 * shape + distance)


def log_density(g: PlaneGaussian, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """log g(x, y) in nats; arguments broadcast."""
    along = (np.asarray(x, float) - g.x) / g.sx
    across = (np.asarray(y, float) - g.y - g.rho * g.sy * along) / g.rest
    result: Floats = -0.5 * (along * along + across * across) - math.log(2 * math.pi * g.sx * g.rest)
    return result


def integrand(p: PlaneGaussian, q: PlaneGaussian, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """p log(p/q) at (x, y), in nats per unit of area; arguments broadcast."""
    log_p = log_density(p, x, y)
    result: Floats = np.exp(log_p) * (log_p - log_density(q, x, y))
    return result


def by_quadrature(p: PlaneGaussian, q: PlaneGaussian) -> float:
    """KL(p‖q) as the integral of p log(p/q), by Gauss-Legendre over 10 standard deviations of p along the axes of its
    ellipse; 14,400 points, 1 ms. It knows the two densities and no closed form."""
    axes = ellipse(p)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    u, v = np.meshgrid(REACH * axes.a * nodes, REACH * axes.b * nodes)
    x = p.x + u * math.cos(axes.angle) - v * math.sin(axes.angle)
    y = p.y + u * math.sin(axes.angle) + v * math.cos(axes.angle)
    area = REACH * REACH * axes.a * axes.b
    return float(area * (weights @ integrand(p, q, x, y) @ weights))


def by_sampling(p: PlaneGaussian, q: PlaneGaussian, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """The mean of log(p/q) over `count` draws of p, and its standard error."""
    x, y = p.mean[:, None] + p.factor @ rng.standard_normal((2, count))
    logs = log_density(p, x, y) - log_density(q, x, y)
    return float(logs.mean()), float(logs.std(ddof=1)) / math.sqrt(count)


def mapped(g: PlaneGaussian, matrix: npt.ArrayLike, shift: npt.ArrayLike) -> PlaneGaussian:
    """The law of A z + b for z ~ g; A is (2, 2) and invertible, b is (2,).

    Raises:
        CovarianceError: what comes out has no density, as A is singular or too large.
    """
    a = np.asarray(matrix, float)
    if not abs(np.linalg.det(a)) > SINGULAR * np.sum(a * a):
        raise CovarianceError("The map is singular: it presses the plane onto a line, where there is no density.")
    with np.errstate(all="ignore"):
        x, y = a @ g.mean + np.asarray(shift, float)
        root = a @ g.factor  # Σ' = root rootᵀ
        sx, sy = np.linalg.norm(root, axis=1)
        rho = float(root[0] @ root[1] / (sx * sy))
    return checked(PlaneGaussian(float(x), float(y), float(sx), float(sy), rho))


def ellipse(g: PlaneGaussian) -> Axes:
    """The ellipse of g, the longer half-axis first, its angle from -π/2 to π/2; 0 for a circle."""
    cross = g.rho * g.sx * g.sy
    half = 0.5 * (g.sx**2 - g.sy**2)
    spread = math.hypot(half, cross)
    a = math.sqrt(0.5 * (g.sx**2 + g.sy**2) + spread)
    return Axes(a, g.sx * g.rest / a, 0.5 * math.atan2(cross, half) if spread else 0.0)


def from_ellipse(x: float, y: float, axes: Axes) -> PlaneGaussian:
    """The Gaussian with mean (x, y) whose ellipse has these half-axes, both above 0."""
    cos, sin = math.cos(axes.angle), math.sin(axes.angle)
    sx, sy = math.hypot(axes.a * cos, axes.b * sin), math.hypot(axes.a * sin, axes.b * cos)
    return PlaneGaussian(x, y, sx, sy, (axes.a**2 - axes.b**2) * cos * sin / (sx * sy))


def _expm1(v: float) -> float:
    """eᵛ - 1; infinite where it is too large for a number."""
    return math.expm1(v) if v < 709 else math.inf
