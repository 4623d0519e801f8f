"""The posterior of single training examples, for the theory labs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array, few
from guiapp.engine.trainer import Trainer

EXAMPLES = 200


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """q(z|x) = N(mean, diag std²) of the first training data.

    Returns:
        mean (N, Z), std (N, Z), labels (N,), images (N, *shape): the data themselves.
    """
    assert isinstance(trainer.model, VaeModel)
    x = trainer.feed.train[: few(trainer, EXAMPLES)]
    mean, log_var = trainer.model.encode(x)
    return {
        "mean": array(mean),
        "std": array((0.5 * log_var).exp()),
        "labels": trainer.feed.train_labels[: len(x)].copy(),
        "images": array(x, (len(x), *trainer.source.shape)),
    }


PROBE = Probe("posterior", frozenset({"encodes"}), read)
