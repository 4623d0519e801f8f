"""Outlines: against their equations."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from guiapp.gui.widgets.plane_shapes import Outline, ellipses, level_lines, mesh


def segments(outline: Outline) -> np.ndarray:
    """The straight pieces that would be drawn, (P, 2 ends, 2)."""
    x, y, connect = outline
    points = np.stack([x, y], 1)
    starts = np.flatnonzero(connect[:-1])
    return np.stack([points[starts], points[starts + 1]], 1)


def test_ellipses_satisfy_their_equation() -> None:
    centres, half_axes = np.array([[1.0, 2.0], [-3.0, 0.5]]), np.array([[2.0, 0.5], [0.1, 4.0]])
    x, y, connect = ellipses(centres, half_axes, corners=40)
    points = np.stack([x, y], 1).reshape(2, 41, 2)
    np.testing.assert_allclose((((points - centres[:, None]) / half_axes[:, None]) ** 2).sum(-1), 1)
    assert len(segments((x, y, connect))) == 80  # and none from one ellipse to the next


def test_a_mesh_joins_neighbours_only() -> None:
    i, j = np.meshgrid(np.arange(3.0), np.arange(4.0), indexing="ij")
    lengths = np.linalg.norm(np.diff(segments(mesh(np.stack([i, j], -1))), axis=1), axis=-1)
    assert len(lengths) == 3 * 3 + 4 * 2
    np.testing.assert_allclose(lengths, 1)


def test_the_level_line_of_a_distance_is_a_circle() -> None:
    axis = np.linspace(-2, 2, 81)
    pieces = segments(level_lines(np.hypot(axis[None], axis[:, None]), 1.2, 2.0))
    np.testing.assert_allclose(np.linalg.norm(pieces, axis=-1), 1.2, atol=1e-3)
    assert np.linalg.norm(np.diff(pieces, axis=1), axis=-1).sum() == pytest.approx(2 * np.pi * 1.2, rel=2e-3)


def test_the_level_line_of_a_slope_lies_where_the_slope_says() -> None:
    axis = np.linspace(-1, 1, 5)
    x, y, _ = level_lines(np.broadcast_to(axis[:, None], (5, 5)) - 0.3, 0.0, 1.0)  # f = y - 0.3
    np.testing.assert_allclose(y, 0.3)
    assert (x.min(), x.max()) == (-1, 1)


@pytest.mark.parametrize(("corner", "middle"), [(1.0, 0.4), (1.0, -0.4)])
def test_a_saddle_is_cut_by_its_middle(corner: float, middle: float) -> None:
    """Corners a, c above and b, d below: where the middle is above, a and c are joined and b and d cut off."""
    other = middle * 2 - corner
    pieces = segments(level_lines(np.array([[corner, other], [other, corner]]), 0.0, 1.0))
    assert len(pieces) == 2
    mean_of_ends = pieces.mean(1)
    above = mean_of_ends[:, 0] * mean_of_ends[:, 1] < 0  # the pieces lie in the corners b (+, -) and d (-, +)
    assert above.all() if middle > 0 else not above.any()


def test_values_that_are_not_finite_make_a_hole_and_no_warning() -> None:
    grid = np.broadcast_to(np.linspace(-1, 1, 6)[:, None], (6, 6)).copy()
    whole = len(segments(level_lines(grid, 0.1, 1.0)))
    grid[3, 2], grid[0, 0], grid[0, 1] = np.nan, np.inf, -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(segments(level_lines(grid, 0.1, 1.0))) == whole - 2


def test_too_small_a_grid_has_no_line() -> None:
    assert all(not len(part) for part in level_lines(np.ones((1, 1)), 0.5, 1.0))
