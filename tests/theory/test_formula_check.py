"""A typed KL is told its first failing property. Witnesses: the closed form, torch's KL, adaptive quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from guiapp.gui.labs.kl_compute import DEVIATION_RANGE, MEAN_RANGE
from guiapp.theory.expression import LONGEST, ExpressionError
from guiapp.theory.formula_check import EXAMPLES, ORDER, check, integral, points, read, value

RIGHT = EXAMPLES["the right one"]


def at(text: str, *four: float) -> float:
    return float(value(read(text), np.array([four]))[0])


def test_the_integral_is_right_at_every_point() -> None:
    four, found = points()
    mu1, sigma1, mu2, sigma2 = (torch.tensor(column.copy()) for column in four.T)
    normal = torch.distributions.Normal
    truth = torch.distributions.kl_divergence(normal(mu1, sigma1), normal(mu2, sigma2)).numpy()
    assert (np.abs(found - truth) / np.maximum(1, truth)).max() < 1e-11
    assert len(four) > 600


def test_the_integral_is_that_of_adaptive_quadrature() -> None:
    p, q = norm(1, 0.5), norm(0, 1)
    truth = quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -5, 7)[0]
    assert integral(np.array([[1, 0.5, 0, 1.0]]))[0] == pytest.approx(truth, abs=1e-10)


def test_the_slips_of_the_sheet() -> None:
    assert at(EXAMPLES["slip (a)"], 1, 0.5, 0, 1) == pytest.approx(-1.193, abs=5e-4)
    assert at(EXAMPLES["slip (b)"], 0, 1, 0, 1) == 1
    a, b = (check(read(EXAMPLES[name])) for name in ("slip (a)", "slip (b)"))
    assert a.first is not None
    assert (a.first.property, a.first.at) == ("positive", (1, 0.5, 0, 1))
    assert "−1.193, at μ₁ = 1, σ₁ = 0.5, μ₂ = 0, σ₂ = 1" in a.sentence
    zero = next(failure for failure in b.failures if failure.property == "zero")
    assert zero.value == 1
    assert zero.at == (0, 1, 0, 1)


@pytest.mark.parametrize(
    ("example", "first", "said"),
    [
        ("slip (a)", "positive", "never is"),
        ("slip (b)", "positive", "negative"),
        ("the roles swapped", "integral", "the integral is 0.8181. It is KL(q‖p): the roles of p and q are swapped"),
        ("σ where σ² belongs", "positive", "negative"),
        ("the − ½ forgotten", "zero", "It is 0.5, not 0"),
        ("the ½ in front forgotten", "factor", "twice the integral"),
        ("in bits", "factor", "1/log 2 = 1.4427 times (bits, not nats)"),
        ("the means added", "zero", "equal Gaussians"),
        ("to N(0, 1) only", "zero", "equal Gaussians"),
        ("the distance not squared", "unit", "changes with the unit of x"),
    ],
)
def test_the_first_failing_property_of_each_example(example: str, first: str, said: str) -> None:
    verdict = check(read(EXAMPLES[example]))
    assert verdict.first is not None
    assert verdict.first.property == first
    assert said in verdict.sentence


@pytest.mark.parametrize(
    ("text", "first", "said"),
    [
        ("log(mu1 - 1 / 2)", "finite", "not a number at"),
        ("log(mu1)", "finite", "infinite at"),
        ("1/(mu1 - mu2)", "finite", "infinite at"),
        ("0 * mu1", "integral", "It is 0 at"),
        ("(mu1 - mu2 + 3)**2 * (mu1 - mu2)**2 * mu1**2", "shift", "when both means move"),
        (f"3 * ({RIGHT})", "factor", "3 times the integral"),
        (f"-({RIGHT})", "positive", "negative"),
        (f"({RIGHT}) * (1 + 1e-5 * (mu1 > 15))", "shift", "move together"),
        (f"({RIGHT}) + 1e-4 * (mu1 - mu2 > 25 * sigma2)", "integral", "where the integral is"),
        ("abs(log(σ₂/σ₁)) + ((μ₁−μ₂)/σ₂)²", "integral", "where the integral is"),
    ],
)
def test_other_formulas(text: str, first: str, said: str) -> None:
    verdict = check(read(text))
    assert verdict.first is not None
    assert verdict.first.property == first
    assert said in verdict.sentence


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        "((mu1-mu2)²/sigma2² + sigma1²/sigma2² - 1 - 2*log(sigma1/sigma2))/2",
        "0.5*(expm1(2*log(σ₁/σ₂)) − 2*log(σ₁/σ₂) + ((μ₁−μ₂)/σ₂)²)",
    ],
)
def test_every_spelling_of_the_right_one_agrees(text: str) -> None:
    verdict = check(read(text))
    assert verdict.failures == ()
    assert "agrees with the integral to 1e−1" in verdict.sentence
    assert f"all {verdict.points} points" in verdict.sentence
    assert verdict.apart < 1e-11


def test_failures_come_in_the_order_and_lie_in_the_range_of_the_lab() -> None:
    texts = [*EXAMPLES.values(), "mu1", "sigma1**0.5 - mu2", "log(mu1)", "1"]
    for text in texts:
        failures = check(read(text)).failures
        places = [ORDER.index(failure.property) for failure in failures]
        assert places == sorted(set(places))
        for failure in failures:
            assert all(MEAN_RANGE[0] <= failure.at[k] <= MEAN_RANGE[1] for k in (0, 2))
            assert all(DEVIATION_RANGE[0] <= failure.at[k] <= DEVIATION_RANGE[1] for k in (1, 3))
            if math.isfinite(failure.value):
                assert at(text, *failure.at) == failure.value  # what is said is what will be seen


def test_of_two_points_that_should_agree_the_wrong_one_is_drawn() -> None:
    unit = next(f for f in check(read(EXAMPLES["the distance not squared"])).failures if f.property == "unit")
    assert unit.at == (0.5, 0.25, 0.0, 0.5)
    assert unit.value == pytest.approx(1.318147, abs=1e-6)


def test_what_is_no_formula_is_refused_in_a_sentence() -> None:
    for text in ("", "   ", "σ₃", "__import__('os')", "x" * (LONGEST + 1), "(" * 150, "9**9**9**9)"):
        with pytest.raises(ExpressionError):
            check(read(text))


@given(st.floats(0.05, 20), st.floats(-19, 19), st.floats(0.05, 20), st.floats(-19, 19))
def test_a_spelling_is_the_same_value(sigma1: float, mu1: float, sigma2: float, mu2: float) -> None:
    greek, plain = at(RIGHT, mu1, sigma1, mu2, sigma2), RIGHT.replace("μ", "mu").replace("σ", "sigma")
    assert at(plain.replace("₁", "1").replace("₂", "2"), mu1, sigma1, mu2, sigma2) == greek


@given(st.floats(0.1, 10), st.floats(-2, 2))
def test_any_factor_and_any_offset_is_found(factor: float, offset: float) -> None:
    verdict = check(read(f"{factor!r} * ({RIGHT})"))
    if abs(factor - 1) > 1e-6:
        assert verdict.first is not None
        assert verdict.first.property == "factor"
        assert verdict.first.factor == pytest.approx(factor, rel=1e-9)
    moved = check(read(f"({RIGHT}) + ({offset:.6f})"))
    if abs(offset) > 1e-5:
        assert moved.first is not None
        assert moved.first.property == ("zero" if offset > 0 else "positive")
