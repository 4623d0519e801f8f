"""The gradients view's other quantities, its parts, counters and histograms, against the frame's own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK
from guiapp.gui.views.gradient_quantities import (
    ACTIVATION,
    DEAD,
    GRADIENT,
    QUANTITIES,
    SATURATED,
    SIGNAL,
    UPDATE,
    Quantity,
)
from guiapp.gui.views.gradient_tools import COUNTERS, HISTOGRAMS, MAP, NETWORKS
from guiapp.gui.views.gradients import GradientsView
from guiapp.gui.widgets.heat_map import ZERO
from guiapp.gui.widgets.layers import Profile
from guiapp.series import Series
from guiapp.spec import Network, Vae
from tests.gui.frames import frame, gan_frame, vae_frame
from tests.gui.pictures import layers_picture, tensor_picture


@pytest.fixture
def view(qtbot: QtBot) -> GradientsView:
    view = GradientsView()
    qtbot.addWidget(view)
    view.resize(900, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def profile_of(view: GradientsView) -> Profile:
    profile = view._profile.dots.profile
    assert profile is not None
    return profile


def said(view: GradientsView) -> str:
    return view._stage.sentence or view._body.sentence or view._left.sentence


def split(view: GradientsView, on: bool = True) -> None:
    view._tools._split.setChecked(on)


def with_names(shown: Frame, keep: tuple[str, ...]) -> Frame:
    """`shown` as a version recorded it that had only the series which begin with one of `keep`."""
    names = tuple(name for name in shown.run.names if name.startswith(keep))
    series = Series(names)
    series.append(np.column_stack([shown.series.values(name) for name in names]))
    return replace(shown, run=replace(shown.run, names=names), series=series)


def column(shown: Frame, quantity: Quantity, name: str) -> np.ndarray:
    return shown.series.values(f"{quantity.prefix}/{name}")


HIDDEN = ("encoder.0", "encoder.1", "decoder.0", "decoder.1")

# ------------------------------------------------------------------------------------------------------- quantities


@pytest.mark.parametrize("quantity", [ACTIVATION, DEAD, SATURATED], ids=lambda q: q.prefix)
def test_a_quantity_of_layers_has_a_dot_and_a_row_for_each(view: GradientsView, quantity: Quantity) -> None:
    shown = vae_frame(1250)
    view._tools.show_quantity(quantity)
    view.draw(shown)
    assert [item.name for item in view._items] == list(HIDDEN)
    assert [row.name for row in view._map.rows] == [f"{quantity.prefix}/{name}" for name in HIDDEN]
    columns = [column(shown, quantity, name) for name in HIDDEN]
    np.testing.assert_allclose(profile_of(view).now, [values[1199] for values in columns])
    np.testing.assert_allclose(profile_of(view).smoothed, [np.nanmean(values[-1000:]) for values in columns], rtol=1e-5)
    np.testing.assert_array_equal(profile_of(view).steps, 1200)
    levels = view._map.levels
    assert levels is not None
    measured = levels[:, round(0.1 * levels.shape[1]) :]
    assert (measured > ZERO).all(), "each measurement holds until the next one"


def test_the_signal_to_noise_ratio_is_of_tensors_and_compared_with_1(view: GradientsView) -> None:
    shown = gan_frame(1600)
    view._tools.show_quantity(SIGNAL)
    view.draw(shown)
    names = [name for name, _ in shown.run.tensors]
    np.testing.assert_allclose(profile_of(view).now, [column(shown, SIGNAL, name)[1499] for name in names])
    assert view._profile.dots.reference == 1
    assert "signal / noise" in view._status.text
    view.grab()


def test_a_fraction_has_a_linear_axis_and_says_where_it_is_largest(view: GradientsView) -> None:
    view._tools.show_quantity(DEAD)
    view.draw(vae_frame(900))
    low, high = view._profile.getViewBox().viewRange()[1]
    assert low < 0 < 1 < high < 2
    assert view._map.colour_range == (0, 1)
    assert "Most dead units: encoder 10.0% (layer 0), decoder 0.0% (layer 0)" in view._status.text
    view._tools.show_quantity(GRADIENT)
    assert view._profile.getViewBox().viewRange()[1][1] < 0
    assert not view._profile.dots.fraction


def test_before_the_first_measurement_it_is_awaited(view: GradientsView) -> None:
    view._tools.show_quantity(SIGNAL)
    view.draw(vae_frame(499))
    assert "every 500 steps" in said(view)
    view.draw(vae_frame(500))
    assert said(view) == ""


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda q: q.prefix)
def test_a_run_of_an_older_version_says_what_it_lacks(view: GradientsView, quantity: Quantity) -> None:
    view._tools.show_quantity(quantity)
    view.draw(with_names(vae_frame(800), ("loss", "grad/", "update/")))
    older = quantity not in (GRADIENT, UPDATE)
    assert ("older version" in said(view)) == older
    view._tools.show_quantity(GRADIENT)
    assert said(view) == "", "the choices stay at hand"
    view.draw(with_names(vae_frame(800), ("loss", "grad/")))
    assert said(view) == ""
    assert not any(profile_of(view).states), "nothing is known of updates"


def test_a_model_without_hidden_layers_says_so(view: GradientsView) -> None:
    linear = Network(hidden=())
    view._tools.show_quantity(ACTIVATION)
    view.draw(vae_frame(700, vae=Vae(encoder=linear, decoder=linear)))
    assert "hidden layers" in said(view)
    view._tools.show_beside(COUNTERS)
    assert view._beside.currentWidget() is view._table
    assert [row.layer for row in view._table.layers] == ["encoder.0", "decoder.0"], "they do not need the quantity"


def test_maxout_layers_cannot_tell(view: GradientsView) -> None:
    shown = vae_frame(700)
    for name in HIDDEN:
        column(shown, DEAD, name)[:] = np.nan
    view._tools.show_quantity(DEAD)
    view.draw(shown)
    assert "maxout" in said(view)


def test_of_a_gan_it_says_which_step_moves_a_network(view: GradientsView) -> None:
    view.draw(gan_frame(300))
    assert dict(view._profile.dots.captions) == {
        "generator": "generator · G step",
        "discriminator": "discriminator · D step",
    }
    assert view._map.rows[0].detail == "generator.0.weight  64 × 2 · G step"
    assert view._map.rows[-1].detail.endswith("D step")
    assert view._map._image.breaks == (6,)
    assert "discriminator, D step" in view._noise.text
    view.draw(vae_frame(300))
    assert dict(view._profile.dots.captions) == {"encoder": "encoder", "decoder": "decoder"}


# ------------------------------------------------------------------------------------- what is shown as what it is


def test_inf_is_written_and_leaves_the_range_alone(view: GradientsView) -> None:
    shown = vae_frame(1200)
    view.draw(shown)
    view._tools.show_quantity(ACTIVATION)
    column(shown, ACTIVATION, "decoder.1")[:] = np.inf
    view.draw(shown)
    assert np.isposinf(profile_of(view).now[3])
    assert max(map(abs, view._profile.getViewBox().viewRange()[1])) < 5
    xs, ys, _ = view._profile.dots._pixels(profile_of(view))
    assert "now Inf" in view._profile.dots.text_at(QPointF(xs[3], ys[3]))
    assert "decoder Inf in layer 1" in view._status.text
    view.grab()
    column(shown, GRADIENT, "decoder.1.weight")[-20:] = np.inf
    view._tools.show_quantity(GRADIENT)
    assert np.isposinf(profile_of(view).now[8])
    view.grab()


def test_no_gradient_none_that_matters_and_a_frozen_layer(view: GradientsView) -> None:
    shown = vae_frame(300)
    for kind in ("grad", "update"):
        shown.series.values(f"{kind}/encoder.0.weight")[:] = np.nan
        shown.series.values(f"{kind}/encoder.1.weight")[:] = 0
    shown.series.values("update/decoder.0.weight")[:] = 0
    view.draw(shown)
    xs, ys, _ = view._profile.dots._pixels(profile_of(view))
    foot = view._profile.dots.boundingRect().bottom() - 8
    assert "no gradient" in view._profile.dots.text_at(QPointF(xs[0], foot))
    assert "nothing depends on it, now 0" in view._profile.dots.text_at(QPointF(xs[2], foot))
    assert "frozen" in view._profile.dots.text_at(QPointF(xs[6], ys[6]))
    for layer, word in (("encoder.0", "no gradient"), ("encoder.1", "nothing depends"), ("decoder.0", "frozen")):
        assert any(part.startswith(layer) and word in part for part in view._alarm.text.split(" · "))
    view.grab()


def test_the_line_of_alarms_is_there_when_something_is_wrong(view: GradientsView) -> None:
    shown = vae_frame(300)
    view.draw(replace(shown, pictures={**shown.pictures, "layers": layers_picture(shown.run, dead=0)}))
    assert not view._alarm.isVisible()
    view.draw(replace(shown, pictures={**shown.pictures, "layers": layers_picture(shown.run, dead=5, nan=8)}))
    assert view._alarm.isVisible()
    assert view._alarm.text == "encoder.0: 5 of 256 dead · encoder.1: 8 NaN"


def test_the_counters_are_those_of_the_newest_picture(view: GradientsView) -> None:
    shown = gan_frame(300)
    view._tools.show_beside(COUNTERS)
    view.draw(replace(shown, pictures={}))
    assert view._table.layers[0].cells[0].text == "–"
    view.draw(replace(shown, pictures={"layers": layers_picture(shown.run, dead=5)}))
    assert view._table.layers[0].cells[1].text == "5 of 64"
    view.set_theme(DARK)
    view.grab()


# ------------------------------------------------------------------------------------------------------------ parts


@pytest.mark.parametrize("make", [vae_frame, gan_frame])
def test_each_part_of_the_loss_is_a_trace(view: GradientsView, make) -> None:
    shown = make(300)
    picture = shown.pictures["layers"]
    view.draw(shown)
    assert profile_of(view).part_names == ()
    assert view._legend.isHidden()
    split(view)
    assert profile_of(view).part_names == tuple(picture["part"])
    np.testing.assert_array_equal(profile_of(view).parts, picture["parts"].astype(float))
    shows = {name for name, switch in view._legend.switches.items() if not switch.isHidden()}
    assert shows == set(picture["part"].tolist())
    dots = view._profile.dots
    at = QPointF(dots._pixels(profile_of(view))[0][-2], dots._pixel_of(profile_of(view).parts[0])[-2])
    name, value = shown.run.tensors[-2][0], picture["parts"][0, -2]
    assert dots.text_at(at).startswith(name)
    assert f"gradient RMS of {picture['part'][0]} {value:.3g}" in dots.text_at(at)
    view._legend.switches[str(picture["part"][0])].setChecked(False)
    assert str(picture["part"][0]) not in dots.text_at(at)
    view.grab()
    split(view, False)
    assert profile_of(view).part_names == ()


def test_parts_are_of_gradients_and_may_still_have_to_come(view: GradientsView) -> None:
    shown = vae_frame(300)
    split(view)
    view.draw(replace(shown, pictures={}))
    assert "next picture" in view._status.text
    view.draw(shown)
    assert "next picture" not in view._status.text
    view._tools.show_quantity(UPDATE)
    assert profile_of(view).part_names == ()
    assert not view._tools._split.isEnabled()
    assert view._legend.isHidden()


# ------------------------------------------------------------------------------------------------------- histograms


def test_a_click_on_a_dot_opens_the_histograms_and_escape_closes_them(view: GradientsView, qtbot: QtBot) -> None:
    view.draw(vae_frame(300))
    assert view.focus() == {}
    xs, ys, _ = view._profile.dots._pixels(profile_of(view))
    place = view._profile.mapFromScene(view._profile.getViewBox().mapToScene(QPoint(round(xs[2]), round(ys[2]))))
    with qtbot.waitSignal(view.focus_changed):
        QTest.mouseClick(view._profile.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.focus() == {"tensor": "encoder.1.weight"}
    assert view.needs == {"gradients", "tensor"}
    assert view._beside.currentWidget() is view._panel
    assert "encoder.1.weight" in view._panel.sentence
    assert view._profile.dots.selected == "encoder.1.weight"
    view.draw(vae_frame(301, pictures={"tensor": tensor_picture("encoder.1.weight")}))
    assert view._panel.sentence == ""
    view.grab()
    view._panel._names.setFocus()
    QTest.keyClick(view._panel._names, Qt.Key.Key_Escape)
    assert view._beside.currentWidget() is view._map
    assert view.needs == {"gradients"}
    assert view.focus() == {}
    assert view._profile.dots.selected == ""


def test_the_layers_are_asked_for_only_where_they_are_shown(view: GradientsView, qtbot: QtBot) -> None:
    view.draw(vae_frame(300))
    assert view.needs == {"gradients"}
    with qtbot.waitSignal(view.focus_changed):
        view._tools.show_beside(COUNTERS)
    assert view.needs == {"gradients", "layers"}
    view._tools.show_beside(MAP)
    view._tools._split.setChecked(True)
    assert view.needs == {"gradients", "layers"}
    view._tools._split.setChecked(False)
    assert view.needs == {"gradients"}


def test_it_stays_live_and_follows_the_choice(view: GradientsView, qtbot: QtBot) -> None:
    view._tools.show_beside(HISTOGRAMS)
    view.draw(vae_frame(300, pictures={"tensor": tensor_picture(seed=0)}))
    before = view._panel.histograms.facts(0)
    view.draw(vae_frame(310, pictures={"tensor": tensor_picture(seed=1)}))
    assert view._panel.histograms.facts(0) != before
    with qtbot.waitSignal(view.focus_changed):
        view._panel.choose("decoder.0.bias")
    assert view.focus() == {"tensor": "decoder.0.bias"}


def test_a_row_of_the_map_opens_them_and_the_button_goes_back_to_what_was_there(view: GradientsView) -> None:
    view._tools.show_quantity(ACTIVATION)
    view.draw(vae_frame(300))
    view._map.row_clicked.emit("activation/decoder.1")
    assert view.focus() == {"tensor": "decoder.1.weight"}, "the weights of the layer"
    assert view._profile.dots.selected == "decoder.1"
    view._panel.closed.emit()
    assert view._tools.beside == MAP
    view._tools.show_beside(COUNTERS)
    view._table.chosen.emit("encoder.1.weight")
    assert view.focus() == {"tensor": "encoder.1.weight"}
    view._panel.closed.emit()
    assert view._tools.beside == COUNTERS


def test_another_run_has_other_tensors(view: GradientsView) -> None:
    view.draw(vae_frame(300))
    view._map.row_clicked.emit("grad/decoder.1.weight")
    view.draw(gan_frame(300, pictures={"tensor": tensor_picture("decoder.1.weight")}))
    assert view.focus() == {"tensor": "generator.0.weight"}
    assert "generator.0.weight" in view._panel.sentence


def test_curves_are_of_gradients_alone(view: GradientsView) -> None:
    view.draw(vae_frame(600))
    view._tools.show_beside(NETWORKS)
    view._tools.show_quantity(SIGNAL)
    assert view._tools.beside == MAP
    assert not view._noise.isVisible()


@pytest.mark.parametrize("page", [MAP, NETWORKS, COUNTERS, HISTOGRAMS])
@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda q: q.prefix)
def test_every_choice_draws_every_frame(view: GradientsView, quantity: Quantity, page: int) -> None:
    view._tools.show_quantity(quantity)
    view._tools.show_beside(page)
    split(view)
    whole = vae_frame(1100, pictures={"tensor": tensor_picture()})
    rows = np.full((600, len(whole.run.names)), np.nan, np.float32)
    unknown = frame(whole.run, rows, {"tensor": {}})
    for shown in (whole, gan_frame(700, every=3), unknown, vae_frame(1), gan_frame(0)):
        view.draw(shown)
        view.grab()
    past = replace(whole, step=120, series=whole.series.until(120), until=1100)
    view.draw(past)
    view.grab()
    view.clear()
    assert "▶" in said(view)
