"""The columns activation/…, dead/…, saturated/… and snr/… against a second computation, and that they cost no bit."""

from __future__ import annotations

import math
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose
from torch import Tensor, nn

from guiapp.engine import layer_statistics
from guiapp.engine.aside import beside, gradients, hidden_layers, root_mean_square, tapped, twin
from guiapp.engine.keyframe import pack, restore
from guiapp.engine.models.convolution import Down, Up
from guiapp.engine.models.layers import Layer
from guiapp.engine.resume import OF_LAYERS, resumed
from guiapp.engine.trainer import Trainer
from guiapp.run_file import read_run
from guiapp.spec import Network
from tests import by_hand
from tests.engine import runs
from tests.engine.test_determinism import MODELS
from tests.engine.test_every_model import BASES, build

# Each activation and each normalisation with dense layers and with convolutions.
PARTS = tuple(
    (base, parts)
    for base in (BASES[0], BASES[5], BASES[6], BASES[12], BASES[15], BASES[16])
    for parts in (
        ("relu", "he", "none", True),
        ("sigmoid", "glorot", "batch", False),
        ("gelu", "pytorch", "layer", True),
        ("maxout", "orthogonal", "batch", True),
    )
)
OTHERS = (
    ("tanh", "glorot", "none", False),
    ("elu", "he", "layer", True),
    ("leaky relu", "he", "batch", False),
)


def measured(run: Trainer, step: int = 100) -> dict[str, float]:
    values = run.statistics.read(run.spec.model, run.spec.batch, step).tolist()
    return dict(zip(run.statistics.names, values, strict=True))


def functions(name: str) -> tuple[Any, Any, float]:
    """g, g′ and max |g′| by the book."""
    normal = torch.distributions.Normal(0.0, 1.0)
    book: dict[str, tuple[Any, Any, float]] = {
        "relu": (F.relu, lambda a: (a > 0).float(), 1.0),
        "leaky relu": (F.leaky_relu, lambda a: torch.where(a > 0, 1.0, 0.01), 1.0),
        "elu": (F.elu, lambda a: torch.where(a > 0, torch.ones_like(a), a.exp()), 1.0),
        "gelu": (F.gelu, lambda a: normal.cdf(a) + a * normal.log_prob(a).exp(), 1.1289),  # type: ignore[no-untyped-call]
        "tanh": (torch.tanh, lambda a: 1 - a.tanh() ** 2, 1.0),
        "sigmoid": (torch.sigmoid, lambda a: a.sigmoid() * (1 - a.sigmoid()), 0.25),
    }
    return book[name]


def inputs_of(run: Trainer, step: int) -> dict[str, list[Tensor]]:
    """What hooks see go into each hidden layer in the pass of D or of the VAE."""
    seen: dict[str, list[Tensor]] = {}
    hooks = []
    for name, module in run.model.named_modules():
        if isinstance(module, Layer | Down | Up) and name in run.statistics.layers:

            def keep(_m: nn.Module, x: tuple[Tensor], _out: Tensor, name: str = name) -> None:
                seen.setdefault(name, []).append(x[0])

            hooks.append(module.register_forward_hook(keep))
    other = twin(run.objective, run.spec.seed, step)
    with beside(run.model, gradients=False):
        other.parts(run.spec.model, run.spec.batch, "d" if "d" in other.players else "vae", step)
    for hook in hooks:
        hook.remove()
    return seen


def before_g(module: Any, x: Tensor) -> Tensor:
    if isinstance(module, Layer):
        h = x @ module.weight.T + module.bias
    elif isinstance(module, Down):
        h = F.conv2d(x, module.weight, module.bias, stride=2, padding=1)
    else:
        odd = module.output_padding
        h = F.conv_transpose2d(x, module.weight, module.bias, stride=2, padding=1, output_padding=odd)
    kind = type(module.norm)
    if kind in (nn.BatchNorm1d, nn.BatchNorm2d):
        over = [0] if h.ndim == 2 else [0, 2, 3]
        spread = (h.var(over, correction=0, keepdim=True) + 1e-5).sqrt()
        h = (h - h.mean(over, keepdim=True)) / spread
    elif kind in (nn.LayerNorm, nn.GroupNorm):
        over = list(range(1, h.ndim))
        h = (h - h.mean(over, keepdim=True)) / (h.var(over, correction=0, keepdim=True) + 1e-5).sqrt()
    if module.norm is not None:
        shape = (1, -1) if h.ndim == 2 else (1, -1, 1, 1)
        h = h * module.norm.weight.reshape(shape) + module.norm.bias.reshape(shape)
    return h


