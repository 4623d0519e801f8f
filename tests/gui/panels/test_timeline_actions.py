"""Replay and the context menu of the timeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.timeline import Timeline
from tests.gui.panels.timeline_driver import LEFT, at, empty, filled, heard, press, refresh, track


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    return empty(qtbot)


@pytest.fixture
def full(qtbot: QtBot) -> Timeline:
    return filled(qtbot)


@pytest.fixture
def said(full: Timeline) -> list[Any]:
    return heard(full)


# --------------------------------------------------------------------------------------------------------- replay


def play(timeline: Timeline) -> QToolButton:
    return next(b for b in timeline.findChildren(QToolButton) if b.accessibleName() in ("Replay", "Stop the replay"))


def ring(timeline: Timeline) -> None:
    """It is time for the next keyframe."""
    pace = timeline._replay.findChild(QTimer)
    assert pace.isActive()
    pace.stop()
    pace.timeout.emit()


def test_replay_goes_on_when_a_step_is_shown_and_ends_live(full: Timeline, said: list[Any]) -> None:
    full.set_shown(700)
    play(full).click()
    assert said == [800]
    assert play(full).accessibleName() == "Stop the replay"
    assert not full._replay.findChild(QTimer).isActive(), "800 is not shown yet"
    full.set_shown(800)
    ring(full)
    full.set_shown(900)
    ring(full)
    assert said == [800, 900, "live"]
    assert play(full).accessibleName() == "Replay"


@pytest.mark.parametrize("place", [None, 900])
def test_replay_from_the_end_begins_at_the_first(full: Timeline, said: list[Any], place: int | None) -> None:
    full.set_shown(place)
    play(full).click()
    full.set_shown(0)
    ring(full)
    assert said == [0, 100]


def test_replay_stops_at_its_button_under_a_hand_and_when_the_views_go_live(full: Timeline, said: list[Any]) -> None:
    for stop in (play(full).click, lambda: press(full, 500), lambda: full.set_shown(None), full.refuse, full.set_run):
        full.set_shown(0)
        play(full).click()
        full.set_shown(100)
        ring(full)
        assert play(full).accessibleName() == "Stop the replay"
        stop()
        assert play(full).accessibleName() == "Replay"
        assert not full._replay.findChild(QTimer).isActive()
        QTest.mouseRelease(track(full), LEFT)
        full.set_shown(None)


def test_replay_goes_on_past_a_keyframe_that_is_gone(full: Timeline, said: list[Any]) -> None:
    full.set_shown(0)
    play(full).click()
    full.set_keyframes(np.array([0, 200, 300]))
    ring(full)
    assert said == [100, 200]
    full.set_shown(150)  # as the trainer found only this one
    ring(full)
    assert said == [100, 200, 300]


def test_replay_at_a_step_shown_already_goes_on(full: Timeline, said: list[Any]) -> None:
    full.set_shown(0)
    play(full).click()
    full.set_shown(200)
    ring(full)
    ring(full)
    assert said == [100, 300]


def test_speeds(full: Timeline) -> None:
    combo = full.findChild(QComboBox)
    assert combo.currentText() == "×1"
    combo.setCurrentText("×8")
    play(full).click()
    full.set_shown(0)
    assert full._replay.findChild(QTimer).interval() in (12, 13)


def test_there_is_nothing_to_replay_with_one_keyframe(timeline: Timeline) -> None:
    assert not play(timeline).isEnabled()
    timeline.set_keyframes(np.array([0]))
    timeline.set_progress(50)
    refresh(timeline)
    assert not play(timeline).isEnabled()
    timeline.set_keyframes(np.array([0, 50, 90]))
    refresh(timeline)
    assert play(timeline).isEnabled()


# ----------------------------------------------------------------------------------------------------------- menu


def menu(timeline: Timeline, step: float) -> dict[str, QAction]:
    track(timeline).menu_asked.emit(QPoint(0, 0), track(timeline).axis.x(step))
    found = timeline.findChildren(QMenu)[-1]
    return {action.text(): action for action in found.actions() if action.text()}


def close(timeline: Timeline) -> None:
    for found in timeline.findChildren(QMenu):
        found.close()


@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_the_menu_of_a_place(full: Timeline, said: list[Any]) -> None:
    found = menu(full, 510)
    assert list(found) == ["Go to step 500", "Fork from step 500…", "Back to live"]
    assert not found["Back to live"].isEnabled()
    found["Fork from step 500…"].trigger()
    found["Go to step 500"].trigger()
    close(full)
    found = menu(full, 10_000)
    assert "Go to step 900" in found
    found["Back to live"].trigger()
    assert said == [("fork", 500), 500, "live"]
    close(full)


@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_the_menu_of_an_edit_undoes_it(full: Timeline, said: list[Any]) -> None:
    menu(full, 303)["Undo this edit (β 1→4)"].trigger()
    close(full)
    menu(full, 700)["Undo this edit (learning rate 0.001→0.0003)"].trigger()
    assert said == [("undo", 0), ("undo", 1)]
    close(full)


@pytest.mark.parametrize("key", ["menu", "mouse"])
@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_the_menu_comes_by_mouse_and_by_key(full: Timeline, key: str) -> None:
    full.set_shown(300)
    by_key = key == "menu"
    reason = QContextMenuEvent.Reason.Keyboard if by_key else QContextMenuEvent.Reason.Mouse
    where = QPoint(1, 1) if by_key else at(full, 700)
    QApplication.sendEvent(track(full), QContextMenuEvent(reason, where, track(full).mapToGlobal(where)))
    texts = [action.text() for action in full.findChild(QMenu).actions()]
    assert any("β" in text for text in texts) is by_key, "the key's menu is that of the handle's place"
    assert any("learning rate" in text for text in texts) is not by_key
    close(full)


@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_a_new_run_closes_the_menu_of_the_old(full: Timeline) -> None:
    menu(full, 300)
    full.set_run()
    assert not any(found.isVisible() for found in full.findChildren(QMenu))
