"""Hand-made pictures of the study "surface": a slanted bowl in a plane with a ridge."""

from __future__ import annotations

from typing import Any

import numpy as np

from guiapp.messages import Picture


def surface_picture(
    nodes: int = 25, shown: int | None = None, player: str = "vae", reach: float = 1.0, blank: int = 0
) -> Picture:
    """Along random directions. L = 240 + 90 a² + 60 ab + 140 b², and a wall that grows as exp; its corner is infinite
    for `blank` nodes a side."""
    grid = reach * np.linspace(-1, 1, shown or nodes)
    return {**_values(grid, grid, player, nodes, blank), "directions": np.array(["random"]), "seed": np.array(0)}


def path_picture(nodes: int = 25, points: int = 12) -> Picture:
    """On the plane of a path that comes down from (-20, -2) to the origin."""
    t = np.linspace(0, 1, points)[:, None]
    path = np.concatenate([-20 * (1 - t) ** 2, -6 * np.sin(3.3 * t) * (1 - t)], 1)
    low, high = path.min(0), path.max(0)
    margin = 0.2 * (high - low)
    a, b = (np.linspace(low[i] - margin[i], high[i] + margin[i], nodes) for i in (0, 1))
    found = _values(a / 12, b / 6, "vae", nodes, 0)
    steps = np.array([0, *(2 ** np.arange(points - 2)), 2000])
    return {
        **found, "a": a, "b": b, "directions": np.array(["path"]), "path": path, "path_steps": steps,
        "shares": np.array([0.83, 0.094]), "keyframes": np.array(points - 1),
    }  # fmt: skip


def _values(a: np.ndarray, b: np.ndarray, player: str, nodes: int, blank: int) -> dict[str, Any]:
    x, y = a[None], b[:, None]
    reconstruction = 230 + 80 * x**2 + 60 * x * y + 140 * y**2 + np.exp(4 * x + 2 * y)
    kl = 10 + 10 * x**2 + 2 * np.sin(5 * y)
    loss = (reconstruction + kl).astype(np.float64)
    if blank:
        loss[-blank:, -blank:] = np.inf
    found: dict[str, Any] = {
        "player": np.array([player]), "count": np.array(256), "nodes": np.array(nodes), "a": a, "b": b, "loss": loss,
        "centre": np.array(241.0), "curvature_1": np.array(196.0), "curvature_2": np.array(284.0),
        "spacing": np.array([1 / 12, 1 / 12]),
    }  # fmt: skip
    if player == "vae":
        parts = {"reconstruction": reconstruction, "kl": kl}
        found |= {**parts, "centre_reconstruction": np.array(231.0), "centre_kl": np.array(10.0)}
    return found
