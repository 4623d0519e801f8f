"""The list of all lessons, with what has been done of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QListWidget, QListWidgetItem

from guiapp.gui.settings import Progress
from guiapp.gui.theme import LIGHT, Theme
from guiapp.lessons import Lesson

NAME_ROLE: Final = Qt.ItemDataRole.UserRole
SIZE: Final = 16  # px of a mark
WORDS: Final[Mapping[Progress | None, str]] = {None: "not seen yet", "seen": "seen", "answered": "answered rightly"}


class Contents(QListWidget):
    """Numbered questions, each with a tick, a ring or nothing; below them the files that are broken. A click or Return
    opens one. `opened`: the name of the lesson asked for."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self.setAccessibleName("lessons")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)  # else Qt cuts some of the lines that it could break
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSpacing(2)
        self.itemClicked.connect(self._open)
        self.itemActivated.connect(self._open)

    def show_lessons(self, lessons: Sequence[Lesson], progress: Mapping[str, Progress], broken: Sequence[str]) -> None:
        """List `lessons` and the sentences `broken`; the current one stays current."""
        current = self.currentItem().data(NAME_ROLE) if self.currentItem() is not None else None
        self.clear()
        marks = {state: _mark(state, self._theme) for state in WORDS}
        for index, lesson in enumerate(lessons, start=1):
            state = progress.get(lesson.name)
            item = QListWidgetItem(marks[state], f"{index}. {lesson.question}", self)
            item.setData(NAME_ROLE, lesson.name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{index}. {lesson.question} {WORDS[state]}")
            item.setToolTip(f"{lesson.question} ({WORDS[state]})")
            if lesson.name == current:
                self.setCurrentItem(item)
        for sentence in broken:
            item = QListWidgetItem(marks[None], sentence, self)
            item.setForeground(QColor(self._theme.warning))
            item.setToolTip(sentence)
        if not self.count():
            QListWidgetItem("No lessons were found: reinstall Elboscope.", self)
        if self.currentItem() is None:
            self.setCurrentRow(0)

    def set_theme(self, theme: Theme) -> None:
        """Paint what is listed from now on in the colours of `theme`."""
        self._theme = theme

    def _open(self, item: QListWidgetItem) -> None:
        name = item.data(NAME_ROLE)
        if name is not None:
            self.opened.emit(name)


def _mark(state: Progress | None, theme: Theme) -> QIcon:
    """A tick for a lesson answered, a ring for one seen, room for neither."""
    result = QIcon()
    modes = ((QIcon.Mode.Normal, theme.good, theme.muted), (QIcon.Mode.Selected, theme.background, theme.background))
    for scale, (mode, tick, ring) in product((1, 2, 3), modes):
        pixmap = QPixmap(SIZE * scale, SIZE * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state == "answered":
            painter.setPen(QPen(QColor(tick), 2))
            painter.drawPolyline([QPointF(3, 8.5), QPointF(6.5, 12), QPointF(13, 4.5)])
        elif state == "seen":
            painter.setPen(QPen(QColor(ring), 1.5))
            painter.drawEllipse(QRectF(5, 5, 6, 6))
        painter.end()
        result.addPixmap(pixmap, mode)
    return result
