"""What ails the layers of a network, from windows of their gradients and of their activations; numpy.

Layers are compared with the other layers of their own network alone, for what is a large gradient depends on the loss.
Too little that is known gives no verdict. The thresholds were set by measured runs: a network that learns has gradients
within half a decade of one another over 20 layers, and up to half of its ReLUs are silent on a batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guiapp.theory.verdicts import Verdict

Values = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]
Kind = Literal["vanishing gradient", "exploding gradient", "dead units", "saturated units"]

WINDOW: Final = 500  # steps, of whose gradients the median counts: one batch says little
GROWTH_WINDOW: Final = 1000  # steps in which a gradient is seen to grow
LEAST_VALUES: Final = 100  # steps that must be known
LEAST_LAYERS: Final = 3  # two say nothing of a trend
STEADY: Final = 0.85  # share of pairs of layers that fall: measured .9 to 1; a step at one layer has three quarters
FALL: Final = 2.0  # decades between the ends of the hidden layers; healthy: 0.4 of 20, and widths alone make 1.8
SURE_FALL: Final = 4.0  # below 1e-4 of the last layer's; ten layers of sigmoid lose 5.4 to their slopes of at most 1/4
RISE: Final = 2.0  # batch normalisation alone makes 1.7 of 20 layers (Yang et al. 2019)
SURE_RISE: Final = 4.0
GROWTH: Final = 3.0  # decades in time; curing a saturated game gives 2, a tenth of sigma 2
GROWN: Final = 1.0  # RMS that it must have reached: a network that wakes up grows as much, but not as far
LAST_VALUES: Final = 20  # steps before a value that is not finite, of whose gradients the largest counts

MEASUREMENTS: Final = 5  # of dead and of saturated units, newest last
LEAST_MEASUREMENTS: Final = 3
DEAD: Final = 0.8  # of a layer's units in every one of them; healthy ones have up to 0.47
SURE_DEAD: Final = 0.95
SATURATED: Final = 0.6  # of (datum, unit); the last layers of a residual network that learns have up to 0.48
SURE_SATURATED: Final = 0.9
RECTIFIERS: Final = frozenset({"relu"})  # the others are 0 at one place only
BOUNDED: Final = frozenset({"sigmoid", "tanh"})  # flat on both sides; a rectifier is flat on one side by design

DEFINITIONS: Final[dict[Kind, str]] = {
    "vanishing gradient": f"From the last hidden layer of a network to its first, the RMS of the weights' gradient "
    f"(median over the last {WINDOW} steps) falls by {FALL:g} decades or more: median slope over all pairs of layers, "
    f"of which at least {STEADY:.0%} fall.",
    "exploding gradient": f"That gradient rises by {RISE:g} decades or more in the same way; or it has grown by "
    f"{GROWTH:g} decades within {GROWTH_WINDOW:,} steps, to an RMS above {GROWN:g}; or a value was not finite.",
    "dead units": f"In each of the last {MEASUREMENTS} measurements, at least {DEAD:.0%} of a layer's ReLUs are 0 on "
    "the whole batch, so that no gradient passes them.",
    "saturated units": f"In the last {MEASUREMENTS} measurements, at least {SATURATED:.0%} of a layer's sigmoids or "
    "tanhs (unit by datum, median) have less than 1% of their largest slope.",
}

_VANISHING: Final = (
    "Use ReLU with He's initialisation, add skip connections, or normalise each layer over the batch. Another learning "
    "rate does not help: the layers differ too much for any."
)
_EXPLODING: Final = (
    "Lower the learning rate, choose an initialisation that keeps the variance, or normalise each layer."
)
_DEAD: Final = (
    "Begin again with a lower learning rate: to lower it now wakes no unit that no datum reaches. Leaky ReLU and ELU "
    "have a slope everywhere, so that no unit is lost for good."
)
_UNUSED: Final = " In a VAE whose posterior has collapsed, units die because they have no use: then cure that first."
_SATURATED: Final = (
    "Normalise each layer, choose an initialisation with smaller weights (PyTorch's), lower the learning rate, or use "
    "ReLU."
)


def _nothing() -> Values:
    return np.empty((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The hidden layers of a run; what is not known is left out or NaN.

    `names` (L,), such as "encoder.0", network by network, input side first; `activations` (L,). `gradients` (T, L): the
    RMS of each one's ∂loss/∂W, a row a step. `dead`, `saturated` (E, L): as in `engine.layer_statistics`, a row a
    measurement. All newest last.
    """

    names: tuple[str, ...]
    activations: tuple[str, ...]
    gradients: Values = field(default_factory=_nothing)
    dead: Values = field(default_factory=_nothing)
    saturated: Values = field(default_factory=_nothing)


def judge(layers: Layers) -> tuple[Verdict, ...]:
    """All verdicts, at most one of a kind, on the layer or network where it is worst."""
    found = (vanishing(layers), exploding(layers), dead_units(layers), saturated_units(layers))
    return tuple(verdict for verdict in found if verdict)


