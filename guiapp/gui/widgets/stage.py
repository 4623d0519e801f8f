"""A picture, or a sentence in its place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedWidget, QWidget

from guiapp.gui.theme import Theme


class Stage(QStackedWidget):
    """Shows `content`, or a sentence: what will appear here and how to get it, or why it cannot."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setContentsMargins(24, 12, 24, 12)
        self._sentence.setMinimumSize(1, 1)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sentence.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # when it goes, Qt would focus the first check box
        self._sentence.setAutoFillBackground(True)
        self.addWidget(self._sentence)
        self.addWidget(content)

    @property
    def sentence(self) -> str:
        """The sentence shown; empty while the content is."""
        return self._sentence.text() if self.currentWidget() is self._sentence else ""

    def say(self, sentence: str) -> None:
        """Show `sentence` in place of the content."""
        self._sentence.setText(sentence)
        self.setCurrentWidget(self._sentence)

    def show_content(self) -> None:
        """Show the content."""
        self.setCurrentWidget(self._content)

    def set_theme(self, theme: Theme) -> None:
        """Repaint the sentence in the colours of `theme`."""
        self._sentence.setStyleSheet(f"color: {theme.muted}; background: {theme.background};")
