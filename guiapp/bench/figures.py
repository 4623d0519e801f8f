"""The figures that the project answers for, measured in one run; see docs/bench.md."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

from guiapp import presets
from guiapp.bench import headless_process
from guiapp.gui import app as apps
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.frame import Frame
from guiapp.gui.labs.base import Lab
from guiapp.gui.workspace import ARRANGEMENTS, Workspace

PRESETS = ("vae-fashion", "gan-ring", "vae-digits")
PAIRS = 5
KEPT = 60  # frames of a run, over which each view is measured
SETTLING = 0.5  # seconds in which a newly shown dock and its explanation are laid out
TIMER = 10  # ms between two beats of the lateness timer
SHOWN = "shown"  # the hidden command that prints when its window is on the screen


def bench(seconds: float, as_json: bool) -> int:
    """Measure everything, `seconds` of training per segment, and print it; gives 0."""
    result: dict[str, Any] = {"machine": _machine(), "segment_s": seconds, "pairs": PAIRS}
    result["start_s"] = median(_start_seconds() for _ in range(3))
    process, connection = headless_process.start()
    try:
        result["bare_ratio"] = {name: _ask(connection, "bare", name, seconds / 3, PAIRS) for name in PRESETS}
        with tempfile.TemporaryDirectory(prefix="elboscope-bench-") as folder:
            _in_the_window(result, connection, seconds, Path(folder))
    finally:
        connection.close()
        process.join()
    print(json.dumps(result, indent=2) if as_json else _table(result))
    return 0


def _in_the_window(result: dict[str, Any], connection: Connection, seconds: float, folder: Path) -> None:
    spec = presets.load(PRESETS[0]).spec
    app = apps.build(spec, spec, folder / "settings.json")
    app.window.show()
    result["in_app_ratio"], result["view_ms"] = {}, {}
    late: list[float] = []
    try:
        for name in PRESETS:
            _begin(app, name)
            ratios: list[float] = []
            frames: deque[Frame] = deque(maxlen=KEPT)
            for _ in range(PAIRS):
                inside = _segment(app, seconds, late, frames)
                ratios.append(inside / _ask(connection, "headless", name, seconds))
            result["in_app_ratio"][name] = median(ratios)
            _view_costs(app, frames, result["view_ms"])
        result["lab_ms"] = _lab_costs(app)
        result["memory_mb"] = {"window": _resident(os.getpid()), "trainer": _resident(app.session.trainer_pid)}
    finally:
        app.window.close()
    p50, p95, p99 = np.percentile(late, [50, 95, 99])
    result["lateness_ms"] = {"p50": p50, "p95": p95, "p99": p99, "beats": len(late)}


def _begin(app: apps.App, name: str) -> None:
    app.session.start(presets.load(name).spec, running=False)
    spec = presets.load(name).spec
    _wait(lambda: app.session.state == "paused" and frame_of(app).run.spec == spec)
    _show_all_views(app.window.workspace)


def _show_all_views(workspace: Workspace) -> None:
    """The arrangement of the run, its tabs pulled apart."""
    workspace.arrange(workspace.home)
    for tabs in (tabs for row in ARRANGEMENTS[workspace.home] for tabs in row):
        for first, second in pairwise(tabs):
            workspace.splitDockWidget(workspace.docks[first], workspace.docks[second], Qt.Orientation.Vertical)


def frame_of(app: apps.App) -> Frame:
    """The newest frame; there is one."""
    frame = app.session.frame
    assert frame is not None
    return frame


def _segment(app: apps.App, seconds: float, late: list[float], frames: deque[Frame]) -> float:
    """Train in the open window for `seconds`; gives steps/s by the wall clock, between the first and the last frame
    after a moment of warming up. Appends the lateness of the event loop in ms, and some of the frames."""
    seen: list[tuple[float, int]] = []
    session = app.session
    connection = session.frame_changed.connect(lambda frame, _: seen.append((perf_counter(), frame.step)))
    keeping = session.frame_changed.connect(lambda frame, _: frames.append(frame))
    session.run()
    _let(0.5)
    seen.clear()
    beats = [perf_counter()]
    timer = QTimer(interval=TIMER, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(perf_counter()))
    timer.start()
    _let(seconds)
    timer.stop()
    late.extend(np.maximum(0, np.diff(beats) * 1000 - TIMER))
    session.pause()
    _wait(lambda: session.state == "paused")
    session.frame_changed.disconnect(connection)
    session.frame_changed.disconnect(keeping)
    (began, first), (ended, last) = seen[0], seen[-1]
    return (last - first) / (ended - began)


def _view_costs(app: apps.App, frames: deque[Frame], costs: dict[str, float]) -> None:
    """The 95th percentile of draw + paint in ms of every view that applies, over `frames` in their order."""
    for name, dock in app.window.workspace.docks.items():
        if isinstance(dock, ViewDock) and dock.applies():
            app.window.workspace.reveal(name)
            dock.draw(frames[0])
            _let(SETTLING)  # the first layout is not a redraw
            cost = _p95(partial(_draw_next, dock, iter(frames)), len(frames))
            costs[name] = max(costs.get(name, 0.0), cost)


def _draw_next(dock: ViewDock, frames: Iterator[Frame]) -> None:
    dock.draw(next(frames))


def _lab_costs(app: apps.App) -> dict[str, float]:
    """The 95th percentile in ms from new parameters to the repainted plot of every lab."""
    costs = {}
    for name, dock in app.window.workspace.docks.items():
        if isinstance(dock, LabDock):
            app.window.workspace.reveal(name)
            _let(SETTLING)
            costs[name] = _p95(partial(_move_slider, dock.lab, count()), 100)
    return costs


def _move_slider(lab: Lab, moves: Iterator[int]) -> None:
    """A new value of the first number among the parameters, as from a slider under a finger."""
    params = lab.params()
    field = next(name for name in params.__struct_fields__ if isinstance(getattr(params, name), float))
    lab.set_params(msgspec.structs.replace(params, **{field: 0.5 + 0.4 * math.sin(next(moves) / 10)}))


def _p95(act: Callable[[], object], times: int) -> float:
    """The 95th percentile in ms of `act()` and the painting that it asks for; timers and the pipe have to wait."""
    spent = []
    for _ in range(times):
        began = perf_counter()
        act()
        QCoreApplication.sendPostedEvents()
        spent.append(1000 * (perf_counter() - began))
    return float(np.percentile(spent, 95))


def _start_seconds() -> float:
    """From the start of a process to its window on the screen."""
    program = [sys.executable] if hasattr(sys, "_MEIPASS") else [sys.executable, "-m", "guiapp"]
    began = time()
    done = subprocess.run([*program, SHOWN], capture_output=True, text=True, check=True, timeout=120)
    return float(done.stdout.split()[-1]) - began


def shown() -> int:
    """Open the window, print the time when it has been painted, and close it."""
    spec = presets.load(presets.DEFAULT).spec
    with tempfile.TemporaryDirectory(prefix="elboscope-shown-") as folder:
        app = apps.build(spec, spec, Path(folder) / "settings.json")
        app.window.show()
        app.application.processEvents()
        print(time(), flush=True)
        app.window.close()
    return 0


def _ask(connection: Connection, *question: object) -> float:
    connection.send(question)
    while not connection.poll(0.05):
        if application := QCoreApplication.instance():
            application.processEvents()  # the paused window stays alive, and idle
    answer: float = connection.recv()
    return answer


def _wait(done: Callable[[], bool]) -> None:
    loop, poll = QEventLoop(), QTimer(interval=10)
    poll.timeout.connect(lambda: loop.quit() if done() else None)
    poll.start()
    QTimer.singleShot(120_000, loop.quit)
    loop.exec()
    if not done():
        raise TimeoutError("the trainer did not answer within 120 s")


def _let(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _resident(pid: int) -> float | None:
    """Resident memory of the process `pid` in MB; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _table(result: dict[str, Any]) -> str:
    lines = [f"| figure | value |\n|---|---|\n| machine | {result['machine']} |"]
    for key in ("in_app_ratio", "bare_ratio", "lateness_ms", "view_ms", "lab_ms", "memory_mb"):
        lines += [
            f"| {key} {name} | {value if value is None else format(value, '.3g')} |"
            for name, value in result[key].items()
        ]
    return "\n".join([*lines, f"| start_s | {result['start_s']:.2f} |"])
