"""The footer of the parameter panel: what waits for a restart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guiapp.gui.theme import Theme


class PendingBar(QFrame):
    """Says how many changes take effect on restart, lists them in its tooltip, and offers restart or discard."""

    restart_clicked = Signal()
    discard_clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = QLabel(self, wordWrap=True)
        restart = QPushButton("Restart with changes", self, autoDefault=False)
        restart.setToolTip("Begin a new run at step 0 with all parameters as shown above.")
        discard = QPushButton("Discard", self, autoDefault=False)
        discard.setToolTip("Show the values of the run again.")
        restart.clicked.connect(lambda: self.restart_clicked.emit())
        discard.clicked.connect(lambda: self.discard_clicked.emit())
        buttons = QHBoxLayout()
        buttons.addWidget(restart, 1)
        buttons.addWidget(discard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 8, 8)
        layout.addWidget(self._label)
        layout.addLayout(buttons)
        self.hide()

    def set_changes(self, changes: Sequence[str]) -> None:
        """Show one line for each of `changes` in the tooltip; hide where there is none."""
        count = len(changes)
        self._label.setText(
            "1 change takes effect on restart" if count == 1 else f"{count} changes take effect on restart"
        )
        self._label.setToolTip("\n".join(changes))
        self._label.setAccessibleDescription("; ".join(changes))
        self.setVisible(count > 0)

    def set_theme(self, theme: Theme) -> None:
        """Write in the warning colour of `theme`."""
        self._label.setStyleSheet(f"color: {theme.warning};")
