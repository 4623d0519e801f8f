from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs.reparameterisation import ReparameterisationLab
from guiapp.gui.labs.reparameterisation_compute import (
    BINS,
    FORMULAS,
    POINTS,
    PRESETS,
    Params,
    check,
    compute,
    validated,
)
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory import estimators
from guiapp.theory.estimators import ESTIMATORS, FUNCTIONS, Function, exact


@pytest.fixture
def lab(qtbot: QtBot) -> ReparameterisationLab:
    lab = ReparameterisationLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


def change(lab: ReparameterisationLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def type_into(qtbot: QtBot, lab: ReparameterisationLab, name: str, text: str) -> str:
    slider = lab.controls.sliders[name]
    slider.field.selectAll()
    qtbot.keyClicks(slider.field, text)
    qtbot.keyClick(slider.field, Qt.Key.Key_Return)
    return slider.message.text() if slider.message.isVisible() else ""


# --------------------------------------------------------------------------------------------------------- computed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_histograms_hold_every_estimate(name: Function) -> None:
    result = compute(Params(function=name, theta=0.4, count=1000))
    noise = np.random.default_rng(0).standard_normal(1000)
    values = estimators.estimates(name, 0.4, 1.0, noise, float(result.exact.baseline))
    for estimator, sampled in result.sampled.items():
        assert sampled.shares.sum() == pytest.approx(1)
        assert sampled.mean == pytest.approx(values[estimator].mean())
        assert sampled.variance == pytest.approx(values[estimator].var(ddof=1))
        clipped = values[estimator].clip(result.edges[0], result.edges[-1])
        counts = np.histogram(clipped, result.edges)[0]
        assert_allclose(sampled.shares, counts / 1000, atol=1e-9)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("theta", "sigma"), [(2.0, 1.0), (-1.3, 0.4)])
def test_the_formulas_that_are_told_are_those_that_are_drawn(name: Function, theta: float, sigma: float) -> None:
    found = exact(name, theta, sigma)
    for text, estimator in zip(FORMULAS[name], ESTIMATORS, strict=True):
        value = 0.0
        for term in text.split(" + "):
            product, _, divided = term.partition("/")
            match = re.fullmatch(r"(\d*)(?:θ([²⁴⁶]?))?(?:σ([²⁴]?))?", product)
            assert match is not None, term
            powers = [2.0 * (1 + "²⁴⁶".index(p)) if p else 0.0 for p in (match[2], match[3])]
            value += float(match[1] or 1) * theta ** powers[0] * sigma ** (powers[1] - (2 if divided == "σ²" else 0))
        assert found.variance(estimator) == pytest.approx(value), text


def test_far_out_the_step_can_still_be_drawn() -> None:
    result = compute(Params(function="step", theta=-10.0, sigma=0.01))
    assert np.all(np.diff(result.edges) > 0)
    assert all(sampled.shares.sum() == pytest.approx(1) for sampled in result.sampled.values())


@pytest.mark.parametrize("params", [Params(theta=10.5), Params(sigma=0.0), Params(count=10**9), Params(seed=-1)])
def test_parameters_out_of_range_are_refused(lab: ReparameterisationLab, params: Params) -> None:
    with pytest.raises(msgspec.ValidationError):
        validated(params)
    before = lab.params()
    with pytest.raises(ValueError, match="Expected"):
        lab.set_params(params)
    assert lab.params() == before


@pytest.mark.parametrize(("theta", "sigma"), [(2.0, 1.0), (10.0, 0.5), (-10.0, 0.01), (0.0, 10.0), (0.0, 0.01)])
def test_the_check_agrees(theta: float, sigma: float) -> None:
    rows = check(theta, sigma, 1)
    assert [row.function for row in rows] == list(FUNCTIONS)
    assert all(row.good for row in rows)
    biased = [row.function for row in rows if abs(row.bias) > 1e-12]
    assert set(biased) <= {"step"}


