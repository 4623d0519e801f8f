import numpy as np
import pytest
from PySide6.QtTest import QSignalSpy

from guiapp import messages as m
from guiapp.gui.history import History
from guiapp.gui.session import Session
from guiapp.parameters import edited
from guiapp.spec import RunSpec
from tests.gui.wire import Wire, started, update

SPEC = RunSpec()


@pytest.fixture
def wire(qapp):
    return Wire()


@pytest.fixture
def session(wire):
    """A run at step 100 that can go back to steps 0, 40 and 80."""
    session = Session(wire, SPEC)
    session.start(SPEC)
    wire.say(started(1))
    wire.say(told(1, 100, keyframes=(0, 40, 80), samples={"x": np.ones(1)}))
    return session


def told(first, count, at=None, keyframes=None, events=(), **pictures):
    plain = update(1, first, count, **pictures)
    fields = {name: getattr(plain, name) for name in plain.__dataclass_fields__}
    known = None if keyframes is None else np.array(keyframes, np.int64)
    return m.Update(**(fields | {"at": at, "keyframes": known, "events": events}))


def mark(step, path, old, new, before=SPEC):
    return m.Edited(1, step, path, old, new, edited(before, path, new))


def test_it_learns_of_keyframes_and_events(session, wire):
    spy = QSignalSpy(session.history_changed)
    wire.say(told(101, 1))
    assert spy.count() == 0
    wire.say(told(102, 1, keyframes=(0, 40, 80, 101), events=((101, "diverged", {"tensor": "loss"}),)))
    assert spy.count() == 1
    assert list(session.history.keyframes) == [0, 40, 80, 101]
    assert [(e.step, e.kind) for e in session.history.events] == [(101, "diverged")]


@pytest.mark.parametrize(("step", "at"), [(0, 0), (39, 0), (40, 40), (79, 40), (5000, 80), (-3, 0)])
def test_it_goes_to_the_newest_keyframe_up_to_a_step(session, step, at):
    session.travel(step)
    assert session.at == at


def test_the_past_is_shown_when_its_pictures_have_come(session, wire):
    travels, frames = QSignalSpy(session.travelled), []
    session.frame_changed.connect(lambda frame, fresh: frames.append((frame, fresh)))
    session.travel(45)
    assert travels.at(0) == [40]
    assert session.frame.step == 100, "until the pictures are there, what was shown stays"
    session.pull(frozenset({"samples"}), {})
    assert wire.last() == m.Pull(frozenset({"samples"}), {}, 40)
    wire.say(told(101, 10, at=40, samples={"x": np.zeros(1)}))
    frame, fresh = frames[-1]
    assert session.frame is frame
    assert (frame.step, frame.until, fresh) == (40, 110, {"samples"})
    assert len(frame.series) == 40
    assert frame.pictures["samples"]["x"][0] == 0
    assert frame.epoch == pytest.approx(session.live.epoch * 40 / 110)
    assert len(session.live.series) == 110, "training goes on"
    assert session.live.pictures["samples"]["x"][0] == 1, "the newest pictures are not of the past"


def test_an_answer_to_an_earlier_move_is_not_shown(session, wire):
    session.travel(40)
    session.pull(frozenset({"samples"}), {})
    session.travel(80)
    wire.say(told(101, 1, at=40, samples={"x": np.zeros(1)}))
    assert session.frame.step == 101
    wire.say(told(102, 1, at=80, samples={"x": np.full(1, 8.0)}))
    assert (session.frame.step, session.frame.pictures["samples"]["x"][0]) == (80, 8)


def test_pictures_of_a_past_step_stay_while_training_goes_on(session, wire):
    session.travel(80)
    wire.say(told(101, 1, at=80, samples={"x": np.full(1, 8.0)}))
    wire.say(told(102, 5, at=80))
    assert session.frame.step == 80
    assert session.frame.until == 106
    assert session.frame.pictures["samples"]["x"][0] == 8


@pytest.mark.parametrize("back", [Session.go_live, Session.run, Session.step])
def test_ways_back_to_the_newest_moment(session, wire, back):
    session.travel(40)
    wire.say(told(101, 1, at=40))
    travels = QSignalSpy(session.travelled)
    back(session)
    assert travels.at(0) == [None]
    assert session.frame.step == 101
    assert session.frame.until == 0


