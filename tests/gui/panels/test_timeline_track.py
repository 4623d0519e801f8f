"""The track: keys that are its own and keys that are the window's, wheel, tooltips, and its picture."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QAction, QColor, QHelpEvent, QImage, QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QToolTip
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.readouts import THIN
from guiapp.gui.panels.run_bar import RunBar
from guiapp.gui.panels.timeline_scene import apart, tick_row
from guiapp.gui.panels.timeline_track import EMPTY, SIDE, UNSTORED, Track
from guiapp.gui.theme import DARK, LIGHT, Theme
from guiapp.run_file import Event
from tests.gui import frames

KEYFRAMES = np.array([0, 100, 200, 500, 990], np.int64)
PAINT_S = 0.02  # ten times what is aimed for: other programs run as well


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.addToolBar(RunBar(window))
    window.resize(1018, 200)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def track(window: QMainWindow) -> Track:
    track = Track()
    window.setCentralWidget(track)
    edits = frames.marks(frames.vae_frame(0).run, ((500, "model.beta", 1.0, 4.0),))
    track.set_keyframes(KEYFRAMES)
    track.marks.set(edits, (Event(300, "diverged", {"tensor": "encoder.0.weight"}),))
    track.set_newest(1000)
    return track


@pytest.fixture
def asked(track: Track) -> list[int | None]:
    """Where it wanted to go; it is told to be there at once."""
    heard: list[int | None] = []
    track.asked.connect(heard.append)
    track.asked.connect(track.set_position)
    return heard


@pytest.fixture
def steps(window: QMainWindow) -> list[str]:
    """What the window's own keys did."""
    heard: list[str] = []
    bar = window.findChild(RunBar)
    bar.step_requested.connect(heard.append)
    bar.run_toggled.connect(lambda _run: heard.append("run"))
    bar.epoch_requested.connect(lambda: heard.append("epoch"))
    bar.reset_requested.connect(lambda: heard.append("reset"))
    return heard


def key(track: Track, which: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(track, which, modifier)


# ----------------------------------------------------------------------------------------------------------- keys


def test_keys_move_by_keyframe(track: Track, asked: list[Any], steps: list[str]) -> None:
    track.setFocus()
    for which in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_Right):
        key(track, which)
    assert asked == [990, 500, 200, 0, 100]
    for which in (Qt.Key.Key_PageUp, Qt.Key.Key_PageUp, Qt.Key.Key_PageUp, Qt.Key.Key_PageUp):
        key(track, which)
    assert asked[5:] == [200, 500, 990, None]
    key(track, Qt.Key.Key_Home)
    key(track, Qt.Key.Key_End)
    key(track, Qt.Key.Key_Home)
    key(track, Qt.Key.Key_Escape)
    assert asked[9:] == [0, None, 0, None]
    assert steps == []


@pytest.mark.parametrize("which", [Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Escape])
def test_its_keys_go_before_shortcuts(track: Track, asked: list[Any], which: Qt.Key) -> None:
    rival = QAction(track)
    rival.setShortcut(which)
    rival.triggered.connect(lambda: pytest.fail("the shortcut has the key"))
    track.window().addAction(rival)
    track.setFocus()
    track.set_position(200)
    key(track, which)
    assert len(asked) == 1


def test_the_arrow_is_a_training_step_elsewhere(
    window: QMainWindow, track: Track, asked: list[Any], steps: Any
) -> None:
    track.clearFocus()
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert (asked, steps) == ([], ["both"])


def test_keys_of_the_window_stay_the_windows(track: Track, asked: list[Any], steps: list[str]) -> None:
    track.setFocus()
    key(track, Qt.Key.Key_Space)
    key(track, Qt.Key.Key_R)
    key(track, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert (asked, steps) == ([], ["run", "reset"])


def test_with_shift_an_arrow_goes_further_as_it_does_in_the_window(track: Track, asked: list[Any], steps: Any) -> None:
    track.setFocus()
    track.set_keyframes(np.arange(0, 1000, 10))
    for which in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
        key(track, which, Qt.KeyboardModifier.ShiftModifier)
    assert (asked, steps) == ([900, 800, 900], [])


def test_without_a_run_no_key_is_its_own(track: Track, asked: list[Any], steps: list[str]) -> None:
    track.set_newest(0)
    track.setFocus()
    key(track, Qt.Key.Key_Home)
    assert asked == []


def test_escape_is_its_own_only_while_travelling(track: Track, asked: list[Any], window: QMainWindow) -> None:
    track.setFocus()
    key(track, Qt.Key.Key_Escape)
    assert asked == []
    track.set_position(200)
    key(track, Qt.Key.Key_Escape)
    assert asked == [None]


def turn(track: Track, x: int = 0, y: int = 0) -> None:
    place = QPointF(100, 20)
    no, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(place, place, QPoint(), QPoint(x, y), Qt.MouseButton.NoButton, no, phase, False)
    QApplication.sendEvent(track, wheel)


def test_the_wheel_moves_by_keyframe(track: Track, asked: list[Any]) -> None:
    turn(track, y=-120)
    turn(track, y=-240)
    turn(track, y=120)
    turn(track, x=120)
    assert asked == [990, 200, 500, 200]


def test_a_touch_pad_sends_parts_of_a_notch(track: Track, asked: list[Any]) -> None:
    for _ in range(7):
        turn(track, y=-40)
    assert asked == [990, 500]


# ----------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        (200, ["step 200"]),
        (230, ["step 230; the nearest keyframe is 200"]),
        (500, ["step 500", "β 1→4 · step 500"]),
        (302, ["step 302; the nearest keyframe is 200", "diverged: encoder.0.weight was not finite · step 300"]),
        (1000, [f"live: step 1{THIN}000"]),
    ],
)
def test_tooltips(track: Track, step: int, lines: list[str]) -> None:
    assert track.text_at(track.axis.x(step)).split("\n") == lines


