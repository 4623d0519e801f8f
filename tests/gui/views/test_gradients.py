"""The gradients view: profile, map and verdict against the frame's own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK
from guiapp.gui.views.gradient_quantities import GRADIENT, UPDATE
from guiapp.gui.views.gradient_tools import MAP, NETWORKS
from guiapp.gui.views.gradients import GradientsView
from guiapp.gui.widgets.heat_map import ZERO
from guiapp.spec import Network, Vae
from tests.gui.frames import deep_vae, frame, gan_frame, started, vae_frame


@pytest.fixture
def view(qtbot: QtBot) -> GradientsView:
    view = GradientsView()
    qtbot.addWidget(view)
    view.resize(900, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def values(shown: Frame, prefix: str = "grad") -> np.ndarray:
    """(T, P)"""
    return np.column_stack([shown.series.values(f"{prefix}/{name}") for name, _ in shown.run.tensors])


def drawn(view: GradientsView) -> list[np.ndarray]:
    profile, levels = view._profile.dots.profile, view._map.levels
    assert profile is not None
    assert levels is not None
    return [profile.now, profile.smoothed, profile.quartiles, profile.zeros, levels]


def test_before_the_first_step_it_says_what_will_come(view: GradientsView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(gan_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(gan_frame(1))
    assert view._stage.sentence == ""
    view.clear()
    assert "▶" in view._stage.sentence


def test_a_run_without_gradients_says_so(view: GradientsView) -> None:
    whole = vae_frame(10).run
    run = started(whole.spec, ("loss",), (), (28, 28), (), whole.capabilities, 1)
    view.draw(frame(run, np.ones((5, 1), np.float32), {"gradients": {}}))
    assert "no gradients" in view._stage.sentence


def test_dots_are_the_newest_step_and_the_line_is_the_mean_of_a_hundred(view: GradientsView) -> None:
    shown = vae_frame(900)
    view.draw(shown)
    profile = view._profile.dots.profile
    assert profile is not None
    np.testing.assert_array_equal(profile.now, values(shown)[-1])
    np.testing.assert_allclose(profile.smoothed, values(shown)[-100:].mean(0), rtol=1e-5)


def test_a_player_that_rested_keeps_its_last_value(view: GradientsView) -> None:
    shown = gan_frame(900, every=2)
    view.draw(shown)
    rows, of_d = values(shown), np.array(["discriminator" in name for name, _ in shown.run.tensors])
    assert np.isnan(rows[-1, of_d]).all()
    profile = view._profile.dots.profile
    assert profile is not None
    np.testing.assert_array_equal(profile.now, np.where(of_d, rows[-2], rows[-1]))
    np.testing.assert_allclose(profile.smoothed, np.nanmean(rows[-100:], 0), rtol=1e-5)


def test_bars_are_the_quartiles_of_the_histograms(view: GradientsView) -> None:
    """The picture's log10 |g| is normal with sd 0.6, so its quartiles lie 0.6745 sd about its median."""
    shown = vae_frame(300)
    view.draw(shown)
    profile = view._profile.dots.profile
    assert profile is not None
    large = np.array([np.prod(shape) > 5000 for _, shape in shown.run.tensors])
    low, middle, high = profile.quartiles[large].T
    np.testing.assert_allclose(high - middle, 0.6745 * 0.6, atol=0.03)
    np.testing.assert_allclose(middle - low, 0.6745 * 0.6, atol=0.03)
    np.testing.assert_allclose(profile.zeros, 0.1)


def test_the_map_has_a_row_for_each_tensor(view: GradientsView) -> None:
    shown = vae_frame(100)
    view.draw(shown)
    levels, (low, high) = view._map.levels, view._map.colour_range
    assert levels is not None
    logs = np.log10(values(shown)).T
    expected = 1 + 254 * (np.clip(logs, low, high) - low) / (high - low)
    np.testing.assert_allclose(levels, expected, atol=1.1)


def test_the_switch_shows_update_ratios_against_their_rule_of_thumb(view: GradientsView) -> None:
    shown = vae_frame(300)
    view.draw(shown)
    assert "gradient RMS" in view._status.text
    view._tools.show_quantity(UPDATE)
    profile = view._profile.dots.profile
    assert profile is not None
    np.testing.assert_array_equal(profile.now, values(shown, "update")[-1])
    assert len(profile.quartiles) == len(profile.zeros) == 0, "the histograms are of gradients"
    assert view._profile.dots.reference == 1e-3
    low, high = view._profile.getViewBox().viewRange()[1]
    assert low < -3 < high
    assert "update ratio" in view._status.text
    view._tools.show_quantity(GRADIENT)
    assert view._profile.dots.reference is None


