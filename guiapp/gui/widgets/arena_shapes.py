"""The shapes of the arena: arrows, and the cells that a generator stretches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.gui.widgets.plane_shapes import Floats, Outline

BARB, SPREAD = 0.3, 0.5  # of an arrow's head: its share of the length, and half its width as a share of that
FULL = 4.0  # times as dense as if the mass filled the square: half as opaque as a cell can be
Paths = npt.NDArray[np.float64]


def arrows(at: npt.NDArray[Any], push: npt.NDArray[Any], scale: float, longest: float) -> Outline:
    """Arrows from `at` (K, 2) along `push` (K, 2), `scale` units long for each unit of push; `scale` 0 draws all of
    them a third of `longest`. None is longer than that; those of no length, or not finite, are left out. One stroke
    each: tail, tip, one barb, tip, the other barb."""
    start, way = np.asarray(at, float), np.asarray(push, float)
    length = np.hypot(way[:, 0], way[:, 1])
    drawn = np.isfinite(start).all(1) & np.isfinite(length) & (length > 0)
    start, way, length = start[drawn], way[drawn], length[drawn]
    wanted = np.minimum(length * scale, longest) if scale else np.full_like(length, longest / 3)
    way = way * (wanted / length)[:, None]
    tip, across = start + way, np.stack([-way[:, 1], way[:, 0]], 1)
    left, right = tip - BARB * (way - SPREAD * across), tip - BARB * (way + SPREAD * across)
    strokes = np.stack([start, tip, left, tip, right], 1)  # (K, 5, 2)
    connect = np.ones(strokes.shape[:2], np.int32)
    connect[:, -1:] = 0
    return strokes[..., 0].ravel(), strokes[..., 1].ravel(), connect.ravel()


def cells(mesh: npt.NDArray[Any]) -> Paths:
    """The closed outlines (C, 5, 2) of the finite cells of `mesh` (R, S, 2), or the finite pieces (C, 2, 2) of a curve
    (R, 2)."""
    points = np.asarray(mesh, float)
    if points.ndim == 2:
        found = np.stack([points[:-1], points[1:]], 1)
    else:
        a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
        found = np.stack([a, b, c, d, a], 2).reshape(-1, 5, 2)
    return found[np.isfinite(found).all((1, 2))]


def sizes(found: Paths) -> Floats:
    """The areas of cells (C, 5, 2), folded ones by the difference of their lobes; the lengths of pieces (C, 2, 2)."""
    if found.shape[1] == 2:
        way = found[:, 1] - found[:, 0]
        return np.hypot(way[:, 0], way[:, 1])
    x, y = found[..., 0], found[..., 1]
    area: Floats = np.abs((x[:, :-1] * y[:, 1:] - x[:, 1:] * y[:, :-1]).sum(1)) / 2
    return area


def opacity(found: Paths, extent: float) -> Floats:
    """Of each cell (C,), in (0, 1): all hold the same mass, so what is stretched is thin. r / (r + 4), where r is how
    many times as dense a cell is as if all the mass filled the square of half-width `extent` evenly; of a curve
    r / (r + 1), against a curve as long as the square is wide."""
    curve = found.shape[1] == 2
    even = 2 * extent if curve else (2 * extent) ** 2
    dense = even / np.maximum(sizes(found) * max(1, len(found)), 1e-9 * even)
    shown: Floats = dense / (dense + (1.0 if curve else FULL))
    return shown
