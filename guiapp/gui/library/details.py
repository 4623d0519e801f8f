"""The pane beside the list: one run, larger, with what a person calls it and what there is to tell."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from html import escape

import msgspec
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from guiapp.gui.library.columns import size, when
from guiapp.gui.library.story import Story
from guiapp.gui.panels.readouts import clock, thousands
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.stage import Stage
from guiapp.runs.library import Entry

PICTURE = 144  # px
NOTES = 72  # px
LONGEST = 200  # characters of a title
Words = tuple[str, str, tuple[str, ...]]  # title, notes, tags


class Details(Stage):
    """Shows one run, or a sentence. What is typed is told by `renamed` when the field is left, on Enter, or with
    Ctrl+Enter in the notes."""

    renamed = Signal(object, str, str, object)  # the entry as it was, title, notes, tags
    parent_asked = Signal(str)  # the id of the run that this one was forked from

    def __init__(self, parent: QWidget | None = None) -> None:
        self._entry: Entry | None = None
        self._page = QScrollArea()
        super().__init__(self._page, parent)
        self._page.setWidgetResizable(True)
        self._page.setFrameShape(QFrame.Shape.NoFrame)
        self._page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._make_fields()
        self._make_labels()
        self._lay_out()

    @property
    def entry(self) -> Entry | None:
        """The run on show."""
        return self._entry

    def show_run(self, entry: Entry, thumbnail: bytes, parent: Entry | None) -> None:
        """Show `entry`, forked from `parent`. Where it is on show already, a field that is being typed in stays."""
        old, self._entry = self._entry, entry
        is_same = old is not None and old.file == entry.file
        if old is None or not is_same or self._words() == _words(old):
            tags = ", ".join(entry.tags)
            if self._title.text() != entry.title:  # keeps cursor and selection
                self._title.setText(entry.title)
            if self._tags.text() != tags:
                self._tags.setText(tags)
            if self._notes.toPlainText() != entry.notes:
                self._notes.setPlainText(entry.notes)
        self._title.setAccessibleDescription(entry.path.name)
        self._picture.show_png(thumbnail)
        self._facts.setText(_facts(entry))
        self._tell_origin(entry, parent, "")
        if not is_same:
            self._tell(None)
        self.show_content()

    def show_story(self, told: Story, parent: Entry | None) -> None:
        """Add what was read from the file of the run on show."""
        if self._entry is not None:
            self._tell_origin(self._entry, parent, told.origin)
            self._tell(told)

    def show_sentence(self, sentence: str) -> None:
        """Show a sentence, and no run."""
        self._entry = None
        self.say(sentence)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`: the sentence on the ground of a panel, the notes outlined as a line is."""
        super().set_theme(dataclasses.replace(theme, background=theme.surface))
        border = f"border: 1px solid {theme.prior}; border-radius: 2px;"
        self._notes.setStyleSheet(f"Notes {{ {border} }} Notes:focus {{ border-color: {theme.accent}; }}")

    def commit(self) -> None:
        """Tell what was typed, if it is not what was there."""
        if self._entry is not None and self._words() != _words(self._entry):
            entry, (title, notes, tags) = self._entry, self._words()
            self._title.setText(title)
            self._entry = msgspec.structs.replace(entry, title=title, notes=notes, tags=tags)
            self.renamed.emit(entry, title, notes, tags)

    def edit_title(self) -> None:
        """Put the cursor into the title."""
        self._title.setFocus()
        self._title.selectAll()

    def _words(self) -> Words:
        tags = [tag.strip() for tag in self._tags.text().split(",")]
        title = self._title.text().strip() or (self._entry.title if self._entry else "")
        return title, self._notes.toPlainText(), tuple(dict.fromkeys(tag for tag in tags if tag))

    def _make_fields(self) -> None:
        self._title = QLineEdit()
        self._title.setMaxLength(LONGEST)
        self._title.setAccessibleName("Title")
        self._title.setToolTip("What you call this run (F2)")
        font = self._title.font()
        font.setBold(True)
        font.setPointSizeF(1.15 * font.pointSizeF())
        self._title.setFont(font)
        self._tags = QLineEdit()
        self._tags.setAccessibleName("Tags")
        self._tags.setPlaceholderText("Tags, with commas between them")
        self._tags.setToolTip("Words to find this run by, with commas between them")
        self._notes = Notes()
        self._title.editingFinished.connect(self.commit)
        self._tags.editingFinished.connect(self.commit)
        self._notes.left.connect(self.commit)

    def _make_labels(self) -> None:
        self._picture = Thumbnail()
        self._facts = _label()
        self._origin = _label(Qt.TextInteractionFlag.TextBrowserInteraction)
        self._origin.setAccessibleName("Origin")
        self._origin.linkActivated.connect(self.parent_asked)
        self._settings_title, self._settings = _heading("Not at its default"), _label()
        self._events_title, self._events = _heading("What happened"), _label()
        for label, name in ((self._facts, "Facts"), (self._settings, "Settings"), (self._events, "Events")):
            label.setAccessibleName(name)

    def _lay_out(self) -> None:
        content = QWidget()
        layout = QGridLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setVerticalSpacing(8)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self._title, 0, 0, 1, 2)
        layout.addWidget(self._picture, 1, 0)
        layout.addWidget(self._facts, 1, 1, Qt.AlignmentFlag.AlignTop)
        rest = (self._origin, self._tags, self._notes, self._settings_title, self._settings, self._events_title)
        for row, part in enumerate((*rest, self._events), start=2):
            layout.addWidget(part, row, 0, 1, 2)
        layout.setRowStretch(2 + len(rest) + 1, 1)
        self._page.setWidget(content)

    def _tell_origin(self, entry: Entry, parent: Entry | None, name: str) -> None:
        step = thousands(entry.parent_step)
        if parent is not None:
            link = f'<a href="{escape(parent.id)}">{escape(parent.title)}</a>'
            self._origin.setText(f"Forked from {link} at step {step}")
        elif entry.parent:
            which = escape(name) if name else "a run"
            self._origin.setText(f"Forked from {which} at step {step}; that run is not here any more.")
        self._origin.setVisible(bool(entry.parent))

    def _tell(self, told: Story | None) -> None:
        settings = [f"{_row(title, value, default)}" for title, value, default in (told.settings if told else ())]
        nothing = "All parameters are at their defaults." if told else ""
        self._settings.setText(f"<table>{''.join(settings)}</table>" if settings else nothing)
        self._settings_title.setVisible(bool(settings or nothing))
        events = told.events if told else ()
        self._events.setText("<br>".join(escape(line) for line in events))
        for part in (self._events_title, self._events):
            part.setVisible(bool(events))


