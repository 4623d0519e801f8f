"""The samples view."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.views.samples import BOTH, DRAW, MEAN, SamplesView
from guiapp.gui.widgets.levels import to_levels, value_range
from guiapp.spec import Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import reconstructions_picture, samples_picture, with_draws


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


def drawn(shape: tuple[int, ...], sigma: float | None) -> dict:
    pictures = both(shape)
    return {
        "samples": with_draws(pictures["samples"], "generated", sigma),
        "reconstructions": with_draws(pictures["reconstructions"], "mean", sigma),
    }


GAUSSIAN = Vae(likelihood="gaussian")


@pytest.mark.parametrize("shape", [(28, 28), (12, 10, 3)])
def test_a_gaussian_decoder_is_shown_as_mean_and_as_draw(view: SamplesView, shape: tuple[int, ...]) -> None:
    pictures = drawn(shape, 0.3)
    view.draw(vae_frame(vae=GAUSSIAN, shape=shape, pictures=pictures))
    samples, pairs = pictures["samples"], pictures["reconstructions"]
    tiles, height = view._made.grid.tiles, shape[0]
    np.testing.assert_array_equal(tiles[:, :height], to_levels(samples["generated"], 0, 1))
    np.testing.assert_array_equal(tiles[:, -height:], to_levels(samples["draw"], 0, 1))
    tiles = view._beside.grid.tiles
    assert tiles.shape[1] == 3 * height + 2
    np.testing.assert_array_equal(tiles[:, :height], to_levels(pairs["data"], 0, 1))
    np.testing.assert_array_equal(tiles[:, height + 1 : 2 * height + 1], to_levels(pairs["mean"], 0, 1))
    np.testing.assert_array_equal(tiles[:, -height:], to_levels(pairs["draw"], 0, 1))
    beyond = ((samples["draw"] < 0) | (samples["draw"] > 1)).mean()
    assert f"σ = 0.3, {beyond:.0%} of the draw clipped in the picture" in view._status.text


def test_what_is_chosen_stays(view: SamplesView, qtbot: QtBot) -> None:
    pictures = drawn((28, 28), None)
    view.draw(vae_frame(pictures=pictures))
    assert view.choice.currentData() == MEAN, "of a Bernoulli decoder, unless something else is chosen"
    assert view._status.text == "64 samples · 32 reconstructions · black 0, white 1"
    view.choice.setCurrentIndex(view.choice.findData(DRAW))
    view.choice.activated.emit(view.choice.currentIndex())
    np.testing.assert_array_equal(view._made.grid.tiles, to_levels(pictures["samples"]["draw"], 0, 1))
    assert set(np.unique(view._made.grid.tiles)) == {1, 255}
    assert "draws of 0 or 1" in view._status.text
    view.draw(vae_frame(vae=GAUSSIAN, pictures=drawn((28, 28), 0.1)))
    assert view.choice.currentData() == DRAW
    view.choose(BOTH)
    assert "below mean and draw" in view._beside.grid.caption
    view.draw(gan_frame(shape=(28, 28), pictures={"samples": samples_picture()}))
    assert not view._switch.isVisible(), "a generator adds no noise"
    assert view._made.grid.tiles.shape == (64, 28, 28)
    view.clear()
    view.choose(MEAN)
    assert "▶" in view._stage.sentence


@pytest.mark.parametrize("what", [MEAN, DRAW, BOTH])
def test_draws_of_points_and_vectors(view: SamplesView, what: str) -> None:
    view.choose(what)
    pictures = drawn((2,), 0.2)
    view.draw(vae_frame(vae=GAUSSIAN, shape=(2,), pictures=pictures))
    name = "generated" if what == MEAN else "draw"
    np.testing.assert_allclose(view._made.front.points, pictures["samples"][name])
    np.testing.assert_allclose(
        view._beside.front.points, pictures["reconstructions"]["mean" if what == MEAN else "draw"]
    )
    pictures = drawn((20,), 0.2)
    view.draw(vae_frame(vae=GAUSSIAN, shape=(20,), pictures=pictures))
    rows = {MEAN: ["generated"], DRAW: ["draw"], BOTH: ["generated", "draw"]}[what]
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(view._made.profile._vectors[i :: len(rows)], pictures["samples"][row])
    assert len(view._beside.profile._vectors) == 32 * (1 + len(rows))
    view.grab()


def test_colour_of_a_run_without_draws(view: SamplesView) -> None:
    pictures = both((9, 7, 3))
    view.draw(vae_frame(shape=(9, 7, 3), pictures=pictures))
    assert view._made.grid.tiles.shape == (64, 9, 7, 3)
    assert view._beside.grid.tiles.shape == (32, 19, 7, 3)
    assert not view._switch.isVisible()
    view.grab()
