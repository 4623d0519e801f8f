"""Exact marginals and posteriors of a Bayesian network, as far as there is a closed form.

The joint of the discrete nodes is multiplied out into one array with an axis for each, and summed over. Given the
discrete nodes the linear-Gaussian ones are jointly normal: x = m + Aε, ε ~ N(0, I), so the mean m differs from cell to
cell of that array and the covariance AAᵀ is the same in all of them. With x_E observed,

    p(cell | evidence) ∝ p(cell) N(x_E; m_E, C_EE)
    x | x_E, cell ~ N(m + C_·E C_EE⁻¹ (x_E - m_E), C - C_·E C_EE⁻¹ C_E·)

and every marginal is a mixture of normals of one width. Koller & Friedman 2009, chapters 9 and 14.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import networkx as nx
import numpy as np
import numpy.typing as npt

from guiapp.theory.bayesian_network import (
    Clamped,
    Deterministic,
    Discrete,
    Floats,
    LinearGaussian,
    Network,
    NetworkError,
)

MOST_CELLS: Final = 2**17  # of the joint table: 1 MiB for each array of that shape
MOST_VALUES: Final = 24  # of a deterministic node, up to which each gets a bar of its own


@dataclass(frozen=True)
class Shares:
    """p(node = values[j]) = `shares[j]`, both (k,); of a discrete node the places of its states are the values."""

    values: Floats
    shares: Floats

    def mean(self) -> float:
        """Σ_j values[j] shares[j]."""
        return float(self.values @ self.shares)


@dataclass(frozen=True)
class Mixture:
    """Σ_k `shares[k]` N(`means[k]`, `sigma`²); a point mass where `sigma` is 0."""

    shares: Floats
    means: Floats
    sigma: float

    def mean(self) -> float:
        """Of the whole mixture."""
        return float(self.shares @ self.means)

    def deviation(self) -> float:
        """The standard deviation of the whole mixture."""
        return math.sqrt(self.sigma**2 + float(self.shares @ (self.means - self.mean()) ** 2))

    def density(self, x: Floats) -> Floats:
        """At `x` (n,): (n,)."""
        score = (x[:, None] - self.means) / self.sigma
        return np.exp(-0.5 * score**2) @ self.shares / (self.sigma * math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class Exact:
    """`laws` by node, and why those that are `missing` have none; `log_evidence` is the log of the probability of the
    evidence, or of its density where a continuous node is observed, in nats."""

    laws: Mapping[str, Shares | Mixture]
    missing: Mapping[str, str]
    log_evidence: float


class _Joint:
    """The discrete nodes' joint as an array, with an axis for each, and what the other nodes are in each cell."""

    def __init__(self, network: Network) -> None:
        self.network = network
        nodes = network.nodes
        self.axes = [name for name in network.order if isinstance(nodes[name], Discrete)]
        self.shape = tuple(network.table(name).shape[-1] for name in self.axes)
        if math.prod(self.shape) > MOST_CELLS:
            raise NetworkError(
                f"The joint table would have {math.prod(self.shape):,} cells, more than {MOST_CELLS:,}: "
                "there are only estimates."
            )
        self.joint = np.ones(self.shape)
        for name in self.axes:
            parents = [*nodes[name].parents, name]
            order = sorted(range(len(parents)), key=lambda place: self.axes.index(parents[place]))
            self.joint = self.joint * self._spread(
                network.table(name).transpose(order), [parents[place] for place in order]
            )
        self.values: dict[str, Floats] = {}  # of what follows from the discrete nodes, by cell
        self.means: dict[str, Floats] = {}  # of the Gaussian nodes, by cell
        self.loadings: dict[str, Floats] = {}  # their rows of A
        for name in network.order:
            self._add(name)

    def _spread(self, table: Floats, names: list[str]) -> Floats:
        """`table`, with an axis for each of `names` in the order of the joint, to be broadcast against it."""
        shape = [self.shape[place] if name in names else 1 for place, name in enumerate(self.axes)]
        return table.reshape(shape)

    def _add(self, name: str) -> None:
        node = self.network.nodes[name]
        if isinstance(node, Discrete):
            self.values[name] = self._spread(node.values, [name])
        elif not all(parent in self.values or parent in self.means for parent in node.parents):
            return
        elif isinstance(node, Deterministic):
            if all(parent in self.values for parent in node.parents):
                found = self.network.compute(name, {parent: self.values[parent] for parent in node.parents})
                self.values[name] = np.broadcast_to(found, self.shape)
        else:
            self._add_gaussian(node)

    def _add_gaussian(self, node: LinearGaussian) -> None:
        own = np.zeros(len(self.network.order))
        own[self.network.order.index(node.name)] = node.sigma
        mean = np.full((1,) * len(self.shape), node.bias)
        for weight, parent in zip(node.weights, node.parents, strict=True):
            mean = mean + weight * (self.values[parent] if parent in self.values else self.means[parent])
            if parent in self.loadings:
                own = own + weight * self.loadings[parent]
        self.means[node.name], self.loadings[node.name] = mean, own


