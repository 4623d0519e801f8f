"""The window that compares runs: their curves, their parameters, and views of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.errors import MessageBar
from guiapp.gui.library.compare_curves import CompareCurves
from guiapp.gui.library.compare_reader import RunReader
from guiapp.gui.library.compare_runs import MOST, ComparedRun, labels
from guiapp.gui.library.compare_steps import StepSlider
from guiapp.gui.library.compare_table import CompareTable
from guiapp.gui.library.compare_views import SideBySide
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.stage import Stage
from guiapp.messages import Seen

EMPTY: Final = (
    "Here up to eight runs will stand beside each other. Choose two or more in the run library, then Compare."
)
NOTHING: Final = "None of the chosen runs could be read; the bar above says why. Choose others in the run library."
PATIENCE: Final = 300  # ms of reading without a word


class CompareWindow(QMainWindow):
    """Two to eight runs: one page with their curves over the table of what differs, one with a view of each at the same
    step. It reads run files itself and asks for pictures by `look_asked`; the answers come to `on_seen`. Escape closes
    it, F5 reads the runs again."""

    look_asked = Signal(str, int, object, object)  # path, step, frozenset of picture kinds, focus

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(1000, 640)
        self.resize(1280, 860)
        self.runs: tuple[ComparedRun, ...] = ()
        self._paths: tuple[Path, ...] = ()
        self._left_out = 0
        self._reader: RunReader | None = None
        self.message_bar, self.curves, self.table = MessageBar(), CompareCurves(), CompareTable()
        self.views, self.steps = SideBySide(), StepSlider()
        self.pages = QTabWidget()
        self._again, self._cancel = QPushButton("Read again"), QPushButton("Cancel")
        self._progress, self._reading = QProgressBar(), QLabel()
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(PATIENCE)
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self._show([])

    def show_runs(self, paths: Sequence[Path]) -> None:
        """Compare the runs in these run files, each once and the first eight; those that cannot be read are named."""
        self._stop_reading()
        different = tuple(dict.fromkeys(paths))
        self._paths, self._left_out = different[:MOST], len(different[MOST:])
        self.message_bar.hide()
        if not self._paths:
            self._show([])
            return
        self._reader = RunReader(self._paths, self)
        self._reader.begun.connect(self._tell_progress)
        self._reader.finished.connect(self._on_read)
        self._progress.setRange(0, len(self._paths))
        self._again.setEnabled(False)
        self._slow.start()
        self._reader.start()

    def read_again(self) -> None:
        """Read the same runs anew, as one that is being trained has grown."""
        if self._reader is None and self._paths:
            self.show_runs(self._paths)

    def on_seen(self, seen: Seen) -> None:
        """The answer to a question that `look_asked` sent, or to someone else's."""
        self.views.on_seen(seen)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self.message_bar, self.curves, self.table, self.views, self._stage):
            part.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop_reading()
        self._show([])  # a run of a million steps takes some hundred megabytes
        super().closeEvent(event)

    # Reading

    def _tell_progress(self, index: int) -> None:
        self._progress.setValue(index)
        self._reading.setText(f"Reading run {index + 1} of {len(self._paths)}: {self._paths[index].name}")

    def _on_read(self) -> None:
        reader = self._reader
        if reader is None or self.sender() is not reader:
            return
        self._stop_reading()
        self._show(reader.runs)
        missing = len(reader.paths) - len(reader.runs) - len(reader.troubles)
        more = [f"Not read: {missing} of {len(reader.paths)} runs." if missing else ""]
        more.append(f"Eight runs are compared at the most; left out: {self._left_out}." if self._left_out else "")
        sentences = [*reader.troubles, *(sentence for sentence in more if sentence)]
        if sentences:
            shown = " The others are shown." if reader.troubles and reader.runs else ""
            self.message_bar.set_message("warning", " ".join(sentences) + shown)
        if not reader.runs:
            self._stage.say(NOTHING)

    def _stop_reading(self) -> None:
        """Wait for the file that is being read; what came of it is left in the reader."""
        self._slow.stop()
        self._again.setEnabled(True)
        if self._reader is not None:
            self._reader.requestInterruption()
            self._reader.wait()
            self._reader.deleteLater()
            self._reader = None
        self._whole.setCurrentWidget(self._stage)

    def _show(self, runs: Sequence[ComparedRun]) -> None:
        self.runs = tuple(runs)
        names = labels(self.runs)
        self.setWindowTitle(f"Elboscope: compare {len(runs)} runs" if len(runs) > 1 else "Elboscope: compare runs")
        for part in (self.curves, self.table, self.views):
            part.show_runs(self.runs, names)
        self.steps.set_steps(step for run in self.runs for step in run.keyframes)
        self._go(self.steps.step)
        if self.runs:
            self._stage.show_content()
        else:
            self._stage.say(EMPTY)

    def _go(self, step: int | None) -> None:
        self.curves.set_step(step)
        self.views.set_step(step)

    # Building

    def _connect(self) -> None:
        self.views.look_asked.connect(self.look_asked)
        self.steps.step_changed.connect(self._go)
        self._again.clicked.connect(self.read_again)
        self._slow.timeout.connect(lambda: self._whole.setCurrentWidget(self._waiting))
        self._cancel.clicked.connect(lambda: self._reader.requestInterruption() if self._reader else None)
        for keys, act in (("Esc", self.close), ("F5", self.read_again)):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _arrange(self) -> None:
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(self.curves)
        both.addWidget(self.table)
        both.setChildrenCollapsible(False)
        both.setSizes([500, 300])
        self.pages.addTab(both, "&Curves and parameters")
        self.pages.addTab(self.views, "&Views side by side")
        self.pages.setDocumentMode(True)
        self._again.setToolTip("Read the run files anew, as one that is being trained has grown (F5)")
        self.pages.setCornerWidget(self._again)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        column.addWidget(self.steps)
        self._stage = Stage(content)
        self._whole = QStackedWidget()
        self._whole.addWidget(self._stage)
        self._waiting = self._waiting_page()
        self._whole.addWidget(self._waiting)
        centre = QWidget()
        whole = QVBoxLayout(centre)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.message_bar)
        whole.addWidget(self._whole, 1)
        self.setCentralWidget(centre)

    def _waiting_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        self._progress.setAccessibleName("Runs read")
        self._progress.setMaximumWidth(420)
        self._progress.setFormat("%v of %m")
        row = QHBoxLayout()
        row.addWidget(self._progress)
        row.addWidget(self._cancel)
        row.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._reading.setTextFormat(Qt.TextFormat.PlainText)
        self._reading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(self._reading)
        column.addLayout(row)
        column.addStretch(1)
        return page
