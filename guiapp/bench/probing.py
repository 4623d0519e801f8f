"""A hand on the probe of the latent explorer while training runs: from the move to the painted image."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
from PySide6.QtCore import Qt, QTimer

from guiapp.bench.stage import begin, let, wait
from guiapp.bench.training import Seen, train
from guiapp.bench.watch import Watch
from guiapp.gui.app import App
from guiapp.gui.frame import Frame
from guiapp.gui.views.explorer import ExplorerView

WARMING = 1.0  # seconds of training before the first move
REST = 0.05  # seconds between two moves, of which another part of the cycle of the frame clock is hit each time
HAND = 16  # ms between two moves of a mouse that is being dragged
ROUND = 40  # moves around the circle


def probe_times(app: App, preset: str, moves: int) -> list[float]:
    """Milliseconds from a move of the probe (`ExplorerView.probe_at`, as the handle calls it) to the painting of what
    that very code decodes to, for `moves` moves, while a run of `preset` trains at full speed beside the other views of
    its arrangement."""
    view = _explorer(app, preset)
    session, dock = app.session, app.window.workspace.docks[ExplorerView.name]
    session.run()
    wait(lambda: session.state == "training" and session.frame is not None and "decoded" in session.frame.pictures)
    let(WARMING)
    with Watch([dock]) as watch:
        spent = [1000 * _move(watch, view, number) for number in range(moves)]
    session.pause()
    wait(lambda: session.state == "paused")
    return spent


def train_in_hand(app: App, preset: str, seconds: float) -> float:
    """Steps/s of training for `seconds` while a hand drags the probe without a pause, 60 times a second."""
    view = _explorer(app, preset)
    numbers = iter(range(1_000_000_000))
    hand = QTimer(interval=HAND, timerType=Qt.TimerType.PreciseTimer)
    hand.timeout.connect(lambda: view.probe_at(*_place(next(numbers))))
    hand.start()
    try:
        return train(app, seconds, Seen())
    finally:
        hand.stop()


def _explorer(app: App, preset: str) -> ExplorerView:
    begin(app, preset)
    workspace = app.window.workspace
    dock = workspace.docks[ExplorerView.name]
    if not dock.is_showing():  # beside what the arrangement shows, so that all of it is drawn
        workspace.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.show()
    dock.raise_()
    wait(dock.is_showing)
    return cast(ExplorerView, dock.widget().findChild(ExplorerView))


def _place(number: int) -> tuple[float, float]:
    """The places of the moves, in the plane: a circle of radius 1.5."""
    angle = 2 * math.pi * number / ROUND
    return 1.5 * math.cos(angle), 1.5 * math.sin(angle)


def _move(watch: Watch, view: ExplorerView, number: int) -> float:
    let(REST + 0.003 * (number % 11))
    asked: list[np.ndarray] = []

    def act() -> None:
        view.probe_at(*_place(number + 1))
        asked.append(np.array(view.focus()["z"], np.float32))

    def is_it(frame: Frame) -> bool:
        return bool(asked) and np.array_equal(frame.pictures.get("decoded", {}).get("z", ()), asked[0])

    return watch.time(act, is_it)
