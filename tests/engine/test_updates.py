"""Update ratios of any tensors against their definition."""

from __future__ import annotations

import math

import pytest
import torch
from numpy.testing import assert_allclose

from guiapp.engine.updates import LARGE, RUN, RUNS, Updates

SHAPES = ((3, 4), (), (LARGE,), (1,), (300, 217), (LARGE + 1,), (7, 64, 4, 4))


def test_each_ratio_is_that_of_its_tensor() -> None:
    torch.manual_seed(0)
    parameters = [torch.randn(shape, requires_grad=True) for shape in SHAPES]
    updates = Updates(parameters)
    for scale in (1e-3, 10.0):
        updates.begin()
        before = [p.detach().clone() for p in parameters]
        with torch.no_grad():
            for i, p in enumerate(parameters):
                p += scale * (i + 1) * torch.randn(p.shape)
        expected = [((p - b).norm() / p.norm()).item() for p, b in zip(parameters, before, strict=True)]
        found = updates.ratios().tolist()
        large = [p.numel() > LARGE for p in parameters]
        assert large == [False, False, False, False, False, True, False]
        assert_allclose(
            [f for f, is_large in zip(found, large, strict=True) if not is_large],
            [e for e, is_large in zip(expected, large, strict=True) if not is_large],
            rtol=1e-3,
        )
        assert_allclose(found, expected, rtol=0.03)


def test_a_large_tensor_is_looked_at_in_all_its_parts() -> None:
    """Where half of the columns stand still, half of what is looked at does: no period of the sample meets theirs."""
    for width in (256, 512, 640, 784, 1000):
        parameter = torch.ones(800, width)
        updates = Updates([parameter])
        updates.begin()
        parameter[:, : width // 2] += 0.01
        expected = math.sqrt(0.5 * 0.01**2 / (0.5 * 1.01**2 + 0.5))
        assert updates.ratios().item() == pytest.approx(expected, rel=0.05)
    assert RUN * RUNS * 2 == LARGE


def test_there_is_no_ratio_to_zero() -> None:
    updates = Updates([torch.zeros(3), torch.ones(2)])
    updates.begin()
    ratios = updates.ratios().tolist()
    assert math.isnan(ratios[0])
    assert ratios[1] == 0
