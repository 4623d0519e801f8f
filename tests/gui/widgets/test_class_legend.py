"""The legend of classes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK
from guiapp.gui.widgets.class_legend import ClassLegend


@pytest.fixture
def legend(qtbot: QtBot) -> ClassLegend:
    legend = ClassLegend()
    qtbot.addWidget(legend)
    legend.resize(120, 200)
    legend.set_classes(("cat", "dog", "fox"))
    legend.show()
    return legend


def test_a_click_anywhere_on_the_line_switches_once(qtbot: QtBot, legend: ClassLegend) -> None:
    line = legend.visualItemRect(legend.item(1))
    for x, hidden in ((8, {1}), (60, set())):  # on the box, on the name
        with qtbot.waitSignal(legend.hidden_changed):
            qtbot.mouseClick(legend.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, line.center().y()))
        assert legend.hidden_classes == hidden


def test_space_switches(qtbot: QtBot, legend: ClassLegend) -> None:
    legend.setCurrentRow(2)
    qtbot.keyClick(legend, Qt.Key.Key_Space)
    assert legend.hidden_classes == {2}


def test_enter_singles_a_class_out_and_back(qtbot: QtBot, legend: ClassLegend) -> None:
    legend.setCurrentRow(1)
    legend.item(1).setCheckState(Qt.CheckState.Unchecked)
    with qtbot.waitSignal(legend.hidden_changed):
        qtbot.keyClick(legend, Qt.Key.Key_Return)
    assert legend.hidden_classes == {0, 2}
    qtbot.keyClick(legend, Qt.Key.Key_Return)
    assert legend.hidden_classes == frozenset()
    legend.set_classes(("one",))
    legend.setCurrentRow(0)
    qtbot.keyClick(legend, Qt.Key.Key_Space)
    assert legend.hidden_classes == {0}
    qtbot.keyClick(legend, Qt.Key.Key_Return)
    assert legend.hidden_classes == frozenset()


def test_the_same_classes_keep_what_is_hidden(legend: ClassLegend) -> None:
    legend.item(0).setCheckState(Qt.CheckState.Unchecked)
    legend.set_classes(("cat", "dog", "fox"))
    legend.set_theme(DARK)
    assert legend.hidden_classes == {0}
    legend.set_classes(("cat",))
    assert legend.hidden_classes == frozenset()
    legend.set_classes(())
    assert legend.count() == 0


def test_across_it_is_as_high_as_its_rows(qtbot: QtBot, legend: ClassLegend) -> None:
    legend.set_classes(tuple(f"class {i}" for i in range(12)))
    for width in (150, 320, 2000):
        legend.lie_across(width)
        legend.resize(width, legend.minimumHeight())
        legend.doItemsLayout()
        bottom = max(legend.visualItemRect(legend.item(i)).bottom() for i in range(legend.count()))
        assert legend.height() - legend.sizeHintForRow(0) - 4 <= bottom < legend.height(), width
    legend.lie_across(None)
    assert not legend.isWrapping()
    assert legend.maximumHeight() > 10_000


def test_a_hidden_class_is_struck_out(legend: ClassLegend) -> None:
    legend.item(0).setCheckState(Qt.CheckState.Unchecked)
    struck = []
    for i in range(2):
        option = QStyleOptionViewItem()
        legend.itemDelegate().initStyleOption(option, legend.model().index(i, 0))
        struck.append(option.font.strikeOut())
        assert not option.features & QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    assert struck == [True, False]


def test_classes_that_share_a_colour_say_so(legend: ClassLegend) -> None:
    legend.set_classes(tuple("abcdefghijklmnopqrstuv"))
    assert legend.item(0).toolTip() == "There are 10 colours; of this one also: k, u"
    assert legend.item(21).toolTip().endswith(": b, l")
    legend.set_classes(tuple("abcdefghij"))
    assert legend.item(0).toolTip() == ""
