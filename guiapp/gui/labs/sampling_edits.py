"""Changes of the network in the lab of ancestral sampling; each gives new parameters and raises NetworkError where the
network would be impossible."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

import msgspec
import numpy as np

from guiapp.gui.labs.sampling_compute import Params
from guiapp.theory.bayesian_network import (
    MOST_NODES,
    Deterministic,
    Discrete,
    LinearGaussian,
    Network,
    NetworkError,
    Node,
)

KINDS: Final[dict[str, type[Node]]] = {
    "discrete": Discrete,
    "linear-Gaussian": LinearGaussian,
    "deterministic": Deterministic,
}


def kind_of(node: Node) -> str:
    """The name of its kind."""
    return next(name for name, kind in KINDS.items() if isinstance(node, kind))


def added(params: Params, kind: str) -> Params:
    """One more node, without parents, chosen."""
    if len(params.nodes) >= MOST_NODES:
        raise NetworkError(f"A network has at most {MOST_NODES} nodes: delete one first.")
    names = {node.name for node in params.nodes}
    name = next(name for number in count(1) if (name := f"X{number}") not in names)
    return _with_nodes(params, (*params.nodes, KINDS[kind](name)), chosen=name, state="")


def deleted(params: Params, name: str) -> Params:
    """Without the node `name`; it is summed out of its children's tables with equal weights."""
    if len(params.nodes) == 1:
        raise NetworkError("The last node stays: a network has at least one.")
    for node in params.nodes:
        if name in node.parents:
            params = unlinked(params, name, node.name)
    return _with_nodes(params, (node for node in params.nodes if node.name != name))


def linked(params: Params, parent: str, child: str) -> Params:
    """With an arrow from `parent` to `child`, which makes no difference yet: a row is repeated for each state."""
    node, other = _node(params, child), _node(params, parent)
    parents = (*node.parents, parent)
    if isinstance(node, Discrete):
        if not isinstance(other, Discrete):
            raise NetworkError(f"{child} is discrete, so its parents have to be, and {parent} is not.")
        changed: Node = _changed(node, parents=parents, table=tuple(row for row in node.table for _ in other.states))
    elif isinstance(node, LinearGaussian):
        changed = _changed(node, parents=parents, weights=(*node.weights, 1.0))
    else:
        changed = _changed(node, parents=parents)
    return _replaced(params, child, changed)


def unlinked(params: Params, parent: str, child: str) -> Params:
    """Without the arrow; a table's rows are averaged over the parent's states."""
    node, place = _node(params, child), _node(params, child).parents.index(parent)
    parents = tuple(name for name in node.parents if name != parent)
    if isinstance(node, Discrete):
        shape = [len(_states(params, name)) for name in node.parents]
        table = np.array(node.table).reshape(*shape, -1).mean(place).reshape(-1, len(node.states))
        changed: Node = _changed(node, parents=parents, table=tuple(map(tuple, table.tolist())))
    elif isinstance(node, LinearGaussian):
        weights = tuple(weight for at, weight in enumerate(node.weights) if at != place)
        changed = _changed(node, parents=parents, weights=weights)
    else:
        changed = _changed(node, parents=parents)
    return _replaced(params, child, changed)


def toggled(params: Params, parent: str, child: str) -> Params:
    """With the arrow if there is none, else without it."""
    change = unlinked if parent in _node(params, child).parents else linked
    return change(params, parent, child)


def renamed(params: Params, name: str, new: str) -> Params:
    """The node under another name, which its children and their formulas know too."""
    nodes = []
    for node in params.nodes:
        parents = tuple(new if parent == name else parent for parent in node.parents)
        changed = _changed(node, name=new if node.name == name else node.name, parents=parents)
        if isinstance(changed, Deterministic) and name in node.parents:
            formula = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: new, changed.formula)
            changed = _changed(changed, formula=formula)
        nodes.append(changed)
    places, evidence = (
        {new if key == name else key: value for key, value in known.items()}
        for known in (params.places, params.evidence)
    )
    return _with_nodes(msgspec.structs.replace(params, places=places, evidence=evidence), nodes, chosen=new)


def with_states(params: Params, name: str, states: tuple[str, ...]) -> Params:
    """Other names or another number of states. A new state has probability 0; the probabilities of those that are taken
    away are shared out. In the children's tables a new state is as the last one was."""
    node = _node(params, name)
    assert isinstance(node, Discrete)
    old, new = len(node.states), len(states)
    if new < 2:
        raise NetworkError(f"{name} needs at least two states.")
    rows = []
    for row in node.table:
        kept = np.array((*row[:new], *(0.0,) * (new - old)))
        rows.append(tuple((kept / kept.sum()).tolist()) if kept.sum() > 0 else (1.0 / new,) * new)
    nodes: list[Node] = []
    for child in params.nodes:
        if child.name == name:
            nodes.append(_changed(node, states=states, table=tuple(rows)))
        elif isinstance(child, Discrete) and name in child.parents and new != old:
            shape = [len(_states(params, parent)) for parent in child.parents]
            axis = child.parents.index(name)
            table = np.array(child.table).reshape(*shape, -1)
            table = table.take(np.minimum(np.arange(new), old - 1), axis).reshape(-1, len(child.states))
            nodes.append(_changed(child, table=tuple(map(tuple, table.tolist()))))
        else:
            nodes.append(child)
    evidence = dict(params.evidence)
    if evidence.get(name) in node.states:
        place = node.states.index(str(evidence[name]))
        if place < new:
            evidence[name] = states[place]
    return _with_nodes(msgspec.structs.replace(params, evidence=evidence), nodes)


def with_kind(params: Params, name: str, kind: str) -> Params:
    """A node of another kind with the same parents, as far as these can be its parents."""
    node = _node(params, name)
    fresh = KINDS[kind](name)
    new = _replaced(params, name, fresh)
    for parent in node.parents:
        if kind != "discrete" or isinstance(_node(params, parent), Discrete):
            new = linked(new, parent, name)
    return new


def with_fields(params: Params, name: str, **fields: Any) -> Params:
    """Other numbers or another formula of the node `name`."""
    return _replaced(params, name, _changed(_node(params, name), **fields))


def clamped(params: Params, name: str, value: str | float | None) -> Params:
    """With the node observed, or (None) no longer."""
    evidence = {key: known for key, known in params.evidence.items() if key != name}
    if value is not None:
        evidence[name] = value
    Network(params.nodes).clamped(evidence)
    return msgspec.structs.replace(params, evidence=evidence, step=0)


def _node(params: Params, name: str) -> Node:
    return next(node for node in params.nodes if node.name == name)


def _states(params: Params, name: str) -> tuple[str, ...]:
    node = _node(params, name)
    assert isinstance(node, Discrete)
    return node.states


def _changed(node: Node, **fields: Any) -> Node:
    return msgspec.structs.replace(node, **fields)


def _replaced(params: Params, name: str, node: Node) -> Params:
    return _with_nodes(params, (node if other.name == name else other for other in params.nodes))


def _with_nodes(params: Params, nodes: Iterable[Node], **changes: Any) -> Params:
    """With `nodes`, and of evidence and places what still has a meaning."""
    kept = tuple(nodes)
    network = Network(kept)
    evidence = {}
    for name, value in params.evidence.items():
        try:
            network.clamped({name: value})
        except NetworkError:
            continue
        evidence[name] = value
    places = {name: place for name, place in params.places.items() if name in network.nodes}
    new = msgspec.structs.replace(params, nodes=kept, evidence=evidence, places=places, step=0, **changes)
    return new if new.chosen in network.nodes else msgspec.structs.replace(new, chosen="", state="")
