"""Making the application and its window."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from guiapp.gui.session import Session
from guiapp.gui.training_thread import TrainingThread
from guiapp.resources import resource
from guiapp.spec import RunSpec

if TYPE_CHECKING:
    from guiapp.gui.main_window import MainWindow


@dataclass(frozen=True)
class App:
    """What lives as long as the program does."""

    application: QApplication
    session: Session
    window: MainWindow


def build(spec: RunSpec, baseline: RunSpec, settings_path: Path | None = None) -> App:
    """The application with its window, not yet shown; `settings_path` None: where the platform keeps settings."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Elboscope")
    application.setDesktopFileName("elboscope")
    application.setWindowIcon(QIcon(str(resource("icons/elboscope.png"))))
    session = Session(TrainingThread(), spec)  # first of all, so that torch loads while the window is built
    from guiapp.gui.errors import install_excepthook, show_error
    from guiapp.gui.main_window import MainWindow
    from guiapp.gui.settings import default_path, load

    path = settings_path or default_path()
    settings, complaint = load(path)
    try:
        window = MainWindow(session, settings, path, baseline)
    except BaseException:
        session.shut_down()
        raise
    install_excepthook(lambda sentence, details: show_error(window, sentence, details))
    if complaint:
        window.message_bar.set_message("warning", complaint)
    return App(application, session, window)


def run(spec: RunSpec, baseline: RunSpec) -> int:
    """Open the window, training at once when `spec` names a file, and work until it is closed; gives the exit code."""
    app = build(spec, baseline)
    # Python sees a signal when it next runs some bytecode: the window's text timer makes that a quarter of a second.
    signal.signal(signal.SIGINT, lambda *_: app.window.close())
    signal.signal(signal.SIGTERM, lambda *_: app.window.close())
    app.window.show()
    if spec.data.path:
        app.window.open_data(spec.data.path)
    return app.application.exec()
