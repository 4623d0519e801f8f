import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from guiapp import cli
from guiapp.engine.resume import resumed
from guiapp.run_file import read_run, read_summary
from guiapp.spec import SpecError

QUICK = ["--preset", "vae-digits", "--set", "model.encoder.hidden=8", "--set", "model.decoder.hidden=8"]


def options(*arguments):
    return cli._parser().parse_args(["train", *arguments])


def train(capsys, *arguments):
    """Exit code and the JSON object that `train --json` printed."""
    code = cli.run(["train", *QUICK, "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_options_make_the_spec():
    spec = cli.spec_of(options("--preset", "gan-ring", "--seed", "7", "--set", "model.d_steps=3", "--set", "batch=32"))
    assert spec.data.name == "ring"
    assert (spec.seed, spec.model.d_steps, spec.batch) == (7, 3, 32)


def test_options_before_the_word_train_count_as_well():
    parsed = cli._parser().parse_args(
        ["--preset", "gan-ring", "--seed", "5", "--set", "batch=9", "train", "--steps", "3"]
    )
    spec = cli.spec_of(parsed)
    assert (spec.data.name, spec.seed, spec.batch) == ("ring", 5, 9)


def test_the_device_has_a_flag():
    assert cli.spec_of(options("--device", "cpu")).device == "cpu"
    with pytest.raises(SpecError, match="auto, cpu"):
        cli.spec_of(options("--device", "tpu"))


def test_a_file_that_is_no_run_file_is_never_overwritten(capsys, tmp_path):
    path = tmp_path / "precious.csv"
    path.write_text("1,2\n3,4\n")
    assert cli.run(["train", *QUICK, "--steps", "2", "--out", str(path)]) == 2
    assert "is no run file" in capsys.readouterr().err
    assert path.read_text() == "1,2\n3,4\n"


def test_what_to_train_and_resume_contradict_each_other(capsys, tmp_path):
    assert cli.run(["train", "--resume", str(tmp_path / "a.elbo"), "--set", "model.beta=4"]) == 2
    assert "--resume goes on with the run as it is" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_trained(tmp_path):
    path = tmp_path / "run.elbo"
    command = [sys.executable, "-m", "guiapp", "train", *QUICK, "--steps", "1000000", "--out", str(path), "--json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not (path.exists() and rows_in(path)):
            assert child.poll() is None, child.communicate()
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == 130
    result = json.loads(out)
    assert resumed(read_run(path)).step == result["steps"] == len(read_run(path).rows)


def rows_in(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return db.execute("SELECT count(*) FROM chunk").fetchone()[0]
        except sqlite3.Error:  # the tables are being made
            return 0


@pytest.mark.parametrize(
    "bad", [["--set", "batch"], ["--set", "batch=0"], ["--preset", "x"], ["--seed", "x"], ["--set", "no=1"]]
)
def test_bad_options_are_refused_in_a_sentence(bad, capsys):
    with pytest.raises(SpecError):
        cli.spec_of(options(*bad))
    assert cli.run(["train", *bad]) == 2
    assert capsys.readouterr().err.startswith("elboscope: ")


def test_train_prints_one_object_with_the_promised_names(capsys):
    code, result = train(capsys, "--steps", "20", "--seed", "3")
    assert code == 0
    assert set(result) == {"steps", "steps_per_s", "train", "heldout", "spec"}
    assert result["steps"] == 20
    assert result["steps_per_s"] > 0
    assert {"loss", "reconstruction", "kl", "elbo"} <= set(result["train"])
    assert set(result["heldout"]) == {"loss", "reconstruction", "kl", "elbo"}
    assert result["heldout"]["elbo"] == pytest.approx(-result["heldout"]["loss"], rel=1e-6)
    assert result["spec"]["seed"] == 3


def test_train_a_gan(capsys):
    code = cli.run(["train", "--preset", "gan-ring", "--steps", "5", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {"d_loss", "g_loss", "d_real", "d_fake"} <= set(result["train"]) & set(result["heldout"])


def test_the_same_seed_gives_the_same_numbers(capsys):
    first, second = train(capsys, "--steps", "10")[1], train(capsys, "--steps", "10")[1]
    first["train"].pop("steps_per_s"), second["train"].pop("steps_per_s")
    assert first["train"] == second["train"]
    assert first["heldout"] == second["heldout"]


def test_the_run_file_holds_every_step(capsys, tmp_path):
    path = tmp_path / "run.elbo"
    train(capsys, "--steps", "37", "--out", str(path))
    assert read_run(path).rows.shape[0] == 37


def test_train_and_resume_is_to_train_through(capsys, tmp_path):
    whole = train(capsys, "--steps", "40")[1]
    train(capsys, "--steps", "25", "--out", str(tmp_path / "a.elbo"))
    resume = [
        "train",
        "--resume",
        str(tmp_path / "a.elbo"),
        "--steps",
        "15",
        "--out",
        str(tmp_path / "b.elbo"),
        "--json",
    ]
    assert cli.run(resume) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["steps"] == 40
    assert again["heldout"] == whole["heldout"]
    assert again["train"]["loss"] == whole["train"]["loss"]
    assert again["spec"] == whole["spec"]
    assert len(read_run(tmp_path / "b.elbo").rows) == 40


@pytest.mark.slow
def test_a_killed_run_is_resumed_where_its_record_ends(capsys, tmp_path):
    """Its newest weights are older than its newest rows; what lies between is trained again."""
    path = tmp_path / "run.elbo"
    command = [sys.executable, "-m", "guiapp", "train", *QUICK, "--steps", "1000000", "--out", str(path)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (path.exists() and rows_in(path) > 3):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()
    stored = read_run(path)
    assert stored.keyframe_at() > 0
    assert not read_summary(path).ended
    recorded = len(stored.rows)
    assert cli.run(["train", "--resume", str(path), "--steps", "10", "--out", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == recorded + 10
    again = read_run(path)
    assert np.array_equal(again.rows[:recorded], stored.rows, equal_nan=True)
    assert [(event.step, event.kind) for event in again.events] == [(recorded, "resume")]
    whole = train(capsys, "--steps", str(recorded + 10))[1]
    with np.errstate(invalid="ignore"):
        assert resumed(again).heldout() == whole["heldout"]


def test_a_run_that_is_resumed_into_another_file_is_a_fork_of_it(capsys, tmp_path):
    train(capsys, "--steps", "5", "--out", str(tmp_path / "a.elbo"))
    before = (tmp_path / "a.elbo").read_bytes()
    resume = ["train", "--resume", str(tmp_path / "a.elbo"), "--steps", "5", "--out", str(tmp_path / "b.elbo")]
    assert cli.run(resume) == 0
    assert (tmp_path / "a.elbo").read_bytes() == before
    child, parent = read_summary(tmp_path / "b.elbo"), read_summary(tmp_path / "a.elbo")
    assert (child.parent, child.parent_step, child.step) == (parent.id, 5, 10)


@pytest.mark.slow
def test_a_file_that_may_not_grow_ends_the_record_in_a_sentence_and_the_training_not(tmp_path):
    """As where a disk is full: the system refuses to write beyond so many bytes."""
    program = (
        "import resource, sys; from guiapp import cli; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000,) * 2);"
        "sys.exit(cli.run(sys.argv[1:]))"
    )
    path = tmp_path / "run.elbo"
    arguments = ["train", *QUICK, "--steps", "2500", "--out", str(path), "--json"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 2500
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("elboscope: The run is no longer recorded: ")
    assert 0 <= len(read_run(path).rows) < 2500
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_resuming_what_is_no_run_is_refused_in_a_sentence(capsys, tmp_path):
    assert cli.run(["train", "--resume", str(tmp_path / "none.elbo"), "--steps", "1"]) == 2
    assert "none.elbo: there is no such file" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(capsys, tmp_path):
    assert cli.run(["train", *QUICK, "--steps", "2", "--out", str(tmp_path / "no" / "run.elbo")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_data_of_ones_own(capsys, tmp_path):
    path = tmp_path / "mine.npy"
    np.save(path, np.random.default_rng(0).normal(5, 3, (300, 6)).astype(np.float32))
    code, result = train(capsys, "--steps", "5", "--data", str(path))
    assert code == 0
    assert result["spec"]["model"]["likelihood"] == "gaussian"
    assert result["spec"]["data"]["path"] == str(path)


def test_a_likelihood_that_was_asked_for_is_not_changed(capsys, tmp_path):
    path = tmp_path / "mine.npy"
    np.save(path, np.random.default_rng(0).normal(5, 3, (300, 6)).astype(np.float32))
    arguments = ["train", "--data", str(path), "--set", "model.likelihood=bernoulli", "--steps", "1"]
    assert cli.run(arguments) == 2
    assert "Bernoulli needs values in [0, 1]" in capsys.readouterr().err


def test_bad_data_are_refused_in_a_sentence(capsys, tmp_path):
    path = tmp_path / "empty.npz"
    path.write_bytes(b"")
    assert cli.run(["train", "--data", str(path), "--steps", "1"]) == 2
    assert "empty.npz" in capsys.readouterr().err


def test_divergence_exits_with_1_and_names_the_tensor(capsys):
    settings = ["--set", "model.optimiser.kind=sgd", "--set", "model.optimiser.lr=10"]
    code, result = train(capsys, "--steps", "500", *settings)
    assert code == 1
    assert result["diverged"]["tensor"]
    assert result["steps"] == result["diverged"]["step"] - 1


def test_a_table_for_people(capsys):
    assert cli.run(["train", *QUICK, "--steps", "3"]) == 0
    out = capsys.readouterr().out
    assert "held-out" in out
    assert "reconstruction" in out


def test_export_after_training_and_what_it_refuses(capsys, tmp_path):
    run = str(tmp_path / "run.elbo")
    train(capsys, "--steps", "4", "--out", run)
    assert cli.run(["export", run, "--curves", str(tmp_path / "a.csv"), "--code", str(tmp_path / "a.py")]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in ("a.csv", "a.events.csv", "a.py")]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 5
    assert cli.run(["export", run]) == 2
    assert "Say what to export" in capsys.readouterr().err
    assert cli.run(["export", str(tmp_path / "none.elbo"), "--curves", str(tmp_path / "b.csv")]) == 2
    assert "none.elbo: there is no such file" in capsys.readouterr().err


def test_training_headless_imports_no_qt():
    program = (
        "import sys; from guiapp.cli import run; run(sys.argv[1:]); print([m for m in sys.modules if 'PySide' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "train", *QUICK, "--steps", "1"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


@pytest.mark.slow
def test_the_smoke_run_passes_whatever_the_platform_variable_says():
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    environment.pop("DISPLAY", None)
    command = [sys.executable, "-m", "guiapp", "smoke", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    result = json.loads(done.stdout)
    assert result["failed"] == []
    assert done.returncode == 0
    assert result["runs"]["vae-fashion"]["last loss"] < result["runs"]["vae-fashion"]["first loss"]
    assert result["runs"]["gan-ring"]["views"]["latent"] == "does not apply"
    assert not result["torch_in_window_process"]


@pytest.mark.slow
def test_without_a_display_the_window_runs_offscreen_and_leaves_pictures(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    program = (
        "import sys\n"
        "from guiapp import presets\n"
        "from guiapp.gui import unattended\n"
        "if __name__ == '__main__':\n"
        "    spec = presets.load('vae-digits').spec\n"
        "    sys.exit(unattended.run(spec, spec, 2.0))\n"
    )
    command = [sys.executable, "-c", program]
    environment["PYTHONPATH"] = os.getcwd()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "elboscope-offscreen"
    assert {"run.elbo", "window-1.png", "window-4.png"} <= {p.name for p in folder.iterdir()}
    assert str(folder / "run.elbo") in done.stdout
    assert len(read_run(folder / "run.elbo").rows) > 10
