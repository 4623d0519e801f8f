from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtTest import QSignalSpy

from guiapp import messages as m
from guiapp.gui.session import Session
from guiapp.parameters import with_half_rate
from guiapp.spec import Gan, RunSpec
from tests.gui.wire import Wire, started, update


@pytest.fixture
def wire(qapp):
    return Wire()


@pytest.fixture
def session(wire):
    return Session(wire, RunSpec())


def begin(session, wire, running=True):
    """A session with a run whose key is the one it asked for."""
    wire.say(m.Ready("2", ("cpu",), 1))
    session.start(RunSpec(), running)
    wire.say(started(wire.last().key))
    return wire.last().key


def test_it_starts_the_thread_first_of_all(session, wire):
    assert wire.starts == 1
    assert session.state == "loading"


def test_run_before_there_is_a_run_starts_one(session, wire):
    wire.say(m.Ready("2", ("cpu",), 1))
    assert session.state == "ready"
    session.run()
    assert isinstance(wire.last(), m.Start)
    assert wire.last().running
    assert session.state == "starting"
    wire.say(started(wire.last().key))
    assert session.state == "training"


def test_run_to_a_step_before_there_is_a_run_is_sent_once_the_run_exists(session, wire):
    session.run(until=50)
    assert [type(c) for c in wire.sent] == [m.Start]
    wire.say(started(wire.last().key))
    assert wire.last() == m.Run(50)


def test_pause_and_run_on(session, wire):
    key = begin(session, wire)
    session.pause()
    assert wire.last() == m.Pause()
    wire.say(m.Paused(key, 3))
    assert session.state == "paused"
    session.run()
    assert wire.last() == m.Run(None)
    assert session.state == "training"


def test_rows_are_appended_in_order_and_pictures_are_kept_until_newer_ones_come(session, wire):
    key = begin(session, wire)
    first, second = {"a": np.zeros(1)}, {"a": np.ones(1)}
    seen = QSignalSpy(session.frame_changed)
    wire.say(update(key, 1, 3, latent=first, samples=first))
    wire.say(update(key, 4, 2, latent=second))
    assert session.frame.series.last == 5
    assert session.frame.series.values("grad/encoder.0.weight").tolist() == [1, 2, 3, 4, 5]
    assert session.frame.pictures["latent"] is second
    assert session.frame.pictures["samples"] is first
    assert [seen.at(i)[1] for i in range(seen.count())] == [{"latent", "samples"}, {"latent"}]


def test_one_pull_at_a_time(session, wire):
    key = begin(session, wire)
    session.pull(frozenset({"latent"}), {})
    session.pull(frozenset({"latent"}), {})
    assert sum(isinstance(c, m.Pull) for c in wire.sent) == 1
    wire.say(update(key, 1, 1))
    session.pull(frozenset({"latent"}), {})
    assert sum(isinstance(c, m.Pull) for c in wire.sent) == 2


