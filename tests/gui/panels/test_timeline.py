"""The timeline emits where a person wants to go and shows where the views are told to be."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.readouts import THIN
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.panels.timeline_track import EMPTY
from guiapp.gui.theme import DARK, LIGHT, Theme
from guiapp.run_file import Event
from tests.gui.panels.timeline_driver import (
    EDITS,
    LEFT,
    at,
    button,
    drag,
    empty,
    filled,
    heard,
    press,
    readout,
    refresh,
    timer,
    track,
)


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    return empty(qtbot)


@pytest.fixture
def full(qtbot: QtBot) -> Timeline:
    return filled(qtbot)


@pytest.fixture
def said(full: Timeline) -> list[Any]:
    return heard(full)


# --------------------------------------------------------------------------------------------------------- travel


@pytest.mark.expected_qt_message("This plugin does not support raise")
def test_scrubbing_says_each_keyframe_once(full: Timeline, said: list[Any]) -> None:
    press(full, 310)
    assert said == [300]
    for step in (320, 340, 349, 351, 390, 420, 240, 200):
        drag(full, step)
    QTest.mouseRelease(track(full), LEFT, pos=at(full, 200))
    assert said == [300, 400, 200]
    drag(full, 800)
    assert said == [300, 400, 200], "no button is down"


@pytest.mark.expected_qt_message("This plugin does not support raise")
def test_dragging_to_the_right_end_is_live(full: Timeline, said: list[Any]) -> None:
    press(full, 310)
    drag(full, 2000)
    drag(full, 2100)
    assert said == [300, "live"]
    drag(full, -100)
    assert said == [300, "live", 0]


def test_the_axis_does_not_move_under_the_hand(full: Timeline, said: list[Any]) -> None:
    press(full, 310)
    place = at(full, 300)
    full.set_progress(2000)
    refresh(full)
    assert at(full, 300) == place
    QTest.mouseRelease(track(full), LEFT, pos=place)
    assert at(full, 600) == place
    assert said == [300]


def test_the_track_keeps_its_place_when_the_handle_moves(full: Timeline, qtbot: QtBot) -> None:
    for newest in (999, 10_000_000):
        full.set_keyframes(np.linspace(0, newest, 11).astype(np.int64))
        full.set_progress(newest)
        refresh(full)
        full.layout().activate()
        before = track(full).geometry()
        press(full, 0.3 * newest)
        QTest.mouseRelease(track(full), LEFT)
        full.layout().activate()
        assert track(full).geometry() == before
        assert before.width() > 360
        full.set_shown(None)


def test_the_live_button_leads_back(full: Timeline, said: list[Any]) -> None:
    full.set_shown(300)
    button(full, "Back to live").click()
    button(full, "Back to live").click()
    assert said == ["live"]
    assert track(full).accessibleDescription().startswith("live")


@pytest.mark.expected_qt_message("This plugin does not support raise")
def test_the_answer_to_an_earlier_step_leaves_the_handle_under_the_hand(full: Timeline, said: list[Any]) -> None:
    press(full, 300)
    drag(full, 500)
    full.set_shown(300)
    assert track(full).value() == 500
    full.set_shown(500)
    assert track(full).value() == 500
    full.set_shown(None)
    assert track(full).value() == 1000
    assert said == [300, 500], "what it is told it does not say"


def test_a_step_that_cannot_be_shown_is_left_again(full: Timeline, said: list[Any]) -> None:
    full.set_shown(200)
    press(full, 500)
    full.refuse()
    assert readout(full) == f"step 200 of 1{THIN}000 · keyframe"
    QTest.mouseRelease(track(full), LEFT, pos=at(full, 500))
    press(full, 500)
    assert said == [500, 500], "one can ask again"
    full.set_keyframes(np.arange(0, 500, 100))
    assert readout(full).startswith("step 200"), "500 was thinned away before it was shown"


def test_the_numbers_say_which_step_and_that_it_is_awaited(full: Timeline) -> None:
    assert readout(full) == f"step 1{THIN}000"
    press(full, 300)
    assert readout(full) == f"step 300 of 1{THIN}000 · keyframe"
    late = timer(full, 300)
    assert late.isActive()
    late.stop()
    late.timeout.emit()
    assert readout(full) == f"step 300 of 1{THIN}000 · loading"
    full.set_shown(300)
    assert readout(full) == f"step 300 of 1{THIN}000 · keyframe"
    press(full, 500)
    full.set_shown(500)
    assert not late.isActive()


# -------------------------------------------------------------------------------------------------- what it is told


def test_it_repaints_ten_times_a_second_at_most(full: Timeline) -> None:
    full.set_progress(1001)
    assert readout(full) == f"step 1{THIN}000"
    full.set_progress(1002)
    refresh(full)
    assert readout(full) == f"step 1{THIN}002"
    timer(full, 100).stop()
    full.set_progress(1003)
    assert readout(full) == f"step 1{THIN}003", "after a rest at once"


def test_a_new_run_empties_it(full: Timeline, said: list[Any]) -> None:
    press(full, 300)
    full.set_shown(300)
    full.set_run()
    QTest.mouseRelease(track(full), LEFT, pos=at(full, 300))
    assert said == [300]
    assert len(track(full).keyframes) == 0
    assert track(full).text_at(100) == EMPTY
    assert readout(full) == "step 0"
    press(full, 300)
    assert said == [300]


def test_a_new_run_lets_go_of_the_hand(full: Timeline, said: list[Any]) -> None:
    press(full, 300)
    full.set_run()
    full.set_keyframes(np.arange(0, 50, 10))
    full.set_progress(50)
    refresh(full)
    assert track(full).axis.end == 50
    drag(full, 10)
    drag(full, 40)
    assert said == [300]


@pytest.mark.parametrize(
    ("keyframes", "newest", "expected"),
    [
        ([], 0, []),
        ([], 500, []),
        ([0], 0, [0]),
        ([7], 7, [7]),
        ([300, 100, 100, 200], 1000, [100, 200, 300]),
        ([0, 50, 200], 100, [0, 50]),
        ([-5, 3], 100, [3]),
        ([0, 5_000_000, 10_000_000], 10_000_000, [0, 5_000_000, 10_000_000]),
        ([0, 2**40], 2**40, [0, 2**40]),
    ],
)
@pytest.mark.parametrize("width", [300, 1000])
def test_odd_input(timeline: Timeline, keyframes: list[int], newest: int, expected: list[int], width: int) -> None:
    given = np.array(keyframes, np.int64)
    timeline.resize(width, timeline.height())
    timeline.set_keyframes(given)
    timeline.set_marks(EDITS, (Event(3, "diverged", {}), Event(newest, "resume", {}), Event(-1, "fork", {})))
    timeline.set_progress(newest)
    refresh(timeline)
    assert track(timeline).keyframes.tolist() == expected
    heard: list[int] = []
    timeline.travelled.connect(heard.append)
    for x in range(0, track(timeline).width(), 7):
        QTest.mouseClick(track(timeline), LEFT, pos=QPoint(x, 20))
        assert track(timeline).text_at(x)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Left, Qt.Key.Key_PageDown):
        QTest.keyClick(track(timeline), key)
    assert set(heard) <= set(expected)
    assert not timeline.grab().isNull()


def test_what_is_given_may_change_afterwards(timeline: Timeline) -> None:
    given = np.array([0, 100])
    timeline.set_keyframes(given)
    timeline.set_progress(1000)
    refresh(timeline)
    given[:] = 7
    assert track(timeline).keyframes.tolist() == [0, 100]


@pytest.mark.parametrize("width", [300, 420, 640, 1024, 1900])
@pytest.mark.parametrize("shown", [None, 300])
def test_nothing_overlaps_or_sticks_out(full: Timeline, width: int, shown: int | None) -> None:
    full.set_shown(shown)
    full.resize(width, full.height())
    full.layout().activate()
    visible = [child for child in full.children() if child.isWidgetType() and child.isVisible()]
    places = sorted((child.geometry().left(), child.geometry().right()) for child in visible)
    assert places[0][0] >= 0
    assert places[-1][1] < width
    assert all(before[1] < after[0] for before, after in pairwise(places))
    assert track(full).width() >= 120
    assert all(child.width() >= child.minimumSizeHint().width() for child in visible)
    assert full.findChild(QLabel).isVisible() is (width >= 1024)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_live_button_has_the_accent_while_travelling(full: Timeline, theme: Theme) -> None:
    full.set_theme(theme)
    live = button(full, "Back to live")

    def has_accent() -> bool:
        image = live.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        return image.pixelColor(QPointF(6, live.height() / 2).toPoint()).name() == theme.accent

    assert not has_accent()
    assert "back" not in live.text()
    full.set_shown(300)
    assert has_accent()
    assert "back to live" in live.text()


def test_every_control_has_a_name_and_a_tooltip(full: Timeline) -> None:
    for control in (*full.findChildren(QToolButton), full.findChild(QComboBox)):
        assert control.accessibleName()
        assert control.toolTip()
        assert control.focusPolicy() == Qt.FocusPolicy.TabFocus, "a click leaves Space to the window"
