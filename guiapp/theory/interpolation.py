"""Ways between two codes, and how long a code is that is drawn from a standard normal prior."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NO_ANGLE = 1e-6  # radians; nearer than that the chord is the arc, to twelve digits


def linear(a: npt.NDArray[Any], b: npt.NDArray[Any], t: npt.NDArray[Any]) -> Floats:
    """(1 - t) a + t b; a, b (Z,) and t (N,) in [0, 1] -> (N, Z)."""
    t = np.asarray(t, np.float64)[:, None]
    return np.asarray((1 - t) * np.asarray(a, np.float64) + t * np.asarray(b, np.float64))


def spherical(a: npt.NDArray[Any], b: npt.NDArray[Any], t: npt.NDArray[Any]) -> Floats:
    """Along the great circle from the direction of a to that of b, at constant angular velocity, while the length goes
    evenly from ‖a‖ to ‖b‖; a, b (Z,) and t (N,) in [0, 1] -> (N, Z).

    u(t) = [sin((1 - t) Ω) u_a + sin(t Ω) u_b] / sin Ω, Ω the angle between the unit vectors u (Shoemake 1985). Opposite
    directions have no one great circle; it is then the one towards the coordinate axis that they lie furthest from.
    Where a or b has no direction, or Z = 1, the way is straight.
    """
    a, b, t = (np.asarray(values, np.float64) for values in (a, b, t))
    lengths = np.linalg.norm([a, b], axis=1)
    if lengths.min() == 0 or len(a) == 1:
        return linear(a, b, t)
    start, stop = a / lengths[0], b / lengths[1]
    angle = 2 * math.atan2(float(np.linalg.norm(start - stop)), float(np.linalg.norm(start + stop)))
    if angle < NO_ANGLE:
        return linear(a, b, t)
    side = _perpendicular(start, stop, angle)
    turned = (angle * t)[:, None]
    direction = np.cos(turned) * start + np.sin(turned) * side
    return np.asarray(linear(lengths[:1], lengths[1:], t) * direction)


def _perpendicular(start: Floats, stop: Floats, angle: float) -> Floats:
    """The unit vector at a right angle to `start`, on the way to `stop`."""
    if math.pi - angle < NO_ANGLE:
        stop = np.zeros_like(start)
        stop[np.abs(start).argmin()] = 1.0
    rest = stop - (stop @ start) * start
    return np.asarray(rest / np.linalg.norm(rest))


def along(path: npt.NDArray[Any], count: int) -> Floats:
    """`count` points at even distances along the polyline `path` (P, 2), both ends included -> (count, 2). P ≥ 1."""
    path = np.asarray(path, np.float64)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])  # (P,)
    at = np.linspace(0, way[-1], count)
    return np.stack([np.interp(at, way, path[:, 0]), np.interp(at, way, path[:, 1])], 1)


def norm_moments(size: int) -> tuple[float, float]:
    """Mean and standard deviation of ‖z‖, z ~ N(0, I) in `size` = Z dimensions.

    E‖z‖ = √2 Γ((Z + 1)/2) / Γ(Z/2), E‖z‖² = Z: the mean grows as √Z, the deviation stays below 1/√2, so that nearly all
    the mass lies in a thin shell (chi distribution).
    """
    mean = math.sqrt(2) * math.exp(math.lgamma((size + 1) / 2) - math.lgamma(size / 2))
    return mean, math.sqrt(size - mean * mean)
