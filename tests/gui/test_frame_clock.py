import numpy as np
import pytest

from guiapp import messages as m
from guiapp.gui.frame_clock import APART, REST, FrameClock
from guiapp.gui.session import Session
from guiapp.spec import RunSpec
from tests.gui.wire import Wire, started, update


class Pane:
    """A drawable that notes what it drew."""

    def __init__(self, needs=(), series=True, focus=None):
        self.drawn, self.showing = [], True
        self._needs, self._series, self._focus = frozenset(needs), series, focus or {}

    def draw(self, frame):
        self.drawn.append(frame.step)

    def needs_now(self):
        return self._needs

    def focus_now(self):
        return self._focus

    def is_showing(self):
        return self.showing

    def wants(self, fresh):
        return self._series or bool(self._needs & fresh)


@pytest.fixture
def wire(qapp):
    return Wire()


@pytest.fixture
def session(wire):
    session = Session(wire, RunSpec())
    session.start(RunSpec())
    wire.say(started(1))
    return session


def pulls(wire):
    return [c for c in wire.sent if isinstance(c, m.Pull)]


def test_one_view_a_tick_then_the_next_pull(session, wire):
    panes = (Pane({"latent"}), Pane({"samples"}))
    clock = FrameClock(session, lambda: panes)
    clock.tick()
    assert pulls(wire)[0].needs == {"latent", "samples"}
    wire.say(update(1, 1, 2))
    clock.tick()
    assert [len(p.drawn) for p in panes] == [1, 0]
    assert len(pulls(wire)) == 1
    clock.tick()
    assert [len(p.drawn) for p in panes] == [1, 1]
    clock.tick()
    assert len(pulls(wire)) == 2


def test_a_hidden_view_is_neither_drawn_nor_pulled_for(session, wire):
    seen, hidden = Pane({"latent"}), Pane({"samples"})
    hidden.showing = False
    clock = FrameClock(session, lambda: (seen, hidden))
    clock.tick()
    assert pulls(wire)[0].needs == {"latent"}
    wire.say(update(1, 1, 1))
    clock.tick()
    assert hidden.drawn == []


def test_a_view_of_pictures_is_drawn_only_when_its_picture_is_new(session, wire):
    pane = Pane({"latent"}, series=False)
    clock = FrameClock(session, lambda: (pane,))
    wire.say(update(1, 1, 1))
    clock.tick()
    assert pane.drawn == []
    session.pull_pending = False
    wire.say(update(1, 2, 1, latent={}))
    clock.tick()
    assert pane.drawn == [2]


def test_paused_it_pulls_once_and_then_rests_until_nudged(session, wire):
    pane = Pane({"latent"}, focus={"latent_axes": (0, 1)})
    clock = FrameClock(session, lambda: (pane,))
    wire.say(m.Paused(1, 0))
    clock.tick()
    wire.say(update(1, 1, 0, running=False))
    clock.tick()
    clock.tick()
    count = len(pulls(wire))
    clock.tick()
    assert len(pulls(wire)) == count
    clock.nudge()
    clock.tick()
    assert len(pulls(wire)) == count + 1
    assert pulls(wire)[-1].focus == {"latent_axes": (0, 1)}


def test_a_costly_draw_is_followed_by_a_rest(session, wire):
    times = iter([10.0, 10.2])
    clock = FrameClock(session, lambda: (Pane(),), clock=lambda: next(times))
    wire.say(update(1, 1, 1))
    clock.tick()
    assert clock._timer.interval() == round(200 * (1 + REST))


def past(first, count, at, keyframes=None):
    event = update(1, first, count, samples={"x": np.zeros(1)})
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
    return m.Update(**(fields | {"at": at, "keyframes": keyframes}))


