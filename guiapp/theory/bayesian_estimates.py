"""Estimates of p(node | evidence) from samples, added up chunk by chunk.

    rejection              ancestral samples that happen to agree with the evidence, each with weight 1
    likelihood weighting   samples with the evidence clamped, each with w = Π p(clamped value | its parents)
    naive clamp            the same samples without the weights: WRONG where a clamped node has parents. They follow the
                           network with the arrows into the clamped nodes cut, p(node | do(evidence)).

p̂(state) = Σ w 1[state] / Σ w. The effective sample size (Σw)²/Σw² says how many samples of equal weight would be as
good (Kish 1965). Koller & Friedman 2009, sections 12.1 and 12.2; Pearl 2009 for the intervention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from guiapp.theory.bayesian_inference import supports
from guiapp.theory.bayesian_network import Clamped, Discrete, Floats, LinearGaussian, Network, Samples

Method = Literal["rejection", "likelihood weighting", "naive clamp"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
CHUNK: Final = 10_000  # samples
BINS: Final = 48  # of a continuous node
PILOT: Final = 2_000  # samples that set the ranges of the histograms
TAIL: Final = 0.002  # share of the pilot beyond either end of the range
WINDOW: Final = 0.05  # default of an Estimator


@dataclass
class Tally:
    """Sums over samples with weights w: `total` Σw and `squares` Σw² (both in units of e^`peak`, e^{2 peak}), by node
    the weight in each bar and its squares (k,), and (Σwx, Σwx²) of the node's numbers. `tried` and `kept` count."""

    tried: int = 0
    kept: int = 0
    total: float = 0.0
    squares: float = 0.0
    peak: float = -math.inf
    bars: dict[str, Floats] = field(default_factory=dict)
    squared: dict[str, Floats] = field(default_factory=dict)
    moments: dict[str, Floats] = field(default_factory=dict)
    undefined: dict[str, float] = field(default_factory=dict)  # weight of the samples without a number

    @property
    def effective(self) -> float:
        """Effective sample size (Σw)²/Σw²; 0 where no sample counts."""
        return self.total**2 / self.squares if self.squares > 0 else 0.0

    def shares(self, name: str) -> Floats:
        """p̂ of each bar (k,); not a number where no sample counts."""
        with np.errstate(invalid="ignore"):
            return self.bars[name] / self.total if name in self.bars else np.full(1, math.nan)

    def errors(self, name: str) -> Floats:
        """Standard errors of `shares` (k,): of a ratio of two sums, √Σw²(1[state] - p̂)² / Σw."""
        p, inside = self.shares(name), self.squared.get(name, np.zeros(1))
        with np.errstate(invalid="ignore"):
            return np.sqrt(inside * (1 - p) ** 2 + np.maximum(self.squares - inside, 0) * p**2) / self.total

    def mean(self, name: str) -> float:
        """Of the node's numbers."""
        return float(self.moments[name][0] / self._defined(name)) if self._defined(name) > 0 else math.nan

    def deviation(self, name: str) -> float:
        """Standard deviation of the node's numbers."""
        if not self._defined(name) > 0:
            return math.nan
        return math.sqrt(max(float(self.moments[name][1]) / self._defined(name) - self.mean(name) ** 2, 0.0))

    def _defined(self, name: str) -> float:
        return self.total - self.undefined.get(name, 0.0) if name in self.moments else 0.0

    def rescale(self, peak: float) -> None:
        """Express all sums in units of e^`peak`."""
        factor = math.exp(self.peak - peak) if self.peak > -math.inf else 0.0
        self.total, self.squares, self.peak = self.total * factor, self.squares * factor**2, peak
        self.bars = {name: bars * factor for name, bars in self.bars.items()}
        self.squared = {name: bars * factor**2 for name, bars in self.squared.items()}
        self.moments = {name: sums * factor for name, sums in self.moments.items()}
        self.undefined = {name: weight * factor for name, weight in self.undefined.items()}


