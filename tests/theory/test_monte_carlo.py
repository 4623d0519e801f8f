from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, special, stats

from guiapp.theory.expression import Expression
from guiapp.theory.monte_carlo import (
    BAND,
    LAWS,
    PULL,
    Law,
    LawName,
    UndefinedError,
    base_draws,
    coverage,
    moments,
    root_mean_square,
    slope,
    sums,
)
from guiapp.theory.monte_carlo_forms import closed_form

CONTINUOUS = tuple(name for name in LAWS if name != "Bernoulli")
SHORT: dict[str, Callable[[Any], Any]] = {
    "z": lambda z: z,
    "z²": np.square,
    "z³": lambda z: z**3,
    "abs(z)": np.abs,
    "abs(z)^0.8": lambda z: np.abs(z) ** 0.8,
    "exp(−z²)": lambda z: np.exp(-z * z),
    "sin(z)": np.sin,
    "z > 2": lambda z: np.where(z > 2, 1.0, 0.0),
}


def typed(text: str) -> Callable[[Any], Any]:
    formula = Expression(text, ("z",))
    return lambda z: formula(z=z)


def frozen(law: Law) -> Any:
    """The same law of scipy."""
    m, s = law.location, law.scale
    return {
        "normal": lambda: stats.norm(m, s),
        "uniform": lambda: stats.uniform(m - s, 2 * s),
        "exponential": lambda: stats.expon(m, s),
        "Cauchy": lambda: stats.cauchy(m, s),
        "Bernoulli": lambda: stats.bernoulli(law.probability),
    }[law.name]()


# ------------------------------------------------------------------------------------------------------------- exact


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize(("m", "s"), [(0.0, 1.0), (1.3, 0.4), (-2.0, 3.0)])
def test_densities_are_those_of_scipy(name: LawName, m: float, s: float) -> None:
    law, z = Law(name, m, s), np.linspace(-12, 12, 301) + 0.0123
    assert_allclose(law.density(z), frozen(law).pdf(z), atol=1e-15)


def test_the_density_of_bernoulli_is_its_probabilities() -> None:
    assert_allclose(Law("Bernoulli", probability=0.3).density([0.0, 1.0, 0.5]), [0.7, 0.3, 0.0])


@pytest.mark.parametrize("text", ["z", "z²", "abs(z)", "exp(−z²)", "sin(z)"])
@pytest.mark.parametrize("name", ["normal", "uniform", "exponential"])
@pytest.mark.parametrize(("m", "s"), [(0.0, 1.0), (1.3, 0.4), (-2.0, 3.0)])
def test_mean_and_deviation_are_those_of_scipy(text: str, name: LawName, m: float, s: float) -> None:
    law, f = Law(name, m, s), SHORT[text]
    density = frozen(law)
    low, high = density.ppf([1e-300, 1 - 1e-16]) if name != "normal" else (m - 38 * s, m + 38 * s)
    points = [place for place in (m, 0.0) if low < place < high]

    def mean(power: int) -> float:
        value = integrate.quad(lambda z: f(z) ** power * density.pdf(z), low, high, points=points, limit=400)
        return float(value[0])

    found = moments(f, law)
    assert found.mean == pytest.approx(mean(1), rel=1e-8, abs=1e-10)
    assert found.deviation == pytest.approx(math.sqrt(mean(2) - mean(1) ** 2), rel=1e-6)
    assert found.error < 1e-9


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize(("m", "s"), [(1.3, 0.4), (10.0, 10.0), (0.0, 0.01)])
def test_closed_forms_are_those_of_quadrature(text: str, name: LawName, m: float, s: float) -> None:
    law = Law(name, m, s)
    known = closed_form(text, law)
    found = moments(SHORT[text], law)
    if known is None or not found.has_mean:
        assert name in ("exponential", "Cauchy") or text == "abs(z)^0.8"
        return
    scale = found.deviation if found.has_variance else abs(found.mean)
    assert found.mean == pytest.approx(known, abs=1e-8 * scale + found.error + 1e-12)


def test_bernoulli_is_a_sum() -> None:
    found = moments(lambda z: 5 * z - 2, Law("Bernoulli", probability=0.01))
    assert found.mean == pytest.approx(5 * 0.01 - 2)
    assert found.deviation == pytest.approx(5 * math.sqrt(0.01 * 0.99))
    assert closed_form("z", Law("Bernoulli")) is None


