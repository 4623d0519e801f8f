"""The smoke run's second half: looking back, forking, the library and the exports, in the packaged program too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize

from guiapp.gui import app as apps
from guiapp.gui.showcase.animation import Animation, Film
from guiapp.gui.showcase.command import Command
from guiapp.gui.showcase.report import Report
from guiapp.gui.showcase.task import Task
from guiapp.gui.views.samples import SamplesView

EXPORTS = (("--curves", "run.csv"), ("--weights", "run.safetensors"), ("--code", "run.py"))

Wait = Callable[[Callable[[], bool], str], None]  # until it holds, or the sentence is the failure


def look_back(app: apps.App, result: dict[str, Any], wait: Wait) -> None:
    """Show step 0 of the current run, fork there with another batch size, and go back to the run before."""
    session, workspace = app.session, app.window.workspace
    workspace.arrange(workspace.home)
    wait(lambda: len(session.history.keyframes) > 1, "no keyframes")
    session.travel(0)
    wait(lambda: session.history.past is not None and bool(session.history.past.pictures), "step 0 was not shown")
    session.go_live()
    assert session.live is not None
    step, before = session.live.step, session.live.run.key
    app.window.time_machine.fork()
    wait(lambda: session.live is not None and session.live.run.key > before, "there is no fork")
    wait(lambda: session.live is not None and session.live.step == step, "the fork stands elsewhere")
    app.window.bring_back()
    wait(lambda: session.live is not None and session.live.run.key > before + 1, "the run before did not come back")
    wait(lambda: session.live is not None and session.live.step == step, "the run before lost steps")
    result["past"] = {"keyframes": len(session.history.keyframes), "forked at": step}


def library(app: apps.App, result: dict[str, Any], wait: Wait) -> None:
    """List the runs so far, compare two, show one as code."""
    desk = app.window.desk
    desk.show_library()
    assert desk.library is not None
    table = desk.library.table
    wait(lambda: table.total >= 3, "the library does not list the runs")
    paths = [str(table.entry(row).path) for row in range(table.rowCount())]
    desk.compare(paths[:2])
    desk.show_code()
    assert desk.code is not None
    compile(desk.code.text.toPlainText(), "script", "exec")
    result["library"] = len(paths)


def exports(app: apps.App, result: dict[str, Any], folder: Path, wait: Wait) -> None:
    """Write a film, a report, curves, weights and the script of the current run."""
    assert app.session.live is not None
    run = Path(app.session.live.run.run_file)
    film = Film(SamplesView, app.window.theme, QSize(480, 320), most=4)
    tasks: list[Task] = [Command(run, flag, folder / name) for flag, name in EXPORTS]
    tasks += [Animation(run, folder / f"run.{suffix}", film) for suffix in ("gif", "mp4")]
    tasks.append(Report(run, folder / "run.html"))
    result["exports"] = {}
    for task in tasks:
        for path in _made(app, task, wait):
            result["exports"][path.name] = path.stat().st_size


def _made(app: apps.App, task: Task, wait: Wait) -> tuple[Path, ...]:
    written: list[tuple[Path, ...]] = []
    failed: list[str] = []
    task.finished.connect(written.append)
    task.failed.connect(failed.append)
    task.look_asked.connect(app.session.look)
    app.session.seen.connect(task.on_seen)
    task.start()
    wait(lambda: bool(written or failed), f"{type(task).__name__} did not end")
    app.session.seen.disconnect(task.on_seen)
    wait(lambda: not failed, "; ".join(failed))
    return written[0]
