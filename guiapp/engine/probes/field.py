"""The data plane: real points, generated points, and what the discriminator thinks of every place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from guiapp.data.source import Table
from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.probes.rows import by_rows
from guiapp.engine.probes.samples import generated
from guiapp.engine.trainer import Trainer

GRID, POINTS = 48, 1000


def extent(trainer: Trainer) -> float:
    """Half-width of the square, centred on the origin, that the plane view shows."""
    source = trainer.source
    return 1.1 * max(-source.low, source.high) if isinstance(source, Table) else source.extent


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Returns: real (N, 2), generated (N, 2); for a GAN also grid (G, G): D(x) at the centres of G x G cells of the
    square, first row the smallest y."""
    real = trainer.feed.heldout[:POINTS]
    result = {"real": array(real), "generated": array(generated(trainer, POINTS))}
    if isinstance(trainer.model, GanModel):
        half = extent(trainer)
        side = ((torch.arange(GRID, device=trainer.device) + 0.5) / GRID * 2 - 1) * half
        y, x = torch.meshgrid(side, side, indexing="ij")
        logits = by_rows(trainer.model.logit, torch.stack((x.flatten(), y.flatten()), dim=1))
        result["grid"] = array(torch.sigmoid(logits), (GRID, GRID))
    return result


PROBE = Probe("field", frozenset({"samples", "plane"}), read)
