"""How far the reading of data is, in the run bar."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from guiapp.gui.panels.readouts import clock, thousands

WIDTH = 130  # px
SETTLED = 1.0  # seconds after which the rest can be guessed


class LoadingBar(QWidget):
    """Reading the data · a bar · 1 200 of 100 000, 0:12 left · Cancel. `cancelled` is emitted by the button."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None, now: Callable[[], float] = perf_counter) -> None:
        super().__init__(parent)
        self._now, self._began, self._done = now, 0.0, 0
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Data read")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(WIDTH)
        self._text = QLabel()
        self._cancel = QToolButton()
        self._cancel.setText("Cancel")
        self._cancel.setToolTip("Stop reading; the run before, if there was one, is shown again")
        self._cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cancel.clicked.connect(self._give_up)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.addWidget(QLabel("Reading the data"))
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        layout.addWidget(self._cancel)

    @property
    def text(self) -> str:
        """What stands beside the bar."""
        return self._text.text()

    def begin(self) -> None:
        """Reading begins now."""
        self._began, self._done = self._now(), 0
        self._cancel.setEnabled(True)

    def show_progress(self, done: int, total: int) -> None:
        """`done` of `total` pictures, rows or bytes are read."""
        if done < self._done:  # other data, asked for meanwhile
            self.begin()
        self._done = done
        self._bar.setValue(round(100 * done / max(total, 1)))
        spent = self._now() - self._began
        left = f", {clock(spent * (total - done) / done + 0.5)} left" if done and spent > SETTLED else ""
        self._text.setText(f"{thousands(done)} of {thousands(total)}{left}")

    def _give_up(self) -> None:
        self._cancel.setEnabled(False)
        self.cancelled.emit()