@pytest.mark.parametrize("name", CONTINUOUS)
@settings(max_examples=25, deadline=None)
@given(m=st.floats(-3, 3), s=st.floats(0.05, 5), place=st.floats(-4, 4))
@example(m=0.0, s=1.0, place=5.960464477539063e-08)
def test_a_jump_anywhere_is_found(name: LawName, m: float, s: float, place: float) -> None:
    law = Law(name, m, s)
    found = moments(lambda z: np.where(z > m + s * place, 1.0, 0.0), law)
    share = float(frozen(law).sf(m + s * place))
    assert found.mean == pytest.approx(share, abs=1e-5 * max(share, 1e-3))
    variance = max(share * (1 - share), 0.0)
    if variance > PULL:  # else it may be before the first node, or after the last
        assert found.deviation == pytest.approx(math.sqrt(variance), abs=2e-4)
    else:
        assert 0 <= found.deviation <= math.sqrt(variance) + 2e-4


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(LAWS[:4]), a=st.floats(-5, 5), b=st.floats(-100, 100))
def test_the_mean_is_linear(name: LawName, a: float, b: float) -> None:
    law = Law(name, 0.7, 1.3, 0.2)
    one, both = moments(np.square, law), moments(lambda z: a * z * z + b, law)
    assert both.mean == pytest.approx(a * one.mean + b, abs=1e-8)
    assert both.deviation == pytest.approx(abs(a) * one.deviation, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("Cauchy", text) for text in ("z", "abs(z)", "z²", "exp(z)", "1/z", "tan(z)")),
        *(("normal", text) for text in ("1/z", "1/(z-1)", "exp(z²)", "tan(z)")),
        *(("exponential", text) for text in ("exp(z)", "exp(2*z)", "1/z")),
        ("Bernoulli", "1/z"),
        ("uniform", "1/z²"),
    ],
)
def test_what_has_no_mean_gets_none(name: LawName, text: str) -> None:
    found = moments(typed(text), Law(name))
    assert not found.has_mean
    assert not found.has_variance


@pytest.mark.parametrize(
    ("name", "text", "mean"),
    [
        ("Cauchy", "abs(z)^0.8", 1 / math.cos(0.4 * math.pi)),
        ("normal", "exp(z²/4)", math.sqrt(2)),
        ("normal", "1/sqrt(abs(z))", 2**-0.25 * special.gamma(0.25) / math.sqrt(math.pi)),
        ("exponential", "exp(z/2)", 2.0),
    ],
)
def test_a_mean_without_a_variance(name: LawName, text: str, mean: float) -> None:
    found = moments(typed(text), Law(name))
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.deviation == math.inf
    assert found.has_mean
    assert not found.has_variance


@pytest.mark.parametrize(
    ("text", "mean"), [("log(abs(z))", -(np.euler_gamma + math.log(2)) / 2), ("sqrt(abs(z))", None), ("sin(z)", 0.0)]
)
def test_poles_that_can_be_integrated_are(text: str, mean: float | None) -> None:
    found = moments(typed(text), Law("normal"))
    wanted = 2**0.25 * special.gamma(0.75) / math.sqrt(math.pi) if mean is None else mean
    assert found.mean == pytest.approx(wanted, abs=1e-8)
    assert found.has_variance


def test_fast_waves_have_a_mean_with_an_error_bar() -> None:
    found = moments(np.sin, Law("Cauchy", 0.3, 1.3))
    assert 0 < found.error < 1e-3
    assert abs(found.mean - math.exp(-1.3) * math.sin(0.3)) < found.error


def test_where_f_is_no_number_is_said() -> None:
    with pytest.raises(UndefinedError, match=r"no number at z = −0\.\d+, which this law draws"):
        moments(typed("log(z)"), Law("normal"))
    assert moments(typed("log(z)"), Law("normal", 10.0, 1.0)).has_mean, "nobody draws what lies 10 σ away"
    assert moments(typed("log(z)"), Law("exponential")).mean == pytest.approx(-np.euler_gamma, abs=1e-8)


def test_a_constant_has_no_error() -> None:
    for name in LAWS:
        assert moments(lambda z: np.full(z.shape, 3.3), Law(name))[:2] == pytest.approx((3.3, 0.0), abs=1e-13)


# ------------------------------------------------------------------------------------------------------------- draws


