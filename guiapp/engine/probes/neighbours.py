"""Generated data beside the training data that they lie nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from guiapp.engine.gan_metrics import COPIES, TRAINING
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.probes.probe import Arrays, Probe, array, few
from guiapp.engine.probes.samples import generated
from guiapp.engine.trainer import Trainer
from guiapp.theory.memorisation import neighbour_distances, ranks

PAIRS = 24
DISTANCES = 256  # samples, and held-out data, whose distances are compared
NUMBERS = 1 << 23  # in the training data searched: all 10,000 of 28 x 28, fewer of larger ones


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Of the model's data for 256 draws of its prior, the same at every step (a VAE's decoder means), and of the first
    256 held-out data: Euclidean distances to the nearest of the first T training data, T at most 10,000; with more
    than 838 components fewer, so that they hold 2²³ numbers.

    Cost: 10,000 data of 28 x 28 against 256 samples some 40 ms on one core, twice that where the distances of the
    held-out data are not known yet. A GAN's metrics keep those from their first evaluation on.

    Returns:
        generated (M, *shape), nearest (M, *shape): the first samples, M = 24 at most, and their nearest training data;
        distance (M,), label (M,): of those, -1 for none. A sample that is no number has distance NaN, and NaN for its
        nearest. samples (N,), heldout (H,): the distances compared; auc (), z (): `memorisation.ranks` of them.
        training (): T. Nothing for a law, which has no training data to learn by heart.
    """
    feed = trainer.feed
    if not feed.is_table:
        return {}
    rows = min(TRAINING, max(1, NUMBERS // feed.dim))
    training = feed.train[:rows].cpu().numpy()
    made = generated(trainer, DISTANCES)
    distance, row = neighbour_distances(array(made), training)
    heldout = _known(trainer, rows)
    if heldout is None:
        heldout = neighbour_distances(array(feed.heldout[:DISTANCES]), training)[0]
    count, shape = few(trainer, PAIRS), trainer.source.shape
    first, there = row[:count], (row[:count] >= 0)
    rank = ranks(distance, heldout)
    return {
        "generated": array(made[:count], (count, *shape)),
        "nearest": np.where(there[:, None], training[first], np.float32(np.nan)).reshape(count, *shape),
        "distance": distance[:count],
        "label": np.where(there, feed.train_labels[first], -1),
        "samples": distance,
        "heldout": heldout,
        "auc": np.array(rank.auc),
        "z": np.array(rank.z),
        "training": np.array(len(training)),
    }


def _known(trainer: Trainer, rows: int) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """The held-out data's distances, where the metrics of a GAN hold them: of as many, to the same training data."""
    objective = trainer.objective
    if not isinstance(objective, GanObjective) or rows != TRAINING or DISTANCES != 4 * COPIES:
        return None
    found = objective.metrics.heldout
    return found if len(found) else None


PROBE = Probe("neighbours", frozenset({"samples"}), read)
