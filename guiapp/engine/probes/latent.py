"""Where the encoder puts the held-out data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.probes.rows import by_rows
from guiapp.engine.trainer import Trainer
from guiapp.theory import aggregate, gaussian

POINTS = 3000  # 9 ms for the default encoder; 10,000 take 40 and so are shown more seldom while training runs
MOST = 10_000
BASIS = 500  # means whose principal components are the plane
CELLS, CELLS_ACROSS = 64, 48  # of the density, a side; the smaller table where the axes are correlated
MIXED, MIXED_ACROSS = 3000, 1000  # posteriors that make up the density, likewise: 15 ms each
REACH = 4.0  # of the density's square, at least
DRAWS = 6  # the stream


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Posteriors of held-out data on a plane through the origin of the latent space.

    The plane is that of the first two principal components of the means (the coordinates themselves when Z = 2), or of
    the two dimensions in `focus["latent_axes"]`. With Z = 1 the second coordinate is the posterior's σ. N is
    `focus["latent_points"]`, 10,000 at most, or all there are.

    Returns:
        mean (N, 2), std (N, 2), cross (N,): of q(z|x) along the axes, and the covariance of the two coordinates;
        labels (N,); axes (2, Z), rows orthonormal; share (2,): of the variance of the means along each axis;
        kl (Z,): KL(q(z_i|x) ‖ N(0, 1)) in nats, mean over x;
        with `focus["latent_draws"]` draws (N, 2): z ~ q(z|x), of each datum with the same noise at every step;
        with `focus["latent_density"]` and Z > 1 density (G, G), row 0 at the smallest second coordinate: q(z) on the
        square [-reach, reach]² by `aggregate.density`, and reach ().
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    count = max(1, min(int(focus.get("latent_points") or POINTS), MOST, len(trainer.feed.heldout)))
    mean, log_var = encoded(model, trainer.feed.heldout[:count])  # (N, Z)
    var = log_var.exp()
    axes = plane_axes(mean, focus.get("latent_axes"))  # (2, Z)
    plane, std = mean @ axes.T, (var @ (axes**2).T).sqrt()  # (N, 2)
    cross = var @ (axes[0] * axes[1]) if model.latent > 1 else torch.zeros_like(mean[:, 0])  # (N,)
    share = plane.var(0, correction=0) / mean.var(0, correction=0).sum().clamp_min(1e-12)
    line = model.latent == 1
    pictures = {
        "mean": array(torch.cat((mean, var.sqrt()), dim=1) if line else plane),
        "std": array(std),
        "cross": array(cross),
        "labels": trainer.feed.heldout_labels[:count].copy(),
        "axes": array(axes),
        "share": array(share),
        "kl": array(gaussian.kl_standard_each(mean, log_var).mean(0)),
    }
    if focus.get("latent_draws"):
        z = mean + var.sqrt() * _noise(trainer, count, model.latent)
        pictures["draws"] = array(torch.cat((z, var.sqrt()), dim=1) if line else z @ axes.T)
    if focus.get("latent_density") and not line:
        pictures |= _density(plane, std, cross)
    return pictures


def encoded(model: VaeModel, x: Tensor) -> tuple[Tensor, Tensor]:
    """μ and log σ² of q(z|x): (N, D) -> (N, Z), (N, Z)."""
    mean, log_var = by_rows(lambda rows: torch.cat(model.encode(rows), 1), x).chunk(2, 1)
    return mean, log_var


def plane_axes(mean: Tensor, chosen: tuple[int, int] | None) -> Tensor:
    """Orthonormal rows (2, Z): the dimensions `chosen`, or the first two principal components of the first `BASIS` of
    the means (N, Z), so that the plane does not depend on how many points are shown. The one row is 0 where Z = 1."""
    size = mean.shape[1]
    unit = torch.eye(max(2, size), device=mean.device)[:, :size]
    if chosen is not None and max(chosen) < size:
        return unit[list(chosen)]
    if size <= 2:
        return unit[:2]
    centred = (mean[:BASIS] - mean[:BASIS].mean(0)).cpu().double()  # as float32 the squares of a large mean overflow
    if not centred.isfinite().all():  # a diverged encoder has no principal axes
        return unit[:2]
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    axes: Tensor = vectors.flip(1)[:, :2].T.to(mean)  # (2, Z), largest variance first
    # Eigenvectors have no sign of their own; this one keeps the cloud from flipping between two pictures.
    oriented: Tensor = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    return oriented


def _noise(trainer: Trainer, count: int, dimensions: int) -> Tensor:
    rng = np.random.default_rng([trainer.spec.seed, DRAWS])
    return torch.from_numpy(rng.standard_normal((count, dimensions), np.float32)).to(trainer.device)


def _density(mean: Tensor, std: Tensor, cross: Tensor) -> Arrays:
    plain = not bool(cross.any())
    most, cells = (MIXED, CELLS) if plain else (MIXED_ACROSS, CELLS_ACROSS)
    mean, std, cross = mean[:most].cpu(), std[:most].cpu(), cross[:most].cpu()
    finite = mean.isfinite().all(1) & std.isfinite().all(1) & cross.isfinite()
    mean, std, cross = mean[finite], std[finite], cross[finite]
    reach = REACH
    if len(mean):
        need = float(torch.quantile((mean.abs() + 2 * std).amax(1), 0.995))
        while reach < need:
            reach *= 2
    edge = reach * (1 - 1 / cells)
    grid = torch.linspace(-edge, edge, cells, dtype=mean.dtype)
    table = aggregate.density(grid, mean, std, None if plain else cross)
    return {"density": array(table), "reach": np.array(reach, np.float32)}


PROBE = Probe(
    "latent",
    frozenset({"encodes"}),
    read,
    frozenset({"latent_axes", "latent_points", "latent_draws", "latent_density"}),
)