def test_a_move_of_the_timeline_does_not_wait_for_an_answer_about_another_moment(session, wire):
    pane = Pane({"samples"})
    clock = FrameClock(session, lambda: (pane,))
    wire.say(past(1, 50, None, np.array([0, 20, 40])))
    clock.tick()
    clock.tick()
    before = len(pulls(wire))
    assert session.pull_pending
    session.travel(40)
    clock.tick()
    assert [pull.at for pull in pulls(wire)[before:]] == [40]
    wire.say(past(51, 1, None))
    assert session.pull_pending, "that was the answer before"
    clock.tick()
    assert len(pulls(wire)) == before + 1
    wire.say(past(52, 1, 40))
    assert not session.pull_pending
    clock.tick()
    assert pane.drawn[-1] == 40


def test_a_moment_gone_back_to_is_asked_for_and_drawn_at_once(session, wire):
    panes = (Pane({"samples"}), Pane())
    clock = FrameClock(session, lambda: panes)
    clock.tick()
    wire.say(past(1, 50, None, np.array([0, 20, 40])))
    session.travel(40)
    clock.tick()
    assert pulls(wire)[-1].at == 40, "what was stale of the present is not drawn first"
    assert [p.drawn for p in panes] == [[], []]
    wire.say(past(51, 1, 40))
    clock.tick()
    assert [p.drawn for p in panes] == [[40], [40]], "all views in one tick"


def test_an_answer_that_came_too_late_is_not_drawn(session, wire):
    pane = Pane({"samples"})
    clock = FrameClock(session, lambda: (pane,))
    clock.tick()
    wire.say(past(1, 50, None, np.array([0, 20, 40])))
    session.travel(40)
    clock.tick()
    session.travel(20)
    wire.say(past(51, 1, 40))
    clock.tick()
    assert pane.drawn == []
    assert pulls(wire)[-1].at == 20
    wire.say(past(52, 1, 20))
    clock.tick()
    assert pane.drawn == [20]


# ---------------------------------------------------------------------------------------------------- a hand on a view


def test_a_hand_does_not_wait_for_the_draws_that_are_due(qtbot, session, wire):
    """Four views are stale; the pull goes out before any of them is drawn, and the view in hand is drawn when the
    answer comes, before its turn."""
    others = tuple(Pane() for _ in range(4))
    held = Pane({"decoded"}, series=False, focus={"z": ((0.0, 0.0),)})
    clock = FrameClock(session, lambda: (*others, held))
    clock.tick()
    wire.say(update(1, 1, 1, decoded={}))
    held._focus = {"z": ((1.0, 0.0),)}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    assert pulls(wire)[-1].focus == {"z": ((1.0, 0.0),)}
    assert sum(len(pane.drawn) for pane in others) <= 1
    wire.say(update(1, 2, 1, decoded={}))
    assert held.drawn == [2], "at once, within the call"
    clock.tick()
    assert sum(len(pane.drawn) for pane in others) >= 1, "the others keep their turns"


def test_a_view_whose_focus_stays_waits_for_its_turn(session, wire):
    pane = Pane({"decoded"}, series=False, focus={"z": ((0.0, 0.0),)})
    clock = FrameClock(session, lambda: (pane,))
    clock.tick()
    wire.say(update(1, 1, 1, decoded={}))
    assert pane.drawn == []
    clock.tick()
    assert pane.drawn == [1]


def test_a_hand_that_moves_while_an_answer_is_awaited_is_asked_for_when_it_comes(qtbot, session, wire):
    pane = Pane({"decoded"}, series=False, focus={"z": 0})
    clock = FrameClock(session, lambda: (pane,))
    clock.tick()
    for z in range(1, 6):  # moves of the mouse, five in one beat
        pane._focus = {"z": z}
        clock.nudge()
    qtbot.waitUntil(lambda: not clock._pace.isActive(), timeout=1000)
    assert len(pulls(wire)) == 1, "one question at a time"
    wire.say(update(1, 1, 1, decoded={}))
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    assert pulls(wire)[-1].focus == {"z": 5}, "and only the newest place matters"
    wire.say(update(1, 2, 1, decoded={}))
    assert pane.drawn == [2]


