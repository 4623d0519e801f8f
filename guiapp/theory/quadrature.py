"""Integrals over a latent plane: under a Gaussian, and of a density known up to a factor. Numpy only, no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NEGLIGIBLE = 1e-12  # weight of a node


def gaussian_nodes(count: int) -> tuple[Floats, Floats]:
    """Nodes ε (M, 2) and weights w (M,) with Σ_m w_m f(μ + σ⊙ε_m) = E[f(z)], z ~ N(μ, diag σ²), for f of degree up to
    2·`count` - 1 in each of the two: Gauss-Hermite, `count` nodes a dimension, less those of no weight."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    weights /= weights.sum()
    pairs = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)
    both = np.outer(weights, weights).ravel()
    kept = both > NEGLIGIBLE
    return pairs[kept], both[kept] / both[kept].sum()


class PlaneIntegral:
    """∫ exp f(z) dz over the square [-a, a]², by the midpoint rule on square cells. Where the mass lies, cells are
    divided into four until the integral stands still: a smooth density is integrated to many digits once the cells are
    smaller than its width (the midpoint rule converges faster than any power there), and next to nothing is spent on
    the rest of the plane.

    Give the values of f at `points` (P, 2) to `add`, again and again, while `open`.
    """

    DEPTH = 14.0  # nats below the heaviest cell, where a cell is not divided any more: e⁻¹⁴ is no mass
    ENOUGH = 1e-4  # nats by which the logarithm of the integral may still change
    MOST_CELLS, MOST_DIVISIONS = 20_000, 9

    def __init__(self, half_width: float, cells: int) -> None:
        """`cells` a side at first; a cell has to be smaller than some widths of the narrowest peak."""
        edge = 2 * half_width / cells
        middles = -half_width + edge * (np.arange(cells) + 0.5)
        y, x = np.meshgrid(middles, middles, indexing="ij")
        self.points: Floats = np.stack([x.ravel(), y.ravel()], 1)
        self._edge = edge
        self._divisions = 0
        self._resting: list[tuple[Floats, Floats]] = []  # points and log masses of the cells that stay as they are
        self._last: tuple[Floats, Floats] = (np.empty((0, 2)), np.empty(0))
        self.log_integral, self.error = np.nan, np.inf
        self.open = True

    def add(self, values: npt.ArrayLike) -> None:
        """Take in f at `points`, in nats; what is no number has no mass."""
        log_mass = np.nan_to_num(np.asarray(values, float), nan=-np.inf, posinf=-np.inf) + 2 * np.log(self._edge)
        self._last = (self.points, log_mass)
        before, self.log_integral = self.log_integral, float(np.logaddexp.reduce(self.masses()[1]))
        self.error = abs(self.log_integral - before) if np.isfinite(before) else np.inf
        order = np.argsort(log_mass)[::-1][: self.MOST_CELLS // 4]
        divided = self._with_neighbours(order[log_mass[order] > log_mass.max() - self.DEPTH])
        settled = self.error < self.ENOUGH and self._divisions > 0
        if settled or self._divisions == self.MOST_DIVISIONS or not len(divided):
            self.open = False
            return
        rest = np.setdiff1d(np.arange(len(log_mass)), divided, assume_unique=True)
        self._resting.append((self.points[rest], log_mass[rest]))
        corners = self._edge / 4 * np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)])
        self.points = (self.points[divided][:, None] + corners).reshape(-1, 2)
        self._edge /= 2
        self._divisions += 1

    def _with_neighbours(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Also the eight cells around each: one half of a narrow peak may lie in a cell whose middle is far from it."""
        rows = np.floor(self.points / self._edge).astype(np.int64)  # (P, 2)
        around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
        wanted = (rows[chosen][:, None] + around).reshape(-1, 2) @ (1 << 32, 1)
        return np.flatnonzero(np.isin(rows @ (1 << 32, 1), wanted))

    def masses(self) -> tuple[Floats, Floats]:
        """The middles (P, 2) of all cells, and the logarithms (P,) of their masses, which are not normalised."""
        parts = [*self._resting, self._last]
        return np.concatenate([points for points, _ in parts]), np.concatenate([mass for _, mass in parts])

    def moments(self) -> tuple[Floats, Floats]:
        """Mean (2,) and covariance (2, 2) of the normalised density."""
        points, log_mass = self.masses()
        weights = np.exp(log_mass - self.log_integral)
        mean = weights @ points
        centred = points - mean
        return mean, (weights[:, None] * centred).T @ centred


def levels_of_mass(density: Floats, shares: Sequence[float]) -> Iterator[float]:
    """For each of `shares` in (0, 1) the level above which `density`, on a regular grid, holds that share of its sum:
    the outlines of its regions of highest density."""
    ordered = np.sort(np.nan_to_num(density, nan=0.0).ravel())[::-1]
    held = np.cumsum(ordered)
    for share in shares:
        yield float(ordered[min(np.searchsorted(held, share * held[-1]), len(ordered) - 1)])
