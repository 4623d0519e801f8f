"""One line that keeps whole parts."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.status_line import StatusLine, fitting

TEXT = "held-out ELBO −26.14 nats · effective β 1 · training ELBO −26.22 = −24.13 − 2.09 nats · mean of 100 steps"


@pytest.fixture
def metrics(qtbot: QtBot) -> QFontMetrics:
    line = StatusLine()
    qtbot.addWidget(line)
    return line.fontMetrics()


def test_a_part_that_does_not_fit_is_left_out_whole(metrics: QFontMetrics) -> None:
    parts = TEXT.split(" · ")
    assert fitting(TEXT, metrics, metrics.horizontalAdvance(TEXT)) == TEXT
    for count in (2, 3):
        kept = " · ".join(parts[:count]) + " …"
        room = metrics.horizontalAdvance(kept)
        assert fitting(TEXT, metrics, room) == fitting(TEXT, metrics, room + 20) == kept


def test_where_whole_parts_would_leave_much_room_the_next_one_begins(metrics: QFontMetrics) -> None:
    text = "of step 7 · " + "a very long sentence without any parts that goes on and on" * 3
    room = metrics.horizontalAdvance("of step 7") * 4
    shown = fitting(text, metrics, room)
    assert shown.startswith("of step 7 · a very")
    assert shown.endswith("…")
    assert metrics.horizontalAdvance(shown) <= room


@pytest.mark.parametrize("room", [0, 5, 40])
def test_next_to_no_room(metrics: QFontMetrics, room: int) -> None:
    assert metrics.horizontalAdvance(fitting(TEXT, metrics, room)) <= max(room, metrics.horizontalAdvance("…"))