class Trend(NamedTuple):
    """log10 of the gradients of a network's layers: by how many `decades` it is lower at the input side (the median
    slope of all pairs of layers, Sen 1968, times the depth), and the share of pairs that have that sign. `first` and
    `last` are layers `depth` apart, `low` and `high` their RMS, over `steps`; `behind`: how many before `first` have
    exactly 0."""

    decades: float
    steady: float
    depth: int
    first: str
    last: str
    low: float
    high: float
    behind: int
    steps: int

    def words(self, verb: str) -> str:
        """What the numbers are."""
        factor = 10 ** (-self.decades / self.depth)
        zero = f"; in the {self.behind} before it is exactly 0" if self.behind else ""
        return (
            f"The gradient of {self.last}.weight is {self.high:.2g}, that of {self.first}.weight {self.low:.2g} (RMS, "
            f"median of {self.steps} steps): over {self.depth + 1} layers it {verb} by {abs(self.decades):.1f} decades "
            f"towards the input, {factor:.2g} times from layer to layer{zero}."
        )


def trends(layers: Layers) -> dict[str, Trend]:
    """By network, for those with at least 3 hidden layers whose gradient is known and not 0: behind a layer that is
    dead it is exactly 0, which is another thing."""
    gradients = np.asarray(layers.gradients, np.float64)[-WINDOW:]
    if len(gradients) < LEAST_VALUES:
        return {}
    values = _medians(gradients)
    found = {}
    for network, indices in _networks(layers.names):
        known = [i for i in indices if values[i] > 0]
        if len(known) >= LEAST_LAYERS:
            first, last = known[0], known[-1]
            i, j = np.triu_indices(len(known), 1)
            y, at = np.log10(values[known]), np.array(known, float)
            slopes = (y[j] - y[i]) / (at[j] - at[i])
            slope = float(np.median(slopes))
            steady = float(np.mean(np.sign(slopes) == np.sign(slope)))
            behind = int(np.sum(values[indices[0] : first] == 0))
            ends = (float(values[first]), float(values[last]))
            names = (layers.names[first], layers.names[last])
            found[network] = Trend(slope * (last - first), steady, last - first, *names, *ends, behind, len(gradients))
    return found


def vanishing(layers: Layers) -> Verdict | None:
    """The gradient of the weights falls by decades from the last hidden layer to the first, steadily."""
    falling = {n: t for n, t in trends(layers).items() if t.decades >= FALL and t.steady >= STEADY}
    if not falling:
        return None
    worst = max(falling.values(), key=lambda trend: trend.decades)
    said = worst.words("falls") + _others(falling, worst)
    return Verdict("vanishing gradient", worst.decades >= SURE_FALL, said, _VANISHING, worst.first)


def exploding(layers: Layers) -> Verdict | None:
    """The gradient rises by decades towards the input; or it has grown by decades in time."""
    rising = _rising(layers)
    if not rising:
        return _growing(layers)
    worst = min(rising.values(), key=lambda trend: trend.decades)
    said = worst.words("rises") + _others(rising, worst)
    return Verdict("exploding gradient", -worst.decades >= SURE_RISE, said, _EXPLODING, worst.first)


def _rising(layers: Layers) -> dict[str, Trend]:
    return {n: t for n, t in trends(layers).items() if t.decades <= -RISE and t.steady >= STEADY}


def _others(trends: dict[str, Trend], worst: Trend) -> str:
    others = [f"{name} by {abs(trend.decades):.1f}" for name, trend in trends.items() if trend is not worst]
    return f" Also: {', '.join(others)} decades." if others else ""


def _growing(layers: Layers) -> Verdict | None:
    grown = growth(layers, LEAST_VALUES)
    if grown is None or grown.decades < GROWTH or grown.now < GROWN:
        return None
    said = (
        f"Within {grown.over} steps the gradient of {grown.layer}.weight has grown from {grown.before:.2g} to "
        f"{grown.now:.2g} (RMS), by {grown.decades:.1f} decades."
    )
    return Verdict("exploding gradient", False, said, _EXPLODING, grown.layer)


class Growth(NamedTuple):
    """Of the layer whose gradient grew most: its RMS `before` and `now`, at most `over` steps later."""

    layer: str
    before: float
    now: float
    over: int

    @property
    def decades(self) -> float:
        return math.log10(self.now) - math.log10(self.before)


def growth(layers: Layers, last: int, stretch: int = LEAST_VALUES, largest: bool = False) -> Growth | None:
    """How far the median (or the largest) gradient of the `last` steps lies above that of any `stretch` of steps before
    them, in the last 1,000."""
    rows = np.asarray(layers.gradients, np.float64)[-GROWTH_WINDOW:]
    count = (len(rows) - last) // stretch
    if count < 1:
        return None
    newest = rows[-last:]
    now: Doubles = np.where(np.isfinite(newest), newest, 0.0).max(axis=0) if largest else _medians(newest)
    early = rows[len(rows) - last - count * stretch : len(rows) - last]
    stretches = np.stack([_medians(part) for part in np.split(early, count)])
    stretches[~(stretches > 0)] = np.inf
    least = stretches.min(axis=0)
    ratio = np.divide(now, least, out=np.zeros_like(now), where=(now > 0) & np.isfinite(least))
    if not ratio.size or not ratio.max() > 0:
        return None
    worst = int(ratio.argmax())
    return Growth(layers.names[worst], float(least[worst]), float(now[worst]), len(rows))


