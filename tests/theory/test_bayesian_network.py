from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from guiapp.theory.bayesian_estimates import CHUNK, METHODS, Estimator, Method
from guiapp.theory.bayesian_examples import CHAIN, DECODER, DICE, EXAMPLES, SPRINKLER, STUDENT
from guiapp.theory.bayesian_inference import Mixture, Shares, exact, supports
from guiapp.theory.bayesian_network import (
    Deterministic,
    Discrete,
    Evidence,
    LinearGaussian,
    Network,
    NetworkError,
    Node,
)

HALF = (0.5, 0.5)


def posterior(nodes: Sequence[Node], evidence: Evidence, name: str) -> Shares | Mixture:
    network = Network(nodes)
    return exact(network, network.clamped(evidence)).laws[name]


def share(nodes: Sequence[Node], evidence: Evidence, name: str, state: int = 1) -> float:
    return float(posterior(nodes, evidence, name).shares[state])


def estimates(nodes: Sequence[Node], evidence: Evidence, chunks: int = 20) -> Estimator:
    network = Network(nodes)
    estimator = Estimator(network, network.clamped(evidence), 0)
    for _ in range(chunks):
        estimator.add(CHUNK)
    return estimator


def listed(nodes: Sequence[Discrete]) -> Iterator[tuple[dict[str, str], float]]:
    """Every combination of states with its probability: the definition, without any array."""
    states = {node.name: node.states for node in nodes}
    for combination in itertools.product(*states.values()):
        at = dict(zip(states, combination, strict=True))
        probability = 1.0
        for node in nodes:
            row = 0
            for parent in node.parents:
                row = row * len(states[parent]) + states[parent].index(at[parent])
            probability *= node.table[row][node.states.index(at[node.name])]
        yield at, probability


def by_listing(nodes: Sequence[Discrete], evidence: Mapping[str, str], name: str, state: str) -> float:
    agreeing = [(at, p) for at, p in listed(nodes) if all(at[key] == value for key, value in evidence.items())]
    return math.fsum(p for at, p in agreeing if at[name] == state) / math.fsum(p for _, p in agreeing)


# ------------------------------------------------------------------------------------------------------------- exact


@pytest.mark.parametrize(
    ("name", "evidence", "probability"),
    [
        ("L", {}, 0.502336),
        ("L", {"I": "i⁰"}, 0.3886),
        ("L", {"I": "i⁰", "D": "d⁰"}, 0.513),
        ("I", {"G": "g³"}, 0.078947),
        ("I", {"G": "g³", "S": "s¹"}, 0.578313),
        ("D", {"G": "g³"}, 0.629291),
    ],
)
def test_the_student_network(name: str, evidence: dict[str, str], probability: float) -> None:
    assert share(STUDENT, evidence, name) == pytest.approx(probability, abs=5e-7)


def test_the_probability_of_evidence_sums_the_whole_joint() -> None:
    network = Network(STUDENT)
    found = exact(network, network.clamped({"L": "l⁰", "S": "s⁰"}))
    assert math.exp(found.log_evidence) == pytest.approx(0.420518, abs=5e-7)


def test_explaining_away() -> None:
    alone = share(SPRINKLER, {"Wet": "wet"}, "Rain")
    assert share(SPRINKLER, {}, "Rain") < share(SPRINKLER, {"Wet": "wet", "Sprinkler": "on"}, "Rain") < alone
    assert share(SPRINKLER, {"Sprinkler": "on"}, "Rain") == pytest.approx(0.2)


@st.composite
def discrete_networks(draw: st.DrawFn) -> list[Discrete]:
    nodes: list[Discrete] = []
    for place in range(draw(st.integers(1, 5))):
        parents = tuple(n.name for n in nodes if draw(st.booleans()))[:3]
        size = draw(st.integers(2, 3))
        rows = math.prod(len(n.states) for n in nodes if n.name in parents)
        weights = [[draw(st.integers(0, 9)) for _ in range(size - 1)] + [1] for _ in range(rows)]
        table = tuple(tuple(w / sum(row) for w in row) for row in weights)
        nodes.append(Discrete(f"x{place}", tuple(f"s{j}" for j in range(size)), table, parents))
    return nodes


@settings(max_examples=60, deadline=None)
@given(discrete_networks(), st.randoms())
def test_enumeration_agrees_with_the_definition(nodes: list[Discrete], random: object) -> None:
    order = list(nodes)
    random.shuffle(order)  # type: ignore[attr-defined]
    at, _ = max(listed(nodes), key=lambda entry: entry[1])
    evidence = {name: at[name] for name in list(at)[1:2]}
    for node in nodes:
        for place, state in enumerate(node.states):
            wanted = by_listing(nodes, evidence, node.name, state)
            assert share(order, evidence, node.name, place) == pytest.approx(wanted, abs=1e-12)


