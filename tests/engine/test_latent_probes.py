"""The pictures of the latent space: points, draws, q(z), the manifold of any plane, the datum under the pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import kstest, multivariate_normal, norm

from guiapp.data.source import Table
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes import datum, latent
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from tests.engine import runs


def picture(run: Trainer, kind: str, **focus: Any) -> Picture:
    return Darkroom(run, print).make(frozenset({kind}), focus, running=False)[kind]


def vae(latent: int = 2, data: str = "digits", steps: int = 20, **fields: Any) -> Trainer:
    run = runs.trainer(runs.vae(latent=latent, **fields), data)
    runs.train(run, steps)
    return run


def posteriors(run: Trainer) -> tuple[np.ndarray, np.ndarray]:
    assert isinstance(run.model, VaeModel)
    with torch.no_grad():
        mean, log_var = run.model.encode(run.feed.heldout)
    return mean.numpy().astype(float), (log_var / 2).exp().numpy().astype(float)


def coloured(side: tuple[int, int] = (6, 8), channels: int = 3, count: int = 40) -> Table:
    rng = np.random.default_rng(0)
    plain = runs.table(rng.random((count, side[0] * side[1] * channels)), rng.random((9, side[0] * side[1] * channels)))
    return replace(plain, shape=(*side, channels))


@pytest.mark.parametrize("asked", [1, 100, 10**9])
def test_as_many_points_as_asked_for(asked: int) -> None:
    run = vae()
    found, (mean, _) = picture(run, "latent", latent_points=asked), posteriors(run)
    count = min(asked, 297)
    assert_allclose(found["mean"], mean[:count], rtol=1e-5, atol=1e-7)
    assert len(found["labels"]) == len(found["std"]) == len(found["cross"]) == count


def test_the_plane_does_not_depend_on_how_many_points_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent, "BASIS", 100)
    run = vae(latent=6)
    few, all_of_them = (picture(run, "latent", latent_points=count)["axes"] for count in (100, 297))
    assert_allclose(few, all_of_them, atol=1e-5)


def test_draws_are_of_the_posterior_with_the_same_noise_at_every_step() -> None:
    run = vae()
    found, again = (picture(run, "latent", latent_draws=True) for _ in range(2))
    np.testing.assert_array_equal(found["draws"], again["draws"])
    noise = (found["draws"] - found["mean"]) / found["std"]
    assert kstest(noise.reshape(-1), norm.cdf).pvalue > 0.01
    runs.train(run, 3)
    later = picture(run, "latent", latent_draws=True)
    assert np.abs(later["draws"] - found["draws"]).max() > 1e-3
    assert_allclose((later["draws"] - later["mean"]) / later["std"], noise, atol=1e-3)
    assert "draws" not in picture(run, "latent")


def test_draws_leave_training_as_it_is() -> None:
    one, other = vae(steps=5), vae(steps=5)
    picture(other, "latent", latent_draws=True, latent_density=True)
    picture(other, "datum", datum=3)
    picture(other, "manifold", manifold_cells=9)
    runs.train(one, 5)
    runs.train(other, 5)
    assert runs.equal(one.weights(), other.weights())


@pytest.mark.parametrize(("latent", "axes"), [(2, None), (6, None), (6, (4, 1))])
def test_the_density_is_the_mean_of_the_posteriors(latent: int, axes: tuple[int, int] | None) -> None:
    run = vae(latent=latent)
    found = picture(run, "latent", latent_density=True, latent_axes=axes)
    mean, std = posteriors(run)
    a = found["axes"].astype(float)
    size, reach = len(found["density"]), float(found["reach"])
    edge, cell = reach * (1 - 1 / size), 2 * reach / size
    places = [(size // 2, size // 2), (3, size - 5), (size // 2 + 4, size // 2 - 3)]
    for i, j in places:
        z = np.array([-edge + j * cell, -edge + i * cell])
        each = [
            multivariate_normal(a @ m, a @ np.diag(s**2) @ a.T + np.eye(2) * cell**2 / 4).pdf(z)
            for m, s in zip(mean, std, strict=True)
        ]
        assert found["density"][i, j] == pytest.approx(np.mean(each), rel=1e-3, abs=1e-7)
    assert found["density"].sum() * cell**2 == pytest.approx(1, abs=0.03)


def test_the_covariance_in_the_plane() -> None:
    run = vae(latent=6)
    found, (_, std) = picture(run, "latent"), posteriors(run)
    a = found["axes"].astype(float)
    assert_allclose(found["cross"], [(a @ np.diag(s**2) @ a.T)[0, 1] for s in std], atol=1e-5)
    assert not picture(vae(latent=2), "latent")["cross"].any()


def test_no_density_of_one_dimension() -> None:
    assert "density" not in picture(vae(latent=1), "latent", latent_density=True)
    drawn = picture(vae(latent=1), "latent", latent_draws=True)
    assert_allclose(drawn["draws"][:, 1], drawn["mean"][:, 1], rtol=1e-6)


@pytest.mark.parametrize("latent", [2, 64])
def test_an_encoder_that_has_diverged(latent: int) -> None:
    run = vae(latent=latent, steps=2)
    with torch.no_grad():
        next(iter(run.model.parameters())).fill_(np.nan)
    found = picture(run, "latent", latent_density=True, latent_draws=True)
    assert np.isnan(found["mean"]).all()
    assert not found["density"].any()
    assert found["reach"] == 4
    made = picture(run, "manifold")
    assert made["images"].shape == (15, 15, 8, 8)


def test_a_plane_far_away_is_within_reach() -> None:
    run = vae(steps=2)
    with torch.no_grad():
        for name, tensor in run.model.named_parameters():
            if name.startswith("encoder"):
                tensor.mul_(30)
    found = picture(run, "latent", latent_density=True)
    assert found["reach"] > 4
    finite = found["mean"][np.isfinite(found["mean"]).all(1)]
    assert np.quantile(np.abs(finite), 0.99) < found["reach"]


@pytest.mark.parametrize("latent", [2, 64])
def test_constant_pixels(latent: int) -> None:
    run = Trainer(runs.spec(runs.vae(latent=latent)), runs.table(np.full((30, 6), 0.5), np.full((8, 6), 0.5)))
    runs.train(run, 3)
    found = picture(run, "latent", latent_density=True)
    assert np.isfinite(found["mean"]).all()
    assert np.isfinite(found["density"]).all()
    assert_allclose(found["share"], 0, atol=1e-3)


@pytest.mark.parametrize("axes", [(3, 1), None])
def test_the_manifold_of_a_plane_has_zeros_elsewhere(axes: tuple[int, int] | None) -> None:
    run = vae(latent=5)
    found, shown = (
        picture(run, "manifold", latent_axes=axes, manifold_cells=7),
        picture(run, "latent", latent_axes=axes),
    )
    assert_allclose(found["axes"], shown["axes"], atol=1e-5)
    for row, column in ((0, 0), (2, 5), (6, 3)):
        u, v = norm.ppf((column + 0.5) / 7), norm.ppf(1 - (row + 0.5) / 7)
        z = torch.tensor(u * found["axes"][:1] + v * found["axes"][1:], dtype=torch.float32)
        with torch.no_grad():
            expected = run.model.decode(z).numpy().reshape(8, 8)
        assert_allclose(found["images"][row, column], expected, atol=1e-5)


def test_a_plane_that_the_model_has_not_gives_way_to_the_principal_one() -> None:
    run = vae(latent=3)
    assert_allclose(picture(run, "manifold", latent_axes=(0, 7))["axes"], picture(run, "latent")["axes"], atol=1e-6)


@pytest.mark.parametrize(("asked", "cells"), [(1, 5), (5, 5), (31, 31), (500, 31)])
def test_from_5_to_31_cells(asked: int, cells: int) -> None:
    assert picture(vae(), "manifold", manifold_cells=asked)["images"].shape == (cells, cells, 8, 8)


def test_images_in_colour_and_large_ones() -> None:
    run = Trainer(runs.spec(runs.vae()), coloured())
    found = picture(run, "manifold", manifold_cells=5)
    assert found["images"].shape == (5, 5, 6, 8, 3)
    large = Trainer(runs.spec(runs.vae()), coloured((60, 400)))
    with torch.no_grad():
        whole = large.model.decode(torch.zeros(1, 2)).numpy().reshape(30, 2, 200, 2, 3).mean((1, 3))
    assert_allclose(picture(large, "manifold", manifold_cells=5)["images"][2, 2], whole, atol=1e-5)


@pytest.mark.parametrize("data", ["digits", "moons"])
def test_the_datum_under_the_pointer(data: str) -> None:
    run = vae(data=data, likelihood="gaussian")
    found, (mean, std) = picture(run, "datum", datum=4), posteriors(run)
    assert_allclose(found["data"].reshape(-1), run.feed.heldout[4])
    assert_allclose(found["mean"], mean[4], rtol=1e-5, atol=1e-6)
    assert_allclose(found["std"], std[4], rtol=1e-5)
    assert found["kl"] == pytest.approx(0.5 * (mean[4] ** 2 + std[4] ** 2 - 1 - 2 * np.log(std[4])).sum(), rel=1e-3)
    assert found["label"] == run.feed.heldout_labels[4]
    with torch.no_grad():
        expected = run.model.decode(torch.tensor(mean[4:5], dtype=torch.float32)).numpy().reshape(run.source.shape)
    assert_allclose(found["reconstruction"], expected, atol=1e-5)
    assert found["index"] == 4


@pytest.mark.parametrize("focus", [{}, {"datum": None}, {"datum": -1}, {"datum": 297}])
def test_no_datum(focus: Mapping[str, Any]) -> None:
    assert picture(vae(), "datum", **focus) == {}


def test_a_hand_on_the_mouse_is_answered_at_once() -> None:
    assert datum.PROBE.prompt
    assert datum.PROBE.focus == {"datum"}
    assert not latent.PROBE.prompt