def test_the_verdict_is_the_ratio_of_the_weights_means(view: GradientsView) -> None:
    shown = vae_frame(800)
    view.draw(shown)
    encoder = [i for i, (name, _) in enumerate(shown.run.tensors) if name.startswith("encoder") and "weight" in name]
    means = values(shown)[-100:, encoder].mean(0)
    assert f"encoder 10^{np.log10(means.min() / means.max()):.1f} (layer 0 / 2)" in view._status.text
    assert "100 steps" in view._status.text


def test_exact_zeros_are_seen(view: GradientsView) -> None:
    shown = gan_frame(200)
    shown.series.values("grad/generator.1.weight")[100:] = 0
    view.draw(shown)
    levels = view._map.levels
    assert levels is not None
    assert (levels[2, 100:] == ZERO).all()
    assert "generator exactly 0 in layer 1" in view._status.text
    view.grab()


def test_the_same_frame_gives_the_same_picture_whatever_came_between(view: GradientsView) -> None:
    first, others = vae_frame(5000), (gan_frame(700, every=2), vae_frame(2, vae=deep_vae(30), key=5), gan_frame(0))
    view.draw(first)
    before = drawn(view)
    for other in others:
        view.draw(other)
        view.grab()
    view.draw(first)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, drawn(view), strict=True))


@pytest.mark.parametrize("steps", [1, 2, 99, 300_000])
def test_a_run_of_any_length_can_come_first(view: GradientsView, steps: int) -> None:
    linear = Network(hidden=())
    view.draw(vae_frame(steps, vae=Vae(encoder=linear, decoder=linear)))
    levels = view._map.levels
    assert levels is not None
    assert levels.shape[0] == 4
    assert 1 <= levels.shape[1] <= 302
    view.grab()


def test_a_run_without_its_picture_yet_has_no_bars(view: GradientsView) -> None:
    shown = vae_frame(50)
    view.draw(Frame(shown.run, 50, 0.0, 0.0, True, shown.series, {}))
    profile = view._profile.dots.profile
    assert profile is not None
    assert len(profile.quartiles) == 0
    view.grab()


def test_a_picture_of_unknown_values_draws(view: GradientsView) -> None:
    shown = vae_frame(50)
    count = len(shown.run.tensors)
    blank = {
        "edges": np.linspace(-12, 4, 65), "counts": np.zeros((count, 64), int), "zeros": np.full(count, np.nan),
        "rms": np.full(count, np.nan),
    }  # fmt: skip
    rows = np.full((3, len(shown.run.names)), np.nan, np.float32)
    view.draw(frame(shown.run, rows, {"gradients": blank}))
    view.grab()
    assert view._status.text == ""


def test_the_pointer_names_the_tensor(view: GradientsView, qtbot: QtBot) -> None:
    shown = vae_frame(300)
    view.draw(shown)
    dots, profile = view._profile.dots, view._profile.dots.profile
    assert profile is not None
    xs, ys, _ = dots._pixels(profile)
    place = view._profile.mapFromScene(view._profile.getViewBox().mapToScene(QPoint(round(xs[2]), round(ys[2]))))
    QTest.mouseMove(view._profile.viewport(), place)
    qtbot.waitUntil(lambda: "encoder.1.weight (64 × 256)" in view._status.pointed)
    assert f"now {profile.now[2]:.3g}" in view._status.pointed
    assert "10.0% exact zeros" in view._status.pointed
    QTest.mouseMove(view._profile.viewport(), QPoint(3, 3))
    qtbot.waitUntil(lambda: view._status.pointed == "")


def test_titles_survive_a_change_of_theme(view: GradientsView) -> None:
    view.draw(vae_frame(50))
    view.set_theme(DARK)
    assert view._profile.getAxis("left").labelText == "log10 gradient RMS"
    assert view._map.getAxis("bottom").labelText == "step"


@pytest.mark.parametrize("size", [(900, 450), (340, 300)])
def test_axis_titles_are_whole_and_in_the_middle(view: GradientsView, size: tuple[int, int]) -> None:
    view.resize(*size)
    view.draw(vae_frame(50))
    for side in ("left", "bottom"):
        axis = view._profile.getAxis(side)
        title, own = axis.label.sceneBoundingRect(), axis.sceneBoundingRect()
        if side == "left":
            assert own.top() - 1 <= title.top() < title.bottom() <= own.bottom() + 1
            assert title.center().y() == pytest.approx(own.center().y(), abs=3)
        else:
            assert title.left() >= 0
            assert title.right() <= view._profile.width() + 5, "its margins may be cut, its text not"
            assert title.center().x() == pytest.approx(own.center().x(), abs=3)


# ---------------------------------------------------------------------------------------------------- a past step


def past(shown: Frame, step: int) -> Frame:
    return replace(shown, step=step, series=shown.series.until(step), until=shown.step)


def picture(view: GradientsView) -> list[np.ndarray]:
    ranges = [*view._profile.getViewBox().viewRange(), *view._map.box.viewRange(), view._map.colour_range]
    return [*drawn(view), *(np.asarray(one) for one in ranges)]


