from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs import kl_plane_compute
from guiapp.gui.labs.kl_plane import KlPlaneLab
from guiapp.gui.labs.kl_plane_compute import PRESETS, Params, affine, check, compute
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory.gaussian_plane import PlaneGaussian, ellipse, parts


@pytest.fixture
def lab(qtbot: QtBot) -> KlPlaneLab:
    lab = KlPlaneLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


means, deviations, correlations = st.floats(-10, 10), st.floats(0.05, 10), st.floats(-0.995, 0.995)
every_params = st.builds(
    Params, x1=means, y1=means, sx1=deviations, sy1=deviations, rho1=correlations,
    x2=means, y2=means, sx2=deviations, sy2=deviations, rho2=correlations,
    direction=st.sampled_from(["forward", "reverse"]),
)  # fmt: skip


@pytest.mark.slow
@given(every_params, st.integers(0, 99))
def test_the_check_passes_everywhere(params: Params, seed: int) -> None:
    assert [row for row in check(params, seed) if not row.good] == []


@given(every_params)
def test_the_map_integrates_to_the_divergence(params: Params) -> None:
    result = compute(params)
    assert np.isfinite(result.heat).all()
    if abs(result.pair[0].rho) < 0.9:  # a narrow ridge falls between the points of the map
        cell = result.area[2] * result.area[3] / (len(result.heat) - 1) ** 2
        found = result.chosen
        scale = 1 + found.trace + found.distance + abs(found.log_ratio)
        assert result.heat.sum() * cell == pytest.approx(found.kl, abs=1e-3 * scale)


def test_a_wrong_formula_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(p: PlaneGaussian, q: PlaneGaussian) -> object:
        found = parts(p, q)
        return found._replace(kl=found.kl + 0.1 * found.distance * (p.x - q.x) ** 2)

    monkeypatch.setattr(kl_plane_compute, "parts", wrong)
    assert [row.good for row in check(Params(), 0)] == [False] * 6


@given(every_params, st.integers(0, 999))
def test_a_common_affine_map_keeps_both_divergences(params: Params, seed: int) -> None:
    image = affine(params, seed)
    if image is not None:
        before, after = compute(params), compute(image)
        for one, other in ((before.forward, after.forward), (before.reverse, after.reverse)):
            scale = 1 + one.trace + one.distance + abs(one.log_ratio)
            assert other.kl == pytest.approx(one.kl, abs=1e-9 * scale)


def test_the_presets_show_what_the_page_says(lab: KlPlaneLab) -> None:
    found = {}
    for name, button in lab.controls.presets.items():
        button.click()
        assert lab.params() == PRESETS[name]
        found[name] = dict(lab.numbers())
    assert found["identical"]["forward"] == found["identical"]["reverse"] == 0
    assert found["posterior and prior"]["forward"] == pytest.approx(0.818147 + 0.873973, abs=1e-6)
    assert found["correlated, not"]["forward"] == pytest.approx(0.830366, abs=1e-6)
    assert found["mean field"]["reverse"] == pytest.approx(0.830366, abs=1e-6)
    assert 4 < found["mean field"]["forward"] / found["mean field"]["reverse"] < 4.3
    assert found["crossed"]["logdet"] == pytest.approx(0, abs=1e-12)
    assert found["crossed"]["forward"] == pytest.approx(found["crossed"]["reverse"])
    assert found["narrow in wide"]["forward"] < found["narrow in wide"]["reverse"]


def test_the_mean_field_preset_is_the_best_without_correlation() -> None:
    params = PRESETS["mean field"]
    best = parts(params.q, params.p).kl
    for factor in (0.99, 1.01):
        assert parts(params.q._replace(sx=factor * params.sx2), params.p).kl > best


def test_the_table_shows_the_parts(lab: KlPlaneLab) -> None:
    cells = lab.table.cells
    assert cells["kl", "p‖q"].text() == "2.0962"
    shown = [float(cells[name, "q‖p"].text().replace("−", "-")) for name in ("trace", "distance", "log_ratio", "kl")]
    assert sum(shown[:3]) - 1 == pytest.approx(shown[3], abs=1e-4)


def test_the_grips_stand_on_the_ellipse(lab: KlPlaneLab) -> None:
    g, axes = lab.params().p, ellipse(lab.params().p)
    places = [handle.pos().toTuple() for handle in lab.plot.plane.handles]
    assert places[0] == pytest.approx((g.x, g.y))
    ends = (2 * axes.a * math.cos(axes.angle), 2 * axes.a * math.sin(axes.angle))
    assert places[1] == pytest.approx((g.x + ends[0], g.y + ends[1]))


def test_dragging_a_mean_moves_the_mean_alone(lab: KlPlaneLab) -> None:
    lab.plot.plane.moved.emit(3, 2.0, -1.0)
    assert lab.params() == msgspec.structs.replace(Params(), x2=2.0, y2=-1.0)
    lab.plot.plane.moved.emit(0, 1e300, -1e300)
    assert (lab.params().x1, lab.params().y1) == (10, -10)


