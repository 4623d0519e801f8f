"""The plane of rate and distortion: path, lines, unit, hovering."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views.rate import RateView
from guiapp.spec import Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.views.evidence import evidence_frame, past

BIT = 784 * math.log(2)  # nats per datum of one bit per dimension
EDITS = ((300, "model.beta", 1.0, 4.0), (500, "model.averaged", False, True))


@pytest.fixture
def view(qtbot: QtBot) -> RateView:
    view = RateView()
    qtbot.addWidget(view)
    view.resize(640, 480)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_before_the_first_step_it_says_what_will_come(view: RateView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(evidence_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(past(evidence_frame(10), 0))
    assert "before its first step" in view._stage.sentence
    view.draw(evidence_frame(1))
    assert view._stage.sentence == ""
    view.draw(gan_frame(10))
    assert view._stage.sentence == view.missing


def test_now_is_the_mean_of_the_last_steps(view: RateView) -> None:
    frame = evidence_frame(1500)
    view.draw(frame)
    path, heldout = view._plot.item.scene_shown.training, view._plot.item.scene_shown.heldout
    assert path.rate[-1] == pytest.approx(frame.series.values("kl")[-100:].mean(), rel=1e-5)
    assert path.distortion[-1] == pytest.approx(frame.series.values("reconstruction")[-100:].mean(), rel=1e-5)
    assert heldout.distortion[-1] == frame.series.values("heldout/reconstruction")[-1]
    text = view._status.text
    assert f"rate {path.rate[-1]:.2f}" in text
    assert f"= {path.rate[-1] + path.distortion[-1]:.2f} nats" in text
    held = heldout.rate[-1] + heldout.distortion[-1]
    assert text.startswith(f"held-out ELBO −{held:.2f} · effective β 1 · now: "), "a narrow view shows this much"


def test_the_line_of_the_objective_has_the_effective_beta(view: RateView) -> None:
    frame = evidence_frame(900, edits=EDITS)
    for step, beta in ((200, 1.0), (400, 4.0), (900, 4.0 * 784)):
        view.draw(past(frame, step))
        assert view._plot.item.scene_shown.beta == beta
    assert "common bug" in view._banner.text()
    view.draw(vae_frame(200, vae=Vae(beta=2.5), key=3))
    assert view._plot.item.scene_shown.beta == 2.5, "of an older run, that of its spec"
    assert "older version" in view._status.text
    assert view._banner.isHidden()


def test_bits_scale_both_axes(view: RateView) -> None:
    frame = evidence_frame(700)
    view.draw(frame)
    nats, status = view._plot.item.scene_shown.training, view._status.text
    view._units.choose(True)
    bits = view._plot.item.scene_shown.training
    np.testing.assert_allclose(bits.rate * BIT, nats.rate)
    np.testing.assert_allclose(bits.distortion * BIT, nats.distortion)
    assert "bits/dim" in view._status.text
    x, y = view._plot.getViewBox().viewRange()
    assert x[1] < 1
    assert y[1] < 1
    view._units.choose(False)
    assert view._status.text == status


def test_the_range_holds_the_path_but_for_its_start_and_seldom_moves(view: RateView) -> None:
    frame = evidence_frame(4000)
    homes = set()
    for step in range(2000, 4001, 50):
        view.draw(replace(past(frame, step), until=0))
        home = view._plot.home
        homes.add((home.left(), home.top(), home.width(), home.height()))
        late = view._plot.item.scene_shown.training.since(0.05 * step)
        assert home.left() <= late.rate.min() <= late.rate.max() <= home.right()
        assert home.top() <= late.distortion.min() <= late.distortion.max() <= home.bottom()
    assert len(homes) <= 5
    assert view._plot.home.bottom() < 400
    view._whole.setChecked(True)
    assert view._plot.home.bottom() > 450
    assert view._plot.home.left() < 1


def test_a_past_step_has_the_range_that_it_would_have_alone(view: RateView, qtbot: QtBot) -> None:
    frame, other = evidence_frame(4000), RateView()
    qtbot.addWidget(other)
    other.resize(view.size())
    with qtbot.waitExposed(other):
        other.show()
    for step in (4000, 210, 3990, 400):
        view.draw(past(frame, step))
    other.draw(past(frame, 400))
    assert view._plot.home == other._plot.home


def test_another_run_does_not_keep_the_range_of_the_last(view: RateView, qtbot: QtBot) -> None:
    frame, other = evidence_frame(4000), RateView()
    qtbot.addWidget(other)
    other.resize(view.size())
    with qtbot.waitExposed(other):
        other.show()
    anew = replace(frame, run=replace(frame.run, key=frame.run.key + 1))
    other.draw(anew)
    kept = set()
    for step in range(2000, 4000, 200):
        view.draw(replace(past(frame, step), until=0))
        view.draw(replace(frame, until=0))
        kept.add(view._plot.home == other._plot.home)
        view.draw(anew)
        assert view._plot.home == other._plot.home
        view.clear()
    assert False in kept, "the same run keeps its range, or nothing was shown"


def test_hovering_names_step_rate_distortion_and_elbo(view: RateView) -> None:
    frame = evidence_frame(2000)
    view.draw(frame)
    path = view._plot.item.scene_shown.training
    place = int(np.searchsorted(path.steps, 1200))
    view._plot.hovered.emit((path.rate[place], path.distortion[place]))
    text = view._status.pointed
    found = view._plot.item.pointed
    assert found is not None
    assert text.startswith("step ")
    for number in (found[0], found[1], found[0] + found[1]):
        assert f"{number:.2f}" in text
    held = view._plot.item.scene_shown.heldout
    view._plot.hovered.emit((held.rate[-1] + 1e-9, held.distortion[-1]))
    assert "held-out" in view._status.pointed
    x, y = view._plot.getViewBox().viewRange()
    view._plot.hovered.emit((x[0], y[0]))
    assert "anywhere" in view._status.pointed
    assert f"{x[0] + y[0]:.2f}" in view._status.pointed
    assert view._plot.item.pointed is None
    view._plot.hovered.emit(None)
    assert view._status.pointed == ""


def test_edits_are_named_on_the_path(view: RateView) -> None:
    view.draw(evidence_frame(900, edits=EDITS))
    notes = view._plot.item.scene_shown.notes
    assert notes[1] == (300, "β 1→4")
    assert notes[0][0] == 500
    assert {text for _, text in notes[2:]} == {"step 1", "step 10", "step 100"}


@pytest.mark.parametrize("beta", [0.0, 0.01, 1.0, 1000.0])
@pytest.mark.parametrize("steps", [1, 2, 60, 5000])
def test_any_run_is_drawn(view: RateView, beta: float, steps: int) -> None:
    view.draw(evidence_frame(steps, vae=Vae(latent=1, beta=beta)))
    assert view._stage.sentence == ""
    image = view.grab().toImage()
    colours = {image.pixel(x, y) for x in range(70, image.width(), 7) for y in range(40, image.height() - 70, 7)}
    assert len(colours) > 1


def test_the_mapping_to_pixels_is_the_view_box_s(view: RateView) -> None:
    view.draw(evidence_frame(500))
    item, box = view._plot.item, view._plot.getViewBox()
    x, y = item._pixel_arrays(np.array([3.0, 9.5]), np.array([240.0, 251.0]))
    for i, point in enumerate(((3.0, 240.0), (9.5, 251.0))):
        at = box.mapFromView(QPointF(*point))
        assert (x[i], y[i]) == pytest.approx((at.x(), at.y()))


def test_free_bits_and_iwae_are_said_to_be_another_objective(view: RateView) -> None:
    view.draw(evidence_frame(100))
    assert "is not distortion" not in view._status.text
    view.draw(evidence_frame(100, vae=Vae(free_bits=0.5), key=2))
    assert "is not distortion" in view._status.text


def test_the_same_frame_gives_the_same_picture_whatever_came_between(view: RateView) -> None:
    frame = evidence_frame(1500)
    view.draw(frame)
    before = view.grab().toImage()
    for other in (vae_frame(80, key=7), evidence_frame(40, key=8), gan_frame(5), past(frame, 300)):
        view.draw(other)
        view.grab()
    view.draw(frame)
    assert view.grab().toImage() == before


def test_csv_has_both_paths(view: RateView) -> None:
    view.draw(evidence_frame(500))
    titles, rows = view._plot._table()
    assert list(titles) == ["step", "rate", "distortion", "heldout"]
    assert set(rows[:, 3]) == {0, 1}


def test_themes_change_while_it_shows(view: RateView) -> None:
    view.draw(evidence_frame(400, edits=EDITS))
    shown = []
    for theme in (LIGHT, DARK, LIGHT):
        view.set_theme(theme)
        shown.append(view.grab().toImage())
    assert shown[0] == shown[2] != shown[1]
