import os
import pickle
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.gui.training_thread import TrainingThread
from guiapp.run_file import read_run
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


def test_the_window_never_opens_the_data(qtbot, thread, tmp_path):
    path = tmp_path / "large-images-idx3-ubyte"
    path.write_bytes(b"\0\0\x08\x03" + (60_000).to_bytes(4) + (28).to_bytes(4) * 2)
    os.truncate(path, 16 + 60_000 * 784)
    opened = []
    watching = [True]

    def watch(event, args):
        if watching and event == "open" and str(path) in str(args[0]):
            opened.append(args)

    sys.addaudithook(watch)
    heard(qtbot, thread, m.Ready)
    spec = RunSpec(data=Data(name="file", path=str(path)))
    run = heard(qtbot, thread, m.Started, lambda: thread.send(m.Start(1, spec, False)))
    update = heard(qtbot, thread, m.Update, lambda: thread.send(m.Pull(frozenset({"samples"}))))
    watching.clear()  # a hook cannot be taken away
    assert run.data_count == 54_000
    assert len(pickle.dumps((run, update))) < 1_000_000
    assert opened == []


def trained(qtbot, thread, steps):
    """What the trainer says of run 1, which stands after `steps`, and its rows."""
    begun = heard(qtbot, thread, m.Started, lambda: thread.send(m.Start(1, RunSpec(data=Data(name="digits")), False)))
    heard(qtbot, thread, m.Paused, lambda: thread.send(m.Step(steps)))
    return begun, heard(qtbot, thread, m.Update, lambda: thread.send(m.Pull(frozenset()))).rows


def test_curves_that_the_run_file_holds_are_read_from_there(qtbot, thread):
    begun, rows = trained(qtbot, thread, 7)
    heard(qtbot, thread, m.Kept)
    forked = heard(qtbot, thread, m.Started, lambda: thread.send(m.Open(2, begun.run_file, 7)))
    assert (forked.known, forked.past.names, forked.past.last) == (7, begun.names, 7)
    assert np.array_equal(forked.past.recent(begun.names, 7), rows, equal_nan=True)
    heard(qtbot, thread, m.Paused, lambda: thread.send(m.Step(2)))
    update = heard(qtbot, thread, m.Update, lambda: thread.send(m.Pull(frozenset())))
    assert (update.first, len(update.rows)) == (8, 2), "and do not come through the pipe"


def test_a_run_that_went_on_after_it_was_read_has_all_its_curves(qtbot, thread, monkeypatch):
    begun, rows = trained(qtbot, thread, 7)
    heard(qtbot, thread, m.Kept)
    reads = []

    def late(path):
        """The first time, the file as it was some steps ago."""
        stored = read_run(path)
        reads.append(path)
        return stored if len(reads) > 1 else replace(stored, rows=stored.rows[:5], steps=5)

    monkeypatch.setattr("guiapp.gui.training_thread.read_run", late)
    forked = heard(qtbot, thread, m.Started, lambda: thread.send(m.Open(2, begun.run_file, 7)))
    assert [str(path) for path in reads] == [begun.run_file, forked.run_file]
    assert np.array_equal(forked.past.recent(begun.names, 7), rows, equal_nan=True)


def test_a_run_file_with_damaged_rows_is_refused_and_the_run_goes_on(qtbot, thread, tmp_path):
    trained(qtbot, thread, 7)
    heard(qtbot, thread, m.Kept)
    copy = tmp_path / "copy.elbo"
    heard(qtbot, thread, m.Saved, lambda: thread.send(m.Save(str(copy))))
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("UPDATE chunk SET rows = substr(rows, 1, length(rows) - 9)")
    refused = heard(qtbot, thread, m.Refused, lambda: thread.send(m.Open(2, str(copy))))
    assert refused.key == 2
    assert "copy.elbo: this run file is damaged" in refused.sentence
    update = heard(qtbot, thread, m.Update, lambda: thread.send(m.Pull(frozenset())))
    assert (update.key, update.step) == (1, 7)


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
