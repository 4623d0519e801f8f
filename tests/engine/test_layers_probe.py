"""The picture "layers" against loops over single data, per-sample gradients of torch.func, and known cases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from guiapp.engine.aside import beside, twin
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.keyframe import pack
from guiapp.engine.models import evidence
from guiapp.engine.models.gan import GanModel
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.layers import EDGES
from guiapp.engine.shadow import Shadow
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Network, Vae
from tests.engine import runs
from tests.engine.test_every_model import BASES, build

NUMBERS = ("rms", "mean", "variance", "zeros", "dead", "saturated", "nan", "inf", "delta")


def picture(run: Trainer) -> Picture:
    complaints: list[str] = []
    found = Darkroom(run, complaints.append).make(frozenset({"layers"}), {}, running=False)
    assert not complaints
    return found["layers"]


def rms(x: Any) -> float:
    return float(np.sqrt(np.square(np.asarray(x, float)).mean()))


def test_the_forward_numbers_are_those_of_a_pass_by_hand() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(7, 5))))
    runs.train(run, 30)
    found, other = picture(run), twin(run.objective, run.spec.seed, run.step)
    x = other.feed.batch(16).numpy().astype(float)
    weights = {name: tensor.numpy().astype(float) for name, tensor in run.weights().items()}
    assert found["layer"].tolist() == ["encoder.0", "encoder.1", "decoder.0", "decoder.1"]
    assert found["activation"].tolist() == ["relu"] * 4
    assert found["width"].tolist() == [7, 5, 7, 5]
    for i, layer in enumerate(("encoder.0", "encoder.1")):
        a = x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        x = np.maximum(a, 0)
        expected = [rms(x), x.mean(), x.var(), (x == 0).mean(), (x == 0).all(0).sum(), (a <= 0).mean(), 0, 0]
        for name, value in zip(NUMBERS, expected, strict=False):
            assert found[name][i] == pytest.approx(value, rel=1e-4, abs=1e-6), name
        assert_allclose(found["pre_counts"][i], np.histogram(a.clip(-7.99, 7.99), EDGES)[0])


def vae_data(run: Trainer) -> tuple[Tensor, Tensor]:
    other = twin(run.objective, run.spec.seed, run.step)
    x = other.feed.batch(run.spec.batch)
    return x, torch.randn((1, len(x), 2), generator=other.noise)[0]


def vae_parts(model: VaeModel, weights: dict[str, Tensor], x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Of one datum, in torch's own words."""
    mean, log_var = functional_call(model.encoder, _below("encoder.", weights), (x[None],)).chunk(2, 1)
    z = mean + (log_var / 2).exp() * eps
    out = functional_call(model.decoder, _below("decoder.", weights), (z,))
    q = torch.distributions.Normal(mean, (log_var / 2).exp(), validate_args=False)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum()
    return nn.functional.binary_cross_entropy_with_logits(out, x[None], reduction="sum"), kl


