"""Held-out data and what is left of them after the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array, few
from guiapp.engine.probes.samples import drawn
from guiapp.engine.trainer import Trainer

IMAGES, POINTS = 32, 500


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The decoder's mean at the posterior's mean, and a draw around it.

    Returns:
        data (M, *shape), mean (M, *shape), draw (M, *shape), labels (M,).
    """
    model = trainer.model
    assert isinstance(model, VaeModel)
    x = trainer.feed.heldout[: POINTS if trainer.feed.is_plane else few(trainer, IMAGES)]
    shape = (len(x), *trainer.source.shape)
    out = model.decode(model.encode(x)[0])
    draw = drawn(trainer, out)
    assert draw is not None
    labels = trainer.feed.heldout_labels[: len(x)].copy()
    return {"data": array(x, shape), "mean": array(out, shape), "draw": array(draw, shape), "labels": labels}


PROBE = Probe("reconstructions", frozenset({"encodes", "decodes"}), read)
