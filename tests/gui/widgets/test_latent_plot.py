"""The latent plane."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.latent_plot import LatentPlot, axis_titles, class_name, half_width, one_hot
from tests.gui.pictures import latent_picture


@pytest.fixture
def plot(qtbot: QtBot) -> LatentPlot:
    plot = LatentPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    return plot


@pytest.mark.parametrize(
    ("axes", "share", "titles"),
    [
        (np.eye(2), [0.6, 0.4], ("z₁", "z₂")),
        (np.eye(12)[[2, 11]], [0.25, 0.05], ("z₃ (25 % of variance)", "z₁₂ (5 % of variance)")),
        (np.array([[0.6, 0.8, 0], [0.8, -0.6, 0]]), [0.62, np.nan], ("PC 1 (62 % of variance)", "PC 2")),
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
    assert [class_name(i, ("a", "b")) for i in (-1, 0, 1, 2)] == ["", "a", "b", "class 2"]


@pytest.mark.parametrize(("spread", "half"), [(0.1, 3), (1.3, 4), (2.5, 8), (30, 128)])
def test_the_range_holds_nearly_all(spread: float, half: float) -> None:
    means = np.random.default_rng(0).normal(0, spread, (20_000, 2))  # 99.5 % lie within 2.81 sd
    assert half_width(means) == half
    assert half_width(np.full((3, 2), np.nan)) == 3
    assert half_width(np.empty((0, 2))) == 3


def test_a_range_shrinks_only_when_there_is_room_to_spare() -> None:
    assert half_width(np.full((9, 2), 2.9), current=4) == 4
    assert half_width(np.full((9, 2), 2.0), current=4) == 3
    assert half_width(np.full((9, 2), 3.1), current=3) == 4


def test_the_prior_s_circles_have_radius_1_and_2(plot: LatentPlot) -> None:
    plot.show_latent(latent_picture(), False)
    radii = np.unique(np.hypot(*plot.prior.getData()).round(6))
    np.testing.assert_allclose(radii, [1, 2])


def test_ellipses_are_those_of_the_data_they_stand_for(plot: LatentPlot) -> None:
    picture = latent_picture(40)
    plot.show_latent(picture, True)
    x, y = (part.reshape(40, -1) for part in plot.ellipses.getData())
    np.testing.assert_allclose(np.ptp(x, 1), 2 * picture["std"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(np.ptp(y, 1), 2 * picture["std"][:, 1], rtol=1e-6)
    np.testing.assert_allclose((x.max(1) + x.min(1)) / 2, picture["mean"][:, 0], atol=1e-6)
    plot.show_latent(latent_picture(500), True)
    assert plot.ellipses.getData()[0].size == 60 * 37
    plot.show_ellipses(False)
    assert not plot.ellipses.getData()[0].size


def test_one_dimension(plot: LatentPlot) -> None:
    picture = latent_picture(z=1)
    plot.show_latent(picture, True)
    assert set(plot.prior.getData()[1]) == {1.0}, "the prior's standard deviation"
    assert not plot.ellipses.getData()[0].size
    assert plot.home.bottom() >= 1, "the prior's line is in sight"
    assert "σ" in plot.words(tuple(picture["mean"][0]), ())
    plot.show_latent(latent_picture(), True)
    assert set(np.hypot(*plot.prior.getData()).round(6)) == {1.0, 2.0}


def test_the_pointer_names_the_datum(plot: LatentPlot) -> None:
    picture = {**latent_picture(3), "mean": np.array([[0, 0], [-1, 1], [2, 2.0]]), "labels": np.array([0, 1, -1])}
    plot.show_latent(picture, False)
    words = plot.words((-1.0, 1.0), ("shirt", "shoe"))
    assert "datum 2" in words
    assert "shoe" in words
    assert "−1.00, 1.00" in words
    assert plot.words((0.5, -2.0), ()) == "0.50, −2.00"
    assert "shirt" not in plot.words((2.0, 2.0), ("shirt",))


def test_the_table_holds_every_datum(plot: LatentPlot) -> None:
    picture = latent_picture(30)
    plot.show_latent(picture, False)
    titles, rows = plot._table()
    assert len(titles) == rows.shape[1] == 5
    np.testing.assert_array_equal(rows[:, :2], picture["mean"])
