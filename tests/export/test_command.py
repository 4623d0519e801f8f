import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from guiapp import cli
from guiapp.engine.recorder import Recorder
from guiapp.export import target
from guiapp.export.command import export
from guiapp.run_file import keyframe_steps, read_run, read_summary
from tests.engine import runs
from tests.export.stored import EDIT, KEYFRAME, LAST, recorded


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.elbo"
    recorded(path, runs.vae())
    return path


def test_every_path_is_printed_as_it_is_done(run, tmp_path, capsys):
    targets = {"curves": "a.csv", "tensorboard": "board", "weights": "w.safetensors", "run": "copy.elbo"}
    assert export(run, {kind: tmp_path / name for kind, name in targets.items()}, None) == 0
    told = capsys.readouterr()
    names = ["a.csv", "a.events.csv", "board", "w.safetensors", "copy.elbo"]
    assert told.out.splitlines() == [str(tmp_path / name) for name in names]
    assert sorted(names) == sorted(entry.name for entry in tmp_path.iterdir())
    lines = [line.split(" ", 2) for line in told.err.splitlines()]
    assert {word for word, _, _ in lines} == {"progress"}
    fractions = [float(fraction) for _, fraction, _ in lines]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert {name for _, _, name in lines} == set(targets.values())


def test_the_command_line_reaches_every_option(run, tmp_path, capsys):
    arguments = ["export", str(run), "--curves", str(tmp_path / "a.csv"), "--weights", str(tmp_path / "w.pt")]
    assert cli.run([*arguments, "--step", str(LAST - 1)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / n) for n in ("a.csv", "a.events.csv", "w.pt")]


def test_a_run_that_is_being_written_is_exported(tmp_path):
    trainer = runs.trainer(runs.vae())
    path = tmp_path / "live.elbo"
    recorder = Recorder(path, trainer)
    recorder.add(runs.train(trainer, 5))
    recorder.keyframe()
    targets = {"curves": tmp_path / "a.csv", "weights": tmp_path / "w.safetensors", "run": tmp_path / "copy.elbo"}
    assert export(path, targets, None) == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 6
    assert not read_summary(path).ended
    copied = read_run(tmp_path / "copy.elbo")
    assert len(copied.rows) == 5
    recorder.add(runs.train(trainer, 5))
    recorder.close()
    assert len(read_run(path).rows) == 10


def test_a_copy_holds_all(run, tmp_path):
    assert export(run, {"run": tmp_path / "copy.elbo"}, None) == 0
    one, other = read_run(run), read_run(tmp_path / "copy.elbo")
    np.testing.assert_array_equal(one.rows, other.rows)
    assert (one.events, one.keyframes, one.meta) == (other.events, other.keyframes, other.meta)
    assert keyframe_steps(other.path) == (KEYFRAME, LAST)


def test_a_copy_destroys_neither_another_file_nor_a_run_in_training(run, tmp_path, capsys):
    precious = tmp_path / "precious.elbo"
    precious.write_text("mine")
    assert export(run, {"run": precious}, None) == 2
    assert "is no run file" in capsys.readouterr().err
    assert precious.read_text() == "mine"
    trainer = runs.trainer(runs.vae())
    recorder = Recorder(tmp_path / "live.elbo", trainer)
    recorder.add(runs.train(trainer, 3))
    assert export(run, {"run": tmp_path / "live.elbo"}, None) == 2
    assert "is being trained" in capsys.readouterr().err
    recorder.close()
    assert len(read_run(tmp_path / "live.elbo").rows) == 3
    assert export(run, {"run": tmp_path / "live.elbo"}, None) == 0
    assert len(read_run(tmp_path / "live.elbo").rows) == LAST


def test_a_copy_is_not_mixed_with_the_log_of_what_was_there(run, tmp_path):
    trainer = runs.trainer(runs.vae())
    recorder = Recorder(tmp_path / "live.elbo", trainer)
    recorder.add(runs.train(trainer, 3))
    for suffix in ("", "-wal"):  # as a trainer that is killed leaves them
        shutil.copy(f"{recorder.path}{suffix}", tmp_path / f"killed.elbo{suffix}")
    assert len(read_run(tmp_path / "killed.elbo").rows) == 3
    recorder.close()
    assert export(run, {"run": tmp_path / "killed.elbo"}, None) == 0
    assert len(read_run(tmp_path / "killed.elbo").rows) == LAST


def test_a_reader_that_went_away_is_no_matter_of_the_file(run, tmp_path, monkeypatch):
    def gone(*_words, **_more):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("builtins.print", gone)
    with pytest.raises(BrokenPipeError):
        export(run, {"code": tmp_path / "run.py"}, None)


def test_the_code_holds_the_edit(run, tmp_path):
    assert export(run, {"code": tmp_path / "run.py"}, None) == 0
    text = (tmp_path / "run.py").read_text()
    compile(text, "run.py", "exec")
    assert f"{{1: 16, {EDIT + 1}: 8}}" in text