@pytest.mark.parametrize("grip", [1, 2, 4, 5])
def test_dragging_an_end_turns_and_stretches_one_axis(lab: KlPlaneLab, grip: int) -> None:
    which = "pq"[grip // 3]
    g = getattr(lab.params(), which)
    across = lab.plot.plane.handles[grip + 1 if grip % 3 == 1 else grip - 1].pos()
    kept = math.hypot(across.x() - g.x, across.y() - g.y) / 2
    for x, y in ((1.0, 3.0), (3.0, 3.5), (4.0, 0.1), (2.0, -2.0)):
        lab.plot.plane.moved.emit(grip, g.x + x, g.y + y)
        handle = lab.plot.plane.handles[grip].pos()
        assert (handle.x() - g.x, handle.y() - g.y) == pytest.approx((x, y), abs=1e-3)
        after = ellipse(getattr(lab.params(), which))
        assert min(abs(axis - math.hypot(x, y) / 2) for axis in after[:2]) < 1e-3
        assert min(abs(axis - kept) for axis in after[:2]) < 1e-3


def test_a_circle_keeps_the_place_of_its_grips(lab: KlPlaneLab) -> None:
    lab.set_params(Params(sx1=1, sy1=1, rho1=0))
    lab.plot.plane.moved.emit(1, 1.0 + math.sqrt(2), 0.5 + math.sqrt(2))
    handle = lab.plot.plane.handles[1].pos()
    assert (handle.x(), handle.y()) == pytest.approx((1 + math.sqrt(2), 0.5 + math.sqrt(2)), abs=1e-3)


def test_an_end_taken_to_the_mean_or_far_away_stays_in_range(lab: KlPlaneLab) -> None:
    for to in ((1.0, 0.5), (1e300, 1e300), (-1e300, 0.0)):
        lab.plot.plane.moved.emit(1, *to)
        assert all(math.isfinite(value) for value in lab.numbers().values())
        assert 0.05 <= lab.params().sx1 <= 10


def test_keys_choose_and_move_a_grip(lab: KlPlaneLab) -> None:
    plane = lab.plot.plane
    plane.setFocus()
    QTest.keyClick(plane, Qt.Key.Key_Q)
    assert plane.active == 3
    QTest.keyClick(plane, Qt.Key.Key_Right)
    assert lab.params().x2 > -0.5
    QTest.keyClick(plane, Qt.Key.Key_1)
    before = ellipse(lab.params().p)
    QTest.keyClick(plane, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert ellipse(lab.params().p) != before


def test_the_map_button_keeps_the_divergence_and_says_so(lab: KlPlaneLab) -> None:
    before = dict(lab.numbers())
    lab.controls.map.click()
    assert lab.params().p != Params().p
    assert dict(lab.numbers()) == pytest.approx(before, abs=1e-9)
    assert "differs by" in lab.controls.told.text()
    lab.set_params(Params(x1=-10, x2=10, sx1=10, sx2=0.05, sy1=0.05, sy2=10))
    lab.controls.map.click()
    assert "No map was found" in lab.controls.told.text() or "differs by" in lab.controls.told.text()


def test_the_check_is_shown_and_goes_with_a_change(lab: KlPlaneLab) -> None:
    lab.checks.button.click()
    assert len(lab.checks.rows) == 6
    assert lab.checks.sentence.text() == "All agree."
    lab.controls.sliders["x1"].slider.setValue(3)
    assert not lab.checks.rows


@pytest.mark.parametrize(
    ("name", "text"), [("sx1", "0"), ("sy2", "-1"), ("rho1", "1"), ("rho2", "-1.5"), ("x1", "1e300"), ("sx2", "wide")]
)
def test_the_fields_refuse_what_has_no_density(lab: KlPlaneLab, name: str, text: str) -> None:
    slider = lab.controls.sliders[name]
    slider.field.setText(text)
    slider.field.setModified(True)
    slider.field.editingFinished.emit()
    assert text in slider.message.text()
    assert lab.params() == Params()


def test_parameters_of_another_lab_or_out_of_range_change_nothing(lab: KlPlaneLab) -> None:
    for bad in (Params(rho1=1.0), Params(sx1=0.0), Params(x2=1e300), Params(direction="both")):  # type: ignore[arg-type]
        with pytest.raises(ValueError):
            lab.set_params(bad)
    assert lab.params() == Params()


def test_the_direction_changes_the_map_and_the_swap_the_laws(lab: KlPlaneLab) -> None:
    lab.controls.directions["reverse"].click()
    assert lab.plot.header.parts[0] == "KL(q‖p)"
    assert lab.result().chosen == lab.result().reverse
    first = dict(lab.numbers())
    swap = next(b for b in lab.controls.findChildren(type(lab.controls.map)) if b.text().startswith("Swap"))
    swap.click()
    assert (lab.numbers()["forward"], lab.numbers()["reverse"]) == (first["reverse"], first["forward"])


def test_the_pointer_tells_the_values(lab: KlPlaneLab) -> None:
    lab.plot.plane.hovered.emit((1.0, 0.5))
    assert "p log(p/q) =" in lab.plot.status.pointed
    lab.plot.plane.hovered.emit(None)
    assert lab.plot.status.pointed == ""


def test_parameters_survive_as_text_and_the_page_is_there(lab: KlPlaneLab) -> None:
    params = PRESETS["crossed"]
    assert msgspec.json.decode(msgspec.json.encode(params), type=Params) == params
    assert set(load_page("gaussian-kl-plane").numbers) <= set(lab.numbers())
    titles, rows = lab.plot.table()
    assert (titles, rows.shape) == (("x", "y", "integrand"), (161 * 161, 3))
    for theme in (LIGHT, DARK):
        lab.set_theme(theme)
        assert not lab.grab().toImage().isNull()