@pytest.mark.parametrize("step", [1, 40, 2000, 4999])
@pytest.mark.parametrize("shown", [vae_frame(5000), gan_frame(5000, every=4)], ids=["vae", "gan"])
def test_a_past_step_is_drawn_as_if_nothing_had_been_drawn_before(
    view: GradientsView, qtbot: QtBot, shown: Frame, step: int
) -> None:
    other = GradientsView()
    qtbot.addWidget(other)
    other.resize(view.size())
    with qtbot.waitExposed(other):
        other.show()
    view.draw(shown)
    first = picture(view)
    view.draw(past(shown, step))
    other.draw(past(shown, step))
    for one, same in zip(picture(view), picture(other), strict=True):
        np.testing.assert_array_equal(one, same)
    assert view._map.annotations.now == step
    view.draw(shown)
    for one, same in zip(picture(view), first, strict=True):
        np.testing.assert_array_equal(one, same)


def test_the_columns_of_a_past_step_are_those_of_the_whole_run(view: GradientsView) -> None:
    shown = vae_frame(9000)
    view.draw(shown)
    whole, rect, steps = view._map.levels, view._map._image._rect, view._map.box.viewRange()[0]
    view.draw(past(shown, 4000))
    cut = view._map.levels
    assert whole is not None
    assert cut is not None
    assert view._map.box.viewRange()[0] == steps
    assert view._map._image._rect.width() / cut.shape[1] == pytest.approx(rect.width() / whole.shape[1])
    assert cut.shape[1] == pytest.approx(whole.shape[1] * 4 / 9, abs=1)


def test_before_the_first_step_of_a_run_with_more_it_says_so(view: GradientsView) -> None:
    shown = vae_frame(400)
    view.draw(shown)
    QTest.keyClick(view._map, Qt.Key.Key_Plus)
    view.draw(past(shown, 0))
    assert "before its first step" in view._stage.sentence
    view._tools.show_quantity(UPDATE)
    assert "before its first step" in view._stage.sentence
    view.draw(past(shown, 1))
    assert view._stage.sentence == ""
    assert not view._map.following


def group_rms(shown: Frame, network: str) -> np.ndarray:
    """√(Σ n r² / Σ n) over the tensors of `network` in each step, (T,)."""
    members = [(i, np.prod(shape)) for i, (name, shape) in enumerate(shown.run.tensors) if name.startswith(network)]
    sizes = np.array([size for _, size in members])
    return np.sqrt((values(shown)[:, [i for i, _ in members]].astype(float) ** 2 * sizes).sum(1) / sizes.sum())


def test_each_network_has_its_size_and_noise_in_numbers(view: GradientsView) -> None:
    shown = vae_frame(500)
    view.draw(shown)
    for network in ("encoder", "decoder"):
        last = group_rms(shown, network)[-100:]
        spread = np.sqrt(0.5 * (np.diff(last) ** 2).mean()) / last.mean()
        assert f"{network} {last.mean():.2g} ± {spread:.0%}" in view._noise.text
    view._tools.show_quantity(UPDATE)
    assert view._noise.text == "", "it is of gradients"
    view.draw(gan_frame(300, every=3))
    view._tools.show_quantity(GRADIENT)
    assert "generator" in view._noise.text
    assert "discriminator" in view._noise.text


def test_each_network_is_a_curve_with_the_marks_of_the_edits(view: GradientsView) -> None:
    edits = ((200, "model.estimator", "reparameterised", "none"),)
    shown = vae_frame(500, edits=edits)
    view.draw(shown)
    view._tools.show_beside(NETWORKS)
    assert view._beside.currentWidget() is view._course
    steps, drawn_values = view._course.points("encoder", smooth=False)
    np.testing.assert_allclose(np.sort(steps[np.isfinite(drawn_values)])[[0, -1]], (1, 500), atol=3)
    assert drawn_values.min() == pytest.approx(np.log10(group_rms(shown, "encoder").min()), abs=0.1)
    assert drawn_values.max() == pytest.approx(np.log10(group_rms(shown, "encoder").max()), abs=0.1)
    assert view._course.annotations.marks == shown.marks
    view._tools.show_quantity(UPDATE)
    assert view._beside.currentWidget() is view._map, "an update ratio is of a tensor"
    assert view._tools.beside == MAP
    view._tools.show_quantity(GRADIENT)
    view._tools.show_beside(NETWORKS)
    assert view._beside.currentWidget() is view._course
    view.draw(past(shown, 100))
    assert view._course.points("encoder")[0].max() <= 100
    view.draw(gan_frame(300, every=3))
    assert [curve.name for curve in view._course.curves] == ["generator", "discriminator"]
    view.grab()
    view.clear()
    assert len(view._course.points("generator")[0]) == 0
