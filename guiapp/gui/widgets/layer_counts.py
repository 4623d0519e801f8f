"""What is counted in each layer: zeros, dead and saturated units, and what is no number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from guiapp.gui.widgets.layers import Tensor, Values
from guiapp.messages import Picture

TITLES: tuple[tuple[str, str], ...] = (
    ("zeros", "Part of the layer's outputs g that is exactly 0; about half of a ReLU's"),
    ("dead", "Units whose output is exactly 0 for the whole batch, of all units: a ReLU that no datum switches on"),
    ("saturated", "Part of (datum, unit) with |g′| below 1 % of its largest; of a ReLU those that are off"),
    ("NaN", "Outputs that are no number"),
    ("Inf", "Outputs beyond what a float can hold"),
    ("∂ zeros", "Part of the gradient of the layer's tensors that is exactly 0"),
    ("∂ NaN", "Elements of that gradient that are no number"),
    ("∂ Inf", "Elements of that gradient beyond what a float can hold"),
    ("note", "No gradient, a gradient of exactly 0, or tensors that do not move"),
)
RECTIFIERS = frozenset({"relu"})  # half of their units are off, and that is nothing to worry about
UNKNOWN = "–"
SEEN = 0.0005  # a fraction below it is written as 0.0 %


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and whether it is one to worry about."""

    text: str
    worrying: bool = False


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """A layer such as "encoder.0", its first tensor, a cell for each of `TITLES`, and what is wrong, in words."""

    layer: str
    tensor: str
    cells: tuple[Cell, ...]
    troubles: tuple[str, ...]


def counted(tensors: Sequence[Tensor], states: Sequence[str], picture: Picture | None) -> tuple[LayerCounts, ...]:
    """One entry a layer in order of depth, from the picture "layers" if there is one yet and the `states` (P,) of the
    tensors. What a layer does not have, such as the activations of an output layer, is a dash."""
    picture = picture or {}
    hidden = [str(name) for name in picture.get("layer", ())]
    groups: dict[str, list[int]] = {}
    for i, tensor in enumerate(tensors):
        path = tensor.name.rpartition(".")[0] or tensor.name
        groups.setdefault(next((name for name in hidden if path.startswith(f"{name}.")), path), []).append(i)
    known = len(picture.get("g_zeros", ())) == len(tensors)
    sizes = np.array([math.prod(tensor.shape) for tensor in tensors], float)
    found = []
    for layer, members in groups.items():
        outputs = _of_outputs(picture, hidden.index(layer)) if layer in hidden else (Cell(UNKNOWN),) * 5
        gradients = _of_gradients(picture, members, sizes) if known else (Cell(UNKNOWN),) * 3
        said = tuple(dict.fromkeys(states[i] for i in members if states[i])) if states else ()
        cells = (*outputs, *gradients, Cell(", ".join(said), bool(said)))
        found.append(LayerCounts(layer, tensors[members[0]].name, cells, _troubles(cells)))
    return tuple(found)


def alarm(layers: Sequence[LayerCounts]) -> str:
    """All that is wrong on one line, such as "encoder.0: 3 of 256 dead"; empty if nothing is."""
    return " · ".join(f"{layer.layer}: {', '.join(layer.troubles)}" for layer in layers if layer.troubles)


def _of_outputs(picture: Picture, i: int) -> tuple[Cell, ...]:
    rectified = str(picture["activation"][i]) in RECTIFIERS
    dead, width = float(picture["dead"][i]), int(picture["width"][i])
    units = Cell(UNKNOWN) if math.isnan(dead) else Cell(f"{dead:.0f} of {width}", dead > 0)
    zeros, saturated = (_part(float(picture[kind][i]), not rectified) for kind in ("zeros", "saturated"))
    return zeros, units, saturated, _count(float(picture["nan"][i])), _count(float(picture["inf"][i]))


def _of_gradients(picture: Picture, members: list[int], sizes: Values) -> tuple[Cell, ...]:
    zeros = np.asarray(picture["g_zeros"], float)[members]
    part = float(zeros @ sizes[members] / sizes[members].sum())
    nan, inf = (float(np.asarray(picture[kind], float)[members].sum()) for kind in ("g_nan", "g_inf"))
    return _part(part, True), _count(nan), _count(inf)


def _part(fraction: float, worrying: bool) -> Cell:
    return Cell(UNKNOWN) if math.isnan(fraction) else Cell(f"{fraction:.1%}", worrying and fraction >= SEEN)


def _count(number: float) -> Cell:
    return Cell(f"{number:,.0f}", number > 0)


def _troubles(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Zeros and saturation are a matter of degree; these are not."""
    named: Mapping[str, Cell] = dict(zip((title for title, _ in TITLES), cells, strict=True))
    found = [f"{named['dead'].text} dead"] if named["dead"].worrying else []
    for title, what in (("NaN", "NaN"), ("Inf", "Inf"), ("∂ NaN", "NaN in the gradient"), ("∂ Inf", "Inf in it")):
        found += [f"{named[title].text} {what}"] if named[title].worrying else []
    return (*found, *([named["note"].text] if named["note"].worrying else []))
