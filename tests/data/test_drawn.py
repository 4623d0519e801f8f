"""The law that a person draws: what its text may be, and that its density is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from guiapp.data.drawn import drawn, points_of, text_of
from guiapp.data.loading import open_data
from guiapp.data.source import DataError
from guiapp.spec import Data
from guiapp.theory.modes import countable


@pytest.mark.parametrize("text", ["", "0 0", "-1 -1, 1 1, 0.5 -0.25", "0 0, 0 0"])
@pytest.mark.parametrize("blur", [0.01, 0.1, 1.0])
def test_the_density_is_one_in_sum(text: str, blur: float) -> None:
    law = drawn(text, blur)
    edge = 1.3 + 6 * blur
    x = np.linspace(-edge, edge, 1 + 2 * int(2 * edge / blur))  # half a deviation apart: exact for a Gaussian
    grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    assert np.exp(law.log_density(grid)).sum() * (x[1] - x[0]) ** 2 == pytest.approx(1, abs=1e-6)


def test_samples_lie_about_the_points() -> None:
    law = drawn("-0.5 0.25, 0.75 -1", 0.05)
    x, _ = law.sample(4000, np.random.default_rng(0))
    left = x[x[:, 0] < 0]
    assert len(left) == pytest.approx(2000, abs=5 * np.sqrt(1000))
    assert_allclose(left.mean(axis=0), [-0.5, 0.25], atol=5 * 0.05 / np.sqrt(1800))
    assert_allclose(left.std(axis=0), 0.05, rtol=0.1)
    assert np.abs(x).max() < law.extent


def test_what_can_be_counted_has_modes() -> None:
    for text, count in (("0 0", 1), ("-0.5 0, 0.5 0", 2), ("0 0, 0.01 0", None), ("", None)):
        law = drawn(text, 0.03)
        assert countable(law.centres, law.scales) == (count is not None)
        assert count is None or len(law.centres) == count


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=60))
def test_points_survive_their_text(points: list[tuple[float, float]]) -> None:
    assert_allclose(points_of(text_of(np.array(points))), points, atol=5.1e-4)


@given(st.text(alphabet="0123456789.,-+eE naif\n\t_x", max_size=60))
def test_any_text_is_a_law_or_a_sentence(text: str) -> None:
    law, complaint = None, ""
    try:
        law = drawn(text)
    except DataError as error:
        complaint = str(error)
    if law is None:
        assert complaint.startswith("drawing: ")
        assert complaint.endswith(".")
        assert len(complaint) < 120
    else:
        assert np.isfinite(law.sample(10, np.random.default_rng(0))[0]).all()
        assert np.isfinite(law.log_density(np.zeros((1, 2)))).all()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1", "point 1, '1'"),
        ("0 0, 1 2 3", "point 2"),
        ("0 0, a b", "point 2"),
        ("0 0, 0.5 1.01", r"point 2 \(0.5, 1.01\)"),
        ("nan 0", "point 1"),
        ("0 inf", "point 1"),
        (",", "0 points"),
        (",".join(["0 0"] * 2001), "2,001 points"),
        ("x" * 5000, "point 1"),
    ],
)
def test_a_bad_drawing_is_named(text: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        open_data(Data(name="drawn", drawing=text))


def test_the_data_set_is_the_drawing_of_the_spec() -> None:
    law = open_data(Data(name="drawn", drawing="0.5 0.5", blur=0.01))
    assert_allclose(law.sample(100, np.random.default_rng(0))[0], 0.5, atol=0.06)  # type: ignore[union-attr]
