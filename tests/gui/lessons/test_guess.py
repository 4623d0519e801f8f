"""Answers as people type them, and what is said of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guiapp.gui.lessons.guess import ChoiceGuess, GuessError, NumberGuess, number, written
from guiapp.lessons import ChoiceCheck, NumberCheck

NUMBER = NumberCheck("How many?", -1.25, 0.25, "So it is.", "nats")
CHOICE = ChoiceCheck("Which?", 1, ("this", "that", "neither"), "That is it.")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        (" 0,5 ", 0.5),
        ("-2", -2.0),
        ("−2", -2.0),
        ("1/4", 0.25),
        ("1e-3", 1e-3),
        ("2^10", 1024.0),
        ("log(2)/2", math.log(2) / 2),
        ("-0.3 nats", -0.3),
        ("−log(4)nats", -math.log(4)),
        ("maximum(1, 2)", 2.0),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float) -> None:
    assert number(text, "nats") == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a number first."),
        ("   ", "Type a number first."),
        ("nats", "Type a number first."),
        ("many", "“many” is no number"),
        ("1 2", "is no number"),
        ("1,000.5", "is no number"),
        ("1/0", "no finite number"),
        ("nan", "is no number"),
        ("9**9**9**9", "no finite number"),
        ("__import__('os')", "is no number"),
        ("x" * 5000, "is no number"),
    ],
)
def test_what_is_no_number_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(GuessError, match=r".+") as refused:
        number(text, "nats")
    assert said in str(refused.value)
    assert len(str(refused.value)) < 120


@given(st.text(max_size=60))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    try:
        value = number(text)
    except GuessError:
        return
    assert math.isfinite(value)


@given(st.floats(-1e12, 1e12))
def test_what_is_written_is_read(value: float) -> None:
    assert number(written(value)) == pytest.approx(value, rel=1e-5)
    assert "-" not in written(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-1.25", ""),
        ("-1", ""),
        ("-1.5", ""),
        ("-0.99", "Not yet: the answer is smaller than −0.99."),
        ("1.25", "Not yet: the answer is smaller than 1.25."),
        ("-1.51", "Not yet: the answer is larger than −1.51."),
    ],
)
def test_a_wrong_number_gets_the_direction(qtbot: QtBot, text: str, said: str) -> None:
    guess = NumberGuess(NUMBER)
    qtbot.addWidget(guess)
    guess.line.setText(text)
    assert guess.judge() == said


def test_a_field_is_red_until_another_text_is_typed(qtbot: QtBot) -> None:
    guess = NumberGuess(NUMBER)
    qtbot.addWidget(guess)
    guess.show()
    guess.line.setText("many")
    with pytest.raises(GuessError):
        guess.judge()
    assert "many" in guess.line.problem
    assert "many" in guess.line.accessibleDescription()
    with qtbot.waitSignal(guess.touched):
        qtbot.keyClick(guess.line, Qt.Key.Key_Backspace)
    assert not guess.line.problem
    guess.line.setText("-1.25")
    with qtbot.waitSignal(guess.entered):
        qtbot.keyClick(guess.line, Qt.Key.Key_Return)


def test_a_choice_is_made_by_its_button_or_its_words(qtbot: QtBot) -> None:
    guess = ChoiceGuess(CHOICE)
    qtbot.addWidget(guess)
    guess.show()
    with pytest.raises(GuessError, match="Choose one"):
        guess.judge()
    guess.buttons[0].click()
    assert guess.judge() == "Not “this”. Try another one."
    words = next(label for label in guess.children() if getattr(label, "text", str)() == "that")
    qtbot.mouseClick(words, Qt.MouseButton.LeftButton)
    assert guess.buttons[1].isChecked()
    assert guess.judge() == ""
    guess.clear()
    assert not any(button.isChecked() for button in guess.buttons)
    guess.reveal()
    assert guess.judge() == ""
    assert [button.accessibleName() for button in guess.buttons] == list(CHOICE.choices)
