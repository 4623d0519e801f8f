"""The timeline as a person finds and uses it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.panels.timeline_track import Track
from tests.gui import frames

EDITS = frames.marks(frames.vae_frame(0).run, ((300, "model.beta", 1.0, 4.0), (700, "model.optimiser.lr", 1e-3, 3e-4)))
LEFT = Qt.MouseButton.LeftButton


def empty(qtbot: QtBot) -> Timeline:
    """Of a run that has not begun."""
    timeline = Timeline(clock=lambda: 0.0)
    qtbot.addWidget(timeline)
    timeline.resize(1000, timeline.sizeHint().height())
    timeline.show()
    return timeline


def filled(qtbot: QtBot) -> Timeline:
    """1,000 steps, a keyframe each 100 up to 900, two edits."""
    timeline = empty(qtbot)
    timeline.set_keyframes(np.arange(0, 1000, 100))
    timeline.set_marks(EDITS)
    timeline.set_progress(1000)
    refresh(timeline)
    return timeline


def heard(timeline: Timeline) -> list[Any]:
    """Steps travelled to, "live", and what else is asked for."""
    said: list[Any] = []
    timeline.travelled.connect(said.append)
    timeline.went_live.connect(lambda: said.append("live"))
    timeline.fork_asked.connect(lambda step: said.append(("fork", step)))
    timeline.undo_asked.connect(lambda index: said.append(("undo", index)))
    return said


def refresh(timeline: Timeline) -> None:
    """As when it has rested long enough since the last repaint."""
    timer(timeline, 100).timeout.emit()


def timer(timeline: Timeline, interval: int) -> QTimer:
    found = timeline.findChildren(QTimer, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return next(timer for timer in found if timer.interval() == interval)


def track(timeline: Timeline) -> Track:
    return timeline.findChild(Track)


def at(timeline: Timeline, step: float) -> QPoint:
    return QPoint(round(track(timeline).axis.x(step)), track(timeline).height() // 2)


def press(timeline: Timeline, step: float) -> None:
    QTest.mousePress(track(timeline), LEFT, pos=at(timeline, step))


def drag(timeline: Timeline, step: float) -> None:
    QTest.mouseMove(track(timeline), at(timeline, step))


def readout(timeline: Timeline) -> str:
    return timeline.findChild(QLabel).text()


def button(timeline: Timeline, name: str) -> QToolButton:
    return next(b for b in timeline.findChildren(QToolButton) if b.accessibleName() == name)
