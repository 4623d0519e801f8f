"""The window as a person uses it, on the real trainer process."""

import gzip
import os
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from guiapp import presets
from guiapp.gui.main_window import MainWindow
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.gui.training_thread import TrainingThread
from guiapp.parameters import edited
from guiapp.run_file import read_run

PATIENCE = 30_000  # ms


@pytest.fixture(scope="module")
def small():
    """The quick preset with smaller layers still."""
    spec = presets.load("vae-digits").spec
    return edited(edited(spec, "model.encoder.hidden", "16"), "model.decoder.hidden", "16")


@pytest.fixture
def window(qtbot, small, tmp_path):
    session = Session(TrainingThread(tmp_path / "runs"), small)
    window = MainWindow(session, Settings(), tmp_path / "settings.json", small, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def until(qtbot, done):
    qtbot.waitUntil(done, timeout=PATIENCE)


def trained(window, steps=1):
    frame = window.session.frame
    return frame is not None and frame.step >= steps


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    window.workspace.setFocus()
    qtbot.keyClick(window, key, modifier)


def test_start_pause_step_and_reset_from_the_keyboard(qtbot, window):
    press(qtbot, window, Qt.Key.Key_Space)
    until(qtbot, lambda: trained(window, 20))
    press(qtbot, window, Qt.Key.Key_Space)
    until(qtbot, lambda: window.session.state == "paused" and not window.session.pull_pending)
    until(qtbot, lambda: not window.session.frame.running)
    step = window.session.frame.step
    press(qtbot, window, Qt.Key.Key_Right)
    until(qtbot, lambda: window.session.frame.step == step + 1)
    assert window.session.state == "paused"
    press(qtbot, window, Qt.Key.Key_R)
    until(qtbot, lambda: window.session.frame.step == 0)
    assert not window.session.frame.series.values("loss").size


def test_beta_and_learning_rate_change_while_it_trains(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window))
    window.parameter_panel.live_edited.emit("model.beta", 4.0)
    window.parameter_panel.live_edited.emit("model.optimiser.lr", 5e-4)
    until(qtbot, lambda: len(window.session.frame.marks) == 2)
    assert window.session.spec.model.beta == 4.0
    assert window.session.spec.model.optimiser.lr == 5e-4
    here = window.session.frame.step
    until(qtbot, lambda: trained(window, here + 20))
    series = window.session.frame.series
    loss, recon, kl = (series.values(name)[-1] for name in ("loss", "reconstruction", "kl"))
    assert loss == pytest.approx(recon + 4 * kl, rel=1e-4)


def test_vae_to_gan_to_vae(qtbot, window, small):
    window.session.run()
    until(qtbot, lambda: trained(window))
    window.explain("latent")
    window.choose_preset("gan-ring")
    until(qtbot, lambda: "d_loss" in window.session.frame.run.names and trained(window, 10))
    docks = window.workspace.docks
    assert not docks["latent"].applies()
    assert docks["arena"].applies()
    assert window.workspace.arrangement == "GAN in the plane"
    assert window.explain_panel.page_name == "losses", "the latent view is not there any more"
    until(qtbot, lambda: "arena" in window.session.frame.pictures)
    window.session.start(small)
    until(qtbot, lambda: "kl" in window.session.frame.run.names and trained(window, 10))
    assert docks["latent"].applies()
    assert window.workspace.arrangement == "VAE"


def test_pending_edits_are_in_force_after_any_way_to_begin(qtbot, window):
    window.parameter_panel.edit("model.latent", 3)
    press(qtbot, window, Qt.Key.Key_Right)
    until(qtbot, lambda: trained(window))
    assert window.session.spec.model.latent == 3
    window.parameter_panel.edit("model.latent", 4)
    press(qtbot, window, Qt.Key.Key_R)
    until(qtbot, lambda: window.session.spec.model.latent == 4)


def test_every_picture_that_is_showing_arrives(qtbot, window):
    window.session.run()
    wanted = {"latent", "samples", "reconstructions", "gradients"}
    until(qtbot, lambda: window.session.frame is not None and wanted <= set(window.session.frame.pictures))


@pytest.mark.parametrize("kind", ["missing", "truncated", "nan", "text"])
def test_a_bad_file_gets_one_sentence_and_training_goes_on(qtbot, window, tmp_path, kind):
    path = bad_file(tmp_path, kind)
    window.session.run()
    until(qtbot, lambda: trained(window, 5))
    window.open_data(str(path))
    until(qtbot, lambda: window.message_bar.isVisible())
    assert path.name in window.message_bar.message()
    until(qtbot, lambda: window.session.state == "training")
    step = window.session.frame.step
    until(qtbot, lambda: trained(window, step + 5))
    assert window.session.spec.data.name == "digits"


