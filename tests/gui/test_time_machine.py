import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from guiapp import messages as m
from guiapp.gui.errors import MessageBar
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.session import Session
from guiapp.gui.time_machine import TimeMachine
from guiapp.parameters import edited
from guiapp.spec import RunSpec
from tests.gui.panels.timeline_driver import track
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


def test_what_is_changed_for_a_fork_is_kept_from_step_to_step(scene):
    scene.go(80)
    scene.panel.edit("model.optimiser.lr", 0.5)
    scene.go(40)
    spec = scene.panel.pending()
    assert (spec.model.optimiser.lr, spec.model.beta) == (0.5, 1.0), "what was not changed follows the step"
    scene.timeline.went_live.emit()
    assert scene.panel.pending() == scene.now


def test_a_change_of_one_parameter_outlives_the_edit_of_the_same(scene):
    scene.go(80)
    scene.panel.edit("model.beta", 7.0)
    scene.go(40)
    assert scene.panel.pending().model.beta == 7.0


def test_what_waits_for_a_restart_waits_while_the_past_is_shown(scene):
    scene.panel.edit("model.latent", 5)
    scene.go(40)
    assert scene.panel.pending().model.latent == SPEC.model.latent
    scene.panel.edit("model.beta", 2.0)
    scene.go(80)
    scene.timeline.went_live.emit()
    assert scene.panel.pending() == edited(scene.now, "model.latent", 5)


def test_another_kind_of_model_that_waits_for_a_restart_waits_too(scene):
    scene.panel.edit("model.kind", "gan")
    waiting = scene.panel.pending()
    scene.go(40)
    assert scene.panel.pending() == SPEC
    scene.timeline.went_live.emit()
    assert scene.panel.pending() == waiting


def test_an_edit_that_is_told_late_does_not_change_the_past(scene):
    scene.go(80)
    scene.wire.say(m.Edited(1, 101, "model.beta", 4.0, 6.0, edited(SPEC, "model.beta", 6.0)))
    assert scene.panel.pending().model.beta == 4.0
    scene.timeline.went_live.emit()
    assert scene.panel.pending().model.beta == 6.0


def test_a_run_that_is_opened_comes_with_its_edits(scene):
    """Nobody sees it without them, as in a message of their own: not even for a moment."""
    shown = []
    scene.session.started.connect(lambda _: shown.append([mark.new for mark in scene.session.frame.marks]))
    scene.session.open("b.elbo")
    key = scene.wire.last().key
    one = m.Edited(key, 20, "model.beta", 1.0, 4.0, scene.now)
    scene.wire.say(with_fields(started(key), run_file="b.elbo", spec=scene.now, known=30, edited=(one,)))
    assert shown == [[4.0]]
    assert scene.session.spec.model.beta == 4.0
    chains = track(scene.timeline).marks.chains(0, 100, float)
    assert [(chain.first.step, chain.first.edited.path) for chain in chains] == [(20, "model.beta")]


def test_the_offer_of_a_fork_names_the_step_that_is_shown(scene):
    scene.timeline.fork_asked.emit(80)
    scene.go(40)
    assert "begin at step 40" in scene.bar.message()
    scene.timeline.went_live.emit()
    assert scene.bar.message() == ""
    scene.bar.set_message("info", "Something else.")
    scene.go(40)
    assert scene.bar.message() == "Something else."


def test_a_fork_stands_where_the_run_stood(scene):
    scene.wire.say(m.Paused(1, 100))
    scene.machine.fork()
    assert not scene.wire.last().running


def test_the_past_of_a_run_that_diverged_can_be_forked(scene):
    scene.wire.say(m.Diverged(1, 101, "loss"))
    scene.panel.set_has_run(scene.session.has_run)
    scene.go(40)
    scene.panel.edit("model.optimiser.lr", 1e-4)
    assert not scene.panel._bar.isHidden()
    scene.panel._bar.restart_clicked.emit()
    assert (scene.wire.last().at, scene.wire.last().running) == (40, False)


@pytest.mark.parametrize("end", [m.Died(-9), m.Failed("It failed.", "")])
def test_without_a_run_no_step_can_be_shown_and_it_is_said(scene, end, tmp_path):
    scene.go(40)
    scene.wire.say(end)
    assert scene.session.at is None
    sent = len(scene.wire.sent)
    scene.timeline._by_hand(80)
    assert scene.session.at is None
    assert scene.timeline._handle.position is None, "the handle goes back"
    assert len(scene.wire.sent) == sent
    assert "step 80 cannot be shown" in scene.bar.message()
    assert not scene.bar.findChildren(QPushButton), "its file is gone"
    scene.timeline.fork_asked.emit(80)
    assert "cannot be shown" in scene.bar.message()


def test_a_run_that_ended_can_be_gone_on_with_from_there(scene, tmp_path):
    file = tmp_path / "a.elbo"
    file.touch()
    scene.session.start(SPEC)
    scene.wire.say(with_fields(started(2), run_file=str(file)))
    scene.wire.say(with_fields(update(2, 1, 100), keyframes=np.array([0, 40])))
    scene.wire.say(m.Died(-9))
    scene.timeline._by_hand(40)
    scene.bar.findChild(QPushButton).click()
    assert scene.wire.last() == m.Open(3, str(file))


def test_steps_are_written_as_on_the_timeline(qtbot):
    scene = Scene(qtbot)
    scene.wire.say(with_fields(update(1, 101, 9900), keyframes=np.array([0, 5000])))
    scene.go(5000)
    assert scene.panel._bar._restart.text() == f"Fork from step {thousands(5000)}"
