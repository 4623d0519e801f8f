"""Every picture against the definition in its docstring, computed a second time with numpy and scipy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import kstest, norm, uniform

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.gan import GanModel
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Gan, Network
from tests.engine import runs


def picture(run: Trainer, kind: str, focus: Mapping[str, Any] | None = None) -> Picture:
    return Darkroom(run, print).make(frozenset({kind}), focus or {}, running=False)[kind]


def vae(latent: int = 2, data: str = "digits", steps: int = 20, **fields: Any) -> Trainer:
    run = runs.trainer(runs.vae(latent=latent, **fields), data)
    runs.train(run, steps)
    return run


def posteriors(run: Trainer, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    assert isinstance(run.model, VaeModel)
    with torch.no_grad():
        mean, log_var = run.model.encode(x)
    return mean.numpy().astype(float), (log_var / 2).exp().numpy().astype(float)


# ----------------------------------------------------------------------------------------------------------- latent


def test_two_latent_dimensions_are_shown_as_they_are() -> None:
    run = vae()
    found, (mean, std) = picture(run, "latent"), posteriors(run, run.feed.heldout)
    assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-7)
    assert_allclose(found["std"], std, rtol=1e-5)
    assert_allclose(found["axes"], np.eye(2))
    assert_allclose(found["share"], mean.var(0) / mean.var(0).sum(), rtol=1e-4)
    assert_allclose(found["kl"], 0.5 * (mean**2 + std**2 - 1 - 2 * np.log(std)).mean(0), rtol=1e-3, atol=1e-7)
    assert np.array_equal(found["labels"], run.source.heldout_labels)  # type: ignore[union-attr]


def test_more_are_projected_on_the_principal_components() -> None:
    run = vae(latent=6)
    found, (mean, std) = picture(run, "latent"), posteriors(run, run.feed.heldout)
    _, values, directions = np.linalg.svd(mean - mean.mean(0))
    axes = found["axes"].astype(float)
    assert axes.shape == (2, 6)
    assert_allclose(axes @ axes.T, np.eye(2), atol=1e-5)
    assert_allclose(np.abs(np.sum(axes * directions[:2], 1)), 1, atol=1e-4)
    assert (axes[[0, 1], np.abs(axes).argmax(1)] > 0).all(), "the sign is fixed"
    assert_allclose(found["mean"], mean @ axes.T, atol=1e-4)
    assert_allclose(found["share"], (values**2 / (values**2).sum())[:2], rtol=1e-3)
    covariance = axes[:, None, :] * std[None, :, :] ** 2 @ axes[:, :, None]  # uᵀ diag(σ²) u
    assert_allclose(found["std"], np.sqrt(covariance[:, :, 0]).T, rtol=1e-4)
    assert found["kl"].shape == (6,)


@pytest.mark.parametrize("latent", [2, 5])
def test_two_dimensions_may_be_chosen(latent: int) -> None:
    run = vae(latent=latent)
    found, (mean, std) = picture(run, "latent", {"latent_axes": (1, 0)}), posteriors(run, run.feed.heldout)
    assert_allclose(found["mean"], mean[:, [1, 0]], rtol=1e-5, atol=1e-7)
    assert_allclose(found["std"], std[:, [1, 0]], rtol=1e-5)
    assert_allclose(found["axes"], np.eye(latent)[[1, 0]])
    assert_allclose(found["share"], mean.var(0)[[1, 0]] / mean.var(0).sum(), rtol=1e-4)


def test_axes_that_the_model_has_not_are_passed_over() -> None:
    run = vae(latent=3)
    assert_allclose(picture(run, "latent", {"latent_axes": (0, 3)})["axes"], picture(run, "latent")["axes"])


def test_one_latent_dimension_is_shown_against_its_deviation() -> None:
    run = vae(latent=1)
    found, (mean, std) = picture(run, "latent"), posteriors(run, run.feed.heldout)
    assert_allclose(found["mean"], np.hstack([mean, std]), rtol=1e-5, atol=1e-7)
    assert found["std"].shape == (297, 2)
    assert_allclose(found["share"], [1, 0], rtol=1e-5)
    assert found["axes"].shape == (2, 1)


def test_one_held_out_datum_has_no_spread_but_a_place() -> None:
    run = Trainer(runs.spec(runs.vae(latent=4)), runs.table(np.random.default_rng(0).random((5, 6))))
    found = picture(run, "latent")
    assert found["mean"].shape == (1, 2)
    assert_allclose(found["share"], [0, 0])


# ------------------------------------------------------------------------------------- manifold, samples, and so on


@pytest.mark.parametrize(("data", "name"), [("digits", "images"), ("moons", "points")])
def test_the_manifold_decodes_the_quantiles(data: str, name: str) -> None:
    run = vae(data=data, likelihood="gaussian")
    found = picture(run, "manifold")
    size = len(found["quantiles"])
    assert set(found) == {"quantiles", "axes", name}
    assert_allclose(found["axes"], np.eye(2))
    assert_allclose(norm.cdf(found["quantiles"].astype(float)), (np.arange(size) + 0.5) / size, atol=1e-6)
    assert found[name].shape == (size, size, *run.source.shape)
    for row, column in ((0, 0), (0, size - 1), (2, 5), (size - 1, 0)):
        z = torch.tensor([[norm.ppf((column + 0.5) / size), norm.ppf(1 - (row + 0.5) / size)]], dtype=torch.float32)
        with torch.no_grad():
            expected = run.model.decode(z).numpy().reshape(run.source.shape)
        assert_allclose(found[name][row, column], expected, atol=1e-5)


def test_one_dimension_has_no_manifold() -> None:
    assert picture(vae(latent=1), "manifold") == {}


@pytest.mark.parametrize(("data", "count"), [("digits", 64), ("moons", 1000)])
def test_the_samples_show_the_same_noise_at_every_step(data: str, count: int) -> None:
    run = vae(data=data, likelihood="gaussian", steps=1)
    first = picture(run, "samples")
    assert first["generated"].shape == (count, *run.source.shape)
    assert_allclose(first["real"].reshape(len(first["real"]), -1), run.feed.heldout[:count])
    assert_allclose(picture(run, "samples")["generated"], first["generated"])
    runs.train(run, 1)
    assert 0 < np.abs(picture(run, "samples")["generated"] - first["generated"]).max() < 0.5, (
        "and moves with the weights"
    )


@pytest.mark.parametrize(("law", "witness"), [("normal", norm()), ("uniform", uniform(-1, 2))])
def test_the_generator_is_shown_noise_of_its_own_law(law: str, witness: Any) -> None:
    """A generator that is the identity makes the picture the noise itself; Kolmogorov and Smirnov judge 1000 draws."""
    linear = Network(hidden=())
    run = runs.trainer(Gan(generator=linear, discriminator=linear, noise=2, noise_law=law), "ring")  # type: ignore[arg-type]
    weights = {"generator.0.weight": torch.eye(2), "generator.0.bias": torch.zeros(2)}
    run.model.load_state_dict(run.weights() | weights)
    z = picture(run, "samples")["generated"]
    assert z.shape == (1000, 2)
    assert min(kstest(z[:, i], witness.cdf).pvalue for i in range(2)) > 1e-4
    assert abs(np.corrcoef(z.T)[0, 1]) < 5 / np.sqrt(1000)
    assert_allclose(picture(run, "field")["generated"], z)


@pytest.mark.parametrize(("data", "count"), [("digits", 32), ("moons", 500)])
def test_reconstructions_are_decoded_means(data: str, count: int) -> None:
    run = vae(data=data, likelihood="gaussian")
    found = picture(run, "reconstructions")
    x = run.feed.heldout[:count]
    with torch.no_grad():
        expected = run.model.decode(torch.tensor(posteriors(run, x)[0], dtype=torch.float32))
    assert_allclose(found["data"], x.reshape(count, *run.source.shape))
    assert_allclose(found["mean"], expected.reshape(count, *run.source.shape), atol=1e-5)
    assert np.array_equal(found["labels"], run.feed.heldout_labels[:count])


def test_bernoulli_pictures_are_probabilities() -> None:
    run = vae()
    for kind, name in (("samples", "generated"), ("reconstructions", "mean"), ("manifold", "images")):
        values = picture(run, kind)[name]
        assert 0 < values.min() < values.max() < 1


def test_the_posterior_is_that_of_the_first_training_data() -> None:
    run = vae(latent=3)
    found, (mean, std) = picture(run, "posterior"), posteriors(run, run.feed.train[:200])
    assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-6)
    assert_allclose(found["std"], std, rtol=1e-5)
    assert_allclose(found["images"], run.feed.train[:200].reshape(200, 8, 8))
    assert np.array_equal(found["labels"], run.source.train_labels[:200])  # type: ignore[union-attr,index]


# ------------------------------------------------------------------------------------------------- field, gradients


@pytest.mark.parametrize("axis", [0, 1])
def test_the_field_has_its_smallest_y_in_the_first_row_and_smallest_x_in_the_first_column(axis: int) -> None:
    """A linear discriminator a = 3·(x or y), whose D is known everywhere."""
    linear = Network(hidden=())
    run = runs.trainer(Gan(generator=linear, discriminator=linear), "ring")
    slope = torch.zeros(1, 2)
    slope[0, axis] = 3.0
    weights = {"discriminator.0.weight": slope, "discriminator.0.bias": torch.zeros(1)}
    run.model.load_state_dict(run.weights() | weights)
    found = picture(run, "field")
    size, half = len(found["grid"]), run.source.extent  # type: ignore[union-attr]
    centres = (np.arange(size) + 0.5) * 2 * half / size - half
    expected = 1 / (1 + np.exp(-3 * centres))
    assert_allclose(
        found["grid"], np.broadcast_to(expected if axis == 0 else expected[:, None], (size, size)), atol=1e-6
    )
    assert found["real"].shape == found["generated"].shape == (1000, 2)
    assert_allclose(found["real"], run.feed.heldout[:1000])


def test_a_vae_in_the_plane_has_points_but_no_discriminator() -> None:
    assert set(picture(vae(data="ring", likelihood="gaussian"), "field")) == {"real", "generated"}


def test_the_gradient_histograms_count_every_entry() -> None:
    run = vae()
    found = picture(run, "gradients")
    edges = found["edges"].astype(float)
    gradients = dict(zip(run.objective.players["vae"].names, run.objective.players["vae"].gradients, strict=True))
    assert found["counts"].shape == (len(run.tensors), len(edges) - 1)
    for i, (name, shape) in enumerate(run.tensors):
        g = np.abs(gradients[name].numpy().ravel())
        inside = np.log10(g[g > 0])
        assert_allclose(found["counts"][i], np.histogram(inside, edges)[0], err_msg=name)
        assert found["counts"][i].sum() == np.prod(shape) - (g == 0).sum()
        assert found["zeros"][i] == pytest.approx((g == 0).mean(), abs=1e-6)
        assert found["rms"][i] == pytest.approx(float(np.sqrt((g.astype(float) ** 2).mean())), rel=1e-5)


def test_gradient_histograms_of_any_size() -> None:
    """Out of range counts in the outermost bins, zero in none; a large tensor is sampled, not cut."""
    run = runs.trainer(runs.vae(Network(hidden=(300,))))
    before = picture(run, "gradients")
    assert np.isnan(before["rms"]).all()
    assert np.isnan(before["zeros"]).all()
    assert not before["counts"].any()
    runs.train(run, 1)
    player = run.objective.players["vae"]
    index = [name for name, _ in run.tensors].index("encoder.0.weight")
    shape = (300, 64)
    ramp = torch.linspace(-30, 9, 300 * 64).reshape(shape)
    player.gradients[player.names.index("encoder.0.weight")] = 10**ramp
    counts = picture(run, "gradients")["counts"][index]
    assert 4096 <= counts.sum() <= 8192
    share = counts / counts.sum()
    assert share[0] == pytest.approx((-11.75 + 30) / 39, abs=0.01)
    assert share[-1] == pytest.approx((9 - 3.75) / 39, abs=0.01)
    assert_allclose(share[1:-1], 0.25 / 39, rtol=0.1)


def test_the_gradients_of_both_players_come_in_the_order_of_the_tensors() -> None:
    run = runs.trainer(runs.gan(), "ring")
    runs.train(run, 2)
    found = picture(run, "gradients")
    assert isinstance(run.model, GanModel)
    for i, (name, _) in enumerate(run.tensors):
        player = run.objective.players["g" if name.startswith("generator") else "d"]
        gradient = player.gradients[player.names.index(name)]
        assert found["rms"][i] == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-5)


def test_a_picture_is_an_array_of_its_own() -> None:
    run = vae()
    heldout, train, labels = run.feed.heldout.clone(), run.feed.train.clone(), run.feed.heldout_labels.copy()
    train_labels, weights = run.feed.train_labels.copy(), run.weights()
    for kind in ("latent", "manifold", "samples", "reconstructions", "posterior", "gradients"):
        for array in picture(run, kind).values():
            array.fill(0)
    assert torch.equal(run.feed.heldout, heldout)
    assert torch.equal(run.feed.train, train)
    assert np.array_equal(run.feed.heldout_labels, labels)
    assert np.array_equal(run.feed.train_labels, train_labels)
    assert runs.equal(run.weights(), weights)
    assert picture(run, "gradients")["edges"].any()


def test_a_gaussian_draw_is_the_mean_with_noise_of_sigma_that_stays_the_same() -> None:
    run = vae(likelihood="gaussian", sigma=0.2)
    found, later = picture(run, "samples"), {}
    noise = (found["draw"] - found["generated"]) / 0.2
    assert found["sigma"] == pytest.approx(0.2)
    assert kstest(noise.reshape(-1), norm.cdf).pvalue > 0.001
    run.edit("model.sigma", 0.5)
    later = picture(run, "samples")
    assert_allclose((later["draw"] - later["generated"]) / 0.5, noise, atol=1e-4)
    pairs = picture(run, "reconstructions")
    assert (pairs["draw"] - pairs["mean"]).std() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("likelihood", ["gaussian, learned σ", "gaussian, optimal σ"])
def test_a_draw_goes_by_the_sigma_of_the_model(likelihood: Any) -> None:
    run = vae(likelihood=likelihood)
    found = picture(run, "samples")
    assert isinstance(run.model, VaeModel)
    assert found["sigma"] == pytest.approx(run.model.log_sigma.exp().item())
    assert (found["draw"] - found["generated"]).std() == pytest.approx(float(found["sigma"]), rel=0.05)


def test_a_bernoulli_draw_is_0_or_1_and_in_the_mean_the_mean() -> None:
    found = picture(vae(steps=100), "samples")
    assert set(np.unique(found["draw"])) == {0, 1}
    assert "sigma" not in found
    mean = found["generated"].astype(float)
    error = np.sqrt((mean * (1 - mean)).sum()) / mean.size
    assert abs((found["draw"] - mean).mean()) < 4 * error
    assert "draw" not in picture(runs.trainer(runs.gan()), "samples")


def test_fewer_pictures_are_shown_where_they_are_large() -> None:
    values = np.random.default_rng(0).random((300, 64 * 64 * 3), np.float32)
    table = replace(runs.table(values, values[:100]), shape=(64, 64, 3))
    run = Trainer(runs.spec(runs.vae(likelihood="gaussian")), table)
    assert picture(run, "samples")["generated"].shape == (32, 64, 64, 3)
    assert picture(run, "reconstructions")["draw"].shape == (32, 64, 64, 3)
    assert picture(run, "posterior")["images"].shape == (32, 64, 64, 3)
