"""Training in the open window: its speed, and how late the window is meanwhile."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from time import perf_counter

import numpy as np
from PySide6.QtCore import Qt, QTimer

from guiapp.bench.stage import begin, let, wait
from guiapp.gui.app import App
from guiapp.gui.frame import Frame
from guiapp.gui.workspace import ARRANGEMENTS, Workspace

KEPT = 60  # frames of a run, over which each view is measured
WARMING = 0.5  # seconds before each segment
FEWEST = 3  # frames a segment lasts for at least: beside other load the window may show a single one in a second
TIMER = 10  # ms between two beats of the lateness timer


@dataclass
class Seen:
    """What was seen of the window while it trained: the last frames, and how late its event loop was, in ms."""

    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=KEPT))
    late: list[float] = field(default_factory=list)


def begin_with_all_views(app: App, preset: str) -> None:
    """A paused run of `preset`, all views of its arrangement in sight, its tabs pulled apart."""
    begin(app, preset)
    _pull_apart(app.window.workspace)


def _pull_apart(workspace: Workspace) -> None:
    for tabs in (tabs for row in ARRANGEMENTS[workspace.home] for tabs in row):
        for first, second in pairwise(tabs):
            workspace.splitDockWidget(workspace.docks[first], workspace.docks[second], Qt.Orientation.Vertical)


def train(app: App, seconds: float, seen: Seen) -> float:
    """Train for `seconds`, and on until `FEWEST` frames are there; gives steps/s by the wall clock, between the first
    and the last frame after a moment of warming up, and adds to `seen`."""
    steps: list[tuple[float, int]] = []
    session = app.session
    listening = session.frame_changed.connect(lambda frame, _: steps.append((perf_counter(), frame.step)))
    keeping = session.frame_changed.connect(lambda frame, _: seen.frames.append(frame))
    session.run()
    let(WARMING)
    steps.clear()
    beats = [perf_counter()]
    timer = QTimer(interval=TIMER, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(perf_counter()))
    timer.start()
    let(seconds)
    wait(lambda: len(steps) >= FEWEST)
    timer.stop()
    seen.late.extend(np.maximum(0, np.diff(beats) * 1000 - TIMER))
    session.pause()
    wait(lambda: session.state == "paused")
    session.frame_changed.disconnect(listening)
    session.frame_changed.disconnect(keeping)
    (began, first), (ended, last) = steps[0], steps[-1]
    return (last - first) / (ended - began)