@pytest.mark.parametrize(("base", "parts"), [*PARTS, *((BASES[0], p) for p in OTHERS)], ids=str)
def test_each_layer_against_hooks_and_formulas(base: Any, parts: Any) -> None:
    run = build(base, parts)
    runs.train(run, 3)
    found, seen = measured(run), inputs_of(run, 100)
    assert seen.keys() == run.statistics.layers.keys()
    for name, xs in seen.items():
        module = run.model.get_submodule(name)
        with torch.no_grad():
            before = [before_g(module, x) for x in xs]
        a = torch.cat(before)
        if parts[0] == "maxout":
            after = a.unflatten(1, (-1, 5)).amax(2)  # type: ignore[no-untyped-call]
            assert math.isnan(found[f"dead/{name}"])
            assert math.isnan(found[f"saturated/{name}"])
        else:
            g, slope, most = functions(parts[0])
            after = g(a)
            units = np.moveaxis(after.numpy(), 1, 0).reshape(after.shape[1], -1)
            assert found[f"dead/{name}"] == pytest.approx((units == 0).all(1).mean())
            low = (slope(a).abs() < 0.01 * most).double().mean().item()
            assert found[f"saturated/{name}"] == pytest.approx(low, abs=2 / a.numel())
        assert found[f"activation/{name}"] == pytest.approx(after.double().square().mean().sqrt().item(), rel=1e-4)


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base[0]}-{base[2]}-{len(base[1])}")
def test_the_signal_to_noise_ratio_against_gradients_of_backward(base: Any) -> None:
    run = build(base, ("tanh", "glorot", "none", False))
    runs.train(run, 2)
    found = measured(run, 500)
    other = twin(run.objective, run.spec.seed, 500)
    with beside(run.model, gradients=True):
        for player, one in other.players.items():
            each: list[list[np.ndarray]] = []
            for _ in range(8):
                run.model.zero_grad()
                other.loss(run.spec.model, 2, player, 500).backward()  # type: ignore[no-untyped-call]
                each.append([p.grad.numpy().astype(float).copy() for p in one.parameters])  # type: ignore[union-attr]
            for name, parts in zip(one.names, zip(*each, strict=True), strict=True):
                stacked = np.stack(parts)
                with np.errstate(invalid="ignore"):  # a hinge loss may pull D's last bias up as much as down
                    expected = np.linalg.norm(stacked.mean(0)) / np.sqrt(stacked.var(0, ddof=1).sum())
                assert found[f"snr/{name}"] == pytest.approx(expected, rel=1e-3, nan_ok=True), name
    run.model.zero_grad()


def test_a_gradient_without_noise_and_pure_noise() -> None:
    """Known means and variances: of 5,000 numbers N(μ, 1), ratio² = μ² + 1/8 in the mean."""
    parameter = nn.Parameter(torch.zeros(5000))
    rng = torch.Generator().manual_seed(3)
    for mean, scale in ((0.0, 1.0), (2.0, 1.0), (2.0, 1e-25)):
        moments = layer_statistics._Moments([parameter])
        for _ in range(8):
            moments.add((parameter * scale * (mean + torch.randn(5000, generator=rng))).sum())
        assert moments.ratio().item() == pytest.approx(math.sqrt(mean**2 + 1 / 8), rel=0.1)
    moments = layer_statistics._Moments([parameter])
    for _ in range(8):
        moments.add(parameter.sum())
    assert moments.ratio().item() == math.inf


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_statistics, "EVERY", 2)
    monkeypatch.setattr(layer_statistics, "SNR_EVERY", 4)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("name", MODELS)
