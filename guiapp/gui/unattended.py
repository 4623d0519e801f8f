"""The window where there is no screen: it runs offscreen by itself and leaves pictures of what it would have shown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer

from guiapp.gui import app as apps
from guiapp.spec import RunSpec

FOLDER = "elboscope-offscreen"
SHOTS = 4
PATIENCE = 60.0  # seconds for the trainer to load, and to save


def run(spec: RunSpec, baseline: RunSpec, seconds: float) -> int:
    """Train `spec` in the window for `seconds`, leave screenshots and the run file, and print where; gives 0, or 1
    when the run did not get going."""
    folder = _folder()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        app = apps.build(spec, baseline, home=Path(home))
        said = _show(app, spec, folder, seconds)
    live = app.session.live
    for sentence in said:
        print(sentence)
    print(f"Trained {live.step if live else 0} steps of {live.run.data_title if live else 'nothing'}.")
    for path in sorted(folder.iterdir()):
        print(path)
    return 0 if live and live.step and (folder / "run.elbo").exists() else 1


def _show(app: apps.App, spec: RunSpec, folder: Path, seconds: float) -> list[str]:
    """Train `spec` in the window of `app` for `seconds`, until it is closed; gives what went wrong."""
    app.window.show()
    said: list[str] = []
    app.session.complained.connect(lambda sentence, _details: said.append(sentence))
    app.session.refused.connect(lambda sentence, _instead: said.append(sentence))
    app.session.saved.connect(lambda _path: app.window.close())

    def shoot(number: int) -> Callable[[], object]:
        return lambda: app.window.grab().save(str(folder / f"window-{number}.png"))

    def begin() -> None:
        for number in range(1, SHOTS + 1):
            QTimer.singleShot(round(1000 * seconds * number / SHOTS), app.window, shoot(number))
        QTimer.singleShot(round(1000 * seconds) + 200, app.window, lambda: app.session.save(str(folder / "run.elbo")))

    app.session.started.connect(begin)
    QTimer.singleShot(round(1000 * (seconds + PATIENCE)), app.window, app.window.close)  # whatever happens
    if spec.data.path:
        app.window.open_data(spec.data.path)
    else:
        app.session.start(spec)
    app.application.exec()
    return said


def _folder() -> Path:
    """A fresh place in the current folder, or in the temporary one where that cannot be written."""
    try:
        folder = Path(FOLDER).absolute()
        folder.mkdir(exist_ok=True)
        (folder / "run.elbo").unlink(missing_ok=True)
        return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix=f"{FOLDER}-"))