def test_nowhere_to_go_without_keyframes(wire):
    session = Session(wire, SPEC)
    session.travel(10)
    assert session.at is None
    session.start(SPEC)
    wire.say(started(1))
    session.travel(10)
    assert session.at is None


def test_a_new_run_has_a_history_of_its_own(session, wire):
    session.travel(40)
    session.start(SPEC)
    wire.say(started(2))
    assert session.at is None
    assert not len(session.history.keyframes)


def test_the_marks_of_a_past_frame_are_those_that_led_to_it(session, wire):
    for step in (30, 40, 60):
        wire.say(mark(step, "model.beta", 1.0, float(step)))
    session.travel(40)
    wire.say(told(101, 1, at=40))
    assert [e.step for e in session.frame.marks] == [30], "the keyframe was taken before the edit of its step"
    history, live = session.history, session.live
    betas = {step: history.spec(live, step).model.beta for step in (0, 30, 31, 40, 41, 100)}
    assert betas == {0: 1.0, 30: 1.0, 31: 30.0, 40: 30.0, 41: 40.0, 100: 60.0}


def test_a_fork_names_file_step_and_parameters(session, wire):
    other = edited(SPEC, "model.beta", 4.0)
    session.fork("a.elbo", 40, other, running=True)
    assert wire.last() == m.Open(2, "a.elbo", 40, other, True)
    assert session.state == "starting"
    wire.say(started(2, other))
    assert session.state == "training"


def test_a_refused_fork_leaves_the_run(session, wire):
    session.fork("a.elbo", 40, SPEC)
    wire.say(m.Refused("It does not fit.", key=2))
    assert session.state == "training"


def test_undo_goes_before_the_edit(session, wire):
    wire.say(mark(40, "model.beta", 1.0, 4.0))
    wire.say(mark(80, "batch", 128, 64, edited(SPEC, "model.beta", 4.0)))
    session.undo_edit()
    assert (wire.last().at, wire.last().running) == (80, True)
    assert (wire.last().spec.batch, wire.last().spec.model.beta) == (128, 4.0)
    session.undo_edit(0)
    assert wire.last().at == 40
    assert wire.last().spec == SPEC


def test_a_turn_of_a_slider_is_undone_as_one():
    history = History()
    history.keyframes = np.array([0, 40, 90])
    marks = [
        mark(step, path, old, new)
        for step, path, old, new in [
            (40, "batch", 128, 64),
            (40, "model.beta", 1.0, 2.0),
            (43, "model.beta", 2.0, 3.0),
            (47, "model.beta", 3.0, 4.0),
            (90, "model.beta", 4.0, 5.0),
        ]
    ]
    assert history.first_of_turn(marks, -1).old == 4.0, "a keyframe was taken before it: a turn of its own"
    assert history.first_of_turn(marks, 3).old == 1.0
    assert history.first_of_turn(marks, 0).path == "batch"


def test_undo_without_an_edit_asks_nothing(session, wire):
    before = len(wire.sent)
    session.undo_edit()
    assert len(wire.sent) == before


def test_looks_and_notes_are_passed_on(session, wire):
    seen, annotated = QSignalSpy(session.seen), QSignalSpy(session.annotated)
    session.look("a.elbo", 7, frozenset({"latent"}), {})
    assert wire.last() == m.Look("a.elbo", 7, frozenset({"latent"}), {})
    wire.say(m.Seen("a.elbo", 5, None, None, {}, "gone"))
    session.annotate("a.elbo", "title", "notes", ("tag",))
    assert wire.last() == m.Annotate("a.elbo", "title", "notes", ("tag",))
    wire.say(m.Annotated("a.elbo"))
    assert seen.at(0)[0].trouble == "gone"
    assert annotated.at(0)[0].path == "a.elbo"


def test_a_run_that_was_cut_off_trains_on_by_itself(wire):
    session = Session(wire, SPEC)
    session.open("a.elbo")
    event = started(1)
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
    wire.say(m.Started(**(fields | {"again": 500})))
    assert session.state == "training"
