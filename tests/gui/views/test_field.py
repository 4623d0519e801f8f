"""The 2-D field view."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import THEMES
from guiapp.gui.views.field import FieldView
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import bent_manifold_picture, field_picture


@pytest.fixture
def view(qtbot: QtBot) -> FieldView:
    view = FieldView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_the_layers_of_a_gan(view: FieldView) -> None:
    picture = field_picture()
    view.draw(gan_frame(pictures={"field": picture}))
    np.testing.assert_allclose(view._real.points, picture["real"])
    np.testing.assert_allclose(view._generated.points, picture["generated"])
    assert view._field.levels is not None
    np.testing.assert_allclose(view._field.levels, 1 + 254 * picture["grid"], atol=1)
    x, y = view._half.getData()  # the picture's D is 1/2 where y = 0.3 sin 3x
    np.testing.assert_allclose(y, 0.3 * np.sin(3 * x), atol=0.01)
    assert not view._switches["mesh"].isVisible()
    assert view._bar.isVisible()


def test_d_is_read_at_the_pointer(view: FieldView) -> None:
    picture = field_picture(grid=4, extent=1.5)
    picture["grid"] = np.arange(16).reshape(4, 4) / 16  # cell (i, j) spans 0.75 from -1.5 on
    view.draw(gan_frame(pictures={"field": picture}))
    for (x, y), expected in {(-1.4, -1.4): 0, (1.4, -1.4): 3, (-0.1, 0.1): 9, (1.4, 1.4): 15}.items():
        view._point_at((x, y))
        assert view._status.pointed.endswith(f"D(x) = {expected / 16:.3f}")
    view._point_at((1.6, 0.0))
    assert "D(x)" not in view._status.pointed


def test_a_vae_has_a_bent_grid_in_place_of_the_field(view: FieldView) -> None:
    pictures = {"field": field_picture(grid=None), "manifold": bent_manifold_picture()}
    view.draw(vae_frame(shape=(2,), pictures=pictures))
    drawn = np.stack(view._mesh.getData(), 1)
    np.testing.assert_allclose(drawn[:225], pictures["manifold"]["points"].reshape(-1, 2))
    assert view._field.levels is None
    assert not view._bar.isVisible()
    assert view._switches["mesh"].isVisible()


def test_each_layer_has_its_switch(view: FieldView) -> None:
    view.draw(gan_frame(pictures={"field": field_picture()}))
    for name, switch in view._switches.items():
        switch.setChecked(False)
        assert not view._layers[name].isVisible()
        view.draw(gan_frame(pictures={"field": field_picture()}))
        assert not view._layers[name].isVisible(), "still off in the next frame"
    assert not view._bar.isVisible()


def test_the_same_frame_gives_the_same_data_whatever_came_between(view: FieldView) -> None:
    frame = gan_frame(pictures={"field": field_picture()})
    view.draw(frame)
    before = view._real.points, view._generated.points, view._field.levels, view._half.getData()[0]
    bent = {"field": field_picture(9, None), "manifold": bent_manifold_picture(5)}
    view.draw(vae_frame(shape=(2,), pictures=bent))
    view.draw(frame)
    after = view._real.points, view._generated.points, view._field.levels, view._half.getData()[0]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not view._mesh.getData()[0].size


def test_the_range_is_the_data_s(view: FieldView) -> None:
    view.draw(gan_frame(pictures={"field": field_picture()}))
    box = view._plot.getViewBox()
    rect = box.viewRect()
    assert rect.contains(view._plot.home)
    assert view._plot.home.right() == 1.5
    far = field_picture()
    far["generated"][:7] = 99
    view.draw(gan_frame(pictures={"field": far}))
    assert box.viewRect() == rect
    assert "7 generated lie outside the square" in view._status.text


def test_what_is_not_finite_is_said(view: FieldView) -> None:
    picture = field_picture()
    picture["generated"][:2], picture["grid"][3, 4] = np.nan, np.nan
    view.draw(gan_frame(pictures={"field": picture}))
    assert "2 left out: not finite" in view._status.text
    assert "D(x) is not finite in places" in view._status.text
    view._point_at((0.0, 0.0))
    view.grab()


def test_why_there_is_nothing(view: FieldView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(vae_frame())
    assert view._stage.sentence == FieldView.missing
    view.draw(gan_frame())
    assert "▶" in view._stage.sentence
    view.draw(gan_frame(pictures={"field": field_picture()}))
    assert view._stage.sentence == ""


@pytest.mark.parametrize("name", THEMES)
def test_colours_of_the_field_are_neutral_at_one_half(view: FieldView, name: str) -> None:
    theme = THEMES[name]
    view.set_theme(theme)
    view._switches["real"].setChecked(False)
    view._switches["generated"].setChecked(False)
    view._switches["half"].setChecked(False)
    picture = field_picture(4)
    picture["grid"] = np.full((4, 4), 0.5)
    view.draw(gan_frame(pictures={"field": picture}))
    plain = view._plot.grab().toImage()
    view._switches["field"].setChecked(False)
    assert plain.pixelColor(300, 100) == view._plot.grab().toImage().pixelColor(300, 100)
