"""The surface of the loss against closed forms and against the trainer's own loss."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from guiapp import messages as m
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.models import evidence
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies import surface, surface_plane
from guiapp.engine.studies.surface import STUDY
from guiapp.engine.studies.surface_loss import SEED, PlayerLoss
from guiapp.engine.studies.surface_plane import Plane, random_plane
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.spec import Network
from tests.engine import runs
from tests.engine.bench import Bench
from tests.engine.exact import LinearGaussian, linear_gaussian

pytestmark = pytest.mark.early_keyframes


def study(trainer: Trainer, **options: Any) -> Picture:
    """The last thing it tells."""
    return told(trainer, **options)[-1][1]


def told(trainer: Trainer, **options: Any) -> list[tuple[float, Arrays]]:
    with trainer.quiet():
        return list(STUDY.begin(trainer, {"nodes": 5, "data": 32, **options}))


@pytest.fixture(scope="module")
def linear() -> LinearGaussian:
    return linear_gaussian(6, 2, sigma=0.8, shift=0.1, widen=1.3)


# ------------------------------------------------------------------------------------------------------ closed forms


def test_the_surface_of_a_linear_vae_is_its_closed_form(linear: LinearGaussian) -> None:
    trainer = linear.trainer
    found = study(trainer, nodes=7, data=40, seed=3, reach=0.7)
    copy = Trainer(trainer.spec, trainer.source)
    x = copy.feed.batch(40).numpy().astype(float)
    eps = torch.randn((1, 40, 2), generator=torch.Generator().manual_seed(trainer.spec.seed + SEED)).numpy()[0]
    weights = trainer.objective.players["vae"].parameters
    plane = random_plane(trainer, weights, 3, 0.7)
    w, d, e = ([t.detach().numpy().astype(float) for t in part] for part in (weights, *plane.directions))
    np.testing.assert_allclose(found["a"], np.linspace(-0.7, 0.7, 7), atol=1e-15)
    for i, b in enumerate(found["b"]):
        for j, a in enumerate(found["a"]):
            encoder, bias, decoder, out = (p + a * q + b * r for p, q, r in zip(w, d, e, strict=True))
            mean, log_var = np.split(x @ encoder.T + bias, 2, 1)
            z = mean + np.exp(log_var / 2) * eps
            error = ((x - z @ decoder.T - out) ** 2).sum(1) / (2 * 0.8**2) + 3 * np.log(2 * np.pi * 0.8**2)
            kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(1)
            assert found["reconstruction"][i, j] == pytest.approx(error.mean(), rel=1e-5)
            assert found["kl"][i, j] == pytest.approx(kl.mean(), rel=1e-5)
            assert found["loss"][i, j] == pytest.approx((error + kl).mean(), rel=1e-5)


def test_curvatures_are_those_of_a_quadratic() -> None:
    """L = ½ vᵀHv + gᵀv + c has the second derivative dᵀHd along d, by second differences exactly."""
    rng = np.random.default_rng(0)
    H, g, (d, e) = rng.normal(size=(5, 5)), rng.normal(size=5), rng.normal(size=(2, 5))
    H = H + H.T

    def at(shifts: Any) -> tuple[float]:
        v = sum((a * direction[0] for a, direction in shifts), np.zeros(5))
        return (float(0.5 * v @ H @ v + g @ v + 7),)

    loss: Any = SimpleNamespace(parts=("loss",), at=at)
    directions: Any = ([d], [e])
    plane = Plane(directions, np.zeros(2), np.array([2.0, 0.5]), {})
    found = list(surface._over(loss, plane, 9, {}, 0.0))[-1][1]
    assert float(found["curvature_1"]) == pytest.approx(d @ H @ d)
    assert float(found["curvature_2"]) == pytest.approx(e @ H @ e)
    assert float(found["centre"]) == 7
    np.testing.assert_allclose(found["spacing"], [0.5, 0.125])
    v = found["a"][6] * d + found["b"][1] * e
    assert found["loss"][1, 6] == pytest.approx(0.5 * v @ H @ v + g @ v + 7), "rows are b, columns a"


# ------------------------------------------------------------------------------------------- the trainer's own loss


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"bound": "importance weighted", "draws": 3},
        {"schedule": "linear", "warmup": 100, "beta": 4.0},
        {"free_bits": 0.3},
        {"likelihood": "gaussian, optimal σ"},
        {"likelihood": "gaussian, learned σ", "averaged": True},
    ],
)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_the_centre_is_the_loss_of_a_vae_on_that_batch(fields: dict[str, Any], norm: Any) -> None:
    trainer = runs.trainer(runs.vae(Network(hidden=(16,), norm=norm), latent=3, **fields))
    runs.train(trainer, 20)
    copy = Trainer(trainer.spec, trainer.source)
    copy.model.load_state_dict(trainer.model.state_dict())
    copy.step = trainer.step
    found = study(copy)
    model, spec, objective = copy.model, copy.spec.model, copy.objective
    assert isinstance(model, VaeModel)
    model.train()
    x = Trainer(trainer.spec, trainer.source).feed.batch(32)
    generator = torch.Generator().manual_seed(trainer.spec.seed + SEED)
    eps = torch.randn((spec.draws, 32, 3), generator=generator)  # type: ignore[union-attr]
    beta = 4 * 21 / 100 if "warmup" in fields else spec.beta  # type: ignore[union-attr]
    terms = evidence.terms(model, x, eps, spec, beta)  # type: ignore[arg-type]
    assert found["centre"] == found["loss"][2, 2] == terms.loss.item()
    assert found["centre_kl"] == terms.kl.item()
    assert found["centre_reconstruction"] == terms.reconstruction.item()
    assert objective.players.keys() == {"vae"}


GANS: tuple[dict[str, Any], ...] = (
    {},
    {"objective": "Wasserstein", "slope": "gradient penalty"},
    {"r1": 2.0, "instance_noise": 0.1},
    {"packing": 2},
)


@pytest.mark.parametrize("fields", GANS)
@pytest.mark.parametrize("player", ["d", "g"])
def test_the_centre_is_the_loss_of_a_player_on_that_batch(fields: dict[str, Any], player: str) -> None:
    trainer = runs.trainer(runs.gan(Network(hidden=(16,), norm="layer"), **fields), "ring")
    runs.train(trainer, 20)
    copy, other = (Trainer(trainer.spec, trainer.source) for _ in range(2))
    for one in (copy, other):
        one.model.load_state_dict(trainer.model.state_dict())
    found = study(copy, player=player)
    assert isinstance(other.objective, GanObjective)
    other.objective.noise.manual_seed(trainer.spec.seed + SEED)
    want = other.objective.loss(other.spec.model, 32, player, 21).item()
    assert found["centre"] == found["loss"][2, 2] == want
    assert "kl" not in found
    assert len(np.unique(found["loss"])) > 20
    copy.objective.noise.manual_seed(trainer.spec.seed + SEED)
    again = study(copy, player=player)
    np.testing.assert_array_equal(again["loss"], found["loss"])


def test_the_other_player_stands_still() -> None:
    trainer = runs.trainer(runs.gan(), "ring")
    seen: dict[str, torch.Tensor] = {}
    for player in ("d", "g"):
        loss = PlayerLoss(trainer, player, 16)
        moved = [torch.ones_like(weight) for weight in loss.weights]
        before = trainer.weights()
        judge = trainer.model.discriminator
        handle = judge.register_forward_pre_hook(lambda *_: seen.update(trainer.weights()))
        loss.at(((0.5, moved),))
        handle.remove()
        changed = {name.split(".")[0] for name in before if not torch.equal(before[name], seen[name])}
        assert changed == {"discriminator" if player == "d" else "generator"}
        assert runs.equal(trainer.weights(), before), "put back"


def test_spectral_norms_are_iterated_until_they_hold() -> None:
    """Far away the one iteration of a training step would leave a Lipschitz constant above 1."""
    trainer = runs.trainer(runs.gan(Network(hidden=(16, 16)), spectral=True), "ring")
    runs.train(trainer, 10)
    loss = PlayerLoss(trainer, "d", 16)
    layer, largest = trainer.model.discriminator[1], list[float]()

    def look(layer: nn.Module, _given: Any, _made: Any) -> None:
        layer.eval()  # else to look would iterate once more
        largest.append(float(torch.linalg.matrix_norm(layer.weight, 2)))  # type: ignore[arg-type]
        layer.train()

    handle = layer.register_forward_hook(look)
    loss.at(((5.0, random_plane(trainer, loss.weights, 0, 5.0).directions[0]),))
    handle.remove()
    assert largest == [pytest.approx(1, abs=0.03)]


# ------------------------------------------------------------------------------------------------------- directions


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (runs.vae(Network(hidden=(12, 12), norm="batch"), likelihood="gaussian, learned σ"), "digits"),
        (runs.vae(Network(hidden=(4, 6), layers="convolutional")), "digits"),
        (runs.gan(Network(hidden=(8,)), spectral=True), "ring"),
    ],
)
def test_directions_are_normalised_filter_by_filter(model: Any, data: str) -> None:
    trainer = runs.trainer(model, data)
    for player in trainer.objective.players.values():
        plane = random_plane(trainer, player.parameters, 7, 1.0)
        filters = 0
        for direction in plane.directions:
            for name, weight, d in zip(player.names, player.parameters, direction, strict=True):
                if weight.ndim < 2:
                    assert (d == 0).all(), name
                    continue
                axis = 1 if name.startswith("decoder") and weight.ndim == 4 else 0
                for j in range(weight.shape[axis]):
                    filters += 1
                    one, other = d.select(axis, j), weight.detach().select(axis, j)
                    assert float(one.norm()) == pytest.approx(float(other.norm()), rel=1e-5), name
        assert filters > 15
        first, second = (torch.cat([d.flatten() for d in direction]) for direction in plane.directions)
        assert abs(float(first @ second / first.norm() / second.norm())) < 0.3


def test_the_transposed_filters_are_told_apart_by_the_layer() -> None:
    model = nn.Sequential(nn.ConvTranspose2d(3, 5, 4), nn.Conv2d(5, 3, 4))
    assert surface_plane._transposed(model) == {id(model[0].weight)}


def test_a_seed_gives_the_same_directions_and_another_one_others() -> None:
    trainer = runs.trainer(runs.vae())
    first, again, other = (study(trainer, seed=seed)["loss"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first[2, 2] == other[2, 2]


# ---------------------------------------------------------------------------------------------------- how it is told


@pytest.mark.parametrize(
    ("nodes", "grids"), [(5, [5]), (13, [7, 13]), (25, [7, 13, 25]), (51, [11, 51]), (49, [7, 13, 25, 49])]
)
def test_coarse_grids_come_first(nodes: int, grids: list[int]) -> None:
    loss: Any = SimpleNamespace(parts=("loss",), at=lambda shifts: (sum(a for a, _ in shifts),))
    directions: Any = ([], [])
    reports = list(surface._over(loss, Plane(directions, np.zeros(2), np.ones(2), {}), nodes, {}, 0.0))
    shown = [found["loss"] for _, found in reports if "loss" in found]
    assert list(dict.fromkeys(len(grid) for grid in shown)) == grids
    progress = [far for far, _ in reports]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert max(progress[:-1]) < 1
    assert len(reports) == nodes**2 + 2
    for _, found in reports:
        if "loss" in found:
            assert 0.0 in found["a"].tolist()
            assert (found["a"][0], found["b"][-1]) == (-1, 1)
            np.testing.assert_allclose(found["loss"], found["a"][None] + found["b"][:, None])


def test_what_is_not_finite_stays_so() -> None:
    trainer = runs.trainer(runs.vae(Network(hidden=(16,) * 12), likelihood="gaussian"))
    found = study(trainer, reach=100.0)
    assert (~np.isfinite(found["loss"])).any()
    assert np.isfinite(found["loss"][2, 2])
    with torch.no_grad():
        trainer.model.decoder[0].weight.fill_(torch.nan)
    assert np.isnan(study(trainer)["loss"]).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"nodes": 24}, "must be odd"),
        ({"nodes": 53}, "nodes takes whole numbers from 5 to 51, not 53"),
        ({"nodes": "many"}, "not 'many'"),
        ({"data": 1}, "from 2 to 4,096"),
        ({"seed": -1}, "seed takes"),
        ({"reach": 0.0}, "the extent takes 0.001 to 100"),
        ({"reach": float("nan")}, "the extent takes"),
        ({"directions": "north"}, "not 'north'"),
        ({"player": "dealer"}, "the players are d and g, not 'dealer'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        study(runs.trainer(runs.gan(), "ring"), **options)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (runs.vae(Network(hidden=(16,), norm="batch"), likelihood="gaussian, optimal σ"), "digits"),
        pytest.param(
            runs.gan(Network(hidden=(16,), norm="batch"), spectral=True, averaging=0.9),
            "ring",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_training_is_bit_equal_with_the_study_beside_it(tmp_path: Path, model: Any, data: str) -> None:
    weights, rows = [], []
    for name in ("with", "without"):
        bench = Bench(tmp_path / name)
        bench.obey(m.Start(1, runs.spec(model, data), running=False), m.Run())
        bench.advance(20)
        bench.worker.settle()
        for directions in ("random", "path") if name == "with" else ():
            options = {"directions": directions, "run_file": str(bench.run_file), "nodes": 5, "player": "d"}
            bench.obey(m.Study("surface", options))
            while bench.worker._studies.busy:
                bench.worker.advance()
            assert bench.last(m.Studied).trouble == ""
        bench.obey(m.Run(until=400))
        bench.until_it_stops()
        weights.append(bench.trainer.weights())
        rows.append(bench.rows()[:, 1:])
        bench.worker.close()
    assert runs.equal(*weights)
    np.testing.assert_array_equal(*rows)


def test_evaluations_leave_weights_buffers_and_mode_as_they_were() -> None:
    trainer = runs.trainer(runs.gan(Network(hidden=(16,), norm="batch"), spectral=True), "ring")
    runs.train(trainer, 5)
    before = trainer.weights()
    study(trainer, player="g")
    study(trainer, player="d")
    assert runs.equal(trainer.weights(), before)
    assert trainer.model.training
