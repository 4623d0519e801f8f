"""A warning across the top of a view."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.pens import blended

TINT = 0.16  # of the warning colour in the ground


class Banner(QLabel):
    """A sentence that stays until it is taken away; nothing is shown while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setContentsMargins(8, 4, 8, 4)
        self.setAutoFillBackground(True)
        self.set_theme(LIGHT)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show `sentence`; an empty one takes the banner away."""
        if sentence != self.text() or self.isHidden() == bool(sentence):
            self.setText(sentence)
            self.setAccessibleName(sentence)
            self.setVisible(bool(sentence))

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        ground = blended(theme.warning, theme.background, TINT)
        self.setStyleSheet(f"color: {theme.ink}; background: {ground}; border-left: 4px solid {theme.warning};")
