"""Outlines in the plane as the arrays that one `PlotCurveItem` draws: x (P,), y (P,) and connect (P,), where
connect[p] = 1 draws a line from point p to point p + 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Outline = tuple[Floats, Floats, npt.NDArray[np.int32]]


def ellipses(centres: npt.NDArray[Any], half_axes: npt.NDArray[Any], corners: int = 36) -> Outline:
    """Ellipses along the axes of the plane, c + (a cos t, b sin t); `centres` and `half_axes` have shape (K, 2)."""
    angle = np.linspace(0, 2 * np.pi, corners + 1)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)  # (corners + 1, 2)
    points = np.asarray(centres, float)[:, None] + np.asarray(half_axes, float)[:, None] * ring
    return strips(points)


def mesh(points: npt.NDArray[Any]) -> Outline:
    """The grid lines through `points` (R, S, 2): R lines along the rows, then S along the columns."""
    grid = np.asarray(points, float)
    rows, columns = strips(grid), strips(grid.transpose(1, 0, 2))
    return (
        np.concatenate([rows[0], columns[0]]),
        np.concatenate([rows[1], columns[1]]),
        np.concatenate([rows[2], columns[2]]),
    )


def level_lines(grid: npt.NDArray[Any], level: float, half_width: float) -> Outline:
    """Where `grid` (G, G) equals `level`: straight pieces by marching squares, linear between neighbours.

    grid[i, j] is the value at x_j, y_i, both evenly spaced from -half_width to half_width. A saddle is cut by the
    mean of its four corners. Cells with a value that is not finite are left out.
    """
    values = np.asarray(grid, float) - level
    if min(values.shape) < 2:
        empty = np.empty(0)
        return empty, empty, np.empty(0, np.int32)
    above = values >= 0
    count = above[:-1, :-1] + above[:-1, 1:].astype(np.int8) + above[1:, 1:] + above[1:, :-1]
    i, j = np.nonzero((count > 0) & (count < 4))  # few of all cells, and the others cost nothing
    a, b, c, d = values[i, j], values[i, j + 1], values[i + 1, j + 1], values[i + 1, j]  # anticlockwise, bottom left
    sides = ((a, b), (b, c), (d, c), (a, d))  # bottom, right, top, left
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = a + b + c + d
        crossed = np.stack([(p >= 0) != (q >= 0) for p, q in sides]) & np.isfinite(middle)  # (4, cells)
        bottom, right, top, left = (p / (p - q) for p, q in sides)
    x, y = np.stack([j + bottom, j + 1.0, j + top, j]), np.stack([i, i + right, i + 1.0, i + left])
    sides_crossed = crossed.sum(0)
    plain, saddle = sides_crossed == 2, sides_crossed == 4
    first = np.argmax(crossed, 0)
    last = 3 - np.argmax(crossed[::-1], 0)
    alike = (middle >= 0) == (a >= 0)  # the middle belongs to the bottom left corner: cut off the other two
    ends = [(plain, first, last), (saddle, 0, np.where(alike, 1, 3)), (saddle, 2, np.where(alike, 3, 1))]
    picked = [_pick(where, np.broadcast_to(s, a.shape), np.broadcast_to(e, a.shape), x, y) for where, s, e in ends]
    points = np.concatenate(picked) * (2 * half_width / (len(values) - 1)) - half_width  # (P, 2, 2)
    return strips(points)


def _pick(where: npt.NDArray[Any], start: npt.NDArray[Any], end: npt.NDArray[Any], x: Floats, y: Floats) -> Floats:
    (cells,) = np.nonzero(where)
    s, e = start[cells], end[cells]
    return np.stack([np.stack([x[s, cells], y[s, cells]], 1), np.stack([x[e, cells], y[e, cells]], 1)], 1)


def strips(points: Floats) -> Outline:
    """K strips of P points each, (K, P, 2), not joined to one another."""
    connect = np.ones(points.shape[:2], np.int32)
    connect[:, -1:] = 0
    return points[..., 0].ravel(), points[..., 1].ravel(), connect.ravel()
