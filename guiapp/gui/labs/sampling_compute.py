"""What the lab of ancestral sampling shows: a network, what is clamped, its exact marginals and their estimates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
import networkx as nx
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.bayesian_estimates import CHUNK, WINDOW, Estimator, Method, Tally
from guiapp.theory.bayesian_examples import CHAIN, DECODER, DICE, SPRINKLER, STUDENT
from guiapp.theory.bayesian_inference import Exact, Mixture, Shares, exact
from guiapp.theory.bayesian_network import Discrete, Network, NetworkError, Node

COUNT_RANGE: Final = (1, 1_000_000)
DEEP: Final = 4  # generations, beyond which nodes one below the other would overlap
ZIGZAG: Final = (0.15, 0.85)
MOST_SEED: Final = 9999
WINDOW_RANGE: Final = (0.001, 1.0)
CHECKED: Final = 200_000  # samples of a check
ERRORS: Final = 5.0  # standard errors within which a check is good
MOST_LISTED: Final = 5_000  # combinations that a check multiplies out one by one
Place = tuple[Annotated[float, Meta(ge=0, le=1)], Annotated[float, Meta(ge=0, le=1)]]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """`nodes`: the network. `places`: where a person put a node, from left to right and from top to bottom, 0 to 1.
    `evidence`: what is clamped, of a discrete node the state. `window`: how near to an observed number a rejection
    sample has to come, in standard deviations of the node. `count`: number of samples, whole. `method`: the estimate
    that is drawn. `chosen` and `state`: the probability that is compared; of a continuous node the mean. `step`: how
    many nodes of the single sample number `sample` are drawn."""

    nodes: tuple[Node, ...] = STUDENT
    places: dict[str, Place] = {}
    evidence: dict[str, str | float] = {}
    window: Annotated[float, Meta(ge=WINDOW_RANGE[0], le=WINDOW_RANGE[1])] = WINDOW
    count: Annotated[float, Meta(ge=COUNT_RANGE[0], le=COUNT_RANGE[1])] = 10_000.0
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)] = 0
    method: Method = "likelihood weighting"
    chosen: str = ""
    state: str = ""
    step: Annotated[int, Meta(ge=0)] = 0
    sample: Annotated[int, Meta(ge=0, le=10**9)] = 0


PRESETS: Final[Mapping[str, Params]] = MappingProxyType(
    {
        "Student": Params(chosen="L", state="l¹"),
        "Student with grade g³": Params(evidence={"G": "g³"}, chosen="I", state="i¹"),
        "Explaining away: wet grass": Params(nodes=SPRINKLER, evidence={"Wet": "wet"}, chosen="Rain", state="yes"),
        "Linear-Gaussian chain": Params(nodes=CHAIN, evidence={"y": -4.0}, chosen="z"),
        "Two dice and their total": Params(nodes=DICE, evidence={"total": 10.0}, chosen="A", state="6"),
        "A tiny decoder": Params(nodes=DECODER, chosen="x"),
    }
)


@dataclass(frozen=True)
class Single:
    """One sample: `values` by node, of a discrete one the place of its state, as far as it is drawn; the product of the
    weights so far, and what is said of it."""

    values: Mapping[str, float]
    weight: float
    sentence: str


@dataclass(frozen=True)
class Result:
    """`estimator` may still be drawing. `problem`: why `exact` is missing."""

    params: Params
    network: Network
    clamped: Mapping[str, float]
    exact: Exact | None
    problem: str
    estimator: Estimator
    single: Single
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def chosen(self) -> str:
        """The node that is compared and edited."""
        return self.params.chosen if self.params.chosen in self.network.nodes else self.network.order[-1]

    @property
    def state(self) -> int:
        """Which state of the chosen node is compared; -1: its mean."""
        node = self.network.nodes[self.chosen]
        if not isinstance(node, Discrete):
            return -1
        return node.states.index(self.params.state) if self.params.state in node.states else len(node.states) - 1

    @property
    def target(self) -> str:
        """What is compared, in words."""
        node = self.network.nodes[self.chosen]
        what = f"{self.chosen} = {node.states[self.state]}" if isinstance(node, Discrete) else self.chosen
        given = ", ".join(f"{name} = {_written(value)}" for name, value in self.params.evidence.items())
        letter = "p" if isinstance(node, Discrete) else "E"
        return f"{letter}({what}{' | ' if given else ''}{given})"

    def tally(self, method: Method | None = None) -> Tally:
        """What was counted by `method`, or by the one that is drawn."""
        return self.estimator.tallies[method or self.params.method]

    def true(self) -> float:
        """The exact value of the target; not a number where there is none."""
        law = self.exact.laws.get(self.chosen) if self.exact is not None else None
        if law is None:
            return math.nan
        return float(law.shares[self.state]) if self.state >= 0 else law.mean()

    def estimate(self, method: Method) -> tuple[float, float]:
        """The target as `method` has it, and its standard error; not numbers where no sample counts."""
        tally = self.tally(method)
        if self.state >= 0:
            shares = tally.shares(self.chosen)
            if len(shares) <= self.state:
                return math.nan, math.nan
            return float(shares[self.state]), float(tally.errors(self.chosen)[self.state])
        spread = tally.deviation(self.chosen)
        return tally.mean(self.chosen), spread / math.sqrt(tally.effective) if tally.effective > 0 else math.nan

    @property
    def left(self) -> int:
        """How many samples are still to be drawn."""
        return max(round(self.params.count) - self.estimator.done, 0)

    def advance(self) -> None:
        """Draw the next chunk."""
        self.estimator.add(min(self.left, CHUNK))


def validated(params: Params) -> Params:
    """`params`, checked.

    Raises:
        ValueError: a field is out of its range, the network cannot be, or what is clamped is not in it.
    """
    if params.count > COUNT_RANGE[1]:
        raise ValueError(f"{params.count:,.0f} samples are too many: {COUNT_RANGE[1]:,} are the most.")
    checked = msgspec.convert(msgspec.to_builtins(params), Params)
    if checked.count != round(checked.count):
        raise ValueError(f"The number of samples has to be whole, not {checked.count:g}.")
    network = Network(checked.nodes)
    network.clamped(checked.evidence)
    return checked


def compute(params: Params, before: Result | None = None) -> Result:
    """The exact marginals, and estimates from the first chunk of samples; what `before` has and did not change is kept.
    Raises NetworkError."""
    same = before is not None and before.params.nodes == params.nodes
    network = before.network if before is not None and same else Network(params.nodes)
    clamped = network.clamped(params.evidence)
    if before is not None and same and before.params.evidence == params.evidence:
        known, problem = before.exact, before.problem
    else:
        known, problem = _exact(network, clamped)
    if before is not None and known is before.exact and same and _drawn_alike(before, params):
        estimator = before.estimator
    else:
        estimator = Estimator(network, clamped, params.seed, params.window)
        estimator.add(min(round(params.count), CHUNK))
    places = laid_out(network) | {name: place for name, place in params.places.items() if name in network.nodes}
    return Result(params, network, clamped, known, problem, estimator, single(network, clamped, params), places)


def _exact(network: Network, clamped: Mapping[str, float]) -> tuple[Exact | None, str]:
    try:
        return exact(network, clamped), ""
    except NetworkError as error:
        return None, str(error)


def _drawn_alike(before: Result, params: Params) -> bool:
    names = ("nodes", "evidence", "window", "seed", "count")
    return all(getattr(before.params, name) == getattr(params, name) for name in names)


def single(network: Network, clamped: Mapping[str, float], params: Params) -> Single:
    """The first `step` nodes of one sample. By rejection it is drawn freely and thrown away where it disagrees; else
    what is clamped keeps its value and gives the weight."""
    rng = np.random.default_rng((params.seed, 2**31 + 1 + params.sample))
    drawn = network.order[: params.step]
    if not drawn:
        first = " → ".join(network.order)
        return Single({}, 1.0, f"Parents before children: {first}. Space draws the next node.")
    free = params.method == "rejection"
    found = network.sample(1, rng, {} if free else clamped)
    values = {name: float(found.values[name][0]) for name in drawn}
    texts = ", ".join(f"{name} = {state_text(network, name, values[name])}" for name in drawn)
    differs = next((name for name in drawn if name in clamped and values[name] != clamped[name]), "")
    if free and differs:
        return Single(values, 0.0, f"{texts}: rejected, {differs} is not what was observed.")
    held = {name: value for name, value in clamped.items() if name in drawn}
    if free or not held:
        return Single(values, 1.0, texts + ("." if len(drawn) < len(network.order) else ": one sample, complete."))
    weight = _weight(network, values, held)
    said = ", ignored by the naive clamp" if params.method == "naive clamp" else " = p(clamped | parents)"
    return Single(values, weight, f"{texts}: weight {weight:.4g}{said}.")


def _weight(network: Network, values: Mapping[str, float], held: Mapping[str, float]) -> float:
    """Π p(clamped value | parents) at one sample's `values`."""
    arrays: dict[str, npt.NDArray[np.integer | np.floating]] = {
        name: np.array([value]) if not isinstance(network.nodes[name], Discrete) else np.array([int(value)])
        for name, value in values.items()
    }
    logs = [network.log_likelihood(name, value, arrays).item() for name, value in held.items()]
    return math.exp(math.fsum(logs)) if min(logs) > -math.inf else 0.0


