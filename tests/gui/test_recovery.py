import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from guiapp.gui.recovery import Recovery


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "a run.elbo"
    path.touch()
    return path


def window(folder, run, ready):
    """A window that never ends by itself."""
    recovery = Recovery(folder)
    recovery.note(str(run))
    ready.send(True)
    signal.pause()


@pytest.fixture
def killed(tmp_path, run):
    """A window was killed at `run`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=window, args=(tmp_path, run, theirs))
    process.start()
    assert ours.poll(60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    process.close()
    ours.close()
    theirs.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".elbo")


def test_a_killed_window_is_found_once(tmp_path, run, killed):
    again = Recovery(tmp_path)
    assert again.left() == [run]
    assert again.left() == []
    again.close()
    assert names(tmp_path) == []


def test_a_window_that_is_open_is_not_taken_for_a_killed_one(tmp_path, run):
    first, second = Recovery(tmp_path), Recovery(tmp_path)
    first.note(str(run))
    assert second.left() == []
    second.close()
    first.close()
    assert names(tmp_path) == []


def test_a_window_that_ended_well_leaves_nothing(tmp_path, run):
    first = Recovery(tmp_path)
    first.note(str(run))
    first.close()
    assert Recovery(tmp_path).left() == []


def test_a_run_that_is_gone_is_not_offered(tmp_path, run, killed):
    run.unlink()
    recovery = Recovery(tmp_path)
    assert recovery.left() == []
    recovery.close()


def test_a_damaged_mark_goes(tmp_path):
    (tmp_path / "x.window").write_bytes(b"\xff{")
    recovery = Recovery(tmp_path)
    assert recovery.left() == []
    recovery.close()
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_is_no_reason_to_stop(tmp_path):
    (tmp_path / "file").touch()
    recovery = Recovery(tmp_path / "file")
    recovery.note("a")
    assert recovery.left() == []
    recovery.close()


def test_a_full_disk_leaves_no_half_written_mark(tmp_path, run, monkeypatch):
    recovery = Recovery(tmp_path / "runs")

    def full(path, _data):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    recovery.note(str(run))
    recovery.close()
    assert not any((tmp_path / "runs").iterdir())
