import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from guiapp import cli
from guiapp.engine.stored_files import annotate_file
from guiapp.gui.settings import Settings, default_path
from guiapp.runs.library import default_folder
from guiapp.runs.listing import list_runs
from tests.engine import runs
from tests.export.stored import LAST, recorded


@pytest.fixture
def folder(tmp_path):
    """Two runs, the second a day younger, and a file that is damaged."""
    recorded(tmp_path / "a.elbo", runs.vae())
    recorded(tmp_path / "b.elbo", runs.gan(), "ring")
    annotate_file(tmp_path / "b.elbo", "A ring of\n eight, " + "long " * 20, "odd", ("x", "y"))
    (tmp_path / "c.elbo").write_bytes(b"no run file at all" * 100)
    os.utime(tmp_path / "c.elbo", (0, 0))
    return tmp_path


def test_a_line_a_run_for_people(folder, capsys):
    assert list_runs(folder, as_json=False) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["title", "model", "data", "steps", "begun", "state", "path"]
    assert len(lines) == 3
    assert {line.split()[-1] for line in lines} == {str(folder / f"{name}.elbo") for name in "abc"}
    assert "damaged" in lines[-1]  # of 1970
    ring = next(line for line in lines if "b.elbo" in line)
    assert ring.startswith("A ring of eight, long long long long lo…  GAN    Ring of 8 Gaussians ")
    assert f" {LAST} " in ring


def test_everything_as_json(folder, capsys):
    assert list_runs(folder, as_json=True) == 0
    found = {os.path.basename(run["path"]): run for run in json.loads(capsys.readouterr().out)}
    assert list(found)[-1] == "c.elbo"
    ring = found["b.elbo"]
    assert (ring["model"], ring["steps"], ring["state"], ring["notes"]) == ("GAN", LAST, "ended", "odd")
    assert ring["tags"] == ["x", "y"]
    assert {"d_loss", "g_loss"} <= set(ring["figures"])
    assert found["c.elbo"]["trouble"]
    assert found["c.elbo"]["when"] == "1970-01-01T00:00:00+00:00"


def test_an_empty_library_says_what_will_be_there(tmp_path, capsys):
    assert list_runs(tmp_path / "none", as_json=False) == 0
    assert "will be listed here" in capsys.readouterr().out
    assert list_runs(tmp_path / "none", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_folder_that_cannot_be_read_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert list_runs(tmp_path / "file", as_json=False) == 2
    assert f"{tmp_path / 'file'}, cannot be read" in capsys.readouterr().err


def test_the_command_reads_the_folder_that_the_window_writes(folder, capsys, tmp_path):
    assert cli.run(["runs"]) == 0
    assert str(default_folder()) in capsys.readouterr().out
    default_path().parent.mkdir(parents=True, exist_ok=True)
    default_path().write_bytes(msgspec.json.encode(Settings(runs=str(folder))))
    assert cli.run(["runs", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    other = tmp_path / "other"
    assert cli.run(["runs", "--folder", str(other)]) == 2
    assert capsys.readouterr().err == f"elboscope: There is no folder {other}; check the path.\n"
    other.mkdir()
    assert cli.run(["runs", "--folder", str(other)]) == 0
    assert str(other) in capsys.readouterr().out


def test_listing_imports_neither_qt_nor_torch(folder):
    program = (
        "import sys; from guiapp.cli import run; run(sys.argv[1:]);"
        "print([m for m in ('PySide6', 'torch') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, "runs", "--folder", str(folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1] == "[]"


def test_a_reader_that_stops_reading_is_no_error(folder):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "guiapp", "runs", "--folder", str(folder)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_an_output_that_cannot_be_written_is_one_sentence(folder):
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has such a file")
    command = [sys.executable, "-m", "guiapp", "runs", "--folder", str(folder)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "elboscope: The output cannot be written: No space left on device.\n",
    )
