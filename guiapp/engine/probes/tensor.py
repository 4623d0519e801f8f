"""One tensor in detail: its weights, its gradients, and the outputs of the layer it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from guiapp.engine.aside import beside, tapped, twin
from guiapp.engine.probes.probe import Arrays, Probe
from guiapp.engine.trainer import Trainer

EDGES = np.linspace(-20, 5, 101, dtype=np.float32)  # log10 |.|
ENTRIES = 1 << 18  # of a larger tensor in its histogram; counting them takes some ms
COLUMNS = ("weights", "gradients", "activations")


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Of the tensor `focus["tensor"]`, a name in `trainer.tensors`: its values, its gradient in the last step, and the
    outputs of its layer (before a skip is added) on one batch. Nothing where there is no such tensor.

    Returns:
        name (), shape (d,); edges (K + 1,) of log10 |value|, and weights, gradients, activations (K,), how many lie
        where; what is outside the edges counts in the outermost bins, exact zeros, NaN and Inf in none. Of a tensor of
        more than 262,144 values, evenly spaced ones are counted. For the three in this order: zeros, nan, inf (3,), how
        many of all values are so; min, max, mean, std (3,) of the finite ones. Before the first step there is no
        gradient, and what belongs to no layer has no outputs: counts of 0, NaN.
    """
    name = focus.get("tensor")
    for player in trainer.objective.players.values():
        if name in player.names:
            index = player.names.index(name)
            gradient = player.gradients[index] if player.gradients else None
            weights = player.parameters[index]
            break
    else:
        return {}
    assert isinstance(name, str)
    three = [None if x is None else x.detach().flatten() for x in (weights, gradient, _outputs(trainer, name))]
    counts = dict(zip(COLUMNS, (_counts(x) for x in three), strict=True))
    facts = np.array([_facts(x) for x in three])
    return {
        "name": np.array(name),
        "shape": np.array(weights.shape, np.int64),
        "edges": EDGES.copy(),
        **counts,
        **{kind: facts[:, i].astype(np.int64) for i, kind in enumerate(("zeros", "nan", "inf"))},
        **{kind: facts[:, 3 + i].astype(np.float32) for i, kind in enumerate(("min", "max", "mean", "std"))},
    }


def _outputs(trainer: Trainer, tensor: str) -> Tensor | None:
    """All outputs of the layer that `tensor` belongs to: of g in a hidden layer, else of the linear map itself."""
    layers = {name: layer for name, layer in trainer.statistics.layers.items() if tensor.startswith(f"{name}.")}
    path = tensor.rpartition(".")[0]
    if not path:  # the σ of a likelihood
        return None
    objective = twin(trainer.objective, trainer.spec.seed, trainer.step)
    linear: list[Tensor] = []
    hook = trainer.model.get_submodule(path).register_forward_hook(lambda _module, _inputs, out: linear.append(out))
    try:
        with beside(trainer.model, gradients=False), tapped(layers) as taps:
            *_, player = objective.players  # D's batch passes through G too
            objective.parts(trainer.spec.model, trainer.spec.batch, player, trainer.step)
    finally:
        hook.remove()
    passes = [output for tap in taps.values() for output in tap.after] or linear
    return torch.cat(passes)


def _counts(values: Tensor | None) -> np.ndarray:
    if values is None:
        return np.zeros(len(EDGES) - 1, np.int64)
    some = values[:: -(-len(values) // ENTRIES)].abs().cpu().numpy()
    logs = np.log10(some[(some > 0) & np.isfinite(some)])
    bins = ((logs - EDGES[0]) / (EDGES[1] - EDGES[0])).clip(0, len(EDGES) - 2).astype(np.int64)
    return np.bincount(bins, minlength=len(EDGES) - 1)


def _facts(values: Tensor | None) -> list[float]:
    """zeros, nan, inf; min, max, mean, std of the finite ones."""
    if values is None:
        return [0, 0, 0, *[np.nan] * 4]
    counted = [int((values == 0).sum()), int(values.isnan().sum()), int(values.isinf().sum())]
    finite = values.cpu().numpy()
    if counted[1] or counted[2]:
        finite = finite[np.isfinite(finite)]
    if not len(finite):
        return [*counted, *[np.nan] * 4]
    wide = finite.astype(np.float64)  # the squares of what explodes are no float
    return [*counted, float(finite.min()), float(finite.max()), float(wide.mean()), float(wide.std())]


PROBE = Probe("tensor", frozenset(), read, focus=frozenset({"tensor"}), prompt=True, of_gradients=True)
