"""The pictures that answer a hand in the latent explorer, each computed a second time."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.distributions import Bernoulli, Normal, kl_divergence

from guiapp.data.source import Table
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes import PROBES, decoded, painted
from guiapp.engine.probes.probe import noise
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from tests.engine import runs


def picture(run: Trainer, kind: str, **focus: Any) -> Picture:
    return Darkroom(run, pytest.fail).make(frozenset({kind}), focus, running=False).get(kind, {})


def vae(latent: int = 3, data: str = "digits", steps: int = 5, **fields: Any) -> Trainer:
    run = runs.trainer(runs.vae(latent=latent, **fields), data)
    runs.train(run, steps)
    return run


def test_the_probes_that_answer_a_hand_are_prompt() -> None:
    prompt = {probe.kind: probe.focus for probe in PROBES if probe.prompt}
    assert prompt["decoded"] == {"z"}
    assert prompt["painted"] == {"painted"}


def test_codes_are_decoded_in_their_order() -> None:
    run = vae()
    codes = ((0.5, -1.0, 2.0), (0.0, 0.0, 0.0))
    found = picture(run, "decoded", z=codes)
    with torch.no_grad():
        expected = run.model.decode(torch.tensor(codes)).numpy().reshape(2, *run.source.shape)
    assert_allclose(found["images"], expected, atol=1e-6)
    assert_allclose(found["z"], codes)
    assert found["range"].tolist() == [0.0, 1.0]


def test_a_generator_decodes_noise() -> None:
    run = runs.trainer(runs.gan(noise=4), "ring")
    found = picture(run, "decoded", z=((0.1, 0.2, 0.3, 0.4),))
    assert found["images"].shape == (1, 2)
    assert found["range"].tolist() == [-run.source.extent, run.source.extent]  # type: ignore[union-attr]
    assert picture(run, "codes") == {}, "it has no encoder"


@pytest.mark.parametrize("z", [None, (), ((1.0, 2.0),), ((1.0, 2.0, 3.0), (1.0, 2.0))])
def test_codes_of_another_model_decode_to_nothing(z: Any) -> None:
    assert picture(vae(), "decoded", z=z) == {}


def test_no_more_than_a_screen_shows_is_decoded() -> None:
    run = vae(latent=64)
    assert len(picture(run, "decoded", z=((0.0,) * 64,) * 1000)["images"]) == decoded.MOST
    begun = perf_counter()
    for number in range(20):
        picture(run, "decoded", z=((float(number),) * 64,) * 90)
    assert (perf_counter() - begun) / 20 < 0.05


def test_codes_are_the_means_of_held_out_data_in_all_dimensions() -> None:
    run = vae(latent=5)
    assert isinstance(run.model, VaeModel)
    with torch.no_grad():
        mean, _ = run.model.encode(run.feed.heldout)
    found = picture(run, "codes")
    assert found["mean"].shape == (len(found["labels"]), 5)
    assert_allclose(found["mean"], mean[: len(found["mean"])], atol=1e-6)


@pytest.mark.parametrize("bound", ["elbo", "importance weighted"])
def test_a_painted_image_has_the_posterior_and_the_elbo_of_its_values(bound: Any) -> None:
    run = vae(bound=bound)
    assert isinstance(run.model, VaeModel)
    levels = np.arange(64, dtype=np.uint8) * 4
    found = picture(run, "painted", painted=levels.tobytes())
    x = torch.from_numpy(levels.astype(np.float32)[None] / 255)
    with torch.no_grad():
        mean, log_var = run.model.encode(x)
        q = Normal(mean, (log_var / 2).exp())
        z = q.mean + q.stddev * noise(run, painted.DRAWS, 3)
        likely = Bernoulli(logits=run.model.decoder(z), validate_args=False).log_prob(x).sum(1).mean()
        kl = kl_divergence(q, Normal(0.0, 1.0))
        back = run.model.decode(mean).numpy().reshape(8, 8)
    assert_allclose(found["data"].ravel(), levels / 255, atol=1e-6)
    assert_allclose(found["mean"], mean[0], atol=1e-6)
    assert_allclose(found["std"], q.stddev[0], rtol=1e-5)
    assert_allclose(found["reconstruction"], back, atol=1e-6)
    assert_allclose(found["cost"], -likely, rtol=1e-4)
    assert_allclose(found["kl_each"], kl[0], rtol=1e-4, atol=1e-6)
    assert_allclose(found["kl"], kl.sum(), rtol=1e-4, atol=1e-6)


def test_bytes_span_the_range_of_the_data() -> None:
    values = np.linspace(-3, 5, 40 * 4, dtype=np.float32).reshape(40, 4)
    table = Table("made", "Made", values, None, values[:5], None, (2, 2), (), -3.0, 5.0, "")
    run = Trainer(runs.spec(runs.vae(likelihood="gaussian")), table)
    found = picture(run, "painted", painted=bytes([0, 255, 51, 0]))
    assert_allclose(found["data"], [[-3, 5], [-1.4, -3]], atol=1e-5)
    assert found["range"].tolist() == [-3.0, 5.0]


def test_a_point_is_placed_by_its_numbers() -> None:
    found = picture(vae(data="moons", likelihood="gaussian"), "painted", painted=(0.25, -0.5))
    assert found["data"].tolist() == [0.25, -0.5]
    assert found["reconstruction"].shape == (2,)


@pytest.mark.parametrize("datum", [None, b"", bytes(63), (0.0,) * 65])
def test_a_datum_of_another_shape_is_left(datum: Any) -> None:
    assert picture(vae(), "painted", painted=datum) == {}


@pytest.mark.parametrize(("value", "ends"), [(0.5, (0.0, 1.0)), (0.0, (0.0, 1.0)), (7.0, (6.5, 7.5))])
def test_data_of_one_value_lie_between_black_and_white_and_can_be_painted_over(
    value: float, ends: tuple[float, float]
) -> None:
    spec = runs.spec(runs.vae(likelihood="gaussian"))
    run = Trainer(spec, runs.table(np.full((30, 4), value)))
    assert picture(run, "decoded", z=((0.0,) * run.spec.model.latent,))["range"].tolist() == list(ends)  # type: ignore[union-attr]
    made = picture(run, "painted", painted=bytes([0, 255, 0, 255]))
    assert made["data"].tolist() == [ends[0], ends[1]] * 2
    assert made["range"].tolist() == list(ends)
