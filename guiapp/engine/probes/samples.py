"""What the model makes of fixed noise, beside real data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor

from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays, Probe, array, few, noise
from guiapp.engine.probes.rows import by_rows
from guiapp.engine.trainer import Trainer
from guiapp.spec import Vae

IMAGES, POINTS = 64, 1000
SEED = 5  # added to the run's seed


def generated(trainer: Trainer, count: int) -> Any:
    """The model's data (count, D) for the same `count` draws of its prior at every step; a VAE's decoder mean."""
    model = trainer.model
    if isinstance(model, GanModel):
        z = noise(trainer, count, model.noise)
        if model.noise_law == "uniform":  # Φ maps the normal draws to uniform ones
            z = (z / 2**0.5).erf()
        return by_rows(model.decode, z)
    return by_rows(model.decode, noise(trainer, count, model.latent))


def drawn(trainer: Trainer, mean: Tensor) -> Tensor | None:
    """A draw from p(x|z) with E[x|z] = `mean` (M, D), of the same noise at every step: 0 or 1 where that is Bernoulli,
    mean + σ ε where it is Gaussian; None for a GAN, whose generator adds no noise."""
    model, spec = trainer.model, trainer.spec.model
    if isinstance(model, GanModel) or not isinstance(spec, Vae):
        return None
    generator = Generator().manual_seed(trainer.spec.seed + SEED)
    if model.likelihood == "bernoulli":
        return (torch.rand(mean.shape, generator=generator).to(mean.device) < mean).to(mean.dtype)
    return mean + model.sigma(spec).to(mean.device) * torch.randn(mean.shape, generator=generator).to(mean.device)


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Returns: generated (M, *shape), real (M, *shape): held-out data; of a VAE also draw (M, *shape): draws from
    p(x|z) around `generated`, and sigma (), where that is Gaussian."""
    count = POINTS if trainer.feed.is_plane else few(trainer, IMAGES)
    real, made = trainer.feed.heldout[:count], generated(trainer, count)
    shape = trainer.source.shape
    result = {"generated": array(made, (count, *shape)), "real": array(real, (len(real), *shape))}
    draw, spec = drawn(trainer, made), trainer.spec.model
    if draw is not None:
        result["draw"] = array(draw, (count, *shape))
    if isinstance(spec, Vae) and spec.likelihood != "bernoulli" and not isinstance(trainer.model, GanModel):
        result["sigma"] = array(trainer.model.sigma(spec))
    return result


PROBE = Probe("samples", frozenset({"samples"}), read)
