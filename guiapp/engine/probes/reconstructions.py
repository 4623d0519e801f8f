"""Held-out data and what is left of them after the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer

IMAGES, POINTS = 32, 500


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The decoder's mean at the posterior's mean.

    Returns:
        data (M, *shape), mean (M, *shape), labels (M,).
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    x = trainer.feed.heldout[: POINTS if trainer.feed.is_plane else IMAGES]
    shape = (len(x), *trainer.source.shape)
    out = model.decode(model.encode(x)[0])
    return {"data": array(x, shape), "mean": array(out, shape), "labels": trainer.feed.heldout_labels[: len(x)].copy()}


PROBE = Probe("reconstructions", frozenset({"encodes", "decodes"}), read)