def test_training_with_and_without_is_the_same_bits(name: str) -> None:
    def trained(with_them: bool) -> tuple[Trainer, np.ndarray]:
        run = runs.trainer(*MODELS[name])
        if not with_them:
            run.statistics.read = lambda *_: torch.full((len(run.statistics.names),), torch.nan)  # type: ignore[method-assign]
        return run, runs.train(run, 9)

    (one, rows), (other, without) = trained(True), trained(False)
    count = len(one.statistics.names)
    assert count
    assert runs.equal(one.weights(), other.weights())
    assert np.array_equal(rows[:, 1:-count], without[:, 1:-count], equal_nan=True)
    assert torch.equal(one.objective.noise.get_state(), other.objective.noise.get_state())
    told = ~np.isnan(rows[:, -count:])
    assert not told[::2].any(), "NaN between two measurements"
    layers = 3 * len(one.statistics.layers)
    assert told[1::2, :layers].all()
    assert np.array_equal(told[:, layers:].all(1), np.arange(1, 10) % 4 == 0)


@pytest.mark.usefixtures("often")
def test_they_depend_on_the_step_alone_and_not_on_what_was_before() -> None:
    run = runs.trainer(*MODELS["gan, batch norm"])
    runs.train(run, 3)
    state, again = pack(run), runs.trainer(*MODELS["gan, batch norm"])
    restore(again, state)
    assert np.array_equal(runs.train(run, 5)[:, 1:], runs.train(again, 5)[:, 1:], equal_nan=True)


def test_nothing_is_left_behind() -> None:
    run = build(BASES[14], ("tanh", "he", "batch", True))
    runs.train(run, 2)
    before = run.weights()
    kept = [[g.clone() for g in player.gradients] for player in run.objective.players.values()]
    torch.manual_seed(5)
    state, replay = torch.get_rng_state(), run.objective.replay
    functions = [layer.module.activation for layer in run.statistics.layers.values()]
    run.model.eval()
    measured(run, 500)
    assert not run.model.training
    assert runs.equal(run.weights(), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert run.objective.replay is replay
    assert all(
        p.grad is None or p.grad is g
        for o in run.objective.players.values()
        for p, g in zip(o.parameters, o.gradients, strict=True)
    )
    for old, player in zip(kept, run.objective.players.values(), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(old, player.gradients, strict=True))
    assert all(layer.module.activation is f for layer, f in zip(run.statistics.layers.values(), functions, strict=True))
    with pytest.raises(RuntimeError, match="on the way"), tapped(run.statistics.layers):
        raise RuntimeError("on the way")
    assert all(layer.module.activation is f for layer, f in zip(run.statistics.layers.values(), functions, strict=True))


@pytest.mark.parametrize("name", ["vae", "gan", "gan, batch norm"])
def test_a_run_that_is_let_go_of_is_gone_at_once(name: str) -> None:
    run = runs.trainer(*MODELS[name])
    runs.train(run, 2)
    measured(run, 500)
    gone = [weakref.ref(thing) for thing in (run.statistics, run.feed, run.objective)]
    del run
    assert [ref() for ref in gone] == [None] * 3


def test_the_columns_come_last_in_the_order_of_the_tensors() -> None:
    run = runs.trainer(runs.gan(), "ring")
    layers = ("generator.0", "generator.1", "discriminator.0", "discriminator.1")
    kinds = tuple(f"{kind}/{layer}" for kind in ("activation", "dead", "saturated") for layer in layers)
    snr = tuple(f"snr/{name}" for name, _ in run.tensors)
    assert run.statistics.names == kinds + snr
    assert run.names[-len(kinds + snr) :] == kinds + snr
    assert run.names[-len(kinds + snr) - 1].startswith("update/")
    run.player = "d"
    rows = runs.train(run, 100)
    assert np.isfinite(runs.column(run, rows, "activation/generator.1")[-1]), "measured though it rests"
    assert np.isnan(runs.column(run, rows, "activation/generator.1")[:-1]).all()


def test_a_linear_model_has_no_layers() -> None:
    run = runs.trainer(runs.vae(Network(hidden=())))
    assert run.statistics.names == tuple(f"snr/{name}" for name, _ in run.tensors)
    assert all(math.isfinite(value) for value in measured(run, 500).values())
    assert all(math.isnan(value) for value in measured(run, 100).values())


def set_layers(run: Trainer, change: Any) -> None:
    with torch.no_grad():
        for layer in hidden_layers(run.model).values():
            change(layer.module)


@pytest.mark.parametrize("layers", ["dense", "convolutional"])
def test_dead_relus(layers: Any) -> None:
    run = runs.trainer(runs.vae(Network(layers, (6, 5))))
    set_layers(run, lambda module: module.bias[:2].fill_(-100))
    values = measured(run)
    sizes = {name: len(layer.module.bias) for name, layer in run.statistics.layers.items()}  # type: ignore[arg-type]
    dead = {name: values[f"dead/{name}"] * size for name, size in sizes.items()}
    assert all(count >= 2 - 1e-4 for count in dead.values())
    set_layers(run, lambda module: module.bias.fill_(-100))
    values = measured(run, 500)
    for name in run.statistics.layers:
        told = [values[f"{kind}/{name}"] for kind in ("activation", "dead", "saturated")]
        assert told == [0, 1, 1]
    assert math.isnan(values["snr/encoder.0.weight"]), "no gradient at all"


def test_saturated_sigmoids() -> None:
    run = runs.trainer(runs.gan(Network(hidden=(8, 8), activation="sigmoid")), "ring")
    assert 0 <= measured(run)["saturated/generator.1"] < 0.1
    set_layers(run, lambda module: module.bias.fill_(30))
    values = measured(run)
    for name in run.statistics.layers:
        assert values[f"saturated/{name}"] == 1
        assert values[f"activation/{name}"] == pytest.approx(1)
        assert values[f"dead/{name}"] == 0


def test_what_explodes_is_shown_as_it_is() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(4,) * 100)))
    set_layers(run, lambda module: module.weight.fill_(10.0))
    values = measured(run, 500)
    found = np.array([values[f"activation/encoder.{i}"] for i in range(100)])
    assert np.isinf(found[-1])
    finite = found[np.isfinite(found)]
    assert finite.max() > 1e30, "the squares of these are no float any more"
    assert_allclose(finite[1:] / finite[:-1], 40, rtol=1e-3)
    assert len(values) == len(run.statistics.names)


