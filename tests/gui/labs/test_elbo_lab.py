from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs.elbo_compute import PRESETS, Params, ascent, check, compute
from guiapp.gui.labs.elbo_lab import ElboLab
from guiapp.gui.theme import DARK, LIGHT


@pytest.fixture
def lab(qtbot: QtBot) -> ElboLab:
    lab = ElboLab()
    qtbot.addWidget(lab)
    lab.resize(1000, 700)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


every_params = st.builds(
    Params,
    kind=st.sampled_from(["linear", "square"]), x=st.floats(-4, 4), weight=st.floats(0.5, 3), bias=st.floats(-1, 1),
    sigma=st.floats(0.1, 3), beta=st.floats(0.1, 10), m=st.floats(-5, 5), s=st.floats(0.02, 5), seed=st.just(0),
)  # fmt: skip


@given(every_params)
def test_the_bars_add_up_and_the_check_passes_everywhere(params: Params) -> None:
    result = compute(params)
    assert result.elbo + result.gap == pytest.approx(result.evidence, abs=1e-9 * max(1.0, 1e-5 * abs(result.elbo)))
    assert all(np.isfinite(curve).all() for curve in (result.prior, result.posterior, result.q))
    assert [row.formula for row in check(params, 1) if not row.good] == []


@pytest.mark.parametrize("kind", ["linear", "square"])
def test_the_densities_integrate_to_one(kind: str) -> None:
    result = compute(Params(kind=kind))  # type: ignore[arg-type]
    for curve in (result.prior, result.posterior, result.q):
        assert np.trapezoid(curve, result.z) == pytest.approx(1, abs=1e-3)


def test_a_wrong_formula_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    from guiapp.theory.bound import Model

    right = Model.gap
    monkeypatch.setattr(Model, "gap", lambda *args: right(*args) + 1e-6)
    assert {row.formula for row in check(Params(), 0) if not row.good} == {"KL(q‖p(z|x))", "ELBO + KL(q‖p(z|x))"}


def test_presets_show_what_they_say(lab: ElboLab) -> None:
    posterior, two, beta, narrow = lab.controls.presets.values()
    posterior.click()
    assert lab.numbers()["gap"] == pytest.approx(0, abs=1e-12)
    assert lab.numbers()["fifty"] == pytest.approx(lab.numbers()["evidence"])
    two.click()
    assert lab.numbers()["gap"] == pytest.approx(math.log(2), abs=0.03)
    beta.click()
    assert lab.params().s == pytest.approx(math.sqrt(0.5), abs=1e-9)  # βσ² = 1
    assert lab.numbers()["weighted"] < lab.numbers()["elbo"] < lab.numbers()["evidence"]
    narrow.click()
    assert lab.numbers()["gap"] > 10


def test_the_bars_end_where_the_next_begins(lab: ElboLab) -> None:
    for name in PRESETS:
        lab.controls.presets[name].click()
        evidence, elbo, gap, term, kl = lab.plots.bars.parts()
        assert gap[2] == elbo[3]
        assert gap[3] == pytest.approx(evidence[3], abs=1e-9)
        assert kl[2] == term[3]
        assert kl[3] == pytest.approx(elbo[3], abs=1e-9)


def test_the_charts_hold_the_curves(lab: ElboLab) -> None:
    r = lab.result()
    for name in ("prior", "posterior", "q"):
        assert lab.plots.posterior.plot.areas[name].y is getattr(r, name)
    titles, rows = lab.plots.weighted.table()
    assert titles[0] == "K"
    assert rows[:, 0].tolist() == [1, 5, 10, 50, 100, 500, 1000]
    assert (np.diff(rows[:, 1]) >= 0).all()
    _, numbers = lab.plots.bars.table()
    assert numbers[0, 1] + numbers[0, 2] == pytest.approx(numbers[0, 0], abs=1e-9)


