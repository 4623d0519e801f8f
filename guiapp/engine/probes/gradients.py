"""How large the last step's gradients were, tensor by tensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from guiapp.engine.probes.probe import Arrays, Probe
from guiapp.engine.trainer import Trainer

ENTRIES = 4096  # of a tensor in its histogram: the standard error of a bin's share is below 0.8 %
EDGES = np.linspace(-12, 4, 65)  # log10 |g|


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Histograms of log10 |g| over evenly spaced entries of each tensor, in the order of `trainer.tensors`; entries
    outside the edges count in the outermost bins, exact zeros in none.

    Returns:
        edges (K + 1,), counts (P, K), zeros (P,): fraction of exact zeros, rms (P,). Before the first step: NaN, 0.
    """
    found: dict[str, torch.Tensor] = {}
    for player in trainer.objective.players.values():
        found.update(zip(player.names, player.gradients, strict=False))
    counts = np.zeros((len(trainer.tensors), len(EDGES) - 1), np.int64)
    zeros = np.full(len(trainer.tensors), np.nan, np.float32)
    rms = np.full(len(trainer.tensors), np.nan, np.float32)
    for i, (name, _) in enumerate(trainer.tensors):
        if name not in found:
            continue
        gradient = found[name].flatten()
        some = gradient[:: max(1, len(gradient) // ENTRIES)].abs().cpu().numpy()
        zeros[i] = 1 - gradient.count_nonzero().item() / len(gradient)
        rms[i] = gradient.norm().item() / len(gradient) ** 0.5
        logs = np.log10(some[some > 0])
        counts[i] = np.histogram(np.clip(logs, EDGES[0], EDGES[-1]), EDGES)[0]
    return {"edges": EDGES.astype(np.float32), "counts": counts, "zeros": zeros, "rms": rms}


PROBE = Probe("gradients", frozenset(), read, of_gradients=True)
