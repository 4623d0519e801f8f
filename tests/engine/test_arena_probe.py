"""The picture "arena" against definitions computed a second time, and its bystander's manners."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import norm

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.gan import GanModel
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Gan, Network
from guiapp.theory import game
from tests.engine import runs

LINEAR = Network(hidden=())
OBJECTIVES = ("minimax", "non-saturating", "least squares", "hinge", "Wasserstein")


def arena(run: Trainer, **focus: Any) -> Picture:
    return Darkroom(run, pytest.fail).make(frozenset({"arena"}), focus, running=False)["arena"]


def linear(slope: tuple[float, float] = (3.0, 0.0), data: str = "ring", **fields: Any) -> Trainer:
    """x̃ = z, and a = slope · x."""
    run = runs.trainer(Gan(generator=LINEAR, discriminator=LINEAR, **fields), data)
    weights = {"generator.0.weight": torch.eye(2), "generator.0.bias": torch.zeros(2)}
    weights |= {"discriminator.0.weight": torch.tensor([slope]), "discriminator.0.bias": torch.zeros(1)}
    run.model.load_state_dict(run.weights() | weights)
    return run


def test_points_field_and_grid_are_where_they_belong() -> None:
    run = linear((0.0, 3.0))
    found, half = arena(run), 1.25
    assert_allclose(found["generated"], found["noise"])
    assert_allclose(found["real"], run.feed.heldout[:1000])
    size = len(found["logit"])
    centres = (np.arange(size) + 0.5) * 2 * half / size - half
    assert_allclose(found["logit"], np.broadcast_to(3 * centres[:, None], (size, size)), atol=1e-5)
    quantiles = norm.ppf(np.linspace(0.01, 0.99, len(found["quantiles"])))
    assert_allclose(found["quantiles"], quantiles, rtol=1e-5, atol=1e-6)
    assert_allclose(found["mesh"][..., 0], np.tile(quantiles, (len(quantiles), 1)), rtol=1e-5, atol=1e-6)
    assert_allclose(found["mesh"][:, 0, 1], quantiles, rtol=1e-5, atol=1e-6)


def test_the_noise_is_the_same_at_every_step() -> None:
    run = runs.trainer(runs.gan(), "ring")
    before = arena(run)
    runs.train(run, 5)
    after = arena(run)
    assert np.array_equal(before["noise"], after["noise"])
    assert not np.array_equal(before["generated"], after["generated"])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_push_is_minus_the_slope_of_the_generators_loss(objective: Any) -> None:
    """Central differences of the loss at each sample, in float64; the loss's own formula, not its derivative."""
    run = runs.trainer(runs.gan(Network(hidden=(16, 16), activation="tanh"), objective=objective), "ring")
    runs.train(run, 20)
    found = arena(run)
    assert isinstance(run.model, GanModel)
    twin = run.model.double().eval()
    x, h = torch.from_numpy(found["at"]).double(), 1e-5
    with torch.no_grad():
        for axis in range(2):
            step = torch.zeros(2, dtype=torch.float64)
            step[axis] = h
            up, down = (game.generator_loss(twin.logit(x + sign * step), objective) for sign in (1, -1))
            assert_allclose(found["push"][:, axis], -((up - down) / (2 * h)).numpy(), rtol=2e-3, atol=1e-5)


def test_the_arrows_of_a_sure_discriminator_vanish_only_for_minimax() -> None:
    """Where D = 1e-5 the gradient of D itself is 1e-5 of the logit's; the non-saturating loss keeps all of it."""
    lengths = {}
    for objective in ("minimax", "non-saturating"):
        run = linear(objective=objective)
        bias = {"discriminator.0.bias": torch.tensor([-20.0])}
        run.model.load_state_dict(run.weights() | bias)
        lengths[objective] = np.hypot(*arena(run)["push"].T)
    assert lengths["minimax"].max() < 1e-3
    assert_allclose(lengths["non-saturating"], 3.0, rtol=1e-3)