def state_text(network: Network, name: str, value: float) -> str:
    """A sampled value in words."""
    node = network.nodes[name]
    return node.states[int(value)] if isinstance(node, Discrete) else _written(value)


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.4g}".replace("-", "−")


def laid_out(network: Network) -> dict[str, tuple[float, float]]:
    """A place for each node: a row for each generation, beside its parents as far as there is room."""
    places: dict[str, tuple[float, float]] = {}
    rows = [list(row) for row in nx.topological_generations(network.graph)]
    for depth, row in enumerate(rows):
        y = (depth + 0.5) / len(rows) if len(rows) < 3 else depth / (len(rows) - 1)
        centres = {
            name: float(np.mean([places[parent][0] for parent in network.graph.predecessors(name)])) if depth else 0.0
            for name in row
        }
        row.sort(key=lambda name: (centres[name], network.order.index(name)))
        edge = {1: 0.5, 2: 0.18, 3: 0.04}.get(len(row), 0.0)
        for place, name in enumerate(row):
            if len(row) == 1 and len(rows) > DEEP:
                edge = ZIGZAG[depth % 2]
            x = edge + (1 - 2 * edge) * (place / (len(row) - 1) if len(row) > 1 else 0.0)
            places[name] = (x, y)
    return places


@dataclass(frozen=True)
class Row:
    """A node's marginal checked: largest difference from the sum over all combinations one by one (not a number where
    there are too many or a node is continuous), and largest difference from new draws in standard errors."""

    name: str
    listed: float
    errors: float

    @property
    def good(self) -> bool:
        """Whether both agree."""
        return not self.listed > 1e-9 and self.errors <= ERRORS


