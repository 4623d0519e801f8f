"""One lesson: question, short answer, what shows it, and the self-check."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QGroupBox, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from guiapp.gui.lessons.answer import Answer
from guiapp.gui.lessons.check_box import CheckBox
from guiapp.gui.theme import LIGHT, Theme
from guiapp.lessons import Lesson

MARGIN = 12  # px below the verdict


class LessonPage(QScrollArea):
    """Scrolls as a whole.

    Signals:
        set_up_asked(Lesson): show what it is about.
        solved(Lesson): its self-check was answered rightly.
        link_activated(str): as an explanation's.
    """

    set_up_asked = Signal(object)
    solved = Signal(object)
    link_activated = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._lesson: Lesson | None = None
        self.answer = Answer()
        self.answer.link_activated.connect(self.link_activated)
        self.set_up = QPushButton("Set it up")
        self.set_up.clicked.connect(lambda: self.set_up_asked.emit(self._lesson))
        self.thing, self.look = QLabel(), QLabel()
        self.thing.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        for label in (self.thing, self.look):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.look.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.check: CheckBox | None = None
        self._reading = QTimer(self, singleShot=True, interval=0)  # once the verdict has its place
        self._reading.timeout.connect(self._show_verdict)
        box = QGroupBox("See it")
        rows = QVBoxLayout(box)
        rows.setContentsMargins(8, 8, 8, 8)
        for widget in (self.set_up, self.thing, self.look):
            rows.addWidget(widget)
        content = QWidget()
        content.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(6, 4, 6, 6)
        self._column.addWidget(self.answer)
        self._column.addWidget(box)
        self._column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("lesson")

    def show_lesson(self, lesson: Lesson, thing: str, missing: str) -> None:
        """Open `lesson`, whose button sets up what `thing` says; with a sentence in `missing` it cannot."""
        self._lesson = lesson
        self.answer.set_page(lesson.page)
        self.set_up.setDisabled(bool(missing))
        self.set_up.setAccessibleDescription(missing or thing)
        self.set_up.setToolTip(missing or thing)
        self.thing.setText(missing or thing)
        self.look.setText(" ".join(lesson.look.split()))
        self._ask(lesson)
        self.verticalScrollBar().setValue(0)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.answer.set_theme(theme)
        if self.check is not None:
            self.check.set_theme(theme)

    def _show_verdict(self) -> None:
        if self.check is not None and self.check.verdict.isVisible():
            self._column.activate()
            self.ensureWidgetVisible(self.check.verdict, 0, MARGIN)

    def _ask(self, lesson: Lesson) -> None:
        if self.check is not None:
            self._column.removeWidget(self.check)
            self.check.hide()
            self.check.deleteLater()
        self.check = CheckBox(lesson)
        self.check.set_theme(self._theme)
        self.check.solved.connect(lambda: self.solved.emit(lesson))
        self.check.said.connect(self._reading.start)
        self._column.insertWidget(2, self.check)
        for before, after in pairwise((self.set_up, *self.check.controls)):
            QWidget.setTabOrder(before, after)