def test_a_pack_of_copies_pushes_as_its_mean() -> None:
    run = runs.trainer(runs.gan(packing=3, objective="Wasserstein"), "ring")
    found = arena(run)
    x = torch.from_numpy(found["at"])
    assert isinstance(run.model, GanModel)
    pack = run.model.pack(x.repeat_interleave(3, 0)).requires_grad_()
    (slope,) = torch.autograd.grad(run.model.judge(pack).sum(), pack)
    assert_allclose(found["push"], slope.reshape(-1, 2, 3).mean(2), rtol=1e-4, atol=1e-6)


def test_the_best_discriminator_of_two_known_gaussians() -> None:
    """p = N((.5, -.5), diag(1, .25)) and p_g = N(0, I), each blurred by one cell: another Gaussian."""
    run = linear(data="gaussian")
    found = arena(run, arena_optimum=True)["optimum"]
    size, half = len(found), 5.0
    cell = 2 * half / size
    y, x = np.meshgrid(*[(np.arange(size) + 0.5) * cell - half] * 2, indexing="ij")
    wide = [np.sqrt(s**2 + cell**2 * (1 + 1 / 12)) for s in (1.0, 0.5, 1.0)]
    p = norm.pdf(x, 0.5, wide[0]) * norm.pdf(y, -0.5, wide[1])
    q = norm.pdf(x, 0, wide[2]) * norm.pdf(y, 0, wide[2])
    common = (p + q) * cell**2 > 2e-3
    difference = np.abs(found - p / (p + q))[common]
    assert common.sum() > 60
    assert difference.mean() < 0.03, "of 4,000 samples"
    assert np.isnan(found[0, 0]), "no mass: not known"


def test_the_mass_of_every_law_is_one() -> None:
    from guiapp.data.laws import checkerboard, ring, spiral
    from guiapp.engine.probes.arena import _mass

    for law in (ring(), spiral(), checkerboard()):
        assert _mass(law).sum() == pytest.approx(1, abs=0.01), "of a board, whose edges cut cells, to a hundredth"


def test_the_best_discriminator_is_made_only_where_it_is_asked_for_and_known() -> None:
    assert "optimum" not in arena(linear())
    table = runs.table(np.random.default_rng(0).normal(size=(64, 2)))
    run = Trainer(runs.spec(runs.gan()), table)
    found = arena(run, arena_optimum=True)
    assert "optimum" not in found
    assert np.isfinite(found["logit"]).all()


@pytest.mark.parametrize(("noise", "shape"), [(1, (256, 2)), (2, (17, 17, 2)), (3, None)])
def test_the_manifold_of_any_noise(noise: int, shape: tuple[int, ...] | None) -> None:
    found = arena(runs.trainer(runs.gan(noise=noise, noise_law="uniform"), "moons"))
    assert found["noise"].shape == (1000, min(noise, 2))
    assert np.abs(found["noise"]).max() <= 1
    assert ("mesh" in found) == (shape is not None)
    if shape is not None:
        assert found["mesh"].shape == shape
        assert_allclose(found["quantiles"], 2 * np.linspace(0.01, 0.99, shape[0]) - 1, atol=1e-6)


@pytest.mark.parametrize(
    "fields", [{}, {"spectral": True, "averaging": 0.9}, {"packing": 2, "slope": "gradient penalty"}]
)
def test_looking_changes_nothing(fields: dict[str, Any]) -> None:
    batch_norm = Network(hidden=(16, 16), norm="batch")
    watched, left = (runs.trainer(runs.gan(batch_norm, **fields), "ring") for _ in range(2))
    rows = []
    for run in (watched, left):
        found = []
        for _ in range(6):
            found.append(runs.train(run, 3))
            if run is watched:
                arena(run, arena_optimum=True)
        rows.append(np.concatenate(found)[:, 1:])  # but for the time a step took
    assert np.array_equal(rows[0], rows[1], equal_nan=True)
    assert runs.equal(watched.weights(), left.weights())


def test_a_discriminator_that_is_nan_is_shown_as_that() -> None:
    run = linear()
    run.model.load_state_dict(run.weights() | {"discriminator.0.bias": torch.tensor([torch.nan])})
    found = arena(run)
    assert np.isnan(found["logit"]).all()
    assert np.isfinite(found["generated"]).all()
