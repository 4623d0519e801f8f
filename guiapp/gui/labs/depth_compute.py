"""What the lab of vanishing gradients shows: its parameters, and the lines of its charts."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.messages import Picture
from guiapp.theory.propagation import DeepNetwork, Propagation, propagate, sigmoid_bound

Floats = npt.NDArray[np.float64]
Task = Literal["digits", "fashion", "spiral"]
Kind = Literal["adam", "sgd"]
Of = Literal["product", "layer"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)
INPUTS: Final = MappingProxyType({"digits": 64, "fashion": 784, "spiral": 2})
MOST_POINTS = 400  # of a curve over steps; more are averaged in blocks
PRESETS: Final = MappingProxyType(
    {
        "plain sigmoid": DeepNetwork(activation="sigmoid", init="glorot"),
        "tanh + Glorot": DeepNetwork(activation="tanh", init="glorot"),
        "ReLU + He": DeepNetwork(activation="relu", init="he"),
        "residual": DeepNetwork(activation="tanh", init="glorot", skip=True),
    }
)
OWN: Final = "own"


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Four networks, of which those that are `shown` are measured and trained on the same task; `layer` and `of` choose
    the histogram of singular values."""

    networks: Annotated[tuple[DeepNetwork, ...], Meta(min_length=4, max_length=4)] = tuple(PRESETS.values())
    shown: tuple[bool, bool, bool, bool] = (True, True, True, True)
    task: Task = "digits"
    optimiser: Kind = "adam"
    lr: Annotated[float, Meta(gt=0, le=10)] = 1e-3
    batch: Annotated[int, Meta(ge=2, le=512)] = 64
    steps: Annotated[int, Meta(ge=1, le=20_000)] = 300
    layer: Annotated[int, Meta(ge=1, le=100)] = 10
    of: Of = "product"

    @property
    def indices(self) -> tuple[int, ...]:
        """Which of the four are shown."""
        return tuple(i for i, on in enumerate(self.shown) if on)


def validated(params: Params) -> Params:
    """`params`; raises ValueError with a sentence where one is out of its range."""
    try:
        return msgspec.convert(msgspec.to_builtins(params), Params)
    except msgspec.ValidationError as error:
        raise ValueError(f"This cannot be: {str(error).replace('`', '')}.") from None


def preset_name(network: DeepNetwork) -> str:
    """Of the preset that it is, whatever its size; else OWN."""
    for name, preset in PRESETS.items():
        if msgspec.structs.replace(preset, depth=network.depth, width=network.width) == network:
            return name
    return OWN


@lru_cache(maxsize=64)
def predicted(network: DeepNetwork, task: Task) -> Propagation:
    """For data of mean 0 and variance 1 in all components; some ms at depth 100."""
    return propagate(network, INPUTS[task])


@dataclass(frozen=True)
class Line:
    """Values y (N,) over x (N,) as they are, 0, ∞ and NaN among them, of setting 0 to 3, or -1: of none. `width` in px;
    `dashed` predictions and bounds; `name` is for the reading."""

    x: Floats
    y: Floats
    setting: int
    name: str
    width: float = 1.8
    dashed: bool = False


@dataclass(frozen=True)
class Charts:
    """The lines of the six charts."""

    gradient: tuple[Line, ...] = ()
    variance: tuple[Line, ...] = ()
    product: tuple[Line, ...] = ()
    histogram: tuple[Line, ...] = ()
    loss: tuple[Line, ...] = ()
    accuracy: tuple[Line, ...] = ()


