from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.testing import assert_allclose

from guiapp.gui.labs.monte_carlo_check import of_evidence, of_expectation
from guiapp.gui.labs.monte_carlo_compute import EACH, FUNCTIONS, GRID, PRESETS, REPEATS, Params, compute, expectation
from guiapp.theory.expression import Expression
from guiapp.theory.monte_carlo import LAWS, base_draws

MEAN = Params(page="expectation")


@pytest.mark.parametrize("text", FUNCTIONS)
def test_the_functions_of_the_list_are_what_they_say(text: str) -> None:
    z = np.linspace(-3, 3, 101)
    assert_allclose(FUNCTIONS[text](z), Expression(text, ("z",))(z=z))


def test_runs_and_the_first_of_them_go_together() -> None:
    result = expectation(msgspec.structs.replace(MEAN, count=5000, scale=2.0))
    base = base_draws("normal", 0, (REPEATS * EACH + 100_000 - EACH,))
    first = np.concatenate([base[:EACH], base[REPEATS * EACH :]])
    values = (2.0 * first) ** 2
    assert result.path[-1] == 5000
    assert result.last.mean == pytest.approx(values[:5000].mean())
    assert result.last.error == pytest.approx(values[:5000].std(ddof=1) / math.sqrt(5000))
    second = (2.0 * base[EACH : 2 * EACH]) ** 2
    assert result.errors[1, -1] == pytest.approx(abs(second.mean() - 4.0))
    assert result.typical[-1] == pytest.approx(math.sqrt(np.square(result.errors[:, -1]).mean()))


@pytest.mark.parametrize("law", LAWS)
def test_slope_and_coverage_where_there_is_a_variance(law: Any) -> None:
    result = expectation(msgspec.structs.replace(MEAN, law=law, function="exp(−z²)"))
    assert result.slope == pytest.approx(-0.5, abs=0.06)
    assert 0.88 <= result.covered <= 1


def test_no_mean_and_no_variance() -> None:
    cauchy = expectation(PRESETS["expectation"]["no mean: Cauchy"])
    assert not cauchy.moments.has_mean
    assert math.isnan(cauchy.covered)
    assert abs(cauchy.slope) < 0.1
    heavy = expectation(PRESETS["expectation"]["a mean, but no variance"])
    assert heavy.reference == pytest.approx(1 / math.cos(0.4 * math.pi), rel=1e-6)
    assert heavy.slope == pytest.approx(-0.2, abs=0.06)
    assert heavy.covered < 0.75, "the band is too narrow"


def test_only_what_has_changed_is_computed() -> None:
    first = compute(Params())
    second = compute(msgspec.structs.replace(Params(), quality=0.3), first)
    assert second.expectation is first.expectation
    assert second.evidence is not first.evidence
    third = compute(msgspec.structs.replace(second.params, scale=2.0), second)
    assert third.evidence is second.evidence
    assert third.expectation is not second.expectation


def test_the_chosen_dimension_is_among_those_drawn() -> None:
    result = compute(Params(dimension=11)).evidence
    assert result.dimensions[result.here] == 11
    assert set(GRID) < set(result.dimensions.tolist())
    expected = result.expected_size(result.prior_spread)[10]
    assert 10**expected == pytest.approx(100 / math.exp(11 * Params().model.growth(0.0)))


def test_with_the_posterior_one_draw_is_enough() -> None:
    result = compute(Params(quality=1.0, draws=1)).evidence
    assert_allclose(result.q.mean, 0, atol=1e-10)
    assert np.isnan(result.q_spread).all()
    assert_allclose(result.expected_size(result.q_spread), 0)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("text", [*FUNCTIONS, "z^4 - 1", "3"])
def test_the_check_of_a_mean_agrees(law: Any, text: str) -> None:
    rows = of_expectation(expectation(msgspec.structs.replace(MEAN, law=law, function=text, location=0.5)), 1)
    assert all(row.good for row in rows), rows
    assert rows or law == "Cauchy"


@pytest.mark.parametrize(
    "params", [Params(), Params(noise=0.1, size=3.0, quality=0.0, dimension=50), Params(noise=3.0, quality=2.0)]
)
def test_the_check_of_p_x_agrees(params: Params) -> None:
    rows = of_evidence(params, 1)
    assert len(rows) == 5
    assert all(row.good for row in rows), rows


def test_the_checks_find_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    result = expectation(MEAN)
    slipped = msgspec.structs.replace(MEAN, function="exp(−z²)")
    wrong = type(result)(**{**vars(result), "params": slipped})
    assert not any(row.good for row in of_expectation(wrong, 1))
    growth = "guiapp.theory.monte_carlo_evidence.Model.growth"
    monkeypatch.setattr(growth, lambda *_: 0.1)
    assert not of_evidence(Params(), 1)[2].good
