"""The numbers of each law: where the modes are, how wide, and who is labelled what."""

from __future__ import annotations

import numpy as np
import pytest

from guiapp.data import laws
from guiapp.data.densities import Mixture

CURVES = pytest.mark.parametrize(
    "law", [laws.line(), laws.ellipse(), laws.moons(), laws.spiral()], ids=lambda v: v.name
)
MODES = pytest.mark.parametrize(
    "law", [laws.ring(), laws.grid(), laws.gaussian(), laws.clusters(), laws.blobs()], ids=lambda v: v.name
)


def test_ring_and_grid_follow_the_protocol() -> None:
    ring, grid = laws.ring(), laws.grid()
    np.testing.assert_allclose(np.hypot(*ring.centres.T), 1, rtol=1e-6)
    np.testing.assert_allclose(ring.scales, 0.01, rtol=1e-6)
    assert {tuple(centre) for centre in grid.centres} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    np.testing.assert_allclose(grid.scales, 0.05, rtol=1e-6)
    assert (len(ring.classes), len(grid.classes)) == (8, 25)


@MODES
def test_centres_and_scales_are_those_of_the_samples_of_each_label(law: Mixture) -> None:
    x, y = law.sample(40_000, np.random.default_rng(3))
    counts = np.bincount(y, minlength=len(law.centres))
    fair = 40_000 / len(law.centres)
    assert np.abs(counts - fair).max() <= 5 * np.sqrt(fair)
    for k, (centre, scale) in enumerate(zip(law.centres, law.scales, strict=True)):
        mode = x[y == k].astype(np.float64)
        assert (np.abs(mode.mean(axis=0) - centre) < 5 * scale / np.sqrt(len(mode))).all()
        np.testing.assert_allclose(mode.std(axis=0), scale, rtol=5 / np.sqrt(2 * len(mode)))


@CURVES
def test_curves_have_no_modes_and_their_gaussians_overlap(law: Mixture) -> None:
    assert law.centres.shape == law.scales.shape == (0, 2)
    for arm in np.unique(law.labels):
        gaps = np.hypot(*np.diff(law.means[law.labels == arm], axis=0).T)
        # At a spacing of 1.2 standard deviations the density along the curve ripples by 2 exp(-2 (π/1.2)²) = 2e-6.
        assert gaps.max() < 1.2 * law.deviations.min()


def test_gan_labs_laws_are_its_unit_square_stretched() -> None:
    unit = (laws.clusters().centres + 1) / 2
    np.testing.assert_allclose(unit, [[0.3, 0.7], [0.7, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(laws.clusters().scales / 2, [[0.1, 0.1], [0.05, 0.2]], rtol=1e-6)
    np.testing.assert_allclose((laws.blobs().centres + 1) / 2, [[0.35, 0.75], [0.75, 0.6], [0.45, 0.35]], rtol=1e-6)
    ends = (laws.line().means[[0, -1]] + 1) / 2
    np.testing.assert_allclose(ends, [[0.8, 0.6], [0.05, 0.9]], rtol=1e-5)
    ellipse = (laws.ellipse().means.astype(float) + 1) / 2 - [0.5, 0.45]
    np.testing.assert_allclose(((ellipse / [0.3, 0.25]) ** 2).sum(axis=1), 1, rtol=1e-5)


def test_the_label_of_moons_and_spiral_is_the_arm() -> None:
    x, y = laws.moons().sample(5000, np.random.default_rng(0))
    assert x[y == 0, 1].mean() > 0.2 > -0.2 > x[y == 1, 1].mean()
    spiral = laws.spiral()
    np.testing.assert_array_equal(spiral.means[spiral.labels == 0], -spiral.means[spiral.labels == 1])


def test_one_gaussian_has_the_entropy_of_its_formula() -> None:
    x, _ = laws.gaussian().sample(100_000, np.random.default_rng(0))
    entropy = 1 + np.log(2 * np.pi) + np.log(0.5)
    assert -laws.gaussian().log_density(x).mean() == pytest.approx(entropy, abs=5 / np.sqrt(100_000))
