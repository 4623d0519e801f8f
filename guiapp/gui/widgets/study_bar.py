"""Begins a long computation, shows how far it is, and gives it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from guiapp.messages import Studied

STEPS = 1000
SURE_AFTER = 0.5  # seconds of work, before which nothing is said of how long it will take


class StudyBar(QWidget):
    """A button, and while the computation is under way a progress bar with an estimate, and Cancel."""

    asked = Signal()
    cancelled = Signal()

    def __init__(
        self, start: str, tip: str, clock: Callable[[], float] = perf_counter, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._report: Studied | None = None
        self._waiting = False  # asked for, and nothing was heard of it yet
        self._began: tuple[float, float] | None = None  # time and progress at the first report
        self.start = QPushButton(start)
        self.start.setToolTip(tip)
        self.start.clicked.connect(self.ask)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Give it up; what is known so far stays")
        self.cancel.clicked.connect(self._give_up)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setAccessibleName("Progress of the computation")
        self.bar.setMinimumWidth(110)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (self.start, self.bar, self.cancel):
            row.addWidget(part)
        self._settle()

    @property
    def under_way(self) -> bool:
        """It was asked for, and has not ended."""
        return self._waiting or (self._report is not None and not self._report.ended)

    def ask(self) -> None:
        """Begin, anew if it is under way."""
        self._waiting, self._began = True, None
        self._settle()
        self.asked.emit()

    def show_report(self, report: Studied | None) -> bool:
        """The newest report, or None where there is none; gives whether it is another one than before."""
        if report is self._report:
            return False
        self._report, self._waiting = report, False
        if report is not None and not report.ended and self._began is None:
            self._began = (self._clock(), report.progress)
        self._settle()
        return True

    def clear(self) -> None:
        """There is another run: nothing is under way."""
        self._report, self._waiting, self._began = None, False, None
        self._settle()

    def _give_up(self) -> None:
        self._waiting = False
        self.cancelled.emit()
        self._settle()

    def _settle(self) -> None:
        busy = self.under_way
        if busy and self.start.hasFocus():
            self.cancel.setVisible(True)
            self.cancel.setFocus()
        elif not busy and self.cancel.hasFocus():
            self.start.setEnabled(True)
            self.start.setFocus()
        self.start.setEnabled(not busy)
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)
        known = self._report is not None and not self._waiting
        progress = self._report.progress if known and self._report is not None else 0.0
        self.bar.setValue(round(STEPS * progress))
        self.bar.setFormat(self._words(progress) if known else "asked for …")

    def _words(self, progress: float) -> str:
        text = f"{progress:.0%}".replace("%", " %")
        if self._began is None:
            return text
        spent, done = self._clock() - self._began[0], progress - self._began[1]
        if spent < SURE_AFTER or done <= 0:
            return text
        return f"{text} · {_duration(spent * (1 - progress) / done)} left"


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def age(report: Studied, step: int) -> str:
    """Which step `report` is of, and whether the step shown is another one."""
    text = f"of step {report.step:,}"
    if step > report.step:
        return f"{text}, stale: the step shown is {step:,}"
    return text if step == report.step else f"{text}, later than the step shown, {step:,}"


def line(report: Studied, parts: Sequence[str]) -> str:
    """`parts` for a status line, behind what came between if anything did."""
    trouble = [report.trouble.rstrip(".")] if report.trouble else []
    text = " · ".join([*trouble, *parts])
    return text[0].upper() + text[1:]
