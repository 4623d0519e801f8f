import numpy as np
import pytest

from guiapp import messages as m
from guiapp.gui.errors import MessageBar
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.session import Session
from guiapp.gui.time_machine import TimeMachine
from guiapp.parameters import edited
from guiapp.spec import RunSpec
from tests.gui.wire import Wire, started, update

SPEC = RunSpec()


def with_fields(event, **fields):
    return type(event)(**({name: getattr(event, name) for name in event.__dataclass_fields__} | fields))


class Scene:
    """A run at step 100 with keyframes at 0, 40 and 80, and β edited at step 40."""

    def __init__(self, qtbot):
        self.wire = Wire()
        self.session = Session(self.wire, SPEC)
        self.timeline, self.panel, self.bar = Timeline(), ParameterPanel(), MessageBar()
        for widget in (self.timeline, self.panel, self.bar):
            qtbot.addWidget(widget)
        self.machine = TimeMachine(self.session, self.timeline, self.panel, self.bar, self.session)
        self.session.start(SPEC)
        self.wire.say(with_fields(started(1), run_file="a.elbo"))
        self.panel.set_spec(SPEC, SPEC)
        self.panel.set_has_run(True)
        self.wire.say(self.told(1, 40))
        self.now = edited(SPEC, "model.beta", 4.0)
        self.wire.say(m.Edited(1, 40, "model.beta", 1.0, 4.0, self.now))
        self.panel.set_live("model.beta", 4.0)
        self.wire.say(self.told(41, 60))

    def told(self, first, count, at=None):
        return with_fields(update(1, first, count), at=at, keyframes=np.array([0, 40, 80]))

    def go(self, step):
        self.timeline.travelled.emit(step)
        self.wire.say(self.told(101, 1, at=step))


@pytest.fixture
def scene(qtbot):
    return Scene(qtbot)


def test_the_panel_shows_the_parameters_of_the_step_that_is_shown(scene):
    scene.go(40)
    assert scene.session.frame.step == 40
    assert scene.panel.pending().model.beta == 1.0
    scene.timeline.went_live.emit()
    assert scene.panel.pending().model.beta == 4.0


def test_a_change_in_the_past_waits_for_a_fork(scene):
    scene.go(80)
    before = len(scene.wire.sent)
    scene.panel.edit("model.beta", 2.0)
    assert len(scene.wire.sent) == before
    assert "Fork from step 80" in scene.panel._bar._restart.text()
    assert not scene.panel._bar.isHidden()
    scene.panel.restart_requested.emit(scene.panel.pending())
    wanted = edited(SPEC, "model.beta", 2.0)
    assert scene.wire.last() == m.Open(2, "a.elbo", 80, wanted, running=True)
    scene.wire.say(with_fields(started(2, wanted), run_file="b.elbo"))
    assert "from step 80" in scene.bar.message()
    assert "Restart" in scene.panel._bar._restart.text()


def test_live_again_a_change_is_one_of_the_run(scene):
    scene.go(80)
    scene.timeline.went_live.emit()
    told = []
    scene.panel.live_edited.connect(lambda *edit: told.append(edit))
    scene.panel.edit("model.beta", 3.0)
    assert told == [("model.beta", 3.0)]


def test_the_timeline_offers_a_fork_that_can_be_changed_before(scene):
    scene.timeline.fork_asked.emit(80)
    assert scene.session.at == 80
    assert "begin at step 80" in scene.bar.message()
    scene.machine.fork()
    assert (scene.wire.last().at, scene.wire.last().spec) == (80, scene.now)


def test_a_fork_of_the_present_begins_at_the_newest_keyframe(scene):
    scene.machine.fork()
    assert scene.wire.last().at == 80


def test_undo_says_what_was_undone(scene):
    scene.timeline.undo_asked.emit(0)
    assert (scene.wire.last().at, scene.wire.last().spec) == (40, SPEC)
    scene.wire.say(with_fields(started(2), run_file="b.elbo"))
    assert "β 1→4" in scene.bar.message()


def test_nothing_to_undo_or_fork_is_said(qtbot):
    session, timeline, panel, bar = Session(Wire(), SPEC), Timeline(), ParameterPanel(), MessageBar()
    for widget in (timeline, panel, bar):
        qtbot.addWidget(widget)
    machine = TimeMachine(session, timeline, panel, bar, session)
    machine.undo()
    assert "no edit" in bar.message()
    machine.fork()
    assert "no step to fork from" in bar.message()


def test_a_step_that_cannot_be_shown_gives_way_to_the_present(scene):
    scene.timeline.travelled.emit(80)
    scene.wire.say(m.Refused("Step 80 cannot be shown: it is gone."))
    assert scene.session.at is None
    scene.go(40)
    scene.wire.say(m.Refused("Something else."))
    assert scene.session.at == 40, "what is shown stays"


def test_a_trainer_that_died_leaves_the_present(scene):
    scene.go(40)
    scene.wire.say(m.Died(-9))
    assert scene.session.at is None
    assert scene.session.frame.step == 101
