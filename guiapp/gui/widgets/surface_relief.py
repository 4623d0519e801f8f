"""A coarse grid of heights as a smooth picture: interpolated, coloured, and lit from the upper left."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FINE = 100  # cells a side of the picture, about
STEEPNESS = 0.6  # height of the highest node over the width of the picture, for the light
LIGHT = np.array([-0.5, 0.5, np.sqrt(0.5)])  # from the upper left, 45 degrees high
DARKEST, BRIGHTEST, GLOSS = 0.5, 1.35, 0.6

Floats = npt.NDArray[np.float64]


def refined(grid: npt.NDArray[Any]) -> Floats:
    """`grid` (m, m) by cubic interpolation (Catmull & Rom 1974), which goes through the nodes, at about `FINE` cells a
    side, (M, M). What lies nearest to a node that is not finite is NaN."""
    values = np.asarray(grid, np.float64)
    known = np.isfinite(values)
    if len(values) < 3 or not known.any():
        return values
    times = max(1, round(FINE / (len(values) - 1)))
    weights = _weights(len(values), times)
    fine: Floats = weights @ _filled(values, known) @ weights.T
    if not known.all():
        nearest = np.rint(np.arange(len(fine)) / times).astype(int)
        fine[~known[np.ix_(nearest, nearest)]] = np.nan
    return fine


def _filled(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """With the value of the nearest node in the place of those that are not `known`."""
    if known.all():
        return values
    given, wanted = np.argwhere(known), np.argwhere(~known)
    filled = values.copy()
    for some in np.array_split(wanted, max(1, len(wanted) // 64)):
        nearest = ((some[:, None] - given) ** 2).sum(2).argmin(1)
        filled[tuple(some.T)] = values[tuple(given[nearest].T)]
    return filled


def _weights(count: int, times: int) -> Floats:
    """(M, count): of the nodes in each of the fine points; beyond the edges the grid goes on straight."""
    at = np.arange(times * (count - 1) + 1) / times
    left = np.minimum(at.astype(int), count - 2)
    t = at - left
    parts = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    padded = np.zeros((len(at), count + 2))
    for i, part in enumerate(parts):
        padded[np.arange(len(at)), left + i] += part
    inside = padded[:, 1:-1]
    inside[:, 0] += 2 * padded[:, 0]
    inside[:, 1] -= padded[:, 0]
    inside[:, -1] += 2 * padded[:, -1]
    inside[:, -2] -= padded[:, -1]
    return inside


def shade(fine: Floats) -> Floats:
    """How bright each point of `fine` (M, M), row 0 at the bottom, is under a light from the upper left (Horn 1981):
    the cosine of the angle between the light and the normal, 1 where the ground is level."""
    low, high = np.nanmin(fine), np.nanmax(fine)
    rise = STEEPNESS * (len(fine) - 1) / ((high - low) or 1.0)
    up, right = np.gradient(np.where(np.isfinite(fine), fine, high))
    normal = np.stack([-rise * right, -rise * up, np.ones_like(fine)])
    lit = np.tensordot(LIGHT, normal, 1) / np.sqrt((normal**2).sum(0)) / LIGHT[2]
    return np.clip(lit, DARKEST, BRIGHTEST)


def coloured(levels: npt.NDArray[np.uint8], table: list[int], light: Floats | None) -> npt.NDArray[np.uint8]:
    """`levels` (M, M) in the colours of `table`, (M, M, 3), darker and brighter by `light`; level 0 is not lit."""
    argb = np.array(table, np.uint32)
    colours = np.stack([(argb >> shift) & 255 for shift in (16, 8, 0)], 1).astype(np.float32)  # (256, 3)
    picture: npt.NDArray[Any] = colours[levels]
    if light is not None:
        lit = np.where(levels > 0, light, 1.0).astype(np.float32)[..., None]
        picture = picture * np.minimum(lit, 1) + GLOSS * np.maximum(lit - 1, 0) * (255 - picture)
    return picture.round().astype(np.uint8)