def test_how_long_an_answer_has_been_owed(session, wire, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("guiapp.gui.session.perf_counter", lambda: now[0])
    key = begin(session, wire)
    assert session.waiting == 0
    session.pull(frozenset({"latent"}), {})
    now[0] += 7
    assert session.waiting == 7
    wire.say(update(key, 1, 1))
    assert session.waiting == 0
    session.pull(frozenset({"latent"}), {})
    now[0] += 7
    session.start(session.spec)
    assert session.waiting == 0, "data are being read, which is shown"


def test_what_arrives_late_from_the_run_before_is_dropped(session, wire):
    old = begin(session, wire)
    session.start(RunSpec(seed=1))
    wire.say(started(wire.last().key, RunSpec(seed=1)))
    wire.say(update(old, 1, 5))
    wire.say(m.Paused(old, 5))
    wire.say(m.Diverged(old, 5, "loss"))
    assert session.frame.step == 0
    assert session.state == "training"


def test_a_refused_start_leaves_the_run_that_is_under_way(session, wire):
    key = begin(session, wire)
    wire.say(update(key, 1, 5))
    said = QSignalSpy(session.refused)
    session.start(RunSpec(batch=7))
    wire.say(m.Refused("No such file; choose another.", key=wire.last().key))
    assert session.state == "training"
    assert said.at(0) == ["No such file; choose another.", None]
    wire.say(update(key, 6, 5))
    assert session.frame.series.last == 10


def test_a_refusal_with_a_remedy_offers_the_spec_that_works(session, wire):
    said = QSignalSpy(session.refused)
    session.start(RunSpec(seed=9))
    wire.say(m.Refused("Bernoulli needs [0, 1].", {"model.likelihood": "gaussian"}, wire.last().key))
    instead = said.at(0)[1]
    assert instead.model.likelihood == "gaussian"
    assert instead.seed == 9
    assert session.state == "ready"


def test_a_killed_trainer_is_told_and_run_starts_a_new_one(session, wire):
    begin(session, wire)
    lost = QSignalSpy(session.lost)
    session.pull(frozenset(), {})
    wire.say(m.Died(-9))
    assert session.state == "lost"
    assert lost.at(0) == [m.Died(-9)]
    session.run()
    assert wire.starts == 2
    assert isinstance(wire.last(), m.Start)
    wire.say(m.Ready("2", ("cpu",), 1))
    wire.say(started(wire.last().key))
    assert session.state == "training"
    session.pull(frozenset(), {})
    assert isinstance(wire.last(), m.Pull), "the pull that was never answered must not block for ever"


def test_a_failure_ends_the_run_and_run_starts_anew(session, wire):
    begin(session, wire)
    told = QSignalSpy(session.complained)
    wire.say(m.Failed("Out of memory.", "Traceback ..."))
    assert told.at(0) == ["Out of memory.", "Traceback ..."]
    assert not session.has_run
    session.run()
    assert isinstance(wire.last(), m.Start)


def test_divergence_stops_and_the_next_step_starts_anew(session, wire):
    key = begin(session, wire)
    wire.say(update(key, 1, 5))
    wire.say(m.Diverged(key, 6, "gradient of encoder.0.weight"))
    assert session.state == "diverged"
    assert not session.has_run
    session.step()
    assert wire.last() == m.Start(wire.last().key, session.spec, False)


def test_a_refusal_of_something_else_is_not_that_of_the_start(session, wire):
    session.start(RunSpec(), False, then=m.Step(1))
    wire.say(m.Refused("The run is no longer recorded."))
    assert session.state == "starting"
    wire.say(started(wire.last().key))
    assert wire.last() == m.Step(1)


def test_without_a_run_that_can_go_on_there_is_nothing_to_pull(session, wire):
    begin(session, wire)
    wire.say(m.Died(-9))
    session.start(RunSpec(seed=3))
    wire.say(m.Refused("No such file.", key=wire.last().key))
    assert session.state == "ready"
    assert not session.has_run
    session.pull(frozenset(), {})
    assert not isinstance(wire.last(), m.Pull)
    session.run()
    assert isinstance(wire.last(), m.Start)


def test_what_the_old_run_says_while_a_start_is_pending_is_where_a_refusal_leads_back_to(session, wire):
    key = begin(session, wire)
    session.start(RunSpec(seed=1))
    wire.say(m.Paused(key, 4))
    assert session.state == "starting"
    wire.say(m.Refused("No.", key=wire.last().key))
    assert session.state == "paused"


def test_a_run_file_is_opened_paused_and_a_refusal_offers_no_other_spec(session, wire):
    begin(session, wire)
    said = QSignalSpy(session.refused)
    session.open("/runs/a.elbo")
    assert wire.last() == m.Open(wire.last().key, "/runs/a.elbo")
    wire.say(m.Refused("Bernoulli needs [0, 1].", {"model.likelihood": "gaussian"}, wire.last().key))
    assert said.at(0)[1] is None
    assert session.state == "training"
    session.open("/runs/b.elbo")
    wire.say(started(wire.last().key))
    assert session.state == "paused"


def test_edits_change_the_spec_and_leave_marks(session, wire):
    key = begin(session, wire)
    edited = RunSpec(batch=64)
    wire.say(m.Edited(key, 5, "batch", 128, 64, edited))
    assert session.spec is edited
    assert [mark.path for mark in session.frame.marks] == ["batch"]


@pytest.mark.parametrize(("count", "batch", "steps"), [(1000, 128, 8), (1000, 100, 10), (0, 128, 1000)])
def test_an_epoch_is_one_pass_over_the_data(session, wire, count, batch, steps):
    spec = RunSpec(batch=batch)
    session.start(spec, False)
    wire.say(started(wire.last().key, spec, count))
    session.epoch()
    assert wire.last() == m.Step(steps, "both")


def test_stepping_one_player(session, wire):
    begin(session, wire, running=False)
    session.step(1, "g")
    assert wire.last() == m.Step(1, "g")


def test_half_the_rate_of_every_player():
    assert with_half_rate(RunSpec()).model.optimiser.lr == RunSpec().model.optimiser.lr / 2
    gan = with_half_rate(RunSpec(model=Gan())).model
    assert gan.d_optimiser.lr == Gan().d_optimiser.lr / 2
    assert gan.g_optimiser.lr == Gan().g_optimiser.lr / 2


# ----------------------------------------------------------------------------------------------------------- studies


def studied(key, progress=0.5, kind="likelihood", step=3, trouble=""):
    return m.Studied(key, kind, step, progress, {"elbo": np.array(progress)}, trouble)


def test_a_study_is_asked_of_the_moment_shown_and_its_reports_are_in_the_frame(session, wire):
    key = begin(session, wire)
    session.study("likelihood", {"draws": 4})
    assert wire.last() == m.Study("likelihood", {"draws": 4}, None)
    wire.say(update(key, 1, 3))
    seen = QSignalSpy(session.frame_changed)
    report = studied(key)
    wire.say(report)
    wire.say(studied(key, kind="posterior"))
    assert session.frame.studies["likelihood"] is report
    assert set(session.frame.studies) == {"likelihood", "posterior"}
    assert seen.at(0)[1] == {"likelihood"}
    wire.say(update(key, 4, 2))
    assert session.frame.studies["likelihood"] is report, "training goes on"


def test_a_study_while_looking_back(session, wire):
    key = begin(session, wire)
    wire.say(replace(update(key, 1, 9), keyframes=np.array([0, 4])))
    wire.say(studied(key, kind="posterior"))
    session.travel(4)
    session.study("likelihood", {})
    assert wire.last() == m.Study("likelihood", {}, 4)
    wire.say(studied(key, 0.2))
    wire.say(replace(update(key, 10, 1), at=4))
    assert session.frame.step == 4
    assert session.frame.studies["likelihood"].progress == 0.2, "told before the past was there"
    wire.say(studied(key, 1.0))
    assert session.frame.step == 4
    assert session.frame.studies["likelihood"].ended
    assert "posterior" in session.frame.studies
    session.go_live()
    assert session.frame.studies["likelihood"].ended


def test_a_new_run_has_no_studies_and_hears_of_none_of_the_old_one(session, wire):
    key = begin(session, wire)
    wire.say(studied(key))
    session.start(RunSpec())
    wire.say(studied(key, 0.6))
    assert session.frame.studies["likelihood"].progress == 0.6, "the start may yet be refused"
    wire.say(started(wire.last().key))
    wire.say(studied(key, 0.7, trouble="Stopped."))
    assert session.frame.studies == {}


def test_a_fork_has_no_studies(session, wire):
    key = begin(session, wire)
    wire.say(studied(key, 1.0))
    session.fork("somewhere", 3, RunSpec())
    wire.say(started(wire.last().key))
    assert session.frame.studies == {}


def test_a_study_is_stopped(session, wire):
    session.stop_study()
    assert wire.sent == [], "there is nothing to stop"
    begin(session, wire)
    session.stop_study()
    assert wire.last() == m.StopStudy()


def test_there_is_nothing_to_study_without_a_run(session, wire):
    session.study("likelihood", {})
    assert wire.sent == []
    wire.say(m.Ready("2", ("cpu",), 1))
    session.study("likelihood", {})
    assert wire.sent == []


@pytest.mark.parametrize("event", [m.Failed("Out of memory.", "…"), m.Died(-9)])
def test_a_study_ends_with_the_trainer(session, wire, event):
    key = begin(session, wire)
    wire.say(studied(key, 1.0, "posterior"))
    wire.say(studied(key, 0.4))
    wire.say(event)
    report = session.frame.studies["likelihood"]
    assert report.ended
    assert report.trouble.endswith("has ended.")
    assert report.progress == 0.4
    assert session.frame.studies["posterior"].trouble == "", "that was done"


@pytest.mark.parametrize("event", [m.Died(1), m.Failed("It failed.", "")], ids=["died", "failed"])
def test_a_study_that_was_never_heard_of_ends_with_the_trainer(session, wire, event):
    begin(session, wire)
    session.study("likelihood", {})
    wire.say(event)
    report = session.frame.studies["likelihood"]
    assert report.ended
    assert "ended" in report.trouble
    assert not report.picture


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (m.Died(1), "The trainer has ended; start a run first."),
        (m.Failed("It failed.", ""), "There is no run any more; start one first."),
        (None, "A run is being started; ask for this again when it is there."),
    ],
    ids=["lost", "failed", "starting"],
)
def test_a_study_that_nobody_can_make_is_answered(session, wire, event, says):
    key = begin(session, wire)
    wire.say(studied(key, 1.0))
    found = session.frame.studies["likelihood"].picture
    if event is None:
        session.start(RunSpec())
    else:
        wire.say(event)
    count, told = len(wire.sent), []
    session.frame_changed.connect(lambda _frame, fresh: told.append(fresh))
    for kind in ("likelihood", "posterior"):
        session.study(kind, {})
        report = session.frame.studies[kind]
        assert report.trouble == says
        assert report.ended
    assert session.frame.studies["likelihood"].picture is found, "what was found before stays"
    assert told == [frozenset({"likelihood"}), frozenset({"posterior"})]
    assert len(wire.sent) == count


def test_a_run_that_diverged_can_be_studied(session, wire):
    key = begin(session, wire)
    wire.say(m.Diverged(key, 4, "encoder.0.weight"))
    session.study("likelihood", {})
    assert isinstance(wire.last(), m.Study)


def test_reading_is_told_of_and_stopped(session, wire):
    key = begin(session, wire)
    told = QSignalSpy(session.loading)
    session.stop_loading()
    assert not isinstance(wire.last(), m.Pause), "there is nothing to stop"
    session.start(RunSpec())
    wire.say(m.Loading(wire.last().key, 10, 100))
    wire.say(m.Loading(key, 20, 100))
    assert [told.at(i) for i in range(told.count())] == [[10, 100]]
    start = wire.last()
    session.stop_loading()
    assert wire.last() == m.Pause()
    wire.say(m.Refused("Reading was stopped.", key=start.key))
    assert session.state == "training", "the run before goes on"
