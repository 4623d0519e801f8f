from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyqtgraph as pg
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.docks import LabDock
from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.objectives import ObjectivesLab
from guiapp.gui.labs.objectives_compute import OBJECTIVES, POINTS
from guiapp.gui.labs.objectives_panels import NO_BATCH
from guiapp.gui.labs.objectives_plots import NO_RUN
from guiapp.gui.theme import LIGHT
from guiapp.gui.workspace import Workspace
from guiapp.messages import Studied
from tests.gui.frames import gan_frame
from tests.gui.labs.test_objectives_compute import picture, study


@pytest.fixture
def lab(qtbot: QtBot) -> ObjectivesLab:
    lab = ObjectivesLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


@pytest.fixture
def _every_move_counts() -> Iterator[None]:
    """pyqtgraph drops moves that follow each other within 10 ms."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    yield
    pg.setConfigOption("mouseRateLimit", before)


def change(lab: ObjectivesLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def drag(qtbot: QtBot, lab: ObjectivesLab, grip: Grip, way: int) -> None:
    viewport = lab.plots.loss.viewport()
    start = lab.plots.loss.mapFromScene(grip.scenePos())
    send_move(lab, start, False)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 7):
        send_move(lab, start + QPoint(step * way // 6, 0), True)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(way, 0))


def send_move(lab: ObjectivesLab, where: QPoint, pressed: bool) -> None:
    """A mouse move with the button held, which QTest cannot send."""
    viewport = lab.plots.loss.viewport()
    none, left, at = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QPointF(where)
    held, keys = left if pressed else none, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), none, held, keys)
    QApplication.sendEvent(viewport, event)


def drawn(lab: ObjectivesLab, plot: str, number: int) -> tuple[Any, Any]:
    x, y = lab.plots.curves[getattr(lab.plots, plot)][number].getData()
    return x, y


def cells(lab: ObjectivesLab, objective: Any, term: int = 0) -> list[str]:
    return [cell.text() for cell in lab.table.cells[objective, term]]


# -------------------------------------------------------------------------------------------------- charts, controls


def test_both_charts_hold_the_curves_over_either_axis(lab: ObjectivesLab) -> None:
    x, y = drawn(lab, "loss", 0)
    assert_allclose(x, POINTS)
    assert_allclose(y, -np.log1p(np.exp(POINTS)), rtol=1e-9, atol=1e-12)
    change(lab, axis="D", by="D")
    d, slope = drawn(lab, "slope", 0)
    assert_allclose(d, 1 / (1 + np.exp(-POINTS)))
    assert_allclose(slope, -1 / (1 - d), rtol=1e-6)
    assert lab.plots.loss.ranges()[0] == (0.0, 1.0) == lab.plots.slope.ranges()[0]


def test_log_axes(lab: ObjectivesLab) -> None:
    lab.controls.log.click()
    assert lab.params().log
    x, y = drawn(lab, "slope", 0)
    d = 1 / (1 + np.exp(-x))
    assert_allclose(10**y, d, rtol=1e-9)
    lab.grab()
    assert [text for _, text in lab.plots.slope.getAxis("left")._texts] == ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]
    lab.controls.log.click()
    lab.grab()
    assert "10⁻²" not in [text for _, text in lab.plots.slope.getAxis("left")._texts]


def test_the_discriminator_has_two_terms_and_targets(lab: ObjectivesLab) -> None:
    assert not lab.controls.targets.isVisible()
    lab.controls.switches["player"]["discriminator"].click()
    assert lab.controls.targets.isVisible()
    lab.controls.sliders["real_target"].slider.setValue(0.9)
    assert lab.params().real_target == 0.9
    assert cells(lab, "least squares") == ["━ (a − 0.9)²", "8.410", "−5.800"]
    assert cells(lab, "minimax")[0] == "━ H(0.9, D)"
    assert cells(lab, "hinge", 1) == ["┅ max(0, 1 + a)", "0", "0"]
    visible = [curve.isVisible() for curve in lab.plots.curves[lab.plots.loss]]
    assert visible == [True] * 10


def test_the_dashed_curves_are_cut_on_the_screen_and_lie_where_they_belong(lab: ObjectivesLab) -> None:
    change(lab, player="discriminator", axis="D", by="D")
    lab.grab()
    item = lab.plots.curves[lab.plots.slope][1]  # of -log(1 - D), by D
    x, y = item.getData()
    seen = (x > 0.01) & (x < 0.9)
    assert_allclose(y[seen], 1 / (1 - x[seen]), rtol=1e-3)
    joined = np.asarray(item.opts["connect"])
    assert 10 < np.sum(np.diff(joined[seen]) == -1) < 200


def test_a_click_on_a_name_hides_its_curves(lab: ObjectivesLab) -> None:
    lab.table.names["least squares"].click()
    assert lab.params().shown == ("minimax", "non-saturating", "hinge", "Wasserstein")
    for curves in lab.plots.curves.values():
        assert [curve.isVisible() for curve in curves] == [True, True, False, True, True] + 5 * [False]
    assert "loss least squares generator D(G(z))" not in lab.plots.table()[0]
    lab.table.names["least squares"].click()
    assert lab.params().shown == OBJECTIVES


@pytest.mark.parametrize(("preset", "ratio"), [(0, 1.0), (1, 99.0), (2, 1 / 99)])
def test_presets(lab: ObjectivesLab, preset: int, ratio: float) -> None:
    list(lab.controls.presets.values())[preset].click()
    assert lab.numbers()["ratio"] == pytest.approx(ratio)
    assert lab.numbers()["non_saturating"] / lab.numbers()["saturating"] == pytest.approx(ratio)


@pytest.mark.usefixtures("_every_move_counts")
@pytest.mark.parametrize("axis", ["a", "D"])
def test_the_marker_can_be_dragged(lab: ObjectivesLab, qtbot: QtBot, axis: str) -> None:
    change(lab, axis=axis)
    lab.grab()
    before, width = lab.params().a, lab.plots.loss.getViewBox().viewPixelSize()[0]
    drag(qtbot, lab, lab.plots.grips[lab.plots.loss], 60)
    way = lab.params().a - before if axis == "a" else lab.result().belief - 1 / (1 + np.exp(-before))
    assert way == pytest.approx(60 * width, rel=0.05)
    assert lab.plots.markers[lab.plots.slope].value() == pytest.approx(
        lab.params().a if axis == "a" else lab.result().belief
    )


def test_hovering_says_the_values_there(lab: ObjectivesLab) -> None:
    lab.plots.slope.hovered.emit(0.0)
    assert lab.plots.caption.text().count("−0.500") == 2
    lab.plots.slope.hovered.emit(None)
    assert "(1 − D)/D" in lab.plots.caption.text()


def test_a_file_of_the_curves(lab: ObjectivesLab) -> None:
    titles, rows = lab.plots.table()
    assert titles[:4] == ["a", "D", "loss minimax generator D(G(z))", "d/da minimax generator D(G(z))"]
    assert rows.shape == (len(POINTS), 12)
    assert_allclose(rows[:, 3], -rows[:, 1], rtol=1e-9)


# ------------------------------------------------------------------------------------------------------- live batch


def test_without_a_run_it_says_what_would_appear(lab: ObjectivesLab) -> None:
    assert NO_RUN in lab.plots.note.text()
    assert lab.weights.sentence.text() == NO_BATCH
    assert not lab.plots.outputs.isVisible()
    assert not lab.weights.plot.isVisible()
    assert not lab.weights.follow.isEnabled()
    assert "weight" not in lab.numbers()


def test_the_batch_of_a_run(lab: ObjectivesLab) -> None:
    seen = picture()
    lab.set_pictures({"beliefs": seen})
    assert lab.plots.outputs.isVisible()
    for name in ("real", "generated"):
        area = lab.plots.outputs.areas[name]
        assert area.y[::2].sum() == pytest.approx(1)
        assert lab.plots.means[name][lab.plots.loss].value() == pytest.approx(seen[name].mean(), rel=1e-5)
    assert lab.weights.plot.areas["weights"].y[::2].sum() == 400
    weights = 1 / (1 + np.exp(seen["generated"].astype(float)))
    assert lab.numbers()["weight"] == pytest.approx(weights.mean())
    assert lab.numbers()["effective"] == pytest.approx(100 * weights.sum() ** 2 / (400 * (weights**2).sum()))
    assert "non-saturating" in lab.weights.sentence.text()
    change(lab, axis="D")
    means = (1 / (1 + np.exp(-seen["real"].astype(float)))).mean()
    assert lab.plots.means["real"][lab.plots.slope].value() == pytest.approx(means, rel=1e-5)
    lab.set_pictures({})
    assert not lab.plots.outputs.isVisible()
    assert "weight" not in lab.numbers()


def test_outputs_beyond_the_axis_are_counted(lab: ObjectivesLab) -> None:
    lab.set_pictures({"beliefs": picture(generated=np.array([-50.0, 0.0, 1.0, 2.0]), objective=np.array(4))})
    assert "25 % beyond" in lab.plots.note.text()
    assert lab.plots.outputs.areas["generated"].y[0] == 0.25
    assert lab.weights.plot.areas["weights"].y.max() == 4
    assert "100 %" in lab.weights.sentence.text()


def test_the_marker_follows_the_batch_until_it_is_moved(lab: ObjectivesLab) -> None:
    lab.set_pictures({"beliefs": picture()})
    assert lab.params().a == -2.0
    lab.weights.follow.click()
    assert lab.params().a == pytest.approx(float(picture()["generated"].mean()), rel=1e-5)
    lab.set_pictures({"beliefs": picture(generated=np.full(9, 3.0))})
    assert lab.params().a == 3.0
    lab.controls.sliders["a"].slider.setValue(1.5)
    assert not lab.weights.follow.isChecked()


# ------------------------------------------------------------------------------------------------------------ check


def asked(lab: ObjectivesLab, qtbot: QtBot) -> dict[str, Any]:
    with qtbot.waitSignal(lab.study_asked) as signal:
        lab.checks.button.click()
    kind, options = signal.args
    assert kind == "game-check"
    return dict(options)


def answer(options: dict[str, Any], **changes: Any) -> dict[str, Studied]:
    found = study(options["a"], options["real_target"], options["fake_target"]) | {"press": options["press"]}
    return {"game-check": Studied(1, "game-check", 0, 1.0, found | changes)}


def test_a_press_of_the_button(lab: ObjectivesLab, qtbot: QtBot) -> None:
    first = asked(lab, qtbot)
    assert all(row.good is None and row.differences < 1e-6 for row in lab.checks.rows)
    assert "with a run there" in lab.checks.sentence.text()
    lab.set_studies(answer(first))
    assert all(row.good for row in lab.checks.rows)
    assert "All 17 derivatives agree" in lab.checks.sentence.text()
    second = asked(lab, qtbot)
    assert not np.array_equal(first["a"], second["a"])
    lab.set_studies(answer(first))
    assert all(row.good is None for row in lab.checks.rows), "an answer to the press before"


def test_the_live_batch_is_checked_too(lab: ObjectivesLab, qtbot: QtBot) -> None:
    lab.set_pictures({"beliefs": picture()})
    options = asked(lab, qtbot)
    assert np.isin(picture()["generated"].astype(float), options["a"]).all()
    assert "the run's among them" in lab.checks.sentence.text()


def test_a_derivative_that_is_wrong_is_said_to_be(lab: ObjectivesLab, qtbot: QtBot) -> None:
    options = asked(lab, qtbot)
    wrong = answer(options)
    wrong["game-check"].picture["slopes"][0] += 1e-5
    lab.set_studies(wrong)
    assert "NOT" in lab.checks.sentence.text()
    assert [cell.text() for cell in lab.checks.cells["minimax", "generator"]][-1] == "✗"
    assert lab.checks.cells["hinge", "generator"][-1].text() == "✓"


def test_a_trainer_that_cannot(lab: ObjectivesLab, qtbot: QtBot) -> None:
    asked(lab, qtbot)
    lab.set_studies({"game-check": Studied(1, "game-check", 0, 0.0, {}, "The trainer has ended.")})
    assert "The trainer has ended." in lab.checks.sentence.text()


def test_the_dock_passes_studies_on_and_the_workspace_what_is_asked(qtbot: QtBot) -> None:
    workspace = Workspace(LIGHT)
    qtbot.addWidget(workspace)
    dock = workspace.docks["objectives"]
    assert isinstance(dock, LabDock)
    assert isinstance(dock.lab, ObjectivesLab)
    with qtbot.waitSignal(workspace.study_asked) as signal:
        dock.lab.checks.button.click()
    frame = gan_frame(5, pictures={"beliefs": picture()})
    dock.draw(replace(frame, studies=answer(signal.args[1])))
    assert all(row.good for row in dock.lab.checks.rows)
    assert dock.lab.batch() is not None
    assert dock.wants(frozenset({"game-check"}))
    dock.set_run(frame.run)
    assert dock.lab.batch() is None
