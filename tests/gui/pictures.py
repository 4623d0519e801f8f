"""Hand-made pictures of every kind that a view may be given, in the shapes that the trainer's probes promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from guiapp.messages import Picture

Array = npt.NDArray[Any]


def latent_picture(count: int = 1500, z: int = 2, classes: int = 10, *, pca: bool = True, seed: int = 0) -> Picture:
    """Clusters of posterior means of `classes` classes (0: no labels, -1) in `z` dimensions, in the plane shown."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count) if classes else np.full(count, -1)
    codes = rng.normal(0, 1.0, (max(1, classes), z))[labels] + rng.normal(0, 0.3, (count, z))  # (N, Z)
    spread = np.full((count, z), 0.1) * rng.uniform(0.5, 2, (count, 1))
    kl = np.sort(rng.gamma(2.0, 1.0, z))[::-1]
    if z == 1:
        mean, std = np.concatenate([codes, spread], 1), np.concatenate([spread, spread * 0], 1)
        return _latent(mean, std, labels, np.ones((1, 1)), np.ones(1), kl)
    axes = np.eye(2, z)
    if pca and z > 2:
        axes = np.linalg.svd(codes - codes.mean(0), full_matrices=False)[2][:2]
    share = (codes @ axes.T).var(0) / codes.var(0).sum()
    return _latent(codes @ axes.T, np.sqrt(spread**2 @ (axes**2).T), labels, axes, share, kl)


def _latent(mean: Array, std: Array, labels: Array, axes: Array, share: Array, kl: Array) -> Picture:
    floats = {"mean": mean, "std": std, "axes": axes, "share": share, "kl": kl}
    return {**{name: array.astype(np.float32) for name, array in floats.items()}, "labels": labels}


def image(z1: Array, z2: Array, height: int = 28, width: int = 28) -> Array:
    """A blurred ring, (..., H, W) in [0, 1], whose size follows z1 and whose thickness z2; shapes (...)."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    radius = 0.5 + 0.15 * z1[..., None, None]
    thickness = 0.12 * np.exp(0.4 * z2[..., None, None])
    return np.exp(-(((np.hypot(x, y) - radius) / thickness) ** 2)).astype(np.float32)


def manifold_picture(side: int = 15, height: int = 28, width: int = 28) -> Picture:
    """The decoded manifold of image data: row 0 is the largest z2, column 0 the smallest z1."""
    quantiles = norm.ppf((np.arange(side) + 0.5) / side)
    z2, z1 = np.meshgrid(quantiles[::-1], quantiles, indexing="ij")
    return {"quantiles": quantiles, "images": image(z1, z2, height, width)}


def bent_manifold_picture(side: int = 15) -> Picture:
    """The decoded manifold of data in the plane."""
    quantiles = norm.ppf((np.arange(side) + 0.5) / side)
    z2, z1 = np.meshgrid(quantiles[::-1], quantiles, indexing="ij")
    points = np.stack([np.tanh(z1) + 0.1 * z2, 0.6 * np.sin(2 * z1) + 0.3 * z2], -1)
    return {"quantiles": quantiles, "points": points.astype(np.float32)}


def samples_picture(shape: tuple[int, ...] = (28, 28), count: int = 64, seed: int = 0) -> Picture:
    """Samples and as many real data of `shape`."""
    rng = np.random.default_rng(seed)
    return {"generated": 0.9 * _data(shape, count, rng), "real": _data(shape, count, rng)}


def reconstructions_picture(shape: tuple[int, ...] = (28, 28), count: int = 32, seed: int = 1) -> Picture:
    """Data of `shape` with reconstructions that are a little off."""
    rng = np.random.default_rng(seed)
    data = _data(shape, count, rng)
    return {"data": data, "mean": 0.9 * data, "labels": rng.integers(0, 10, count)}


def field_picture(count: int = 750, grid: int | None = 48, extent: float = 1.5, seed: int = 0) -> Picture:
    """A ring of eight modes, points that cover half of them, and a discriminator that has noticed."""
    rng = np.random.default_rng(seed)
    real, made = ring(count, 8, rng), ring(count, 4, rng)
    picture = {"real": real, "generated": made}
    if grid is not None:
        middle = extent * (1 - 1 / grid)  # of the last cell
        y, x = np.mgrid[-middle : middle : grid * 1j, -middle : middle : grid * 1j]
        picture["grid"] = (1 / (1 + np.exp(4 * (y - 0.3 * np.sin(3 * x))))).astype(np.float32)
    return picture


def ring(count: int, modes: int, rng: np.random.Generator) -> Array:
    """Points (count, 2) of `modes` of the eight Gaussians on the unit circle."""
    angle = rng.integers(0, modes, count) * np.pi / 4
    return (np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.05, (count, 2))).astype(np.float32)


def _data(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> Array:
    if len(shape) == 2:
        return image(rng.normal(size=count), rng.normal(size=count), *shape)
    if shape == (2,):
        return ring(count, 8, rng)
    return (np.sin(np.linspace(0, 6, *shape)) + rng.normal(0, 0.3, (count, *shape))).astype(np.float32)
