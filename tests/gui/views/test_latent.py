"""The latent view."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.views.latent import LatentView
from guiapp.spec import Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import bent_manifold_picture, latent_picture, manifold_picture

BOTH = {"latent": latent_picture(), "manifold": manifold_picture()}


@pytest.fixture
def view(qtbot: QtBot) -> LatentView:
    view = LatentView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_points_lie_at_the_means_in_their_class(view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    cloud, picture = view._plot.cloud, BOTH["latent"]
    order = np.argsort(picture["labels"], kind="stable")
    np.testing.assert_allclose(cloud.points, picture["mean"][order])
    np.testing.assert_array_equal(cloud.groups, picture["labels"][order])
    assert view._manifold.isVisible()
    assert view._status.text.startswith("1,500 held-out data")


def test_the_same_frame_gives_the_same_data_whatever_came_between(view: LatentView) -> None:
    first = vae_frame(pictures=BOTH)
    view.draw(first)
    before = view._plot.cloud.points, view._manifold.tiles.levels, view._strip.values, view._status.text
    view.draw(vae_frame(vae=Vae(latent=9), shape=(5,), classes=(), pictures={"latent": latent_picture(99, 9)}, key=7))
    view.draw(vae_frame(vae=Vae(latent=1), pictures={"latent": latent_picture(99, 1, 0)}, key=8))
    bent = {"latent": latent_picture(classes=0), "manifold": bent_manifold_picture()}
    view.draw(vae_frame(shape=(2,), classes=(), pictures=bent, key=9))
    view.draw(first)
    after = view._plot.cloud.points, view._manifold.tiles.levels, view._strip.values, view._status.text
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_asks_for_the_manifold_only_while_it_shows_it(qtbot: QtBot, view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    assert view.needs == {"latent", "manifold"}
    with qtbot.waitSignal(view.focus_changed):
        view._with_manifold.setChecked(False)
    assert view.needs == {"latent"}
    assert not view._manifold.isVisible()
    view._with_manifold.setChecked(True)
    assert view._manifold.isVisible()
    view.draw(vae_frame(vae=Vae(latent=5), pictures={"latent": latent_picture(z=5)}))
    assert view.needs == {"latent"}
    assert not view._with_manifold.isEnabled()
    assert LatentView.needs == {"latent"}


def test_the_axes_chosen_are_its_focus(qtbot: QtBot, view: LatentView) -> None:
    view.draw(vae_frame(vae=Vae(latent=5), pictures={"latent": latent_picture(z=5)}))
    assert view.focus() == {"latent_axes": None}
    with qtbot.waitSignal(view.focus_changed):
        view._axes.set_axes((1, 3))
    assert view.focus() == {"latent_axes": (1, 3)}
    with qtbot.waitSignal(view.focus_changed):
        view.draw(vae_frame(vae=Vae(latent=3), pictures={"latent": latent_picture(z=3)}, key=5))
    assert view.focus() == {"latent_axes": None}, "there is no z4 any more"


def test_a_class_switched_off_is_not_painted(view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    view._legend.item(3).setCheckState(Qt.CheckState.Unchecked)
    mean = BOTH["latent"]["mean"][BOTH["latent"]["labels"] == 3][0]
    found = view._plot.cloud.nearest(*mean, (1e-3, 1e-3))
    assert found is None


def test_without_labels_there_is_no_legend(view: LatentView) -> None:
    view.draw(vae_frame(classes=(), pictures={"latent": latent_picture(classes=0)}))
    assert not view._legend.isVisible()
    assert set(view._plot.cloud.groups) == {-1}


def test_the_strip_shows_the_kl_of_each_dimension(view: LatentView) -> None:
    picture = latent_picture(z=20)
    view.draw(vae_frame(vae=Vae(latent=20), pictures={"latent": picture}))
    np.testing.assert_allclose(view._strip.values, picture["kl"])
    assert view._strip.isVisible()
    view.draw(vae_frame(vae=Vae(latent=1), pictures={"latent": latent_picture(z=1)}))
    assert not view._strip.isVisible()


def test_what_is_not_finite_is_said(view: LatentView) -> None:
    latent, manifold = latent_picture(), manifold_picture()
    latent["mean"][:4] = np.nan
    latent["std"][9], latent["kl"][0] = np.inf, np.nan
    manifold["images"][0, 0] = np.nan
    view._with_ellipses.setChecked(True)
    view.draw(vae_frame(pictures={"latent": latent, "manifold": manifold}))
    assert "4 left out: not finite" in view._status.text
    assert "784 numbers of the decoded manifold" in view._status.text
    view.grab()


def test_why_there_is_nothing(view: LatentView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(gan_frame())
    assert view._stage.sentence == LatentView.missing
    view.draw(vae_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(pictures={**BOTH, "manifold": {}}))
    assert view._stage.sentence == ""
    assert not view._manifold.isVisible()
    view.clear()
    assert "▶" in view._stage.sentence


def test_vectors_have_no_manifold(view: LatentView) -> None:
    vectors = {"quantiles": np.arange(15.0), "images": np.zeros((15, 15, 20), np.float32)}
    view.draw(vae_frame(shape=(20,), pictures={"latent": latent_picture(), "manifold": vectors}))
    assert not view._manifold.isVisible()


@pytest.mark.parametrize(("width", "height", "shown"), [(430, 380, True), (700, 450, True), (320, 250, False)])
def test_the_colours_are_named_wherever_there_is_room(view: LatentView, width: int, height: int, shown: bool) -> None:
    view.resize(width, height)
    view.draw(vae_frame(pictures=BOTH))
    assert view._legend.isVisible() == shown
    assert view._legend.isWrapping() == (width < 520)


def test_a_view_that_fills_gives_the_focus_to_no_control(view: LatentView, qtbot: QtBot) -> None:
    view.clear()
    QTest.mouseClick(view._stage.currentWidget(), Qt.MouseButton.LeftButton)
    view.draw(vae_frame(pictures=BOTH))
    assert not view._with_ellipses.hasFocus()
