"""The samples view."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.views.samples import SamplesView
from guiapp.gui.widgets.levels import value_range
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import reconstructions_picture, samples_picture


@pytest.fixture
def view(qtbot: QtBot) -> SamplesView:
    view = SamplesView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def both(shape: tuple[int, ...]) -> dict:
    return {"samples": samples_picture(shape), "reconstructions": reconstructions_picture(shape)}


def test_a_vae_shows_pairs_beside_its_samples(view: SamplesView) -> None:
    pictures = both((28, 28))
    view.draw(vae_frame(pictures=pictures))
    made, pairs = view._made.grid.tiles, view._beside.grid.tiles
    np.testing.assert_array_equal(made, (254 * pictures["samples"]["generated"] + 1.5).astype(np.uint8))
    np.testing.assert_array_equal(pairs[:, :28], (254 * pictures["reconstructions"]["data"] + 1.5).astype(np.uint8))
    np.testing.assert_array_equal(pairs[:, -28:], (254 * pictures["reconstructions"]["mean"] + 1.5).astype(np.uint8))
    assert view._status.text == "64 samples · 32 reconstructions · black 0, white 1"


def test_a_gan_shows_real_data_beside_its_samples(view: SamplesView) -> None:
    picture = samples_picture()
    view.draw(gan_frame(shape=(28, 28), pictures={"samples": picture}))
    np.testing.assert_array_equal(view._beside.grid.tiles, (254 * picture["real"] + 1.5).astype(np.uint8))
    assert view._beside.grid.caption == "Real data"


def test_points_of_a_gan_lie_over_the_real_ones(view: SamplesView) -> None:
    picture = samples_picture((2,), 100)
    view.draw(gan_frame(pictures={"samples": picture}))
    np.testing.assert_allclose(view._made.front.points, picture["generated"])
    np.testing.assert_allclose(view._made.back.points, picture["real"])
    assert not view._beside.isVisible()
    assert "2-D field view" in view._status.text
    assert view._made.plane.home.width() == 3  # the extent of the frame's data is 1.5


def test_points_of_a_vae_are_joined_to_their_reconstructions(view: SamplesView) -> None:
    pictures = both((2,))
    view.draw(vae_frame(shape=(2,), pictures=pictures))
    ends = np.stack(view._beside.links.getData(), 1).reshape(-1, 2, 2)
    np.testing.assert_allclose(ends[:, 0], pictures["reconstructions"]["data"])
    np.testing.assert_allclose(ends[:, 1], pictures["reconstructions"]["mean"])


def test_vectors_are_rows(view: SamplesView) -> None:
    pictures = both((20,))
    view.draw(vae_frame(shape=(20,), pictures=pictures))
    vectors = view._made.profile
    assert vectors.heat.levels is not None
    assert vectors.heat.levels.shape == (64, 20)
    number = pictures["samples"]["generated"][4, 6]
    assert vectors.value_at(7.2, 4.9) == f"vector 5, component 7: {number:.3g}".replace("-", "−")
    assert vectors.value_at(0.2, 3) == ""
    pairs = view._beside.profile._vectors
    np.testing.assert_array_equal(pairs[::2], pictures["reconstructions"]["data"])
    np.testing.assert_array_equal(pairs[1::2], pictures["reconstructions"]["mean"])
    low, high = value_range(pictures["reconstructions"]["data"])
    assert view._status.text.endswith(f"dark {low:.3g}, bright {high:.3g}".replace("-", "−"))
    assert vectors.getAxis("bottom").labelText == "component"


def test_grey_levels_are_those_of_the_real_data(view: SamplesView) -> None:
    """Samples that are not yet good must not change the scale from frame to frame."""
    rng = np.random.default_rng(0)
    real = rng.normal(0, 1, (64, 8, 8)).astype(np.float32)
    for spread in (0.1, 5.0):
        made = rng.normal(0, spread, (64, 8, 8)).astype(np.float32)
        view.draw(gan_frame(shape=(8, 8), pictures={"samples": {"generated": made, "real": real}}))
        low, high = np.quantile(real, (0.005, 0.995))
        expected = np.clip((made - low) * 254 / (high - low), 0, 254) + 1.5
        assert (np.abs(view._made.grid.tiles - expected) <= 1.01).all()
        assert f"black {low:.3g}, white {high:.3g}".replace("-", "−") in view._status.text


def test_the_same_frame_gives_the_same_data_whatever_came_between(view: SamplesView) -> None:
    frame = vae_frame(pictures=both((28, 28)))
    view.draw(frame)
    before = view._made.grid.tiles, view._beside.grid.tiles, view._status.text
    for shape in ((2,), (20,), (8, 5), (1, 1), (1,)):
        view.draw(vae_frame(shape=shape, pictures=both(shape)))
        view.draw(gan_frame(shape=shape, pictures={"samples": samples_picture(shape)}))
        view.grab()
    view.draw(frame)
    for one, other in zip(before, (view._made.grid.tiles, view._beside.grid.tiles, view._status.text), strict=True):
        np.testing.assert_array_equal(one, other)
    assert view._beside.isVisible()


@pytest.mark.parametrize("shape", [(28, 28), (2,), (20,)])
def test_what_is_not_finite_is_said(view: SamplesView, shape: tuple[int, ...]) -> None:
    pictures = both(shape)
    pictures["samples"]["generated"][:3] = np.nan
    pictures["reconstructions"]["mean"][0] = np.inf
    view.draw(vae_frame(shape=shape, pictures=pictures))
    assert "3 samples hold values that are not finite" in view._status.text
    assert "1 reconstructions hold" in view._status.text
    view.grab()


def test_what_there_is_is_drawn(view: SamplesView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(vae_frame())
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(pictures={"reconstructions": reconstructions_picture()}))
    assert (view._made.isVisible(), view._beside.isVisible()) == (False, True)
    view.draw(vae_frame(pictures={"samples": samples_picture()}))
    assert (view._made.isVisible(), view._beside.isVisible()) == (True, True)
    view.clear()
    assert "▶" in view._stage.sentence