def test_the_check_finds_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    def slipped(name: Function, theta: Any, sigma: float) -> estimators.Exact:
        found = exact(name, theta, sigma)
        return found._replace(score_variance=found.score_variance * 1.00001)

    monkeypatch.setattr("guiapp.gui.labs.reparameterisation_compute.exact", slipped)
    assert not any(row.good for row in check(2.0, 1.0, 1))

    def moved(name: Function, theta: Any, sigma: float) -> estimators.Exact:
        found = exact(name, theta, sigma)
        return found._replace(derivative=found.derivative + 0.3 * found.score_variance**0.5)

    monkeypatch.setattr("guiapp.gui.labs.reparameterisation_compute.exact", moved)
    assert all(row.errors > 5 for row in check(2.0, 1.0, 1))


# ------------------------------------------------------------------------------------------------------------- drawn


def test_87_against_4(lab: ReparameterisationLab) -> None:
    change(lab, function="sin z", theta=-3.0)
    lab.controls.presets["z² at θ = 2: 87 against 4"].click()
    numbers = lab.numbers()
    assert [numbers[name] for name in ("derivative", "pathwise", "score", "baselined")] == [4, 4, 87, 38]
    assert lab.plots.variance.status.text == "θ = 2: pathwise 4 · score 87 · baseline 38"
    assert lab.table.cells["score function", "exact"][1].text() == "87.00"
    assert "21.75" in lab.table.ratio.text()
    assert set(load_page("reparameterisation").numbers) <= set(numbers)


def test_the_curves_are_the_closed_forms_on_a_log_axis(lab: ReparameterisationLab) -> None:
    x, y = lab.plots.variance.curves["score function"].getData()
    assert_allclose(x, POINTS)
    assert_allclose(10**y, POINTS**4 + 14 * POINTS**2 + 15)
    assert_allclose(10 ** lab.plots.variance.curves["pathwise"].getData()[1], 4)
    titles, rows = lab.plots.variance.table()
    assert titles[0] == "theta"
    assert rows.shape == (len(POINTS), 4)
    x, y = lab.plots.variance.dots.getData()
    assert_allclose(x, 2)
    assert_allclose(10**y, [lab.result().sampled[estimator].variance for estimator in ESTIMATORS])


def test_histograms_mark_the_mean_and_the_truth(lab: ReparameterisationLab) -> None:
    for estimator, histogram in lab.plots.histograms.items():
        assert histogram.truth.value() == 4
        assert histogram.mean.value() == lab.result().sampled[estimator].mean
        assert histogram.plot.areas["shares"].y[::2].sum() == pytest.approx(1)
        assert histogram.table()[1].shape == (BINS, 3)
    ranges = {histogram.plot.ranges()[0] for histogram in lab.plots.histograms.values()}
    assert len(ranges) == 1, "the three are to be compared"


def test_new_draws(lab: ReparameterisationLab) -> None:
    before = lab.result().sampled["pathwise"].mean
    lab.controls.again.click()
    assert lab.params().seed == 1
    assert lab.result().sampled["pathwise"].mean != before
    lab.controls.seed.setValue(0)
    assert lab.result().sampled["pathwise"].mean == before


def test_theta_can_be_dragged(lab: ReparameterisationLab) -> None:
    chart = lab.plots.variance
    chart.grip.taken.emit()
    chart.grip.dragged.emit(-0.5, False)
    assert lab.params().theta == 1.5
    assert chart.marker.value() == 1.5
    chart.grip.dragged.emit(50.0, True)
    assert lab.params().theta == 10.0
    assert lab.controls.sliders["theta"].value == 10.0


def test_hovering_says_the_variances_there(lab: ReparameterisationLab) -> None:
    lab.plots.variance.plot.hovered.emit(1.0)
    assert lab.plots.variance.status.pointed == "θ = 1: pathwise 4 · score 30 · baseline 14"
    lab.plots.variance.plot.hovered.emit(None)
    assert lab.plots.variance.status.pointed == ""


