"""The laws in the plane: the standard tests of mode collapse, and shapes that a generator has to bend into."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from guiapp.data.densities import Checkerboard, Mixture
from guiapp.data.source import Float64


def ring() -> Mixture:
    """Eight Gaussians of standard deviation .01 on the circle of radius 1 (PacGAN's protocol, Lin et al. 2018)."""
    angle = np.arange(8) * np.pi / 4
    return _modes("ring", "Ring of 8 Gaussians", np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.01, 1.25)


def grid() -> Mixture:
    """Twenty-five Gaussians of standard deviation .05 on {-4, -2, 0, 2, 4}² (PacGAN's protocol)."""
    ticks = np.arange(-4.0, 5.0, 2.0)
    return _modes("grid", "Grid of 25 Gaussians", np.stack(np.meshgrid(ticks, ticks), axis=2).reshape(25, 2), 0.05, 5.0)


def gaussian() -> Mixture:
    """N((.5, -.5), diag(1, .5²)): entropy 1 + log 2π + log .5 = 2.1447 nats. A linear model can be perfect on it."""
    return _modes("gaussian", "One Gaussian", [[0.5, -0.5]], [[1.0, 0.5]], 5.0, classes=())


def clusters() -> Mixture:
    """½ N((-.4, .4), .2² I) + ½ N((.4, -.2), diag(.1², .4²)): GAN Lab's "gaussians", its unit square mapped to
    [-1, 1]² by x -> 2x - 1, as for all its laws."""
    return _modes("clusters", "Two clusters", [[-0.4, 0.4], [0.4, -0.2]], [[0.2, 0.2], [0.1, 0.4]], 2.0)


def blobs() -> Mixture:
    """Three equal Gaussians of standard deviation .05, far apart: GAN Lab's "disjoint"."""
    return _modes("blobs", "Three blobs", [[-0.3, 0.5], [0.5, 0.2], [-0.1, -0.3]], 0.05, 1.0)


def line() -> Mixture:
    """The segment from (.6, .2) to (-.9, .8), blurred by .02: GAN Lab's "line", as 128 Gaussians spaced .0126 apart."""
    t = np.linspace(0.0, 1.0, 128)[:, None]
    curve = np.array([[0.6, 0.2]]) + t * np.array([[-1.5, 0.6]])
    return _curve("line", "A line", [curve], 0.02, 1.1, classes=())


def ellipse() -> Mixture:
    """The ellipse about (0, -.1) with half-axes .6 and .5, blurred by .05: GAN Lab's "ring", as 128 Gaussians at equal
    steps of the angle, hence spaced at most .0295 apart."""
    angle = np.linspace(0.0, 2 * np.pi, 128, endpoint=False)
    curve = np.stack([0.6 * np.cos(angle), 0.5 * np.sin(angle) - 0.1], axis=1)
    return _curve("ellipse", "An ellipse", [curve], 0.05, 1.0, classes=())


def moons() -> Mixture:
    """Two interleaved half circles of radius 1, one opening downwards about (-.5, -.25), one upwards about (.5, .25),
    each of 64 Gaussians of standard deviation .08 spaced .05 apart. The label is the moon."""
    angle = np.linspace(0.0, np.pi, 64)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    return _curve("moons", "Two moons", [upper, -upper], 0.08, 2.0, classes=("upper", "lower"))


def spiral() -> Mixture:
    """Two arms r = .3 + 1.5 t, angle 3π t, t in [0, 1], each the other turned by half a turn. An arm is 192 Gaussians
    of standard deviation .05, spaced .054 apart at equal arc length. The label is the arm."""
    t = np.linspace(0.0, 1.0, 4096)
    fine = (0.3 + 1.5 * t)[:, None] * np.stack([np.cos(3 * np.pi * t), np.sin(3 * np.pi * t)], axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    stops = np.linspace(0.0, travelled[-1], 192)
    arm = np.stack([np.interp(stops, travelled, fine[:, 0]), np.interp(stops, travelled, fine[:, 1])], axis=1)
    return _curve("spiral", "A spiral with two arms", [arm, -arm], 0.05, 2.2, classes=("arm 1", "arm 2"))


def checkerboard() -> Checkerboard:
    """The uniform law on eight squares of a 4 x 4 board on [-2, 2]²: sharp edges, and an entropy of log 8 nats."""
    none = np.empty((0, 2))
    return Checkerboard("checkerboard", "A checkerboard", 2.2, (), none, none)


def _modes(
    name: str, title: str, centres: ArrayLike, scale: ArrayLike, extent: float, classes: tuple[str, ...] | None = None
) -> Mixture:
    """A mixture whose components are modes to be counted; `classes` None names them mode 1, mode 2, ..."""
    # The mean a mode really has, after rounding to float32, is the one that centres reports.
    means = np.asarray(centres, np.float32)
    deviations = np.broadcast_to(np.asarray(scale, np.float32), means.shape).copy()
    labels = np.arange(len(means), dtype=np.int16)
    names = tuple(f"mode {k + 1}" for k in labels) if classes is None else classes
    centres64, scales64 = means.astype(np.float64), deviations.astype(np.float64)
    return Mixture(name, title, extent, names, centres64, scales64, means, deviations, labels)


def _curve(
    name: str, title: str, arms: Sequence[Float64], scale: float, extent: float, classes: tuple[str, ...]
) -> Mixture:
    """A mixture of equal round Gaussians along arms (K, 2), labelled by the arm; it has no modes to count."""
    means = np.concatenate(arms).astype(np.float32)
    labels = np.repeat(np.arange(len(arms), dtype=np.int16), [len(arm) for arm in arms])
    none = np.empty((0, 2))
    return Mixture(name, title, extent, classes, none, none, means, np.full_like(means, scale), labels)
