"""The two kinds of law: an equal mixture of Gaussians, and the uniform law on the dark squares of a board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guiapp.data.source import Float32, Float64, Labels, Law

BLOCK = 1024  # points a pass: the (1024, K) table of log-densities then stays in the cache (3 MB for K = 384)


@dataclass(frozen=True, eq=False)
class Mixture(Law):
    """p(x) = (1/K) Σ_k N(x; m_k, diag s_k²), with equal weights; K = 1 is one Gaussian.

    `means` and `deviations` are float32 (K, 2), `labels` int16 (K,) the label that component k gives to its points.
    A curve is a mixture too: many equal Gaussians along it, closer together than their standard deviation. That is
    how moons, spiral, line and ellipse are *defined* here, so that their density is exact and not an approximation.
    """

    means: Float32
    deviations: Float32
    labels: Labels

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Float32, Labels]:
        """x = m_k + s_k ⊙ ε with k uniform and ε ~ N(0, I); x float32 (n, 2), label of k int16 (n,)."""
        k = rng.integers(len(self.means), size=n)
        x = rng.standard_normal((n, 2), dtype=np.float32)
        # take() and in-place arithmetic: half the time of fancy indexing, and this runs at every training step.
        x *= self.deviations.take(k, axis=0)
        x += self.means.take(k, axis=0)
        return x, self.labels.take(k)

    def log_density(self, x: NDArray[np.floating[Any]]) -> Float64:
        """log Σ_k exp(log N(x; m_k, diag s_k²)) - log K, in nats; x (n, 2) -> (n,).

        The exponent is a quadratic in x, so all K of them are one product of (n, 4) with (4, K); taking the greatest
        out before exp keeps far points from underflow.
        """
        points = np.asarray(x, np.float64).reshape(-1, 2)
        slopes, offset = self._quadratic()
        result = np.empty(len(points))
        for start in range(0, len(points), BLOCK):
            block = points[start : start + BLOCK]
            logs = np.hstack([block * block, block]) @ slopes + offset  # (B, K)
            top = logs.max(axis=1)
            result[start : start + BLOCK] = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
        return result

    def _quadratic(self) -> tuple[Float64, Float64]:
        """(4, K) factors of x², x and (K,) constants of log(N(x; m_k, diag s_k²) / K)."""
        mean = self.means.astype(np.float64)
        deviation = self.deviations.astype(np.float64)
        precision = deviation**-2
        slopes = np.hstack([-0.5 * precision, mean * precision]).T  # (4, K)
        offset = -0.5 * (mean**2 * precision).sum(axis=1) - np.log(deviation).sum(axis=1)
        return slopes, offset - np.log(2 * np.pi * len(mean))


@dataclass(frozen=True, eq=False)
class Checkerboard(Law):
    """The uniform law on the 8 squares (i, j), i + j even, of the 4 x 4 board that fills [-2, 2]²: p = 1/8 there."""

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Float32, Labels]:
        """A dark square, then a uniform point in it; x float32 (n, 2), labels all 0."""
        square = rng.integers(8, size=n)
        x = rng.random((n, 2), dtype=np.float32)
        # Without this, float32 rounds 1 + (1 - 2^-24) up to 2, which lies in a light square.
        x *= np.float32(1 - 2**-22)
        row = square >> 1
        x[:, 0] += 2 * (square & 1) + (row & 1) - 2
        x[:, 1] += row - 2
        return x, np.zeros(n, np.int16)

    def log_density(self, x: NDArray[np.floating[Any]]) -> Float64:
        """log 1/8 = -2.0794 nats on the dark squares, -inf elsewhere; x (n, 2) -> (n,)."""
        points = np.asarray(x, np.float64).reshape(-1, 2)
        inside = ((points >= -2) & (points < 2)).all(axis=1)
        dark = np.floor(points).sum(axis=1) % 2 == 0
        return np.where(inside & dark, -np.log(8.0), -np.inf)
