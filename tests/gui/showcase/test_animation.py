"""Animations are read back: a GIF with imageio, which had no part in writing it, an MP4 as ffmpeg decodes it."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from pathlib import Path

import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QCoreApplication, QSize
from pytestqt.qtbot import QtBot

from guiapp.gui.showcase.animation import Animation, Film
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views.field import FieldView
from guiapp.gui.views.gradients import GradientsView
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.losses import LossesView
from guiapp.gui.views.samples import SamplesView
from guiapp.messages import Seen
from tests.gui.showcase.runs import answer_looks, seen

SMALL = QSize(300, 200)


def made(qtbot: QtBot, animation: Animation) -> Path:
    """What it wrote."""
    with qtbot.waitSignal(animation.finished, timeout=20_000) as blocker:
        animation.start()
    (path,) = blocker.args[0]
    return path


def refusal(qtbot: QtBot, animation: Animation) -> str:
    with qtbot.waitSignal(animation.failed, timeout=20_000) as blocker:
        animation.start()
    return blocker.args[0]


def frames_of(path: Path, width: int, height: int) -> npt.NDArray[np.int64]:
    """(N, H, W, 3)"""
    if path.suffix == ".gif":
        return iio.imread(path)[..., :3].astype(int)
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        str(path),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3).astype(int)


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
@pytest.mark.parametrize("ratio", [1, 2])
def test_one_picture_a_keyframe_and_all_differ(
    qtbot: QtBot, tmp_path: Path, vae_run: Path, suffix: str, ratio: int
) -> None:
    animation = Animation(vae_run, tmp_path / f"film{suffix}", Film(LatentView, DARK, SMALL, ratio, per_s=5))
    asked = answer_looks(animation)
    path = made(qtbot, animation)
    assert asked == [30, 0, 6, 12, 18, 24, 30], "the axes are settled on the last one first"
    frames = frames_of(path, 300 * ratio, 200 * ratio)
    assert frames.shape == (6, 200 * ratio, 300 * ratio, 3)
    for one, other in pairwise(frames):
        assert np.abs(one - other).max() > 50
    assert os.listdir(tmp_path) == [path.name]


def test_it_lasts_as_long_as_was_said(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    gif, mp4 = (
        Animation(vae_run, tmp_path / f"film{suffix}", Film(LossesView, LIGHT, SMALL, most=20, per_s=5))
        for suffix in (".gif", ".mp4")
    )
    assert iio.immeta(made(qtbot, gif))["duration"] == 200  # ms of the first picture
    assert iio.immeta(tmp_path / "film.gif")["loop"] == 0
    count, seconds = imageio_ffmpeg.count_frames_and_secs(made(qtbot, mp4))
    assert (count, seconds) == (20, pytest.approx(4.0, abs=0.05))


def test_the_background_of_a_gif_keeps_its_colour(qtbot: QtBot, tmp_path: Path, gan_run: Path) -> None:
    animation = Animation(gan_run, tmp_path / "film.gif", Film(FieldView, DARK, QSize(480, 320)))
    answer_looks(animation, "gan")
    frames = iio.imread(made(qtbot, animation))
    background = [int(DARK.background[i : i + 2], 16) for i in (1, 3, 5)]
    assert (frames[:, 5, 240] == background).all()


def test_curves_need_no_trainer_and_no_keyframes(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(LossesView, LIGHT, SMALL, most=9))
    asked = answer_looks(animation)
    assert len(iio.imread(made(qtbot, animation))) == 9
    assert asked == []


def test_at_most_so_many_pictures(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(SamplesView, LIGHT, SMALL, most=3))
    asked = answer_looks(animation)
    assert len(iio.imread(made(qtbot, animation))) == 3
    assert asked == [0, 6, 30]


def test_what_draws_curves_begins_after_the_first_step(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(GradientsView, LIGHT, SMALL))
    asked = answer_looks(animation)
    made(qtbot, animation)
    assert asked == [6, 12, 18, 24, 30]


def test_answers_to_others_are_not_taken(qtbot: QtBot, tmp_path: Path, vae_run: Path, gan_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(LatentView, LIGHT, SMALL))
    with qtbot.waitSignal(animation.look_asked, timeout=10_000):
        animation.start()
    with qtbot.waitSignal(animation.look_asked, timeout=10_000, check_params_cb=lambda _path, step, *_: step == 0):
        animation.on_seen(seen(vae_run, 30, frozenset({"latent", "manifold"})))
    taken = []
    animation.look_asked.connect(lambda *_: taken.append(1))
    for other in (
        seen(gan_run, 30, frozenset({"field"}), "gan"),
        seen(vae_run, 30, frozenset({"latent"})),
        seen(vae_run, 0, frozenset({"samples"})),
        Seen(str(vae_run), 24, None, None, {}, "someone else's trouble"),
    ):
        animation.on_seen(other)
        for _ in range(10):  # a picture takes a few turns
            QCoreApplication.processEvents()
    assert not taken
    answer_looks(animation)
    with qtbot.waitSignal(animation.finished, timeout=20_000):
        animation.on_seen(seen(vae_run, 0, frozenset({"latent", "manifold"})))
    assert len(iio.imread(tmp_path / "film.gif")) == 6


@pytest.mark.parametrize("when", ["reading", "looking", "drawing", "writing"])
def test_cancelling_leaves_nothing_and_says_nothing(qtbot: QtBot, tmp_path: Path, vae_run: Path, when: str) -> None:
    target = tmp_path / "film.mp4"
    target.write_text("what was there")
    animation = Animation(vae_run, target, Film(LatentView, LIGHT, SMALL, 2))
    said: list[object] = []
    if when == "reading":
        animation.start()
    elif when == "looking":
        with qtbot.waitSignal(animation.look_asked, timeout=10_000):
            animation.start()
    else:
        answer_looks(animation)
        wanted = "Picture 3" if when == "drawing" else "Writing"
        with qtbot.waitSignal(
            animation.progressed, timeout=20_000, check_params_cb=lambda _part, what: what.startswith(wanted)
        ):
            animation.start()
    for signal in (animation.progressed, animation.look_asked, animation.finished, animation.failed):
        signal.connect(lambda *values: said.append(values))
    animation.cancel()
    QCoreApplication.processEvents()  # what was on its way
    assert said == []
    assert os.listdir(tmp_path) == ["film.mp4"]
    assert target.read_text() == "what was there"


def test_a_view_that_does_not_apply_is_refused(qtbot: QtBot, tmp_path: Path, gan_run: Path) -> None:
    animation = Animation(gan_run, tmp_path / "film.gif", Film(LatentView, LIGHT, SMALL))
    answer_looks(animation, "gan")
    assert refusal(qtbot, animation) == LatentView.missing
    assert os.listdir(tmp_path) == []


def test_what_the_trainer_refuses_is_told(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(LatentView, LIGHT, SMALL))
    animation.look_asked.connect(
        lambda path, step, *_: animation.on_seen(Seen(path, step, None, None, {}, "The data are gone."))
    )
    assert refusal(qtbot, animation) == "The data are gone."
    assert os.listdir(tmp_path) == []


def test_a_trainer_that_is_gone_ends_it(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(LatentView, LIGHT, SMALL))
    animation.look_asked.connect(lambda *_: animation.give_up_looking("The trainer has ended."))
    assert refusal(qtbot, animation) == "The trainer has ended."


def test_a_folder_that_is_not_there_is_made(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "new" / "one" / "film.gif", Film(LossesView, LIGHT, SMALL, most=3))
    assert len(iio.imread(made(qtbot, animation))) == 3


def test_a_folder_that_cannot_be_made_is_named(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    (tmp_path / "file").touch()
    animation = Animation(vae_run, tmp_path / "file" / "film.mp4", Film(LossesView, LIGHT, SMALL))
    assert str(tmp_path / "file") in refusal(qtbot, animation)


def test_a_file_that_is_no_run_is_named(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "x.elbo").write_text("nothing")
    animation = Animation(tmp_path / "x.elbo", tmp_path / "film.gif", Film(LossesView, LIGHT, SMALL))
    assert "x.elbo" in refusal(qtbot, animation)


def test_progress_rises_and_estimates(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    animation = Animation(vae_run, tmp_path / "film.gif", Film(LossesView, LIGHT, SMALL, most=12))
    told: list[tuple[float, str]] = []
    animation.progressed.connect(lambda part, what: told.append((part, what)))
    made(qtbot, animation)
    parts = [part for part, _ in told]
    assert parts[0] == -1
    assert parts[1:] == sorted(parts[1:])
    assert any("s left" in what for _, what in told)
