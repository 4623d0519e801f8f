"""Hand-made pictures of nearest training data, and reports of the Fréchet distance."""

from __future__ import annotations

import numpy as np

from guiapp.messages import Picture
from guiapp.theory.memorisation import ranks


def neighbours_picture(
    shape: tuple[int, ...] = (28, 28), copies: float = 0.0, shift: float = 0.0, pairs: int = 24, seed: int = 0
) -> Picture:
    """Distances around 6, those of samples `shift` farther, and a share `copies` of them near 0."""
    rng = np.random.default_rng(seed)
    nearest = rng.random((pairs, *shape), np.float32)
    heldout = rng.normal(6, 1, 256)
    samples = rng.normal(6 + shift, 1, 256)
    samples[: round(256 * copies)] = np.abs(rng.normal(0, 0.3, round(256 * copies)))
    made = nearest + rng.normal(0, 0.05, nearest.shape).astype(np.float32)
    auc, z = ranks(samples, heldout)
    return {
        "generated": made, "nearest": nearest, "distance": samples[:pairs], "label": np.arange(pairs) % 10,
        "samples": samples, "heldout": heldout, "auc": np.array(auc), "z": np.array(z), "training": np.array(8500),
    }  # fmt: skip


def frechet_picture() -> Picture:
    values = {"accuracy": 0.843, "chance": 0.1, "distance": 61.25, "distance_spread": 2.0, "floor": 6.29}
    values |= {"floor_spread": 1.2, "count": 750, "features": 64}
    return {name: np.array(value) for name, value in values.items()}
