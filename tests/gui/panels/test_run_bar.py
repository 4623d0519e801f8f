"""The run bar emits what is asked for, shows what it is told, and leaves keys to the control that has the focus."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMainWindow,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.icons import icon
from guiapp.gui.panels.readouts import THIN, Dot, Health, Readouts, clock, speed, thousands
from guiapp.gui.panels.run_bar import STATES, RunBar
from guiapp.gui.panels.verdict_button import VerdictButton
from guiapp.gui.theme import DARK, LIGHT, Theme
from guiapp.gui.verdicts import Ruling
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.gui.widgets.refusing_line import RefusingLine
from guiapp.parameters import flat
from guiapp.spec import RunSpec

PRESETS = [("a", "A VAE on Fashion-MNIST", "first"), ("b", "A GAN on a ring", "second")]


@pytest.fixture
def window(qtbot: Any) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    centre = QWidget()
    window.setCentralWidget(centre)
    QVBoxLayout(centre)
    window.resize(1024, 300)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def bar(window: QMainWindow) -> RunBar:
    bar = RunBar()
    window.addToolBar(bar)
    bar.set_presets(PRESETS)
    return bar


@pytest.fixture
def said(bar: RunBar) -> list[tuple[Any, ...]]:
    heard: list[tuple[Any, ...]] = []
    bar.run_toggled.connect(lambda run: heard.append(("run", run)))
    bar.step_requested.connect(lambda player: heard.append(("step", player)))
    bar.epoch_requested.connect(lambda: heard.append(("epoch",)))
    bar.reset_requested.connect(lambda: heard.append(("reset",)))
    bar.run_to_requested.connect(lambda step: heard.append(("to", step)))
    bar.preset_chosen.connect(lambda name: heard.append(("preset", name)))
    return heard


def focus(window: QMainWindow, widget: QWidget) -> QWidget:
    layout = window.centralWidget().layout()
    assert layout is not None
    layout.addWidget(widget)
    widget.show()
    widget.setFocus()
    return widget


def readout(bar: RunBar) -> str:
    layout = bar.findChild(Readouts).layout()
    assert layout is not None
    return "".join(layout.itemAt(i).widget().text() for i in range(layout.count()))


# --------------------------------------------------------------------------------------------------- asking


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, ("run", True)),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, ("step", "both")),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, ("epoch",)),
        (Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier, ("reset",)),
    ],
)
def test_keys(
    window: QMainWindow, bar: RunBar, said: list[Any], key: Qt.Key, modifier: Qt.KeyboardModifier, expected: Any
) -> None:
    QTest.keyClick(window, key, modifier)
    assert said == [expected]


def test_it_toggles_only_what_it_is_told(bar: RunBar, said: list[Any]) -> None:
    bar.run_action.trigger()
    bar.run_action.trigger()
    assert said == [("run", True), ("run", True)]
    bar.set_state("training")
    assert bar.run_action.text() == "Pause"
    bar.run_action.trigger()
    assert said[-1] == ("run", False)
    bar.set_state("paused")
    assert bar.run_action.text() == "Run"


def test_steps_of_one_player_are_offered_for_a_gan_alone(bar: RunBar, said: list[Any]) -> None:
    assert not bar.d_action.isVisible()
    bar.set_players(True)
    bar.d_action.trigger()
    bar.g_action.trigger()
    assert said == [("step", "d"), ("step", "g")]
    bar.set_players(False)
    assert not bar.g_action.isVisible()


def test_run_to_a_step_asks_for_one_that_is_still_to_come(bar: RunBar, said: list[Any]) -> None:
    bar.set_progress(500, 1.0, 100.0, 5.0, "cpu")
    bar.run_to_action.trigger()
    dialog = bar.findChild(QInputDialog)
    assert (dialog.intMinimum(), dialog.intValue()) == (501, 1500)
    dialog.setIntValue(2000)
    dialog.accept()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert said == [("to", 2000)]
    assert bar.findChild(QInputDialog) is None


def test_a_preset_is_chosen_by_its_name_and_shown_without_a_signal(bar: RunBar, said: list[Any]) -> None:
    combo = bar.findChild(QComboBox)
    assert combo.currentIndex() == -1
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert said == [("preset", "b")]
    bar.select_preset("a")
    assert combo.currentText() == "A VAE on Fashion-MNIST"
    bar.select_preset("no such")
    assert (combo.currentIndex(), combo.placeholderText()) == (-1, "custom")
    assert said == [("preset", "b")]


def test_nothing_is_asked_while_a_run_is_being_built(bar: RunBar) -> None:
    bar.set_state("starting")
    assert not any(action.isEnabled() for action in bar.run_actions())
    bar.set_state("lost")
    assert bar.run_action.isEnabled()


# ---------------------------------------------------------------------------------- keys of the focused control


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (QCheckBox, Qt.Key.Key_Space),
        (QLineEdit, Qt.Key.Key_Space),
        (QLineEdit, Qt.Key.Key_Right),
        (QLineEdit, Qt.Key.Key_R),
        (lambda: QSlider(Qt.Orientation.Horizontal), Qt.Key.Key_Right),
        (QComboBox, Qt.Key.Key_R),
    ],
)
def test_a_control_keeps_the_keys_it_uses(
    window: QMainWindow, bar: RunBar, said: list[Any], make: Callable[[], QWidget], key: Qt.Key
) -> None:
    QTest.keyClick(focus(window, make()), key)
    assert said == []


def test_a_check_box_is_switched_by_space(window: QMainWindow, bar: RunBar) -> None:
    box = cast(QCheckBox, focus(window, QCheckBox()))
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert box.isChecked()


def test_keys_that_a_control_does_not_use_still_run(window: QMainWindow, bar: RunBar, said: list[Any]) -> None:
    QTest.keyClick(focus(window, QSlider(Qt.Orientation.Horizontal)), Qt.Key.Key_Space)
    QTest.keyClick(focus(window, QCheckBox()), Qt.Key.Key_R)
    assert said == [("run", True), ("reset",)]


# --------------------------------------------------------------------------------------------------- showing


def test_progress_is_written_in_groups_of_digits(bar: RunBar) -> None:
    bar.set_progress(12340, 3.24, 512.4, 24.9, "cpu")
    assert readout(bar) == f"step 12{THIN}340 · epoch 3.2 · 512 steps/s · 0:24 · CPU"


@pytest.mark.parametrize(
    ("step", "epoch", "rate", "seconds"),
    [(0, 0.0, 0.0, 0.0), (9, math.nan, math.inf, math.nan), (10**7, 1e4, 0.04, 1e6)],
)
def test_any_progress_can_be_shown(bar: RunBar, step: int, epoch: float, rate: float, seconds: float) -> None:
    bar.set_progress(step, epoch, rate, seconds, "")
    assert "nan" not in readout(bar)
    assert "inf" not in readout(bar)


def test_places_do_not_move_as_numbers_change(window: QMainWindow, bar: RunBar) -> None:
    labels = bar.findChild(Readouts).findChildren(QLabel)
    bar.set_progress(12340, 13.2, 5120.0, 59 * 60, "cuda")
    QCoreApplication.processEvents()
    places = [label.x() for label in labels]
    for step, epoch, rate, seconds in ((0, 0.0, 0.0, 0.0), (99999, 99.9, 9999.0, 3599.0), (7, 1.0, 3.3, 61.0)):
        bar.set_progress(step, epoch, rate, seconds, "cpu")
        QCoreApplication.processEvents()
        assert [label.x() for label in labels] == places


def test_all_is_visible_at_1024_pixels(window: QMainWindow, bar: RunBar) -> None:
    bar.set_progress(999_999, 199.9, 12345.0, 36000.0, "cuda")
    bar.select_preset("a")
    bar.set_state("lost")
    QCoreApplication.processEvents()
    health = bar.findChild(Health)
    assert health.isVisible()
    assert health.geometry().right() < 1024
    assert not health.visibleRegion().isEmpty()


def ruling(kind: str, sure: bool) -> Ruling:
    return Ruling(kind, 1000, 2000 if sure else None, None, f"Evidence of {kind}.", "Do this.")


def test_a_verdict_stands_beside_the_health_and_leads_to_its_view(window: QMainWindow, bar: RunBar, qtbot: Any) -> None:
    button = bar.findChild(VerdictButton)
    assert not button.isVisible()
    bar.set_verdicts((ruling("mode dropping", False),))
    QCoreApplication.processEvents()
    assert button.isVisible()
    assert button.text() == "▲ mode dropping"
    assert "mode dropping (likely): Evidence of mode dropping." in button.toolTip()
    assert button.accessibleName() == "Verdicts: mode dropping"
    assert LIGHT.warning in button.styleSheet()
    with qtbot.waitSignal(bar.verdicts_asked):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    bar.set_theme(DARK)
    bar.set_verdicts((ruling("oscillation", True), ruling("mode dropping", False)))
    assert button.text() == "▲ 2 verdicts"
    assert DARK.bad in button.styleSheet()
    bar.set_verdicts(())
    QCoreApplication.processEvents()
    assert not button.isVisible()


def test_a_verdict_finds_room_at_1024_pixels(window: QMainWindow, bar: RunBar) -> None:
    bar.set_progress(999_999, 199.9, 12345.0, 36000.0, "cuda")
    bar.select_preset("a")
    bar.set_verdicts((ruling("discriminator winning", True),))
    QCoreApplication.processEvents()
    for kind in (Health, VerdictButton):
        widget = bar.findChild(kind)
        assert not widget.visibleRegion().isEmpty()
        assert widget.geometry().right() < 1024


@pytest.mark.parametrize("state", STATES)
def test_health_is_a_word_and_a_colour(bar: RunBar, state: str) -> None:
    bar.set_state(state)
    health = bar.findChild(Health)
    word = health.findChild(QLabel).text()
    assert word == STATES[state][0]
    assert health.accessibleName() == f"Health: {word}"
    assert health.toolTip() == STATES[state][2]
    assert health.findChild(Dot).grab().toImage().pixelColor(5, 5).name() == getattr(LIGHT, STATES[state][1])


def test_health_tells_what_it_is_told_in_both_themes(bar: RunBar) -> None:
    bar.set_state("diverged", "The loss is not finite in step 7.")
    bar.set_theme(DARK)
    health = bar.findChild(Health)
    assert health.toolTip() == "The loss is not finite in step 7."
    assert health.findChild(Dot).grab().toImage().pixelColor(5, 5).name() == DARK.bad
    bar.set_state("training")
    assert health.toolTip() == STATES["training"][2]


def test_an_unknown_state_is_an_error(bar: RunBar) -> None:
    with pytest.raises(KeyError):
        bar.set_state("dreaming")


def test_every_control_has_a_name_and_a_tooltip(bar: RunBar) -> None:
    for action in bar.run_actions():
        assert action.text()
        assert action.toolTip()
        assert bar.widgetForAction(action) is None or not action.icon().isNull()
    assert bar.findChild(QComboBox).accessibleName() == "Preset"
    assert bar._more.accessibleName() == "More ways to step"


@given(st.integers(0, 10**12))
def test_groups_of_digits_hold_the_number(number: int) -> None:
    groups = thousands(number).split(THIN)
    assert int("".join(groups)) == number
    assert all(len(group) == 3 for group in groups[1:])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (24.9, "0:24"), (725, "12:05"), (3725, "1:02:05"), (math.inf, "–")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(("rate", "text"), [(0, "0"), (0.04, "0.0"), (3.26, "3.3"), (512.4, "512"), (math.nan, "–")])
def test_speed(rate: float, text: str) -> None:
    assert speed(rate) == text


# ----------------------------------------------------------------------------------------------------- icons


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["run", "pause", "step", "reset", "more", "close"])
def test_icons_are_drawn_in_the_ink_of_the_theme(qapp: object, theme: Theme, name: str) -> None:
    image = icon(name, theme).pixmap(40, 40).toImage()
    solid = {
        image.pixelColor(x, y).getRgb()[:3]
        for x in range(40)
        for y in range(40)
        if image.pixelColor(x, y).alpha() == 255
    }
    ink = QColor(theme.ink)
    assert solid
    for red, green, blue in solid:  # premultiplied by alpha and back: right to one part in 255
        assert max(abs(red - ink.red()), abs(green - ink.green()), abs(blue - ink.blue())) <= 1


def test_the_icon_of_the_program_has_colours_of_its_own(qapp: object) -> None:
    image = icon("elboscope", LIGHT).pixmap(256, 256).toImage()
    assert len({image.pixel(x, 128) for x in range(256)}) > 3


def test_an_unknown_icon_is_an_error(qapp: object) -> None:
    with pytest.raises(FileNotFoundError):
        icon("no such icon", LIGHT)


# ------------------------------------------------------------------------------------------- focus after a click


@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_return_chooses_in_the_list_of_a_combo_box(window: QMainWindow, bar: RunBar, said: list[Any]) -> None:
    """Qt's list takes Return from the very event that the guard watches."""
    combo = bar.findChild(QComboBox)
    combo.showPopup()
    view = combo.view()
    view.setCurrentIndex(combo.model().index(1, 0))
    bar._guard._watch(view)
    press = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
    QCoreApplication.sendEvent(view, press)
    assert said == [("preset", "b")]
    assert not view.isVisible()


def test_space_after_a_number_runs_and_after_words_is_a_blank(
    window: QMainWindow, bar: RunBar, said: list[Any]
) -> None:
    found = flat(RunSpec())
    number = RefusingLine(found["model.beta"], window)
    QTest.keyClick(focus(window, number), Qt.Key.Key_Space)
    assert said == [("run", True)]
    QTest.keyClick(number, Qt.Key.Key_R)
    QTest.keyClick(focus(window, RefusingLine(found["model.encoder.hidden"], window)), Qt.Key.Key_Space)
    assert said == [("run", True)]


def test_a_click_on_a_button_leaves_space_to_the_window(window: QMainWindow, bar: RunBar, said: list[Any]) -> None:
    panel = QWidget()
    box, combo = QCheckBox(panel), QComboBox(panel)
    box.resize(100, 20)
    combo.move(0, 30)
    focus_by_tab(panel)
    focus(window, panel)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, 10))
    assert box.isChecked()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert said == [("run", True)]
    assert box.isChecked()
    box.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked()
    assert combo.focusPolicy() == Qt.FocusPolicy.TabFocus