class Notes(QPlainTextEdit):
    """A few lines of text; `left` when it loses the focus, and on Ctrl+Enter."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Notes")
        self.setPlaceholderText("Notes")
        self.setToolTip("What you want to remember of this run; saved when you leave the field or press Ctrl+Enter")
        self.setTabChangesFocus(True)
        self.setFixedHeight(NOTES)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Thumbnail(QWidget):
    """What the run generated last; no room is taken where there is nothing to see."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setAccessibleName("What the model generates")

    def show_png(self, png: bytes) -> None:
        """Paint this picture."""
        self._pixmap = QPixmap()
        self._pixmap.loadFromData(png)
        self.setVisible(not self._pixmap.isNull())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(PICTURE, PICTURE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        square = QRect(0, 0, PICTURE, PICTURE)
        painter.fillRect(square, self.palette().color(QPalette.ColorRole.Base))
        painter.drawPixmap(square, self._pixmap)
        painter.end()


def _words(entry: Entry) -> Words:
    return entry.title, entry.notes, entry.tags


def _facts(entry: Entry) -> str:
    lines = (
        entry.model,
        entry.data,
        f"{thousands(entry.step)} steps in {clock(entry.seconds)}",
        when(entry.when, datetime.now().astimezone()),
        size(entry.size),
        entry.state,
    )
    return "<br>".join(escape(line) for line in lines)


def _row(title: str, value: str, default: str) -> str:
    cells = f"<td>{escape(title)}&nbsp;&nbsp;</td><td><b>{escape(value)}</b>&nbsp;&nbsp;</td>"
    return f"<tr>{cells}<td>default {escape(default)}</td></tr>"


def _label(flags: Qt.TextInteractionFlag = Qt.TextInteractionFlag.TextSelectableByMouse) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    label.setTextInteractionFlags(flags)
    return label


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setContentsMargins(0, 6, 0, 0)
    return label
