"""The path of a run through the plane of rate and distortion, and the straight lines in it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from guiapp.gui.widgets.rate_course import EDITS, FINE, HELDOUT, TRAINING, course, edges, kept_edits
from guiapp.gui.widgets.rate_lines import family, line
from guiapp.series import Series
from tests.gui.views.evidence import evidence_frame


def series_of(rate: np.ndarray, distortion: np.ndarray, first: int = 1) -> Series:
    series = Series(TRAINING, first)
    series.append(np.column_stack((rate, distortion)).astype(np.float32))
    return series


@pytest.mark.parametrize("count", [1, 2, 39, 100, 4096, 16_384])
def test_cells_begin_at_once_and_grow(count: int) -> None:
    begins = edges(count)
    assert begins[0] == 0
    assert (np.diff(begins) >= 1).all()
    assert begins[-1] < count
    assert (np.diff(begins)[:10] == 1).all()
    if count > 1000:
        assert np.diff(begins)[-1] == pytest.approx(0.05 * count, rel=0.1)


@pytest.mark.parametrize("steps", [1, 2, 30, 199, 5000, FINE + 1, 200_000])
def test_a_standing_model_is_one_point(steps: int) -> None:
    found = course(series_of(np.full(steps, 7.0), np.full(steps, 230.0)), TRAINING)
    np.testing.assert_allclose(found.rate, 7, rtol=1e-5)
    np.testing.assert_allclose(found.distortion, 230, rtol=1e-5)
    assert found.steps[-1] == steps
    assert (np.diff(found.steps) > 0).all()
    assert len(found.steps) < 700


def test_the_path_is_where_the_run_was() -> None:
    step = np.arange(1, 100_001)
    rate, distortion = np.log(step), 500 / np.log(step + 2)
    found = course(series_of(rate, distortion), TRAINING)
    late = found.steps > 100
    np.testing.assert_allclose(found.rate[late], np.log(found.steps[late]), atol=0.25)
    np.testing.assert_allclose(found.distortion[late], 500 / np.log(found.steps[late] + 2), rtol=0.06)
    assert (found.steps < 50).sum() > 25, "the first steps of a long run are not lost"


def test_what_an_edit_brings_about_is_plain_however_late_it_comes() -> None:
    step = np.arange(1, 300_001)
    rate = 2 + 8 * np.exp(-np.maximum(step - 250_000, 0) / 100)
    series = series_of(rate, np.full(len(step), 1.0))

    def between(edits: tuple[int, ...]) -> int:
        found = course(series, TRAINING, edits)
        return int(((found.rate > 2.5) & (found.rate < 9.5)).sum())

    assert between((250_000,)) > 25
    assert between(()) <= 5


def test_the_scatter_of_single_steps_is_smoothed() -> None:
    rng = np.random.default_rng(0)
    found = course(series_of(rng.normal(7, 1, 400), rng.normal(230, 10, 400)), TRAINING)
    settled = (found.steps > 40) & (found.steps < 360)
    assert found.rate[settled].std() < 0.3
    assert found.distortion[settled].std() < 3


def test_edits_of_a_slider_count_once_and_old_ones_not_at_all() -> None:
    assert kept_edits((), 1, 1001) == []
    assert kept_edits((500, 503, 506), 1, 1001) == [507]
    assert kept_edits(tuple(range(100, 1000, 100)), 1, 1001) == [501, 601, 701, 801, 901][-EDITS:]
    assert kept_edits((0, 1000, 5000), 1, 1001) == []


def test_now_is_the_mean_of_the_last_steps_since_the_edit() -> None:
    rate = np.concatenate([np.full(1000, 3.0), np.full(5, 9.0)])
    found = course(series_of(rate, rate), TRAINING, (1000,))
    assert found.rate[-1] == pytest.approx(9)
    assert course(series_of(rate, rate), TRAINING).rate[-1] == pytest.approx((95 * 3 + 5 * 9) / 100)


def test_held_out_points_are_the_values_themselves() -> None:
    frame = evidence_frame(2000)
    found = course(frame.series, HELDOUT)
    assert found.steps[-1] == 2000
    assert found.rate[-1] == frame.series.values("heldout/kl")[-1]
    assert set(found.distortion[:5]) <= set(frame.series.values("heldout/reconstruction").astype(float))
    assert not len(course(evidence_frame(49).series, HELDOUT).steps)


def test_holes_and_missing_series() -> None:
    values = np.full(500, 4.0)
    values[100:300] = np.nan
    found = course(series_of(values, np.full(500, 1.0)), TRAINING)
    np.testing.assert_allclose(found.rate, 4)
    assert not len(course(series_of(np.full(9, np.nan), np.ones(9)), TRAINING).steps)
    assert not len(course(Series(("kl",)), TRAINING).steps)
    assert not len(course(Series(TRAINING), TRAINING).steps)


@pytest.mark.parametrize("beta", [0.0, 0.25, 1.0, 4.0, 784.0])
def test_along_a_line_the_objective_is_the_same(beta: float) -> None:
    room = QRectF(3, 200, 12, 60)
    lines = family(room, beta)
    assert 3 <= len(lines) <= 9
    for found in lines:
        for end in (found.begin, found.end):
            assert end.y() + beta * end.x() == pytest.approx(found.value)
            assert room.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(end)
        if found.begin != found.end:
            assert found.end.y() - found.begin.y() == pytest.approx(-beta * (found.end.x() - found.begin.x()))
    values = [found.value for found in family(room, beta, through=230 + beta * 7.3)]
    assert any(value == pytest.approx(230 + beta * 7.3) for value in values)


def test_a_line_beside_the_plane_and_planes_without_extent() -> None:
    assert line(0.0, QRectF(3, 200, 12, 60), 1.0) is None
    assert family(QRectF(0, 0, 0, 0), 1.0) == []
    assert family(QRectF(0, 0, float("nan"), 1), 1.0) == []
