from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.showcase.job import Job
from guiapp.run_file import RunFileError


def test_it_works_elsewhere_and_tells(qtbot: QtBot) -> None:
    def work(job: Job) -> tuple[int, bool]:
        job.tell(3)
        return 4, threading.current_thread() is threading.main_thread()

    job = Job("work", work)
    told = []
    job.told.connect(told.append)
    with qtbot.waitSignal(job.done) as blocker:
        job.start()
    job.wait()
    assert (blocker.args[0], told) == ((4, False), [3])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RunFileError("x.elbo: this is no run file."), "x.elbo: this is no run file."),
        (OSError(28, "No space left on device", "a.gif"), "a.gif: No space left on device."),
        (OSError("strange"), "strange."),
    ],
)
def test_what_went_wrong_is_one_sentence(qtbot: QtBot, error: Exception, sentence: str) -> None:
    def work(_job: Job) -> None:
        raise error

    job = Job("work", work)
    with qtbot.waitSignal(job.failed) as blocker:
        job.start()
    job.wait()
    assert blocker.args[0].startswith(sentence)


@pytest.mark.expected_log("a job failed")
def test_what_was_not_foreseen_is_logged(qtbot: QtBot) -> None:
    def work(_job: Job) -> None:
        raise ZeroDivisionError("division by zero")

    job = Job("work", work)
    with qtbot.waitSignal(job.failed) as blocker:
        job.start()
    job.wait()
    assert "ZeroDivisionError: division by zero" in blocker.args[0]


def test_a_cancelled_one_says_nothing_even_if_it_was_done(qtbot: QtBot) -> None:
    said: list[object] = []
    done = threading.Event()

    def work(_job: Job) -> int:
        done.set()
        return 1

    job = Job("work", work)
    for signal in (job.told, job.done, job.failed):
        signal.connect(said.append)
    job.start()
    assert done.wait(5)
    job.cancel()
    QCoreApplication.processEvents()
    assert said == []
    assert job.isFinished()


def test_check_ends_the_work(qtbot: QtBot) -> None:
    began = threading.Event()

    def work(job: Job) -> None:
        began.set()
        while True:
            job.check()

    job = Job("work", work)
    job.start()
    assert began.wait(5)
    job.cancel()
    assert job.isFinished()
