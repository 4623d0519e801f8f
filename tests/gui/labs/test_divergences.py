from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs import divergences_compute
from guiapp.gui.labs.divergences import DivergencesLab
from guiapp.gui.labs.divergences_compute import (
    DEVIATION_RANGE,
    MAP_REACH,
    MEAN_RANGE,
    MEASURES,
    NAMES,
    PRESETS,
    SIDE,
    Name,
    Params,
    check,
    compute,
    surface,
)
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory.divergence import js
from guiapp.theory.divergences import total_variation
from guiapp.theory.gaussian import kl


@pytest.fixture
def lab(qtbot: QtBot) -> DivergencesLab:
    lab = DivergencesLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


means, deviations = st.floats(*MEAN_RANGE), st.floats(*DEVIATION_RANGE)
every_params = st.builds(
    Params, mu1=means, sigma1=deviations, mu2=means, sigma2=deviations, alpha=st.floats(0, 1), shown=st.just("forward")
)


@settings(deadline=None)
@given(every_params)
def test_every_number_passes_its_check_and_keeps_below_its_ceiling(params: Params) -> None:
    assert [row for row in check(params) if not row.good] == []
    for name, value in compute(params).values.items():
        assert 0 <= value <= MEASURES[name].ceiling
        assert math.isfinite(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_curves_go_through_the_present_values(name: Name) -> None:
    for params in (Params(), Params(-3.0, 2.0, 1.0, 0.3, alpha=0.2), Params(0.0, 1.0, 0.0, 1.0)):
        r = compute(params)
        delta = params.mu1 - params.mu2
        assert r.curves.x[0] <= delta <= r.curves.x[-1]
        assert (np.diff(r.curves.x) > 0).all()
        found = np.interp(delta, r.curves.x, r.curves.y[name])
        assert found == pytest.approx(r.values[name], rel=0.05, abs=2e-3)
        np.testing.assert_array_equal(r.curves.y[name], r.curves.y[name][::-1])


@pytest.mark.parametrize("name", NAMES)
def test_the_map_holds_the_divergence_at_its_places(name: Name) -> None:
    grid = surface(name, 0.3).grid
    assert grid.shape == (SIDE, SIDE)
    shift, log_ratio = (np.linspace(-reach, reach, SIDE) for reach in MAP_REACH)
    four = (float(shift[44]), math.exp(float(log_ratio[20])), 0.0, 1.0)
    values = divergences_compute._all(*four, 0.3) | {"js": js(*four)}
    assert grid[20, 44] == pytest.approx(float(values[name]), rel=1e-9)
    np.testing.assert_array_equal(grid, grid[:, ::-1])
    assert abs(grid[SIDE // 2, SIDE // 2]) < 1e-9
    assert grid.min() == pytest.approx(0, abs=1e-9)


def test_alpha_runs_from_one_kl_to_the_other(lab: DivergencesLab) -> None:
    alpha = lab.controls.sliders["alpha"].slider
    alpha.setValue(0.0)
    assert lab.numbers()["d_alpha"] == lab.numbers()["reverse"]
    alpha.setValue(0.5)
    assert lab.numbers()["d_alpha"] == pytest.approx(4 * lab.numbers()["hellinger2"], rel=1e-12)
    alpha.setValue(1.0)
    assert lab.numbers()["d_alpha"] == lab.numbers()["forward"]


def test_presets_show_what_they_say(lab: DivergencesLab) -> None:
    presets = lab.controls.presets
    presets["identical"].click()
    assert {lab.numbers()[name] for name in NAMES if name != "alpha"} == {0.0}
    presets["far apart"].click()
    assert lab.numbers()["js"] == pytest.approx(math.log(2), abs=1e-6)
    assert lab.numbers()["variation"] > 0.999999
    assert lab.params().shown == "js"
    presets["nearly identical"].click()
    n = lab.numbers()
    for name, factor in (("d_alpha", 1), ("hellinger2", 4), ("js", 4), ("reverse", 1)):
        assert factor * n[name] == pytest.approx(n["forward"], rel=5e-3)
    presets["narrow in wide"].click()
    assert lab.numbers()["reverse"] > 10 * lab.numbers()["forward"]
    presets["two points"].click()
    assert lab.numbers()["wasserstein"] == 2
    for name in PRESETS:
        assert all(row.good for row in check(PRESETS[name]))


def test_swapping_changes_what_is_not_symmetric(lab: DivergencesLab) -> None:
    before = dict(lab.numbers())
    lab.controls.swap.click()
    after = lab.numbers()
    assert after["forward"] == before["reverse"]
    assert after["reverse"] == before["forward"]
    for name in ("js", "hellinger", "hellinger2", "variation", "wasserstein"):
        assert after[name] == pytest.approx(before[name], rel=1e-12)


def test_the_charts_hold_the_numbers(lab: DivergencesLab) -> None:
    r = lab.result()
    assert lab.plots.density.plot.areas["p"].y is r.p
    assert lab.plots.density.plot.areas["q"].y is r.q
    for name in NAMES:
        x, y = lab.plots.curves.curves[name].getData()
        np.testing.assert_array_equal(x, r.curves.x)
        np.testing.assert_array_equal(y, r.curves.y[name])
    titles, row = lab.plots.bars.table()
    assert titles[0] == "KL(p‖q) nats"
    assert row[0, 0] == r.values["forward"] == pytest.approx(0.818147, abs=1e-6)
    assert lab.plots.curves.table()[1].shape == (len(r.curves.x), 9)
    assert "KL(p‖q) 0.81815 nats" in lab.plots.bars.accessibleDescription()


def test_iso_lines_lie_where_the_divergence_has_their_value(lab: DivergencesLab) -> None:
    formulas: dict[Name, Callable[..., Any]] = {"forward": kl, "variation": total_variation}
    for name, formula in formulas.items():
        lab.set_params(Params(shown=name))
        x, y = lab.plots.map.lines.getData()
        found = np.asarray(formula(x, np.exp(y), 0.0, 1.0))
        levels = np.array(MEASURES[name].levels)
        apart = np.abs(np.log(found[:, None] / levels)).min(1)
        assert np.median(apart) < 0.02
        assert {text.toPlainText() for text in lab.plots.map.texts} <= {f"{level:g}" for level in levels}
        assert lab.plots.map.texts


def test_dragging_p_on_every_chart(lab: DivergencesLab) -> None:
    lab.plots.density.grips["q"].moved.emit(0.50004, 1.2, True)
    assert (lab.params().mu2, lab.params().sigma2) == (0.5, 1.2)
    lab.plots.density.grips["p"].moved.emit(1e300, -1.0, True)
    assert (lab.params().mu1, lab.params().sigma1) == (5.0, 0.1)
    lab.plots.curves.moved.emit(-2.0, True)
    assert lab.params().mu1 == -1.5
    lab.plots.map.plane.moved.emit(0, 1.0, math.log(0.5))
    assert (lab.params().mu1, lab.params().sigma1) == (1.7, 0.6)
    assert lab.plots.map.plane.handles[0].pos().toTuple() == pytest.approx((1.0, math.log(0.5)))
    lab.plots.map.plane.clicked.emit(1e300, 1e300)
    assert (lab.params().mu1, lab.params().sigma1) == (5.0, 5.0)
    assert lab.params().sigma2 == 1.2


def test_the_grips_stand_right_in_any_window(qtbot: QtBot, lab: DivergencesLab) -> None:
    grips = lab.plots.density.grips["p"]
    for size in ((480, 800), (1200, 900)):
        lab.resize(*size)
        lab.grab()
        lab.set_params(lab.params())  # before the window is laid out anew
        qtbot.waitUntil(lambda: abs(grips.left.pos().x() - 0.5) + abs(grips.right.pos().x() - 1.5) < 1e-9)


def test_a_point_beyond_the_map_stands_at_its_edge_and_says_so(lab: DivergencesLab) -> None:
    lab.set_params(Params(5.0, 1.0, -5.0, 0.1))
    assert lab.plots.map.plane.handles[0].pos().x() == MAP_REACH[0]
    assert "Δμ/σ₂ = 100 is beyond the edge" in lab.plots.map.header.parts[2]


def test_one_is_chosen_by_a_click_on_its_bar_the_keys_and_the_list(qtbot: QtBot, lab: DivergencesLab) -> None:
    bars = lab.plots.bars
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(20, round(3.5 * bars._line())))
    assert lab.params().shown == "js"
    assert lab.controls.shown.currentData() == "js"
    assert lab.plots.map.header.parts[0] == "JS(p, q)"
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert lab.params().shown == "hellinger2"
    lab.controls.shown.setCurrentIndex(7)
    lab.controls.shown.activated.emit(7)
    assert lab.params().shown == "wasserstein"
    assert "σ₂" in lab.plots.map.header.parts[1]
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert lab.params().shown == "wasserstein"


def test_the_values_under_the_pointer(lab: DivergencesLab) -> None:
    curves, plane = lab.plots.curves, lab.plots.map
    present = curves.header.parts, plane.header.parts
    curves.plot.hovered.emit(0.0)
    assert "at Δμ = 0" in curves.header.parts[1]
    assert significant(float(kl(0.0, 0.5, 0.0, 1.0)), 4) in curves.header.parts[1]
    plane.plane.hovered.emit((2.0, 0.0))
    assert plane.header.parts[1:] == ("2.000", "at Δμ/σ₂ = 2.0, log σ₁/σ₂ = 0.00")
    for outside in (None, (99.0, 0.0)):
        plane.plane.hovered.emit(outside)
        curves.plot.hovered.emit(outside and outside[0])
        assert (curves.header.parts, plane.header.parts) == present


def test_an_arrow_key_on_the_map_moves_p(qtbot: QtBot, lab: DivergencesLab) -> None:
    before = lab.params()
    qtbot.keyClick(lab.plots.map.plane, Qt.Key.Key_Right)
    assert lab.params().mu1 > before.mu1
    assert lab.params().sigma1 == before.sigma1


@pytest.mark.parametrize(
    ("name", "text"), [("sigma1", "0"), ("sigma2", "-1"), ("mu1", "1e300"), ("mu2", "nan"), ("alpha", "2")]
)
def test_bad_numbers_are_refused_at_the_field(qtbot: QtBot, lab: DivergencesLab, name: str, text: str) -> None:
    before, slider = lab.params(), lab.controls.sliders[name]
    slider.field.selectAll()
    qtbot.keyClicks(slider.field, text)
    qtbot.keyClick(slider.field, Qt.Key.Key_Return)
    assert "takes" in slider.message.text()
    assert lab.params() == before
    with pytest.raises(ValueError, match=name):
        lab.set_params(msgspec.structs.replace(before, **{name: float(text)}))
    with pytest.raises(ValueError, match="own parameters"):
        lab.set_params(msgspec.defstruct("Other", [])())
    assert lab.params() == before


def test_the_check_is_shown_and_goes_with_the_parameters(lab: DivergencesLab) -> None:
    lab.checks.button.click()
    assert len(lab.checks.rows) == len(lab.checks.cells)
    assert lab.checks.sentence.text() == "All agree."
    lab.controls.sliders["mu1"].slider.setValue(2.0)
    assert lab.checks.rows == ()


def test_a_wrong_formula_fails_the_check(monkeypatch: pytest.MonkeyPatch, lab: DivergencesLab) -> None:
    right = divergences_compute.total_variation
    monkeypatch.setattr(divergences_compute, "total_variation", lambda *four: right(*four) + 1e-3)
    lab.checks.button.click()
    assert lab.checks.sentence.text() == "NOT all agree."
    assert [row.formula for row in lab.checks.rows if not row.good] == ["TV(p, q)"]


def test_parameters_can_be_shared_as_text() -> None:
    params = Params(shown="wasserstein", alpha=0.125)
    assert msgspec.json.decode(msgspec.json.encode(params), type=Params) == params


def test_it_is_drawn_in_both_themes_and_explained(lab: DivergencesLab) -> None:
    light = lab.grab().toImage()
    lab.set_theme(DARK)
    assert lab.grab().toImage() != light
    lab.set_theme(LIGHT)
    assert lab.grab().toImage() == light
    assert set(load_page(lab.name).numbers) <= set(lab.numbers())
