"""What the decoder makes of a whole latent plane."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from torch import Tensor

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.latent import BASIS, encoded, plane_axes
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.probes.rows import by_rows
from guiapp.engine.trainer import Trainer

CELLS = 15
LEAST, MOST = 5, 31
LARGEST = 1024  # pixels a side of all images together: a screen shows no more, and 31² large images would be 50 MB


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The decoder's mean on the grid (Φ⁻¹(u_j), Φ⁻¹(u_i)), u at the centres of R equal parts of (0, 1), so that every
    cell holds the same prior mass; empty for Z = 1.

    The plane is that of the picture "latent" (`focus["latent_axes"]`); every direction across it is 0, the prior's
    mean. R is `focus["manifold_cells"]`, 5 to 31. Images are averaged over blocks of pixels where all of them would be
    larger than 1,024 pixels a side.

    Returns:
        quantiles (R,), axes (2, Z), and images (R, R, *shape), first row the largest second coordinate; or points
        (R, R, 2) for data in the plane.
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    if model.latent < 2:
        return {}
    cells = max(LEAST, min(int(focus.get("manifold_cells") or CELLS), MOST))
    z = [NormalDist().inv_cdf((i + 0.5) / cells) for i in range(cells)]
    first, second = np.meshgrid(z, z[::-1])
    grid = torch.tensor(np.stack([first, second], -1).reshape(-1, 2), dtype=torch.float32, device=trainer.device)
    chosen = focus.get("latent_axes")
    known = model.latent == 2 or (chosen is not None and max(chosen) < model.latent)  # then there is no need to encode
    mean, _ = encoded(model, trainer.feed.heldout[: 1 if known else BASIS])
    axes = plane_axes(mean, chosen)  # (2, Z)
    codes = grid @ axes  # (R², Z)
    out = by_rows(model.decode, codes)  # (R², D)
    shape = tuple(trainer.source.shape)
    if not trainer.feed.is_plane and len(shape) >= 2:
        out = _thinned(out, cells, shape)
        shape = tuple(out.shape[1:])
    name = "points" if trainer.feed.is_plane else "images"
    return {"quantiles": np.array(z, np.float32), "axes": array(axes), name: array(out, (cells, cells, *shape))}


def _thinned(out: Tensor, cells: int, shape: tuple[int, ...]) -> Tensor:
    """The images (R², *shape) as means over blocks of pixels, the fewest that do."""
    images = out.reshape(-1, *shape)
    block = -(-cells * max(shape[:2]) // LARGEST)
    block = min(block, *shape[:2])
    if block == 1:
        return images
    channels = images.reshape(len(images), *shape[:2], -1).permute(0, 3, 1, 2)  # (R², C, H, W)
    small = torch.nn.functional.avg_pool2d(channels, block).permute(0, 2, 3, 1)
    return small.reshape(len(images), *small.shape[1:3], *shape[2:])


PROBE = Probe("manifold", frozenset({"decodes", "encodes"}), read, frozenset({"latent_axes", "manifold_cells"}))
