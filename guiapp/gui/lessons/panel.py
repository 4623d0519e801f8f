"""The panel of the lessons: their list, or one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from guiapp.gui.lessons.contents import Contents
from guiapp.gui.lessons.page import LessonPage
from guiapp.gui.settings import Progress
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.lessons import Lesson


class LessonsPanel(QWidget):
    """`thing` says in words what a lesson sets up, and why this is not possible (else "").

    Signals:
        opened(str): the lesson of this name is in sight now.
        set_up_asked(Lesson), solved(Lesson), link_activated(str): as the page's.
    """

    opened = Signal(str)
    set_up_asked = Signal(object)
    solved = Signal(object)
    link_activated = Signal(str)

    def __init__(self, thing: Callable[[Lesson], tuple[str, str]]) -> None:
        super().__init__()
        self._thing = thing
        self._theme = LIGHT
        self._lessons: Sequence[Lesson] = ()
        self._broken: Sequence[str] = ()
        self._progress: Mapping[str, Progress] = {}
        self._at = 0
        self.contents, self.page = Contents(), LessonPage()
        self.contents.opened.connect(self.open)
        self.page.set_up_asked.connect(self.set_up_asked)
        self.page.solved.connect(self.solved)
        self.page.link_activated.connect(self.link_activated)
        self.all_button = QPushButton("All lessons")
        self.all_button.setToolTip("The list of all questions")
        self.all_button.clicked.connect(self.show_contents)
        self.count = QLabel()
        self.previous, self.next = QPushButton("← Previous"), QPushButton("Next →")
        self.previous.setAccessibleName("previous lesson")
        self.next.setAccessibleName("next lesson")
        self.previous.clicked.connect(lambda: self._turn(-1))
        self.next.clicked.connect(lambda: self._turn(1))
        self._lay_out()
        focus_by_tab(self)
        self.show_contents()

    @property
    def lesson(self) -> Lesson | None:
        """The one that is open."""
        return self._lessons[self._at] if self._stack.currentWidget() is self.page else None

    def set_lessons(self, lessons: Sequence[Lesson], broken: Sequence[str]) -> None:
        """Offer `lessons`, and name what is `broken`. An open one that is still there stays as it is."""
        now = self.lesson
        self._lessons, self._broken = lessons, broken
        names = [lesson.name for lesson in lessons]
        if now is not None and now.name in names:
            self._at = names.index(now.name)
            if lessons[self._at] != now:
                self.open(now.name)
        else:
            self.show_contents()
        self._refresh()

    def set_progress(self, progress: Mapping[str, Progress]) -> None:
        """Show what has been done."""
        self._progress = progress
        self._refresh()

    def open(self, name: str) -> None:
        """Open the lesson `name`; nothing where there is none."""
        found = [index for index, lesson in enumerate(self._lessons) if lesson.name == name]
        if not found:
            return
        self._at = found[0]
        lesson = self._lessons[self._at]
        self.page.show_lesson(lesson, *self._thing(lesson))
        self._stack.setCurrentWidget(self.page)
        focus_by_tab(self.page)
        self._refresh()
        self.opened.emit(name)

    def show_contents(self) -> None:
        """The list in place of a lesson."""
        self._stack.setCurrentWidget(self.contents)
        self._refresh()
        self.contents.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.contents.set_theme(theme)
        self.page.set_theme(theme)
        self._refresh()

    def sizeHint(self) -> QSize:
        return QSize(300, 500)

    def _turn(self, by: int) -> None:
        self.open(self._lessons[self._at + by].name)

    def _refresh(self) -> None:
        is_open = self.lesson is not None
        answered = sum(self._progress.get(lesson.name) == "answered" for lesson in self._lessons)
        where = f"{self._at + 1} of {len(self._lessons)} · " if is_open else ""
        done = f"{answered} answered" if is_open else f"{answered} of {len(self._lessons)} answered"
        self.count.setText(where + done)
        self.all_button.setVisible(is_open)
        self._footer.setVisible(is_open)
        self.previous.setEnabled(self._at > 0)
        self.next.setEnabled(self._at + 1 < len(self._lessons))
        self.contents.show_lessons(self._lessons, self._progress, self._broken)

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(8, 6, 8, 4)
        header.addWidget(self.all_button)
        header.addStretch(1)
        header.addWidget(self.count)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.contents)
        self._stack.addWidget(self.page)
        self._footer = QWidget()
        turning = QHBoxLayout(self._footer)
        turning.setContentsMargins(8, 4, 8, 6)
        turning.addWidget(self.previous)
        turning.addStretch(1)
        turning.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self._stack, 1)
        column.addWidget(self._footer)
