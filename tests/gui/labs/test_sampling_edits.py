from __future__ import annotations

from typing import Any

import msgspec
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from guiapp.gui.labs.sampling import SamplingLab
from guiapp.gui.labs.sampling_compute import PRESETS
from guiapp.gui.labs.sampling_edits import KINDS, added, linked
from guiapp.theory.bayesian_network import Discrete, LinearGaussian

GRADE = PRESETS["Student with grade g³"]


@pytest.fixture
def lab(qtbot: QtBot) -> SamplingLab:
    lab = SamplingLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    return lab


def change(lab: SamplingLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def title_of(lab: SamplingLab, name: str) -> QPoint:
    return (lab.graph.boxes()[name].rect.topLeft() + QPointF(12, 9)).toPoint()


def drag(qtbot: QtBot, lab: SamplingLab, start: QPoint, end: QPoint, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(lab.graph, Qt.MouseButton.LeftButton, held, start)
    qtbot.mouseMove(lab.graph, (start + end) / 2)
    qtbot.mouseMove(lab.graph, end)
    qtbot.mouseRelease(lab.graph, Qt.MouseButton.LeftButton, held, end)


def key(qtbot: QtBot, lab: SamplingLab, code: Qt.Key, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(lab.graph, code, held)


def type_cell(lab: SamplingLab, row: int, column: int, text: str) -> None:
    item = lab.editor.table.item(row, column)
    assert item is not None
    item.setText(text)


# ----------------------------------------------------------------------------------------------------------- editing


def test_nodes_are_dragged(qtbot: QtBot, lab: SamplingLab) -> None:
    start = title_of(lab, "L")
    centre = lab.graph.boxes()["L"].rect.center()
    drag(qtbot, lab, start, start + QPoint(60, -40))
    moved = lab.graph.boxes()["L"].rect.center()
    assert (moved.x() - centre.x(), moved.y() - centre.y()) == pytest.approx((60, -40), abs=1)
    assert list(lab.params().places) == ["L"]
    drag(qtbot, lab, title_of(lab, "L"), QPoint(5000, 5000))
    assert lab.params().places["L"] == (1.0, 1.0)


def test_an_observed_number_is_pulled(qtbot: QtBot, lab: SamplingLab) -> None:
    lab.set_params(PRESETS["Linear-Gaussian chain"])
    plot = lab.graph.boxes()["y"].plot()
    drag(qtbot, lab, plot.center().toPoint(), plot.center().toPoint() + QPoint(30, 0))
    assert lab.params().evidence["y"] != -4.0
    assert lab.params().places == {}


def test_a_double_click_lets_a_number_go(qtbot: QtBot, lab: SamplingLab) -> None:
    lab.set_params(PRESETS["Linear-Gaussian chain"])
    qtbot.mouseDClick(lab.graph, Qt.MouseButton.LeftButton, pos=title_of(lab, "y"))
    assert lab.params().evidence == {}
    at = lab.graph.boxes()["z"].plot().center().toPoint()
    qtbot.mouseClick(lab.graph, Qt.MouseButton.LeftButton, pos=at)
    assert list(lab.params().evidence) == ["z"]


def test_what_is_computed_from_numbers_cannot_be_observed(qtbot: QtBot, lab: SamplingLab) -> None:
    lab.set_params(PRESETS["A tiny decoder"])
    at = lab.graph.boxes()["f"].plot().center().toPoint()
    qtbot.mouseClick(lab.graph, Qt.MouseButton.LeftButton, pos=at)
    assert lab.params().evidence == {}
    assert lab.sentence.text.startswith("f is computed from continuous nodes")


def test_nodes_of_a_long_chain_do_not_hide_each_other(lab: SamplingLab) -> None:
    params = PRESETS["Linear-Gaussian chain"]
    for place in range(9):
        params = added(params, "linear-Gaussian")
        params = linked(params, f"X{place}" if place else "y", f"X{place + 1}")
    lab.set_params(params)
    boxes = list(lab.graph.boxes().values())
    assert len(boxes) == 12
    assert not any(one.rect.intersects(other.rect) for one in boxes for other in boxes if one is not other)


def test_shift_drag_makes_an_arrow_and_takes_it_away(qtbot: QtBot, lab: SamplingLab) -> None:
    exact = lab.numbers()["exact"]
    drag(qtbot, lab, title_of(lab, "D"), title_of(lab, "S"), shift=True)
    node = lab.result().network.nodes["S"]
    assert isinstance(node, Discrete)
    assert node.parents == ("I", "D")
    assert node.table == ((0.95, 0.05), (0.95, 0.05), (0.2, 0.8), (0.2, 0.8))
    assert lab.numbers()["exact"] == pytest.approx(exact)
    drag(qtbot, lab, title_of(lab, "D"), title_of(lab, "S"), shift=True)
    again = lab.result().network.nodes["S"]
    assert isinstance(again, Discrete)
    assert_allclose(again.table, ((0.95, 0.05), (0.2, 0.8)))


def test_a_row_for_each_case_is_left_of_what_is_unlinked(lab: SamplingLab) -> None:
    change(lab, chosen="G")
    lab.editor.parents["I"].click()
    node = lab.result().network.nodes["G"]
    assert isinstance(node, Discrete)
    assert node.parents == ("D",)
    assert_allclose(node.table, ((0.6, 0.24, 0.16), (0.275, 0.275, 0.45)))


def test_a_cycle_is_refused_and_named(qtbot: QtBot, lab: SamplingLab) -> None:
    before = lab.params()
    drag(qtbot, lab, title_of(lab, "L"), title_of(lab, "I"), shift=True)
    assert lab.params() == before
    assert lab.sentence.text.startswith("A cycle: I → G → L → I.")
    assert lab.sentence.colour == "bad"
    change(lab, chosen="I")
    lab.editor.parents["L"].click()
    assert lab.editor.message.text().startswith("A cycle: I → G → L → I.")
    assert not lab.editor.parents["L"].isChecked()
    assert lab.params().nodes == before.nodes


def test_two_states_follow_each_other(lab: SamplingLab) -> None:
    change(lab, chosen="D")
    type_cell(lab, 0, 1, "0.25")
    node = lab.result().network.nodes["D"]
    assert isinstance(node, Discrete)
    assert node.table == ((0.75, 0.25),)


def test_a_row_takes_effect_once_it_sums_to_1(lab: SamplingLab) -> None:
    change(lab, chosen="G")
    before = lab.params()
    type_cell(lab, 2, 0, "0.5")
    assert lab.editor.message.text() == "Row 3 (i¹ d⁰) sums to 0.6, not to 1: the old numbers hold until it does."
    assert lab.params() == before
    type_cell(lab, 2, 2, "0.42")
    assert not lab.editor.message.isVisible()
    node = lab.result().network.nodes["G"]
    assert isinstance(node, Discrete)
    assert node.table[2] == (0.5, 0.08, 0.42)
    type_cell(lab, 0, 0, "1")
    assert lab.editor.normalise.isVisible()
    lab.editor.normalise.click()
    node = lab.result().network.nodes["G"]
    assert isinstance(node, Discrete)
    assert node.table[0] == pytest.approx((1 / 1.7, 0.4 / 1.7, 0.3 / 1.7))


@pytest.mark.parametrize("text", ["1.2", "-0.1", "nan", "many", ""])
def test_what_is_no_probability_is_refused(lab: SamplingLab, text: str) -> None:
    change(lab, chosen="G")
    before = lab.params()
    type_cell(lab, 0, 0, text)
    assert lab.editor.message.text() == f"A probability is a number from 0 to 1, not “{text}”."
    assert lab.params() == before
    item = lab.editor.table.item(0, 0)
    assert item is not None
    assert item.text() == "0.3"


def test_gaussian_numbers(lab: SamplingLab) -> None:
    lab.set_params(PRESETS["Linear-Gaussian chain"])
    change(lab, chosen="x")
    type_cell(lab, 1, 0, "3")
    node = lab.result().network.nodes["x"]
    assert isinstance(node, LinearGaussian)
    assert node.weights == (3.0,)
    for row, text, sentence in ((2, "0", "σ of x is 0"), (0, "1e300", "at most 1e+06"), (0, "a", "takes a number")):
        type_cell(lab, row, 0, text)
        assert sentence in lab.editor.message.text()
        assert lab.result().network.nodes["x"] == node


def test_formulas_and_names(qtbot: QtBot, lab: SamplingLab) -> None:
    lab.set_params(PRESETS["Two dice and their total"])
    change(lab, chosen="total", evidence={})
    lab.editor.formula.setText("__import__('os')")
    lab.editor.formula.editingFinished.emit()
    assert lab.editor.message.text().startswith("The formula of total: ")
    assert lab.editor.formula.text() == "A + B"
    lab.editor.formula.setText("A*B")
    lab.editor.formula.editingFinished.emit()
    assert lab.numbers()["exact"] == pytest.approx(3.5**2)
    change(lab, chosen="A")
    lab.editor.name.setText("first")
    lab.editor.name.editingFinished.emit()
    assert lab.result().network.order == ("first", "B", "total")
    assert lab.result().network.nodes["total"].formula == "first*B"  # type: ignore[union-attr]
    lab.editor.name.setText("B")
    lab.editor.name.editingFinished.emit()
    assert "Two nodes are called B" in lab.editor.message.text()


def test_states_come_and_go(lab: SamplingLab) -> None:
    change(lab, chosen="D", evidence={"D": "d¹"})
    lab.editor.states.setText("easy, hard, mad")
    lab.editor.states.editingFinished.emit()
    assert lab.params().evidence == {"D": "hard"}
    node, child = (lab.result().network.nodes[name] for name in "DG")
    assert isinstance(node, Discrete)
    assert isinstance(child, Discrete)
    assert node.table == ((0.6, 0.4, 0.0),)
    assert [row[0] for row in child.table] == [0.3, 0.05, 0.05, 0.9, 0.5, 0.5]
    lab.editor.states.setText("only")
    lab.editor.states.editingFinished.emit()
    assert "needs at least two states" in lab.editor.message.text()


def test_nodes_are_added_and_deleted(qtbot: QtBot, lab: SamplingLab) -> None:
    for kind in KINDS:
        lab.editor.edited.emit(added(lab.params(), kind))
    assert lab.result().network.order[-3:] == ("X1", "X2", "X3")
    assert lab.editor.kind.currentText() == "deterministic"
    lab.editor.kind.textActivated.emit("linear-Gaussian")
    assert isinstance(lab.result().network.nodes["X3"], LinearGaussian)
    for _ in range(2):
        key(qtbot, lab, Qt.Key.Key_Delete)
    assert len(lab.params().nodes) == 6
    for _ in range(9):
        lab.editor.delete.click()
    assert len(lab.params().nodes) == 1
    assert "at least one" in lab.editor.message.text()


def test_the_keyboard_does_it_all(qtbot: QtBot, lab: SamplingLab) -> None:
    change(lab, chosen="I")
    key(qtbot, lab, Qt.Key.Key_Right)
    assert lab.result().chosen == "G"
    key(qtbot, lab, Qt.Key.Key_Up)
    assert lab.params().state == "g²"
    key(qtbot, lab, Qt.Key.Key_Return)
    assert lab.params().evidence == {"G": "g²"}
    key(qtbot, lab, Qt.Key.Key_Return)
    assert lab.params().evidence == {}
    key(qtbot, lab, Qt.Key.Key_Left, shift=True)
    assert list(lab.params().places) == ["G"]
    lab.set_params(PRESETS["Linear-Gaussian chain"])
    change(lab, chosen="y")
    key(qtbot, lab, Qt.Key.Key_Up)
    assert float(lab.params().evidence["y"]) > -4
