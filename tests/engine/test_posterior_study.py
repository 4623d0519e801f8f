"""The study of the true posterior against a model in which it is known, and against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.studies.posterior import GRID, STUDY
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Network
from tests.engine import runs
from tests.engine.exact import linear_gaussian


def study(trainer: Trainer, **options: Any) -> Picture:
    with trainer.quiet():
        return [picture for _, picture in STUDY.begin(trainer, options)][-1]


@pytest.mark.parametrize(("sigma", "faults"), [(0.5, {}), (0.5, {"shift": (0.1, -0.2), "widen": 1.5}), (0.02, {})])
@pytest.mark.parametrize("index", [0, 7])
def test_everything_of_a_linear_gaussian_model_is_as_in_closed_form(
    sigma: float, faults: dict[str, Any], index: int
) -> None:
    model = linear_gaussian(8, 2, sigma=sigma, **faults)
    found = study(model.trainer, index=index)
    x = model.trainer.feed.heldout[index : index + 1].numpy().astype(float)
    mean, precision = model.mean(x)[0], model.precision
    tight = {"abs": 1e-3 if sigma > 0.1 else 5e-3}  # single precision: log p is a difference of squares over σ²
    assert found["log_p"] == pytest.approx(model.log_p(x)[0], **tight)
    np.testing.assert_allclose(found["true_mean"], mean, atol=1e-4)
    np.testing.assert_allclose(found["true_cov"], np.linalg.inv(precision), rtol=1e-2, atol=1e-8)
    # The diagonal Gaussian nearest in KL(q ‖ p) has the variances 1/Λ_ii (Bishop 2006, section 10.1.2).
    np.testing.assert_allclose(found["best_mean"], mean, atol=0.02 * sigma)
    np.testing.assert_allclose(found["best_std"], 1 / np.sqrt(np.diag(precision)), rtol=0.01)
    approximation = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
    assert found["log_p"] - found["best_elbo"] == pytest.approx(approximation, **tight)
    shift, widen = np.array(faults.get("shift", (0.0, 0.0))), faults.get("widen", 1.0)
    amortisation = 0.5 * (2 * (widen**2 - 1 - 2 * np.log(widen)) + shift @ precision @ shift)
    assert found["best_elbo"] - found["elbo"] == pytest.approx(amortisation, **tight)


def test_the_density_is_normalised_and_lies_the_right_way_up() -> None:
    model = linear_gaussian(8, 2)
    found = study(model.trainer, index=2)
    left, bottom, side = found["box"]
    density = found["density"].astype(float)
    middles = side * (np.arange(GRID) + 0.5) / GRID
    y, x = np.meshgrid(bottom + middles, left + middles, indexing="ij")
    at = model.trainer.feed.heldout[2:3].numpy().astype(float)
    truth = multivariate_normal(model.mean(at)[0], np.linalg.inv(model.precision)).pdf(np.stack([x, y], -1))
    np.testing.assert_allclose(density, truth, rtol=2e-3, atol=2e-3 * truth.max())
    assert density.sum() * (side / GRID) ** 2 == pytest.approx(1, abs=0.02)


@pytest.fixture(scope="module")
def trained() -> Trainer:
    trainer = runs.trainer(runs.vae(Network(hidden=(64,)), latent=2), batch=64)
    runs.train(trainer, 400)
    return trainer


@pytest.mark.parametrize("index", range(6))
def test_both_gaps_are_no_less_than_zero_and_add_up(trained: Trainer, index: int) -> None:
    found = study(trained, index=index)
    slack = found["log_p_error"] + found["elbo_error"] + 2e-3
    approximation, amortisation = found["log_p"] - found["best_elbo"], found["best_elbo"] - found["elbo"]
    assert approximation > -slack
    assert amortisation >= 0
    assert amortisation > 1e-3, "400 steps do not make the encoder perfect"


def test_log_p_and_elbo_agree_with_brute_force(trained: Trainer) -> None:
    """With a million draws of the prior for one, and many of the encoder for the other."""
    found, model, x = study(trained, index=4), trained.model, trained.feed.heldout[4:5]
    assert isinstance(model, VaeModel)
    rng = torch.Generator().manual_seed(0)
    with trained.quiet():
        far = torch.cat(
            [-model.reconstruction(x, torch.randn(50_000, 1, 2, generator=rng), trained.spec.model) for _ in range(8)]  # type: ignore[arg-type]
        ).double()
        mean, log_var = model.encode(x)
        near = mean + (0.5 * log_var).exp() * torch.randn(100_000, 1, 2, generator=rng)
        cost = model.reconstruction(x, near, trained.spec.model).mean()  # type: ignore[arg-type]
    assert found["log_p"] == pytest.approx(float(torch.logsumexp(far, 0) - np.log(len(far))), abs=0.03)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()
    assert found["elbo"] == pytest.approx(float(-cost - kl), abs=0.02)


def test_q_star_is_at_least_as_good_as_any_other_near_it(trained: Trainer) -> None:
    found, model, x = study(trained, index=1), trained.model, trained.feed.heldout[1:2]
    assert isinstance(model, VaeModel)
    rng = np.random.default_rng(0)
    eps = torch.from_numpy(rng.standard_normal((20_000, 1, 2), np.float32))
    bounds = []
    for trial in range(60):
        mean = found["best_mean"] + (rng.normal(0, 0.3, 2) * found["best_std"] if trial else 0)
        std = found["best_std"] * (np.exp(rng.normal(0, 0.3, 2)) if trial else 1)
        z = torch.tensor(mean, dtype=torch.float32) + torch.tensor(std, dtype=torch.float32) * eps
        with trained.quiet():
            cost = float(model.reconstruction(x, z, trained.spec.model).mean())  # type: ignore[arg-type]
        bounds.append(-cost - 0.5 * (mean**2 + std**2 - 1 - 2 * np.log(std)).sum())
    assert max(bounds) - bounds[0] < 0.01, "the same draws for all"


def test_training_data_labels_and_pictures(trained: Trainer) -> None:
    found = study(trained, index=9, of="train")
    np.testing.assert_array_equal(found["image"][0], trained.feed.train[9].reshape(8, 8))
    assert int(found["label"]) == trained.feed.train_labels[9]
    assert (int(found["index"]), bool(found["training"]), int(found["count"])) == (9, True, len(trained.feed.train))
    model = trained.model
    assert isinstance(model, VaeModel)
    with trained.quiet():
        mean, log_var = model.encode(trained.feed.train[9:10])
        np.testing.assert_array_equal(found["reconstruction"][0], model.decode(mean)[0].reshape(8, 8))
    np.testing.assert_allclose(found["mean"], mean[0], rtol=1e-6)
    np.testing.assert_allclose(found["std"], (log_var[0] / 2).exp(), rtol=1e-5)


def test_it_comes_in_parts(trained: Trainer) -> None:
    with trained.quiet():
        told = list(STUDY.begin(trained, {}))
    progress = [p for p, _ in told]
    assert progress[-1] == 1
    assert max(progress[:-1]) < 1
    first = [next(i for i, (_, picture) in enumerate(told) if name in picture) for name in
             ("image", "log_p", "best_elbo", "density")]  # fmt: skip
    assert first == sorted(first)
    assert first[0] == 0
    assert first[1] < first[2] < first[3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"index": -1}, "there are 297 held-out data; choose one of them."),
        ({"index": 297}, "there are 297 held-out data"),
        ({"index": 1500, "of": "train"}, "there are 1,500 training data"),
    ],
)
def test_a_datum_that_does_not_exist(trained: Trainer, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        study(trained, **options)


@pytest.mark.parametrize("latent", [1, 3, 64])
def test_other_latent_spaces_are_no_plane(latent: int) -> None:
    with pytest.raises(ValueError, match=f"2 latent dimensions, and this model has {latent}."):
        study(runs.trainer(runs.vae(latent=latent)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("network", "sentence"), [("encoder", "encoder has diverged"), ("decoder", "decoder has")])
def test_a_diverged_model_is_told(network: str, sentence: str) -> None:
    trainer = runs.trainer(runs.vae())
    with torch.no_grad():
        for parameter in getattr(trainer.model, network).parameters():
            parameter.fill_(torch.nan)
    with pytest.raises(ValueError, match=sentence):
        study(trainer)


@pytest.mark.parametrize("steps", [0, 1])
def test_before_training(steps: int) -> None:
    trainer = runs.trainer(runs.vae(latent=2, likelihood="gaussian, optimal σ"))
    runs.train(trainer, steps)
    found = study(trainer)
    assert np.isfinite([found["log_p"], found["elbo"], found["best_elbo"]]).all()
    assert found["log_p"] >= found["best_elbo"] - 2e-3


@pytest.mark.parametrize("data", ["ring", "moons"])
def test_points_in_the_plane(data: str) -> None:
    trainer = runs.trainer(runs.vae(latent=2, likelihood="gaussian", sigma=0.1), data)
    runs.train(trainer, 200)
    found = study(trainer, index=3)
    assert found["image"].shape == (1, 2)
    assert found["log_p"] >= found["best_elbo"] - 2e-3 >= found["elbo"] - 4e-3