def supports(network: Network) -> dict[str, Floats]:
    """The values that each determined deterministic node can have, ascending, where they are few and finite."""
    try:
        joint = _Joint(network)
    except NetworkError:
        return {}
    found = {name: np.unique(joint.values[name]) for name in joint.values if name not in joint.axes}
    return {name: values for name, values in found.items() if len(values) <= MOST_VALUES and np.isfinite(values).all()}


def exact(network: Network, clamped: Clamped | None = None) -> Exact:
    """p(node | clamped) of every node that has a closed form. Raises NetworkError: the joint table is too large, what
    is clamped has probability 0, or its probability has no closed form."""
    clamped = clamped or {}
    joint = _Joint(network)
    for name in clamped:
        if name not in joint.values and name not in joint.means:
            raise NetworkError(f"{name} depends on a formula of a continuous node: its posterior has no closed form.")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_weights = np.log(joint.joint)
        for name, value in clamped.items():
            if name in joint.values:
                log_weights = np.where(_agrees(joint, name, value), log_weights, -np.inf)
    seen = [name for name in clamped if name in joint.means]
    gain, left = _observed_gaussians(joint, seen, clamped)
    log_weights = log_weights + left
    peak = float(log_weights.max())
    if not peak > -math.inf:
        raise NetworkError("What is clamped cannot happen together: its probability is 0.")
    weights = np.exp(log_weights - peak)
    total = float(weights.sum())
    laws = _laws(joint, weights / total, gain)
    return Exact(laws, _missing(network, laws), peak + math.log(total))


def _agrees(joint: _Joint, name: str, value: float) -> npt.NDArray[np.bool_]:
    node = joint.network.nodes[name]
    wanted = node.values[int(value)] if isinstance(node, Discrete) else value
    if isinstance(node, Discrete):
        axis = joint.axes.index(name)
        shape = [size if place == axis else 1 for place, size in enumerate(joint.shape)]
        agrees: npt.NDArray[np.bool_] = (np.arange(joint.shape[axis]) == int(value)).reshape(shape)
        return agrees
    return np.asarray(joint.values[name] == wanted)


def _observed_gaussians(
    joint: _Joint, seen: list[str], clamped: Clamped
) -> tuple[dict[str, tuple[Floats, float]], Floats]:
    """Mean (cells) and standard deviation of each Gaussian node given the observed ones, and the log density of these
    in each cell."""
    none = np.zeros((1,) * len(joint.shape))
    rows = joint.loadings
    if not seen:
        return {name: (joint.means[name], float(np.linalg.norm(rows[name]))) for name in joint.means}, none
    loadings = np.array([rows[name] for name in seen])  # (E, N)
    try:
        factor = np.linalg.cholesky(loadings @ loadings.T)
    except np.linalg.LinAlgError:
        raise NetworkError(
            f"{', '.join(seen)} follow from each other so nearly that rounding hides the rest: raise a σ."
        ) from None
    off = np.stack(np.broadcast_arrays(*(clamped[name] - joint.means[name] for name in seen)))
    scores = np.linalg.solve(factor, off.reshape(len(seen), -1)).reshape(off.shape)
    left = -0.5 * (scores**2).sum(0) - np.log(np.diag(factor)).sum() - 0.5 * len(seen) * math.log(2 * math.pi)
    whitened = np.linalg.solve(factor, loadings)  # (E, N)
    found = {}
    for name, mean in joint.means.items():
        if name in seen:
            found[name] = (np.full_like(none, clamped[name]), 0.0)
            continue
        tie = whitened @ rows[name]  # (E,)
        spread = rows[name] - whitened.T @ tie  # what is left of A's row once the evidence is known
        found[name] = (mean + np.tensordot(tie, scores, 1), float(np.linalg.norm(spread)))
    return found, left


def _laws(joint: _Joint, shares: Floats, gaussians: Mapping[str, tuple[Floats, float]]) -> dict[str, Shares | Mixture]:
    laws: dict[str, Shares | Mixture] = {}
    for name in joint.network.order:
        if name in joint.axes:
            others = tuple(axis for axis, other in enumerate(joint.axes) if other != name)
            laws[name] = Shares(np.arange(joint.shape[joint.axes.index(name)], dtype=float), shares.sum(others))
        elif name in joint.values:
            laws[name] = Shares(*_gathered(joint.values[name], shares))
        elif name in gaussians:
            means, sigma = gaussians[name]
            points, weights = _gathered(means, shares)
            laws[name] = Mixture(weights, points, sigma)
    return laws


def _gathered(values: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """The distinct values (k,) over the cells, and how much each has (k,)."""
    points, places = np.unique(np.broadcast_to(values, shares.shape), return_inverse=True)
    gathered = np.bincount(places.ravel(), shares.ravel(), len(points)).astype(np.float64)
    return np.asarray(points, np.float64), gathered


def _missing(network: Network, laws: Mapping[str, Shares | Mixture]) -> dict[str, str]:
    missing = {}
    for name in network.order:
        if name not in laws:
            formula = next(
                other
                for other in network.order
                if other not in laws and (other == name or other in nx.ancestors(network.graph, name))
            )
            missing[name] = f"no closed form: {formula} is a formula of a continuous node"
    return missing
