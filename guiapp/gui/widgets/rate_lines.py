"""Straight lines of one value each across the plane of rate and distortion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

LINES = 7  # about so many of a family


@dataclass(frozen=True, slots=True)
class Line:
    """distortion + weight·rate = `value`, from `begin` to `end` in data units, where it crosses the plane's edges."""

    value: float
    begin: QPointF
    end: QPointF


def family(room: QRectF, weight: float, through: float | None = None) -> list[Line]:
    """Lines of distortion + `weight`·rate at round values across `room`, whose top is its least distortion; or, evenly
    spaced, that of the value `through` among them."""
    low, high = room.top() + weight * room.left(), room.bottom() + weight * room.right()
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return []
    spacing = _round_spacing((high - low) / LINES)
    origin = through or 0.0
    first, last = math.ceil((low - origin) / spacing), math.floor((high - origin) / spacing)
    lines = (line(origin + i * spacing, room, weight) for i in range(first, last + 1))
    return [found for found in lines if found is not None]


def line(value: float, room: QRectF, weight: float) -> Line | None:
    """The one of `value`; None where it does not cross `room`."""
    ends: list[QPointF] = []
    for x in (room.left(), room.right()):
        y = value - weight * x
        if room.top() <= y <= room.bottom():
            ends.append(QPointF(x, y))
    for y in (room.bottom(), room.top()) if weight else ():
        x = (value - y) / weight
        if room.left() < x < room.right():
            ends.append(QPointF(x, y))
    if len(ends) < 2:
        return None
    begin, end = sorted(ends, key=lambda point: (point.x(), -point.y()))[:: len(ends) - 1]
    return Line(value, begin, end)


def _round_spacing(least: float) -> float:
    decade = 10.0 ** math.floor(math.log10(least))
    return next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= least * (1 - 1e-9))