def test_a_variance_of_zero_is_said_not_drawn(lab: ReparameterisationLab) -> None:
    change(lab, function="z")
    assert "not on a log axis: pathwise" in lab.plots.variance.status.text
    assert np.isnan(lab.plots.variance.curves["pathwise"].getData()[1]).all()
    assert len(lab.plots.variance.dots.getData()[0]) == 2
    assert "ratio" not in lab.numbers()


def test_the_graph_lights_the_way_of_the_gradient(lab: ReparameterisationLab) -> None:
    trick, without = lab.graphs.with_trick, lab.graphs.without
    assert trick.lit == [("f", "z"), ("z", "θ"), ("z", "σ")]
    assert trick.blocked == []
    assert without.lit == [("f", "z")]
    assert without.blocked == [("z", "θ"), ("z", "σ")]
    epsilon = np.random.default_rng(0).standard_normal()
    assert f"at θ arrives f′(z) · 1 = {2 * (2 + epsilon):.3g}" in trick.texts
    assert f"score function, around: f(z) ε/σ = {(2 + epsilon) ** 2 * epsilon:.3g}" in without.texts


def test_a_step_fails_the_pathwise_estimator_and_says_so(lab: ReparameterisationLab) -> None:
    assert not lab.plots.warning.isVisible()
    lab.controls.presets["a step: pathwise fails"].click()
    assert lab.plots.warning.isVisible()
    assert "wrong by 0.3989" in lab.plots.warning.text()
    assert ("f", "z") in lab.graphs.with_trick.blocked
    assert lab.graphs.with_trick.lit == []
    assert "≠" in lab.table.cells["pathwise", "exact"][0].text()
    assert lab.result().sampled["pathwise"].mean == 0


def test_every_preset_and_function_is_drawn_in_both_themes(lab: ReparameterisationLab) -> None:
    for name in PRESETS:
        lab.controls.presets[name].click()
        assert (lab.params().function, lab.params().theta, lab.params().sigma) == PRESETS[name]
    for theme in (LIGHT, DARK):
        lab.set_theme(theme)
        for function in FUNCTIONS:
            for theta, sigma in ((0.0, 0.01), (10.0, 10.0), (-10.0, 0.01)):
                change(lab, function=function, theta=theta, sigma=sigma)
                image = lab.grab().toImage()
                assert len({image.pixel(x, 300) for x in range(0, 580, 3)}) > 3


@pytest.mark.parametrize(
    ("name", "text"), [("count", "1e9"), ("sigma", "0"), ("sigma", "-1"), ("theta", "1e300"), ("theta", "x")]
)
def test_bad_input_is_refused_at_the_field(lab: ReparameterisationLab, qtbot: QtBot, name: str, text: str) -> None:
    before = lab.params()
    message = type_into(qtbot, lab, name, text)
    assert "takes" in message
    assert text in message
    assert lab.params() == before
    assert type_into(qtbot, lab, "theta", "1.25") == ""
    assert lab.params().theta == 1.25


def test_the_button_checks_and_tells(lab: ReparameterisationLab) -> None:
    lab.checks.button.click()
    assert "all agree" in lab.checks.sentence.text()
    assert all(row.good for row in lab.checks.rows)
    assert [cells[3].text() for cells in lab.checks.cells.values()] == ["✓"] * 7
    first = [row.errors for row in lab.checks.rows]
    lab.checks.button.click()
    assert [row.errors for row in lab.checks.rows] != first, "new draws at each press"


def test_a_check_that_fails_says_so(lab: ReparameterisationLab) -> None:
    rows = check(2.0, 1.0, 1)
    lab.checks.show_rows((replace(rows[0], quadrature=1e-3), *rows[1:]), 2.0, 1.0)
    assert "NOT all agree" in lab.checks.sentence.text()
    assert lab.checks.cells["z²"][3].text() == "✗"
