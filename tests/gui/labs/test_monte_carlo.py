from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs.monte_carlo import MonteCarloLab
from guiapp.gui.labs.monte_carlo_compute import (
    PRESETS,
    REPEATS,
    Params,
    validated,
)
from guiapp.gui.labs.monte_carlo_evidence_plots import signed
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory.monte_carlo import LAWS

MEAN = Params(page="expectation")
MALICIOUS = (
    "__import__('os').system('true')",
    "z.__class__",
    "[z for z in z]",
    "lambda z: z",
    "open('x')",
    "z if z else z",
    "z +",
    "y",
    "",
    "'z'",
    "z" * 300,
    "f(z)",
)


@pytest.fixture
def lab(qtbot: QtBot) -> MonteCarloLab:
    lab = MonteCarloLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


def change(lab: MonteCarloLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def type_into(qtbot: QtBot, lab: MonteCarloLab, name: str, text: str) -> str:
    slider = next(c.sliders[name] for c in lab.controls.values() if name in c.sliders)
    slider.field.selectAll()
    qtbot.keyClicks(slider.field, text)
    qtbot.keyClick(slider.field, Qt.Key.Key_Return)
    return slider.message.text() if slider.message.isVisible() else ""


def type_formula(qtbot: QtBot, lab: MonteCarloLab, text: str) -> str:
    formula = lab.mean_controls.formula
    formula.line.selectAll()
    formula.line.del_()
    qtbot.keyClicks(formula.line, text)
    qtbot.keyClick(formula.line, Qt.Key.Key_Return)
    return formula.message.text() if formula.message.isVisible() else ""


def test_bad_parameters_are_refused(lab: MonteCarloLab) -> None:
    before = lab.params()
    for params in (
        Params(scale=0.0),
        Params(count=10**9),
        Params(dimension=0),
        Params(draws=10**9),
        Params(noise=1e300),
        Params(quality=-0.1),
        Params(location=math.nan),
        *(Params(function=text) for text in MALICIOUS),
    ):
        with pytest.raises(ValueError, match=r"."):
            validated(params)
        with pytest.raises(ValueError, match=r"."):
            lab.set_params(params)
        assert lab.params() == before, params


def test_p_x_is_shown_first_and_the_tabs_change_the_page(lab: MonteCarloLab) -> None:
    assert lab.evidence.isVisible()
    assert not lab.mean_controls.isVisible()
    lab.tabs.setCurrentIndex(0)
    assert lab.params().page == "expectation"
    assert lab.expectation.isVisible()
    assert lab.mean_controls.isVisible()
    lab.set_params(Params())
    assert lab.tabs.currentIndex() == 1
    assert lab.evidence.isVisible()


def test_every_preset_is_drawn_in_both_themes_and_keeps_the_seed(lab: MonteCarloLab) -> None:
    lab.seed.seed.setValue(7)
    for theme in (LIGHT, DARK):
        lab.set_theme(theme)
        for page, presets in PRESETS.items():
            lab.tabs.setCurrentIndex(page == "evidence")
            for name, preset in presets.items():
                lab.controls[preset.page].presets[name].click()
                params = lab.params()
                assert params.page == page
                assert params.seed == 7
                assert (params.law, params.function) == (preset.law, preset.function) or page == "evidence"
                image = lab.grab().toImage()
                assert len({image.pixel(x, 200) for x in range(0, 580, 3)}) > 3


def test_the_running_mean_and_its_band(lab: MonteCarloLab) -> None:
    lab.set_params(MEAN)
    x, y = lab.expectation.running.ribbon.line.getData()
    result = lab.result().expectation
    assert_allclose(x, np.log10(result.path))
    assert_allclose(y, result.running.mean)
    low, high = (c.getData()[1] for c in (lab.expectation.running.ribbon.low, lab.expectation.running.ribbon.high))
    assert_allclose(high - low, 2 * 1.96 * result.running.error[1:])
    assert lab.expectation.running.truth.value() == pytest.approx(1.0)
    titles, rows = lab.expectation.running.table()
    assert rows.shape == (len(result.path), len(titles))


def test_the_errors_on_two_logarithmic_axes(lab: MonteCarloLab) -> None:
    lab.set_params(MEAN)
    chart, result = lab.expectation.error, lab.result().expectation
    x, y = chart.typical.getData()
    assert_allclose(y, np.log10(result.typical))
    x, y = chart.expected.getData()
    assert np.diff(y) / np.diff(x) == pytest.approx(-0.5)
    assert np.interp(0.0, x, y) == pytest.approx(math.log10(math.sqrt(2)))
    assert len(chart.runs.getData()[0]) == REPEATS * (len(result.n) + 1)
    assert "in 9" in chart.status.text
    titles, rows = chart.table()
    assert rows.shape == (len(result.n), len(titles))


def test_a_law_without_a_mean_is_said_to_fail(lab: MonteCarloLab) -> None:
    assert not lab.expectation.warning.isVisible()
    lab.set_params(PRESETS["expectation"]["no mean: Cauchy"])
    assert "nothing to converge to" in lab.expectation.warning.text()
    assert lab.expectation.warning.isVisible()
    assert not lab.expectation.running.truth.isVisible()
    assert (
        len(lab.expectation.error.expected.getData()[0] if lab.expectation.error.expected.xData is not None else [])
        == 0
    )
    assert "exact" not in lab.numbers()
    assert "covered" not in lab.numbers()
    lab.set_params(PRESETS["expectation"]["a mean, but no variance"])
    assert "E[f²] is infinite" in lab.expectation.warning.text()
    assert lab.expectation.running.truth.isVisible()
    lab.set_params(MEAN)
    assert not lab.expectation.warning.isVisible()


def test_a_typed_f(lab: MonteCarloLab, qtbot: QtBot) -> None:
    lab.set_params(MEAN)
    assert type_formula(qtbot, lab, "exp(-z²/2) + 1") == ""
    assert lab.params().function == "exp(-z²/2) + 1"
    assert lab.numbers()["exact"] == pytest.approx(1 + 1 / math.sqrt(2))


def test_a_malicious_f_is_refused_at_the_field(lab: MonteCarloLab, qtbot: QtBot) -> None:
    for text in filter(None, MALICIOUS):
        lab.set_params(MEAN)
        message = type_formula(qtbot, lab, text)
        assert message.endswith("."), text
        assert lab.params().function == "z²", text
        assert type_formula(qtbot, lab, "sin(z)") == "", text
        assert lab.params().function == "sin(z)", text


def test_an_f_that_is_no_number_under_the_law_is_said_at_the_field(lab: MonteCarloLab, qtbot: QtBot) -> None:
    lab.set_params(MEAN)
    message = type_formula(qtbot, lab, "log(z)")
    assert "no number at z = −" in message
    assert "appears here once" in lab.expectation.running.status.text
    assert lab.grab().toImage().pixel(300, 300)
    assert lab.expectation.error.table()[1].size == 0
    change(lab, law="exponential")
    assert not lab.mean_controls.formula.message.isVisible()
    assert lab.numbers()["exact"] == pytest.approx(-np.euler_gamma, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "text"),
    [("count", "1e9"), ("scale", "0"), ("scale", "-1"), ("location", "1e300"), ("draws", "1e9"), ("dimension", "x")],
)
def test_bad_numbers_are_refused_at_the_field(lab: MonteCarloLab, qtbot: QtBot, name: str, text: str) -> None:
    if name in lab.mean_controls.sliders:
        lab.set_params(MEAN)
    before = lab.params()
    message = type_into(qtbot, lab, name, text)
    assert "takes" in message
    assert text in message
    assert lab.params() == before


