"""Hand-made reports of studies, in the shapes that the trainer promises."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import multivariate_normal

from guiapp.messages import Picture, Studied


def likelihood_picture(most: int = 1024, reached: int | None = None, size: int = 784, count: int = 100) -> Picture:
    """Importance sampling rises from -103 to -100 nats, prior sampling from -400."""
    draws = 2 ** np.arange(int(np.log2(reached or most)) + 1)
    found: dict[str, Any] = {
        "draws": draws, "most": np.array(most), "count": np.array(count), "size": np.array(size),
        "elbo": np.array(-103.0), "elbo_error": np.array(1.5),
    }  # fmt: skip
    for way, short in (("importance", 3.0), ("prior", 300.0)):
        found[way] = -100 - short / draws**0.5
        found[f"{way}_error"] = 1.5 + short / 10 / draws**0.5
        found[f"{way}_noise"] = 0.1 + short / 100 / draws
        found[f"{way}_effective"] = 1 + draws / (3 * short)
    return {**found, "log_p": found["importance"][-1:].reshape(())}


def posterior_picture(index: int = 3, shape: tuple[int, ...] = (28, 28), training: bool = False) -> Picture:
    """A slanted Gaussian, known in closed form, with a q that lies a little beside it."""
    rng = np.random.default_rng(index)
    mean, cov = np.array([0.4, -0.7]), np.array([[0.04, 0.03], [0.03, 0.04]])
    best = np.sqrt(1 / np.diag(np.linalg.inv(cov)))
    left, bottom, side = -0.4, -1.5, 1.6
    middles = side * (np.arange(96) + 0.5) / 96
    y, x = np.meshgrid(bottom + middles, left + middles, indexing="ij")
    picture: dict[str, Any] = {
        "image": rng.random((1, *shape), np.float32), "reconstruction": rng.random((1, *shape), np.float32),
        "label": np.array(4), "index": np.array(index), "training": np.array(training), "count": np.array(300),
        "mean": np.array([0.5, -0.6]), "std": np.array([0.25, 0.1]), "best_mean": mean, "best_std": best,
        "true_mean": mean, "true_cov": cov, "box": np.array([left, bottom, side]),
        "density": multivariate_normal(mean, cov).pdf(np.stack([x, y], -1)).astype(np.float32),
        "log_p": np.array(-100.0), "log_p_error": np.array(1e-4), "best_elbo": np.array(-100.4),
        "elbo": np.array(-102.0), "elbo_error": np.array(1e-3),
    }  # fmt: skip
    return {**picture, "approximation": np.array(0.4), "amortisation": np.array(1.6)}


def report(kind: str, picture: Picture, progress: float = 1.0, step: int = 2000, trouble: str = "") -> Studied:
    return Studied(1, kind, step, progress, picture, trouble)