def test_dragging_q_on_either_plot_moves_it(lab: ElboLab) -> None:
    lab.plots.posterior.grips.moved.emit(0.70004, 0.3, True)
    assert (lab.params().m, lab.params().s) == (0.7, 0.3)
    lab.plots.posterior.grips.moved.emit(1e300, -1.0, True)
    assert (lab.params().m, lab.params().s) == (5.0, 0.02)
    lab.plots.map.plane.moved.emit(0, -1.0, math.log(0.5))
    assert (lab.params().m, lab.params().s) == (-1.0, 0.5)
    assert lab.plots.map.plane.handles[0].pos().toTuple() == pytest.approx((-1.0, math.log(0.5)))
    lab.plots.map.plane.clicked.emit(2.0, 99.0)
    assert (lab.params().m, lab.params().s) == (2.0, 5.0)


def test_a_click_and_an_arrow_key_on_the_map_move_q(qtbot: QtBot, lab: ElboLab) -> None:
    plane = lab.plots.map.plane
    middle = QPoint(plane.viewport().width() // 2, plane.viewport().height() // 2)
    with qtbot.waitSignal(lab.changed):
        qtbot.mouseClick(plane.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    before = lab.params().m
    with qtbot.waitSignal(lab.changed):
        qtbot.keyClick(plane, Qt.Key.Key_Right)
    assert lab.params().m > before


@pytest.mark.parametrize("way", ["gradient", "coordinate"])
def test_an_ascent_runs_to_the_posterior_and_draws_its_path(qtbot: QtBot, lab: ElboLab, way: str) -> None:
    start = (lab.params().m, lab.params().s)
    lab.controls.ascents[way].click()
    assert lab.controls.ascents[way].isChecked()
    qtbot.waitUntil(lambda: not lab.controls.ascents[way].isChecked(), timeout=20_000)
    assert lab.path[0] == start
    assert lab.path[-1] == (lab.params().m, lab.params().s)
    assert lab.path[-1] == pytest.approx((1.2, math.sqrt(0.2)), abs=1e-3)
    assert len(lab.plots.map.path.getData()[0]) == len(lab.path)


def test_an_ascent_is_stopped_by_its_button_and_by_a_hand(lab: ElboLab) -> None:
    button = lab.controls.ascents["gradient"]
    button.click()
    lab.step()
    assert len(lab.path) == 2
    button.click()
    assert not button.isChecked()
    assert len(lab.path) == 2  # what was climbed stays in sight
    button.click()
    lab.controls.sliders["x"].slider.setValue(-1.0)
    assert not button.isChecked()
    assert lab.path == ()


def test_an_ascent_never_leaves_the_ranges() -> None:
    params = Params(x=4.0, weight=0.5, bias=-1.0, sigma=0.1)  # the posterior's mean is 9.6
    points = list(ascent(params, "gradient")) + list(ascent(params, "coordinate"))
    assert points
    assert all(compute(msgspec.structs.replace(params, m=m, s=s)).evidence for m, s in points[-3:])
    assert max(m for m, _ in points) == 5.0


@pytest.mark.parametrize(("name", "text"), [("sigma", "0"), ("sigma", "-1"), ("s", "1e300"), ("m", "nan"), ("x", "a")])
def test_bad_numbers_are_refused_at_the_field(qtbot: QtBot, lab: ElboLab, name: str, text: str) -> None:
    before, slider = lab.params(), lab.controls.sliders[name]
    slider.field.selectAll()
    qtbot.keyClicks(slider.field, text)
    qtbot.keyClick(slider.field, Qt.Key.Key_Return)
    assert "takes" in slider.message.text()
    assert lab.params() == before
    with pytest.raises(ValueError, match="sigma"):
        lab.set_params(msgspec.structs.replace(before, sigma=0.0))
    assert lab.params() == before


def test_the_check_is_shown_and_goes_with_the_parameters(lab: ElboLab) -> None:
    lab.controls.kind.setCurrentIndex(1)
    lab.controls.kind.activated.emit(1)
    assert lab.params().kind == "square"
    lab.checks.button.click()
    assert len(lab.checks.rows) == len(lab.checks.cells)
    assert lab.checks.sentence.text() == "All agree."
    lab.controls.sliders["m"].slider.setValue(2.0)
    assert lab.checks.rows == ()


def test_it_is_drawn_in_both_themes_and_explained(lab: ElboLab) -> None:
    light = lab.grab().toImage()
    lab.set_theme(DARK)
    assert lab.grab().toImage() != light
    lab.set_theme(LIGHT)
    assert lab.grab().toImage() == light
    assert set(load_page(lab.name).numbers) <= set(lab.numbers())
