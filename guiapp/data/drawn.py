"""The law that a person draws: equal Gaussians about the points of a drawing."""

from __future__ import annotations

import numpy as np

from guiapp.data.densities import Mixture
from guiapp.data.source import DataError, Float64

LEAST, MOST = 1, 2000  # points; the density of 2,000 is exact still, and costs what a fifth of a step does
EXTENT = 1.2  # the drawing lies in [-1, 1]²


def drawn(text: str = "", blur: float = 0.03) -> Mixture:
    """p(x) = (1/K) Σ_k N(x; p_k, blur² I) about the points p_k of `text`, "x y, x y, ..."; a heart where that is empty.

    Raises:
        DataError: no such text, or a point outside [-1, 1]².
    """
    points = points_of(text) if text.strip() else _heart()
    means, none = points.astype(np.float32), np.empty((0, 2))
    labels = np.zeros(len(means), np.int16)
    few = len(means) <= 128  # modes, where they lie far enough apart to be counted
    centres, scales = (means.astype(np.float64), np.full_like(means, blur, np.float64)) if few else (none, none)
    title, deviations = "Your own drawing", np.full_like(means, blur)
    return Mixture("drawn", title, EXTENT + 3 * blur, (), centres, scales, means, deviations, labels)


def points_of(text: str) -> Float64:
    """The points (K, 2) of a drawing.

    Raises:
        DataError: as `drawn`.
    """
    pairs = [pair.split() for pair in text.split(",") if pair.strip()]
    for place, pair in enumerate(pairs, start=1):
        try:
            x, y = (float(number) for number in pair)
        except ValueError:
            raise DataError(f"drawing: point {place}, '{' '.join(pair):.40}', is not two numbers x y.") from None
        if not (abs(x) <= 1 and abs(y) <= 1):
            raise DataError(f"drawing: point {place} ({x:g}, {y:g}) lies outside the square from -1 to 1.")
    if not LEAST <= len(pairs) <= MOST:
        raise DataError(f"drawing: {len(pairs):,} points; draw from {LEAST} to {MOST:,}.")
    return np.array(pairs, np.float64)


def text_of(points: Float64) -> str:
    """The text of a drawing of `points` (K, 2), to three decimals."""
    return ", ".join(f"{x:.3f} {y:.3f}" for x, y in points)


def _heart() -> Float64:
    """160 points of a heart, spaced evenly along its curve."""
    t = np.linspace(0, 2 * np.pi, 4096)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    stops = np.linspace(0, travelled[-1], 160, endpoint=False)
    return np.stack([np.interp(stops, travelled, x) / 20, (np.interp(stops, travelled, y) + 2) / 20], axis=1)