def _below(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


@pytest.mark.parametrize("skip", [False, True])
def test_the_parts_of_the_elbo_are_means_of_gradients_of_single_data(skip: bool) -> None:
    run = runs.trainer(runs.vae(Network(hidden=(9, 9), activation="tanh", skip=skip), beta=3.0))
    runs.train(run, 20)
    found, (x, eps) = picture(run), vae_data(run)
    weights = {name: p.detach() for name, p in run.model.named_parameters()}
    assert found["part"].tolist() == ["reconstruction", "KL"]
    for q, weight in enumerate((1.0, 3.0)):

        def part(w: dict[str, Tensor], x: Tensor, eps: Tensor, q: int = q) -> Tensor:
            return vae_parts(run.model, w, x, eps)[q]  # type: ignore[arg-type]

        each = vmap(grad(part), in_dims=(None, 0, 0))(weights, x, eps)
        for i, name in enumerate(found["tensor"]):
            if q == 1 and name.startswith("decoder"):
                assert math.isnan(found["parts"][q, i]), "the KL knows nothing of the decoder"
            else:
                assert found["parts"][q, i] == pytest.approx(weight * rms(each[name].mean(0)), rel=1e-3), name


@pytest.mark.parametrize("draws", [1, 3])
def test_delta_is_the_slope_of_the_loss_of_single_data(draws: int) -> None:
    """One datum after the other, through a hook that keeps the gradient of each layer's output."""
    run = runs.trainer(runs.vae(Network(hidden=(9, 9), activation="tanh", skip=True), draws=draws))
    runs.train(run, 20)
    found, other = picture(run), twin(run.objective, run.spec.seed, run.step)
    x = other.feed.batch(16)
    eps = torch.randn((draws, 16, 2), generator=other.noise)
    outputs: dict[str, list[Tensor]] = {name: [] for name in found["layer"]}

    def keep(name: str) -> Any:
        def hook(_m: nn.Module, _x: object, out: Tensor) -> None:
            out.retain_grad()
            outputs[name].append(out)

        return hook

    hooks = [run.model.get_submodule(name).register_forward_hook(keep(name)) for name in outputs]
    assert isinstance(run.spec.model, Vae)
    assert isinstance(run.model, VaeModel)
    for b in range(16):
        evidence.terms(run.model, x[b : b + 1], eps[:, b : b + 1], run.spec.model, 1.0).loss.backward()  # type: ignore[no-untyped-call]
    for hook in hooks:
        hook.remove()
    run.model.zero_grad()
    for name, delta in zip(found["layer"], found["delta"], strict=True):
        slopes = torch.cat([out.grad for out in outputs[name]])  # type: ignore[misc]
        assert len(slopes) == 16 * (draws if name.startswith("decoder") else 1)
        assert delta == pytest.approx(rms(slopes), rel=1e-3), name


@pytest.mark.parametrize("packing", [1, 2])
def test_the_parts_of_a_game_are_means_over_single_packs(packing: int) -> None:
    run = runs.trainer(runs.gan(Network(hidden=(9, 9), activation="tanh"), packing=packing, r1=1.0), "ring")
    runs.train(run, 20)
    model = run.model
    assert isinstance(model, GanModel)
    found, other = picture(run), twin(run.objective, run.spec.seed, run.step)
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def judge(w: dict[str, Tensor], pack: Tensor) -> Tensor:
        out: Tensor = functional_call(model.discriminator, _below("discriminator.", w), (pack[None],))
        return out.squeeze()

    def generated(w: dict[str, Tensor], z: Tensor) -> Tensor:
        out: Tensor = functional_call(model.generator, _below("generator.", w), (z,))
        return out.T.flatten()  # a pack has its first coordinates side by side, then its second ones

    softplus = nn.functional.softplus
    real = other.feed.batch(16 * packing).reshape(16, packing, 2).transpose(1, 2).flatten(1)
    z = torch.randn((16, packing, 2), generator=other.noise)
    fake = torch.stack([generated(weights, pack) for pack in z]).detach()
    z_of_g = torch.randn((16, packing, 2), generator=other.noise)
    losses = {
        "D step: data": vmap(grad(lambda w, x: softplus(-judge(w, x))), (None, 0))(weights, real),
        "D step: generated": vmap(grad(lambda w, x: softplus(judge(w, x))), (None, 0))(weights, fake),
        "G step": vmap(grad(lambda w, z: softplus(-judge(w, generated(w, z)))), (None, 0))(weights, z_of_g),
    }
    assert found["part"].tolist() == list(losses)
    for q, (title, each) in enumerate(losses.items()):
        for i, name in enumerate(found["tensor"]):
            if title != "G step" and name.startswith("generator"):
                assert math.isnan(found["parts"][q, i])
            else:
                assert found["parts"][q, i] == pytest.approx(rms(each[name].mean(0)), rel=1e-3), (title, name)


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base[0]}-{base[2]}-{len(base[1])}")
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_every_model_has_all_of_it(base: Any, norm: str) -> None:
    """Shapes, and the sums of the parts: without penalties they are the gradient of the loss, player by player."""
    run = build(base, ("elu", "he", norm, False))
    runs.train(run, 3)
    before = run.weights()
    found = picture(run)
    count, tensors = len(found["layer"]), len(run.tensors)
    assert found["tensor"].tolist() == [name for name, _ in run.tensors]
    assert all(found[name].shape == (count,) for name in NUMBERS)
    assert found["pre_counts"].shape == (count, len(EDGES) - 1)
    assert found["parts"].shape == (len(found["part"]), tensors)
    assert all(found[name].shape == (tensors,) for name in ("g_zeros", "g_nan", "g_inf", "snr"))
    assert np.isfinite(found["delta"]).all()
    expected = run.statistics.signal_to_noise(run.spec.model, run.spec.batch, run.step)
    assert_allclose(found["snr"], expected.numpy())
    assert runs.equal(run.weights(), before)
    other = twin(run.objective, run.spec.seed, run.step)
    if base[1].get("bound"):
        return
    with beside(run.model, gradients=True):
        for player, one in other.players.items():
            parts = other.parts(run.spec.model, run.spec.batch, player, run.step)
            whole = torch.autograd.grad(parts.loss, one.parameters, retain_graph=True, allow_unused=True)
            summed = torch.autograd.grad(sum(parts.named.values()), one.parameters, allow_unused=True)  # type: ignore[arg-type]
            for a, b in zip(whole, summed, strict=True):
                assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def test_without_a_way_for_the_gradient_the_encoder_hears_of_no_reconstruction() -> None:
    run = runs.trainer(runs.vae(estimator="none"))
    found = picture(run)
    of_encoder = np.array([name.startswith("encoder") for name in found["tensor"]])
    assert np.isnan(found["parts"][0, of_encoder]).all()
    assert (found["parts"][0, ~of_encoder] > 0).all()
    assert (found["parts"][1, of_encoder] >= 0).all()


