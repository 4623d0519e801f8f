"""Which modes of a mixture generated points reach, and how evenly: the metrics of mode collapse; numpy.

A mode k of M is a Gaussian N(c_k, diag s_k²) of weight 1/M. A sample belongs to the mode nearest in standard deviations
and is of high quality if that is less than 3 away. With n_k such samples in mode k, of n in all, p_g(k) = n_k/n is what
the generator puts into the modes and p(k) = 1/M what the data put there. Definitions of VEEGAN (Srivastava et al. 2017,
section 4) and PacGAN (Lin et al. 2018, section 4.1); both report 2,500 samples. The KL here, as in PacGAN's published
code, is over the samples of high quality alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

HIGH_QUALITY: Final = 3.0  # standard deviations from the nearest mode
HIGH_QUALITY_CEILING: Final = 1 - math.exp(-(HIGH_QUALITY**2) / 2)  # 0.98889: P(|ε| < 3) for ε ~ N(0, I) in the plane
FAIR_SHARE: Final = 0.2  # of N/M samples; one stray sample in 3 σ "captures" a mode, which says little
SEPARATION: Final = 5.0  # standard deviations between two centres: at most Φ(-2.5) = 0.6 % then lie nearer to the other
MOST_MODES: Final = 128
PSEUDO_COUNT: Final = 0.5  # of samples added to every mode; Krichevsky & Trofimov 1981
FAR = 1e100  # its square is still a number
TABLE = 32_768  # distances a pass: 256 kB stay in the cache, and a product so small wakes no second thread of BLAS's,
# which on a busy machine would wait for the first ten times as long as the work takes


@dataclass(frozen=True, slots=True, eq=False)
class ModeScores:
    """What `score` finds. `counts` (M,) are the samples of high quality in each mode, of `samples` N in all, of which
    `non_finite` are no numbers: those belong to no mode, and count as samples."""

    counts: Integers
    samples: int
    non_finite: int

    @property
    def modes(self) -> int:
        """M."""
        return len(self.counts)

    @property
    def captured(self) -> int:
        """Modes with at least one sample of high quality."""
        return int(np.count_nonzero(self.counts))

    @property
    def fair(self) -> int:
        """The number of modes `held`."""
        return int(np.count_nonzero(self.held))

    @property
    def held(self) -> NDArray[np.bool_]:
        """Which modes (M,) have at least 20 % of their fair share N/M. Of a perfect sampler all have it: with 50
        samples a mode, chance takes one away less than once in 10⁹."""
        return self.counts * self.modes >= FAIR_SHARE * max(self.samples, 1)

    @property
    def high_quality(self) -> float:
        """Fraction of all N samples that are of high quality; 0.9889 is a perfect sampler's (`high_quality_error`), and
        more than that means modes narrower than the data's. NaN without samples."""
        return float(self.counts.sum()) / self.samples if self.samples else math.nan

    @property
    def reverse_kl(self) -> float:
        """KL(p_g ‖ p) = Σ_k p_g(k) log(M p_g(k)) in nats, 0 log 0 = 0: from 0 to log M, which is all in one mode. An
        empty mode costs little: it is log(M/m) for m modes held evenly. NaN without a sample of high quality."""
        share = self._share(0.0)
        held = share[share > 0]
        return float(np.sum(held * np.log(held * self.modes))) if len(held) else math.nan

    @property
    def forward_kl(self) -> float:
        """KL(p ‖ p_g) = -(1/M) Σ_k log(M p_g(k)) in nats: infinite as soon as one mode is empty, for the data have
        points where the generator has none. NaN without a sample of high quality."""
        if not self.counts.any():
            return math.nan
        return self._forward(0.0) if self.counts.all() else math.inf

    @property
    def smoothed_forward_kl(self) -> float:
        """`forward_kl` of p_g(k) = (n_k + ½)/(n + M/2), half a sample being added to every mode: always finite, at most
        about log(2n/M), and within (M - 1)/(2n) of `forward_kl` where every mode is held well. NaN without a sample of
        high quality, where it would be a perfect zero."""
        return self._forward(PSEUDO_COUNT) if self.counts.any() else math.nan

    def _share(self, added: float) -> Doubles:
        """p_g (M,) with `added` samples in every mode; NaN where there is nothing."""
        total = float(self.counts.sum()) + added * self.modes
        return (self.counts.astype(np.float64) + added) / (total or math.nan)

    def _forward(self, added: float) -> float:
        return max(0.0, float(-np.mean(np.log(self._share(added) * self.modes))))


