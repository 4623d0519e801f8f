"""Directions in the space of weights, along which a loss is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.theory.arrays import Array
from guiapp.theory.gaussian import as_arrays

Floats = npt.NDArray[np.float64]

SMALLEST = 1e-6  # singular value of a second direction, as a share of the first


def filter_normalised(direction: Array, weight: Array, axis: int = 0) -> Array:
    """`direction` with each filter as long as that of `weight`: d_j ‖w_j‖ / ‖d_j‖, where filter j is what lies at place
    j of `axis`, all that one unit or one channel takes in (Li et al. 2018, sec. 4). Both have the same shape, of two
    dimensions or more; a filter of zeros gives zeros, for numpy arrays and torch tensors alike.

    Rectified layers, and normalised ones, compute the same when a filter is scaled and the next layer scaled back;
    directions of a fixed length would show the scale of the weights rather than the shape of the loss.
    """
    xp, (direction, weight) = as_arrays(direction, weight)
    others = tuple(i for i in range(direction.ndim) if i != axis)
    length, wanted = (xp.sqrt(xp.sum(array * array, axis=others, keepdims=True)) for array in (direction, weight))
    return direction * (wanted / xp.where(length > 0, length, xp.ones_like(length)))


def path_axes(gram: npt.NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Principal components of K points θ_i in any number of dimensions from their inner products `gram` (K, K),
    gram[i, j] = θ_i·θ_j about any origin; so no singular value decomposition of (K, P) is needed.

    Returns:
        coefficients (K, 2): axis k is the unit vector Σ_i coefficients[i, k] θ_i, and they sum to zero over i;
        coordinates (K, 2): of the points along the axes, less those of the last point, so that this one is the origin;
        the first point's are never positive. shares (2,): of the variance of the points that each axis explains.

    Raises:
        ValueError: fewer than three points, or all on one line.
    """
    count = len(gram)
    if count < 3:
        raise ValueError(f"two principal directions take three points of the path at least, and there are {count}")
    centring = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(centring @ np.asarray(gram, np.float64) @ centring)  # ascending
    variances, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1][:, :2]
    if not variances[1] > SMALLEST**2 * variances[0] or not np.isfinite(variances).all():
        raise ValueError("the weights of the path lie on one line, so that there is no second direction in it")
    lengths = np.sqrt(variances[:2])
    along = vectors * lengths  # (K, 2): of the points about their mean
    along -= along[-1]
    sign = np.where(along[0] > 0, -1.0, 1.0)
    coefficients = centring @ vectors / lengths
    return coefficients * sign, along * sign, variances[:2] / variances.sum()
