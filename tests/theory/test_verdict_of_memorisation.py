"""Copies of the training data are found; what is learnt, blurred or collapsed is not taken for one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from guiapp.theory import game_verdicts as gv
from guiapp.theory.memorisation import neighbour_distances, ranks

Draw = Callable[[int], np.ndarray]


def distances(generated: Callable[[Draw, Draw, np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of 64 generated points and 256 held-out ones to 300 training data, all near a curved surface in R²⁰."""
    rng = np.random.default_rng(3)
    lift = rng.normal(0, 1, (4, 20))

    def surface(count: int) -> np.ndarray:
        return np.tanh(rng.normal(0, 0.3, (count, 4)) @ lift)

    def law(count: int) -> np.ndarray:
        return surface(count) + rng.normal(0, 0.5, (count, 20))

    training, heldout = law(300), law(256)
    points = generated(law, surface, training)
    return neighbour_distances(points, training)[0], neighbour_distances(heldout, training)[0]


def fresh(law: Draw, surface: Draw, training: np.ndarray) -> np.ndarray:
    return law(64)


def copied(law: Draw, surface: Draw, training: np.ndarray) -> np.ndarray:
    return training[:64] + 0.05 * law(64)


def partly_copied(law: Draw, surface: Draw, training: np.ndarray) -> np.ndarray:
    return np.concatenate([copied(law, surface, training)[:8], law(56)])


def blurred(law: Draw, surface: Draw, training: np.ndarray) -> np.ndarray:
    return surface(64)


def one_point(law: Draw, surface: Draw, training: np.ndarray) -> np.ndarray:
    return np.repeat(surface(1), 64, axis=0)


def test_copies_are_found() -> None:
    found = gv.memorisation(*distances(copied))
    assert found is not None
    assert (found.kind, found.confident) == ("memorisation", True)
    assert "100% of the samples" in found.evidence
    assert "with probability 1.00" in found.evidence


def test_some_copies_among_near_ones_are_not_sure() -> None:
    found = gv.memorisation(*distances(partly_copied))
    assert found is not None
    assert not found.confident


def test_sure_are_many_copies_that_show_in_the_ranks_too() -> None:
    def confident(copies: int, others: float) -> bool:
        samples = np.r_[np.zeros(copies), np.full(100 - copies, others)]
        found = gv.memorisation(samples, np.linspace(1, 2, 300))
        assert found is not None
        return found.confident

    assert confident(30, 1.4)
    assert not confident(20, 1.1)
    assert not confident(30, 1.9)


@pytest.mark.parametrize("size", [1, 2, 20])
def test_by_chance_there_are_no_copies(size: int) -> None:
    rng = np.random.default_rng(size)
    found = 0
    for _ in range(300):
        training, heldout, points = (rng.normal(0, 1, (count, size)) for count in (200, 256, 64))
        found += gv.memorisation(*(neighbour_distances(x, training)[0] for x in (points, heldout))) is not None
    assert found == 0


def test_a_law_that_is_learnt_is_not_memorised() -> None:
    assert gv.memorisation(*distances(fresh)) is None


def test_neither_blur_nor_collapse_is_memorisation() -> None:
    """Though the ranks alone would say so."""
    for generated in (blurred, one_point):
        samples, heldout = distances(generated)
        assert ranks(samples, heldout).z > 10
        assert gv.memorisation(samples, heldout) is None


def test_a_few_copies_among_many_samples_are_none() -> None:
    samples, heldout = np.linspace(1, 2, 5000), np.linspace(1, 2, 5000)
    samples[:200] = 0  # 4 %, which no chance explains
    assert gv.memorisation(samples, heldout) is None
    samples[:300] = 0
    assert gv.memorisation(samples, heldout) is not None


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 300))
def test_the_chance_is_that_of_fisher(first: int, n: int, second: int, m: int) -> None:
    first, second = min(first, n), min(second, m)
    witness = fisher_exact([[first, n - first], [second, m - second]], alternative="greater").pvalue
    assert gv._chance(first, n, second, m) == pytest.approx(witness, rel=1e-8, abs=1e-12)


def test_too_few_distances() -> None:
    samples, heldout = distances(copied)
    assert gv.memorisation(samples[:29], heldout) is None
    assert gv.memorisation(samples, heldout[:29]) is None
    samples[:34] = np.nan
    assert gv.memorisation(samples, heldout) is not None
    samples[34] = np.inf
    assert gv.memorisation(samples, heldout) is None


def test_data_that_are_all_the_same_are_not_memorised() -> None:
    assert gv.memorisation(np.zeros(64), np.zeros(256)) is None
    assert gv.memorisation(np.zeros(64), np.r_[np.zeros(100), np.ones(156)]) is None  # held-out data are copies too
