"""The losses view: which curves and levels it draws for which run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT
from guiapp.gui.views.losses import OUTPUTS, LossesView
from guiapp.spec import Gan, Vae
from tests.everyday import everyday
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.views.evidence import evidence_frame

BETA_EDIT = ((300, "model.beta", 1.0, 4.0),)


@pytest.fixture
def view(qtbot: QtBot) -> LossesView:
    view = LossesView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def names(view: LossesView) -> list[list[str]]:
    return [[curve.name for curve in plot.curves] for plot in (view._upper, view._lower)]


def drawn(view: LossesView) -> list[np.ndarray]:
    return [
        part
        for plot in (view._upper, view._lower)
        for curve in plot.curves
        for smooth in (False, True)
        for part in plot.points(curve.name, smooth)
    ]


def test_before_the_first_step_it_says_what_will_come(view: LossesView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(1))
    assert view._stage.sentence == ""
    view.clear()
    assert "▶" in view._stage.sentence


def test_a_vae_shows_its_total_its_parts_and_their_unit(view: LossesView) -> None:
    frame = vae_frame(400)
    view.draw(frame)
    assert names(view) == [["reconstruction", "loss"], ["kl"]]
    for plot, name in ((view._upper, "reconstruction"), (view._upper, "loss"), (view._lower, "kl")):
        x, y = plot.points(name)
        np.testing.assert_array_equal(x, np.arange(1, 401))
        np.testing.assert_allclose(y, frame.series.values(name), rtol=1e-6)
    assert view._upper._axis.title == view._lower._axis.title == "nats per datum"


def test_the_three_curves_of_a_vae_add_up_with_beta(view: LossesView) -> None:
    view.draw(vae_frame(300, vae=Vae(beta=3.0)))
    view._controls.slider.setValue(0)
    total, reconstruction = (view._upper.points(name)[1] for name in ("loss", "reconstruction"))
    kl = view._lower.points("kl")[1]
    np.testing.assert_allclose(total, reconstruction + 3 * kl, rtol=1e-4)
    np.testing.assert_allclose(view._upper.points("elbo")[1], reconstruction + kl, rtol=1e-4)


@pytest.mark.parametrize(
    ("frame", "shown"),
    [(vae_frame(500), False), (vae_frame(500, vae=Vae(beta=4.0)), True), (vae_frame(500, edits=BETA_EDIT), True)],
    ids=["beta 1", "beta 4", "beta 4 later"],
)
def test_the_negative_elbo_comes_where_it_is_not_the_loss(view: LossesView, frame: Frame, shown: bool) -> None:
    view.draw(frame)
    assert ("elbo" in names(view)[0]) is shown


def test_beta_back_at_one_keeps_the_elbo(view: LossesView) -> None:
    view.draw(vae_frame(900, edits=(*BETA_EDIT, (700, "model.beta", 4.0, 1.0))))
    assert "elbo" in names(view)[0]


@pytest.mark.parametrize(
    "vae",
    [
        Vae(latent=3, averaged=True),
        Vae(latent=3, free_bits=0.5),
        Vae(latent=3, schedule="linear"),
        Vae(latent=3, bound="importance weighted"),
    ],
    ids=["averaged", "free bits", "warm-up", "IWAE"],
)
def test_the_negative_elbo_comes_with_every_other_objective(view: LossesView, vae: Vae) -> None:
    view.draw(evidence_frame(100, vae=vae))
    assert "elbo" in names(view)[0]


def test_held_out_terms_are_second_lines(view: LossesView) -> None:
    frame = evidence_frame(200)  # so few that each step has pixels of its own
    view.draw(frame)
    assert names(view) == [["reconstruction", "loss", "heldout/reconstruction"], ["kl", "heldout/kl"]]
    for plot, name in ((view._upper, "heldout/reconstruction"), (view._lower, "heldout/kl")):
        x, y = plot.points(name, smooth=True)
        values = frame.series.values(name)
        for step in (50, 100, 150, 200):
            assert y[np.flatnonzero(x == step)[0]] == pytest.approx(values[step - 1])
        assert [label.dashed for label in plot.labels][-1]


def test_both_plots_of_a_vae_can_be_read_in_bits_per_dimension(view: LossesView) -> None:
    frame = evidence_frame(300, vae=Vae(latent=3, beta=2.0))
    view.draw(frame)
    view._units.choose(True)
    for plot, name, sign in ((view._upper, "loss", 1), (view._upper, "elbo", -1), (view._lower, "kl", 1)):
        x, y = plot.points(name, smooth=name == "elbo")
        if name != "elbo":
            np.testing.assert_allclose(y, sign * frame.series.values(name) / (784 * math.log(2)), rtol=1e-5)
        assert len(x)
    assert view._upper._axis.title == view._lower._axis.title == "bits per dimension"
    low, high = view._upper.box.viewRange()[1]
    assert 0 < low < high < 2
    view.draw(gan_frame(200))
    assert view._units.isHidden()
    assert view._upper._axis.title == "nats"
    view.draw(frame)
    assert not view._units.isHidden()
    assert view._upper._axis.title == "bits per dimension"


@pytest.mark.parametrize(("objective", "level"), [("non-saturating", math.log(2)), ("minimax", -math.log(2))])
def test_a_gan_is_compared_with_its_equilibrium(view: LossesView, objective: str, level: float) -> None:
    view.draw(gan_frame(300, gan=Gan(objective=objective)))  # type: ignore[arg-type]
    assert names(view) == [["d_loss", "g_loss"], ["d_real", "d_fake", "d_acc_real", "d_acc_fake"]]
    d, g = view._upper.annotations.references
    assert (d.value, g.value) == pytest.approx((math.log(4), level))
    assert f"{abs(level):.3f}" in g.label
    assert [r.value for r in view._lower.annotations.references] == [0.5]
    low, high = view._lower.box.viewRange()[1]
    assert -0.1 < low <= 0
    assert 1 <= high < 1.1


def test_the_reference_goes_with_the_objective_edited(view: LossesView) -> None:
    view.draw(gan_frame(300, edits=((100, "model.objective", "non-saturating", "minimax"),)))
    assert view._upper.annotations.references[1].value == pytest.approx(-math.log(2))
    view.draw(gan_frame(300))
    assert view._upper.annotations.references[1].value == pytest.approx(math.log(2))


def test_steps_of_g_alone_leave_no_hole(view: LossesView) -> None:
    view._controls.slider.setValue(0)
    view.draw(gan_frame(300, every=3))
    x, y = view._upper.points("d_loss")
    np.testing.assert_array_equal(x, np.arange(1, 301, 3))
    assert not np.isnan(y).any()


def test_the_same_frame_gives_the_same_picture_whatever_came_between(view: LossesView) -> None:
    first, others = vae_frame(5000, edits=BETA_EDIT), (gan_frame(700), vae_frame(3, key=9), gan_frame(0))
    view.draw(first)
    before = drawn(view)
    for other in others:
        view.draw(other)
        view.grab()
    view.draw(first)
    after = drawn(view)
    assert len(before) == len(after) == 16
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("steps", everyday([1, 2, 17, 1_000_000], [1, 2, 17]))
def test_a_run_of_any_length_can_come_first(view: LossesView, steps: int) -> None:
    frame = gan_frame(steps, gan=Gan(generator=Gan().generator.__class__(hidden=())), every=2)
    view.draw(frame)
    assert 1 <= len(view._upper.points("g_loss")[0]) < 4000
    assert view._upper.box.viewRange()[0][1] >= steps
    view.grab()


def test_smoothing_log_and_follow_reach_both_plots(view: LossesView) -> None:
    view.draw(vae_frame(5000))
    view._controls.slider.setValue(50)
    assert view._upper.smoothing == view._lower.smoothing == 0.5
    view._controls.log.setChecked(True)
    assert view._upper.log
    assert view._lower.log
    view._controls.steps.setCurrentIndex(1)
    view._controls.steps.activated.emit(1)
    for plot in (view._upper, view._lower):
        low, high = plot.box.viewRange()[0]
        assert 3800 <= low <= 4001 <= 5000 <= high


def test_probabilities_never_go_on_a_log_axis(view: LossesView) -> None:
    view._controls.log.setChecked(True)
    view.draw(gan_frame(200))
    assert view._lower.curves == OUTPUTS
    assert view._upper.log
    assert not view._lower.log
    view.draw(vae_frame(200))
    assert view._lower.log


def test_both_plots_show_the_same_steps(view: LossesView) -> None:
    view.draw(gan_frame(2000))
    assert not view._controls.back.isEnabled()
    QTest.keyClick(view._upper, Qt.Key.Key_Plus)
    assert view._upper.box.viewRange()[0] == view._lower.box.viewRange()[0]
    assert view._controls.back.isEnabled()
    view.draw(gan_frame(2000))
    assert not view._lower.following
    left = [
        plot.mapToGlobal(plot.mapFromScene(plot.box.sceneBoundingRect().topLeft())).x()
        for plot in (view._upper, view._lower)
    ]
    assert left[0] == left[1]
    assert view._upper.box.width() == pytest.approx(view._lower.box.width(), abs=1)
    view._controls.back.click()
    assert view._upper.following
    assert view._lower.following
    QTest.keyClick(view._lower, Qt.Key.Key_PageUp)
    assert not view._upper.following
    QTest.keyClick(view._lower, Qt.Key.Key_Home)
    assert view._upper.following


def test_edits_are_marked_on_both_axes(view: LossesView) -> None:
    frame = vae_frame(600, edits=BETA_EDIT)
    view.draw(frame)
    assert view._upper.annotations.marks == view._lower.annotations.marks == frame.marks


# ---------------------------------------------------------------------------------------------------- a past step


def past(frame: Frame, step: int) -> Frame:
    marks = tuple(mark for mark in frame.marks if mark.step <= step)
    return replace(frame, step=step, series=frame.series.until(step), marks=marks, until=frame.step)


def ranges(view: LossesView) -> list[list[list[float]]]:
    return [plot.box.viewRange() for plot in (view._upper, view._lower)]


@pytest.mark.parametrize("step", [1, 150, 299, 300, 3000, 3999])
@pytest.mark.parametrize(
    "frame", [vae_frame(4000, edits=BETA_EDIT), gan_frame(4000, every=3)], ids=["vae with an edit", "gan"]
)
def test_a_past_step_is_drawn_as_if_nothing_had_been_drawn_before(
    view: LossesView, qtbot: QtBot, frame: Frame, step: int
) -> None:
    other = LossesView()
    qtbot.addWidget(other)
    other.resize(view.size())
    with qtbot.waitExposed(other):
        other.show()
    view.draw(frame)
    first = drawn(view), ranges(view)
    view.draw(past(frame, step))
    other.draw(past(frame, step))
    assert names(view) == names(other)
    assert all(np.array_equal(a, b) for a, b in zip(drawn(view), drawn(other), strict=True))
    assert ranges(view) == ranges(other)
    assert view._upper.annotations.marks == other._upper.annotations.marks
    assert [label.height for label in view._upper.labels] == [label.height for label in other._upper.labels]
    view.draw(frame)
    assert all(np.array_equal(a, b) for a, b in zip(drawn(view), first[0], strict=True))
    assert ranges(view) == first[1]
    assert view._upper.annotations.now is None


def test_a_past_step_keeps_the_steps_of_the_whole_run_and_has_a_line(view: LossesView) -> None:
    frame = vae_frame(4000)
    view.draw(frame)
    before = view._upper.box.viewRange()[0]
    view.draw(past(frame, 1500))
    for plot in (view._upper, view._lower):
        assert plot.box.viewRange()[0] == before
        assert plot.annotations.now == 1500
    assert view._upper.points("loss")[0].max() <= 1500
    shown = view._upper.grab().toImage()
    at = view._upper.mapFromScene(view._upper.box.mapViewToScene(QPointF(3000, view._upper.box.viewRange()[1][1])))
    assert shown.pixelColor(at.x(), at.y() + 5).name() == LIGHT.surface, "later steps are shaded"
    view.clear()
    assert view._upper.annotations.now is None


def test_the_last_steps_end_at_the_past_one(view: LossesView) -> None:
    frame = vae_frame(8000)
    view.draw(frame)
    view._controls.followed.emit(1000)
    view.draw(past(frame, 3210))
    low, high = view._upper.box.viewRange()[0]
    assert low <= 2211
    assert 3210 <= high <= 3400


def test_who_looks_elsewhere_stays_there_while_the_time_moves(view: LossesView) -> None:
    frame = vae_frame(4000)
    view.draw(frame)
    QTest.keyClick(view._upper, Qt.Key.Key_Plus)
    kept = view._upper.box.viewRange()[0]
    for step in (3000, 200, 3999):
        view.draw(past(frame, step))
        assert view._upper.box.viewRange()[0] == kept


def test_before_the_first_step_of_a_run_with_more_it_says_so(view: LossesView) -> None:
    frame = vae_frame(400)
    view.draw(past(frame, 0))
    assert "before its first step" in view._stage.sentence
    view.draw(past(frame, 1))
    assert view._stage.sentence == ""


def test_a_hidden_curve_is_hidden_when_the_time_comes_back_to_it(view: LossesView) -> None:
    frame = vae_frame(600, edits=BETA_EDIT)
    view.draw(frame)
    view._upper.toggle("elbo")
    view.draw(past(frame, 100))
    assert names(view)[0] == ["reconstruction", "loss"]
    assert view._upper.hidden == frozenset()
    view.draw(frame)
    assert view._upper.hidden == {"elbo"}
