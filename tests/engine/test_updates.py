"""Norms and update ratios of any tensors against their definition."""

from __future__ import annotations

import math

import torch
from numpy.testing import assert_allclose

from guiapp.engine.updates import EVERY, Norms, Updates, measured

SHAPES = ((3, 4), (), (1,), (300, 217), (7, 64, 4, 4))


def test_each_norm_is_that_of_its_tensor() -> None:
    torch.manual_seed(0)
    tensors = [torch.randn(shape) for shape in SHAPES]
    norms = Norms()
    assert_allclose(norms.of(tensors), [t.double().norm() for t in tensors], rtol=1e-5)
    assert_allclose(norms.of([2 * t for t in tensors]), [2 * t.double().norm() for t in tensors], rtol=1e-5)


def test_a_norm_is_not_finite_where_its_tensor_is_not() -> None:
    tensors = [torch.tensor([1.0, math.nan]), torch.tensor([math.inf, 2.0]), torch.tensor([3.0])]
    found = Norms().of(tensors).tolist()
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, 3.0]


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
        assert_allclose(updates.ratios(), expected, rtol=1e-5)


def test_there_is_no_ratio_to_zero() -> None:
    parameters = [torch.zeros(3), torch.ones(2)]
    updates = Updates(parameters)
    updates.begin()
    ratios = updates.ratios().tolist()
    assert math.isnan(ratios[0])
    assert ratios[1] == 0


def test_the_first_steps_are_measured_and_then_some() -> None:
    assert [step for step in range(1, 61) if measured(step)] == [*range(1, EVERY + 1), 2 * EVERY, 3 * EVERY]
