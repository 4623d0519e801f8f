"""One finding about a run: what is wrong, the evidence, what to try, and buttons that try it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from superqt import QFlowLayout

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.pens import blended

TINT = 0.12  # of the colour in the ground


class VerdictCard(QFrame):
    """`colour` is a field of `Theme`. `followed` gives what belongs to the button that was pressed."""

    followed = Signal(object)

    def __init__(
        self,
        title: str,
        texts: Iterable[str],
        colour: str,
        buttons: Iterable[tuple[str, object, str]] = (),
        parent: QWidget | None = None,
    ) -> None:
        """`buttons` are (text, what belongs to it, tooltip)."""
        super().__init__(parent)
        self._colour = colour
        self.setObjectName("card")
        self.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(4)
        self.title = _label(title)
        font = QFont(self.title.font())
        font.setBold(True)
        self.title.setFont(font)
        self.texts = [_label(text) for text in texts if text]
        for label in (self.title, *self.texts):
            column.addWidget(label)
        self.buttons = [self._button(*button) for button in buttons]
        if self.buttons:
            row = QWidget()
            flow = QFlowLayout(row)
            flow.setContentsMargins(0, 2, 0, 0)
            for button in self.buttons:
                flow.addWidget(button)
            column.addWidget(row)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        colour = getattr(theme, self._colour)
        ground = blended(colour, theme.background, TINT)
        self.setStyleSheet(
            f"#card {{ background: {ground}; border: none; border-left: 4px solid {colour}; }}"
            f"#card QLabel {{ color: {theme.ink}; }}"
        )

    def _button(self, text: str, what: object, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.followed.emit(what))
        return button


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label
