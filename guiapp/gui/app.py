"""Making the application and its window."""

from __future__ import annotations

import gc
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon, QPixmapCache
from PySide6.QtWidgets import QApplication

from guiapp import presets
from guiapp.allocator import keep_large_apart
from guiapp.gui.session import Session
from guiapp.gui.settings import default_path, load
from guiapp.gui.training_thread import TrainingThread
from guiapp.resources import resource
from guiapp.runs.library import default_folder
from guiapp.spec import RunSpec

if TYPE_CHECKING:
    from pyqtgraph.util.garbage_collector import GarbageCollector

    from guiapp.gui.main_window import MainWindow
    from guiapp.gui.recovery import Recovery

LARGE = 1 << 20  # bytes; pictures of views and of the window
PIXMAPS = 2048  # kB that Qt keeps; each window that is made anew adds its own under new keys, up to 10 MB by default


@dataclass(frozen=True)
class App:
    """What lives as long as the program does."""

    application: QApplication
    session: Session
    window: MainWindow
    recovery: Recovery
    collector: GarbageCollector


def build(spec: RunSpec | None, baseline: RunSpec | None, home: Path | None = None) -> App:
    """The application with its window, not yet shown. `baseline` holds the defaults of the parameters that `spec` may
    change; None: the preset that the settings name, for both. Settings and runs are kept in the folder `home`; None:
    where the platform keeps such. From here on the event loop alone collects garbage: Python would do so at any moment
    and in any thread, and a widget that goes in one that is not its own, or inside a lock of Qt, crashes or hangs."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Elboscope")
    application.setDesktopFileName("elboscope")
    QPixmapCache.setCacheLimit(PIXMAPS)
    keep_large_apart(LARGE)
    application.setWindowIcon(QIcon(str(resource("icons/elboscope.png"))))
    path = home / "settings.json" if home else default_path()
    settings, complaint = load(path)
    chosen = settings.preset if settings.preset in presets.NAMES else presets.DEFAULT
    baseline = baseline or presets.load(chosen).spec
    runs = Path(settings.runs).expanduser() if settings.runs else home / "runs" if home else default_folder()
    thread = TrainingThread(runs, settings.keyframes_mb << 20)
    session = Session(thread, spec or baseline)  # before the window, so that torch loads while that is built
    from pyqtgraph.util.garbage_collector import GarbageCollector

    from guiapp.gui.errors import install_excepthook, show_error
    from guiapp.gui.main_window import MainWindow
    from guiapp.gui.recovery import Recovery

    collector = GarbageCollector()
    try:
        window = MainWindow(session, settings, path, baseline, runs)
    except BaseException:
        session.shut_down()
        raise
    recovery = Recovery(runs)
    session.started.connect(lambda run: recovery.note(run.run_file))
    session.recorded.connect(recovery.note)
    window.closed.connect(recovery.close)
    window.closed.connect(install_excepthook(lambda sentence, details: show_error(window, sentence, details)))
    if complaint:
        window.message_bar.set_message("warning", complaint)
    return App(application, session, window, recovery, collector)


def run(spec: RunSpec | None, baseline: RunSpec | None, link: str = "") -> int:
    """Open the window, with the lab or run of `link` where one is given, and work until it is closed; gives the exit
    code."""
    app = build(spec, baseline)
    # Python sees a signal when it next runs some bytecode: the window's text timer makes that a quarter of a second.
    signal.signal(signal.SIGINT, lambda *_: app.window.close())
    signal.signal(signal.SIGTERM, lambda *_: app.window.close())
    begin(app, spec, link)
    gc.freeze()  # what is there now stays; to look through all of it for garbage would hold the window up for 60 ms
    return app.application.exec()


def begin(app: App, spec: RunSpec | None, link: str = "") -> None:
    """Show the window. It opens `link`, or trains at once when `spec` names a file; otherwise it offers to recover
    what a killed window left, or opens the last run if the person wants that and asked for nothing else."""
    window, settings = app.window, app.window.settings
    window.show()
    left = app.recovery.left()
    if link:
        window.desk.sharing.take(link)
    elif spec is not None and spec.data.path:
        window.open_data(spec.data.path)
    elif left:
        window.offer(left)
    elif spec is None and settings.reopen and Path(settings.last_run).is_file():
        app.session.open(settings.last_run)
