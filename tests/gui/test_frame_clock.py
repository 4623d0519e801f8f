import numpy as np
import pytest

from guiapp import messages as m
from guiapp.gui.frame_clock import REST, FrameClock
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