def bad_file(folder: Path, kind: str) -> Path:
    if kind == "truncated":
        path = folder / "images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(50)))
    elif kind == "nan":
        path = folder / "x.npy"
        np.save(path, np.array([[1.0, 2.0], [np.nan, 1.0], [1.0, 3.0]]))
    elif kind == "text":
        path = folder / "x.csv"
        path.write_text("a,b\n1,2\n3,four\n5,6\n")
    else:
        path = folder / "no-such.npz"
    return path


def test_a_good_file_with_values_outside_0_1_trains_with_a_gaussian_and_says_so(qtbot, window, tmp_path):
    path = tmp_path / "points.csv"
    np.savetxt(path, np.random.default_rng(0).normal(3, 10, (200, 5)), delimiter=",")
    window.open_data(str(path))
    until(qtbot, lambda: trained(window, 5))
    assert window.session.spec.model.likelihood == "gaussian"
    assert "gaussian" in window.message_bar.message()
    assert window.settings.recent == (str(path),)


def test_a_killed_trainer_is_told_and_run_starts_a_new_one(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window))
    os.kill(window.session.trainer_pid, signal.SIGKILL)
    until(qtbot, lambda: window.session.state == "lost")
    assert "signal 9" in window.message_bar.message()
    press(qtbot, window, Qt.Key.Key_Space)
    until(qtbot, lambda: window.session.state == "training" and trained(window))


def test_a_killed_run_can_be_resumed_where_it_was_last_stored(qtbot, window):
    window.session.run()
    until(
        qtbot, lambda: window.session.frame is not None and window.session.seconds > 2.5
    )  # a keyframe comes each second
    os.kill(window.session.trainer_pid, signal.SIGKILL)
    until(qtbot, lambda: window.session.state == "lost")
    lost = window.session.frame.series.values("loss").copy()
    button = next(b for b in window.message_bar.findChildren(QAbstractButton) if "Resume" in b.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.session.state == "paused" and window.session.frame.step > 0)
    step = window.session.frame.step
    assert 0 < step <= len(lost) + 200
    kept = window.session.frame.series.values("loss")
    assert len(kept) == step
    common = min(len(kept), len(lost))
    np.testing.assert_array_equal(kept[:common], lost[:common])
    window.session.run()
    until(qtbot, lambda: trained(window, step + 5))


def test_a_saved_run_opens_with_its_curves_and_marks_and_goes_on(qtbot, window, tmp_path):
    window.session.step(20)
    until(qtbot, lambda: window.session.state == "paused" and trained(window, 20))
    window.session.edit("model.beta", 3.0)
    until(qtbot, lambda: len(window.session.frame.marks) == 1)
    with qtbot.waitSignal(window.session.saved, timeout=PATIENCE):
        window.session.save(str(tmp_path / "run.elbo"))
    curve = window.session.frame.series.values("loss").copy()
    window.choose_preset("gan-ring")
    until(qtbot, lambda: "d_loss" in window.session.frame.run.names)
    window.session.open(str(tmp_path / "run.elbo"))
    until(qtbot, lambda: "loss" in window.session.frame.run.names and trained(window, 20))
    np.testing.assert_array_equal(window.session.frame.series.values("loss"), curve)
    assert [mark.new for mark in window.session.frame.marks] == [3.0]
    assert window.parameter_panel.pending().model.beta == 3.0
    window.session.open(str(tmp_path / "none.elbo"))
    until(qtbot, lambda: "none.elbo" in window.message_bar.message())
    window.session.step(1)
    until(qtbot, lambda: trained(window, 21))


def test_a_run_that_was_reset_can_be_brought_back(qtbot, window):
    window.session.step(520)
    until(qtbot, lambda: window.session.state == "paused" and trained(window, 520))
    curve = window.session.frame.series.values("loss").copy()
    press(qtbot, window, Qt.Key.Key_R)
    until(qtbot, lambda: window.session.frame.step == 0 and window.session.state == "paused")
    assert "reset at step 520" in window.message_bar.message()
    button = next(b for b in window.message_bar.findChildren(QAbstractButton) if b.text() == "Bring it back")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: trained(window, 520))
    np.testing.assert_array_equal(window.session.frame.series.values("loss"), curve)


def test_there_may_be_no_run_to_go_back_to(qtbot, window):
    window.bring_back()
    assert "no run before" in window.message_bar.message()


def test_the_tiles_of_a_workspace_are_remembered(qtbot, window, small, tmp_path):
    window.workspace.tabifyDockWidget(window.workspace.docks["losses"], window.workspace.docks["latent"])
    window.close()
    settings = msgspec.json.decode((tmp_path / "settings.json").read_bytes(), type=Settings)
    session = Session(TrainingThread(tmp_path / "runs"), small)
    again = MainWindow(session, settings, tmp_path / "settings.json", small, tmp_path / "runs")
    qtbot.addWidget(again)
    docks = again.workspace.docks
    assert docks["latent"] in again.workspace.tabifiedDockWidgets(docks["losses"])
    again.close()


