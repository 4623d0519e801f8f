"""Work that takes a while, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QThread, Signal

from guiapp.run_file import RunFileError
from guiapp.spec import SpecError

log = logging.getLogger(__name__)


class CancelledError(Exception):
    """The work is not wanted any more."""


class Job(QThread):
    """Runs `work(job)` once. The work calls `job.check()` now and then, which raises when it was cancelled, and may
    `job.tell` how far it is.

    Signals, none of them once it was cancelled:
        told(int): how far the work is, in its own units.
        done(object): what `work` returned.
        failed(str): one sentence; an OSError gives its own reason, what was not foreseen is logged as well.
    """

    told = Signal(int)
    done = Signal(object)
    failed = Signal(str)
    _came = Signal(str, object)  # into the thread of the window: a signal of this object, and its value

    def __init__(self, name: str, work: Callable[[Job], object]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._work = work
        self._cancelled = threading.Event()
        self._came.connect(self._pass_on)

    def check(self) -> None:
        """Called by the work.

        Raises:
            CancelledError: it was cancelled.
        """
        if self._cancelled.is_set():
            raise CancelledError

    def tell(self, count: int) -> None:
        """Called by the work: it is so far."""
        self._came.emit("told", count)

    def cancel(self) -> None:
        """End it and wait until it has, which takes as long as the work takes from one `check` to the next."""
        self._cancelled.set()
        self.wait()

    def run(self) -> None:
        try:
            result = self._work(self)
        except CancelledError:
            return
        except (RunFileError, SpecError) as error:
            self._fail(str(error))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._fail(f"{where}{error.strerror or error}. Choose another place, or free some space.")
        except Exception as error:
            log.exception("a job failed")
            self._fail(f"An error inside Elboscope stopped this ({type(error).__name__}: {error}).")
        else:
            self._came.emit("done", result)

    def _fail(self, sentence: str) -> None:
        self._came.emit("failed", sentence)

    def _pass_on(self, name: str, value: object) -> None:
        if not self._cancelled.is_set():  # it may have been while this was on its way
            getattr(self, name).emit(value)
