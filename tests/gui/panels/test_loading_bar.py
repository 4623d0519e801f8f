"""How far the reading of data is, in the run bar."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.loading_bar import LoadingBar
from guiapp.gui.panels.readouts import THIN
from guiapp.gui.panels.run_bar import RunBar


def test_the_rest_is_guessed_once_it_has_gone_on_for_a_second(qtbot: QtBot) -> None:
    time = [0.0]
    bar = LoadingBar(now=lambda: time[0])
    qtbot.addWidget(bar)
    bar.begin()
    time[0] = 0.5
    bar.show_progress(1000, 100_000)
    assert bar.text == f"1{THIN}000 of 100{THIN}000"
    time[0] = 5.25
    bar.show_progress(20_000, 100_000)
    assert bar.text == f"20{THIN}000 of 100{THIN}000, 0:20 left"
    assert bar._bar.value() == 20
    bar.show_progress(10, 50)  # of other data: the time counts anew
    assert bar.text == "10 of 50"


def test_what_went_before_the_first_report_is_not_counted_as_slowness(qtbot: QtBot) -> None:
    """A folder of 100,000 is listed for seconds before the first picture: the rest took hours by that measure."""
    time = [0.0]
    bar = LoadingBar(now=lambda: time[0])
    qtbot.addWidget(bar)
    bar.begin()
    time[0] = 3.0
    bar.show_progress(16, 100_000)
    assert bar.text == f"16 of 100{THIN}000"
    time[0] = 5.0
    bar.show_progress(20_016, 100_000)
    assert bar.text == f"20{THIN}016 of 100{THIN}000, 0:08 left"


def test_while_files_are_being_found_the_total_is_not_known(qtbot: QtBot) -> None:
    bar = LoadingBar()
    qtbot.addWidget(bar)
    bar.begin()
    bar.show_progress(12_000, 0)
    assert bar.text == f"12{THIN}000 found so far"
    assert (bar._bar.minimum(), bar._bar.maximum()) == (0, 0), "it only moves"
    bar.show_progress(16, 100)
    assert (bar.text, bar._bar.maximum(), bar._bar.value()) == ("16 of 100", 100, 16)


@pytest.fixture
def shown(qtbot: QtBot) -> tuple[QMainWindow, RunBar]:
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = RunBar()
    window.addToolBar(bar)
    window.resize(1024, 100)
    with qtbot.waitExposed(window):
        window.show()
    return window, bar


def test_it_takes_the_place_of_the_numbers_until_the_state_changes(
    shown: tuple[QMainWindow, RunBar], qtbot: QtBot
) -> None:
    _window, bar = shown
    assert not bar.loading_bar.isVisible()
    bar.set_state("starting")
    assert not bar.loading_bar.isVisible(), "most runs begin at once"
    bar.show_loading(10, 100)
    qtbot.waitUntil(bar.loading_bar.isVisible)
    assert not bar._readouts.isVisible()
    bar.set_theme(bar._theme)
    assert bar.loading_bar.isVisible()
    with qtbot.waitSignal(bar.loading_cancelled):
        QTest.mouseClick(bar.loading_bar._cancel, Qt.MouseButton.LeftButton)
    assert not bar.loading_bar._cancel.isEnabled(), "once is enough"
    bar.set_state("paused")
    qtbot.waitUntil(bar._readouts.isVisible)
    assert not bar.loading_bar.isVisible()
    bar.set_state("starting")
    bar.show_loading(1, 100)
    assert bar.loading_bar._cancel.isEnabled()
