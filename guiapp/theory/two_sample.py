"""Distances of two samples in the plane, each with its floor: what two samples of one and the same law would give.

A distance without its floor misleads: on a grid of 30 x 30 cells, 450 points against 150 of the same law show a
Jensen-Shannon divergence of up to half of its maximum. numpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]

CELLS: Final = 30  # a side of the grid
MEDIAN_OF = 1000  # points whose distances decide the bandwidth, and whose kernel the floor
MARGIN = 3.0  # bandwidths beyond the real points from which on all points lie equally far: the kernel there is < .011
REACH = 12.0  # bandwidths from the median beyond which real points count as lying there
PIECE = 400  # points a product: so small a one wakes no second thread of BLAS's, slow on a busy machine
APART = 5.0  # bandwidths between the periodic copies of the plane: a kernel of 4·10⁻⁶
HIGHEST = 5.0  # frequency, in 1/bandwidth: beyond lies 6·10⁻⁷ of the kernel's spectrum


class Floor(NamedTuple):
    """Mean and standard deviation of a distance, over pairs of samples of one law."""

    mean: float
    deviation: float


class Estimate(NamedTuple):
    """A value and its standard error."""

    value: float
    error: float


# ------------------------------------------------------------------------------------------- Jensen-Shannon on a grid


def cell_counts(points: Points, low: float, high: float, cells: int = CELLS) -> Counts:
    """How many of `points` (N, 2) lie in each cell of a grid on [low, high]², row by row upwards; (cells² + 1,).

    The last entry counts the points outside of the square, and those that are no numbers: the total is always N.
    """
    place = (np.asarray(points, np.float64).reshape(-1, 2) - low) * (cells / (high - low))
    inside = np.all((place >= 0) & (place <= cells), axis=1)  # false for NaN
    column, row = np.minimum(np.where(inside[:, None], place, 0.0).astype(np.intp), cells - 1).T
    cell = np.where(inside, row * cells + column, cells * cells)
    return np.bincount(cell, minlength=cells * cells + 1).astype(np.int64)


def jensen_shannon(first: NDArray[Any], second: NDArray[Any]) -> float:
    """½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q)/2, in nats: from 0 to log 2 = 0.6931; Lin 1991.

    p and q are `first` and `second` (K,), counts or probabilities, divided by their sums. NaN if one is empty.
    """
    with np.errstate(invalid="ignore"):
        p, q = first / first.sum(), second / second.sum()
    if np.isnan(p).any() or np.isnan(q).any():
        return math.nan
    value = math.log(2) + 0.5 * float(np.sum(_x_log_x(p) + _x_log_x(q) - _x_log_x(p + q)))
    return min(max(value, 0.0), math.log(2))


def _x_log_x(x: Doubles) -> Doubles:
    return x * np.log(np.where(x > 0, x, 1.0))


def jensen_shannon_floor(pool: Counts, first: int, second: int, rng: np.random.Generator, repeats: int = 32) -> Floor:
    """The Jensen-Shannon divergence of two fresh real samples of these sizes, from `pool`, the `cell_counts` of at
    least first + second real points.

    A random split of the pool into two parts without replacement is two samples of the law; of their counts it is a
    draw of the multivariate hypergeometric law. The mean is then within deviation/√repeats of the expected one.

    Raises:
        ValueError: the pool is smaller than both samples together.
    """
    if pool.sum() < first + second:
        raise ValueError(
            f"The floor of {first} against {second} points needs as many real ones; {pool.sum()} are there."
        )
    values = []
    for _ in range(repeats):
        one = rng.multivariate_hypergeometric(pool, first, method="marginals")
        other = rng.multivariate_hypergeometric(pool - one, second, method="marginals")
        values.append(jensen_shannon(one, other))
    return Floor(float(np.mean(values)), float(np.std(values, ddof=1)))


# ------------------------------------------------------------------------------------------ maximum mean discrepancy


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Points (N, 2) in the kernel's space: `along` and `across` (F, N), their features by either coordinate, and
    `mean` (F, F), the mean over the points of the products of both."""

    along: Doubles
    across: Doubles
    mean: Doubles

    def __len__(self) -> int:
        return int(self.along.shape[1])


