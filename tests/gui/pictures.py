"""Hand-made pictures of every kind that a view may be given, in the shapes that the trainer's probes promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from guiapp.messages import Picture, Started

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


def datum_picture(shape: tuple[int, ...] = (8, 8), z: int = 2, index: int = 4, label: int = 1, **other: Any) -> Picture:
    """A datum of `shape` with a reconstruction half as bright, and its posterior in `z` dimensions."""
    data = np.random.default_rng(index).random(shape).astype(np.float32)
    mean, std = np.linspace(-1, 1, z).astype(np.float32), np.full(z, 0.25, np.float32)
    whole = {"index": index, "label": label, "data": data, "reconstruction": 0.5 * data, "mean": mean, "std": std}
    return {name: np.array(value) for name, value in {**whole, "kl": 3.25, **other}.items()}


def collapse_picture(z: int, active: int, between: int = 0, seed: int = 0) -> Picture:
    """Of `z` dimensions in random order `active` ones, `between` that pay but do not tell, the rest at the prior."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.repeat([2, 1, 0], [active, between, z - active - between]))
    kl = np.select(
        [kind == 2, kind == 1], [rng.uniform(0.8, 3, z), rng.uniform(0.05, 0.2, z)], 10 ** rng.uniform(-5, -3, z)
    )
    mean_var = np.where(kind == 2, rng.uniform(0.5, 0.95, z), kl * rng.uniform(0.02, 0.09, z))
    information = min(6.1, 0.8 * kl.sum())
    scalars = {
        "active_units": (mean_var > 0.01).sum(),
        "information": information,
        "information_error": 0.02,
        "ceiling": np.log(500),
    }
    scalars |= {"aggregate_kl": kl.sum() - information, "count": 500}
    vectors = {"kl": kl, "mean_var": mean_var, "noise_var": 1 - 0.9 * mean_var, "marginal_kl": 0.02 * kl}
    return {**vectors, **{name: np.array(value) for name, value in scalars.items()}}


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


def with_draws(picture: Picture, mean: str, sigma: float | None = None) -> Picture:
    """`picture` with draws around its array `mean`: mean + σ ε, or 0 and 1 where there is no σ."""
    rng = np.random.default_rng(2)
    values = picture[mean]
    noise = rng.random(values.shape) if sigma is None else rng.standard_normal(values.shape)
    draw = (noise < values) if sigma is None else values + sigma * noise
    more = {} if sigma is None else {"sigma": np.array(sigma, np.float32)}
    return {**picture, "draw": draw.astype(np.float32), **more}


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


