from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.showcase.command import Command
from guiapp.run_file import read_run

HEAD = "import os, sys, pathlib, time\nrun, option, path, *more = sys.argv[2:]\npath = pathlib.Path(path)\n"


def program(folder: Path, code: str) -> tuple[str, ...]:
    """Words that run `code` as the command line would be: it knows `run`, `option`, `path` and `more`."""
    (folder / "program.py").write_text(HEAD + code)
    return sys.executable, str(folder / "program.py")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def written(qtbot: QtBot, command: Command) -> tuple[Path, ...]:
    with qtbot.waitSignal(command.finished, timeout=20_000) as blocker:
        command.start()
    return blocker.args[0]


def refusal(qtbot: QtBot, command: Command) -> str:
    with qtbot.waitSignal(command.failed, timeout=20_000) as blocker:
        command.start()
    return blocker.args[0]


def test_it_says_what_it_was_told_and_moves_what_was_written(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = "path.write_text(' '.join([sys.argv[1], run, option, path.name, *more]))\n"
    told = "print('progress 0.00 x.pt', file=sys.stderr)\nprint('progress 0.42 x.pt', file=sys.stderr)\nprint(path)\n"
    command = Command(
        tmp_path / "run.elbo", "--weights", here / "x.pt", ("--step", "7"), program(tmp_path, told + code)
    )
    heard: list[tuple[float, str]] = []
    command.progressed.connect(lambda part, what: heard.append((part, what)))
    assert written(qtbot, command) == (here / "x.pt",)
    assert (here / "x.pt").read_text() == f"export {tmp_path / 'run.elbo'} --weights x.pt --step 7"
    assert heard == [(-1, "Reading the run"), (-1, "Writing x.pt"), (0.42, "Writing x.pt")]
    assert os.listdir(here) == ["x.pt"]
    assert command.remark == ""


def test_progress_in_pieces_is_put_together(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = (
        "for piece in ('prog', 'ress 0.5 th', 'is\\nprogress 0.75', ' that\\n'):\n"
        "    sys.stderr.write(piece); sys.stderr.flush(); time.sleep(0.02)\n"
        "path.write_text('x')"
    )
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), program(tmp_path, code))
    heard: list[tuple[float, str]] = []
    command.progressed.connect(lambda part, what: heard.append((part, what)))
    written(qtbot, command)
    assert heard[1:] == [(0.5, "Writing this"), (0.75, "Writing that")]


def test_a_folder_goes_to_its_place(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = "(path / 'train').mkdir(parents=True)\n(path / 'train' / 'events').write_text('new')"
    command = Command(tmp_path / "run.elbo", "--tensorboard", here / "board", (), program(tmp_path, code))
    assert written(qtbot, command) == (here / "board",)
    assert (here / "board" / "train" / "events").read_text() == "new"
    assert os.listdir(here) == ["board"]


def test_several_files_all_go_to_their_place(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = "for name in 'ab': path.with_suffix(f'.{name}.onnx').write_text(name)"
    command = Command(tmp_path / "run.elbo", "--weights", here / "net.onnx", (), program(tmp_path, code))
    assert written(qtbot, command) == (here / "net.a.onnx", here / "net.b.onnx")
    assert sorted(os.listdir(here)) == ["net.a.onnx", "net.b.onnx"]


def test_what_is_said_besides_is_a_remark(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = "path.write_text('x')\nprint('elboscope: This run is long.', file=sys.stderr)"
    command = Command(tmp_path / "run.elbo", "--code", here / "x.py", (), program(tmp_path, code))
    written(qtbot, command)
    assert command.remark == "This run is long."


def test_a_refusal_leaves_what_was_there(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    (here / "x.csv").write_text("old")
    code = "path.write_text('half')\nsys.exit(f'elboscope: {path} cannot be written: disk full.')"
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), program(tmp_path, code))
    assert refusal(qtbot, command) == f"{here / 'x.csv'} cannot be written: disk full."
    assert (os.listdir(here), (here / "x.csv").read_text()) == (["x.csv"], "old")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("sys.exit(3)", "The export failed with exit code 3."),
        ("os.kill(os.getpid(), 9)", "The export ended before it was done"),
        ("pass", "The export wrote nothing"),
    ],
)
def test_any_other_end_is_told(qtbot: QtBot, tmp_path: Path, here: Path, code: str, sentence: str) -> None:
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), program(tmp_path, code))
    assert refusal(qtbot, command).startswith(sentence)
    assert os.listdir(here) == []


def test_a_program_that_is_not_there_is_told(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), (str(tmp_path / "none"),))
    assert "could not be started" in refusal(qtbot, command)
    assert os.listdir(here) == []


def test_a_folder_that_cannot_be_made_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = Command(tmp_path / "run.elbo", "--curves", tmp_path / "file" / "x.csv", (), program(tmp_path, "pass"))
    assert f"{tmp_path / 'file'} cannot be written to" in refusal(qtbot, command)


def test_cancelling_kills_it_and_clears_up(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    code = "path.write_text('half')\nprint('progress 0.1', os.getpid(), file=sys.stderr)\ntime.sleep(60)"
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), program(tmp_path, code))
    with qtbot.waitSignal(command.progressed, timeout=20_000, check_params_cb=lambda part, _what: part == 0.1) as heard:
        command.start()
    said = []
    for signal in (command.finished, command.failed, command.progressed):
        signal.connect(lambda *values: said.append(values))
    command.cancel()
    QCoreApplication.processEvents()
    assert (said, os.listdir(here)) == ([], [])
    with pytest.raises(ProcessLookupError):
        os.kill(int(heard.args[1].removeprefix("Writing ")), 0)


def test_its_environment_has_nothing_of_the_window(
    qtbot: QtBot, tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_SCALE_FACTOR", "2")
    monkeypatch.setenv("OTHER", "kept")
    code = "path.write_text(repr(([n for n in os.environ if n.startswith('QT_')], os.environ['OTHER'])))"
    command = Command(tmp_path / "run.elbo", "--curves", here / "x.csv", (), program(tmp_path, code))
    written(qtbot, command)
    assert (here / "x.csv").read_text() == "([], 'kept')"


def test_the_real_command_line(qtbot: QtBot, here: Path, vae_run: Path) -> None:
    assert here / "x.csv" in written(qtbot, Command(vae_run, "--curves", here / "x.csv"))
    stored = read_run(vae_run)
    with (here / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    losses = stored.rows[:, stored.names.index("loss")]
    assert [float(row["loss"]) for row in rows] == pytest.approx(losses.tolist(), rel=1e-6)
    assert not [name for name in os.listdir(here) if name.startswith(".")]


def test_the_real_command_line_refuses(qtbot: QtBot, tmp_path: Path, here: Path) -> None:
    command = Command(tmp_path / "none.elbo", "--curves", here / "x.csv")
    assert "none.elbo" in refusal(qtbot, command)
    assert os.listdir(here) == []
