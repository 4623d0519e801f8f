import os
import signal

import pytest

from guiapp import messages as m
from guiapp.gui.training_thread import TrainingThread
from guiapp.spec import Data, RunSpec


@pytest.fixture
def thread(qtbot, tmp_path):
    thread = TrainingThread(tmp_path)
    thread.start()
    yield thread
    thread.shut_down()


def heard(qtbot, thread, kind, act=lambda: None):
    """Wait for an event of `kind` after `act()`."""
    with qtbot.waitSignal(thread.received, timeout=30_000, check_params_cb=lambda e: isinstance(e, kind)) as blocker:
        act()
    return blocker.args[0]


def test_it_trains_in_another_process_and_answers_pulls(qtbot, thread):
    ready = heard(qtbot, thread, m.Ready)
    assert type(ready.torch) is str
    spec = RunSpec(data=Data(name="digits"))
    run = heard(qtbot, thread, m.Started, lambda: thread.send(m.Start(7, spec, False)))
    assert run.key == 7
    heard(qtbot, thread, m.Paused, lambda: thread.send(m.Step(5)))
    update = heard(qtbot, thread, m.Update, lambda: thread.send(m.Pull(frozenset({"latent"}))))
    assert update.step == 5
    assert update.rows.shape == (5, len(run.names))
    assert update.pictures["latent"]["mean"].shape[1] == 2
    assert thread.pid != os.getpid()


def test_a_killed_trainer_is_reported_and_can_be_started_again(qtbot, thread):
    heard(qtbot, thread, m.Ready)
    died = heard(qtbot, thread, m.Died, lambda: os.kill(thread.pid, signal.SIGKILL))
    assert died.exit_code == -signal.SIGKILL
    thread.wait()
    assert isinstance(heard(qtbot, thread, m.Ready, thread.start), m.Ready)


def test_shutting_down_while_training_leaves_no_process(qtbot, thread):
    heard(qtbot, thread, m.Ready)
    heard(qtbot, thread, m.Started, lambda: thread.send(m.Start(1, RunSpec(data=Data(name="digits")), True)))
    pid = thread.pid
    thread.shut_down()
    assert not thread.isRunning()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_trainer_that_cannot_be_started_is_reported(qtbot, monkeypatch, tmp_path):
    def refuse(_folder, _budget):
        raise OSError("too many open files")

    monkeypatch.setattr("guiapp.trainer_process.start", refuse)
    thread = TrainingThread(tmp_path)
    died = heard(qtbot, thread, m.Died, thread.start)
    thread.shut_down()
    assert died.reason == "too many open files"