def diverged(layers: Layers, step: int, tensor: str) -> Verdict:
    """A value was not finite, first of all in `tensor` (as `engine.diagnosis` names it), in the iteration after `step`;
    sure where the gradients grew by two decades before, or rose by as much towards the input."""
    said = f"In step {step + 1:,} the {tensor} was not finite."
    known = len(layers.gradients[-GROWTH_WINDOW:])
    last = max(1, min(LAST_VALUES, known // 4))  # some runs end within ten steps
    grown = growth(layers, last, max(1, min(LEAST_VALUES, known - last)), largest=True)
    grew = grown is not None and grown.decades >= RISE
    if grown is not None and grew:
        said += (
            f" The gradient of {grown.layer}.weight had grown from {grown.before:.2g} to {grown.now:.2g} (RMS), by "
            f"{grown.decades:.1f} decades."
        )
    rising = min(_rising(layers).values(), key=lambda trend: trend.decades, default=None)
    if rising is not None and not grew:
        said += " " + rising.words("rises")
    words = {word.removesuffix(".weight").removesuffix(".bias") for word in tensor.split()}
    layer = next((name for name in layers.names if name in words), grown.layer if grown is not None and grew else "")
    return Verdict("exploding gradient", grew or rising is not None, said, _EXPLODING, layer)


def dead_units(layers: Layers) -> Verdict | None:
    """Rectifiers that were 0 on all data of every batch that was measured."""
    recent, count = _measured(layers, layers.dead, RECTIFIERS)
    least = np.where(count >= LEAST_MEASUREMENTS, np.where(np.isnan(recent), 1.0, recent).min(axis=0, initial=1.0), 0.0)
    if not least.size or least.max() < DEAD:
        return None
    worst = int(least.argmax())
    layer = layers.names[worst]
    nothing = ": no gradient passes this layer" if least[worst] == 1 else ""
    said = (
        f"In {layer}, {_share(least[worst])} of the units were 0 on all data in each of the last {count[worst]} "
        f"measurements{nothing}."
    )
    network = layer.partition(".")[0]
    remedy = _DEAD + (_UNUSED if network in ("encoder", "decoder") else "")
    return Verdict(
        "dead units", bool(least[worst] >= SURE_DEAD), said + _also(layers, least, worst, DEAD), remedy, layer
    )


def saturated_units(layers: Layers) -> Verdict | None:
    """Sigmoids and tanhs on their flat parts for most data."""
    recent, count = _measured(layers, layers.saturated, BOUNDED)
    usual = np.where(count >= LEAST_MEASUREMENTS, _medians(recent), 0.0)
    if not usual.size or usual.max() < SATURATED:
        return None
    worst = int(usual.argmax())
    layer = layers.names[worst]
    said = (
        f"In {layer}, {_share(usual[worst])} of the values lie where the slope of {layers.activations[worst]} is below "
        f"1% of its largest (median of {count[worst]} measurements)."
    )
    sure = bool(usual[worst] >= SURE_SATURATED)
    return Verdict("saturated units", sure, said + _also(layers, usual, worst, SATURATED), _SATURATED, layer)


def _measured(layers: Layers, values: Values, of: frozenset[str]) -> tuple[Doubles, NDArray[np.intp]]:
    """The last measurements (E, L) of the layers whose activation is one `of` these, the others NaN, and how many."""
    table = np.asarray(values if len(values) else np.empty((0, len(layers.names))), np.float64)
    table = table[~np.isnan(table).all(axis=1)][-MEASUREMENTS:]
    table = np.where(np.array([activation in of for activation in layers.activations], bool), table, np.nan)
    return table, np.isfinite(table).sum(axis=0)


def _also(layers: Layers, shares: Doubles, worst: int, least: float) -> str:
    others = [
        f"{layers.names[i]} {_share(shares[i])}" for i in np.argsort(-shares) if i != worst and shares[i] >= least
    ]
    shown = ", ".join(others[:3])
    return f" Also: {shown}{f' and {len(others) - 3} more' if len(others) > 3 else ''}." if others else ""


def _share(share: float) -> str:
    return f"{int(1000 * share) / 10:g}%"


def _networks(names: tuple[str, ...]) -> Iterator[tuple[str, list[int]]]:
    for network, members in groupby(range(len(names)), lambda i: names[i].partition(".")[0]):
        yield network, list(members)


def _medians(rows: Doubles) -> Doubles:
    """Of each column of (T, L) the median of what is finite; NaN where nothing is."""
    if not len(rows):
        return np.full(rows.shape[1], np.nan)
    count = np.isfinite(rows).sum(axis=0)
    ordered = np.sort(np.where(np.isfinite(rows), rows, np.inf), axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(rows) - 1)
    columns = np.arange(rows.shape[1])
    middle: Doubles = (ordered[low, columns] + ordered[high, columns]) / 2
    return np.where(count > 0, middle, np.nan)
