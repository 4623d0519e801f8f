"""Directed graphical models p(x) = Π_i p(x_i | parents of i), and ancestral sampling from them.

    discrete          p(x = state j | parents' states) = table[row, j], one row for each combination of states
    linear-Gaussian   x = bias + Σ_k weights[k] parent_k + σε, ε ~ N(0, 1)
    deterministic     x = formula(parents)

Where a number is needed of a discrete node, its states are read as numbers if all of them are, else counted from 0.
Koller & Friedman 2009, Probabilistic Graphical Models, chapters 3 (networks), 5 (such nodes) and 12.1 (sampling).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import networkx as nx
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from guiapp.theory.expression import CONSTANTS, FUNCTIONS, Expression, ExpressionError

Floats = npt.NDArray[np.float64]
MOST_NODES: Final = 12
MOST_STATES: Final = 8
MOST_ROWS: Final = 64  # of a table
LONGEST_NAME: Final = 12  # characters
LONGEST_STATE: Final = 10
GREATEST: Final = 1e6  # of a bias, a weight or a σ
LEAST_SIGMA: Final = 1e-6
ROUNDING: Final = 1e-6  # what the sum of a row may be off
_LOG_2PI: Final = math.log(2 * math.pi)


class NetworkError(ValueError):
    """One sentence that says what in the network cannot be."""


class Discrete(Struct, frozen=True, forbid_unknown_fields=True, tag="discrete", tag_field="kind"):
    """`table`: a row for each combination of the parents' states, that of the last parent changing fastest, with a
    probability for each of `states`."""

    name: str
    states: tuple[str, ...] = ("0", "1")
    table: tuple[tuple[float, ...], ...] = ((0.5, 0.5),)
    parents: tuple[str, ...] = ()

    @property
    def values(self) -> Floats:
        """The states as numbers (k,)."""
        try:
            numbers = np.array([float(state) for state in self.states])
        except ValueError:
            numbers = np.arange(len(self.states), dtype=np.float64)
        return numbers if np.isfinite(numbers).all() else np.arange(len(self.states), dtype=np.float64)


class LinearGaussian(Struct, frozen=True, forbid_unknown_fields=True, tag="gaussian", tag_field="kind"):
    """One of `weights` for each parent; `sigma` is a standard deviation."""

    name: str
    bias: float = 0.0
    weights: tuple[float, ...] = ()
    sigma: float = 1.0
    parents: tuple[str, ...] = ()


class Deterministic(Struct, frozen=True, forbid_unknown_fields=True, tag="deterministic", tag_field="kind"):
    """`formula` in the names of the parents, as of `guiapp.theory.expression`."""

    name: str
    formula: str = "0"
    parents: tuple[str, ...] = ()


Node = Discrete | LinearGaussian | Deterministic
Evidence = Mapping[str, str | float]  # of a discrete node the state, of the others the number
Clamped = Mapping[str, float]  # of a discrete node the place of its state


@dataclass(frozen=True)
class Samples:
    """`values`: by node (n,), of a discrete node the places of its states. `log_weights` (n,): log of the product of
    p(clamped value | parents) over the clamped nodes, in nats; 0 where nothing is clamped."""

    values: Mapping[str, npt.NDArray[np.integer | np.floating]]
    log_weights: Floats


class Network:
    """The model of `nodes`. Raises NetworkError: a cycle, which is named, a missing parent, a table with rows that are
    missing or do not sum to 1, a name or a formula that cannot be used."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        _check_names(nodes)
        self.nodes: Mapping[str, Node] = {node.name: node for node in nodes}
        for node in nodes:
            _check_parents(node, self.nodes)
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.graph.add_nodes_from(self.nodes)
        self.graph.add_edges_from((parent, node.name) for node in nodes for parent in node.parents)
        self.order: tuple[str, ...] = _ordered(self.graph, list(self.nodes))
        self._cumulated: dict[str, Floats] = {}
        self._formulas: dict[str, Expression] = {}
        for name in self.order:
            self._prepare(self.nodes[name])

    def determined(self, name: str) -> bool:
        """Whether the node is discrete, or a formula of nodes that are."""
        node = self.nodes[name]
        return isinstance(node, Discrete) or (
            isinstance(node, Deterministic) and all(self.determined(parent) for parent in node.parents)
        )

    def clamped(self, evidence: Evidence) -> dict[str, float]:
        """`evidence` as numbers. Raises NetworkError: no such node or state, or a node whose value cannot be observed
        exactly because it is computed from continuous ones."""
        return {name: self._observed(name, value) for name, value in evidence.items()}

    def sample(self, count: int, rng: np.random.Generator, clamped: Clamped | None = None) -> Samples:
        """`count` ancestral samples: each node is drawn from its conditional at the values drawn for its parents, in
        topological order. A clamped node has its value instead, and p(value | parents) goes into the weight."""
        clamped = clamped or {}
        values: dict[str, npt.NDArray[np.integer | np.floating]] = {}
        log_weights = np.zeros(count)
        for name in self.order:
            node = self.nodes[name]
            if name in clamped:
                log_weights += self.log_likelihood(name, clamped[name], values)
                kind = np.int8 if isinstance(node, Discrete) else np.float64
                values[name] = np.full(count, clamped[name], kind)
            elif isinstance(node, Discrete):
                values[name] = self._drawn(node, values, rng.random(count))
            elif isinstance(node, LinearGaussian):
                values[name] = self._mean(node, values) + node.sigma * rng.standard_normal(count)
            else:
                values[name] = np.broadcast_to(self._computed(node, values), count)
        log_weights[np.isnan(log_weights)] = -np.inf  # a parent without a value explains nothing
        return Samples(values, log_weights)

    def log_likelihood(
        self, name: str, value: float, values: Mapping[str, npt.NDArray[np.integer | np.floating]]
    ) -> Floats:
        """log p(value of the node | parents' `values`), (n,) or, of a root, (1,); a log density of a Gaussian node."""
        node = self.nodes[name]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            if isinstance(node, Discrete):
                column = self.table(name).reshape(-1, len(node.states))[:, int(value)]
                return np.log(column).take(self._row(node, values))
            if isinstance(node, LinearGaussian):
                score = (value - self._mean(node, values)) / node.sigma
                return -0.5 * score**2 - math.log(node.sigma) - 0.5 * _LOG_2PI
            return np.where(self._computed(node, values) == value, 0.0, -np.inf)

    def numeric(self, name: str, values: npt.NDArray[np.integer | np.floating]) -> Floats:
        """What a child computes with, for `values` as they are sampled, of any shape."""
        node = self.nodes[name]
        return node.values[values] if isinstance(node, Discrete) else np.asarray(values, np.float64)

    def compute(self, name: str, inputs: Mapping[str, Floats]) -> Floats:
        """The formula of the deterministic node `name` at numbers of its parents, broadcast against each other."""
        return self._formulas[name](**inputs)

    def table(self, name: str) -> Floats:
        """Of the discrete node `name`, shape (states of each parent..., its own states), rows summing to 1."""
        node = self.nodes[name]
        assert isinstance(node, Discrete)
        table = np.array(node.table, np.float64)
        shape = [self._count(parent) for parent in node.parents]
        whole: Floats = table / table.sum(1, keepdims=True)
        return whole.reshape(*shape, len(node.states))

    def _count(self, name: str) -> int:
        node = self.nodes[name]
        assert isinstance(node, Discrete)
        return len(node.states)

    def _prepare(self, node: Node) -> None:
        if isinstance(node, Discrete):
            _check_table(node, self.nodes)
            table = np.array(node.table, np.float64)
            cumulated = np.cumsum(table / table.sum(1, keepdims=True), axis=1)[:, :-1]
            rest = np.cumsum(table[:, ::-1], axis=1)[:, -2::-1]
            cumulated[rest == 0] = 1.0  # or rounding would draw a state of probability 0
            self._cumulated[node.name] = cumulated
        elif isinstance(node, LinearGaussian):
            _check_gaussian(node)
        else:
            try:
                self._formulas[node.name] = Expression(node.formula, node.parents)
            except ExpressionError as error:
                raise NetworkError(f"The formula of {node.name}: {error}") from error

    def _row(self, node: Discrete, values: Mapping[str, npt.NDArray[np.integer | np.floating]]) -> npt.NDArray[np.intp]:
        """In which row of the table each sample is; (1,) of a root."""
        row = np.zeros(1, np.intp)
        for parent in node.parents:
            row = row * self._count(parent) + values[parent]
        return row

    def _drawn(
        self, node: Discrete, values: Mapping[str, npt.NDArray[np.integer | np.floating]], u: Floats
    ) -> npt.NDArray[np.int8]:
        row, cumulated = self._row(node, values), self._cumulated[node.name]
        state = np.zeros(len(u), np.int8)
        for column in cumulated.T:
            state += u >= (column if len(column) == 1 else column.take(row))
        return state

    def _mean(self, node: LinearGaussian, values: Mapping[str, npt.NDArray[np.integer | np.floating]]) -> Floats:
        mean = np.full(1, node.bias)
        for weight, parent in zip(node.weights, node.parents, strict=True):
            mean = mean + weight * self.numeric(parent, values[parent])
        return mean

    def _computed(self, node: Deterministic, values: Mapping[str, npt.NDArray[np.integer | np.floating]]) -> Floats:
        return self.compute(node.name, {name: self.numeric(name, values[name]) for name in node.parents})

    def _observed(self, name: str, value: str | float) -> float:
        node = self.nodes.get(name)
        if node is None:
            raise NetworkError(f"There is no node {name} to observe.")
        if isinstance(node, Discrete):
            if value not in node.states:
                raise NetworkError(f"{name} has no state “{value}”; it has {', '.join(node.states)}.")
            return float(node.states.index(str(value)))
        if isinstance(value, str) or not abs(value) <= GREATEST:
            raise NetworkError(f"What is observed of {name} has to be a number of at most {GREATEST:g}, not “{value}”.")
        if isinstance(node, Deterministic) and not self.determined(name):
            raise NetworkError(
                f"{name} is computed from continuous nodes, so no sample hits a number exactly: clamp another node."
            )
        return float(value)


