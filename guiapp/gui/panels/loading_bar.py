"""How far the reading of data is, in the run bar."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from guiapp.gui.panels.readouts import clock, thousands

WIDTH = 130  # px
TIP = "Stop reading; the run before, if there was one, is shown again"  # of the button
SETTLED = 1.0  # seconds after which the rest can be guessed


class LoadingBar(QWidget):
    """Reading the data · a bar · 1 200 of 100 000, 0:12 left · Cancel; or, while the total is not known, 1 200 found so
    far. `cancelled` is emitted by the button."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None, now: Callable[[], float] = perf_counter, tip: str = TIP) -> None:
        super().__init__(parent)
        self._now, self._done = now, 0
        self._first: tuple[float, int] | None = None  # when the first report of a total came, and of how many
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Data read")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(WIDTH)
        self._text = QLabel()
        self._cancel = QToolButton()
        self._cancel.setText("Cancel")
        self._cancel.setToolTip(tip)
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
        self._first, self._done = None, 0
        self._bar.setMaximum(0)  # it only moves until there is something to tell
        self._text.clear()
        self._cancel.setEnabled(True)

    def show_progress(self, done: int, total: int) -> None:
        """`done` of `total` pictures, rows or bytes are read; of a total of 0, so many are found so far."""
        if done < self._done:  # other data, or what was found is now read
            self.begin()
        self._done = done
        self._bar.setMaximum(100 if total else 0)  # 0 to 0: it only moves
        if not total:
            self._text.setText(f"{thousands(done)} found so far")
            return
        self._first = self._first or (self._now(), done)
        since, before = self._first
        self._bar.setValue(round(100 * done / total))
        spent, more = self._now() - since, done - before
        left = f", {clock(spent * (total - done) / more + 0.5)} left" if more and spent > SETTLED else ""
        self._text.setText(f"{thousands(done)} of {thousands(total)}{left}")

    def _give_up(self) -> None:
        self._cancel.setEnabled(False)
        self.cancelled.emit()