def test_gaussian_posteriors_agree_with_the_precision_matrix() -> None:
    nodes = [
        LinearGaussian("a", 0.5, (), 2.0),
        LinearGaussian("b", -1.0, (0.7,), 0.5, ("a",)),
        LinearGaussian("c", 0.0, (1.5, -2.0), 1.2, ("a", "b")),
        LinearGaussian("d", 2.0, (-0.3,), 0.1, ("c",)),
    ]
    own = np.eye(4) - np.array([[0, 0, 0, 0], [0.7, 0, 0, 0], [1.5, -2.0, 0, 0], [0, 0, -0.3, 0]])
    precision = own.T @ np.diag([1 / node.sigma**2 for node in nodes]) @ own
    mean = np.linalg.solve(own, [node.bias for node in nodes])
    network = Network(nodes[::-1])
    seen, values = [1, 3], np.array([0.4, 1.9])
    free = [0, 2]
    found = exact(network, {"b": 0.4, "d": 1.9})
    inner = precision[np.ix_(free, free)]
    wanted = mean[free] - np.linalg.solve(inner, precision[np.ix_(free, seen)] @ (values - mean[seen]))
    for place, name in enumerate("ac"):
        law = found.laws[name]
        assert isinstance(law, Mixture)
        assert law.mean() == pytest.approx(wanted[place])
        assert law.deviation() == pytest.approx(math.sqrt(np.linalg.inv(inner)[place, place]))
    covariance = np.linalg.inv(precision)[np.ix_(seen, seen)]
    assert found.log_evidence == pytest.approx(multivariate_normal(mean[seen], covariance).logpdf(values))


def test_a_mixture_of_gaussians() -> None:
    nodes: list[Node] = [Discrete("k", ("0", "1"), ((0.25, 0.75),)), LinearGaussian("x", -1.0, (4.0,), 1.0, ("k",))]
    law = posterior(nodes, {}, "x")
    assert isinstance(law, Mixture)
    assert law.mean() == pytest.approx(2.0)
    assert law.deviation() == pytest.approx(math.sqrt(1 + 16 * 0.25 * 0.75))
    x = np.linspace(-12, 15, 4001)
    assert np.trapezoid(law.density(x), x) == pytest.approx(1)
    one, three = 0.25 * math.exp(-0.5 * 2.0**2), 0.75 * math.exp(-0.5 * 2.0**2)
    assert share(nodes, {"x": 1.0}, "k") == pytest.approx(three / (one + three))
    assert share(nodes, {"x": 3.0}, "k") == pytest.approx(1 / (1 + math.exp(-8) / 3))


def test_two_dice() -> None:
    law = posterior(DICE, {}, "total")
    assert_allclose(law.shares * 36, [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1])
    assert share(DICE, {"total": 10.0}, "A", 5) == pytest.approx(1 / 3)
    assert_allclose(supports(Network(DICE))["total"], range(2, 13))


def test_what_has_no_closed_form_says_why() -> None:
    network = Network(DECODER)
    found = exact(network)
    assert set(found.laws) == {"z"}
    assert found.missing["x"] == "no closed form: f is a formula of a continuous node"
    with pytest.raises(NetworkError, match="x depends on a formula of a continuous node"):
        exact(network, {"x": 0.9})


def test_impossible_evidence() -> None:
    network = Network(SPRINKLER)
    with pytest.raises(NetworkError, match="cannot happen together"):
        exact(network, network.clamped({"Rain": "no", "Sprinkler": "off", "Wet": "wet"}))


# ---------------------------------------------------------------------------------------------------------- sampling


def test_parents_come_first() -> None:
    for nodes in EXAMPLES.values():
        network = Network(nodes[::-1])
        places = {name: place for place, name in enumerate(network.order)}
        assert all(places[parent] < places[node.name] for node in nodes for parent in node.parents)


@pytest.mark.parametrize("name", EXAMPLES)
def test_samples_have_the_exact_marginals(name: str) -> None:
    estimator = estimates(EXAMPLES[name], {})
    tally = estimator.tallies["rejection"]
    assert tally.kept == tally.tried == tally.effective == 20 * CHUNK
    for node, law in exact(estimator.network).laws.items():
        if isinstance(law, Shares):
            assert np.all(np.abs(tally.shares(node) - law.shares) <= 5 * tally.errors(node) + 1e-12)
        else:
            assert abs(tally.mean(node) - law.mean()) < 5 * law.deviation() / math.sqrt(tally.kept)
            assert tally.deviation(node) == pytest.approx(law.deviation(), rel=0.02)


