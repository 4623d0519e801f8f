"""Dashes along a polyline."""

from __future__ import annotations

import numpy as np
import pytest

from guiapp.gui.widgets.dashes import MOST, OFF, ON, dashed


def lengths(x: np.ndarray, y: np.ndarray, joined: np.ndarray, width: float, height: float) -> tuple[float, float]:
    """Pixels drawn and pixels in all."""
    each = np.hypot(np.diff(x) / width, np.diff(y) / height)
    return float(each[joined[:-1] > 0].sum()), float(each.sum())


@pytest.mark.parametrize(("width", "height"), [(1.0, 1.0), (0.5, 20.0), (100.0, 0.01)])
def test_dashes_and_gaps_have_their_share_of_the_length_on_the_screen(width: float, height: float) -> None:
    rng = np.random.default_rng(0)
    x, y = np.arange(300) * 7 * width, rng.normal(0, 20 * height, 300)
    drawn, whole = lengths(*dashed(x, y, width, height), width, height)
    assert whole == pytest.approx(np.hypot(np.diff(x) / width, np.diff(y) / height).sum())
    assert drawn / whole == pytest.approx(ON / (ON + OFF), abs=0.01)


def test_the_old_vertices_are_among_the_new_ones() -> None:
    x, y = np.array([0.0, 10.0, 11.0, 300.0]), np.array([0.0, 50.0, -3.0, 4.0])
    new_x, new_y, joined = dashed(x, y, 1.0, 1.0)
    assert {*zip(x.tolist(), y.tolist(), strict=True)} <= {*zip(new_x.tolist(), new_y.tolist(), strict=True)}
    assert joined[-1] == 0
    assert len(new_x) == len(new_y) == len(joined)


@pytest.mark.parametrize("count", [0, 1])
def test_a_point_or_nothing_is_no_line(count: int) -> None:
    x, y, joined = dashed(np.arange(count, dtype=float), np.ones(count), 1.0, 1.0)
    assert len(x) == len(y) == count
    assert not joined.any()


def test_a_long_line_has_longer_dashes_not_more_of_them() -> None:
    x, _, joined = dashed(np.array([0.0, 1e9]), np.zeros(2), 1.0, 1.0)
    assert len(x) <= 2 * MOST + 4
    assert 0 < joined.sum() <= MOST + 1


def test_a_plot_that_is_not_laid_out_yet() -> None:
    x, _, _ = dashed(np.array([0.0, 9.0]), np.zeros(2), 0.0, 0.0)
    assert np.isfinite(x).all()
