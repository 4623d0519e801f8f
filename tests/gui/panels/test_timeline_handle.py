"""The handle stays under the hand while answers are late."""

from __future__ import annotations

import pytest

from guiapp.gui.panels.timeline_handle import Handle


@pytest.fixture
def handle() -> Handle:
    return Handle()


def test_it_asks_once_for_each_place(handle: Handle) -> None:
    assert not handle.ask(None)
    assert handle.ask(100)
    assert not handle.ask(100)
    assert (handle.position, handle.shown, handle.awaits) == (100, None, True)
    assert handle.show(100)
    assert (handle.position, handle.shown, handle.awaits) == (100, 100, False)


def test_an_answer_to_an_earlier_step_does_not_move_it_back(handle: Handle) -> None:
    for step in (100, 200, 300):
        handle.ask(step)
    handle.show(200)
    assert (handle.position, handle.shown, handle.awaits) == (300, 200, True)
    handle.show(300)
    assert not handle.awaits


def test_the_step_shown_told_again_is_no_news(handle: Handle) -> None:
    handle.ask(100)
    assert not handle.show(None), "still live: the answer is on its way"
    assert handle.position == 100
    handle.show(100)
    handle.ask(None)
    assert not handle.show(100)
    assert handle.position is None


def test_a_step_that_nobody_asked_for_moves_it(handle: Handle) -> None:
    handle.ask(300)
    assert handle.show(250)
    assert (handle.position, handle.shown, handle.awaits) == (250, 250, False)
    handle.ask(400)
    assert handle.show(None)
    assert (handle.position, handle.awaits) == (None, False)


def test_it_falls_back_to_what_is_shown(handle: Handle) -> None:
    handle.ask(100)
    handle.show(100)
    handle.ask(200)
    handle.fall_back()
    assert (handle.position, handle.awaits) == (100, False)


def test_to_and_fro_ends_where_the_hand_is(handle: Handle) -> None:
    for step in (100, 200, 100):
        handle.ask(step)
    handle.show(100)
    assert (handle.position, handle.shown) == (100, 100)
    handle.ask(300)
    handle.show(300)
    assert not handle.awaits
