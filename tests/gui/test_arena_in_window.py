"""The arena in the window, on the real trainer process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.docks import ViewDock
from guiapp.gui.main_window import MainWindow
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.gui.training_thread import TrainingThread
from guiapp.gui.views.arena import ArenaView
from guiapp.spec import Data, Gan, Network, RunSpec

PATIENCE = 30_000  # ms
SMALL = Network(hidden=(8,))
SPEC = RunSpec(data=Data(name="ring"), model=Gan(generator=SMALL, discriminator=SMALL), batch=32)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    session = Session(TrainingThread(tmp_path / "runs"), SPEC)
    window = MainWindow(session, Settings(), tmp_path / "settings.json", SPEC, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def until(qtbot: QtBot, done: Callable[[], bool]) -> None:
    qtbot.waitUntil(done, timeout=PATIENCE)


def arena_of(window: MainWindow) -> ArenaView:
    window.workspace.reveal("arena")
    return cast(ArenaView, cast(ViewDock, window.workspace.docks["arena"]).view)


def shown_at(view: ArenaView, step: int) -> bool:
    return view._frame is not None and view._frame.step == step and "arena" in view._frame.pictures


def test_steps_and_slow_motion_train_one_player_at_a_time(qtbot: QtBot, window: MainWindow) -> None:
    view = arena_of(window)
    window.session.step()
    until(qtbot, lambda: shown_at(view, 1))
    view.tools.steps["d"].click()
    until(qtbot, lambda: shown_at(view, 2))
    view.tools.steps["g"].click()
    until(qtbot, lambda: shown_at(view, 3))
    series = window.session.frame.series  # type: ignore[union-attr]
    d_moved, g_moved = (series.values(name)[1:3] == series.values(name)[1:3] for name in ("d_loss", "g_loss"))
    assert d_moved.tolist() == [True, False]
    assert g_moved.tolist() == [False, True]
    view.slow.set_speed(40)
    view.tools.slow.click()
    until(qtbot, lambda: shown_at(view, 5))
    assert view.slow.playing, "its own steps do not end it"
    assert window.session.state == "paused"
    window.session.run()
    until(qtbot, lambda: not view.slow.playing)


def test_slow_motion_of_a_run_that_trains_pauses_it(qtbot: QtBot, window: MainWindow) -> None:
    view = arena_of(window)
    window.session.run()
    until(qtbot, lambda: view._frame is not None and view._frame.step > 20)
    view.slow.set_speed(40)
    view.tools.slow.click()
    until(qtbot, lambda: view.slow.phase is not None and view.slow.phase.player == "g")
    assert window.session.state == "paused"
    view.slow.stop()


def test_a_drawing_is_trained_on(qtbot: QtBot, window: MainWindow) -> None:
    view = arena_of(window)
    window.session.step()
    until(qtbot, lambda: shown_at(view, 1))
    view.open_drawing()
    assert view._dialog is not None
    view._dialog.canvas.set_points([[0.5, 0.5]])
    view._dialog.accept()
    until(qtbot, lambda: window.session.spec.data.name == "drawn" and window.session.state == "training")
    assert window.session.spec.data.drawing == "0.500 0.500"
    assert window.session.spec.model == SPEC.model
    until(qtbot, lambda: view._frame is not None and view._frame.run.spec.data.name == "drawn")
    assert abs(view.canvas.real.points.mean(0) - 0.5).max() < 0.01
