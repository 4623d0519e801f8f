"""The latent plane and the layers on it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from scipy.stats import multivariate_normal

from guiapp.gui.theme import LIGHT
from guiapp.gui.widgets.latent_layers import PEAK, Shown, density_tables, posterior_ellipses
from guiapp.gui.widgets.latent_plot import (
    LatentPlot,
    axis_titles,
    class_name,
    coordinates,
    datum_words,
    half_width,
    one_hot,
)
from guiapp.messages import Picture
from tests.gui.pictures import latent_picture


@pytest.fixture
def plot(qtbot: QtBot) -> LatentPlot:
    plot = LatentPlot()
    plot.set_theme(LIGHT)
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    return plot


def with_density(sigma: float = 1.0, cells: int = 65, reach: float = 4.0) -> Picture:
    """A picture whose q(z) is N(0, sigma² I)."""
    edge = reach * (1 - 1 / cells)
    x, y = np.meshgrid(np.linspace(-edge, edge, cells), np.linspace(-edge, edge, cells))
    density = multivariate_normal([0, 0], sigma**2 * np.eye(2)).pdf(np.stack([x, y], -1))
    return {**latent_picture(), "density": density.astype(np.float32), "reach": np.array(reach, np.float32)}


@pytest.mark.parametrize(
    ("axes", "share", "titles"),
    [
        (np.eye(2), [0.6, 0.4], ("z₁", "z₂")),
        (np.eye(12)[[2, 11]], [0.25, 0.05], ("z₃ (25 %)", "z₁₂ (5 %)")),
        (np.array([[0.6, 0.8, 0], [0.8, -0.6, 0]]), [0.62, np.nan], ("PC 1 (62 %)", "PC 2")),
    ],
)
def test_axis_titles(axes: np.ndarray, share: list[float], titles: tuple[str, str]) -> None:
    assert axis_titles(axes, np.array(share)) == titles


def test_one_dimension_has_its_deviation_above_it() -> None:
    x, y = axis_titles(np.ones((2, 1)), np.ones(2))
    assert "mean" in x
    assert y.startswith("σ")


def test_names() -> None:
    assert one_hot(np.array([0, 0, -1.0])) == 2
    assert one_hot(np.array([0.6, 0.8])) is None
    assert one_hot(np.array([np.nan, 1.0])) is None or one_hot(np.array([np.nan, 1.0])) == 1
    assert coordinates(np.eye(5)[[4, 1]]) == (4, 1)
    assert coordinates(np.array([[0.6, 0.8, 0], [0.8, -0.6, 0]])) == ()
    assert [class_name(i, ("a", "b")) for i in (-1, 0, 1, 2)] == ["", "a", "b", "class 2"]


@pytest.mark.parametrize(("spread", "half"), [(0.1, 3.5), (1.3, 4), (2.5, 8), (30, 128)])
def test_the_range_holds_nearly_all(spread: float, half: float) -> None:
    means = np.random.default_rng(0).normal(0, spread, (20_000, 2))  # 99.5 % lie within 2.81 sd
    assert half_width(means) == half
    assert half_width(np.full((3, 2), np.nan)) == 3.5
    assert half_width(np.empty((0, 2))) == 3.5


def test_a_range_shrinks_only_when_there_is_room_to_spare() -> None:
    assert half_width(np.full((9, 2), 3.3), current=4) == 4
    assert half_width(np.full((9, 2), 2.0), current=4) == 3.5
    assert half_width(np.full((9, 2), 3.6), current=3.5) == 4


def test_the_prior_s_circles_have_radius_1_2_and_3(plot: LatentPlot) -> None:
    plot.show_latent(latent_picture(), Shown())
    radii = np.unique(np.hypot(*plot.layers.prior.getData()).round(6))
    np.testing.assert_allclose(radii, [1, 2, 3])
    assert plot.home.contains(0, 3)


def test_ellipses_are_those_of_the_data_they_stand_for(plot: LatentPlot) -> None:
    picture = latent_picture(40)
    plot.show_latent(picture, Shown(ellipses=True))
    x, y = (part.reshape(40, -1) for part in plot.layers.ellipses.getData())
    np.testing.assert_allclose(np.ptp(x, 1), 2 * picture["std"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(np.ptp(y, 1), 2 * picture["std"][:, 1], rtol=1e-6)
    np.testing.assert_allclose((x.max(1) + x.min(1)) / 2, picture["mean"][:, 0], atol=1e-6)
    plot.show_latent(latent_picture(500), Shown(ellipses=True))
    assert plot.layers.ellipses.getData()[0].size == 60 * 37
    plot.show_latent(latent_picture(500), Shown())
    assert not plot.layers.ellipses.getData()[0].size


def test_an_ellipse_lies_where_the_mahalanobis_distance_is_1() -> None:
    """Whatever the correlation: (x - m)ᵀ C⁻¹ (x - m) = 1."""
    mean, std, cross = np.array([[1.0, -2.0]]), np.array([[0.5, 2.0]]), np.array([-0.8])
    x, y, _ = posterior_ellipses(mean, std, cross)
    away = np.stack([x, y], 1) - mean
    inverse = np.linalg.inv([[0.25, -0.8], [-0.8, 4.0]])
    np.testing.assert_allclose(np.einsum("pi,ij,pj->p", away, inverse, away), 1)


def test_a_class_switched_off_takes_its_ellipses_along(plot: LatentPlot) -> None:
    picture = latent_picture(200)
    plot.show_latent(picture, Shown(ellipses=True))
    plot.layers.set_hidden(frozenset(range(1, 10)))
    count = min(60, int((picture["labels"] == 0).sum()))
    x = plot.layers.ellipses.getData()[0].reshape(count, -1)
    centres = (x.max(1) + x.min(1)) / 2
    np.testing.assert_allclose(centres, picture["mean"][picture["labels"] == 0, 0], atol=1e-5)
    plot.layers.set_hidden(frozenset(range(10)))
    assert not plot.layers.ellipses.getData()[0].size


def test_q_like_the_prior_has_its_lines_on_the_prior_s_circles(plot: LatentPlot) -> None:
    plot.show_latent(with_density(), Shown(density="q"))
    radii = np.hypot(*plot.layers.lines.getData())
    for radius in (1, 2, 3):
        assert np.abs(radii - radius).min() < 0.01
    assert np.abs(radii[:, None] - (1, 2, 3)).min(1).max() < 0.03
    levels = plot.layers.heat.levels
    assert levels is not None
    assert levels[32, 32] == pytest.approx(128, abs=1), "its peak p(0) is half of 2 p(0)"
    assert plot.layers.heat.boundingRect().width() == 8


def test_the_difference_to_the_prior_is_even_where_there_is_none(plot: LatentPlot) -> None:
    plot.show_latent(with_density(), Shown(density="difference"))
    levels = plot.layers.heat.levels
    assert levels is not None
    assert set(np.unique(levels)) <= {127, 128, 129}
    plot.show_latent({**with_density(), "density": np.zeros((65, 65))}, Shown(density="difference"))
    hole = plot.layers.heat.levels
    assert hole is not None
    assert hole[32, 32] <= 2, "all of the prior's mass is missing there"
    assert not plot.layers.lines.getData()[0].size
    assert pytest.approx(multivariate_normal([0, 0]).pdf([0, 0])) == PEAK
    tables = density_tables(LIGHT)
    assert len(tables["q"]) == len(tables["difference"]) == 256
    plot.grab()


def test_without_a_density_there_is_no_heat(plot: LatentPlot) -> None:
    plot.show_latent(with_density(), Shown(density="q"))
    plot.show_latent(latent_picture(), Shown(density="q"))
    assert plot.layers.heat.levels is None
    plot.show_latent(with_density(), Shown())
    assert plot.layers.heat.levels is None
    assert not plot.layers.lines.getData()[0].size


def test_draws_take_the_place_of_the_means(plot: LatentPlot) -> None:
    picture = {**latent_picture(30, classes=0), "draws": np.arange(60, dtype=float).reshape(30, 2) / 30}
    plot.show_latent(picture, Shown(draws=True))
    np.testing.assert_allclose(plot.layers.cloud.points, picture["draws"])
    assert plot.layers.place_of(3) == (0.2, pytest.approx(7 / 30))
    plot.show_latent(latent_picture(30), Shown(draws=True))
    assert len(plot.layers.cloud.points) == 30, "they have not come yet"


def test_one_dimension(plot: LatentPlot) -> None:
    picture = latent_picture(z=1)
    plot.show_latent(picture, Shown(ellipses=True, density="q"))
    assert set(plot.layers.prior.getData()[1]) == {1.0}, "the prior's standard deviation"
    assert not plot.layers.ellipses.getData()[0].size
    assert plot.home.bottom() >= 1, "the prior's line is in sight"
    assert "σ" in datum_words(picture, 0, ())
    plot.show_latent(latent_picture(), Shown())
    assert set(np.hypot(*plot.layers.prior.getData()).round(6)) == {1.0, 2.0, 3.0}


def test_the_pointer_names_the_datum(plot: LatentPlot) -> None:
    picture = {**latent_picture(3), "mean": np.array([[0, 0], [-1, 1], [2, 2.0]]), "labels": np.array([0, 1, -1])}
    plot.show_latent(picture, Shown())
    assert plot.nearest((-1.0, 1.0)) == 1
    words = datum_words(picture, 1, ("shirt", "shoe"))
    assert "datum 2" in words
    assert "shoe" in words
    assert "−1.00, 1.00" in words
    assert plot.nearest((0.5, -2.0)) is None
    assert plot.words((0.5, -2.0)) == "0.50, −2.00"
    assert "shirt" not in datum_words(picture, 2, ("shirt",))


def test_a_plane_far_away_and_one_of_nothing_finite(plot: LatentPlot) -> None:
    far = {**latent_picture(50), "mean": latent_picture(50)["mean"] + np.float32(1e6)}
    plot.show_latent(far, Shown(ellipses=True))
    assert plot.home.width() > 2e6
    plot.show_latent({**far, "mean": np.full((50, 2), np.nan, np.float32)}, Shown(ellipses=True))
    assert plot.layers.cloud.left_out == 50
    plot.grab()


def test_the_table_holds_every_datum(plot: LatentPlot) -> None:
    picture = latent_picture(30)
    plot.show_latent(picture, Shown())
    titles, rows = plot._table()
    assert len(titles) == rows.shape[1] == 6
    np.testing.assert_array_equal(rows[:, :2], picture["mean"])


@pytest.mark.parametrize("height", [130, 160, 200, 300, 500])
def test_what_names_the_circles_neither_overlaps_nor_is_cut(qtbot: QtBot, plot: LatentPlot, height: int) -> None:
    plot.resize(400, height)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.show_latent(latent_picture(), Shown())
    box = plot.getViewBox()
    shown = [note for note in plot._notes if note.isVisible()]
    assert plot._notes[-1] in shown
    assert height < 500 or len(shown) == 3
    places = [note.mapRectToScene(note.boundingRect()) for note in shown]
    assert all(box.sceneBoundingRect().adjusted(-2, -2, 2, 2).contains(place) for place in places)
    for one, other in pairwise(places):
        assert one.intersected(other).height() <= 2


def test_a_plane_too_narrow_for_the_words_has_none(qtbot: QtBot, plot: LatentPlot) -> None:
    plot.resize(130, 300)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.show_latent(latent_picture(), Shown())
    assert not plot._notes[-1].isVisible()
