"""Work with files off the GUI thread, one piece after the other, with a line that says what goes on and can stop it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any, Final

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from guiapp.run_file import RunFileError
from guiapp.runs.files import CancelledError, LibraryError, Progress

UNNOTICED: Final = 300  # ms that need no progress bar
TOLD_EVERY: Final = 0.05  # seconds

Work = Callable[[Progress], Any]


class Job(QObject):
    """`work` in another thread. `then(result)` is called in this object's own thread, or `failed(sentence)` where the
    work raised a refusal; neither where it raised that it was cancelled."""

    told = Signal(int, int)  # done, of how many
    ended = Signal()
    _came = Signal(object, str)

    def __init__(self, words: str, work: Work, then: Callable[[Any], object], failed: Callable[[str], object]) -> None:
        super().__init__()
        self.words = words
        self._work, self._then, self._failed = work, then, failed
        self._stopped = Event()
        self._last = 0.0
        self._came.connect(self._finish)

    def start(self, pool: QThreadPool) -> None:
        """Have a thread of `pool` do it."""
        pool.start(self._run)

    def cancel(self) -> None:
        """Stop at the next chance; what was done is kept."""
        self._stopped.set()

    def forget(self) -> None:
        """Stop, and tell no one: who asked is gone."""
        self.cancel()
        self._then = self._failed = lambda _: None

    def _run(self) -> None:
        result, trouble = None, ""
        try:
            result = self._work(self._progress)
        except CancelledError:
            self._stopped.set()
        except (LibraryError, RunFileError) as error:
            trouble = str(error)
        finally:
            self._came.emit(result, trouble)

    def _progress(self, done: int, count: int) -> bool:
        if monotonic() - self._last >= TOLD_EVERY:
            self._last = monotonic()
            self.told.emit(done, count)
        return not self._stopped.is_set()

    def _finish(self, result: Any, trouble: str) -> None:
        if trouble:
            self._failed(trouble)
        elif result is not None:
            self._then(result)
        self.ended.emit()


class JobLine(QWidget):
    """Does jobs in turn. Shown while one takes longer than `UNNOTICED`."""

    idle = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._waiting: deque[Job] = deque()
        self._job: Job | None = None
        self._words = QLabel(self)
        self._bar = QProgressBar(self)
        self._bar.setFixedWidth(160)
        self._bar.setAccessibleName("Progress")
        stop = QPushButton("Cancel", self, autoDefault=False)
        stop.setToolTip("Stop; what has been done so far is kept")
        stop.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self._words, self._bar, stop):
            layout.addWidget(part)
        self._soon = QTimer(self, singleShot=True, interval=UNNOTICED)
        self._soon.timeout.connect(self.show)
        self.hide()

    @property
    def is_busy(self) -> bool:
        return self._job is not None

    def do(
        self,
        words: str,
        work: Work,
        then: Callable[[Any], object],
        failed: Callable[[str], object],
        once: bool = False,
    ) -> None:
        """Do `work` when all before it is done; `words` say what goes on. With `once`, it does not wait twice."""
        if once and any(job.words == words for job in self._waiting):
            return
        self._waiting.append(Job(words, work, then, failed))
        if self._job is None:
            self._next()

    def stop(self) -> None:
        """Cancel everything and wait for the thread."""
        self._waiting.clear()
        if self._job is not None:
            self._job.forget()
        self._pool.waitForDone()

    def _cancel(self) -> None:
        """What goes on, and more of its kind that waits."""
        if self._job is not None:
            words = self._job.words
            self._waiting = deque(job for job in self._waiting if job.words != words)
            self._job.cancel()

    def _next(self) -> None:
        self._job = self._waiting.popleft()
        self._words.setText(self._job.words)
        self._bar.setRange(0, 0)
        self._job.told.connect(self._tell)
        self._job.ended.connect(self._end)
        self._soon.start()
        self._job.start(self._pool)

    def _tell(self, done: int, count: int) -> None:
        self._bar.setRange(0, count)
        self._bar.setValue(done)

    def _end(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        if self._waiting:
            self._next()
        else:
            self._soon.stop()
            self.hide()
            self.idle.emit()


class Latest(QObject):
    """Does one job at a time without showing it; of those asked for meanwhile, only the last. Refusals are not told."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._job: Job | None = None
        self._next: Job | None = None

    def do(self, work: Work, then: Callable[[Any], object]) -> None:
        """Do `work` after what is being done."""
        self._next = Job("", work, then, lambda _sentence: None)
        if self._job is None:
            self._begin()

    def stop(self) -> None:
        """Wait for the thread."""
        self._next = None
        if self._job is not None:
            self._job.forget()
        self._pool.waitForDone()

    def _begin(self) -> None:
        self._job, self._next = self._next, None
        if self._job is not None:
            self._job.ended.connect(self._begin)
            self._job.start(self._pool)
