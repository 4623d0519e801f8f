"""Where one stands in the latent space."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from guiapp.gui.widgets.exploration import COLUMNS, REACH, ROWS, Exploration, as_focus


def of(size: int, uniform: bool = False) -> Exploration:
    state = Exploration()
    state.reset(size, uniform)
    return state


def test_another_space_begins_anew_and_the_same_one_does_not() -> None:
    state = of(5)
    state.probe = np.ones(5)
    assert not state.reset(5, False)
    assert state.probe.sum() == 5
    assert state.reset(6, False)
    assert state.probe.tolist() == [0.0] * 6
    assert state.reset(6, True)
    assert np.abs(state.ends).max() <= 1


@pytest.mark.parametrize("size", [1, 2, 64])
def test_a_code_taken_beyond_the_plane_stays_at_its_edge(size: int) -> None:
    state = of(size)
    moved = state.moved(np.full(size, 0.5), (99.0, -np.inf))
    assert moved[0] == REACH
    assert (moved[1:2] == -REACH).all()
    assert (moved[2:] == 0.5).all(), "the other dimensions are held"
    assert np.isfinite(state.held(np.full(size, np.nan))).all()


@pytest.mark.parametrize("size", [1, 2, 3, 64])
@pytest.mark.parametrize("on_sphere", [False, True])
def test_a_way_leads_from_a_to_b(size: int, on_sphere: bool) -> None:
    state = of(size)
    state.on_sphere, state.count = on_sphere, 7
    way = state.way()
    assert way.shape == (7, size)
    assert_allclose(way[[0, -1]], state.ends, atol=1e-12)


def test_a_drawn_way_has_the_other_dimensions_of_the_probe() -> None:
    state = of(5)
    state.axes, state.probe, state.count = (3, 1), np.arange(5) / 5, 6
    state.drawn = np.array([[0.0, 0.0], [2.5, 0.0], [2.5, 2.5]])
    way = state.way()
    assert_allclose(way[:, 3], [0, 1, 2, 2.5, 2.5, 2.5])
    assert_allclose(way[:, 1], [0, 0, 0, 0.5, 1.5, 2.5])
    assert (way[:, [0, 2, 4]] == state.probe[[0, 2, 4]]).all()


def test_traversals_move_one_dimension_each_ten_to_a_page() -> None:
    state = of(64)
    state.probe, state.page = np.full(64, 0.25), 6
    assert state.pages == 7
    assert list(state.rows) == [60, 61, 62, 63]
    codes = state.traversals().reshape(4, COLUMNS, 64)
    for row, dimension in enumerate(state.rows):
        assert_allclose(codes[row, :, dimension], np.linspace(-3, 3, COLUMNS))
        assert (np.delete(codes[row], dimension, 1) == 0.25).all()
    assert len(of(3).rows) == 3
    assert len(of(11).rows) == ROWS
    assert np.abs(of(3, True).steps).max() == 1


def test_the_plane_shows_two_dimensions_and_a_line_one() -> None:
    state = of(3)
    state.axes = (2, 0)
    assert state.seen(np.array([[1.0, 2.0, 3.0]])).tolist() == [[3.0, 1.0]]
    assert of(1).seen(np.array([[1.5]])).tolist() == [[1.5, 0.0]]
    assert of(1).seen(np.zeros((0, 1))).shape == (0, 2)


def test_what_crosses_the_pipe_are_plain_numbers() -> None:
    focus = as_focus(np.array([[1 / 3, -0.0]]))
    assert focus == ((0.3333, 0.0),)
    assert all(type(number) is float for number in focus[0])
