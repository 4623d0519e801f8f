"""The real window with its real trainer process, led by the bench."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimerEvent

from guiapp import presets
from guiapp.gui import app as apps
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.frame import Frame

PATIENCE = 120.0  # seconds for the trainer to do what it was asked for
POLL = 0.005  # seconds between two looks whether it has


@contextmanager
def open_window() -> Iterator[apps.App]:
    """The window on the screen, with settings and runs in a folder of its own, which goes with it."""
    spec = presets.load(presets.DEFAULT).spec
    with tempfile.TemporaryDirectory(prefix="elboscope-bench-") as folder:
        app = apps.build(spec, spec, Path(folder))
        app.window.show()
        try:
            yield app
        finally:
            app.window.close()
            app.window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def begin(app: apps.App, preset: str) -> None:
    """A new run of `preset`, paused at step 0, in the arrangement made for it."""
    spec, before = presets.load(preset).spec, app.session.live
    app.session.start(spec, running=False)
    wait(lambda: app.session.live is not before and app.session.state == "paused" and frame_of(app).run.spec == spec)
    app.window.workspace.arrange(app.window.workspace.home)


def frame_of(app: apps.App) -> Frame:
    """The newest frame; there is one."""
    frame = app.session.live
    assert frame is not None
    return frame


def showing(app: apps.App) -> list[ViewDock | LabDock]:
    """The docks in sight that have something to draw in the current run."""
    docks = [dock for dock in app.window.workspace.docks.values() if dock.is_showing()]
    return [dock for dock in docks if not isinstance(dock, ViewDock) or dock.applies()]


def wait(done: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let the window work until `done()`.

    Raises:
        TimeoutError: that takes more than `patience` seconds.
    """
    deadline = perf_counter() + patience
    while not done() and perf_counter() < deadline:
        let(POLL)
    if not done():
        raise TimeoutError(f"what was to be measured did not come about within {patience:.0f} s")


class _Pause(QEventLoop):
    """Ends with its timer. It connects nothing: PySide keeps a string at each connection to a method of Qt, and a soak
    makes thousands, which it would then find in the window's memory."""

    def timerEvent(self, _event: QTimerEvent) -> None:
        self.quit()


def let(seconds: float) -> None:
    """Let the window work for `seconds`."""
    pause = _Pause()
    pause.startTimer(round(1000 * seconds), Qt.TimerType.PreciseTimer)
    pause.exec()