def arena_picture(z: int = 2, grid: int = 48, extent: float = 1.5, seed: int = 0) -> Picture:
    """The arena: a generator that halves the noise, a discriminator with a = 4 (0.3 sin 3x - y), a push of (0, -1)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (750, min(z, 2)))
    made = np.pad(noise / 2, ((0, 0), (0, 2 - noise.shape[1])))
    middle = extent * (1 - 1 / grid)  # of the last cell
    y, x = np.mgrid[-middle : middle : grid * 1j, -middle : middle : grid * 1j]
    quantiles = norm.ppf(np.linspace(0.01, 0.99, 17 if z == 2 else 256))
    bent = {1: np.stack([quantiles / 2, 0 * quantiles], 1), 2: np.stack(np.meshgrid(quantiles, quantiles), 2) / 2}
    whole = {"real": ring(750, 8, rng), "noise": noise, "generated": made, "logit": 4 * (0.3 * np.sin(3 * x) - y)}
    whole |= {"at": made[:150], "push": np.tile((0.0, -1.0), (150, 1)), "optimum": (x > 0).astype(float)}
    whole |= {"quantiles": quantiles, "mesh": bent[z]} if z in bent else {}
    return {name: values.astype(np.float32) for name, values in whole.items()}


def ring(count: int, modes: int, rng: np.random.Generator) -> Array:
    """Points (count, 2) of `modes` of the eight Gaussians on the unit circle."""
    angle = rng.integers(0, modes, count) * np.pi / 4
    return (np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.05, (count, 2))).astype(np.float32)


def _data(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> Array:
    if len(shape) == 2:
        return image(rng.normal(size=count), rng.normal(size=count), *shape)
    if len(shape) == 3:  # in colour: a channel each
        each = [image(*rng.normal(size=(2, count)), *shape[:2]) for _ in range(shape[2])]
        return np.stack(each, -1)
    if shape == (2,):
        return ring(count, 8, rng)
    return (np.sin(np.linspace(0, 6, *shape)) + rng.normal(0, 0.3, (count, *shape))).astype(np.float32)


def layers_picture(run: Started, dead: int = 3, nan: int = 0) -> Picture:
    """The picture "layers" of `run`: ReLUs of which `dead` of the first layer are, `nan` activations of the second."""
    names = [name for name, _ in run.tensors]
    hidden = [
        name.removesuffix(".weight") for name in names if f"activation/{name.removesuffix('.weight')}" in run.names
    ]
    shapes = dict(run.tensors)
    count, first = len(hidden), np.eye(1, max(1, len(hidden)))[0, : len(hidden)]
    second = np.eye(1, max(2, count), 1)[0, :count]
    gan = names[0].startswith("generator")
    part = ("D step: data", "D step: generated", "G step") if gan else ("reconstruction", "KL")
    parts = np.geomspace(1e-4, 1e-2, len(names)) * (10.0 ** -np.arange(len(part)))[:, None]
    for k, title in enumerate(part):
        skipped = "generator" if title.startswith("D step") else "decoder" if title == "KL" else "nothing"
        parts[k, [name.startswith(skipped) for name in names]] = np.nan
    edges = np.linspace(-8, 8, 129)
    law = np.exp(-(((edges[1:] + edges[:-1]) / 2) ** 2) / 2)
    return {
        "layer": np.array(hidden, np.str_),
        "activation": np.array(["relu"] * count, np.str_),
        "width": np.array([shapes[f"{name}.weight"][0] for name in hidden], np.int64),
        **{
            kind: np.full(count, 0.5, np.float32) for kind in ("rms", "mean", "variance", "zeros", "saturated", "delta")
        },
        "dead": dead * first,
        "nan": nan * second,
        "inf": np.zeros(count),
        "pre_edges": edges.astype(np.float32),
        "pre_counts": np.tile((100 * law).astype(np.int64), (count, 1)),
        "tensor": np.array(names, np.str_),
        "g_zeros": np.full(len(names), 0.125, np.float32),
        "g_nan": np.zeros(len(names), np.int64),
        "g_inf": np.zeros(len(names), np.int64),
        "snr": np.full(len(names), 0.7, np.float32),
        "part": np.array(part, np.str_),
        "parts": parts.astype(np.float32),
    }


def tensor_picture(name: str = "encoder.0.weight", shape: tuple[int, ...] = (256, 784), seed: int = 0) -> Picture:
    """The picture "tensor": weights of 0.05, gradients of 1e-4, half of the outputs exactly 0, two of them Inf."""
    rng = np.random.default_rng(seed)
    edges = np.linspace(-20, 5, 101, dtype=np.float32)
    three = [scale * rng.normal(size=20_000) for scale in (0.05, 1e-4, 1.0)]
    three[2] = np.maximum(three[2], 0)
    picture = {"name": np.array(name), "shape": np.array(shape, np.int64), "edges": edges}
    for kind, values in zip(("weights", "gradients", "activations"), three, strict=True):
        picture[kind] = np.histogram(np.log10(np.abs(values[values != 0])), edges)[0]
    picture["zeros"] = np.array([(values == 0).sum() for values in three], np.int64)
    picture["nan"], picture["inf"] = np.zeros(3, np.int64), np.array([0, 0, 2])
    return picture | {
        kind: np.array([function(values) for values in three], np.float32)
        for kind, function in (("min", np.min), ("max", np.max), ("mean", np.mean), ("std", np.std))
    }
