"""The aggregate posterior q(z) = (1/N) Σ_n q(z|x_n) on a plane of the latent space, for numpy and torch alike."""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from guiapp.theory import gaussian
from guiapp.theory.arrays import Array


def density(grid: Array, mean: Array, std: Array, cross: Array | None = None) -> Array:
    """The density (1/N) Σ_n N(u; m_n, C_n) of a mixture of N Gaussians in the plane, per unit of area.

    C_n = [[s_n1², c_n], [c_n, s_n2²]] with s_n = `std`, c_n = `cross`; without it the axes are uncorrelated, and the
    sum over n is one product of two matrices (G, N), 15 times cheaper. Where q(z|x_n) is narrower than a cell the grid
    would miss it: every Gaussian is widened by the variance h²/4 of half a cell h, so that the density summed over
    the cells still gives 1 within 2 %, if nothing lies beyond the grid. Hoffman & Johnson 2016; Makhzani et al. 2016.

    Shapes: grid (G,) evenly spaced centres of cells, the same on both axes; mean, std (N, 2); cross (N,) -> (G, G), row
    i at the second coordinate grid[i]. N = 0 gives zeros.
    """
    xp: Any = array_namespace(grid, mean, std)
    count = mean.shape[0]
    if not count:
        return xp.zeros((len(grid), len(grid)), dtype=grid.dtype)
    blur = (grid[1] - grid[0]) ** 2 / 4
    var = std * std + blur
    sigma = xp.sqrt(var)  # (N, 2)
    across = xp.exp(gaussian.log_density(grid[:, None], mean[:, 0], sigma[:, 0]))  # (G, N)
    if cross is None:
        up = xp.exp(gaussian.log_density(grid[:, None], mean[:, 1], sigma[:, 1]))  # (G, N)
        return up @ across.T / count
    slope = cross / var[:, 0]
    rest = xp.sqrt(var[:, 1] - cross * slope)  # of the second coordinate where the first is known
    columns = []
    for j in range(grid.shape[0]):
        shifted = mean[:, 1] + slope * (grid[j] - mean[:, 0])
        columns.append(xp.exp(gaussian.log_density(grid[:, None], shifted, rest)) @ across[j])  # (G,)
    return xp.stack(columns, axis=1) / count
