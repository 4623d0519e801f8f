"""Integrals over the plane against closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.stats import chi2, multivariate_normal

from guiapp.theory.quadrature import PlaneIntegral, gaussian_nodes, levels_of_mass


def integrate(plane: PlaneIntegral, log_density) -> int:  # type: ignore[no-untyped-def]
    """Number of evaluations."""
    count = 0
    while plane.open:
        count += len(plane.points)
        plane.add(log_density(plane.points))
    return count


@pytest.mark.parametrize("count", [4, 16, 32])
def test_gaussian_nodes_integrate_polynomials(count: int) -> None:
    nodes, weights = gaussian_nodes(count)
    assert weights.sum() == pytest.approx(1)
    moments = {(1, 0): 0, (2, 0): 1, (1, 1): 0, (4, 0): 3, (2, 2): 1, (4, 2): 3}
    for (a, b), value in moments.items():
        assert weights @ (nodes[:, 0] ** a * nodes[:, 1] ** b) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("std", [3.0, 1.0, 0.1, 0.01])
@pytest.mark.parametrize("centre", [(0.0, 0.0), (1.234, -2.71)])
def test_a_gaussian_of_any_width(std: float, centre: tuple[float, float]) -> None:
    cov = std**2 * np.array([[1, 0.8], [0.8, 1]])
    law = multivariate_normal(centre, cov)
    plane = PlaneIntegral(20.0 if std > 1 else 6.0, int(min(192, max(64, 12 / (3 * std)))))
    count = integrate(plane, lambda z: law.logpdf(z) - 1234.5)
    assert plane.log_integral == pytest.approx(-1234.5, abs=1e-3)
    assert plane.error < 1e-3
    mean, found = plane.moments()
    np.testing.assert_allclose(mean, centre, atol=0.01 * std)
    np.testing.assert_allclose(found, cov, atol=0.02 * std**2)
    assert count < 80_000


def test_two_peaks_and_a_curved_one_against_scipy() -> None:
    def log_density(z: np.ndarray) -> np.ndarray:
        bent = -0.5 * ((z[:, 1] - 0.3 * z[:, 0] ** 2 + 1) / 0.05) ** 2 - 0.5 * z[:, 0] ** 2
        peak = -0.5 * (((z - [2.0, -2.0]) / 0.05) ** 2).sum(1) + 2
        return np.logaddexp(bent, peak)

    plane = PlaneIntegral(6.0, 96)
    integrate(plane, log_density)
    truth = 2 * np.pi * (0.05 + np.exp(2) * 0.05**2)
    assert plane.log_integral == pytest.approx(np.log(truth), abs=2e-3)


def test_a_density_that_is_no_gaussian_against_scipy() -> None:
    def value(y: float, x: float) -> float:
        return float(np.exp(-abs(x) - np.cosh(y + 0.3 * x)))

    truth, _ = dblquad(value, -6, 6, -6, 6, epsabs=1e-6)
    plane = PlaneIntegral(6.0, 64)
    integrate(plane, lambda z: -np.abs(z[:, 0]) - np.cosh(z[:, 1] + 0.3 * z[:, 0]))
    assert plane.log_integral == pytest.approx(np.log(truth), abs=1e-3)


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_has_no_mass() -> None:
    law = multivariate_normal((0.0, 0.0))
    plane = PlaneIntegral(6.0, 64)
    integrate(plane, lambda z: np.where(z[:, 0] > 0, law.logpdf(z), np.nan))
    assert plane.log_integral == pytest.approx(np.log(0.5), abs=1e-3)
    plane = PlaneIntegral(6.0, 64)
    integrate(plane, lambda z: np.full(len(z), np.nan))
    assert plane.log_integral == -np.inf


def test_levels_that_hold_a_share_of_the_mass() -> None:
    axis = np.linspace(-5, 5, 201)
    x, y = np.meshgrid(axis, axis)
    density = multivariate_normal((0.0, 0.0)).pdf(np.stack([x, y], -1))
    for share, level in zip((0.39, 0.86), levels_of_mass(density, (0.39, 0.86)), strict=True):
        radius = np.sqrt(chi2(2).ppf(share))
        assert level == pytest.approx(np.exp(-(radius**2) / 2) / (2 * np.pi), rel=0.02)
