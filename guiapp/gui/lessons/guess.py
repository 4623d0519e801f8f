"""What a person answers to the self-check of a lesson: a number that is typed, or one of several choices."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from guiapp.gui.widgets.outline import outline
from guiapp.lessons import ChoiceCheck, NumberCheck
from guiapp.theory.expression import Expression, ExpressionError


class GuessError(ValueError):
    """There is no answer that could be judged: one sentence that says what is missing."""


class NumberGuess(QWidget):
    """A field for a number. `entered`: Return was pressed in it; `touched`: the text is another one now."""

    entered = Signal()
    touched = Signal()

    def __init__(self, check: NumberCheck) -> None:
        super().__init__()
        self._check = check
        self.line = GuessLine()
        self.line.setPlaceholderText("a number")
        self.line.setAccessibleName(f"your answer, in {check.unit}" if check.unit else "your answer")
        self.line.setToolTip("A number, or what gives one, such as log(2)/2. Return checks it")
        self.line.returnPressed.connect(self.entered)
        self.line.textEdited.connect(self._edited)
        unit = QLabel(check.unit)
        unit.setVisible(bool(check.unit))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(unit)

    def judge(self) -> str:
        """What is to be said of a wrong answer; empty for the right one.

        Raises:
            GuessError: no number is in the field.
        """
        try:
            guess = number(self.line.text(), self._check.unit)
        except GuessError as error:
            self.line.refuse(str(error))
            raise
        self.line.refuse("")
        off = guess - self._check.answer
        if abs(off) <= self._check.within * (1 + 1e-9):  # a bound that was typed is a bound that is met
            return ""
        return f"Not yet: the answer is {'smaller' if off > 0 else 'larger'} than {written(guess)}."

    def solution(self) -> str:
        """The answer as a person reads it."""
        return f"{written(self._check.answer)} {self._check.unit}".strip()

    def reveal(self) -> None:
        """Put the answer into the field."""
        self.line.setText(written(self._check.answer))
        self.line.refuse("")

    def clear(self) -> None:
        """Begin anew."""
        self.line.clear()
        self.line.refuse("")

    def _edited(self) -> None:
        self.line.refuse("")
        self.touched.emit()


class GuessLine(QLineEdit):
    """A line of text that can be outlined in red."""

    def __init__(self) -> None:
        super().__init__()
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why the text is refused; empty while it is not."""
        return self._problem

    def refuse(self, problem: str) -> None:
        """Show that the text cannot be used, or with "" that it can."""
        self._problem = problem
        self.setAccessibleDescription(problem or self.toolTip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        outline(self, self.rect(), bool(self._problem))


class ChoiceGuess(QWidget):
    """A button for each choice. `entered` is as that of a number and never comes; `touched`: another one is chosen."""

    entered = Signal()
    touched = Signal()

    def __init__(self, check: ChoiceCheck) -> None:
        super().__init__()
        self._check = check
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for index, choice in enumerate(check.choices):
            row = QHBoxLayout()
            button = QRadioButton()
            button.setAccessibleName(choice)
            words = ChoiceWords(choice, button)  # a radio button breaks no lines
            self._group.addButton(button, index)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(words, 1)
            column.addLayout(row)
        self._group.idToggled.connect(lambda _id, on: self.touched.emit() if on else None)

    @property
    def buttons(self) -> list[QRadioButton]:
        """In the order of the choices."""
        return [button for button in self._group.buttons() if isinstance(button, QRadioButton)]

    def judge(self) -> str:
        """What is to be said of a wrong answer; empty for the right one.

        Raises:
            GuessError: nothing is chosen.
        """
        chosen = self._group.checkedId()
        if chosen < 0:
            raise GuessError("Choose one of the answers first.")
        return "" if chosen == self._check.answer else f"Not “{self._check.choices[chosen]}”. Try another one."

    def solution(self) -> str:
        """The answer as a person reads it."""
        return f"“{self._check.choices[self._check.answer]}”"

    def reveal(self) -> None:
        """Choose the answer."""
        self._group.button(self._check.answer).setChecked(True)

    def clear(self) -> None:
        """Begin anew."""
        self._group.setExclusive(False)
        for button in self.buttons:
            button.setChecked(False)
        self._group.setExclusive(True)


class ChoiceWords(QLabel):
    """The text of a choice, in lines; a click on it is one on its `button`."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._button = button

    def mouseReleaseEvent(self, _event: object) -> None:
        if self._button.isEnabled():
            self._button.setChecked(True)


def number(text: str, unit: str = "") -> float:
    """The number that `text` gives, with or without its `unit`: 0.5, 0,5, 1/2, −log(2), 50 %.

    Raises:
        GuessError: it gives none.
    """
    plain = text.strip()
    if unit and plain.endswith(unit):
        plain = plain.removesuffix(unit).rstrip()
    if not plain:
        raise GuessError("Type a number first.")
    if "," in plain and "." not in plain and "(" not in plain:
        plain = plain.replace(",", ".")
    try:
        value = float(Expression(plain, ())())
    except ExpressionError as error:
        raise GuessError(f"“{_cut(text.strip())}” is no number. Type one such as 0.5, −2 or log(2).") from error
    if not math.isfinite(value):
        raise GuessError(f"“{_cut(text.strip())}” gives no finite number.")
    return value


def written(value: float) -> str:
    """With six significant digits and a true minus."""
    return f"{value:.6g}".replace("-", "−")


def _cut(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"