def test_divergence_names_the_tensor_and_offers_half_the_rate(qtbot, window):
    spec = edited(edited(window.session.spec, "model.optimiser.kind", "sgd"), "model.optimiser.lr", 10)
    window.session.start(spec)
    until(qtbot, lambda: window.session.state == "diverged")
    message = window.message_bar.message()
    assert "not finite" in message
    button = next(b for b in window.message_bar.findChildren(QAbstractButton) if "half" in b.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.session.spec.model.optimiser.lr == 5)


def test_saving_the_run_leaves_a_file_with_every_step(qtbot, window, tmp_path):
    window.session.step(30)
    until(qtbot, lambda: window.session.state == "paused" and trained(window, 30))
    path = tmp_path / "run.elbo"
    with qtbot.waitSignal(window.session.saved, timeout=PATIENCE):
        window.session.save(str(path))
    stored = read_run(path)
    meta, rows = stored.meta, stored.rows
    assert rows.shape[0] == 30
    assert msgspec.json.decode(meta["spec"])["data"]["name"] == "digits"


def test_links_of_explanations_act(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window))
    window.follow_link("set:model.beta=2")
    until(qtbot, lambda: window.session.spec.model.beta == 2)
    window.follow_link("view:gradients")
    assert window.workspace.docks["gradients"].is_showing()
    window.follow_link("lab:gaussian-kl")
    assert window.workspace.docks["gaussian-kl"].is_showing()
    window.follow_link("set:model.latent=3")
    until(qtbot, lambda: window.session.spec.model.latent == 3 and trained(window))
    window.follow_link("set:model.beta=-1")
    assert "from 0 to 1000" in window.message_bar.message()


def test_light_and_dark_switch_live(qtbot, window):
    def lightness():
        return window.grab().toImage().pixelColor(5, 5).lightness()

    window.choose_theme("dark")
    until(qtbot, lambda: lightness() < 60)
    window.choose_theme("light")
    until(qtbot, lambda: lightness() > 200)


def test_closing_while_it_trains_ends_the_process_and_remembers_the_window(qtbot, window, tmp_path):
    window.choose_theme("dark")
    window.session.run()
    until(qtbot, lambda: trained(window))
    pid = window.session.trainer_pid
    window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    saved = msgspec.json.decode((tmp_path / "settings.json").read_bytes(), type=Settings)
    assert saved.theme == "dark"
    assert saved.geometry


def test_the_posterior_of_the_run_reaches_the_lab(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window))
    window.workspace.reveal("gaussian-kl")
    until(qtbot, lambda: "posterior" in window.session.frame.pictures)


def keyframes(window):
    return window.session.history.keyframes


def test_looking_back_while_it_trains(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window, 60) and len(keyframes(window)) > 1 and bool(window.session.frame.pictures))
    window.timeline.travelled.emit(0)
    until(qtbot, lambda: window.session.frame.until > 60 and not window.session.frame.to_come)
    past, live = window.session.frame, window.session.live
    assert past.step == 0
    assert not len(past.series)
    assert set(past.pictures) == set(live.pictures)
    until(qtbot, lambda: window.session.live.step > live.step + 20)
    assert window.session.state == "training"
    window.timeline.went_live.emit()
    assert window.session.frame is window.session.live


def test_what_is_edited_in_the_past_is_a_fork(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window, 60) and len(keyframes(window)) > 1)
    window.session.pause()
    until(qtbot, lambda: window.session.state == "paused" and not window.session.live.running)
    until(qtbot, lambda: keyframes(window)[-1] == window.session.live.step)
    step = window.session.live.step
    window.session.travel(0)
    window.parameter_panel.edit("model.beta", 4.0)
    assert window.session.spec.model.beta == 1.0, "the run itself is not touched"
    window.parameter_panel.restart_requested.emit(window.parameter_panel.pending())
    until(qtbot, lambda: window.session.spec.model.beta == 4.0)
    assert window.session.at is None
    window.bring_back()
    until(qtbot, lambda: window.session.live.step == step)
    assert window.session.spec.model.beta == 1.0


def test_an_edit_is_undone(qtbot, window):
    window.session.run()
    until(qtbot, lambda: trained(window, 20))
    window.session.edit("model.beta", 4.0)
    until(qtbot, lambda: bool(window.session.frame.marks))
    at = window.session.frame.marks[0].step
    until(qtbot, lambda: trained(window, at + 20))
    window.session.pause()
    until(qtbot, lambda: window.session.state == "paused")
    window.time_machine.undo()
    until(qtbot, lambda: not window.session.frame.marks and window.session.state == "paused")
    until(qtbot, lambda: window.session.live.step == at)
    assert window.session.spec.model.beta == 1.0
    assert len(window.session.live.series) == at
    window.time_machine.undo()
    assert "no edit" in window.message_bar.message()
