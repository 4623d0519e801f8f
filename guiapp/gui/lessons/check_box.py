"""The self-check of a lesson: predict, then see."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QPalette
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guiapp.gui.lessons.guess import ChoiceGuess, GuessError, NumberGuess
from guiapp.gui.theme import LIGHT, Theme
from guiapp.lessons import Lesson, NumberCheck

NARROWEST = 56  # px of a button: Qt asks for 80, and the panel of a small window has 220 for two


class CheckBox(QGroupBox):
    """Asks what `lesson` asks, says whether the answer is right and why. `solved`: it was answered rightly; `said`:
    there is a verdict to read."""

    solved = Signal()
    said = Signal()

    def __init__(self, lesson: Lesson) -> None:
        super().__init__("Check yourself")
        self._theme, self._kind = LIGHT, "muted"
        self._why = " ".join(lesson.check.why.split())
        self._revealed = False
        self.ask = _wrapped(" ".join(lesson.check.ask.split()))
        check = lesson.check
        self.guess: NumberGuess | ChoiceGuess
        self.guess = NumberGuess(check) if isinstance(check, NumberCheck) else ChoiceGuess(check)
        self.guess.entered.connect(self._judge)
        self.guess.touched.connect(lambda: self._say("", "muted"))
        self.button = QPushButton("Check")
        self.button.setMinimumWidth(NARROWEST)
        self.button.setToolTip("Compare your answer with the right one")
        self.button.clicked.connect(self._judge)
        self.reveal_button = QPushButton("Show the answer")
        self.reveal_button.setToolTip("Give up this time: it does not count as answered")
        self.reveal_button.clicked.connect(self._reveal_or_retry)
        self.verdict = _wrapped("")
        self.verdict.setAccessibleName("verdict on your answer")
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.button)
        buttons.addWidget(self.reveal_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        for widget in (self.ask, self.guess):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self.verdict)
        self._say("", "muted")

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """In the order of Tab."""
        guess = (self.guess.line,) if isinstance(self.guess, NumberGuess) else self.guess.buttons
        return (*guess, self.button, self.reveal_button)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self._colour()

    def _judge(self) -> None:
        try:
            wrong = self.guess.judge()
        except GuessError as error:
            self._say(str(error), "bad")
            return
        if wrong:
            self._say(wrong, "warning")
            return
        self._say(f"✓ Right. {self._why}", "good")
        self.solved.emit()

    def _reveal_or_retry(self) -> None:
        self._revealed = not self._revealed
        self.guess.setDisabled(self._revealed)
        self.button.setDisabled(self._revealed)
        self.reveal_button.setText("Try again" if self._revealed else "Show the answer")
        if self._revealed:
            self.guess.reveal()
            self._say(f"The answer is {self.guess.solution()}. {self._why}", "ink")
        else:
            self.guess.clear()
            self._say("", "muted")

    def _say(self, sentence: str, kind: str) -> None:
        self._kind = kind
        self.verdict.setText(sentence)
        self.verdict.setVisible(bool(sentence))
        self._colour()
        if sentence:
            self.said.emit()
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.verdict, sentence))

    def _colour(self) -> None:
        palette = self.verdict.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(getattr(self._theme, self._kind)))
        self.verdict.setPalette(palette)


def _wrapped(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)  # a teacher's < is no tag
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