def test_a_hand_leaves_rests_between_its_draws(qtbot, session, wire):
    now = [10.0]

    class Slow(Pane):
        def draw(self, frame):
            super().draw(frame)
            now[0] += 0.2

    pane = Slow({"decoded"}, series=False, focus={"z": 0})
    clock = FrameClock(session, lambda: (pane,), clock=lambda: now[0])
    clock.tick()
    wire.say(update(1, 1, 1))
    pane._focus = {"z": 1}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    wire.say(update(1, 2, 1, decoded={}))
    assert pane.drawn == [2]
    assert clock._pace.interval() == round(200 * (1 + REST))


def test_paused_a_hand_is_followed_too_and_then_there_is_rest(qtbot, session, wire):
    pane = Pane({"decoded"}, series=False, focus={"z": 0})
    clock = FrameClock(session, lambda: (pane,))
    wire.say(m.Paused(1, 0))
    qtbot.waitUntil(lambda: len(pulls(wire)) == 1, timeout=1000)
    wire.say(update(1, 1, 0, running=False, decoded={}))
    pane._focus = {"z": 1}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    wire.say(update(1, 1, 0, running=False, decoded={}))
    assert pane.drawn
    qtbot.waitUntil(lambda: not clock._pace.isActive() and not clock._timer.isActive(), timeout=1000)
    assert len(pulls(wire)) == 2


def test_while_training_a_hand_asks_for_its_own_pictures_and_no_other_view_is_drawn_for_them(qtbot, session, wire):
    other, held = Pane({"latent"}), Pane({"decoded"}, series=False, focus={"z": 0})
    clock = FrameClock(session, lambda: (other, held))
    clock.tick()
    assert pulls(wire)[-1].needs == {"latent", "decoded"}
    wire.say(update(1, 1, 1, decoded={}))
    clock.tick()
    clock.tick()
    assert other.drawn == [1]
    assert held.drawn == [1]
    held._focus = {"z": 1}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    assert pulls(wire)[-1].needs == {"decoded"}
    assert pulls(wire)[-1].focus == {"z": 1}
    wire.say(update(1, 2, 1, decoded={}))
    assert held.drawn == [1, 2]
    clock.tick()
    assert other.drawn == [1]
    assert pulls(wire)[-1].needs == {"latent", "decoded"}, "it gets its turn by a question of its own"
    wire.say(update(1, 3, 1, latent={}))
    clock.tick()
    assert other.drawn == [1, 3]
    assert clock._timer.interval() == APART, "while a hand moves"


def test_a_hand_while_training_stands_or_in_the_past_asks_for_everything(qtbot, session, wire):
    other, held = Pane({"latent"}), Pane({"decoded"}, series=False, focus={"z": 0})
    clock = FrameClock(session, lambda: (other, held))
    clock.tick()
    wire.say(past(1, 50, None, np.array([0, 20, 40])))
    session.travel(40)
    clock.tick()
    wire.say(past(51, 1, 40))
    held._focus = {"z": 1}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 3, timeout=1000)
    assert pulls(wire)[-1].needs == {"latent", "decoded"}
    wire.say(past(52, 1, 40))
    session.go_live()
    wire.say(m.Paused(1, 52))
    qtbot.waitUntil(lambda: len(pulls(wire)) == 4, timeout=1000)
    wire.say(update(1, 53, 0, running=False, decoded={}))
    held._focus = {"z": 2}
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 5, timeout=1000)
    assert pulls(wire)[-1].needs == {"latent", "decoded"}


def test_a_view_that_comes_into_sight_is_asked_for_whole(qtbot, session, wire):
    pane, new = Pane({"latent"}), Pane({"samples"})
    new.showing = False
    clock = FrameClock(session, lambda: (pane, new))
    clock.tick()
    wire.say(update(1, 1, 1, latent={}))
    new.showing = True
    clock.nudge()
    qtbot.waitUntil(lambda: len(pulls(wire)) == 2, timeout=1000)
    assert pulls(wire)[-1].needs == {"latent", "samples"}
