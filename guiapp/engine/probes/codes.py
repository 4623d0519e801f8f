"""The codes of held-out data, in all their dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer

POINTS = 500


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The means of q(z|x) of held-out data, not projected on any plane: whatever two dimensions are shown, a point that
    is picked has a code.

    Returns:
        mean (N, Z), labels (N,).
    """
    assert isinstance(trainer.model, VaeModel)
    mean, _ = trainer.model.encode(trainer.feed.heldout[:POINTS])
    return {"mean": array(mean), "labels": trainer.feed.heldout_labels[:POINTS].copy()}


PROBE = Probe("codes", frozenset({"encodes"}), read)
