"""The scale of the prior's quantiles against scipy."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from guiapp.gui.widgets.quantile_scale import QuantileScale


def test_places_are_quantiles_and_back() -> None:
    scale = QuantileScale()
    scale.width, scale.height = 10.0, 4.0
    codes = np.random.default_rng(0).normal(0, 1.5, (500, 2))
    placed = scale.place(codes)
    np.testing.assert_allclose(placed, norm.cdf(codes) * (10, 4), atol=1e-4)
    found = scale.code(*placed[0])
    assert found is not None
    np.testing.assert_allclose(found, codes[0], atol=1e-3)


def test_the_edges() -> None:
    scale = QuantileScale()
    ends = scale.place(np.array([[-1e30, 1e30], [np.nan, 0], [-np.inf, np.inf]]))
    np.testing.assert_allclose(ends[0], [0, 1], atol=1e-8)
    assert np.isnan(ends[1:, 0]).all()
    assert scale.code(0.0, 0.5) is None
    assert scale.code(1.2, 0.5) is None
    assert scale.code(0.5, 0.5) == (0.0, 0.0)
