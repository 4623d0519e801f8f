"""softplus and sigmoid against scipy, and against themselves in the other array library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit

from guiapp.theory.arrays import sigmoid, softplus

POINTS = np.array([-1e308, -800.0, -50, -40.5, -39.5, -20.5, -19.5, -1, -1e-9, 0, 1e-9, 1, 19.5, 20.5, 39.5, 40.5, 800])


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_softplus_and_sigmoid_of_any_size(wrap: object) -> None:
    a = wrap(POINTS)  # type: ignore[operator]
    expected = np.where(POINTS > 0, POINTS, 0) + np.log1p(np.exp(-np.abs(POINTS)))
    assert_allclose(np.asarray(softplus(a)), expected, rtol=1e-14)
    assert_allclose(np.asarray(sigmoid(a)), expit(POINTS), rtol=1e-12)


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_single_precision_stays_single(wrap: object) -> None:
    a = wrap(POINTS[1:].astype(np.float32))  # type: ignore[operator]
    assert softplus(a).dtype == sigmoid(a).dtype == a.dtype
    assert np.isfinite(np.asarray(softplus(a))).all()
    assert_allclose(np.asarray(sigmoid(a)), expit(POINTS[1:]), rtol=1e-6, atol=1e-38)


def test_the_derivative_of_softplus_is_the_sigmoid() -> None:
    a = torch.tensor(POINTS, requires_grad=True)
    (slope,) = torch.autograd.grad(softplus(a).sum(), a)
    assert_allclose(slope, expit(POINTS), rtol=1e-12, atol=1e-300)
