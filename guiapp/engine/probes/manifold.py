"""What the decoder makes of the whole latent plane."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import torch

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer

CELLS = 15


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The decoder's mean on the grid z = Φ⁻¹(u), u at the centres of R equal parts of (0, 1), so that every cell
    holds the same prior mass; only for Z = 2, else empty.

    Returns:
        quantiles (R,), and images (R, R, H, W), first row the largest z₂; or points (R, R, 2) for data in the plane.
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    if model.latent != 2:
        return {}
    z = [NormalDist().inv_cdf((i + 0.5) / CELLS) for i in range(CELLS)]
    first, second = np.meshgrid(z, z[::-1])
    grid = torch.tensor(np.stack([first, second], -1).reshape(-1, 2), dtype=torch.float32, device=trainer.device)
    out = model.decode(grid)  # (R², D)
    name = "points" if trainer.feed.is_plane else "images"
    return {"quantiles": np.array(z, np.float32), name: array(out, (CELLS, CELLS, *trainer.source.shape))}


PROBE = Probe("manifold", frozenset({"decodes"}), read)