class Estimator:
    """Tallies of all three methods at once for `network` with `clamped` (of `Network.clamped`). One `seed`, one result:
    `add` draws the next chunk, of `CHUNK` samples or fewer, from a stream of its own. A rejection sample agrees with an
    observed number if it is within `window` times the node's standard deviation of it: it never hits it."""

    def __init__(self, network: Network, clamped: Clamped, seed: int, window: float = WINDOW) -> None:
        self.network, self.clamped, self.seed, self.window = network, dict(clamped), seed, window
        self.tallies: dict[Method, Tally] = {method: Tally() for method in METHODS}
        self.done = self._chunks = 0
        self.values: Mapping[str, Floats] = supports(network)  # of the nodes that have a bar for each value
        self.edges: dict[str, Floats] = {}  # of the histograms of the others (BINS + 1,)
        self._spread: dict[str, float] = {}
        self._set_ranges()

    def add(self, count: int) -> None:
        """Draw `count` more samples, at most `CHUNK`: ancestral ones, and as many clamped ones if there are any."""
        rng = np.random.default_rng((self.seed, self._chunks))
        self._chunks += 1
        self.done += count
        free = self.network.sample(count, rng)
        agrees = self._agreeing(free)
        if not self.clamped:
            self._count("rejection", free, None, agrees)
            self.tallies = dict.fromkeys(METHODS, self.tallies["rejection"])
            return
        self._count("rejection", free, None, agrees)
        held = self.network.sample(count, rng, self.clamped)
        self._count("likelihood weighting", held, held.log_weights, None)
        self._count("naive clamp", held, None, None)

    def _set_ranges(self) -> None:
        rng = np.random.default_rng((self.seed, 2**31))
        free = self.network.sample(PILOT, rng)
        both = (free, self.network.sample(PILOT, rng, self.clamped)) if self.clamped else (free,)
        for name, node in self.network.nodes.items():
            if isinstance(node, Discrete) or name in self.values:
                continue
            low, high = zip(*(_range(np.asarray(samples.values[name], np.float64)) for samples in both), strict=True)
            self.edges[name] = np.linspace(min(low), max(high), BINS + 1)
            self._spread[name] = float(np.nanstd(np.asarray(free.values[name], np.float64)))

    def _agreeing(self, samples: Samples) -> npt.NDArray[np.bool_] | None:
        agrees = None
        for name, value in self.clamped.items():
            found = samples.values[name]
            if isinstance(self.network.nodes[name], LinearGaussian):
                near = np.abs(found - value) <= self.window * self._spread[name]
            else:
                near = found == value
            agrees = near if agrees is None else agrees & near
        return agrees

    def _count(
        self,
        method: Method,
        samples: Samples,
        log_weights: Floats | None,
        agrees: npt.NDArray[np.bool_] | None,
    ) -> None:
        tally = self.tallies[method]
        tally.tried += len(samples.log_weights)
        kept = len(samples.log_weights) if agrees is None else int(agrees.sum())
        weights = None
        peak = 0.0
        if log_weights is not None:
            peak = float(np.nanmax(log_weights))
            kept = int((log_weights > -math.inf).sum())
        if not kept or not peak > -math.inf:
            return
        tally.kept += kept
        if peak > tally.peak:
            tally.rescale(peak)
        if log_weights is not None:
            weights = np.exp(log_weights - tally.peak)
        tally.total += float(weights.sum()) if weights is not None else kept
        tally.squares += float(weights @ weights) if weights is not None else kept
        for name in self.network.order:
            values = samples.values[name] if agrees is None else samples.values[name][agrees]
            self._add_bars(tally, name, values, weights)

    def _add_bars(
        self, tally: Tally, name: str, values: npt.NDArray[np.integer | np.floating], weights: Floats | None
    ) -> None:
        node = self.network.nodes[name]
        if isinstance(node, Discrete):
            places, count = values, len(node.states)
        else:
            numbers = np.asarray(values, np.float64)
            finite = np.isfinite(numbers)
            if not finite.all():
                lost = float((~finite).sum()) if weights is None else float(weights[~finite].sum())
                tally.undefined[name] = tally.undefined.get(name, 0.0) + lost
                numbers, weights = numbers[finite], None if weights is None else weights[finite]
            each = np.ones(len(numbers)) if weights is None else weights
            sums = np.array([each @ numbers, each @ numbers**2])
            tally.moments[name] = tally.moments.get(name, np.zeros(2)) + sums
            places, count = self._places(name, numbers)
        bars = np.bincount(places, weights, count).astype(np.float64)
        squared = bars if weights is None else np.bincount(places, weights**2, count)
        tally.bars[name] = tally.bars.get(name, np.zeros(count)) + bars
        tally.squared[name] = tally.squared.get(name, np.zeros(count)) + squared

    def _places(self, name: str, numbers: Floats) -> tuple[npt.NDArray[np.intp], int]:
        """The bar of each number; what lies beyond the range is counted in the outermost bar."""
        if name in self.values:
            return np.searchsorted(self.values[name], numbers), len(self.values[name])
        low, high = self.edges[name][[0, -1]]
        with np.errstate(over="ignore"):
            places = np.clip((numbers - low) * (BINS / (high - low)), 0, BINS - 1)
        return places.astype(np.intp), BINS


def _range(numbers: Floats) -> tuple[float, float]:
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return 0.0, 1.0
    low, high = (float(edge) for edge in np.quantile(finite, (TAIL, 1 - TAIL)))
    room = 0.15 * (high - low) or 0.5 * max(abs(low), 1.0)
    return low - room, high + room
