"""The lab of vanishing gradients: what is asked for, what is drawn of the answers, and what cannot be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.docks import LabDock
from guiapp.gui.labs.depth import EMPTY, PAUSE_MS, DepthLab
from guiapp.gui.labs.depth_compute import (
    OWN,
    PRESETS,
    Line,
    Params,
    charts,
    options,
    preset_name,
    validated,
)
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.workspace import Workspace
from guiapp.messages import Studied
from guiapp.theory.propagation import DeepNetwork, propagate
from tests.gui.frames import gan_frame

FOUR = tuple(msgspec.structs.replace(network, depth=5, width=8) for network in PRESETS.values())
SMALL = Params(networks=(*FOUR[:3], msgspec.structs.replace(FOUR[3], depth=3)), layer=3)


def picture(params: Params = SMALL, press: int = 1, **changes: Any) -> dict[str, Any]:
    """What the study tells after 10 of 20 steps; made by hand."""
    networks = [params.networks[i] for i in params.indices]
    count, deepest, moments, bins = len(networks), max(n.depth for n in networks), 2, 6
    shape = (count, moments, deepest)
    inside = np.arange(deepest) < np.array([n.depth for n in networks])[:, None, None]  # (S, 1, L)
    values = np.where(inside, 10.0 ** -np.arange(1.0, deepest + 1), np.nan) * np.ones(shape)
    triple = values[..., None] * np.array([1, 0.5, 0.1])
    triple[:, :, 0] = np.nan
    counts = np.zeros((count, deepest, bins), np.int32)
    counts[:, :, 2:4] = 3, 9
    found = {
        "press": np.array(press),
        "step": np.array(10),
        "steps": np.array(20),
        "depth": np.array([n.depth for n in networks]),
        "diverged": np.full(count, -1),
        "loss": np.linspace(2, 1, 10) * np.ones((count, 1)),
        "accuracy_steps": np.array([0, 5, 10]),
        "accuracy": np.array([0.1, 0.4, 0.7]) * np.ones((count, 1)),
        "measured": np.array([0, 10]),
        "known": np.ones((count, moments), np.bool_),
        "sampled": np.broadcast_to(inside, shape).copy(),
        "gradient": np.concatenate([values, np.full((count, moments, 1), 0.5)], 2),
        "mean": values,
        "variance": values * np.array([1.0, 2.0])[:, None],
        "delta": values,
        "predicted": values[:, 0],
        "predicted_delta": values[:, 0],
        "layer": triple,
        "product": triple,
        "layer_counts": counts[:, :, ::-1].copy(),
        "product_counts": counts,
        "edges": np.linspace(-3, 3, bins + 1),
    }
    for s, network in enumerate(networks):
        found["gradient"][s, :, network.depth] = 0.5
    return found | changes


def report(found: dict[str, Any], progress: float = 1.0, trouble: str = "") -> dict[str, Studied]:
    return {"depth": Studied(1, "depth", 0, progress, found, trouble)}


@pytest.fixture
def lab(qtbot: QtBot) -> DepthLab:
    lab = DepthLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.set_params(SMALL)
    lab.show()
    qtbot.waitExposed(lab)
    return lab


def asked(lab: DepthLab, qtbot: QtBot, train: bool = False) -> dict[str, Any]:
    button = lab.controls.train if train else lab.controls.measure
    with qtbot.waitSignal(lab.study_asked) as signal:
        button.click()
    kind, found = signal.args
    assert kind == "depth"
    return dict(found)


def answered(lab: DepthLab, qtbot: QtBot, **changes: Any) -> dict[str, Any]:
    press = asked(lab, qtbot)["press"]
    found = picture(lab.params(), press) | changes
    lab.set_studies(report(found))
    return found


def lines(lab: DepthLab, chart: str) -> tuple[Line, ...]:
    return getattr(lab.plots, chart).lines  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------- what is asked


def test_the_four_presets_and_what_is_none_of_them() -> None:
    assert [preset_name(network) for network in FOUR] == ["plain sigmoid", "tanh + Glorot", "ReLU + He", "residual"]
    assert preset_name(DeepNetwork(gain=2.0)) == OWN
    assert Params().networks == tuple(PRESETS.values())


def test_measure_and_train_ask_for_the_networks_that_take_part(lab: DepthLab, qtbot: QtBot) -> None:
    first = asked(lab, qtbot)
    assert first["steps"] == 0
    assert len(first["settings"]) == 4
    lab.controls.boxes[1].shown.click()
    trained = asked(lab, qtbot, train=True)
    assert trained["steps"] == SMALL.steps
    assert [s["activation"] for s in trained["settings"]] == ["sigmoid", "relu", "tanh"]
    assert trained["press"] > first["press"]
    assert options(lab.params(), 3, train=True) == trained | {"press": 3}


def test_an_edit_is_measured_at_once_and_what_was_measured_goes(lab: DepthLab, qtbot: QtBot) -> None:
    answered(lab, qtbot)
    assert len(lines(lab, "gradient")) == 4
    with qtbot.waitSignal(lab.study_asked, timeout=20 * PAUSE_MS) as signal:
        lab.controls.boxes[0].layers.setValue(9)
        lab.controls.boxes[0].layers.setValue(11)
        assert lines(lab, "gradient") == ()
    assert signal.args[1]["settings"][0]["depth"] == 11
    assert signal.args[1]["steps"] == 0


def test_what_does_not_change_the_measurement_leaves_it(lab: DepthLab, qtbot: QtBot) -> None:
    answered(lab, qtbot)
    lab.controls.steps.setValue(700)
    lab.controls.lr.slider.setValue(-2.0)
    assert lab.params().steps == 700
    assert lab.params().lr == pytest.approx(0.01)
    assert len(lines(lab, "gradient")) == 4


def test_every_control_of_a_box(lab: DepthLab) -> None:
    box = lab.controls.boxes[2]
    box.units.setValue(12)
    box.gain.setValue(1.5)
    for combo, wanted in ((box.activation, "elu"), (box.init, "orthogonal"), (box.norm, "layer")):
        combo.setCurrentIndex(combo.findData(wanted))
        combo.activated.emit(combo.currentIndex())
    box.skip.click()
    box.bias.click()
    expected = DeepNetwork(5, 12, "elu", "orthogonal", 1.5, "layer", True, False)
    assert lab.params().networks[2] == expected
    assert box.preset.currentText() == OWN
    box.preset.setCurrentText("ReLU + He")
    box.preset.activated.emit(box.preset.currentIndex())
    assert lab.params().networks[2] == DeepNetwork(5, 12)
    box.preset.setCurrentText(OWN)
    box.preset.activated.emit(box.preset.currentIndex())
    assert box.preset.currentText() == "ReLU + He"


def test_one_size_for_all_and_the_four(lab: DepthLab) -> None:
    lab.controls.together.click()
    lab.controls.boxes[3].layers.setValue(50)
    assert [network.depth for network in lab.params().networks] == [50] * 4
    assert lab.params().networks[0].activation == "sigmoid"
    lab.controls.reset.click()
    assert lab.params().networks == Params().networks


def test_the_keyboard_reaches_everything(lab: DepthLab, qtbot: QtBot) -> None:
    controls = lab.controls
    for widget in (controls.task, controls.measure, controls.train, controls.boxes[0].shown, lab.plots.gradient.plot):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    controls.measure.setFocus()
    with qtbot.waitSignal(lab.study_asked):
        QTest.keyClick(controls.measure, Qt.Key.Key_Space)


def test_stop(lab: DepthLab, qtbot: QtBot) -> None:
    assert not lab.controls.stop.isEnabled()
    press = asked(lab, qtbot, train=True)["press"]
    lab.set_studies(report(picture(press=press), 0.4))
    assert lab.controls.progress.value() == 400
    with qtbot.waitSignal(lab.study_stopped):
        lab.controls.stop.click()
    lab.set_studies(report(picture(press=press), 0.4, "Stopped."))
    assert not lab.controls.stop.isEnabled()
    assert lab.status.text == "Stopped."
    assert len(lines(lab, "loss")) == 4


def test_without_a_network_nothing_is_asked(lab: DepthLab) -> None:
    for box in lab.controls.boxes:
        box.shown.click()
    assert not lab.controls.measure.isEnabled()
    assert "tick one" in lab.status.text
    assert lab.numbers().keys() == {"lr"}


# ------------------------------------------------------------------------------------------------------- what is drawn


def test_without_a_run_there_are_predictions(lab: DepthLab) -> None:
    assert lab.status.text == EMPTY
    assert [line.dashed for line in lines(lab, "variance")] == [True] * 4
    assert_allclose(lines(lab, "variance")[2].y, propagate(FOUR[2], 64).variance)
    assert_allclose(lines(lab, "product")[0].y, 0.25 ** np.arange(1, 5))
    assert "Press Train" in lab.plots.loss.status.text
    assert lab.numbers()["bound"] == pytest.approx(0.25**4)
    assert lab.numbers()["falls"] == pytest.approx(math.sqrt(propagate(FOUR[0], 64).gradient[0]))


def test_an_answer_is_drawn_as_it_is(lab: DepthLab, qtbot: QtBot) -> None:
    found = answered(lab, qtbot)
    gradient = lines(lab, "gradient")
    assert [len(line.y) for line in gradient] == [6, 6, 6, 4]
    assert_allclose(gradient[3].y, [0.1, 0.01, 0.001, 0.5])
    curve = lab.plots.gradient._curves[3]
    assert_allclose(curve.getData()[1], np.log10([0.1, 0.01, 0.001, 0.5]))
    product = [line for line in lines(lab, "product") if line.setting == 1]
    assert [line.name for line in product] == ["largest", "median", "least"]
    assert product[1].x.tolist() == [2, 3, 4, 5]
    assert_allclose(product[1].y, found["product"][1, 1, 1:, 1])
    assert_allclose(lines(lab, "loss")[0].y, np.linspace(2, 1, 10))
    assert_allclose(lines(lab, "accuracy")[0].x, [0, 5, 10])
    histogram = lines(lab, "histogram")[0]
    assert_allclose(histogram.y[::2], [0, 0, 0.25, 0.75, 0, 0])
    assert "70 % right" in lab.status.text
    assert "step 10 of 20" in lab.status.text


def test_another_layer_matrix_and_moment(lab: DepthLab, qtbot: QtBot) -> None:
    found = answered(lab, qtbot)
    lab.plots.of.setCurrentIndex(1)
    assert lab.params().of == "layer"
    assert_allclose(lines(lab, "histogram")[0].y[::2], [0, 0, 0.75, 0.25, 0, 0])
    lab.plots.layer.setValue(5)
    assert [line.name for line in lines(lab, "histogram")] == ["of layer 5"] * 3 + ["of layer 3"]
    assert lab.plots.layer.maximum() == 5
    moment = lab.controls.moment
    assert [moment.itemText(i) for i in range(moment.count())] == ["newest", "step 0", "step 10"]
    before = lines(lab, "variance")[1].y
    moment.setCurrentIndex(1)
    moment.activated.emit(1)
    assert_allclose(lines(lab, "variance")[1].y, before / 2)
    assert_allclose(lines(lab, "variance")[1].y, found["variance"][0, 0])


def test_a_measurement_under_way_leaves_the_one_before(lab: DepthLab, qtbot: QtBot) -> None:
    known = np.array([[True, True], [True, False], [True, False], [False, False]])
    found = answered(lab, qtbot, known=known)
    measured = [line for line in lines(lab, "variance") if not line.dashed]
    assert [line.setting for line in measured] == [0, 1, 2]
    assert_allclose(measured[0].y, found["variance"][0, 1])
    assert_allclose(measured[1].y, found["variance"][1, 0])


def test_an_answer_to_an_earlier_question_is_left_out(lab: DepthLab, qtbot: QtBot) -> None:
    press = asked(lab, qtbot)["press"]
    asked(lab, qtbot)
    lab.set_studies(report(picture(press=press)))
    assert lines(lab, "gradient") == ()


def test_a_long_curve_is_averaged_in_blocks() -> None:
    found = picture(loss=np.arange(4000.0) * np.ones((4, 1)))
    line = charts(SMALL, found, -1).loss[0]
    assert len(line.y) == 400
    assert_allclose(line.y[:2], [4.5, 14.5])
    assert_allclose(line.x, line.y)


def test_trouble_is_said(lab: DepthLab, qtbot: QtBot) -> None:
    asked(lab, qtbot)
    lab.set_studies(report({}, 0.0, "There is no run any more; start one first."))
    assert lab.status.text == "There is no run any more; start one first."
    lab.set_studies({})
    assert lab.status.text == EMPTY


# -------------------------------------------------------------------------------------- zeros, infinities, no numbers


def test_what_no_axis_can_show_stands_at_its_edge_and_in_words(lab: DepthLab, qtbot: QtBot) -> None:
    found = picture()
    found["variance"][0, 1] = [1e30, math.inf, math.inf, math.nan, 0.0]
    answered(lab, qtbot, variance=found["variance"])
    chart = lab.plots.variance
    assert "plain sigmoid, variance: 1 × 0, 2 × ∞, 1 × NaN" in chart.status.text
    spots = {kind: {setting: x.tolist() for setting, x in rows.items()} for kind, rows in chart.marks.spots.items()}
    assert spots == {"0": {0: [5]}, "∞": {0: [2, 3]}, "NaN": {0: [4]}}
    assert 30 < chart.plot.ranges()[1][1] < 40, "of the numbers alone"
    image, box = chart.plot.grab().toImage(), chart.plot.getViewBox()
    for kind, x in (("0", 5), ("∞", 2), ("NaN", 4)):
        at = box.mapViewToScene(QPointF(x, 0)).x(), box.sceneBoundingRect().top() + chart.marks._height(kind, 0)
        assert image.pixelColor(chart.plot.mapFromScene(*at)).name() == LIGHT.classes[0], kind


def test_a_network_that_diverged_is_said(lab: DepthLab, qtbot: QtBot) -> None:
    found = picture()
    found["loss"][2], found["accuracy"][2] = math.nan, math.nan
    answered(lab, qtbot, loss=found["loss"], accuracy=found["accuracy"], diverged=np.array([-1, -1, 0, -1]))
    assert "ReLU + He: the loss is not finite from step 0 on" in lab.status.text
    assert "10 × NaN" in lab.plots.loss.status.text
    assert lab.plots.loss.marks.spots["NaN"][2].tolist() == list(range(10))


def test_parameters_out_of_range_are_refused(lab: DepthLab) -> None:
    before = lab.params()
    for change in (
        {"lr": 0.0},
        {"steps": 0},
        {"networks": FOUR[:3]},
        {"networks": (*FOUR[:3], DeepNetwork(depth=101))},
    ):
        with pytest.raises(ValueError, match="cannot be"):
            lab.set_params(msgspec.structs.replace(before, **change))
    with pytest.raises(ValueError, match="own parameters"):
        lab.set_params(FOUR[0])
    assert lab.params() == before
    assert validated(before) == before


# -------------------------------------------------------------------------------------------------------------- window


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("size", [(480, 500), (760, 650), (1600, 1000)])
def test_it_is_laid_out_for_its_width(lab: DepthLab, qtbot: QtBot, theme: Any, size: tuple[int, int]) -> None:
    answered(lab, qtbot)
    lab.set_theme(theme)
    lab.resize(*size)
    qtbot.waitUntil(lambda: lab.controls.boxes[3].geometry().right() <= lab.width())
    image = lab.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}
    assert len(colours) > 20
    beside = lab.controls.boxes[3].y() == lab.controls.boxes[0].y()
    assert beside == (size[0] > 480)


def test_the_workspace_passes_on_what_it_asks_and_stops(qtbot: QtBot) -> None:
    workspace = Workspace(LIGHT)
    qtbot.addWidget(workspace)
    dock = workspace.docks["depth"]
    assert isinstance(dock, LabDock)
    lab = dock.lab
    assert isinstance(lab, DepthLab)
    with qtbot.waitSignal(workspace.study_asked) as signal:
        lab.controls.measure.click()
    found = picture(lab.params(), signal.args[1]["press"])
    dock.draw(replace(gan_frame(5), studies=report(found, 0.5)))
    assert len(lab.charts().gradient) == 4
    with qtbot.waitSignal(workspace.study_stopped):
        lab.controls.stop.click()
    dock.set_run(gan_frame(5).run)
    assert len(lab.charts().gradient) == 4, "it is not of the run"
