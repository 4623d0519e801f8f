"""The smoke run: the real window offscreen, the real trainer process, everything drawn once, and what came of it."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QWidget

from guiapp import __version__, presets
from guiapp.gui import app as apps
from guiapp.gui import smoke_past
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.frame import Frame
from guiapp.series import Series

PATIENCE = 120.0  # seconds for the trainer to load and train
# preset, steps, the series that must fall from its first to its last tenth
TRIALS = (("vae-fashion", 200, "loss"), ("gan-ring", 400, "d_loss"))


class SmokeError(Exception):
    """A check that did not hold; its text names it."""


def smoke(as_json: bool) -> int:
    """Open, train the default VAE and the default GAN, draw every view and lab, check that losses fell; look back,
    fork, list, compare and export.

    Returns:
        0, or 1 with the names of what failed in the printed result.
    """
    began = perf_counter()
    result: dict[str, Any] = {"version": __version__, "frozen": hasattr(sys, "_MEIPASS"), "failed": [], "runs": {}}
    with tempfile.TemporaryDirectory(prefix="elboscope-smoke-") as folder:
        spec = presets.load(presets.DEFAULT).spec
        app = apps.build(spec, spec, Path(folder))
        app.window.show()
        try:
            for trial in TRIALS:
                _attempt(result, trial[0], partial(_trial, app, result, *trial))
            _attempt(result, "labs", partial(_labs, app, result))
            _attempt(result, "past", partial(_past, app, result, Path(folder)))
        finally:
            app.window.close()
    result["torch_in_window_process"] = "torch" in sys.modules
    if result["torch_in_window_process"]:
        result["failed"].append("the window's process has imported torch")
    result["seconds"] = round(perf_counter() - began, 1)
    result["ok"] = not result["failed"]
    print(json.dumps(result, indent=2) if as_json else _text(result))
    return 0 if result["ok"] else 1


def _attempt(result: dict[str, Any], name: str, check: Callable[[], None]) -> None:
    try:
        check()
    except SmokeError as failure:
        result["failed"].append(f"{name}: {failure}")
    except Exception:
        result["failed"].append(f"{name}: {traceback.format_exc()}")


def _trial(app: apps.App, result: dict[str, Any], preset: str, steps: int, falling: str) -> None:
    session, window = app.session, app.window
    heard = _heard(app)
    window.baseline = spec = presets.load(preset).spec
    session.start(spec, running=False)
    _until(lambda: session.has_run and _frame(app).run.spec == spec, "the run did not start", heard)
    session.run(steps)
    _until(lambda: session.state == "paused" and _frame(app).step >= steps, "training did not end", heard)
    drawn: dict[str, int | str] = {}
    for name, dock in window.workspace.docks.items():
        if isinstance(dock, ViewDock):
            drawn[name] = _drawn(app, dock, heard)
    first, last = _ends(_frame(app).series, falling)
    result["runs"][preset] = {
        "steps": _frame(app).step,
        "steps_per_s": round(_frame(app).step / max(session.seconds, 1e-9), 1),
        f"first {falling}": first,
        f"last {falling}": last,
        "views": drawn,
    }
    if not last < first:
        raise SmokeError(f"{falling} did not fall: {first:.4f} at first, {last:.4f} at last")


def _drawn(app: apps.App, dock: ViewDock, heard: list[str]) -> int | str:
    """Bring the view to the front, wait for its pictures, draw it once; gives how many colours it shows."""
    if not dock.applies():
        return "does not apply"
    app.window.workspace.reveal(dock.objectName())
    needs = dock.view.needs
    _until(lambda: not needs or bool(needs & set(_frame(app).pictures)), f"no pictures for {dock.view.name}", heard)
    dock.draw(_frame(app))
    colours = _colours(dock.widget())
    if colours == 1 or dock.broken:
        raise SmokeError(f"the view {dock.view.name} is blank or broken")
    return colours


def _labs(app: apps.App, result: dict[str, Any]) -> None:
    result["labs"] = {}
    for name, dock in app.window.workspace.docks.items():
        if isinstance(dock, LabDock):
            app.window.workspace.reveal(name)
            dock.lab.set_params(dock.lab.params())
            result["labs"][name] = _colours(dock.widget())
            if result["labs"][name] == 1:
                raise SmokeError(f"the lab {name} is blank")


def _past(app: apps.App, result: dict[str, Any], folder: Path) -> None:
    heard = _heard(app)

    def wait(done: Callable[[], bool], failure: str) -> None:
        _until(done, failure, heard)

    smoke_past.look_back(app, result, wait)
    smoke_past.library(app, result, wait)
    smoke_past.exports(app, result, folder, wait)


def _heard(app: apps.App) -> list[str]:
    """What the session complains of from now on."""
    heard: list[str] = []
    app.session.refused.connect(lambda sentence, _: heard.append(sentence))
    app.session.complained.connect(lambda sentence, details: heard.append(f"{sentence} {details}"))
    app.session.lost.connect(lambda code: heard.append(f"the trainer process ended with code {code}"))
    return heard


def _frame(app: apps.App) -> Frame:
    """The newest frame; training has begun."""
    frame = app.session.frame
    assert frame is not None
    return frame


def _until(done: Callable[[], bool], failure: str, heard: list[str]) -> None:
    """Let Qt work until `done()`; what the session complained of meanwhile is the failure."""
    loop = QEventLoop()
    poll = QTimer(interval=20)
    poll.timeout.connect(lambda: loop.quit() if heard or done() else None)
    poll.start()
    QTimer.singleShot(round(1000 * PATIENCE), loop.quit)
    loop.exec()
    poll.stop()
    if heard:
        raise SmokeError("; ".join(heard))
    if not done():
        raise SmokeError(f"{failure} within {PATIENCE:.0f} s")


def _colours(widget: QWidget) -> int:
    """How many different pixel values the widget shows; 1 is a blank one."""
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return len(np.unique(pixels))


def _ends(series: Series, name: str) -> tuple[float, float]:
    values = series.values(name)
    tenth = max(1, len(values) // 10)
    return float(np.nanmean(values[:tenth])), float(np.nanmean(values[-tenth:]))


def _text(result: dict[str, Any]) -> str:
    lines = [
        f"Elboscope {result['version']}, {'packaged' if result['frozen'] else 'from source'}, {result['seconds']} s"
    ]
    lines += [f"{name}: {facts}" for name, facts in result["runs"].items()]
    lines.append(f"labs: {result.get('labs')}")
    lines.append(f"past: {result.get('past')}, {result.get('library')} runs, exports {result.get('exports')}")
    return "\n".join([*lines, *(f"FAILED {what}" for what in result["failed"]), "ok" if result["ok"] else "not ok"])