def test_bernoulli_has_a_probability_and_no_scale(lab: MonteCarloLab) -> None:
    lab.set_params(MEAN)
    sliders = lab.mean_controls.sliders
    assert [sliders[name].isVisible() for name in ("location", "scale", "probability")] == [True, True, False]
    lab.mean_controls.law.setCurrentIndex(LAWS.index("Bernoulli"))
    lab.mean_controls.law.activated.emit(LAWS.index("Bernoulli"))
    assert lab.params().law == "Bernoulli"
    assert [sliders[name].isVisible() for name in ("location", "scale", "probability")] == [False, False, True]
    assert lab.numbers()["exact"] == pytest.approx(0.1)


def test_n_and_d_can_be_dragged(lab: MonteCarloLab) -> None:
    chart = lab.evidence.estimate
    assert chart.grip is not None
    chart.grip.taken.emit()
    chart.grip.dragged.emit(5.3, False)
    assert lab.params().dimension == 15
    assert chart.marker.value() == 15
    chart.grip.dragged.emit(500.0, True)
    assert lab.params().dimension == 50
    lab.set_params(MEAN)
    running = lab.expectation.running
    assert running.grip is not None
    running.grip.taken.emit()
    running.grip.dragged.emit(-1.0, False)
    assert lab.params().count == 1000
    running.grip.dragged.emit(99.0, True)
    assert lab.params().count == 100_000
    assert lab.mean_controls.sliders["count"].value == 100_000


