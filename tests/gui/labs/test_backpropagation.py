from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from guiapp.gui.labs.backpropagation import BackpropagationLab
from guiapp.gui.labs.backpropagation_compute import PRESETS, Params, begun, compute, descended, short, validated

XOR = PRESETS["XOR, 2-2-1"]
NAN = (((np.nan,) * 3,) * 2, ((0.0,) * 3,))
DENSE = msgspec.structs.replace(begun((6, 6, 6, 6, 6)), stage=8, chosen=(2, 1, 2))


@pytest.fixture
def lab(qtbot: QtBot) -> BackpropagationLab:
    lab = BackpropagationLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    return lab


def middle(lab: BackpropagationLab, layer: int, to: int, source: int) -> QPoint:
    return (lab.graph.place(layer - 1, source) * 0.7 + lab.graph.place(layer, to) * 0.3).toPoint()


def type_cell(lab: BackpropagationLab, row: int, column: int, text: str) -> None:
    item = lab.table.table.item(row, column)
    assert item is not None
    item.setText(text)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_shown(lab: BackpropagationLab, name: str) -> None:
    lab.controls.presets[name].click()
    assert lab.params() == PRESETS[name] == validated(PRESETS[name])
    assert np.isfinite(list(lab.numbers().values())).all()


def test_the_presets_show_what_they_promise() -> None:
    shrinks = compute(PRESETS["sigmoid, 4 layers: watch δ shrink"]).done.delta
    sizes = [float(abs(delta).max()) for delta in shrinks]
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]
    dead = compute(PRESETS["ReLU: a dead unit"])
    assert (dead.done.a[0][:, 1] < 0).all()
    assert (dead.done.gradients[0][:, 1] == 0).all()
    assert dead.done.gradients[0][:, 0].any()


def test_steps_go_forward_then_back_and_values_appear(lab: BackpropagationLab, qtbot: QtBot) -> None:
    lab.set_params(msgspec.structs.replace(XOR, stage=0))
    buttons = lab.steps.buttons
    assert lab.graph.labels[(2, 0, 0)].text() == short(XOR.weights[1][0][0])
    for stage in (1, 2):
        buttons["Forward ▸"].click()
        assert lab.params().stage == stage
    assert not buttons["Forward ▸"].isEnabled()
    buttons["◂ Backward"].click()
    result = lab.result()
    assert (result.is_backward(2), result.is_backward(1)) == (True, False)
    assert (result.has_delta(1), result.has_delta(0)) == (True, False)
    assert lab.graph.labels[(2, 0, 0)].text() == short(result.done.gradients[1][1, 0, 0])
    assert "reaches layer 1" in lab.chain.text.toPlainText()
    qtbot.keyClick(lab.graph, Qt.Key.Key_Space)
    assert lab.params().stage == 4
    assert not buttons["◂ Backward"].isEnabled()
    qtbot.keyClick(lab.graph, Qt.Key.Key_Space)
    assert lab.params().stage == 0
    buttons["Whole pass"].click()
    assert lab.params().stage == 4


def test_a_click_on_an_edge_writes_its_chain_rule(lab: BackpropagationLab, qtbot: QtBot) -> None:
    lab.set_params(PRESETS["sigmoid, 4 layers: watch δ shrink"])
    qtbot.mouseClick(lab.graph.viewport(), Qt.MouseButton.LeftButton, pos=middle(lab, 2, 2, 2))
    assert lab.params().chosen == (2, 2, 2)
    text = lab.chain.text.toPlainText()
    assert "∂L/∂w²₃₃ = δ²₃ · g′(a²₃) · x¹₃" in text
    assert "a sum over 3 paths" in text
    told = f"{lab.result().chain.value:#.4g}".replace("-", "−")
    assert f"sum = {told}" in text
    assert r"\frac{\partial L}{\partial w^{2}_{33}} = (y_1-t_1) \cdot w^{4}_{1" in lab.chain.latex()
    assert lab.chain.latex().count("x^{1}_{3}") == 3


def test_a_click_on_a_unit_chooses_its_bias(lab: BackpropagationLab, qtbot: QtBot) -> None:
    place = lab.graph.place(1, 1).toPoint()
    qtbot.mouseClick(lab.graph.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert lab.params().chosen == (1, 1, 2)
    assert "b¹₂" in lab.chain.text.toPlainText()


def test_a_weight_is_dragged_and_typed(lab: BackpropagationLab, qtbot: QtBot) -> None:
    view, place = lab.graph.viewport(), middle(lab, 2, 0, 0)
    before = XOR.weights[1][0][0]
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(view, place - QPoint(0, 30))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place - QPoint(0, 30))
    assert lab.params().weights[1][0][0] == pytest.approx(before + 0.3)
    field = lab.controls.weight.field
    field.selectAll()
    qtbot.keyClicks(field, "-1.25")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert lab.params().weights[1][0][0] == -1.25
    field.selectAll()
    qtbot.keyClicks(field, "much")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert lab.params().weights[1][0][0] == -1.25
    assert "not “much”" in lab.controls.weight.message.text()


