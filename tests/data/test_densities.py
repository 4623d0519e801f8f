"""Densities against quadrature, scipy, and histograms of the samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from guiapp.data import DATASETS, laws
from guiapp.data.densities import Mixture
from guiapp.data.source import Law

LAWS = [dataset.load() for dataset in DATASETS if dataset.kind == "points"]
EVERY = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
MIXTURES = pytest.mark.parametrize("law", [law for law in LAWS if isinstance(law, Mixture)], ids=lambda law: law.name)
BINS = 22


def cells(law: Law) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Midpoints (n, 2) of a fine grid on the law's square, the mass of each cell (n,), and its coarse bin (n,)."""
    step = law.deviations.min() / 2 if isinstance(law, Mixture) else 0.1
    each = int(np.ceil(2 * law.extent / step / BINS))
    edges = np.linspace(-law.extent, law.extent, BINS * each + 1)
    ticks = (edges[1:] + edges[:-1]) / 2
    points = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=2).reshape(-1, 2)
    coarse = np.arange(len(ticks)) // each
    return (
        points,
        (edges[1] - edges[0]) ** 2 * np.exp(law.log_density(points)),
        np.add.outer(coarse * BINS, coarse).reshape(-1),
    )


@EVERY
def test_density_integrates_to_one_within_the_extent(law: Law) -> None:
    assert cells(law)[1].sum() == pytest.approx(1, abs=2e-5)


@EVERY
def test_samples_fall_where_the_density_says(law: Law) -> None:
    _, mass, bin_of = cells(law)
    expected = 20_000 * np.bincount(bin_of, mass, BINS**2)
    x, _ = law.sample(20_000, np.random.default_rng(5))
    index = np.floor((x.astype(np.float64) + law.extent) / (2 * law.extent) * BINS).astype(int)
    index = index[((index >= 0) & (index < BINS)).all(axis=1)]
    found = np.bincount(index[:, 0] * BINS + index[:, 1], minlength=BINS**2)
    full = expected >= 5
    chi2 = ((found - expected)[full] ** 2 / expected[full]).sum()
    assert chi2 < stats.chi2.ppf(0.9999, full.sum())
    assert abs(found[~full].sum() - expected[~full].sum()) < 5 * np.sqrt(expected[~full].sum() + 1)


@EVERY
def test_mean_surprise_of_samples_is_the_entropy(law: Law) -> None:
    points, mass, _ = cells(law)
    log_p = law.log_density(points)
    entropy = -(mass[mass > 0] * log_p[mass > 0]).sum()
    surprise = -law.log_density(law.sample(20_000, np.random.default_rng(6))[0])
    assert surprise.mean() == pytest.approx(entropy, abs=5 * surprise.std() / np.sqrt(20_000) + 2e-4)


@MIXTURES
def test_mixture_density_against_scipy(law: Mixture) -> None:
    x = np.random.default_rng(2).uniform(-2 * law.extent, 2 * law.extent, (40, 2))
    x[:20] = law.sample(20, np.random.default_rng(3))[0]
    logs = [
        stats.multivariate_normal(mean, np.diag(sd**2)).logpdf(x)
        for mean, sd in zip(law.means.astype(float), law.deviations.astype(float), strict=True)
    ]
    expected = special.logsumexp(logs, axis=0) - np.log(len(law.means))
    np.testing.assert_allclose(law.log_density(x), expected, rtol=1e-9, atol=1e-8)


@MIXTURES
def test_98_89_percent_of_a_component_lie_within_three_sigma(law: Mixture) -> None:
    one = Mixture("", "", 1, (), law.centres, law.scales, law.means[:1], law.deviations[:1], law.labels[:1])
    x, _ = one.sample(200_000, np.random.default_rng(4))
    radius2 = (((x - one.means) / one.deviations) ** 2).sum(axis=1)
    assert (radius2 <= 9).mean() == pytest.approx(1 - np.exp(-4.5), abs=5 * np.sqrt(0.0111 / 200_000))


@EVERY
def test_same_generator_state_gives_the_same_samples(law: Law) -> None:
    first, second = (law.sample(256, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], law.sample(256, np.random.default_rng(10))[0])


@EVERY
def test_no_points_and_many_blocks_of_points(law: Law) -> None:
    assert law.log_density(np.empty((0, 2))).shape == (0,)
    assert law.sample(0, np.random.default_rng(0))[0].shape == (0, 2)
    x, _ = law.sample(3000, np.random.default_rng(0))
    together = law.log_density(x)
    assert together.dtype == np.float64
    np.testing.assert_allclose(together[2040:2060], law.log_density(x[2040:2060]), rtol=1e-12)


def test_far_points_have_a_finite_log_density_in_a_mixture() -> None:
    assert laws.ring().log_density(np.array([[1e4, 0.0]]))[0] == pytest.approx(-((1e4 - 1) ** 2) / 2e-4, rel=1e-4)


def test_checkerboard_never_samples_a_light_square_and_is_zero_outside() -> None:
    board = laws.checkerboard()
    x, _ = board.sample(200_000, np.random.default_rng(1))
    assert (board.log_density(x) == -np.log(8)).all()
    outside = np.array([[2.5, 2.5], [-2.5, 0.5], [1.5, 0.5], [-0.5, 0.5]])
    assert (board.log_density(outside) == -np.inf).all()


def test_checkerboard_stays_inside_its_square_when_the_generator_gives_its_greatest_number() -> None:
    class Greatest(np.random.Generator):
        def random(self, size: Any, dtype: Any) -> Any:  # type: ignore[override]
            return np.full(size, np.nextafter(np.float32(1), np.float32(0)))

    board = laws.checkerboard()
    x, _ = board.sample(100, Greatest(np.random.PCG64(0)))
    assert (board.log_density(x) == -np.log(8)).all()