def _check_names(nodes: Sequence[Node]) -> None:
    if not 1 <= len(nodes) <= MOST_NODES:
        raise NetworkError(f"A network has 1 to {MOST_NODES} nodes, not {len(nodes)}.")
    seen: set[str] = set()
    for node in nodes:
        plain = unicodedata.normalize("NFKC", node.name)
        if not plain.isidentifier() or len(node.name) > LONGEST_NAME:
            shown = node.name if len(node.name) <= 20 else node.name[:20] + "…"
            raise NetworkError(
                f"“{shown}” cannot be a name: letters, digits and _, a letter first, {LONGEST_NAME} at most."
            )
        if plain in CONSTANTS or plain in FUNCTIONS:
            raise NetworkError(f"“{node.name}” has a meaning in formulas: choose another name.")
        if plain in seen:
            raise NetworkError(f"Two nodes are called {node.name}: choose another name.")
        seen.add(plain)


def _check_parents(node: Node, nodes: Mapping[str, Node]) -> None:
    for parent in node.parents:
        if parent not in nodes:
            raise NetworkError(f"{node.name} has the parent {parent}, but there is no such node.")
        if isinstance(node, Discrete) and not isinstance(nodes[parent], Discrete):
            raise NetworkError(
                f"{node.name} is discrete, so its parents have to be, and {parent} is not: its table would have no end."
            )
    if len(set(node.parents)) < len(node.parents):
        raise NetworkError(f"{node.name} has a parent twice.")