@pytest.mark.parametrize(
    ("nodes", "evidence"),
    [
        (STUDENT, {"G": "g³"}),
        (STUDENT, {"G": "g³", "S": "s¹"}),
        (STUDENT, {"L": "l⁰"}),
        (SPRINKLER, {"Wet": "wet"}),
        (DICE, {"total": 10.0}),
        (CHAIN, {"y": -4.0}),
    ],
)
def test_both_right_methods_reach_the_posterior(nodes: Sequence[Node], evidence: Evidence) -> None:
    estimator = estimates(nodes, evidence)
    right: tuple[Method, ...] = ("rejection", "likelihood weighting")
    for method in right:
        tally = estimator.tallies[method]
        for name, law in exact(estimator.network, estimator.clamped).laws.items():
            if isinstance(law, Shares):
                assert np.all(np.abs(tally.shares(name) - law.shares) <= 5 * tally.errors(name) + 1e-12), method
            elif name not in evidence:
                assert abs(tally.mean(name) - law.mean()) < 5 * law.deviation() / math.sqrt(tally.effective), method


def test_the_naive_clamp_samples_the_network_with_the_arrows_cut() -> None:
    """g³ given says nothing of the student any more: p(I | do(G = g³)) = p(I)."""
    tally = estimates(STUDENT, {"G": "g³"}).tallies["naive clamp"]
    assert abs(tally.shares("I")[1] - 0.3) < 5 * tally.errors("I")[1]
    assert abs(tally.shares("L")[1] - 0.01) < 5 * tally.errors("L")[1]
    assert abs(tally.shares("I")[1] - 0.078947) > 50 * tally.errors("I")[1]


def test_a_clamped_root_needs_no_weights() -> None:
    tallies = estimates(STUDENT, {"I": "i¹"}).tallies
    assert tallies["likelihood weighting"].effective == pytest.approx(20 * CHUNK)
    assert_allclose(tallies["likelihood weighting"].shares("L"), tallies["naive clamp"].shares("L"))


def test_effective_sample_size() -> None:
    estimator = estimates(STUDENT, {"G": "g³"}, 1)
    rng = np.random.default_rng((0, 0))
    estimator.network.sample(CHUNK, rng)
    weights = np.exp(estimator.network.sample(CHUNK, rng, {"G": 2.0}).log_weights)
    wanted = weights.sum() ** 2 / (weights**2).sum()
    assert estimator.tallies["likelihood weighting"].effective == pytest.approx(wanted)
    assert set(np.round(weights, 9)) == {0.3, 0.7, 0.02, 0.2}


def test_evidence_far_out_does_not_underflow() -> None:
    tally = estimates(CHAIN, {"y": -300.0}, 3).tallies["likelihood weighting"]
    assert tally.effective >= 1
    assert np.isfinite(tally.mean("z"))


def test_chunks_add_up() -> None:
    """To what all their samples give at once, whichever chunk has the largest weight."""
    estimator, z, log_weights = estimates(CHAIN, {"y": 9.0}, 8), [], []
    for chunk in range(8):
        rng = np.random.default_rng((0, chunk))
        estimator.network.sample(CHUNK, rng)
        samples = estimator.network.sample(CHUNK, rng, {"y": 9.0})
        z.append(samples.values["z"])
        log_weights.append(samples.log_weights)
    peaks = [each.max() for each in log_weights]
    assert max(peaks) > peaks[0]
    assert max(peaks) > peaks[-1]
    weights, values = np.exp(np.concatenate(log_weights)), np.concatenate(z)
    tally = estimator.tallies["likelihood weighting"]
    assert tally.mean("z") == pytest.approx(weights @ values / weights.sum())
    assert tally.effective == pytest.approx(weights.sum() ** 2 / (weights @ weights))
    assert tally.shares("x").sum() == pytest.approx(1)
    edges = estimator.edges["z"]
    inside = (edges[10] <= values) & (values < edges[11])
    p = weights @ inside / weights.sum()
    assert tally.shares("z")[10] == pytest.approx(p)
    assert tally.errors("z")[10] == pytest.approx(np.sqrt(weights**2 @ (inside - p) ** 2) / weights.sum())


def test_a_wider_window_keeps_more() -> None:
    network, kept = Network(CHAIN), []
    for window in (0.05, 0.5):
        estimator = Estimator(network, {"y": -1.0}, 0, window)
        estimator.add(CHUNK)
        kept.append(estimator.tallies["rejection"].kept)
    assert kept[1] == pytest.approx(10 * kept[0], rel=0.2)


