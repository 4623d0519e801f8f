"""One held-out datum and what is left of it after the code: what lies under the pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer
from guiapp.theory import gaussian


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The held-out datum `focus["datum"]`, counted from 0; empty where there is none.

    Returns:
        index (), label (): -1 for none; data (*shape), reconstruction (*shape): the decoder's mean at the posterior's
        mean; mean (Z,), std (Z,): of q(z|x); kl (): KL(q(z|x) ‖ N(0, I)) in nats.
    """
    model, feed = trainer.model, trainer.feed
    assert isinstance(model, VaeModel)
    index = focus.get("datum")
    if index is None or not 0 <= index < len(feed.heldout):
        return {}
    x = feed.heldout[index : index + 1]
    mean, log_var = model.encode(x)  # (1, Z)
    shape = tuple(trainer.source.shape)
    return {
        "index": np.array(index),
        "label": np.array(feed.heldout_labels[index]),
        "data": array(x, shape),
        "reconstruction": array(model.decode(mean), shape),
        "mean": array(mean[0]),
        "std": array((0.5 * log_var[0]).exp()),
        "kl": array(gaussian.kl_standard(mean, log_var)[0]),
    }


PROBE = Probe("datum", frozenset({"encodes", "decodes"}), read, frozenset({"datum"}), prompt=True)
