"""The palette lists what can be triggered, finds it by some of its letters, and triggers it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListWidget, QMainWindow

from guiapp.gui.panels.command_palette import CommandPalette, plain, score

NAMES = ("&Open data…", "&Save run…", "One step", "One epoch", "Reset", "Losses", "Latent space")


@pytest.fixture
def window(qtbot: Any) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    return window


@pytest.fixture
def triggered() -> list[str]:
    return []


@pytest.fixture
def palette(window: QMainWindow, triggered: list[str]) -> CommandPalette:
    actions = [QAction(name, window) for name in NAMES]
    for action in actions:
        action.triggered.connect(lambda _, action=action: triggered.append(action.text()))
    actions[0].setShortcut("Ctrl+O")
    hidden, disabled = QAction("Hidden", window), QAction("Disabled", window)
    hidden.setVisible(False)
    disabled.setEnabled(False)
    palette = CommandPalette([*actions, hidden, disabled, QAction("", window)], window)
    palette.open()
    return palette


def shown(palette: CommandPalette) -> list[str]:
    found = palette.findChild(QListWidget)
    return [found.item(i).text() for i in range(found.count())]


def typed(palette: CommandPalette, text: str) -> QLineEdit:
    line = palette.findChild(QLineEdit)
    QTest.keyClicks(line, text)
    return line


def test_it_lists_what_can_be_triggered_in_the_order_given(palette: CommandPalette) -> None:
    assert shown(palette) == [name.replace("&", "").replace("…", "") for name in NAMES]


def test_return_triggers_the_best_match_and_closes(palette: CommandPalette, triggered: list[str]) -> None:
    line = typed(palette, "oe")
    assert shown(palette)[0] == "One epoch"
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert triggered == ["One epoch"]
    assert not palette.isVisible()


def test_up_and_down_choose_and_stop_at_the_ends(palette: CommandPalette, triggered: list[str]) -> None:
    line = typed(palette, "")
    QTest.keyClick(line, Qt.Key.Key_Up)
    QTest.keyClick(line, Qt.Key.Key_Down)
    QTest.keyClick(line, Qt.Key.Key_Down)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert triggered == ["One step"]


def test_a_click_triggers(palette: CommandPalette, triggered: list[str]) -> None:
    found = palette.findChild(QListWidget)
    place = found.visualItemRect(found.item(4)).center()
    QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert triggered == ["Reset"]


def test_escape_closes_and_triggers_nothing(palette: CommandPalette, triggered: list[str]) -> None:
    QTest.keyClick(typed(palette, "reset"), Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert triggered == []


def test_no_match_is_said_and_cannot_be_triggered(palette: CommandPalette, triggered: list[str]) -> None:
    line = typed(palette, "zzz")
    assert shown(palette) == ["No command has these letters in this order."]
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert triggered == []


def test_it_is_gone_once_it_is_closed(palette: CommandPalette, window: QMainWindow) -> None:
    palette.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.findChild(CommandPalette) is None


def test_it_is_not_blank(palette: CommandPalette) -> None:
    image = palette.grab().toImage()
    assert len({image.pixel(x, 60) for x in range(image.width())}) > 3


def test_mnemonics_are_left_out_and_ampersands_kept(qapp: object) -> None:
    assert plain(QAction("&Mean && variance…")) == "Mean & variance"


def is_subsequence(query: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in query)


@given(st.text("ab c", max_size=6), st.text("ab c-", max_size=12))
def test_found_is_what_has_the_letters_in_their_order(query: str, text: str) -> None:
    assert (score(query, text) is not None) == is_subsequence(query.replace(" ", ""), text)


def best_by_trying_all(query: str, text: str, start: int = 0, previous: int = -9) -> float:
    """Independent witness: every way to place the letters."""
    if not query:
        return 0.0
    found = [float("-inf")]
    for i in range(start, len(text)):
        if text[i] == query[0]:
            word = 2 * (i == 0 or not text[i - 1].isalnum())
            found.append(word + 3 * (i == previous + 1) + best_by_trying_all(query[1:], text, i + 1, i))
    return max(found)


@given(st.text("ab", min_size=1, max_size=5), st.text("ab c", min_size=1, max_size=12))
def test_the_score_is_that_of_the_best_way_to_find_them(query: str, text: str) -> None:
    found = score(query, text)
    expected = best_by_trying_all(query, text) - len(text) / 16
    assert (expected if expected > float("-inf") else None) == found


@pytest.mark.parametrize(
    ("query", "better", "worse"), [("ls", "Latent space", "Losses"), ("res", "Reset", "One step reads")]
)
def test_starts_of_words_and_letters_in_a_row_come_first(query: str, better: str, worse: str) -> None:
    first, second = score(query, better), score(query, worse)
    assert first is not None
    assert second is not None
    assert first > second


def test_an_action_that_its_menu_explains_has_a_longer_name(window: QMainWindow) -> None:
    action = QAction("&dark", window)
    assert plain(action) == "dark"
    action.setData("Theme: dark")
    assert plain(action) == "Theme: dark"
