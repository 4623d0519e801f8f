from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from guiapp.export.code import script
from guiapp.gui.panels.code_window import COLUMNS, CodeWindow
from guiapp.gui.theme import DARK, LIGHT
from guiapp.spec import RunSpec

TEXT = script(RunSpec())
RAISED = r"This plugin does not support raise\(\)"  # a window that is there already comes to the front


@pytest.fixture
def window(qtbot: QtBot) -> CodeWindow:
    window = CodeWindow()
    qtbot.addWidget(window)
    return window


def button(window: CodeWindow, text: str) -> QPushButton:
    return next(b for b in window.findChildren(QPushButton) if text in b.text().replace("&", ""))


def told(window: CodeWindow) -> str:
    return next(label for label in window.findChildren(QLabel) if label.accessibleName() == "what was done").text()


def answer(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Let the file dialog answer `name`; gives what it proposed."""
    proposed: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: (proposed.append(given[2]), (name, ""))[1])
    return proposed


def test_it_is_empty_until_there_is_a_script(window: CodeWindow) -> None:
    assert "appears here" in window.text.placeholderText()
    assert not button(window, "Copy").isEnabled()
    assert not button(window, "Save").isEnabled()


@pytest.mark.expected_qt_message(RAISED)
def test_the_script_is_shown_from_its_top_and_blocks_nothing(window: CodeWindow, qtbot: QtBot) -> None:
    window.show_script(TEXT, "fashion vae")
    qtbot.waitExposed(window)
    assert window.text.toPlainText() == TEXT
    assert window.windowTitle() == "fashion vae: show as code"
    assert not window.isModal()
    window.text.verticalScrollBar().setValue(40)
    window.show_script("x = 1\n", "")
    assert window.text.verticalScrollBar().value() == 0
    assert window.windowTitle() == "Show as code"


def test_every_line_fits_in_even_columns(window: CodeWindow) -> None:
    window.show_script(TEXT, "run")
    metrics = QFontMetrics(window.text.font())
    assert metrics.horizontalAdvance("i" * 50) == metrics.horizontalAdvance("M" * 50)
    assert metrics.horizontalAdvance("0" * COLUMNS) < 1300
    window.resize(1400, 700)
    assert window.text.horizontalScrollBar().maximum() == 0


def test_it_is_read_and_selected_by_keyboard_but_not_written(window: CodeWindow, qtbot: QtBot) -> None:
    window.show_script(TEXT, "run")
    qtbot.keyClick(window.text, Qt.Key.Key_A)
    assert window.text.toPlainText() == TEXT
    qtbot.keyClick(window.text, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert window.text.textCursor().selectedText() == TEXT.splitlines()[0]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


@pytest.mark.expected_qt_message(RAISED)
def test_copy(window: CodeWindow) -> None:
    window.show_script(TEXT, "run")
    button(window, "Copy").click()
    assert QGuiApplication.clipboard().text() == TEXT
    assert told(window) == f"Copied: {len(TEXT.splitlines())} lines."
    window.show_script(TEXT, "run")
    assert told(window) == ""


def test_save(window: CodeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.show_script(TEXT, "2026-11-22 14:05 fashion/vae")
    proposed = answer(monkeypatch, str(tmp_path / "mine"))
    button(window, "Save").click()
    assert proposed == ["2026-11-22-14-05-fashion-vae.py"]
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == TEXT
    assert told(window) == f"Saved as {tmp_path / 'mine.py'}."


def test_a_save_that_fails_or_is_called_off(
    window: CodeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show_script(TEXT, "...")
    proposed = answer(monkeypatch, "")
    button(window, "Save").click()
    assert (proposed, told(window)) == (["script.py"], "")
    answer(monkeypatch, str(tmp_path / "no such folder" / "a.py"))
    button(window, "Save").click()
    assert "could not be written: No such file or directory" in told(window)


def test_both_themes(window: CodeWindow) -> None:
    window.show_script(TEXT, "run")
    window.resize(800, 500)
    pictures = []
    for theme in (LIGHT, DARK):
        window.set_theme(theme)
        image = window.text.viewport().grab().toImage()
        assert image.pixelColor(2, 2).name() == theme.background
        pictures.append({image.pixelColor(x, y).name() for x in range(300) for y in range(100)})
    assert all(len(colours) > 20 for colours in pictures)


def test_it_opens_with_room_to_read(qtbot: QtBot, window: CodeWindow) -> None:
    with qtbot.waitExposed(window):
        window.show_script(TEXT, "vae")
    lines = window.text.viewport().height() / QFontMetrics(window.text.font()).lineSpacing()
    assert lines >= 20
    window.resize(700, 300)
    window.close()
    window.show_script(TEXT, "vae")
    assert window.height() == 300, "as the person left it"
