"""What goes through every hidden layer, forward and back, on one batch, and how each part of the loss pulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from guiapp.engine.aside import Hidden, Tap, beside, gradients, root_mean_square, tapped, twin
from guiapp.engine.layer_statistics import dead_units, saturated
from guiapp.engine.objectives import Objective
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer

EDGES = np.linspace(-8, 8, 129, dtype=np.float32)  # of pre-activations
NUMBERS = ("rms", "mean", "variance", "zeros", "dead", "saturated", "nan", "inf", "delta")
Floats = npt.NDArray[np.float32]


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """Every player's pass on a batch of the size of a step, the same one at every look at this step. A layer's numbers
    are from the pass of the player that owns it; of a discriminator, over real and generated data.

    Returns:
        of the L hidden layers: layer (L,) such as "encoder.0", activation (L,) its name in the spec, width (L,) units
        or channels. Of their outputs g, before a skip is added: rms, mean, variance (L,); zeros (L,), the fraction that
        is exactly 0; dead (L,), the number of units that are 0 throughout; saturated (L,), the fraction with
        |g′| < 0.01 max |g′| (both NaN of maxout); nan, inf (L,), how many are so. delta (L,): root mean square of
        ∂loss/∂g times the batch size, so the slope of one datum's loss; penalties are left out.
        pre_edges (K + 1,), pre_counts (L, K): of what g is applied to; what lies outside is in the outermost bins, NaN
        in none.
        Of the P tensors, in the order of `trainer.tensors`: tensor (P,); of the gradient of the last step g_zeros (P,),
        the fraction that is exactly 0, NaN before the first step, and g_nan, g_inf (P,), how many are so; snr (P,), see
        `LayerStatistics`, at the weights of now.
        part (Q,), and parts (Q, P): the root mean square of the gradient of each part of the loss as it is weighted
        there, NaN where that does not depend on the tensor. In "G step" those of D are what would pull it, did it move.
    """
    statistics, spec = trainer.statistics, trainer.spec
    found = _Found()
    objective = twin(trainer.objective, spec.seed, trainer.step)
    for player in reversed(objective.players):
        _pass(trainer, objective, player, found)
    layers, none = statistics.layers, np.empty((0, len(NUMBERS)), np.float32)
    numbers = np.stack([found.numbers[name] for name in layers]) if layers else none
    return {
        "layer": np.array(list(layers), np.str_),
        "activation": np.array([layer.activation for layer in layers.values()], np.str_),
        "width": np.array([found.widths[name] for name in layers], np.int64),
        **{name: numbers[:, i].copy() for i, name in enumerate(NUMBERS)},
        "pre_edges": EDGES.copy(),
        "pre_counts": np.array([found.counts[name] for name in layers], np.int64).reshape(-1, len(EDGES) - 1),
        "tensor": np.array(statistics.tensors, np.str_),
        **_of_gradients(trainer),
        "snr": array(statistics.signal_to_noise(spec.model, spec.batch, trainer.step)),
        "part": np.array(list(found.parts), np.str_),
        "parts": np.stack(list(found.parts.values())),
    }


@dataclass
class _Found:
    """Of the layers by name, (9,) `NUMBERS`, units, and pre-activations (K,); of the parts of the loss, (P,)."""

    numbers: dict[str, Floats] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    counts: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    parts: dict[str, Floats] = field(default_factory=dict)


def _pass(trainer: Trainer, objective: Objective, player: str, found: _Found) -> None:
    """What `player` has a part in."""
    layers, spec = trainer.statistics.layers, trainer.spec
    parameters = [p for who in objective.players.values() for p in who.parameters]
    with beside(trainer.model, gradients=True), tapped(layers) as taps:
        parts = objective.parts(spec.model, spec.batch, player, trainer.step)
        own = {name: taps[name] for name in layers if _moves(objective.players[player].names, name)}
        size = min(spec.batch, len(trainer.feed.train)) if trainer.feed.is_table else spec.batch
        deltas = _deltas(parts.loss, own, size)
        for title, loss in parts.named.items():
            found.parts[title] = array(_sizes(gradients(loss, parameters, again=True), loss))
    for name, tap in own.items():
        found.numbers[name] = array(torch.stack([*_of_layer(layers[name], tap), deltas[name]]))
        found.widths[name] = tap.after[0].shape[1]
        found.counts[name] = array(_histogram(torch.cat(tap.before).detach()))


def _moves(tensors: tuple[str, ...], layer: str) -> bool:
    return any(name.startswith(f"{layer}.") for name in tensors)


def _of_layer(layer: Hidden, tap: Tap) -> list[Tensor]:
    """`NUMBERS` but for the last."""
    before, after = torch.cat(tap.before).detach(), torch.cat(tap.after).detach()
    values = (
        root_mean_square(after),
        after.mean(),
        after.var(correction=0),
        (after == 0).sum() / after.numel(),
        dead_units(layer, after),
        saturated(layer, before),
        after.isnan().sum(),
        after.isinf().sum(),
    )
    return [value.float() for value in values]


def _deltas(loss: Tensor, taps: Mapping[str, Tap], batch: int) -> dict[str, Tensor]:
    found = iter(gradients(loss, [output for tap in taps.values() for output in tap.after], again=True))
    result = {}
    for name, tap in taps.items():
        slopes = [slope for slope in (next(found) for _ in tap.after) if slope is not None]
        result[name] = root_mean_square(torch.cat(slopes)) * batch if slopes else loss.new_full((), torch.nan)
    return result


def _sizes(found: list[Tensor | None], loss: Tensor) -> Tensor:
    """(P,) root mean squares."""
    return torch.stack([loss.new_full((), torch.nan) if g is None else root_mean_square(g) for g in found])


def _histogram(values: Tensor) -> Tensor:
    """Counts (K,) over `EDGES`."""
    values = values[~values.isnan()]
    width = float(EDGES[1] - EDGES[0])
    bins = ((values - float(EDGES[0])) / width).clamp(0, len(EDGES) - 2).long()
    return torch.bincount(bins, minlength=len(EDGES) - 1)


def _of_gradients(trainer: Trainer) -> Arrays:
    """Of the last step's gradients."""
    zeros = np.full(len(trainer.tensors), np.nan, np.float32)
    bad = np.zeros((2, len(trainer.tensors)), np.int64)
    found: dict[str, Tensor] = {}
    for player in trainer.objective.players.values():
        found.update(zip(player.names, player.gradients, strict=False))
    for i, (name, _) in enumerate(trainer.tensors):
        if name in found:
            gradient = found[name]
            zeros[i] = 1 - gradient.count_nonzero().item() / gradient.numel()
            bad[:, i] = gradient.isnan().sum().item(), gradient.isinf().sum().item()
    return {"g_zeros": zeros, "g_nan": bad[0], "g_inf": bad[1]}


PROBE = Probe("layers", frozenset(), read, of_gradients=True)