def test_a_tooltip_has_few_lines(track: Track) -> None:
    track.marks.set((), [Event(500, f"kind {i}", {}) for i in range(20)])
    lines = track.text_at(track.axis.x(500)).split("\n")
    assert len(lines) == 8
    assert lines[-1] == "and 14 more"


@pytest.mark.expected_qt_message("This plugin does not support raise")
def test_the_tooltip_comes_and_follows(track: Track, qtbot: QtBot) -> None:
    place = QPoint(round(track.axis.x(500)), 20)
    QApplication.sendEvent(track, QHelpEvent(QEvent.Type.ToolTip, place, track.mapToGlobal(place)))
    assert QToolTip.text() == "step 500\nβ 1→4 · step 500"
    QTest.mouseMove(track, QPoint(round(track.axis.x(200)), 20))
    assert QToolTip.text() == "step 200"
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_it_is_a_slider_to_screen_readers(track: Track, asked: list[Any]) -> None:
    track.set_position(200)
    seen = QAccessible.queryAccessibleInterface(track)
    assert seen.role() == QAccessible.Role.Slider
    assert (track.value(), track.maximum()) == (200, 1000)
    assert seen.text(QAccessible.Text.Name) == "Timeline"
    assert track.accessibleDescription() == "step 200 of 1000"
    assert asked == [], "shown, not asked for"
    track.setValue(480)  # as a screen reader does
    assert asked == [500]
    track.set_position(None)
    assert track.accessibleDescription() == "live, step 1000 of 1000"


# ---------------------------------------------------------------------------------------------------------- picture


def picture(track: Track) -> QImage:
    track.clearFocus()
    QApplication.processEvents()
    return track.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def column(image: QImage, x: float) -> set[str]:
    return {image.pixelColor(round(x), y).name() for y in range(image.height())}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_handle_and_marks_have_the_colours_of_the_theme(track: Track, theme: Theme) -> None:
    track.set_theme(theme)
    track.set_position(200)
    image = picture(track)
    assert theme.accent in column(image, track.axis.x(200))
    assert theme.accent not in column(image, track.axis.x(800))
    assert theme.ink in column(image, track.axis.x(500)), "the edit"
    assert theme.bad in column(image, track.axis.x(300)), "diverged"
    track.set_position(None)
    assert theme.ink in column(picture(track), track.axis.x(1000))


def test_empty_it_says_what_will_come(track: Track) -> None:
    track.set_newest(0)
    image = picture(track)
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 3
    assert track.text_at(50) == EMPTY
    track._tell()
    assert track.accessibleDescription() == EMPTY


def test_the_focus_is_seen(track: Track) -> None:
    without = picture(track)
    track.setFocus()
    QApplication.processEvents()
    assert track.grab().toImage().convertToFormat(QImage.Format.Format_RGB32) != without


def test_the_keyframe_under_the_pointer_is_seen(track: Track) -> None:
    without = picture(track)
    QTest.mouseMove(track, QPoint(round(track.axis.x(480)), 20))
    assert picture(track) != without
    QApplication.sendEvent(track, QEvent(QEvent.Type.Leave))
    assert picture(track) == without


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_ticks_stand_where_the_keyframes_are(track: Track, ratio: float) -> None:
    row = tick_row(track.axis, KEYFRAMES, "#ff0000", ratio)
    assert len(row) == round((track.width() - 2 * SIDE) * ratio)
    found = np.flatnonzero(row == QColor("#ff0000").rgba())
    starts = found[np.flatnonzero(np.diff(found, prepend=-9) > 1)]
    assert starts == pytest.approx((track.axis.xs(KEYFRAMES) - SIDE) * ratio, abs=1.01)
    assert len(found) == len(KEYFRAMES) * max(1, round(ratio))


def test_ticks_are_apart() -> None:
    assert apart(np.array([0.0, 1.0, 2.9, 3.0, 5.0, 7.0]), 3.0) == [0.0, 3.0, 7.0]
    assert apart(np.empty(0), 3.0) == []
    dense = np.linspace(0, 1000, 3000)
    assert min(np.diff(apart(dense, 3.0))) >= 3.0


def test_painting_many_is_quick(track: Track, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    edits = tuple((int(s), "model.beta", 1.0, 1.0 + i) for i, s in enumerate(np.sort(rng.integers(0, 10**6, 200))))
    track.set_keyframes(np.unique(rng.integers(0, 10**6, 3000)))
    track.marks.set(frames.marks(frames.vae_frame(0).run, edits), ())
    canvas = QPixmap(track.size())
    taken = []
    for i in range(15):
        track.set_newest(10**6 + i)  # all is laid out anew
        begin = time.perf_counter()
        track.render(canvas)
        taken.append(time.perf_counter() - begin)
    assert float(np.median(taken)) < PAINT_S


def test_a_run_that_is_not_stored_says_so(track: Track) -> None:
    track.set_keyframes(np.empty(0, np.int64))
    assert track.text_at(300) == UNSTORED
    track.set_newest(0)
    assert track.text_at(300) == EMPTY
