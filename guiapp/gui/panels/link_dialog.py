"""Where a link that was copied from a message is pasted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from guiapp.gui.widgets.outline import outline
from guiapp.sharing import MOST_TEXT, SCHEME, SharingError

ABOUT = f"A link, copied from a message: a text that begins with “{SCHEME}”. It restores a lab, a preset or a run."
EMPTY = "What the link holds is said here; nothing changes before you open it."


class LinkDialog(QDialog):
    """A line for the text of a link, and below it what the link holds or why it is none. It blocks nothing.

    Signals:
        file_asked(): a file is to be opened instead.
    """

    file_asked = Signal()

    def __init__(self, describe: Callable[[str], str], act: Callable[[str], object], parent: QWidget) -> None:
        """`describe` gives a sentence on what a text holds, and `act` opens it; either raises SharingError."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Open a link")
        self._describe, self._act = describe, act
        self.line = _Line(self, placeholderText=f"{SCHEME}…")
        self.line.setMaxLength(MOST_TEXT + 1)  # one more than a link may have: it is refused rather than cut off
        self.line.setAccessibleName("link")
        self.line.setToolTip("Line breaks, spaces and the words around the link do not matter")
        self.sentence = QLabel(self, wordWrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setMinimumHeight(3 * self.fontMetrics().lineSpacing())  # so that the line keeps its place
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.open_button = buttons.addButton("&Open", QDialogButtonBox.ButtonRole.AcceptRole)
        self.open_button.setDefault(True)
        self.file_button = buttons.addButton("From a &file…", QDialogButtonBox.ButtonRole.ActionRole)
        self.file_button.setToolTip("Open a link that was saved as a file (*.elboscope)")
        self.file_button.setAutoDefault(False)
        self.file_button.clicked.connect(self._leave_for_file)
        buttons.accepted.connect(self._open)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for part in (QLabel(ABOUT, self, wordWrap=True), self.line, self.sentence, buttons):
            layout.addWidget(part)
        self.line.textChanged.connect(self._judge)
        self._judge("")
        self.setMinimumWidth(520)

    def _judge(self, text: str) -> None:
        refused = False
        said = EMPTY
        if text.strip():
            try:
                said = self._describe(text)
            except SharingError as error:
                said, refused = str(error), True
        self._say(said, refused)
        self.open_button.setEnabled(bool(text.strip()) and not refused)

    def _say(self, sentence: str, refused: bool) -> None:
        self.sentence.setText(sentence)
        self.sentence.setForegroundRole(QPalette.ColorRole.BrightText if refused else QPalette.ColorRole.WindowText)
        self.line.setAccessibleDescription(sentence)
        self.line.set_refused(refused)

    def _open(self) -> None:
        try:
            self._act(self.line.text())
        except SharingError as error:  # such as a parameter that the lab does not take
            self._say(str(error), True)
            return
        self.accept()

    def _leave_for_file(self) -> None:
        self.reject()
        self.file_asked.emit()


class _Line(QLineEdit):
    """With a red outline while its text is refused."""

    _refused = False

    def set_refused(self, refused: bool) -> None:
        self._refused = refused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        outline(self, self.rect(), self._refused)
