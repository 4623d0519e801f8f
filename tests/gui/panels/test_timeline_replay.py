"""The pace of a replay, by a clock that the test holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QObject, QTimer
from pytestqt.qtbot import QtBot

from guiapp.gui.panels.timeline_replay import Replay

STEPS = (0, 10, 20, 30)


class Bench:
    """A replay, its clock, and all it said: steps asked for, and "end"."""

    def __init__(self, parent: QObject) -> None:
        self.now = 50.0
        self.said: list[int | str] = []
        self.replay = Replay(lambda step: next((s for s in STEPS if s > step), None), parent, lambda: self.now)
        self.replay.asked.connect(self.said.append)
        self.replay.ended.connect(lambda: self.said.append("end"))
        self.timer = self.replay.findChild(QTimer)

    def after(self, seconds: float, answer: bool = True) -> int | None:
        """Time goes by, then the picture comes; gives the milliseconds that the replay rests."""
        self.now += seconds
        if answer:
            self.replay.answered()
        return self.timer.interval() if self.timer.isActive() else None

    def ring(self) -> None:
        """The timer is done."""
        self.now += self.timer.interval() / 1000
        self.timer.stop()
        self.timer.timeout.emit()


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    parent = QObject()
    bench = Bench(parent)
    yield bench
    bench.replay.stop()
    parent.deleteLater()


def test_the_first_comes_at_once_and_the_next_after_answer_and_time(bench: Bench) -> None:
    bench.replay.start(-1)
    assert bench.said == [0]
    assert bench.after(0.03, answer=False) is None
    assert bench.after(0.0) == 70
    bench.ring()
    assert bench.said == [0, 10]


def test_it_waits_for_the_answer_however_long(bench: Bench) -> None:
    bench.replay.start(-1)
    assert bench.after(5.0, answer=False) is None
    assert bench.said == [0]
    assert bench.after(0.0) == 0
    bench.ring()
    assert bench.said == [0, 10]
    assert bench.after(0.02) == 80, "time that was lost is not made up for"


def test_a_timer_that_is_a_little_late_is_made_up_for(bench: Bench) -> None:
    bench.replay.start(-1)
    bench.after(0.0)
    bench.now += 0.03
    bench.ring()
    assert bench.after(0.0) == 70


@pytest.mark.parametrize(("speed", "rest"), [(0.25, 400), (1, 100), (2, 50), (4, 25)])
def test_speeds(bench: Bench, speed: float, rest: int) -> None:
    bench.replay.speed = speed
    bench.replay.start(-1)
    assert bench.after(0.0) == rest


def test_it_begins_after_the_place_given_and_ends_after_the_last(bench: Bench) -> None:
    bench.replay.start(10)
    bench.after(0.0)
    bench.ring()
    assert bench.said == [20, 30]
    assert bench.replay.playing
    bench.after(0.0)
    bench.ring()
    assert bench.said == [20, 30, "end"]
    assert not bench.replay.playing


def test_stopped_it_asks_no_more(bench: Bench) -> None:
    bench.replay.start(-1)
    bench.after(0.0)
    bench.replay.stop()
    assert not bench.timer.isActive()
    bench.replay.answered()
    assert not bench.timer.isActive()
    assert not bench.replay.playing


def test_an_answer_that_nobody_waits_for_changes_nothing(bench: Bench) -> None:
    bench.replay.answered()
    assert not bench.timer.isActive()
    bench.replay.start(-1)
    bench.after(0.0)
    bench.after(0.05)
    assert bench.timer.interval() == 100


def test_answers_at_once_do_not_pile_up_calls(bench: Bench, qtbot: QtBot) -> None:
    """As from a slot that shows the step before it returns."""
    depth: list[int] = []
    bench.replay.asked.connect(lambda _step: (depth.append(1), bench.replay.answered()))
    bench.replay.speed = 1e9
    bench.replay.start(-1)
    assert len(depth) == 1
    qtbot.waitUntil(lambda: bench.said[-1] == "end")
    QCoreApplication.processEvents()
    assert bench.said == [*STEPS, "end"]
