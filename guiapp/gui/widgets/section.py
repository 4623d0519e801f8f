"""A titled part of a panel that can be folded."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget


class Section(QWidget):
    """A header that folds what is under it; folded, a summary beside the title says what is inside."""

    toggled = Signal(bool)  # open

    def __init__(self, title: str, parent: QWidget | None = None, indent: int = 0) -> None:
        super().__init__(parent)
        self._is_open = False
        self._button = QToolButton(self)
        self._button.setText(title)
        self._button.setAutoRaise(True)
        self._button.setIconSize(QSize(10, 10))
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        font = self._button.font()
        font.setBold(True)
        self._button.setFont(font)
        self._summary = QLabel(self)
        self._summary.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.body = QWidget(self)
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(indent, 0, 0, 4)
        self.rows.setSpacing(2)
        header = QHBoxLayout()
        header.addWidget(self._button)
        header.addWidget(self._summary, 1)
        header.addStretch(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.body)
        self._button.clicked.connect(lambda: self.set_open(not self._is_open))
        self._show()

    @property
    def title(self) -> str:
        return self._button.text()

    def is_open(self) -> bool:
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        """Unfold or fold."""
        if is_open != self._is_open:
            self._is_open = is_open
            self._show()
            self.toggled.emit(is_open)

    def set_summary(self, text: str) -> None:
        """What stands beside the title while the section is folded."""
        self._summary.setText(text)
        self._summary.setToolTip(text)

    def _show(self) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if self._is_open else Qt.ArrowType.RightArrow)
        self._button.setAccessibleName(f"{self.title}, {'unfolded' if self._is_open else 'folded'}")
        self.body.setVisible(self._is_open)
        self._summary.setVisible(not self._is_open)
