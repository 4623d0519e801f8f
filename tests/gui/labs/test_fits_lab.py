from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs import fits_compute
from guiapp.gui.labs.fits import FitsLab
from guiapp.gui.labs.fits_compute import LOGS, MUS, PRESETS, STEPS, Kernel, Params, check, compute, many, minima
from guiapp.theory.fits import Direction, Mixture, Point, divergence

KERNEL = Kernel()


@pytest.fixture
def lab(qtbot: QtBot) -> FitsLab:
    lab = FitsLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


means, deviations = st.floats(-6, 6), st.floats(0.2, 3)
every_params = st.builds(
    Params, weight=st.floats(0.02, 0.98), mu1=means, sigma1=deviations, mu2=means, sigma2=deviations,
    mu=means, sigma=st.floats(0.2, 5), direction=st.sampled_from(["forward", "reverse"]), step=st.integers(0, STEPS),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(every_params)
def test_the_check_passes_everywhere(params: Params) -> None:
    result = compute(params, KERNEL)
    assert [row for row in check(params, result.q, 1) if not row.good] == []
    for curve in (result.target, result.fit, result.surface):
        assert np.isfinite(curve).all()


@settings(deadline=None, max_examples=20)
@given(every_params)
def test_the_map_is_the_divergence(params: Params) -> None:
    surface = compute(params, KERNEL).surface
    for row, column in ((0, 30), (24, 10), (48, 60), (40, 0)):
        truth = divergence(params.target, Point(MUS[column], LOGS[row]), params.direction)
        assert surface[row, column] == pytest.approx(truth, rel=0.01, abs=0.02)


def test_a_wrong_gradient_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(p: Mixture, q: Point, direction: Direction) -> tuple[float, float]:
        return 0.1, 0.1

    monkeypatch.setattr(fits_compute, "gradient", wrong)
    rows = check(Params(), Point(0, 0), 0)
    assert [row.good for row in rows] == [True, False, True, False, True, True]


def test_what_is_known_is_not_computed_anew() -> None:
    first = compute(Params(), KERNEL)
    second = compute(Params(step=3), KERNEL, first)
    assert second.path is first.path
    assert second.surface is first.surface
    assert second.q == first.path[3]
    moved = compute(Params(mu=2.0), KERNEL, first)
    assert moved.path != first.path
    assert moved.surface is first.surface
    assert compute(Params(mu2=2.0), KERNEL, first).surface is not first.surface


def test_the_presets_show_what_the_page_says(lab: FitsLab) -> None:
    found = {}
    for name, button in lab.controls.presets.items():
        button.click()
        assert lab.params() == PRESETS[name]
        found[name] = dict(lab.numbers())
    two, covering, left = found["two modes"], found["mode covering"], found["from the other side"]
    assert two["mu"] == pytest.approx(2.5, abs=0.02)
    assert two["reverse"] == pytest.approx(-math.log(0.6), abs=0.01)
    assert left["mu"] == pytest.approx(-3, abs=0.02)
    assert left["reverse"] == pytest.approx(-math.log(0.4), abs=0.01)
    assert (covering["mu"], covering["sigma"]) == pytest.approx((covering["mean"], covering["deviation"]), abs=1e-3)
    assert (covering["mean"], covering["deviation"]) == pytest.approx((0.3, 2.84), abs=0.01)
    assert covering["forward"] < two["forward"]
    assert two["reverse"] < covering["reverse"]


def test_many_starts_find_two_minima_in_reverse_and_one_forward(lab: FitsLab) -> None:
    for direction, count in (("reverse", 2), ("forward", 1)):
        lab.controls.directions[direction].click()
        assert len(minima(lab.params(), many(lab.params()))) == count
        lab.controls.starts.click()
        assert f"10 starts, {count} minim" in lab.plots.status.text
        assert np.isfinite(lab.plots.others.getData()[0]).any()
    assert len(minima(PRESETS["near: one fit for both"], many(PRESETS["near: one fit for both"]))) == 1
    lab.controls.sliders["mu1"].slider.setValue(-2)
    assert "starts" not in lab.plots.status.text


def test_step_reset_and_play_walk_along_the_path(lab: FitsLab) -> None:
    lab.controls.reset.click()
    assert lab.result().step == 0
    assert (lab.result().q.mu, math.exp(lab.result().q.log_sigma)) == pytest.approx((-0.5, 3.0))
    lab.controls.step.click()
    assert lab.result().step == 1
    assert lab.plots.dot.getData()[0][0] == lab.result().path[1].mu
    lab.controls.play.click()
    for _ in range(3):
        lab.advance()
    assert lab.result().step == 4
    assert lab.controls.play.isChecked()
    while lab.controls.play.isChecked():
        lab.advance()
    assert lab.result().step == len(lab.result().path) - 1
    lab.controls.play.click()
    assert lab.result().step == 0
    lab.controls.play.click()
    assert not lab.controls.play.isChecked()


def test_a_change_stops_the_descent(lab: FitsLab) -> None:
    lab.controls.play.click()
    lab.controls.sliders["weight"].slider.setValue(0.7)
    assert not lab.controls.play.isChecked()
    assert lab.params() == Params(weight=0.7)


def test_dragging_moves_the_parts_and_the_start(lab: FitsLab) -> None:
    lab.plots.grips[1].moved.emit(-2.00004, 0.5, True)
    lab.plots.grips[2].moved.emit(1e300, -1.0, True)
    assert lab.params() == Params(mu1=-2.0, sigma1=0.5, mu2=6.0, sigma2=0.2)
    lab.plots.plane.moved.emit(0, 1.0, math.log(0.5))
    assert (lab.params().mu, lab.params().sigma) == (1.0, 0.5)
    lab.plots.plane.clicked.emit(-99.0, 99.0)
    assert (lab.params().mu, lab.params().sigma) == (-6.0, 5.0)
    lab.plots.plane.clicked.emit(0.0, -99.0)
    assert lab.params().sigma == 0.2


def test_the_check_is_shown_and_goes_with_a_change(lab: FitsLab) -> None:
    lab.checks.button.click()
    assert lab.checks.sentence.text() == "All agree."
    lab.controls.sliders["mu2"].slider.setValue(1)
    assert not lab.checks.rows


@pytest.mark.parametrize(
    ("name", "text"), [("sigma1", "0"), ("sigma", "-1"), ("weight", "1"), ("mu1", "1e300"), ("mu2", "left")]
)
def test_the_fields_refuse_what_is_no_density(lab: FitsLab, name: str, text: str) -> None:
    slider = lab.controls.sliders[name]
    slider.field.setText(text)
    slider.field.setModified(True)
    slider.field.editingFinished.emit()
    assert text in slider.message.text()
    assert lab.params() == Params()


def test_parameters_out_of_range_change_nothing_and_survive_as_text(lab: FitsLab) -> None:
    for bad in (Params(weight=1.0), Params(sigma=0.0), Params(mu=1e300), Params(step=-1)):
        with pytest.raises(ValueError):
            lab.set_params(bad)
    assert lab.params() == Params()
    params = PRESETS["needle beside a hill"]
    assert msgspec.json.decode(msgspec.json.encode(params), type=Params) == params


def test_the_page_and_the_tables_are_there(lab: FitsLab) -> None:
    assert set(load_page("fits").numbers) <= set(lab.numbers())
    titles, rows = lab.plots.table()
    assert titles == ("x", "p", "q")
    assert np.trapezoid(rows[:, 1:], rows[:, 0], axis=0) == pytest.approx((1, 1), abs=1e-3)
    assert len(lab.plots.path_table()[1]) == len(lab.result().path)
