"""Each preset of a game shows its effect, and its cure, within a minute of training; minutes in all, hence slow."""

from __future__ import annotations

from collections.abc import Mapping
from time import process_time
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from guiapp import presets
from guiapp.data.loading import open_data
from guiapp.engine.judge import Judge
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, RunSpec
from guiapp.theory import modes
from tests.engine import runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS = 60  # of the processor, so that another program at work fails no test
SEEDS = (0, 1)
EVALUATION = 1000


class Game:
    """A preset in training, judged after every evaluation as a run is."""

    def __init__(self, name: str, seed: int = 0, **changes: Any) -> None:
        spec = presets.load(name).spec
        model = msgspec.structs.replace(spec.model, **changes)
        self.run = Trainer(msgspec.structs.replace(spec, model=model, seed=seed, device="cpu"), open_data(spec.data))
        self.told: list[tuple[int, Mapping[str, Any]]] = []
        self._judge, self.seconds = Judge(self.run), 0.0
        self.rows = np.empty((0, len(self.run.names)), np.float32)

    def train(self, steps: int) -> None:
        """Go on, within the minute."""
        until = self.run.step + steps
        while self.run.step < until:
            began = process_time()
            rows = runs.train(self.run, min(until, (self.run.step // EVALUATION + 1) * EVALUATION) - self.run.step)
            self._judge.watch(rows)
            if self.run.step % EVALUATION == 0:
                self.told += [(self.run.step, told) for told in self._judge.news()]
            self.seconds += process_time() - began
            self.rows = np.concatenate([self.rows, rows])
        assert self.seconds < SECONDS

    def end(self, name: str, steps: int = 200) -> float:
        """The mean over the last `steps`."""
        return float(runs.column(self.run, self.rows, name)[-steps:].mean())

    def metric(self, name: str) -> np.ndarray:
        """All evaluations."""
        values = runs.column(self.run, self.rows, f"metric/{name}")
        return values[np.isfinite(values)]

    def verdicts(self) -> set[str]:
        """Those that were given, over or not."""
        return {told["verdict"] for _, told in self.told}


@pytest.mark.parametrize("seed", SEEDS)
def test_mode_collapse(seed: int) -> None:
    """Measured at seeds 0 to 7: 1 or 2 of the eight modes have their fair share. What it holds is sharp, but it hops:
    in the best of five evaluations 97 to 100 % of the samples are of high quality, in the worst 0 to 65 %. The verdict
    comes at step 8,000, with the first evaluations that suffice for it; on a machine that rounds otherwise one seed
    found a third mode at step 6,000, and there it comes when that has lasted as long as what was before."""
    game = Game("gan-collapse", seed)
    game.train(9000)
    assert game.metric("fair")[-4:].max() <= 4
    assert game.metric("quality")[-5:].max() > 0.4
    assert game.metric("kl_reverse")[-1] > 0.6
    while "mode dropping" not in game.verdicts() and game.run.step < 25_000:
        game.train(EVALUATION)
    verdict = next(told for _, told in game.told if told["verdict"] == "mode dropping")
    assert verdict["confident"]
    assert "of 8 modes" in verdict["evidence"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cure_of_mode_collapse(seed: int) -> None:
    """Measured at seeds 0 to 7: 6 to 8 modes; all 8 at four of them."""
    model = presets.load("gan-collapse").spec.model
    assert isinstance(model, Gan)
    generator, rate = (
        msgspec.structs.replace(model.generator, init="he"),
        msgspec.structs.replace(model.d_optimiser, lr=1e-3),
    )
    game = Game(
        "gan-collapse", seed, generator=generator, d_steps=1, d_optimiser=rate, g_optimiser=rate, averaging=0.999
    )
    game.train(10_000)
    assert game.metric("fair")[-1] >= 5
    assert game.told == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_generators_gradient_vanishes_and_one_edit_brings_it_back(seed: int) -> None:
    """Measured at seeds 0 and 1: the weight of a sample .008 and .006, after the edit .98 and .95, the gradient 75 and
    95 times as large; high-quality samples 0.1 % before, 79 % and 75 % a thousand steps later."""
    game = Game("gan-vanishing", seed)
    game.train(2000)
    weight = "grad/generator.1.weight"
    assert game.end("g_slope") < 0.02
    assert game.end("d_fake") < 0.02, "with the minimax loss both are the same"
    assert game.end("d_acc_fake") > 0.98
    assert "discriminator winning" in game.verdicts()
    faint = game.end(weight)
    game.run.edit("model.objective", "non-saturating")
    game.train(5)
    assert game.end("g_slope", 5) > 0.8, "at the next step"
    assert game.end(weight, 5) > 20 * faint
    game.train(995)
    assert game.metric("quality")[-2] < 0.02
    assert game.metric("quality")[-1] > 0.3, "and now it learns"


@pytest.mark.parametrize("seed", SEEDS)
def test_memorisation(seed: int) -> None:
    game = Game("gan-memorisation", seed)
    game.train(2000)
    assert game.metric("memorisation")[-1] > 0.9
    verdict = next(told for _, told in game.told if told["verdict"] == "memorisation")
    assert verdict["confident"]
    assert len(game.run.feed.train) == 16
    whole = Trainer(
        msgspec.structs.replace(game.run.spec, data=msgspec.structs.replace(game.run.spec.data, limit=0)),
        runs.source("digits"),
    )
    judge = Judge(whole)
    judge.watch(runs.train(whole, 2000))
    assert not [told for told in judge.news() if told["verdict"] == "memorisation"], "on all digits there is none"


def test_a_healthy_game_has_no_verdict() -> None:
    """Slower than the preset, and averaged: without that it drops modes now and then. Measured at seeds 0 to 7: 7 or 8
    of the eight modes have their fair share, at six of them all."""
    model = presets.load("gan-ring").spec.model
    assert isinstance(model, Gan)
    rate = msgspec.structs.replace(model.d_optimiser, lr=5e-4)
    game = Game("gan-ring", d_optimiser=rate, g_optimiser=rate, averaging=0.999)
    game.train(10_000)
    assert game.told == []
    assert game.metric("fair")[-1] >= 6


def test_a_wasserstein_critic() -> None:
    """Measured at seed 0 after 1,000, 2,000 and 3,000 steps: js .256, .232, .126, where the floor is .0066."""
    game = Game("gan-wgan")
    game.train(3000)
    assert game.metric("js")[-1] < 0.2
    assert 0 < game.end("d_penalty") < 1
    assert game.end("g_slope") == 1
    assert game.verdicts() <= {"oscillation"}


def test_gan_labs_own_networks_are_fast() -> None:
    """GAN Lab's ceiling is 60 iterations a second, one a frame; here five times as many, with its networks."""
    game = Game("gan-lab")
    game.train(3000)
    assert 3000 / game.seconds > 5 * 60
    assert game.metric("fair")[-1] == 2
    assert game.metric("js")[-1] < 0.25
    sizes = {name: shape for name, shape in game.run.tensors if name.endswith("weight")}
    assert list(sizes.values()) == [(8, 2), (8, 8), (2, 8), (8, 2), (8, 8), (1, 8)]


def test_convolutions_make_pictures() -> None:
    """Of the variance between the pixels of the data, its pictures have most after 300 steps, and they differ."""
    game = Game("gan-dcgan")
    game.train(300)
    run = game.run
    with run.quiet():
        made = run.model.decode(run.model.draw(200, torch.Generator().manual_seed(0)))  # type: ignore[union-attr]
    data = run.feed.train[:1000]
    assert float((made.mean(0) - data.mean(0)).square().mean()) < 0.5 * float(data.mean(0).var())
    assert float(made.var(0).mean()) > 0.2 * float(data.var(0).mean())


def test_the_published_protocol_is_what_it_says() -> None:
    """Lin et al. 2018: ring of radius 1, σ .01; 4 x 400 with batch normalisation, 3 x 200 maxout, packs of 2."""
    game = Game("gan-pacgan")
    law, spec = game.run.source, game.run.spec
    assert isinstance(spec, RunSpec)
    assert isinstance(spec.model, Gan)
    np.testing.assert_allclose(np.hypot(*law.centres.T), 1, atol=1e-3)  # type: ignore[union-attr]
    np.testing.assert_allclose(law.scales, 0.01, rtol=1e-6)  # type: ignore[union-attr]
    shapes = dict(game.run.tensors)
    assert [shapes[f"generator.{i}.weight"] for i in range(5)] == [(400, 2), *[(400, 400)] * 3, (2, 400)]
    assert [shapes[f"discriminator.{i}.weight"] for i in range(4)] == [(1000, 4), *[(1000, 200)] * 2, (1, 200)]
    weights = game.run.weights()
    assert float(weights["generator.1.weight"].std()) == pytest.approx(0.02, rel=0.02)
    assert spec.model.updates == "simultaneous"
    optimisers = (spec.model.d_optimiser, spec.model.g_optimiser)
    assert {(o.kind, o.lr, o.beta1) for o in optimisers} == {("adam", 1e-4, 0.8)}
    game.train(300)
    assert np.isfinite(game.end("d_loss"))
    assert modes.countable(law.centres, law.scales)  # type: ignore[union-attr]
