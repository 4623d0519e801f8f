"""The counters of each layer against the numbers of the picture, and the table of them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.layer_counts import TITLES, LayerCounts, alarm, counted
from guiapp.gui.widgets.layer_table import LayerTable
from guiapp.gui.widgets.layers import FROZEN, UNUSED, placed
from guiapp.messages import Picture
from tests.gui.frames import layers, started, vae_frame
from tests.gui.pictures import layers_picture

RUN = vae_frame(1).run
TENSORS = placed(RUN.tensors)
NOTHING = ("",) * len(TENSORS)


def cell(found: tuple[LayerCounts, ...], layer: str, title: str) -> tuple[str, bool]:
    row = next(one for one in found if one.layer == layer)
    one = row.cells[[name for name, _ in TITLES].index(title)]
    return one.text, one.worrying


def picture(**changed: object) -> Picture:
    return {**layers_picture(RUN, dead=0), **{name: np.asarray(value) for name, value in changed.items()}}


def test_every_layer_has_a_row_and_an_output_layer_no_activations() -> None:
    found = counted(TENSORS, NOTHING, picture())
    assert [row.layer for row in found] == [f"{n}.{i}" for n in ("encoder", "decoder") for i in range(3)]
    assert found[0].tensor == "encoder.0.weight"
    assert cell(found, "encoder.2", "dead") == ("–", False)
    assert cell(found, "encoder.2", "∂ NaN") == ("0", False)
    assert not alarm(found)


def test_counts_are_those_of_the_picture_and_marked_when_not_0() -> None:
    found = counted(
        TENSORS,
        NOTHING,
        picture(dead=[3, 0, 64, 0], nan=[0, 1234, 0, 0], inf=[0, 0, 0, 1], g_nan=[1, 2] + [0] * 10),
    )
    assert cell(found, "encoder.0", "dead") == ("3 of 256", True)
    assert cell(found, "decoder.0", "dead") == ("64 of 64", True)
    assert cell(found, "encoder.1", "dead") == ("0 of 64", False)
    assert cell(found, "encoder.1", "NaN") == ("1,234", True)
    assert cell(found, "decoder.1", "Inf") == ("1", True)
    assert cell(found, "encoder.0", "∂ NaN") == ("3", True), "of the weights and the biases"
    assert "encoder.0: 3 of 256 dead, 3 NaN in the gradient · encoder.1: 1,234 NaN" in alarm(found)


def test_zeros_of_a_layers_gradient_are_weighted_by_size() -> None:
    zeros = np.zeros(len(TENSORS))
    zeros[0], zeros[1] = 0.5, 1.0
    sizes = [np.prod(shape) for _, shape in RUN.tensors[:2]]
    expected = (0.5 * sizes[0] + sizes[1]) / sum(sizes)
    assert cell(counted(TENSORS, NOTHING, picture(g_zeros=zeros)), "encoder.0", "∂ zeros") == (f"{expected:.1%}", True)


@pytest.mark.parametrize(("activation", "worrying"), [("relu", False), ("sigmoid", True)])
def test_what_a_rectifier_always_has_is_no_worry(activation: str, worrying: bool) -> None:
    found = counted(TENSORS, NOTHING, picture(activation=[activation] * 4))
    assert cell(found, "encoder.0", "zeros") == ("50.0%", worrying)
    assert cell(found, "encoder.0", "saturated") == ("50.0%", worrying)


def test_maxout_cannot_tell() -> None:
    nan = [np.nan] * 4
    found = counted(TENSORS, NOTHING, picture(activation=["maxout"] * 4, dead=nan, saturated=nan))
    assert cell(found, "encoder.0", "dead") == cell(found, "encoder.0", "saturated") == ("–", False)


def test_without_a_picture_the_states_alone_are_told() -> None:
    said = (FROZEN, "", UNUSED, UNUSED, *NOTHING[4:])
    found = counted(TENSORS, said, None)
    assert cell(found, "encoder.0", "zeros") == ("–", False)
    assert cell(found, "encoder.0", "note") == (FROZEN, True)
    assert cell(found, "encoder.1", "note") == (UNUSED, True), "said once"
    assert alarm(found) == f"encoder.0: {FROZEN} · encoder.1: {UNUSED}"


def test_a_norm_belongs_to_its_layer_and_a_picture_of_other_tensors_is_left_out() -> None:
    tensors = (*RUN.tensors[:2], ("encoder.0.norm.weight", (256,)), *RUN.tensors[2:], ("log_sigma", ()))
    found = counted(placed(tensors), ("",) * len(tensors), picture())
    assert [row.layer for row in found][:2] == ["encoder.0", "encoder.1"]
    assert found[-1].layer == "log_sigma"
    assert cell(found, "encoder.0", "∂ zeros") == ("–", False)


def test_a_model_without_hidden_layers() -> None:
    run = started(RUN.spec, ("loss",), layers("encoder", (9, 4)), (3, 3), (), frozenset(), 1)
    found = counted(placed(run.tensors), ("", ""), layers_picture(run))
    assert [row.layer for row in found] == ["encoder.0"]


@pytest.fixture
def table(qtbot: QtBot) -> LayerTable:
    table = LayerTable()
    qtbot.addWidget(table)
    table.resize(700, 200)
    with qtbot.waitExposed(table):
        table.show()
    return table


def test_the_table_shows_them_in_the_colour_of_warnings(table: LayerTable) -> None:
    table.show_counts(counted(TENSORS, NOTHING, layers_picture(RUN, dead=3)))
    model = table.model()
    assert model is not None
    assert (model.rowCount(), model.columnCount()) == (6, len(TITLES))
    assert model.headerData(0, Qt.Orientation.Vertical) == "encoder.0"
    index = model.index(0, 1)
    assert index.data() == "3 of 256"
    for theme in (LIGHT, DARK):
        table.set_theme(theme)
        assert index.data(Qt.ItemDataRole.ForegroundRole) == QColor(theme.warning)
        assert model.index(1, 1).data(Qt.ItemDataRole.ForegroundRole) is None
    table.show_counts(counted(TENSORS, NOTHING, layers_picture(RUN, dead=0)))
    assert index.data() == "0 of 256"
    table.grab()


def test_the_selected_row_stays_while_the_counts_change(table: LayerTable) -> None:
    table.show_counts(counted(TENSORS, NOTHING, layers_picture(RUN, dead=3)))
    table.selectRow(2)
    table.show_counts(counted(TENSORS, NOTHING, layers_picture(RUN, dead=112)))
    assert table.currentIndex().row() == 2


def test_enter_asks_for_the_histograms_of_a_row(table: LayerTable, qtbot: QtBot) -> None:
    table.show_counts(counted(TENSORS, NOTHING, layers_picture(RUN)))
    table.selectRow(3)
    with qtbot.waitSignal(table.chosen) as caught:
        QTest.keyClick(table, Qt.Key.Key_Return)
    assert caught.args == ["decoder.0.weight"]
