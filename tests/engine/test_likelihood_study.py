"""The study of log p(x) against a model whose log p(x) is known, and against its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import norm

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.studies import likelihood
from guiapp.engine.studies.likelihood import STUDY, Way
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Network
from tests.engine import runs
from tests.engine.exact import LinearGaussian, linear_gaussian


def study(trainer: Trainer, **options: Any) -> Picture:
    """The last thing it tells."""
    with trainer.quiet():
        return [picture for _, picture in STUDY.begin(trainer, options)][-1]


def heldout(trainer: Trainer, count: int) -> np.ndarray:
    return trainer.feed.heldout[:count].cpu().numpy().astype(float)


@pytest.fixture(scope="module")
def near() -> LinearGaussian:
    """An encoder that is close to the posterior."""
    return linear_gaussian(12, 3, sigma=1.0, shift=0.1, widen=1.2)


def test_importance_sampling_rises_to_the_true_value(near: LinearGaussian) -> None:
    found, truth = study(near.trainer, draws=4096, data=120), near.log_p(heldout(near.trainer, 120)).mean()
    assert found["draws"].tolist() == [2**i for i in range(13)]
    importance, noise = found["importance"], found["importance_noise"]
    assert abs(importance[-1] - truth) < 4 * noise[-1] + 0.005
    assert importance[-1] > importance[0] + 0.1
    assert (np.diff(importance) > -4 * (noise[1:] + noise[:-1])).all()
    assert found["elbo"] < truth
    assert truth - found["elbo"] > 0.1


def test_the_elbo_is_the_mean_of_the_log_weights_and_that_of_the_closed_form(near: LinearGaussian) -> None:
    x = heldout(near.trainer, 120)
    std = 1.2 / np.sqrt(np.diag(near.precision))
    shift = np.full(3, 0.1)
    # KL(N(m + shift, diag std²) ‖ N(m, Λ⁻¹)), the same for all x
    gap = 0.5 * (np.diag(near.precision) @ std**2 + shift @ near.precision @ shift - 3)
    gap += 0.5 * (-np.linalg.slogdet(near.precision)[1] - 2 * np.log(std).sum())
    found = study(near.trainer, draws=4096, data=120)
    assert found["elbo"] == pytest.approx(near.log_p(x).mean() - gap, abs=0.02)


def test_prior_sampling_is_far_below_in_more_dimensions() -> None:
    short = []
    for latent in (2, 8):
        model = linear_gaussian(30, latent, sigma=0.5)
        found, truth = study(model.trainer, draws=512, data=60), model.log_p(heldout(model.trainer, 60)).mean()
        short.append(truth - found["prior"][-1])
        assert found["prior_effective"][-1] < found["importance_effective"][-1]
    assert short[1] > 10 * short[0]
    assert short[1] > 100


def test_the_standard_error_covers() -> None:
    """Of the mean over data: in about 68 % of many samples of data, the true mean lies within one."""
    model = linear_gaussian(6, 2, sigma=1.0, count=8000)
    everything = model.log_p(heldout(model.trainer, 4000)).mean()
    data, inside = model.trainer.feed.heldout, 0
    for i in range(100):
        model.trainer.feed.heldout = data[40 * i : 40 * (i + 1)]
        found = study(model.trainer, draws=256, data=40)
        inside += abs(found["importance"][-1] - everything) < found["importance_error"][-1]
    assert 55 <= inside <= 81


def test_the_noise_of_the_draws_covers() -> None:
    """The error over draws alone, of the same data again and again with other draws."""
    model, inside, deviations = linear_gaussian(6, 2, sigma=1.0), 0, []
    truth = model.log_p(heldout(model.trainer, 30)).mean()
    for seed in range(100):
        model.trainer.spec = runs.spec(model.trainer.spec.model, seed=seed)  # type: ignore[arg-type]
        found = study(model.trainer, draws=256, data=30)
        deviations.append((found["prior"][-1] - truth) / found["prior_noise"][-1])
        inside += abs(deviations[-1]) < 1
    assert 55 <= inside <= 81
    assert np.std(deviations) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("likelihood_name", ["bernoulli", "gaussian", "gaussian, learned σ", "gaussian, optimal σ"])
def test_against_the_definition(likelihood_name: str) -> None:
    """w = p(x|z) p(z)/q(z|x), computed anew with scipy from the same draws."""
    network = Network(hidden=(16,), norm="batch")
    trainer = runs.trainer(runs.vae(network, latent=3, likelihood=likelihood_name))
    runs.train(trainer, 30)
    found = study(trainer, draws=8, data=20)
    model, spec, x = trainer.model, trainer.spec.model, trainer.feed.heldout[:20]
    assert isinstance(model, VaeModel)
    generator = torch.Generator().manual_seed(trainer.spec.seed + likelihood.SEED)
    eps = [torch.randn((2, k, 20, 3), generator=generator) for k in (1, 1, 2, 4)]
    near, far = (torch.cat([draws[i] for draws in eps]) for i in (0, 1))
    with trainer.quiet():
        mean, log_var = (t.numpy().astype(float) for t in model.encode(x))
        z = mean + np.exp(log_var / 2) * near.numpy()
        cost = [model.reconstruction(x, torch.tensor(c, dtype=torch.float32), spec).numpy() for c in (z, far.numpy())]
    weights = norm.logpdf(z).sum(-1) - norm.logpdf(z, mean, np.exp(log_var / 2)).sum(-1) - cost[0]
    for level, k in enumerate((1, 2, 4, 8)):
        np.testing.assert_allclose(
            found["importance"][level], (logsumexp(weights[:k], 0) - np.log(k)).mean(), rtol=1e-4
        )
        prior = (logsumexp(-cost[1][:k], 0) - np.log(k)).mean()
        np.testing.assert_allclose(found["prior"][level], prior, rtol=1e-4)
    np.testing.assert_allclose(found["elbo"], weights.mean(), rtol=1e-4)


def test_the_last_optimal_sigma_is_used_and_stays() -> None:
    trainer = runs.trainer(runs.vae(latent=2, likelihood="gaussian, optimal σ"))
    runs.train(trainer, 20)
    before = trainer.weights()
    study(trainer, draws=16, data=30)
    assert runs.equal(before, trainer.weights())


def test_effective_draws_and_noise_of_known_weights() -> None:
    rng = np.random.default_rng(0)
    log_w = rng.normal(0, 1, (16, 5)) - 900
    way = Way(5)
    way.add(slice(0, 3), log_w[:, :3])
    way.add(slice(3, 5), log_w[:4, 3:])
    way.add(slice(3, 5), log_w[4:, 3:])
    estimate, error, noise, effective = way.told(16)
    w = np.exp(log_w + 900)
    each = np.log(w.mean(0)) - 900
    shares = (w**2).sum(0) / w.sum(0) ** 2
    assert estimate == pytest.approx(each.mean())
    assert error == pytest.approx(each.std(ddof=1) / np.sqrt(5))
    assert effective == pytest.approx((1 / shares).mean())
    assert noise == pytest.approx(np.sqrt((shares - 1 / 16).sum()) / 5)


def test_one_datum_has_the_error_of_its_draws(near: LinearGaussian) -> None:
    found = study(near.trainer, draws=64, data=1)
    assert found["importance_error"].tolist() == found["importance_noise"].tolist()
    assert np.isfinite(found["importance_error"]).all()


def test_no_slice_holds_many_codes(near: LinearGaussian, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither many draws nor many data take more memory than a slice."""
    largest = [0]
    decode = VaeModel.decode

    def watched(self: VaeModel, z: torch.Tensor) -> torch.Tensor:
        largest.append(len(z))
        return decode(self, z)

    monkeypatch.setattr(VaeModel, "decode", watched)
    trainer = runs.trainer(runs.vae())
    for options in ({"draws": 512, "data": 3}, {"draws": 2, "data": 100_000}):
        study(trainer, **options)
    assert max(largest) <= likelihood.ROWS


def test_there_are_no_more_data_than_there_are(near: LinearGaussian) -> None:
    found = study(near.trainer, draws=5, data=100_000)
    assert int(found["count"]) == len(near.trainer.feed.heldout)
    assert (found["draws"].tolist(), int(found["most"]), int(found["size"])) == ([1, 2, 4], 4, 12)


def test_it_tells_the_levels_one_by_one(near: LinearGaussian) -> None:
    with near.trainer.quiet():
        told = list(STUDY.begin(near.trainer, {"draws": 64, "data": 10}))
    progress = [p for p, _ in told]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert max(progress[:-1]) < 1
    assert len({len(picture["draws"]) for _, picture in told}) == 8
    for _, picture in told:
        assert all(len(picture[k]) == len(picture["draws"]) for k in picture if k.startswith(("importance", "prior")))


@pytest.mark.filterwarnings("error")
def test_a_diverged_model_gives_no_numbers_and_no_noise() -> None:
    trainer = runs.trainer(runs.vae())
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.fill_(torch.nan)
    found: Mapping[str, np.ndarray] = study(trainer, draws=8, data=10)
    assert np.isnan(found["importance"]).all()


def test_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="only a VAE"):
        study(runs.trainer(runs.gan(), "ring"))