def charts(params: Params, picture: Picture, moment: int) -> Charts:
    """From the picture of the study "depth" of these `params` (empty: nothing is measured yet, there are predictions
    alone); `moment` is the index of one of its measurements, -1 the newest."""
    parts: list[Charts] = []
    for s, i in enumerate(params.indices):
        network = params.networks[i]
        at = np.arange(1.0, network.depth + 1)
        dashed = Line(at, predicted(network, params.task).variance, i, "predicted", 1.5, dashed=True)
        part = Charts(variance=(dashed,))
        measured = np.flatnonzero(picture["known"][s]) if picture else np.empty(0, np.intp)
        if moment >= 0:
            measured = measured[measured == moment]
        if len(measured):
            part = _measured(picture, s, int(measured[-1]), i, network, part)
            part = replace(part, histogram=_histogram(params, picture, s, i, network))
        if picture:
            part = replace(part, loss=(_curve(picture, s, i),), accuracy=(_accuracy(picture, s, i),))
        parts.append(part)
    merged = {f.name: tuple(line for part in parts for line in getattr(part, f.name)) for f in fields(Charts)}
    deepest = max((params.networks[i].depth for i in params.indices), default=1)
    at = np.arange(2.0, deepest + 1)
    bound = Line(at, sigmoid_bound(at - 1), -1, "¼ a layer", 1.5, dashed=True)
    return Charts(**(merged | {"product": (*merged["product"], bound)}))


def _measured(picture: Picture, s: int, m: int, i: int, network: DeepNetwork, part: Charts) -> Charts:
    depth = network.depth
    at = np.arange(1.0, depth + 1)
    seen = picture["sampled"][s, m, :depth] & (at > 1)
    values = picture["product"][s, m, :depth][seen]
    product = tuple(
        Line(at[seen], values[:, k], i, name, width)
        for k, (name, width) in enumerate((("largest", 2.2), ("median", 1.4), ("least", 0.8)))
    )
    return replace(
        part,
        gradient=(Line(np.arange(1.0, depth + 2), picture["gradient"][s, m, : depth + 1], i, "gradient"),),
        variance=(*part.variance, Line(at, picture["variance"][s, m, :depth], i, "variance")),
        product=product,
    )


def _histogram(params: Params, picture: Picture, s: int, i: int, network: DeepNetwork) -> tuple[Line, ...]:
    """Corners of its bars, as shares of all singular values; none of a layer that has none."""
    layer = min(params.layer, network.depth) - 1
    counts = picture[f"{params.of}_counts"][s, layer]
    if not counts.sum():
        return ()
    edges = np.repeat(picture["edges"], 2)[1:-1]
    return (Line(edges, np.repeat(counts / counts.sum(), 2), i, f"of layer {layer + 1}"),)


def _curve(picture: Picture, s: int, i: int) -> Line:
    loss = np.asarray(picture["loss"][s], float)
    block = max(1, -(-len(loss) // MOST_POINTS))
    whole = len(loss) // block * block
    at = np.arange(len(loss), dtype=float)[:whole].reshape(-1, block).mean(1)
    return Line(at, loss[:whole].reshape(-1, block).mean(1), i, "loss")


def _accuracy(picture: Picture, s: int, i: int) -> Line:
    known = np.asarray(picture["accuracy"][s], float)
    return Line(np.asarray(picture["accuracy_steps"], float), known, i, "accuracy")


def options(params: Params, press: int, train: bool) -> dict[str, Any]:
    """What the study "depth" is asked for."""
    return {
        "settings": [msgspec.to_builtins(params.networks[i]) for i in params.indices],
        "task": params.task,
        "optimiser": params.optimiser,
        "lr": params.lr,
        "batch": params.batch,
        "steps": params.steps if train else 0,
        "press": press,
    }


def specials(lines: tuple[Line, ...], log: bool, names: tuple[str, ...]) -> str:
    """What an axis cannot show, in words: how many values of which setting are 0 (on a logarithmic axis), infinite, or
    no numbers."""
    words = []
    for line in lines:
        counts = {
            "0": int((line.y == 0).sum()) if log else 0,
            "∞": int(np.isposinf(line.y).sum()),
            "NaN": int(np.isnan(line.y).sum()),
        }
        found = [f"{count} × {what}" for what, count in counts.items() if count]
        if found and line.setting >= 0:
            words.append(f"{names[line.setting]}, {line.name}: {', '.join(found)}")
    return " · ".join(words)
