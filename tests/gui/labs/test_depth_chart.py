"""One chart of the lab of vanishing gradients by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from guiapp.gui.labs.depth_chart import DepthChart
from guiapp.gui.labs.depth_compute import Line, specials
from guiapp.gui.labs.depth_marks import thinned


def test_nothing_but_zeros(qtbot: QtBot) -> None:
    chart = DepthChart("a", ("x", "y"), "tip", "empty", log=True)
    qtbot.addWidget(chart)
    assert chart.status.text == ""
    chart.show_lines((), ("a",) * 4)
    assert chart.status.text == "empty"
    chart.show_lines((Line(np.arange(3.0), np.zeros(3), 0, "gradient"),), ("one",) * 4)
    assert chart.status.text == "one, gradient: 3 × 0"
    chart.plot.hovered.emit(1.1)
    assert chart.status.pointed == "at 1.10 · one: gradient 0"
    chart.plot.hovered.emit(None)
    assert chart.table()[1].shape == (3, 3)
    assert specials(chart.lines, log=False, names=("one",)) == ""


def test_marks_do_not_lie_on_each_other() -> None:
    assert thinned(np.array([-3.0, 0, 1, 2, 6, 11, 12, 99, 101]), 100.0) == [0, 6, 12, 99]


def test_a_chosen_range_stays_until_a_fit(qtbot: QtBot) -> None:
    chart = DepthChart("a", ("x", "y"), "tip", "empty", log=False)
    qtbot.addWidget(chart)
    line = Line(np.arange(3.0), np.arange(3.0), 0, "loss")
    chart.show_lines((line,), ("one",) * 4)
    chart.plot.set_ranges((0, 1), (0, 1))
    chart.plot.range_chosen.emit()
    chart.show_lines((replace(line, y=line.y * 10),), ("one",) * 4)
    assert chart.plot.ranges() == ((0, 1), (0, 1))
    chart.plot.fit_asked.emit()
    assert chart.plot.ranges()[1][1] >= 20
