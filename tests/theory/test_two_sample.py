"""Distances of two samples against scipy, brute force and Monte Carlo, for every law; and their floors."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, jensenshannon, pdist
from scipy.stats import ortho_group

from guiapp.data import laws
from guiapp.data.source import Law
from guiapp.theory import two_sample
from guiapp.theory.two_sample import GaussianKernel, cell_counts, jensen_shannon, jensen_shannon_floor
from tests.everyday import everyday

LAWS: list[Callable[[], Law]] = [
    laws.ring,
    laws.grid,
    laws.gaussian,
    laws.clusters,
    laws.blobs,
    laws.line,
    laws.ellipse,
    laws.moons,
    laws.spiral,
    laws.checkerboard,
]
N = 10_000
ALL = [make() for make in LAWS]
every_law = pytest.mark.parametrize("law", everyday(ALL, ALL[:5]), ids=lambda law: law.name)


# ------------------------------------------------------------------------------------------------------------- grid


def test_the_cells_are_those_of_numpy() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    points[:2] = [[1, 1], [-1, 0.5]]  # the upper edge belongs to the last cell
    table = np.histogram2d(points[:, 1], points[:, 0], bins=7, range=((-1, 1), (-1, 1)))[0]
    assert_array_equal(cell_counts(points, -1, 1, 7), [*table.ravel(), 0])


def test_what_lies_outside_is_in_one_cell() -> None:
    points = np.array([[0.1, 0.1], [0.5, -0.01], [1.01, 0.5], [1e300, 0], [np.nan, 0.2], [np.inf, -np.inf]])
    counts = cell_counts(points, 0.0, 1.0, 2)
    assert counts.tolist() == [1, 0, 0, 0, 5]
    assert cell_counts(np.empty((0, 2)), 0.0, 1.0).sum() == 0


COUNTS = arrays(np.int64, 12, elements=st.integers(0, 50))


@given(COUNTS, COUNTS)
def test_jensen_shannon_is_that_of_scipy(first: np.ndarray, second: np.ndarray) -> None:
    found = jensen_shannon(first, second)
    if not (first.any() and second.any()):
        assert math.isnan(found)
        return
    assert 0 <= found <= math.log(2)
    assert found == pytest.approx(jensenshannon(first, second) ** 2, abs=1e-9)
    assert found == pytest.approx(jensen_shannon(second, first), abs=1e-12)
    assert found == pytest.approx(jensen_shannon(3 * first, second[::1] / second.sum()), abs=1e-12)
    assert found == pytest.approx(jensen_shannon(first[::-1], second[::-1]), abs=1e-12)


def test_jensen_shannon_at_both_ends() -> None:
    assert jensen_shannon(np.array([3, 0, 1]), np.array([6, 0, 2])) == 0
    assert jensen_shannon(np.array([3, 0]), np.array([0, 2])) == math.log(2)


BITS = {  # measured with other code on the laws of GAN Lab's unit square: 450 against 150, 2 x 2,000, 2 x 10,000
    "clusters": (0.47, 0.096, 0.023),
    "ellipse": (0.32, 0.050, 0.011),
    "blobs": (0.09, 0.015, 0.004),
}


@pytest.mark.parametrize("make", [laws.clusters, laws.ellipse, laws.blobs])
def test_the_floors_that_were_measured_are_in_bits(make: Callable[[], Law]) -> None:
    law = make()
    rng = np.random.default_rng(0)
    for (first, second), bits in zip(((450, 150), (2000, 2000), (N, N)), BITS[law.name], strict=True):
        pool = cell_counts(law.sample(8 * (first + second), rng)[0], -1, 1)
        floor = jensen_shannon_floor(pool, first, second, rng)
        assert floor.mean / math.log(2) == pytest.approx(bits, rel=0.12)  # nats would be 31 % less


@every_law
def test_the_floor_is_what_two_fresh_samples_give(law: Law) -> None:
    rng = np.random.default_rng(1)

    def counts(size: int) -> np.ndarray:
        return cell_counts(law.sample(size, rng)[0], -law.extent, law.extent)

    floor = jensen_shannon_floor(counts(4000), 1000, 3000, rng, 64)
    fresh = np.array([jensen_shannon(counts(1000), counts(3000)) for _ in range(64)])
    assert abs(floor.mean - fresh.mean()) < 5 * fresh.std() / 8 + floor.deviation
    assert 0.6 < floor.deviation / fresh.std() < 1.5


@every_law
def test_a_perfect_sampler_is_at_the_floor_and_a_collapsed_one_far_above(law: Law) -> None:
    rng = np.random.default_rng(2)
    real, pool = (law.sample(size, rng)[0] for size in (N, 2 * N))
    perfect, collapsed = law.sample(N, rng)[0], np.repeat(law.sample(1, rng)[0], N, axis=0)
    floor = jensen_shannon_floor(cell_counts(pool, -law.extent, law.extent), N, N, rng)
    counts = [cell_counts(x, -law.extent, law.extent) for x in (real, perfect, collapsed)]
    assert abs(jensen_shannon(counts[0], counts[1]) - floor.mean) < 5 * floor.deviation
    # A point mass against a law that gives its cell the mass q: ½ [log 2/(1+q) + q log 2q/(1+q) + (1-q) log 2].
    q = counts[0][counts[2].argmax()] / N
    exact = 0.5 * (math.log(2 / (1 + q)) + (q * math.log(2 * q / (1 + q)) if q else 0) + (1 - q) * math.log(2))
    assert jensen_shannon(counts[0], counts[2]) == pytest.approx(exact, abs=1e-9)
    assert exact > floor.mean + 50 * floor.deviation


def test_a_pool_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="450 against 150 points needs as many real ones; 599"):
        jensen_shannon_floor(np.array([599, 0]), 450, 150, np.random.default_rng(0))


# -------------------------------------------------------------------------------------------------------------- MMD


def brute(x: np.ndarray, y: np.ndarray, bandwidth: float) -> float:
    """The unbiased estimate over all pairs, from the definition."""

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-(cdist(a, b) ** 2) / (2 * bandwidth**2))

    n, m = len(x), len(y)
    within = (kernel(x, x).sum() - n) / (n * (n - 1)) + (kernel(y, y).sum() - m) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


@every_law
def test_the_mmd_is_the_sum_over_all_pairs(law: Law) -> None:
    rng = np.random.default_rng(4)
    real = law.sample(900, rng)[0].astype(np.float64)
    kernel = GaussianKernel.fit(real)
    assert kernel.bandwidth == pytest.approx(np.median(pdist(real)))
    for fake in (law.sample(700, rng)[0], 0.5 * law.sample(700, rng)[0] + 0.2, np.zeros((5, 2))):
        found = kernel.squared_mmd(kernel.embed(real), kernel.embed(fake))
        assert found.value == pytest.approx(brute(real, fake.astype(np.float64), kernel.bandwidth), abs=2e-6)


@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(0.01, 100))
def test_neither_place_nor_unit_nor_order_count(seed: int, shift: float, unit: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 1, (60, 2)), rng.normal(0.3, 1.2, (40, 2))
    kernel, moved = GaussianKernel.fit(x), GaussianKernel.fit(unit * x + shift)
    found = kernel.squared_mmd(kernel.embed(x), kernel.embed(y))
    back = kernel.squared_mmd(kernel.embed(y[::-1]), kernel.embed(x))
    other = moved.squared_mmd(moved.embed(unit * x + shift), moved.embed(unit * y + shift))
    assert_allclose([found, found], [back, other], rtol=1e-6, atol=1e-8)
    assert -0.1 < found.value < 2


@every_law
def test_the_estimate_is_unbiased_and_its_floor_and_error_are_right(law: Law) -> None:
    rng = np.random.default_rng(5)
    kernel = GaussianKernel.fit(law.sample(2000, rng)[0])

    def estimate(scale: float) -> two_sample.Estimate:
        fake = law.sample(200, rng)[0] * np.float32(scale)
        return kernel.squared_mmd(kernel.embed(law.sample(400, rng)[0]), kernel.embed(fake))

    equal = np.array([estimate(1.0).value for _ in range(300)])
    floor = kernel.floor(400, 200)
    assert floor.mean == 0
    assert abs(equal.mean()) < 4 * floor.deviation / math.sqrt(300)
    assert 0.75 < equal.std() / floor.deviation < 1.3
    assert np.mean(equal > 4 * floor.deviation) < 0.04
    other = [estimate(0.8) for _ in range(100)]
    assert 0.7 < np.mean([each.error for each in other]) / np.std([each.value for each in other]) < 3
    big = law.sample(2000, rng)[0].astype(np.float64)
    exact = brute(big, 0.8 * law.sample(2000, rng)[0].astype(np.float64), kernel.bandwidth)
    spread = np.std([each.value for each in other])
    assert abs(np.mean([each.value for each in other]) - exact) < 4 * spread * math.sqrt(1 / 100 + 1 / 5)


@every_law
def test_the_mmd_of_a_perfect_and_of_a_collapsed_sampler(law: Law) -> None:
    rng = np.random.default_rng(6)
    real = law.sample(N, rng)[0]
    kernel = GaussianKernel.fit(real)
    embedded, floor = kernel.embed(real), kernel.floor(N, N)
    assert abs(kernel.squared_mmd(embedded, kernel.embed(law.sample(N, rng)[0])).value) < 5 * floor.deviation
    collapsed = kernel.squared_mmd(embedded, kernel.embed(np.repeat(real[:1], N, axis=0)))
    assert collapsed.value > 100 * floor.deviation
    far = kernel.squared_mmd(embedded, kernel.embed(np.full((N, 2), 1e30)))
    # Both are one point: what remains is 1 and the law's own E k(x, x'), less twice a kernel below .011.
    some = real[:2000].astype(np.float64)
    own = np.exp(-(pdist(some) ** 2) / (2 * kernel.bandwidth**2)).mean()
    assert far.value == pytest.approx(1 + own, abs=0.03)


def test_opposite_corners_do_not_meet() -> None:
    """Though the plane is repeated beyond them."""
    real = np.random.default_rng(10).uniform(-1, 1, (300, 2))
    kernel = GaussianKernel.fit(real)
    corner = kernel.middle + 0.999 * kernel.reach
    fake = np.array([corner, 2 * kernel.middle - corner] * 5)
    found = kernel.squared_mmd(kernel.embed(real), kernel.embed(fake))
    assert found.value == pytest.approx(brute(real, fake, kernel.bandwidth), abs=2e-5)


def test_points_that_are_far_or_no_numbers() -> None:
    rng = np.random.default_rng(7)
    real = rng.normal(0, 1, (500, 2))
    kernel = GaussianKernel.fit(real)
    bad = np.array([[np.nan, 0], [np.inf, -np.inf], [1e300, 1e300], [-1e10, 0]] * 10)
    found = kernel.squared_mmd(kernel.embed(real), kernel.embed(bad))
    assert 0.3 < found.value < 2
    assert math.isfinite(found.error)
    # What a distribution with heavy tails sends far away makes no series of thousands of terms.
    heavy = GaussianKernel.fit(np.concatenate([real, [[1e9, -1e9]]]))
    assert heavy.embed(real).mean.shape[0] < 80


def test_too_few_points() -> None:
    kernel = GaussianKernel.fit(np.random.default_rng(8).normal(0, 1, (50, 2)))
    enough = kernel.embed(np.zeros((3, 2)))
    for count in (0, 1):
        assert np.isnan(kernel.squared_mmd(enough, kernel.embed(np.zeros((count, 2))))).all()
    for real in (np.empty((0, 2)), np.zeros((1, 2)), np.array([[0, 1], [np.nan, 2]])):
        with pytest.raises(ValueError, match="at least two real points"):
            GaussianKernel.fit(real)


def test_real_points_that_are_all_the_same() -> None:
    same = np.full((20, 2), 3.0)
    kernel = GaussianKernel.fit(same)
    assert kernel.bandwidth == 1
    assert kernel.squared_mmd(kernel.embed(same), kernel.embed(same)).value == pytest.approx(0, abs=1e-9)
    assert kernel.squared_mmd(kernel.embed(same), kernel.embed(same + 1)).value == pytest.approx(
        2 - 2 * math.exp(-1), abs=1e-5
    )
    assert kernel.floor(10, 10).deviation == pytest.approx(0, abs=1e-9)


def test_a_kernel_can_be_sent() -> None:
    kernel = GaussianKernel.fit(np.random.default_rng(9).normal(0, 1, (50, 2)))
    copy = pickle.loads(pickle.dumps(kernel))
    assert copy.floor(10, 20) == kernel.floor(10, 20)


# ---------------------------------------------------------------------------------------------------------- Fréchet


def by_definition(mean_a: np.ndarray, a: np.ndarray, mean_b: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum((mean_a - mean_b) ** 2) + np.trace(a + b - 2 * np.real(sqrtm(a @ b))))


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_the_frechet_distance_is_that_of_scipy(size: int) -> None:
    rng = np.random.default_rng(size)
    first, second = rng.normal(0, 1, (200, size)), rng.normal(0.3, 2, (300, size)) @ rng.normal(0, 1, (size, size))
    parts = []
    for x in (first, second):
        parts += [x.mean(axis=0), np.cov(x, rowvar=False).reshape(size, size)]
    assert two_sample.frechet(first, second) == pytest.approx(by_definition(*parts), rel=1e-8)
    assert two_sample.frechet(first, second) == pytest.approx(two_sample.frechet(second, first), rel=1e-9)
    assert two_sample.frechet(first, first[::-1]) == pytest.approx(0, abs=1e-6)


def test_commuting_covariances_have_a_closed_form() -> None:
    """Σ (s - t)² over the deviations s, t along common axes, where some may be 0."""
    axes = ortho_group.rvs(5, random_state=1)
    s, t = np.array([3.0, 1.0, 0.0, 0.0, 2.0]), np.array([1.0, 1.0, 4.0, 0.0, 0.0])
    mean = np.arange(5.0)
    found = two_sample.frechet_gaussians(mean, (axes * s**2) @ axes.T, mean + 2, (axes * t**2) @ axes.T)
    assert found == pytest.approx(np.sum((s - t) ** 2) + 20, abs=1e-6)


def test_fewer_rows_than_features() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 1, (10, 64)), rng.normal(0, 1, (12, 64))
    assert 0 < two_sample.frechet(first, second) < 400
    assert two_sample.frechet(first, first) == pytest.approx(0, abs=1e-5)
    assert two_sample.frechet(first, first + 2) == pytest.approx(4 * 64)


def test_the_bias_is_upwards() -> None:
    rng = np.random.default_rng(4)
    few = np.mean([two_sample.frechet(*rng.normal(0, 1, (2, 100, 16))) for _ in range(20)])
    many = np.mean([two_sample.frechet(*rng.normal(0, 1, (2, 1000, 16))) for _ in range(20)])
    assert few > 8 * many > 0
    assert "Compare" in two_sample.FRECHET_NOTE


def test_features_without_a_distance() -> None:
    good = np.random.default_rng(5).normal(0, 1, (20, 3))
    assert math.isnan(two_sample.frechet(good[:1], good))
    bad = good.copy()
    bad[3, 1] = np.nan
    assert math.isnan(two_sample.frechet(good, bad))


def test_the_time() -> None:
    """Of the processor, all its cores together; three times what was asked, so that a busy machine does not fail it."""
    rng = np.random.default_rng(0)
    real, fake = laws.grid().sample(N, rng)[0], laws.grid().sample(N, rng)[0]
    kernel = GaussianKernel.fit(real)
    took = []
    for _ in range(9):
        start = time.process_time()
        kernel.squared_mmd(kernel.embed(real), kernel.embed(fake))
        took.append(time.process_time() - start)
    assert np.median(took) < 0.045
