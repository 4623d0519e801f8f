"""The latent view."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from guiapp.gui.views.latent import LatentView
from guiapp.spec import Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import bent_manifold_picture, datum_picture, latent_picture, manifold_picture


def choose(box: QComboBox, data: object) -> None:
    box.setCurrentIndex(box.findData(data))


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
    cloud, picture = view._plot.layers.cloud, BOTH["latent"]
    order = np.argsort(picture["labels"], kind="stable")
    np.testing.assert_allclose(cloud.points, picture["mean"][order])
    np.testing.assert_array_equal(cloud.groups, picture["labels"][order])
    assert view._manifold.isVisible()
    assert view._status.text.startswith("1,500 held-out data")


def test_the_same_frame_gives_the_same_data_whatever_came_between(view: LatentView) -> None:
    first = vae_frame(pictures=BOTH)
    view.draw(first)
    before = view._plot.layers.cloud.points, view._manifold.tiles.levels, view._strip.values, view._status.text
    view.draw(vae_frame(vae=Vae(latent=9), shape=(5,), classes=(), pictures={"latent": latent_picture(99, 9)}, key=7))
    view.draw(vae_frame(vae=Vae(latent=1), pictures={"latent": latent_picture(99, 1, 0)}, key=8))
    bent = {"latent": latent_picture(classes=0), "manifold": bent_manifold_picture()}
    view.draw(vae_frame(shape=(2,), classes=(), pictures=bent, key=9))
    view.draw(first)
    after = view._plot.layers.cloud.points, view._manifold.tiles.levels, view._strip.values, view._status.text
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_asks_for_what_is_shown(qtbot: QtBot, view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    assert view.needs == {"latent", "manifold"}
    with qtbot.waitSignal(view.focus_changed):
        choose(view._controls.manifold, "off")
    assert view.needs == {"latent"}
    assert not view._manifold.isVisible()
    choose(view._controls.manifold, "beside")
    assert view._manifold.isVisible()
    view.draw(vae_frame(vae=Vae(latent=1), pictures={"latent": latent_picture(z=1)}))
    assert view.needs == {"latent"}
    assert not view._controls.manifold.isEnabled()
    assert not view._controls.density.isEnabled()
    assert LatentView.needs == {"latent"}


def test_its_focus_says_what_the_pictures_are_of(qtbot: QtBot, view: LatentView) -> None:
    view.draw(vae_frame(vae=Vae(latent=5), pictures={"latent": latent_picture(z=5)}))
    assert view.focus() == {
        "latent_axes": None,
        "latent_points": 3000,
        "latent_draws": False,
        "latent_density": False,
        "manifold_cells": 15,
    }
    with qtbot.waitSignal(view.focus_changed):
        view._controls.axes.set_axes((1, 3))
    assert view.focus()["latent_axes"] == (1, 3)
    changes = (
        (lambda: choose(view._controls.points, 10_000), "latent_points", 10_000),
        (lambda: choose(view._controls.place, True), "latent_draws", True),
        (lambda: choose(view._controls.density, "difference"), "latent_density", True),
        (lambda: view._controls.cells.setValue(31), "manifold_cells", 31),
    )
    for change, name, value in changes:
        with qtbot.waitSignal(view.focus_changed):
            change()
        assert view.focus()[name] == value
    with qtbot.waitSignal(view.focus_changed):
        view.draw(vae_frame(vae=Vae(latent=3), pictures={"latent": latent_picture(z=3)}, key=5))
    assert view.focus()["latent_axes"] is None, "there is no z4 any more"


def test_the_manifold_behind_the_points(view: LatentView) -> None:
    choose(view._controls.manifold, "behind")
    view.draw(vae_frame(pictures=BOTH))
    assert not view._plot.isVisible()
    assert view._manifold.layers.cloud.isVisible()
    assert len(view._manifold.layers.cloud.points) == 1500
    assert "stretched by Φ" in view._status.text
    assert view._manifold.tiles.opacity() == pytest.approx(0.4)
    view._controls.strength.setValue(80)
    assert view._manifold.tiles.opacity() == pytest.approx(0.8)
    choose(view._controls.manifold, "beside")
    assert view._plot.isVisible()
    assert view._manifold.tiles.opacity() == 1
    assert not view._manifold.layers.cloud.isVisible()


def test_data_in_the_plane_have_no_images_to_lie_over(view: LatentView) -> None:
    choose(view._controls.manifold, "behind")
    bent = {"latent": latent_picture(), "manifold": bent_manifold_picture()}
    view.draw(vae_frame(shape=(2,), pictures=bent))
    assert view._plot.isVisible()
    assert view._manifold.isVisible()


def test_a_plane_of_many_dimensions_says_what_the_others_are(view: LatentView) -> None:
    picture = latent_picture(z=20)
    manifold = {**manifold_picture(5), "axes": picture["axes"]}
    view.draw(vae_frame(vae=Vae(latent=20), pictures={"latent": picture, "manifold": manifold}))
    assert view._manifold.isVisible()
    assert "all other directions 0" in view._status.text
    stale = {**manifold_picture(5), "axes": np.eye(2, 7)}
    view.draw(vae_frame(vae=Vae(latent=20), pictures={"latent": picture, "manifold": stale}))
    assert not view._manifold.isVisible(), "it is of the run before"


def test_the_density_has_a_bar_of_its_own(view: LatentView) -> None:
    density = {"density": np.zeros((16, 16), np.float32), "reach": np.array(4.0)}
    frame = vae_frame(pictures={**BOTH, "latent": {**BOTH["latent"], **density}})
    view.draw(frame)
    assert not any(bar.isVisible() for bar in view._bars.values())
    for kind in ("q", "difference"):
        choose(view._controls.density, kind)
        assert [name for name, bar in view._bars.items() if bar.isVisible()] == [kind]
        assert view._plot.layers.heat.levels is not None
    choose(view._controls.manifold, "behind")
    assert not any(bar.isVisible() for bar in view._bars.values())


def test_draws(view: LatentView) -> None:
    draws = np.zeros((1500, 2), np.float32)
    view.draw(vae_frame(pictures={"latent": {**BOTH["latent"], "draws": draws}}))
    assert "posterior means" in view._status.text
    choose(view._controls.place, True)
    assert not view._plot.layers.cloud.points.any()
    assert "draws" in view._status.text


def test_the_datum_under_the_pointer(qtbot: QtBot, view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    at = tuple(BOTH["latent"]["mean"][7].tolist())
    with qtbot.waitSignal(view.focus_changed):
        view._plot.hovered.emit(at)
    index = view.focus()["datum"]
    assert "datum" in view.needs
    assert f"datum {index + 1} " in view._status.pointed
    assert not view._card.isVisible(), "it is being decoded"
    view.draw(vae_frame(pictures={**BOTH, "datum": datum_picture(index=index + 1)}))
    assert not view._card.isVisible(), "that is another datum"
    view.draw(vae_frame(pictures={**BOTH, "datum": datum_picture(index=index)}))
    assert view._card.isVisible()
    assert f"datum {index + 1} " in view._card.words[0]
    with qtbot.waitSignal(view.focus_changed):
        view._plot.hovered.emit(None)
    assert not view._card.isVisible()
    assert "datum" not in view.focus()
    assert "datum" not in view.needs


@pytest.mark.parametrize("where", ["off", "behind"])
def test_keys_go_from_datum_to_datum(view: LatentView, where: str) -> None:
    choose(view._controls.manifold, where)
    view.draw(vae_frame(pictures=BOTH))
    found = []
    for key in (Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Comma):
        QTest.keyClick(view, key)
        found.append(view.focus()["datum"])
    assert found == [0, 1, 0, 1499]
    assert view._status.pointed.startswith("datum 1500")
    view.clear()
    assert "datum" not in view.focus()
    QTest.keyClick(view, Qt.Key.Key_Period)
    assert "datum" not in view.focus()


def test_fewer_points_than_before_leave_the_datum(view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    QTest.keyClick(view, Qt.Key.Key_Comma)
    assert view.focus()["datum"] == 1499
    view.draw(vae_frame(pictures={"latent": latent_picture(10)}))
    QTest.keyClick(view, Qt.Key.Key_Period)
    assert view.focus()["datum"] < 10


def test_a_class_switched_off_is_not_painted(view: LatentView) -> None:
    view.draw(vae_frame(pictures=BOTH))
    view._legend.item(3).setCheckState(Qt.CheckState.Unchecked)
    mean = BOTH["latent"]["mean"][BOTH["latent"]["labels"] == 3][0]
    found = view._plot.layers.cloud.nearest(*mean, (1e-3, 1e-3))
    assert found is None


def test_without_labels_there_is_no_legend(view: LatentView) -> None:
    view.draw(vae_frame(classes=(), pictures={"latent": latent_picture(classes=0)}))
    assert not view._legend.isVisible()
    assert set(view._plot.layers.cloud.groups) == {-1}


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
    view._controls.ellipses.setChecked(True)
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
    assert not view._controls.ellipses.hasFocus()


def test_the_plane_keeps_its_room_when_the_second_row_unfolds(view: LatentView) -> None:
    view.resize(420, 370)
    view.draw(vae_frame(vae=Vae(latent=20), pictures={"latent": latent_picture(z=20)}))
    assert view._strip.isVisible()
    view._controls.more.setChecked(True)
    assert not view._strip.isVisible()
    QCoreApplication.sendPostedEvents()
    assert view._plot.height() >= 110
    view._controls.more.setChecked(False)
    assert view._strip.isVisible()


def test_how_much_of_the_cloud_the_plane_shows(view: LatentView) -> None:
    view.draw(vae_frame(vae=Vae(latent=5), pictures={"latent": latent_picture(z=5)}))
    share = latent_picture(z=5)["share"].sum()
    assert f"{share:.0%} of the variance".replace("%", " %") in view._status.text


def test_what_the_colours_mean_takes_no_room_that_the_plane_needs(view: LatentView) -> None:
    view.resize(420, 450)
    choose(view._controls.density, "q")
    shown = {"latent": {**latent_picture(), "density": np.zeros((64, 64), np.float32), "reach": np.array(4.0)}}
    view.draw(vae_frame(pictures=shown))
    assert view._bars["q"].isVisible()
    view.draw(vae_frame(pictures={**shown, "manifold": manifold_picture()}))
    beside = view._manifold.x() >= view._even.width()
    assert view._bars["q"].isVisible() is not beside
    view.resize(420, 300)
    assert not view._bars["q"].isVisible()
    view.resize(900, 450)
    assert view._bars["q"].isVisible()