def test_before_the_first_step_there_is_no_gradient_of_one() -> None:
    found = picture(runs.trainer(runs.gan(), "ring"))
    assert np.isnan(found["g_zeros"]).all()
    assert not found["g_nan"].any()
    assert np.isfinite(found["parts"][2]).all(), "D's, through which G's gradient passes, too"


def test_what_is_not_finite_is_counted() -> None:
    run = runs.trainer(runs.vae())
    runs.train(run, 2)
    gradient = run.objective.players["vae"].gradients[0]
    gradient.fill_(1.0)
    gradient[0, :4] = torch.tensor([math.nan, math.inf, -math.inf, 0.0])
    found = picture(run)
    assert (found["g_nan"][0], found["g_inf"][0]) == (1, 2)
    assert found["g_zeros"][0] == pytest.approx(1 / gradient.numel(), rel=1e-3)
    with torch.no_grad():
        dict(run.model.named_parameters())["encoder.0.bias"][:2] = torch.tensor([math.inf, math.nan])
    found = picture(run)
    assert (found["inf"][0], found["nan"][0]) == (16, 16)
    assert found["nan"][1] == 16 * 16
    assert found["pre_counts"][0].sum() == 16 * 15, "Inf in the outermost bin, NaN in none"
    assert np.isnan(found["rms"][0])


def test_a_deep_net_that_explodes_says_inf() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(4,) * 100)))
    with torch.no_grad():
        for layer in run.statistics.layers.values():
            layer.module.weight.fill_(10.0)
    found = picture(run)
    assert found["inf"][99] > 0
    assert np.isinf(found["rms"][99])
    assert np.isfinite(found["rms"][:20]).all()


def test_a_linear_model() -> None:
    found = picture(runs.trainer(runs.gan(Network(hidden=())), "ring"))
    assert all(len(found[name]) == 0 for name in ("layer", "activation", "width", *NUMBERS, "pre_counts"))
    assert found["parts"].shape == (3, 4)


def test_maxout_has_neither_dead_nor_saturated_units() -> None:
    found = picture(runs.trainer(runs.gan(Network(hidden=(6, 6), activation="maxout")), "ring"))
    assert np.isnan(found["dead"]).all()
    assert np.isnan(found["saturated"]).all()
    assert found["width"].tolist() == [6] * 4
    assert found["pre_counts"].sum(1).tolist() == [16 * 6 * 5] * 2 + [2 * 16 * 6 * 5] * 2


def test_a_past_step_has_the_picture_that_it_had() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(8, 8), norm="batch")))
    runs.train(run, 5)
    state, then = pack(run), picture(run)
    runs.train(run, 20)
    shadow = Shadow(state, print, run.source)
    shadow.stand_at(5, lambda: state)
    found = shadow.pictures(frozenset({"layers"}), {})["layers"]
    assert found.keys() == then.keys()
    for name in set(found) - {"g_zeros", "g_nan", "g_inf"}:  # of the step that followed
        assert np.array_equal(found[name], then[name], equal_nan=found[name].dtype.kind == "f"), name
    assert run.step == 25