@dataclass(frozen=True, eq=False)
class GaussianKernel:
    """k(x, y) = exp(-|x - y|²/(2 h²)) in the plane, h = `bandwidth`, as a finite sum of products of cosines.

    A Gaussian that is repeated with a period P, long enough that the copies do not meet, is a Fourier series whose
    coefficients fall as fast: k(x, y) = Π_axes Σ_f w_f cos(2π f (x - y)/P), within 10⁻⁵, for points in the box that
    reaches 3 h beyond the real ones. Any point farther off, or no number, counts as on the border of the box (k < .011
    to any real point). So a mean over all N·M pairs is a product of means: exact, in time N + M, where a block
    estimator or random features would add noise of their own. Fix it for a run, that values can be compared.
    """

    bandwidth: float
    middle: Doubles  # (2,)
    reach: Doubles  # (2,) half the sides of the box
    reference: Doubles = field(repr=False)  # (n, 2) some real points

    @classmethod
    def fit(cls, real: Points) -> GaussianKernel:
        """The kernel whose bandwidth is the median distance of two real points that differ (Gretton et al. 2012,
        section 8), of the first 1,000 of `real` (N, 2); 1 where all those are the same point.

        Raises:
            ValueError: fewer than two real points, or one that is no number.
        """
        x = np.asarray(real, np.float64).reshape(-1, 2)
        if len(x) < 2 or not np.isfinite(x).all():
            raise ValueError("A kernel needs at least two real points, all of them numbers.")
        some = x[:MEDIAN_OF]
        first, second = np.triu_indices(len(some), 1)
        distance = np.hypot(*(some[first] - some[second]).T)
        moved = distance[distance > 0]
        bandwidth = float(np.median(moved)) if len(moved) else 1.0
        middle = np.median(x, axis=0)
        spread = np.minimum(np.abs(x - middle).max(axis=0), (REACH - MARGIN) * bandwidth)
        return cls(bandwidth, middle, spread + MARGIN * bandwidth, some)

    @cached_property
    def _series(self) -> tuple[Doubles, tuple[Doubles, Doubles]]:
        """The fundamental frequencies 2π/P (2,) and, for either axis, the weights w of `_harmonics`."""
        base = 2 * math.pi / (2 * self.reach + APART * self.bandwidth)
        weights = []
        for frequency in base * self.bandwidth:
            order = np.arange(1, math.ceil(HIGHEST / frequency) + 1)
            series = 2 * np.exp(-0.5 * (frequency * order) ** 2)
            terms = np.concatenate([[1.0], np.repeat(series, 2)])
            weights.append(terms / (1 + series.sum()))
        return base, (weights[0], weights[1])

    def embed(self, points: Points) -> Embedding:
        """The features of `points` (N, 2). Keep those of the real points as long as they are the same.

        Cost: 10,000 points take about 3 ms on one core.
        """
        x = np.asarray(points, np.float64).reshape(-1, 2) - self.middle
        x = np.clip(np.where(np.isnan(x), np.inf, x), -self.reach, self.reach)
        base, weights = self._series
        along, across = (_harmonics(base[i] * x[:, i], len(weights[i]) // 2) for i in range(2))
        pieces = (slice(start, start + PIECE) for start in range(0, len(x), PIECE))
        total = sum((along[:, i] @ across[:, i].T for i in pieces), np.zeros((len(along), len(across))))
        return Embedding(along, across, total / max(len(x), 1))

    def squared_mmd(self, first: Embedding, second: Embedding) -> Estimate:
        """The unbiased squared maximum mean discrepancy E k(x, x′) + E k(y, y′) - 2 E k(x, y), x ≠ x′ and y ≠ y′, over
        all pairs; Gretton et al. 2012, equation 3. Without unit, from 0 to 2; below 0 by chance where the laws agree.

        The error has the term of order 1/N, from how much the witness E k(·, x) - E k(·, y) varies over each sample,
        and that of `floor`. NaN if a sample has fewer than two points.
        """
        n, m = len(first), len(second)
        if min(n, m) < 2:
            return Estimate(math.nan, math.nan)
        _, (w, v) = self._series
        weight = np.outer(w, v)
        between = float(np.sum(weight * first.mean * second.mean))
        within = [(e, float(np.sum(weight * e.mean * e.mean))) for e in (first, second)]
        own = [(len(e) * square - 1) / (len(e) - 1) for e, square in within]
        witness = weight * (first.mean - second.mean)
        spread = [4 * float(np.var(_at_points(witness, e))) / len(e) for e in (first, second)]
        return Estimate(own[0] + own[1] - 2 * between, math.sqrt(sum(spread) + self.floor(n, m).deviation ** 2))

    def floor(self, first: int, second: int) -> Floor:
        """Of two samples of the real law, of these sizes: mean 0, and deviation √2 (1/N + 1/M) √(E k̃²) with k̃ the
        kernel centred on the real points; Gretton et al. 2012, theorem 12 (the estimate's law is then skewed: a tenth
        of the time it is above 1.3 deviations, a hundredth above 4)."""
        return Floor(0.0, math.sqrt(2) * (1 / first + 1 / second) * self._centred)

    @cached_property
    def _centred(self) -> float:
        """√(E k̃(x, x′)²) over pairs of different reference points."""
        apart = self.reference[:, None, :] - self.reference
        gram = np.exp(np.sum(apart * apart, axis=2) / (-2 * self.bandwidth**2))
        mean = gram.mean(axis=0)
        gram += mean.mean() - mean - mean[:, None]
        np.fill_diagonal(gram, 0.0)
        return math.sqrt(float(np.sum(gram * gram)) / (len(gram) * (len(gram) - 1)))


def _at_points(weight: Doubles, points: Embedding) -> Doubles:
    """Σ_fg weight_fg along_f across_g at each of the points; (F, F) -> (N,)."""
    result = np.empty(len(points))
    for start in range(0, len(points), PIECE):
        piece = slice(start, start + PIECE)
        result[piece] = np.sum((weight.T @ points.along[:, piece]) * points.across[:, piece], axis=0)
    return result


def _harmonics(angle: Doubles, order: int) -> Doubles:
    """1, cos θ, sin θ, cos 2θ, sin 2θ, ...; (N,) -> (2·order + 1, N). One sine and cosine, then powers."""
    result = np.empty((2 * order + 1, len(angle)))
    result[0] = 1.0
    first = np.exp(1j * angle)
    power = first.copy()
    for k in range(order):
        result[2 * k + 1], result[2 * k + 2] = power.real, power.imag
        power *= first
    return result


# --------------------------------------------------------------------------------------------------------- Fréchet

FRECHET_NOTE: Final = (
    "A Fréchet distance is too large for few samples: two samples of one law do not give 0, but a value that falls as "
    "one over their number. Compare distances of equally many samples only, and with that of two real samples."
)


def frechet(first: Points, second: Points) -> float:
    """`frechet_gaussians` of the means and the covariances (divisor N - 1) of two samples of features, (N, F), (M, F).

    Biased upwards (`FRECHET_NOTE`; Bińkowski et al. 2018; Chong & Forsyth 2020): the floor is its value for two real
    samples of these sizes. NaN with fewer than two rows, or with a value that is no number.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(a), len(b)) < 2:
        return math.nan
    covariances = (np.cov(x, rowvar=False).reshape(x.shape[1], x.shape[1]) for x in (a, b))
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    return frechet_gaussians(mean_a, next(covariances), mean_b, next(covariances))


def frechet_gaussians(mean_a: Doubles, covariance_a: Doubles, mean_b: Doubles, covariance_b: Doubles) -> float:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½), the squared Wasserstein-2 distance of N(μ₁, Σ₁) and N(μ₂, Σ₂); Dowson &
    Landau 1982. Heusel et al. 2017 name it FID for one particular network of ImageNet, which this is not.

    tr (Σ₁Σ₂)^½ is the sum of the singular values of Σ₁^½ Σ₂^½: real, and right for singular covariances too, within
    10⁻⁷ of their traces. NaN where an entry is no number.
    """
    if not all(np.isfinite(part).all() for part in (mean_a, covariance_a, mean_b, covariance_b)):
        return math.nan
    shared = np.linalg.svd(_root(covariance_a).T @ _root(covariance_b), compute_uv=False).sum()
    gap = mean_a - mean_b
    return max(0.0, float(gap @ gap + np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared))


def _root(covariance: Doubles) -> Doubles:
    """R with R Rᵀ = Σ, from the eigenvalues; those that rounding makes negative are 0."""
    values, vectors = np.linalg.eigh(covariance)
    root: Doubles = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