def test_p_x_the_prior_misses_and_q_does_not(lab: MonteCarloLab) -> None:
    change(lab, dimension=50)
    numbers = lab.numbers()
    assert numbers["prior"] < -50
    assert abs(numbers["q"]) < 0.01
    assert numbers["prior_size"] < 1.5
    assert numbers["q_size"] > 70
    assert set(load_page("monte-carlo").numbers) <= set(numbers)
    _, y = lab.evidence.spread.prior.getData()
    assert y[-1] == pytest.approx(math.log10(math.expm1(50 * Params().model.growth(0.0))))
    for chart in (lab.evidence.estimate, lab.evidence.spread, lab.evidence.size_chart):
        titles, rows = chart.table()
        assert rows.shape[1] == len(titles)


def test_more_draws_lift_the_mean_of_the_logarithm(lab: MonteCarloLab) -> None:
    found = []
    for draws in (1, 10, 100, 1000):
        change(lab, draws=draws)
        found.append(lab.numbers()["prior"])
    assert np.all(np.diff(found) > 0)
    assert found[-1] < 0


def test_hovering_tells_the_numbers(lab: MonteCarloLab) -> None:
    for chart in (lab.evidence.estimate, lab.evidence.spread, lab.evidence.size_chart):
        chart.plot.hovered.emit(20.2)
        assert chart.status.pointed.startswith("d = 20: prior ")
        chart.plot.hovered.emit(80.0)
        assert chart.status.pointed == ""
    lab.set_params(MEAN)
    for chart in (lab.expectation.running, lab.expectation.error):
        chart.plot.hovered.emit(2.0)
        assert chart.status.pointed.startswith("n = ")
        chart.plot.hovered.emit(None)
        assert chart.status.pointed == ""


def test_a_range_chosen_by_a_person_stays_until_a_fit(lab: MonteCarloLab) -> None:
    chart = lab.evidence.estimate
    chart.plot.set_ranges((1.0, 5.0), (-1.0, 1.0))
    chart.plot.range_chosen.emit()
    change(lab, noise=0.2)
    assert chart.plot.ranges()[0] == (1.0, 5.0)
    chart.plot.fit_asked.emit()
    assert chart.plot.ranges()[0][1] > 50


def test_new_draws(lab: MonteCarloLab) -> None:
    before = lab.numbers()
    lab.seed.again.click()
    assert lab.params().seed == 1
    assert lab.numbers()["prior"] != before["prior"]
    assert lab.numbers()["estimate"] != before["estimate"]
    lab.seed.seed.setValue(0)
    assert lab.numbers() == before


def test_the_button_checks_and_tells(lab: MonteCarloLab) -> None:
    for page in ("evidence", "expectation"):
        change(lab, page=page)
        assert lab.checks.rows == ()
        lab.checks.button.click()
        assert lab.checks.sentence.text() == "All agree."
        assert all(row.good for row in lab.checks.rows)
    lab.set_params(PRESETS["expectation"]["no mean: Cauchy"])
    lab.checks.button.click()
    assert "Nothing to check" in lab.checks.sentence.text()


def test_signed_numbers() -> None:
    assert [signed(v) for v in (0.0, -1e-5, 0.5, -0.5, -80.12345, 123.0)] == [
        "0.000",
        "0.000",
        "+0.500",
        "−0.500",
        "−80.12",
        "+123",
    ]