def score(points: NDArray[np.floating[Any]], centres: ArrayLike, scales: ArrayLike) -> ModeScores:
    """The metrics of generated `points` (N, 2) against modes at `centres` (M, 2) with standard deviations `scales`,
    (M, 2), (M, 1) or one number.

    Cost: 10,000 points take about 1 ms for 25 modes and 5 ms for 128 on one core.

    Raises:
        ValueError: as `nearest`.
    """
    mode, distance = nearest(points, centres, scales)
    count = np.asarray(centres).size // 2
    good = mode[distance < HIGH_QUALITY]
    return ModeScores(np.bincount(good, minlength=count).astype(np.int64), len(mode), int(np.count_nonzero(mode < 0)))


def nearest(points: NDArray[np.floating[Any]], centres: ArrayLike, scales: ArrayLike) -> tuple[Integers, Doubles]:
    """Of each point the nearest mode and its Mahalanobis distance |(x - c_k)/s_k| to it; (N,) and (N,).

    A point that is no number has mode -1 at distance infinity.

    Raises:
        ValueError: no modes, or a standard deviation that is not a positive number.
    """
    middle, deviation = _modes(centres, scales)
    x = np.asarray(points, np.float64).reshape(-1, 2)
    finite = np.all(np.isfinite(x), axis=1)
    # A place that is a number lets the sums below run without warnings or branches; its result is thrown away.
    x = np.clip(x if finite.all() else np.where(finite[:, None], x, 0.0), -FAR, FAR)
    mode = _nearest(x, middle, deviation)
    apart = (x - middle.take(mode, axis=0)) / deviation.take(mode, axis=0)
    distance = np.hypot(apart[:, 0], apart[:, 1])
    return np.where(finite, mode, -1), np.where(finite, distance, np.inf)


def _nearest(x: Doubles, middle: Doubles, deviation: Doubles) -> Integers:
    """The index of the least distance: |(x - c)/s|² is linear in x² and x, so it is one product (N, 4) (4, M).

    What cancels in it costs 10⁻¹⁶ of the squared distance between modes, which moves no point but on a border.
    """
    precision = deviation**-2
    slopes = np.hstack([precision, -2 * middle * precision]).T  # (4, M)
    offset = np.sum(middle * middle * precision, axis=1)  # (M,)
    result = np.empty(len(x), np.int64)
    rows = max(1, TABLE // len(middle))
    for start in range(0, len(x), rows):
        block = x[start : start + rows]
        squares = np.hstack([block * block, block]) @ slopes
        squares += offset
        result[start : start + rows] = squares.argmin(axis=1)
    return result


def _modes(centres: ArrayLike, scales: ArrayLike) -> tuple[Doubles, Doubles]:
    """Both as (M, 2), checked."""
    middle = np.asarray(centres, np.float64).reshape(-1, 2)
    deviation = np.broadcast_to(np.asarray(scales, np.float64), middle.shape)
    if not len(middle):
        raise ValueError("A law without modes has none to count.")
    if not (np.isfinite(middle).all() and np.isfinite(deviation).all() and (deviation > 0).all()):
        raise ValueError("Every mode needs a centre and a standard deviation above 0 to measure distances with.")
    return middle, deviation


def separation(centres: ArrayLike, scales: ArrayLike) -> float:
    """The least distance of two centres, in the mean of their standard deviations along each axis; inf for one mode.

    Raises:
        ValueError: as `nearest`.
    """
    middle, deviation = _modes(centres, scales)
    first, second = np.triu_indices(len(middle), 1)
    if not len(first):
        return math.inf
    apart = 2 * (middle[first] - middle[second]) / (deviation[first] + deviation[second])
    return float(np.hypot(apart[:, 0], apart[:, 1]).min())


def countable(centres: ArrayLike, scales: ArrayLike) -> bool:
    """Whether a mixture has modes that one can count: 1 to 128 components, any two at least 5 standard deviations
    apart. A curve drawn with many overlapping Gaussians has none, nor has an empty list."""
    middle = np.asarray(centres, np.float64).reshape(-1, 2)
    return 1 <= len(middle) <= MOST_MODES and separation(middle, scales) >= SEPARATION


def kl_floor(modes: int, samples: int) -> float:
    """What both KLs are on average for a perfect sampler: (M - 1)/(2 n), n = 0.9889 N, from chance alone; nats.

    The first term in 1/n (Miller 1955); for n ≥ 20 M it holds within 5 %. The spread is √(2/(M - 1)) of it.
    """
    return (modes - 1) / (2 * HIGH_QUALITY_CEILING * samples)


def high_quality_error(samples: int) -> float:
    """The standard deviation of `ModeScores.high_quality` of a perfect sampler: 0.00105 for 10,000 samples."""
    return math.sqrt(HIGH_QUALITY_CEILING * (1 - HIGH_QUALITY_CEILING) / samples)