def _ordered(graph: nx.DiGraph[str], names: list[str]) -> tuple[str, ...]:
    try:
        return tuple(nx.lexicographical_topological_sort(graph, key=names.index))
    except nx.NetworkXUnfeasible:
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
        start = min(range(len(cycle)), key=lambda place: names.index(cycle[place]))
        named = " → ".join((*cycle[start:], *cycle[:start], cycle[start]))
        raise NetworkError(
            f"A cycle: {named}. No node of it could be drawn first; take one of these arrows away."
        ) from None


def _check_table(node: Discrete, nodes: Mapping[str, Node]) -> None:
    if not 2 <= len(node.states) <= MOST_STATES:
        raise NetworkError(f"{node.name} has {len(node.states)} states; 2 to {MOST_STATES} are possible.")
    if any(not state.strip() or len(state) > LONGEST_STATE for state in node.states):
        raise NetworkError(f"The states of {node.name} need names of 1 to {LONGEST_STATE} characters.")
    if len(set(node.states)) < len(node.states):
        raise NetworkError(f"{node.name} has two states of the same name.")
    rows = combinations(node, nodes)
    if len(rows) > MOST_ROWS:
        raise NetworkError(f"The table of {node.name} would have {len(rows)} rows; {MOST_ROWS} are the most.")
    if len(node.table) != len(rows):
        raise NetworkError(f"The table of {node.name} has {len(node.table)} rows; its parents make {len(rows)}.")
    for place, (row, states) in enumerate(zip(node.table, rows, strict=True), start=1):
        given = ", ".join(f"{parent} = {state}" for parent, state in zip(node.parents, states, strict=True))
        where = f"Row {place} of {node.name}’s table" + (f" ({given})" if given else "")
        if len(row) != len(node.states):
            raise NetworkError(f"{where} has {len(row)} numbers for {len(node.states)} states.")
        if not all(0 <= number <= 1 for number in row):
            raise NetworkError(f"{where} has a number that is no probability from 0 to 1.")
        if abs(math.fsum(row) - 1) > ROUNDING:
            raise NetworkError(f"{where} sums to {math.fsum(row):.6g}, not to 1.")


def _check_gaussian(node: LinearGaussian) -> None:
    if len(node.weights) != len(node.parents):
        raise NetworkError(f"{node.name} has {len(node.weights)} weights for {len(node.parents)} parents.")
    if not all(abs(number) <= GREATEST for number in (node.bias, *node.weights)):
        raise NetworkError(f"The bias and the weights of {node.name} have to be numbers of at most {GREATEST:g}.")
    if not LEAST_SIGMA <= node.sigma <= GREATEST:
        raise NetworkError(f"σ of {node.name} is {node.sigma:g}; it has to lie from {LEAST_SIGMA:g} to {GREATEST:g}.")


def combinations(node: Discrete, nodes: Mapping[str, Node]) -> list[tuple[str, ...]]:
    """The states of the parents, for each row of the table; of more than the most rows only one more."""
    parents = [parent for name in node.parents if isinstance(parent := nodes[name], Discrete)]
    if math.prod(len(parent.states) for parent in parents) > 10**4:
        raise NetworkError(f"The table of {node.name} would have more than {MOST_ROWS} rows: take parents away.")
    return list(product(*(parent.states for parent in parents)))
