"""Where the encoder puts the held-out data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer
from guiapp.theory import gaussian

POINTS = 1000  # 6 ms for the default encoder; twice as many would halve how often they can be shown


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Posterior means and deviations of held-out data on a plane of the latent space.

    The plane is that of the first two principal components of the means (the coordinates themselves when Z = 2), or of
    the two dimensions in `focus["latent_axes"]`. With Z = 1 the second coordinate is the posterior's σ.

    Returns:
        mean (N, 2), std (N, 2): of q(z|x) along the axes; labels (N,); axes (2, Z), rows orthonormal;
        share (2,): of the variance of the means along each axis; kl (Z,): KL(q(z_i|x) ‖ N(0, 1)) in nats, mean over x.
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    mean, log_var = model.encode(trainer.feed.heldout[:POINTS])  # (N, Z)
    var = log_var.exp()
    kl = gaussian.kl_standard_each(mean, log_var).mean(0)  # (Z,)
    axes = _axes(mean, focus.get("latent_axes"))  # (2, Z)
    plane, std = mean @ axes.T, (var @ (axes**2).T).sqrt()  # (N, 2)
    share = plane.var(0, correction=0) / mean.var(0, correction=0).sum().clamp_min(1e-12)
    if model.latent == 1:
        plane = torch.cat((mean, var.sqrt()), dim=1)
    return {
        "mean": array(plane),
        "std": array(std),
        "labels": trainer.feed.heldout_labels[:POINTS].copy(),
        "axes": array(axes),
        "share": array(share),
        "kl": array(kl),
    }


def _axes(mean: torch.Tensor, chosen: tuple[int, int] | None) -> torch.Tensor:
    size = mean.shape[1]
    unit = torch.eye(max(2, size), device=mean.device)[:, :size]
    if chosen is not None and max(chosen) < size:
        return unit[list(chosen)]
    if size <= 2:
        return unit[:2]
    centred = (mean - mean.mean(0)).cpu().double()  # as float32 the squares of a large mean overflow
    if not centred.isfinite().all():  # a diverged encoder has no principal axes
        return unit[:2]
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    axes: torch.Tensor = vectors.flip(1)[:, :2].T.to(mean)  # (2, Z), largest variance first
    # Eigenvectors have no sign of their own; this one keeps the cloud from flipping between two pictures.
    oriented: torch.Tensor = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    return oriented


PROBE = Probe("latent", frozenset({"encodes"}), read, frozenset({"latent_axes"}))
