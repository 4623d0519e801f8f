"""Witnesses: torch.distributions and scipy for the divergence, numpy for the covariance, quadrature and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import dblquad
from scipy.stats import multivariate_normal

from guiapp.theory.gaussian import kl, kl_multivariate
from guiapp.theory.gaussian_plane import (
    CovarianceError,
    PlaneGaussian,
    by_quadrature,
    by_sampling,
    checked,
    ellipse,
    from_ellipse,
    integrand,
    log_density,
    mapped,
    parts,
)

deviations = st.floats(0.05, 10)
planes = st.builds(
    PlaneGaussian, st.floats(-10, 10), st.floats(-10, 10), deviations, deviations, st.floats(-0.99, 0.99)
)
P, Q = PlaneGaussian(1, 0.5, 1.5, 0.8, 0.6), PlaneGaussian(-0.5, -0.5, 1.2, 1.6, -0.3)


def in_torch(g: PlaneGaussian) -> torch.distributions.MultivariateNormal:
    return torch.distributions.MultivariateNormal(torch.tensor(g.mean), torch.tensor(g.covariance))


def scale(p: PlaneGaussian, q: PlaneGaussian) -> float:
    found = parts(p, q)
    return 1 + found.trace + found.distance + abs(found.log_ratio)


@settings(deadline=None)  # torch's first call takes half a second
@given(planes, planes)
def test_the_divergence_is_that_of_torch_and_the_parts_add_up(p: PlaneGaussian, q: PlaneGaussian) -> None:
    found = parts(p, q)
    expected = float(torch.distributions.kl_divergence(in_torch(p), in_torch(q)))
    assert found.kl == pytest.approx(expected, abs=1e-9 * scale(p, q))
    assert found.trace + found.distance + found.log_ratio - 1 == pytest.approx(found.kl, abs=1e-12 * scale(p, q))
    assert found.kl == pytest.approx(
        float(kl_multivariate(p.mean, p.covariance, q.mean, q.covariance)), abs=1e-9 * scale(p, q)
    )


@given(planes, planes)
def test_each_part_is_its_formula(p: PlaneGaussian, q: PlaneGaussian) -> None:
    inverse, shift = np.linalg.inv(q.covariance), q.mean - p.mean
    found, tolerance = parts(p, q), 1e-8 * scale(p, q)
    assert found.trace == pytest.approx(0.5 * np.trace(inverse @ p.covariance), abs=tolerance)
    assert found.distance == pytest.approx(0.5 * shift @ inverse @ shift, abs=tolerance)
    logs = np.linalg.slogdet(q.covariance)[1] - np.linalg.slogdet(p.covariance)[1]
    assert found.log_ratio == pytest.approx(0.5 * logs, abs=tolerance)


@given(planes, planes)
def test_it_is_never_negative_and_zero_only_for_equal_ones(p: PlaneGaussian, q: PlaneGaussian) -> None:
    assert parts(p, q).kl >= 0
    assert parts(p, p).kl == 0
    if max(abs(a - b) for a, b in zip(p, q, strict=True)) > 1e-3:
        assert parts(p, q).kl > 1e-12


@given(planes, st.integers(0, 4), st.floats(1e-6, 1e-2))
def test_a_small_change_of_any_number_gives_a_positive_divergence(g: PlaneGaussian, k: int, by: float) -> None:
    other = g._replace(**{PlaneGaussian._fields[k]: g[k] + by * (0.5 if k == 4 else 1)})
    assert parts(g, other).kl > 0
    assert parts(other, g).kl > 0


@given(planes, planes, st.tuples(*[st.floats(-3, 3)] * 4), st.tuples(*[st.floats(-9, 9)] * 2))
def test_a_common_affine_map_changes_nothing(
    p: PlaneGaussian, q: PlaneGaussian, entries: tuple[float, ...], shift: tuple[float, ...]
) -> None:
    matrix = np.array(entries).reshape(2, 2)
    assume(np.linalg.cond(matrix) < 50)
    assume(np.linalg.norm(matrix) > 1e-3)  # smaller ones may leave no σ that can be
    image = parts(mapped(p, matrix, shift), mapped(q, matrix, shift))
    assert image.kl == pytest.approx(parts(p, q).kl, abs=1e-8 * scale(p, q))


@given(planes, st.tuples(*[st.floats(-3, 3)] * 4))
def test_an_image_has_the_mean_and_the_covariance_that_it_should(g: PlaneGaussian, entries: tuple[float, ...]) -> None:
    matrix = np.array(entries).reshape(2, 2)
    assume(np.linalg.cond(matrix) < 50)
    assume(np.linalg.norm(matrix) > 1e-3)  # smaller ones may leave no σ that can be
    image = mapped(g, matrix, (1, 2))
    assert_allclose(image.mean, matrix @ g.mean + (1, 2), atol=1e-12)
    expected = matrix @ g.covariance @ matrix.T
    assert_allclose(image.covariance, expected, atol=1e-12 * np.abs(expected).max())


@given(planes)
def test_the_ellipse_is_that_of_the_covariance_and_gives_it_back(g: PlaneGaussian) -> None:
    axes = ellipse(g)
    assert_allclose(np.sqrt(np.linalg.eigvalsh(g.covariance)), (axes.b, axes.a), rtol=1e-6)
    assert_allclose(from_ellipse(g.x, g.y, axes), g, rtol=1e-6, atol=1e-9)
    along = np.array([math.cos(axes.angle), math.sin(axes.angle)])
    assert_allclose(g.covariance @ along, axes.a**2 * along, atol=1e-9 * axes.a**2)


def test_without_correlation_it_is_the_sum_over_both_axes() -> None:
    p, q = PlaneGaussian(1, -0.5, 0.5, 0.3, 0), PlaneGaussian(0, 0, 1, 1, 0)
    assert parts(p, q).kl == pytest.approx(float(kl(1, 0.5, 0, 1) + kl(-0.5, 0.3, 0, 1)), abs=1e-12)


def test_the_total_correlation_is_half_the_log_of_one_less_the_square() -> None:
    p, q = PlaneGaussian(0, 0, 1, 1, 0.9), PlaneGaussian(0, 0, 1, 1, 0)
    assert parts(p, q).kl == pytest.approx(-0.5 * math.log(1 - 0.81), abs=1e-12)


def test_density_and_integrand_are_those_of_scipy() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    p, q = (multivariate_normal(g.mean, g.covariance) for g in (P, Q))
    points = np.stack([x, y], 1)
    assert_allclose(log_density(P, x, y), p.logpdf(points), rtol=1e-12)
    assert_allclose(integrand(P, Q, x, y), p.pdf(points) * (p.logpdf(points) - q.logpdf(points)), rtol=1e-10)


def test_quadrature_and_draws_agree_with_the_formula_and_with_scipy() -> None:
    truth = parts(P, Q).kl
    assert by_quadrature(P, Q) == pytest.approx(truth, abs=1e-11)
    mean, error = by_sampling(P, Q, 200_000, np.random.default_rng(1))
    assert abs(mean - truth) < 4 * error < 0.05
    found, _ = dblquad(lambda y, x: float(integrand(P, Q, x, y)), -9, 11, -6, 7, epsabs=1e-7)
    assert found == pytest.approx(truth, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sx": 0.0}, "σ of x has to be above 0"), ({"sy": -1.0}, "σ of y has to be above 0"),
        ({"sx": 1e300}, "σ of x"), ({"x": 1e300}, "mean of x"), ({"y": math.nan}, "mean of y"),
        ({"rho": 1.0}, "singular"), ({"rho": -1.5}, "singular"), ({"rho": math.nan}, "ρ"), ({"sy": math.inf}, "σ of y"),
    ],
)  # fmt: skip
def test_what_is_no_gaussian_is_refused_in_a_sentence(changes: dict[str, float], said: str) -> None:
    bad = P._replace(**changes)
    for refuse in (lambda: checked(bad), lambda: parts(bad, Q), lambda: parts(Q, bad)):
        with pytest.raises(CovarianceError, match=said):
            refuse()


def test_a_singular_map_is_refused() -> None:
    with pytest.raises(CovarianceError):
        mapped(P, [[1, 2], [2, 4]], (0, 0))
    with pytest.raises(CovarianceError):
        mapped(P, [[0, 0], [0, 0]], (0, 0))


def test_a_divergence_that_is_no_number_any_more_is_infinite() -> None:
    assert parts(P, Q._replace(sx=1e-99, sy=1e-99)).kl > 1e190
