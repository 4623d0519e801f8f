"""What the model makes of fixed noise, beside real data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays, Probe, array, noise
from guiapp.engine.trainer import Trainer

IMAGES, POINTS = 64, 1000


def generated(trainer: Trainer, count: int) -> Any:
    """The model's data (count, D) for the same `count` draws of its prior at every step; a VAE's decoder mean."""
    model = trainer.model
    if isinstance(model, GanModel):
        z = noise(trainer, count, model.noise)
        if model.noise_law == "uniform":  # Φ maps the normal draws to uniform ones
            z = (z / 2**0.5).erf()
        return model.decode(z)
    return model.decode(noise(trainer, count, model.latent))


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Returns: generated (M, *shape), real (M, *shape): held-out data."""
    count = POINTS if trainer.feed.is_plane else IMAGES
    real = trainer.feed.heldout[:count]
    shape = trainer.source.shape
    return {
        "generated": array(generated(trainer, count), (count, *shape)),
        "real": array(real, (len(real), *shape)),
    }


PROBE = Probe("samples", frozenset({"samples"}), read)