@pytest.mark.parametrize("name", LAWS)
def test_draws_have_the_law(name: LawName) -> None:
    law = Law(name, 1.5, 0.7, 0.3)
    z = law.draws(base_draws(name, 3, (4000,)))
    if name == "Bernoulli":
        assert set(z) == {0.0, 1.0}
        assert abs(z.mean() - 0.3) < 4 * math.sqrt(0.21 / 4000)
    else:
        assert stats.kstest(z, frozen(law).cdf).pvalue > 1e-3
    assert_allclose(base_draws(name, 3, (4000,)), base_draws(name, 3, (4000,)))
    assert not np.array_equal(base_draws(name, 3, (9,)), base_draws(name, 4, (9,)))


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("text", ["z", "z²", "exp(−z²)", "z > 2"])
def test_the_mean_of_draws_is_unbiased_within_its_standard_error(name: LawName, text: str) -> None:
    law = Law(name, 0.5, 1.2, 0.3)
    truth = moments(SHORT[text], law)
    if not truth.has_variance:
        assert name == "Cauchy"
        return
    values = SHORT[text](law.draws(base_draws(name, 1, (200_000,))))
    assert abs(values.mean() - truth.mean) <= 4 * truth.deviation / math.sqrt(200_000) + truth.error
    assert values.std() == pytest.approx(truth.deviation, rel=0.05, abs=1e-12)


def runs(name: LawName, f: Callable[[Any], Any], each: int = 1000, count: int = 400) -> Any:
    return sums(f(Law(name).draws(base_draws(name, 5, (count, each)))))


@pytest.mark.parametrize("name", LAWS[:4])
def test_the_error_falls_with_slope_minus_a_half(name: LawName) -> None:
    n = np.unique(np.geomspace(1, 1000, 40).round().astype(np.intp))
    truth = moments(np.exp, Law(name))
    found = runs(name, lambda z: np.exp(z / 4) if name == "exponential" else np.exp(z))
    if name == "exponential":
        truth = moments(lambda z: np.exp(z / 4), Law(name))
    errors = root_mean_square(found.at(n).mean, truth.mean)
    assert slope(n, errors) == pytest.approx(-0.5, abs=0.04)
    assert errors[-1] == pytest.approx(truth.deviation / math.sqrt(1000), rel=0.1)
    assert coverage(found.at(n), truth.mean)[-1] == pytest.approx(0.95, abs=0.04)


def test_the_cauchy_law_does_not_get_better() -> None:
    n = np.unique(np.geomspace(1, 1000, 40).round().astype(np.intp))
    means = runs("Cauchy", np.array, count=2000).at(n).mean
    middle = np.median(np.abs(means), axis=0)
    assert abs(slope(n, middle)) < 0.03
    assert_allclose(middle, 1.0, atol=0.15)  # that of a single draw


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), shift=st.sampled_from([0.0, 1e3, -1e6]), n=st.integers(2, 50))
def test_running_sums_are_the_mean_and_error_of_the_first_draws(seed: int, shift: float, n: int) -> None:
    values = np.random.default_rng(seed).standard_normal((3, 50)) + shift
    found = sums(values).at(np.array([1, n]))
    assert_allclose(found.mean[:, 0], values[:, 0])
    assert np.isnan(found.error[:, 0]).all()
    assert_allclose(found.mean[:, 1], values[:, :n].mean(axis=1))
    assert_allclose(found.error[:, 1], values[:, :n].std(axis=1, ddof=1) / math.sqrt(n), rtol=1e-7)


def test_infinite_values_do_not_raise() -> None:
    found = sums(np.array([[1.0, np.inf, 2.0], [0.0, 1.0, 2.0]])).at(np.array([1, 2, 3]))
    assert np.isinf(found.mean[0, 1])
    assert_allclose(found.mean[1], [0.0, 0.5, 1.0])


def test_slope_of_a_power_and_of_too_little() -> None:
    n = np.array([1, 2, 10, 20, 50, 100])
    assert slope(n, 3.0 * n**-0.7) == pytest.approx(-0.7)
    assert math.isnan(slope(n[:3], np.ones(3)))
    assert math.isnan(slope(n, np.zeros(6)))


def test_coverage_counts_the_bands() -> None:
    values = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 0.0], [5.0, 5.1, 5.2]])
    found = sums(values).at(np.array([3]))
    half = BAND * found.error[:, 0]
    assert_allclose(coverage(found, 0.0), [2 / 3])
    assert_allclose(coverage(found, 1.0 + half[0] + 1e-9), [0.0])
