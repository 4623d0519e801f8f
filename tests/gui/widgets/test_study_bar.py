"""The bar that begins, shows and gives up a study."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.study_bar import StudyBar, age
from tests.gui.studies import report


@pytest.fixture
def bar(qtbot: QtBot) -> StudyBar:
    bar = StudyBar("Go", "Tip", clock=lambda: bar.now)  # type: ignore[attr-defined]
    bar.now = 10.0  # type: ignore[attr-defined]
    qtbot.addWidget(bar)
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def test_asked_heard_of_done(bar: StudyBar) -> None:
    asked = QSignalSpy(bar.asked)
    bar.start.click()
    assert asked.count() == 1
    assert bar.under_way
    assert bar.bar.text() == "asked for …"
    assert bar.show_report(report("likelihood", {}, 0.1))
    assert bar.bar.text() == "10 %"
    assert bar.bar.value() == 100
    assert bar.show_report(report("likelihood", {}, 1.0))
    assert not bar.under_way
    assert bar.start.isEnabled()


def test_what_is_left_is_estimated_from_what_was_done(bar: StudyBar) -> None:
    bar.start.click()
    bar.show_report(report("likelihood", {}, 0.0))
    bar.now += 0.1  # type: ignore[attr-defined]
    bar.show_report(report("likelihood", {}, 0.1))
    assert bar.bar.text() == "10 %", "too early to tell"
    bar.now += 3.9  # type: ignore[attr-defined]
    bar.show_report(report("likelihood", {}, 0.25))
    assert bar.bar.text() == "25 % · 12 s left"
    bar.now += 1000  # type: ignore[attr-defined]
    bar.show_report(report("likelihood", {}, 0.5))
    assert bar.bar.text() == "50 % · 17 min left"


def test_the_same_report_is_told_to_be_the_same(bar: StudyBar) -> None:
    one = report("likelihood", {}, 0.5)
    assert bar.show_report(one)
    assert not bar.show_report(one)
    assert bar.show_report(None)
    assert not bar.under_way


def test_the_focus_stays_in_the_bar(bar: StudyBar, qtbot: QtBot) -> None:
    bar.activateWindow()
    bar.start.setFocus()
    bar.start.click()
    qtbot.waitUntil(bar.cancel.hasFocus)
    bar.show_report(report("likelihood", {}, 1.0))
    assert bar.start.hasFocus()


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (2000, "of step 2,000"),
        (2001, "of step 2,000, stale: the step shown is 2,001"),
        (5, "of step 2,000, later than the step shown, 5"),
    ],
)
def test_age(step: int, text: str) -> None:
    assert age(report("likelihood", {}), step) == text