def test_a_formula_without_a_value_is_counted() -> None:
    nodes: list[Node] = [
        LinearGaussian("z"),
        Deterministic("r", "log(z)", ("z",)),
        LinearGaussian("x", 0, (1,), 1, ("r",)),
    ]
    tallies = estimates(nodes, {"x": 0.5}, 2).tallies
    assert tallies["naive clamp"].undefined["r"] == pytest.approx(CHUNK, rel=0.05)
    assert tallies["likelihood weighting"].kept == pytest.approx(CHUNK, rel=0.05)
    assert np.isfinite(tallies["likelihood weighting"].mean("z"))


def test_a_state_of_probability_0_is_never_drawn() -> None:
    class Highest:
        def random(self, count: int) -> np.ndarray:
            return np.full(count, np.nextafter(1, 0))

    row = (0.07, 0.27, 0.28, 0.04, 0.34, 0.0)  # which add up to less than 1
    network = Network([Discrete("x", tuple("abcdef"), (row,))])
    assert network.sample(3, Highest()).values["x"].tolist() == [4, 4, 4]  # type: ignore[arg-type]


def test_one_seed_one_result() -> None:
    one, two = estimates(STUDENT, {"G": "g³"}, 2), estimates(STUDENT, {"G": "g³"}, 2)
    for method in METHODS:
        assert_allclose(one.tallies[method].shares("I"), two.tallies[method].shares("I"), rtol=0)


def test_a_million_samples_take_less_than_a_second() -> None:
    network, took = Network(STUDENT), []
    for seed in range(3):
        begun = time.perf_counter()
        network.sample(1_000_000, np.random.default_rng(seed))
        took.append(time.perf_counter() - begun)
    assert min(took) < 1


# ----------------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (
            [Discrete(a, parents=(b,), table=(HALF, HALF)) for a, b in ("AC", "BA", "CB")],
            "A cycle: A → B → C → A. No node of it could be drawn first; take one of these arrows away.",
        ),
        ([LinearGaussian("A", weights=(1.0,), parents=("A",))], "A cycle: A → A."),
        ([Discrete("A", table=((0.5, 0.4),))], "Row 1 of A’s table sums to 0.9, not to 1."),
        (
            [Discrete("A"), Discrete("B", ("u", "v"), (HALF, (0.7, 0.4)), ("A",))],
            "Row 2 of B’s table (A = 1) sums to 1.1, not to 1.",
        ),
        ([Discrete("A", table=((1.5, -0.5),))], "no probability"),
        ([Discrete("A", table=((float("nan"), 1.0),))], "no probability"),
        ([Discrete("A", table=((1.0,),))], "has 1 numbers for 2 states"),
        ([Discrete("A", parents=("q",))], "A has the parent q, but there is no such node."),
        ([Discrete("A"), Discrete("B", parents=("A",))], "The table of B has 1 rows; its parents make 2."),
        ([LinearGaussian("z"), Discrete("B", parents=("z",))], "B is discrete, so its parents have to be"),
        ([Discrete("A"), Discrete("A")], "Two nodes are called A"),
        ([Discrete("A b")], "cannot be a name"),
        ([Discrete("exp")], "has a meaning in formulas"),
        ([Discrete("A", ("u", "u"))], "two states of the same name"),
        ([LinearGaussian("z", sigma=0.0)], "σ of z is 0; it has to lie"),
        ([LinearGaussian("z", bias=1e300)], "have to be numbers of at most"),
        ([LinearGaussian("z", weights=(1.0,))], "1 weights for 0 parents"),
        ([Deterministic("f", "__import__('os')")], "The formula of f: "),
        ([LinearGaussian("z"), Deterministic("f", "w + 1", ("z",))], "“w” is not known"),
        ([], "1 to 12 nodes, not 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(nodes: list[Node], sentence: str) -> None:
    with pytest.raises(NetworkError) as caught:
        Network(nodes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        ({"Q": "g³"}, "no node Q"),
        ({"G": "g⁴"}, "G has no state “g⁴”; it has g¹, g², g³."),
        ({"z": "a"}, "has to be a number"),
        ({"z": float("nan")}, "has to be a number"),
        ({"f": 0.5}, "computed from continuous nodes"),
    ],
)
def test_evidence_that_cannot_be(evidence: Evidence, sentence: str) -> None:
    with pytest.raises(NetworkError, match=sentence):
        Network((*STUDENT, *DECODER)).clamped(evidence)


def test_too_large_a_joint_has_only_estimates() -> None:
    eight = tuple(str(number) for number in range(8))
    network = Network([Discrete(f"x{number}", eight, ((0.125,) * 8,)) for number in range(12)])
    with pytest.raises(NetworkError, match="there are only estimates"):
        exact(network)
    assert supports(network) == {}


def test_networks_are_plain_json() -> None:
    for nodes in EXAMPLES.values():
        assert msgspec.json.decode(msgspec.json.encode(nodes), type=tuple[Node, ...]) == nodes
