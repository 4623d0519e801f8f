"""The parameter tensors of a run in their order of depth, and what is known of their gradients."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
BIAS_SHIFT = 0.22  # layers to the right of the weights
NO_GRADIENT, UNUSED, FROZEN = "no gradient", "gradient exactly 0: nothing depends on it", "frozen: it does not move"


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor stands: `place` counts layers, networks one apart; `main` is a weight matrix."""

    name: str
    shape: tuple[int, ...]
    network: str
    layer: str
    place: float
    main: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """Values (P,) of the tensors now and smoothed over the last `over` steps; NaN: none. Where known: of log10 |g|
    the quartiles (P, 3), the fractions (P,) of exact zeros, the `steps` (P,) that `now` is from, what `states` says
    (P,), and the `parts` (K, P) of the gradient with their names."""

    now: Values
    smoothed: Values
    quartiles: Values = field(default_factory=lambda: np.empty((0, 3)))
    zeros: Values = field(default_factory=lambda: np.empty(0))
    steps: Values = field(default_factory=lambda: np.empty(0))
    over: int = 100
    states: tuple[str, ...] = ()
    parts: Values = field(default_factory=lambda: np.empty((0, 0)))
    part_names: tuple[str, ...] = ()


def placed(tensors: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[Tensor, ...]:
    """The tensors of a run, names such as "encoder.0.weight", each at its layer's place."""
    found: list[Tensor] = []
    place = -1.0
    for network, members in groupby(tensors, lambda tensor: tensor[0].partition(".")[0]):
        place += 1.0 if found else 0.0
        for layer, parts in groupby(members, lambda tensor: tensor[0].partition(".")[2].rpartition(".")[0]):
            place += 1.0
            for name, shape in parts:
                main = len(shape) > 1
                found.append(Tensor(name, shape, network, layer, place + (0 if main else BIAS_SHIFT), main))
    return tuple(found)


def hidden_layers(tensors: tuple[Tensor, ...], names: tuple[str, ...]) -> tuple[Tensor, ...]:
    """The hidden layers `names`, such as "encoder.0", each as one tensor of its units at the place of its weights."""
    weights = {tensor.name.rpartition(".")[0]: tensor for tensor in reversed(tensors)}  # the first of a layer counts
    found = [(name, weights[name]) for name in names if name in weights]
    return tuple(replace(tensor, name=name, shape=tensor.shape[:1], main=True) for name, tensor in found)


def quartiles(edges: Values, counts: npt.NDArray[np.integer]) -> Values:
    """The quartiles (P, 3) of histograms `counts` (P, K) over `edges` (K+1,), linear within a bin; NaN where empty, and
    in the outermost bins, which hold all that lies beyond."""
    total = np.cumsum(counts, 1)[:, None]  # (P, 1, K)
    wanted = np.array([[0.25], [0.5], [0.75]]) * total[..., -1:]  # (P, 3, 1)
    bins = (total < wanted).sum(2)  # (P, 3): the bin that holds the quartile
    inside = np.take_along_axis(counts, bins, 1)
    below = np.take_along_axis(total[:, 0], bins, 1) - inside
    part = np.divide(wanted[..., 0] - below, inside, out=np.full(bins.shape, np.nan), where=inside > 0)
    found: Values = edges[bins] + part * (edges[bins + 1] - edges[bins])
    found[(found <= edges[1]) | (found >= edges[-2])] = np.nan
    return found


def log10(values: Values) -> Values:
    """NaN where a value is not positive."""
    return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)


def last_values(rows: npt.NDArray[np.floating]) -> Values:
    """Of rows (T, P) the last value of each column that is not NaN, (P,); NaN where there is none."""
    filled = ~np.isnan(rows)
    newest = len(rows) - 1 - filled[::-1].argmax(0)
    return np.where(filled.any(0), rows[newest, np.arange(rows.shape[1])], np.nan).astype(np.float64)


def last_steps(rows: npt.NDArray[np.float32], last: int) -> Values:
    """Of rows (T, P) up to step `last` the step of each column's last value, (P,); NaN where there is none."""
    filled = ~np.isnan(rows)
    return np.where(filled.any(0), last - filled[::-1].argmax(0), np.nan).astype(np.float64)


def states(gradients: npt.NDArray[np.float32], updates: npt.NDArray[np.float32]) -> tuple[str, ...]:
    """What is to be said of tensors with gradients and update ratios (T, P) in the last T steps, (P,): that there is no
    gradient, that it is exactly zero (nothing depends on the tensor), or that the tensor is frozen; mostly nothing."""
    none, unmoved = np.isnan(gradients).all(0), np.nan_to_num(updates).max(0, initial=0) == 0
    nothing = np.nan_to_num(gradients, posinf=1).max(0, initial=0) == 0
    told = np.isnan(updates).all(0)  # an older run may lack them
    kinds = np.select([none, nothing, unmoved & ~told], [1, 2, 3], 0)
    return tuple(("", NO_GRADIENT, UNUSED, FROZEN)[kind] for kind in kinds.tolist())


def means(rows: npt.NDArray[np.float32]) -> Values:
    """Of rows (T, P) the mean of each column's values that are not NaN, (P,); NaN where there is none."""
    count = (~np.isnan(rows)).sum(0)
    total = np.nansum(rows, 0, dtype=np.float64)
    return np.divide(total, count, out=np.full(rows.shape[1], np.nan), where=count > 0)


def verdict(tensors: tuple[Tensor, ...], values: Values, what: str) -> str:
    """One line on how `values` (P,) of the weights, which are `what`, spread over the layers of each network."""
    parts = []
    for network in dict.fromkeys(tensor.network for tensor in tensors):
        members = [(t.layer, v) for t, v in zip(tensors, values, strict=True) if t.network == network and t.main]
        known = [pair for pair in members if not np.isnan(pair[1])]
        odd = [(word, [at for at, v in known if v == level]) for word, level in (("Inf", np.inf), ("exactly 0", 0.0))]
        if any(layers for _, layers in odd):
            parts += [f"{network} {word} in layer {', '.join(layers)}" for word, layers in odd if layers]
        elif len(known) > 1:
            low, high = (choose(known, key=lambda pair: pair[1]) for choose in (min, max))
            parts.append(f"{network} 10^{np.log10(low[1] / high[1]):.1f} (layer {low[0]} / {high[0]})")
    return f"Smallest / largest layer: {', '.join(parts)} · {what}" if parts else ""