def test_width_one_and_a_batch_of_one() -> None:
    run = runs.trainer(runs.vae(Network(hidden=(1,) * 3, activation="tanh")), batch=1)
    assert all(math.isfinite(value) for value in measured(run, 500).values())


def test_a_frozen_tensor_and_one_that_is_never_used() -> None:
    run = runs.trainer(runs.vae())
    player = run.objective.players["vae"]
    player.parameters[0].requires_grad_(False)
    player.parameters[1] = nn.Parameter(torch.ones(16))  # which no pass looks at
    values = measured(run, 500)
    assert math.isnan(values[f"snr/{player.names[0]}"])
    assert math.isnan(values[f"snr/{player.names[1]}"])
    assert all(math.isfinite(values[f"snr/{name}"]) for name in player.names[2:])
    assert gradients(torch.zeros(()), [torch.ones(2)]) == [None]


def test_the_root_mean_square_neither_overflows_nor_underflows() -> None:
    for scale in (1e-30, 1.0, 1e30):
        assert root_mean_square(torch.tensor([3.0, 4.0]) * scale).item() == pytest.approx(12.5**0.5 * scale)
    assert root_mean_square(torch.zeros(3)).item() == 0
    assert root_mean_square(torch.tensor([1.0, -math.inf])).item() == math.inf
    assert math.isnan(root_mean_square(torch.tensor([1.0, math.nan])).item())


def test_a_run_that_an_older_version_began_goes_on_without_them(tmp_path: Path) -> None:
    run = runs.trainer(runs.gan(), "ring")
    rows = runs.train(run, 3)
    old = [i for i, name in enumerate(run.names) if not name.startswith(OF_LAYERS)]
    names = tuple(run.names[i] for i in old)
    path = by_hand.write(tmp_path / "old.elbo", 2, run.spec, names, (rows[:, old],), (), {3: pack(run)})
    after = resumed(read_run(path))
    assert after.names == names
    rest, more = runs.train(run, 100), runs.train(after, 100)
    assert np.array_equal(rest[:, old][:, 1:], more[:, 1:], equal_nan=True)
    assert runs.equal(run.weights(), after.weights())


def test_a_layer_that_nothing_passes_through_has_no_numbers() -> None:
    run = runs.trainer(runs.gan(), "ring")
    run.model.generator = nn.Identity()  # type: ignore[assignment]
    values = measured(run)
    assert all(math.isnan(value) for name, value in values.items() if name.startswith("activation/generator."))
    known = [value for name, value in values.items() if name.startswith("activation/discriminator.")]
    assert known
    assert all(value > 0 for value in known)