def check(result: Result, press: int) -> tuple[Row, ...]:
    """Every exact marginal against its definition, term by term, and against likelihood weighting of new draws."""
    if result.exact is None:
        return ()
    estimator = Estimator(result.network, result.clamped, MOST_SEED + press)
    for _ in range(CHECKED // CHUNK):
        estimator.add(CHUNK)
    tally = estimator.tallies["likelihood weighting"]
    summed = _summed(result) if all(isinstance(node, Discrete) for node in result.params.nodes) else {}
    rows = []
    for name, law in result.exact.laws.items():
        listed = float(np.abs(law.shares - summed[name]).max()) if name in summed else math.nan
        rows.append(Row(name, listed, _off(tally, name, law)))
    return tuple(rows)


def _off(tally: Tally, name: str, law: Shares | Mixture) -> float:
    if tally.effective == 0:
        return math.inf
    if isinstance(law, Mixture) or len(tally.shares(name)) != len(law.shares):
        error = _deviation(law) / math.sqrt(tally.effective)
        return abs(tally.mean(name) - law.mean()) / max(error, 1e-9)
    least = np.sqrt(law.shares * (1 - law.shares) / tally.effective)
    return float(
        (np.abs(tally.shares(name) - law.shares) / np.maximum(np.maximum(tally.errors(name), least), 1e-9)).max()
    )


def _deviation(law: Shares | Mixture) -> float:
    if isinstance(law, Mixture):
        return law.deviation()
    return math.sqrt(float(law.shares @ (law.values - law.mean()) ** 2))


def _summed(result: Result) -> dict[str, list[float]]:
    """p(state | evidence) by multiplying out each combination of states, without any array."""
    nodes = [node for node in result.params.nodes if isinstance(node, Discrete)]
    sizes = {node.name: len(node.states) for node in nodes}
    if math.prod(sizes.values()) > MOST_LISTED:
        return {}
    terms: dict[str, list[list[float]]] = {name: [[] for _ in range(size)] for name, size in sizes.items()}
    for combination in product(*(range(size) for size in sizes.values())):
        at = dict(zip(sizes, combination, strict=True))
        if any(at[name] != value for name, value in result.clamped.items()):
            continue
        probability = 1.0
        for node in nodes:
            row = 0
            for parent in node.parents:
                row = row * sizes[parent] + at[parent]
            probability *= node.table[row][at[node.name]]
        for name, state in at.items():
            terms[name][state].append(probability)
    whole = math.fsum(probability for each in terms[nodes[0].name] for probability in each)
    return {name: [math.fsum(each) / whole for each in states] for name, states in terms.items()}