def test_arrows_move_the_selection(lab: BackpropagationLab, qtbot: QtBot) -> None:
    lab.set_params(msgspec.structs.replace(XOR, chosen=(1, 0, 0)))
    found = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(lab.graph, key)
        found.append(lab.params().chosen)
    assert found == [(1, 0, 1), (1, 0, 2), (1, 1, 0), (2, 0, 0), (1, 0, 0), (1, 1, 2)]
    qtbot.keyClick(lab.graph, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert lab.params().weights[0][1][2] == pytest.approx(XOR.weights[0][1][2] + 0.1)


def test_rows_choose_the_sample_and_bad_input_is_refused(lab: BackpropagationLab) -> None:
    lab.table.table.setCurrentCell(3, 0)
    assert lab.params().sample == 3
    assert "sample 4" in lab.chain.text.toPlainText()
    type_cell(lab, 0, 0, "0,5")
    assert lab.params().inputs[0] == (0.5, 0.0)
    for column, text in ((0, "one"), (1, "nan"), (1, "101"), (2, "1.5")):
        type_cell(lab, 0, column, text)
        assert f"not “{text}”" in lab.table.message.text()
        assert not lab.table.message.isHidden()
        assert (lab.params().inputs[0], lab.params().targets[0]) == ((0.5, 0.0), (0.0,))
    type_cell(lab, 0, 2, "1")
    assert lab.params().targets[0] == (1.0,)
    assert lab.table.message.isHidden()


def test_samples_come_and_go(lab: BackpropagationLab) -> None:
    for _ in range(4):
        lab.table.more.click()
    assert len(lab.params().inputs) == 8
    assert not lab.table.more.isEnabled()
    for _ in range(7):
        lab.table.fewer.click()
    assert len(lab.params().inputs) == 1
    assert not lab.table.fewer.isEnabled()


def test_the_shape_changes_and_samples_stay(lab: BackpropagationLab) -> None:
    lab.controls.layers.setValue(4)
    assert (lab.params().layers, lab.params().widths[-1]) == (4, 1)
    lab.controls.units[0].setValue(3)
    assert [row[:2] for row in lab.params().inputs] == [tuple(row) for row in XOR.inputs]
    lab.controls.layers.setValue(1)
    assert lab.params().widths == (3, 1)
    assert validated(lab.params()) == lab.params()
    lab.controls.loss.setCurrentText("squared error")
    lab.controls.activation.setCurrentText("gelu")
    lab.controls.residual.setChecked(True)
    assert (lab.params().loss, lab.params().activation, lab.params().residual) == ("squared error", "gelu", True)


def test_descent_lowers_the_loss_and_reset_returns(lab: BackpropagationLab) -> None:
    losses = []
    for _ in range(20):
        losses.append(lab.numbers()["batch"])
        lab.steps.buttons["Descend"].click()
    assert lab.numbers()["batch"] < losses[-1] < losses[0]
    lab.steps.buttons["Reset"].click()
    assert (lab.params().weights, lab.params().stage) == (XOR.weights, 0)


def test_a_step_that_explodes_is_not_made(lab: BackpropagationLab) -> None:
    huge = tuple(tuple(tuple(1e3 for _ in row) for row in w) for w in DENSE.weights)
    params = msgspec.structs.replace(DENSE, weights=huge, activation="relu", rate=10.0)
    lab.set_params(params)
    lab.steps.buttons["Descend"].click()
    assert lab.params() == params
    assert "lower the learning rate" in lab.steps.sentence.text()
    with pytest.raises(ValueError, match="learning rate"):
        descended(lab.result())


def test_bars_are_the_samples_and_their_mean(lab: BackpropagationLab) -> None:
    layer, to, source = lab.params().chosen
    mean = lab.result().mean[layer - 1][to, source]
    assert lab.result().per_sample.mean() == pytest.approx(mean, abs=1e-12)
    assert f"{abs(mean):#.4g}" in lab.samples.sentence.text()


def test_the_check_agrees(lab: BackpropagationLab) -> None:
    lab.checks.button.click()
    assert lab.checks.sentence.text().startswith("Largest difference")
    assert "NOT" not in lab.checks.sentence.text()


@pytest.mark.parametrize("size", [(480, 500), (740, 560), (1600, 1000)])
@pytest.mark.parametrize("params", [XOR, DENSE, PRESETS["sigmoid, 4 layers: watch δ shrink"]])
def test_no_numbers_overlap(lab: BackpropagationLab, params: Params, size: tuple[int, int]) -> None:
    lab.resize(*size)
    lab.set_params(params)
    assert params.chosen in lab.graph.labels
    boxes = [label.sceneBoundingRect() for label in lab.graph.labels.values()]
    assert not any(one.intersects(two) for one, two in itertools.combinations(boxes, 2))


def test_the_numbers_of_a_hovered_unit_are_shown(lab: BackpropagationLab, qtbot: QtBot) -> None:
    lab.set_params(DENSE)
    qtbot.mouseMove(lab.graph.viewport(), lab.graph.place(3, 4).toPoint())
    assert {(3, 4, source) for source in range(6)} & set(lab.graph.labels)
    assert (3, 0, 0) not in lab.graph.labels


@pytest.mark.parametrize(
    "change", [{"chosen": (3, 0, 0)}, {"sample": 9}, {"stage": 5}, {"rate": 100.0}, {"weights": NAN}, {"widths": (2,)}]
)
def test_parameters_that_do_not_fit_are_refused(lab: BackpropagationLab, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        lab.set_params(msgspec.structs.replace(XOR, **change))
    assert lab.params() == XOR