def test_steps_of_one_player_are_named_as_what_the_code_lacks(tmp_path, capsys):
    trainer = runs.trainer(runs.gan(), "ring")
    recorder = Recorder(tmp_path / "run.elbo", trainer)
    trainer.player = "d"
    recorder.add(runs.train(trainer, 1), [(0, "step", {"player": "d"})])
    recorder.close()
    assert export(tmp_path / "run.elbo", {"code": tmp_path / "run.py"}, None) == 0
    assert "one player" in capsys.readouterr().err


REFUSALS = {
    "nothing asked": ({}, "Say what to export"),
    "unknown suffix": ({"curves": "a.txt"}, r"--curves takes a file that ends in .csv or .parquet, not a.txt"),
    "no folder": ({"curves": "no/a.csv"}, "is not there; make it"),
    "a folder": ({"curves": "folder.csv"}, "is a folder; name a file"),
    "the run itself": ({"run": "run.elbo"}, "is the run itself"),
    "no keyframe so early": ({"weights": "w.pt"}, "no weights at or before step 1"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_is_refused_in_one_sentence(case, tmp_path, capsys):
    (tmp_path / "folder.csv").mkdir()
    recorded(tmp_path / "run.elbo", runs.vae())
    before = sorted(tmp_path.rglob("*"))
    targets, sentence = REFUSALS[case]
    assert export(tmp_path / "run.elbo", {kind: tmp_path / name for kind, name in targets.items()}, 1) == 2
    told = capsys.readouterr()
    problems = [line for line in told.err.splitlines() if not line.startswith("progress")]
    assert len(problems) == 1
    assert problems[0].startswith("elboscope: ")
    assert sentence in problems[0]
    assert told.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_under_another_suffix_is_not_overwritten(run, tmp_path, capsys):
    path = tmp_path / "run.csv"
    shutil.copy(run, path)
    assert export(path, {"curves": path}, None) == 2
    assert "is the run itself" in capsys.readouterr().err
    assert path.read_bytes() == run.read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\0 and no more", b"hello"])
def test_what_is_no_run_file_is_named(content, tmp_path, capsys):
    path = tmp_path / "broken.elbo"
    if content is not None:
        path.write_bytes(content)
    for kind, name in {
        "curves": "a.csv",
        "tensorboard": "b",
        "weights": "w.pt",
        "code": "c.py",
        "run": "d.elbo",
    }.items():
        assert export(path, {kind: tmp_path / name}, None) == 2
        assert "broken.elbo" in capsys.readouterr().err.splitlines()[-1]
    assert {entry.name for entry in tmp_path.iterdir()} <= {"broken.elbo"}


def test_a_full_disk_leaves_nothing_and_keeps_what_was_there(run, tmp_path, capsys, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    before = tmp_path / "a.csv"
    before.write_text("older")
    monkeypatch.setattr("guiapp.export.curves._lines", full)
    assert export(run, {"curves": before}, None) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert before.read_text() == "older"
    assert list(tmp_path.iterdir()) == [before]


def test_what_a_killed_export_left_is_no_hindrance(run, tmp_path):
    (tmp_path / "a.csv.part").write_text("half")
    assert export(run, {"curves": tmp_path / "a.csv"}, None) == 0
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.csv", "a.events.csv"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_removes_the_part(run, tmp_path, number):
    program = (
        "import os, signal, sys\n"
        "from guiapp import cli\n"
        "from guiapp.export import curves\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell in the background has it ignored
        f"curves._lines = lambda *_: os.kill(os.getpid(), {int(number)}) or b''\n"
        "sys.exit(cli.run(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", program, "export", str(run), "--curves", str(tmp_path / "a.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_it_works_in_a_thread_that_no_signal_reaches(run, tmp_path):
    thread = threading.Thread(target=export, args=(run, {"curves": tmp_path / "a.csv"}, None))
    thread.start()
    thread.join()
    assert (tmp_path / "a.csv").exists()


def test_exporting_imports_no_qt_and_curves_no_torch(run, tmp_path):
    program = (
        "import sys; from guiapp.cli import run; code = run(sys.argv[1:]);"
        "print([m for m in ('PySide6', 'torch') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, "export", str(run)]
    for options, found in ((["--curves", "a.csv"], "[]"), (["--weights", "w.safetensors"], "['torch']")):
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert done.stdout.splitlines()[-1] == found


def test_a_file_takes_its_place_only_when_whole(tmp_path):
    path = tmp_path / "a.txt"
    with target.whole(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    with pytest.raises(TypeError), target.whole(path) as part:
        part.write_bytes("half")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_cannot_be_written_is_named(run, capsys):
    assert export(run, {"curves": Path("/proc/a.csv")}, None) == 2
    assert "/proc/a.csv.part cannot be written" in capsys.readouterr().err
