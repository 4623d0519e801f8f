"""What one drawing of each view, lab and of the timeline costs, painting included."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from time import perf_counter

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication

from guiapp.bench.stage import let
from guiapp.gui.app import App
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.frame import Frame
from guiapp.gui.labs.base import Lab
from guiapp.gui.panels.timeline import REPAINT_MS, Timeline
from guiapp.messages import Edited
from guiapp.run_file import Event
from guiapp.spec import RunSpec

SETTLING = 0.5  # seconds in which a newly shown dock and its explanation are laid out
MOVES = 100  # of a slider
KEYFRAMES = 1000  # of a long run of a small model, as many as its budget holds
EDITS = 20
REDRAWS = 40  # of the timeline


def view_costs(app: App, frames: Sequence[Frame]) -> dict[str, float]:
    """The 95th percentile of draw + paint in ms of every view that applies, over `frames` in their order."""
    costs = {}
    for name, dock in app.window.workspace.docks.items():
        if isinstance(dock, ViewDock) and dock.applies():
            app.window.workspace.reveal(name)
            dock.draw(frames[0])
            let(SETTLING)  # the first layout is not a redraw
            costs[name] = _p95(partial(_draw_next, dock, iter(frames)), len(frames))
    return costs


def lab_costs(app: App) -> dict[str, float]:
    """The 95th percentile in ms from new parameters to the repainted plot of every lab."""
    costs = {}
    for name, dock in app.window.workspace.docks.items():
        if isinstance(dock, LabDock):
            app.window.workspace.reveal(name)
            let(SETTLING)
            costs[name] = _p95(partial(_move_slider, dock.lab, count()), MOVES)
    return costs


def timeline_cost(timeline: Timeline, steps: int = 1_000_000) -> float:
    """The 95th percentile in ms from news of a run of `steps` steps, with 1,000 keyframes and 20 edits, to the
    repainted `timeline`, which is in sight; it repaints ten times a second at most."""
    spec = RunSpec()
    edits = [Edited(0, step, "model.beta", 1.0, 2.0, spec) for step in _spread(EDITS, steps // 2)]
    events = [Event(edit.step, "edit", {"path": edit.path, "old": edit.old, "new": edit.new}) for edit in edits]
    timeline.set_marks(edits, events)
    spent = []
    for i in range(REDRAWS):
        let(1.5 * REPAINT_MS / 1000)
        spent.append(_timed(partial(_tell, timeline, steps // 2 + i * (steps // 2 // REDRAWS))))
    return float(np.percentile(spent, 95))


def _tell(timeline: Timeline, step: int) -> None:
    timeline.set_progress(step)
    timeline.set_keyframes(np.array(_spread(KEYFRAMES, step)))


def _spread(number: int, steps: int) -> list[int]:
    return [round(steps * (i + 1) / number) for i in range(number)]


def _draw_next(dock: ViewDock, frames: Iterator[Frame]) -> None:
    dock.draw(next(frames))


def _move_slider(lab: Lab, moves: Iterator[int]) -> None:
    """A new value of the first number among the parameters, as from a slider under a finger."""
    params = lab.params()
    field = next(name for name in params.__struct_fields__ if isinstance(getattr(params, name), float))
    lab.set_params(msgspec.structs.replace(params, **{field: 0.5 + 0.4 * math.sin(next(moves) / 10)}))


def _p95(act: Callable[[], object], times: int) -> float:
    return float(np.percentile([_timed(act) for _ in range(times)], 95))


def _timed(act: Callable[[], object]) -> float:
    """Milliseconds of `act()` and the painting that it asks for; timers and the pipe have to wait."""
    began = perf_counter()
    act()
    QCoreApplication.sendPostedEvents()
    return 1000 * (perf_counter() - began)
