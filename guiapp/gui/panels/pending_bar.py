"""The footer of the parameter panel: what waits for a restart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guiapp.gui.panels.readouts import thousands
from guiapp.gui.theme import Theme


class PendingBar(QFrame):
    """Says how many changes take effect on restart, lists them in its tooltip, and offers restart or discard."""

    restart_clicked = Signal()
    discard_clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = QLabel(self, wordWrap=True)
        self._past: int | None = None
        self._restart = restart = QPushButton(self, autoDefault=False)
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
        self.set_past(None)

    def set_changes(self, changes: Sequence[str]) -> None:
        """Show one line for each of `changes` in the tooltip; hide where there is none."""
        count = len(changes)
        when = "on restart" if self._past is None else "in a fork"
        self._label.setText(f"1 change takes effect {when}" if count == 1 else f"{count} changes take effect {when}")
        self._label.setToolTip("\n".join(changes))
        self._label.setAccessibleDescription("; ".join(changes))
        self.setVisible(count > 0)

    def set_past(self, step: int | None) -> None:
        """Offer to fork from `step` instead of a restart; None: to restart."""
        self._past = step
        if step is None:
            text, tip = "Restart with changes", "Begin a new run at step 0 with all parameters as shown above."
        else:
            text = f"Fork from step {thousands(step)}"
            tip = "Begin a new run with the weights of this step and all parameters as shown above."
        self._restart.setText(text)
        self._restart.setToolTip(tip)
        self.set_changes(())

    def set_theme(self, theme: Theme) -> None:
        """Write in the warning colour of `theme`."""
        self._label.setStyleSheet(f"color: {theme.warning};")
