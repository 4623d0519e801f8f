"""Each preset on deep networks shows its effect, and its cure, within a minute of training; minutes in all, hence slow.

Measured at seeds 0 to 2: 3 to 5 ms a step, beside other work on two cores; every effect is there after 1,000 steps,
that of skips at the latest after 5,000."""

from __future__ import annotations

from collections.abc import Mapping
from time import process_time
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from guiapp import presets
from guiapp.engine.judge import Judge
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, Vae
from guiapp.theory import layer_verdicts
from tests.engine import runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SECONDS = 60  # of the processor, so that another program at work fails no test
SEEDS = (0, 1)
EVERY = 1000


class Lesson:
    """A preset in training, judged every 1,000 steps as a run is."""

    def __init__(self, name: str, seed: int = 0, steps: int = 2000, **encoder: Any) -> None:
        spec = presets.load(name).spec
        assert isinstance(spec.model, Vae)
        network = msgspec.structs.replace(spec.model.encoder, **encoder)
        spec = msgspec.structs.replace(
            spec, model=msgspec.structs.replace(spec.model, encoder=network), seed=seed, device="cpu"
        )
        self.run = Trainer(spec, runs.source("digits"))
        self.told: list[Mapping[str, Any]] = []
        self._judge, self._seconds = Judge(self.run), 0.0
        self.rows = np.empty((0, len(self.run.names)), np.float32)
        self.train(steps)

    def train(self, steps: int) -> None:
        """Go on, within the minute."""
        for _ in range(steps // EVERY):
            began = process_time()
            self.rows = runs.train(self.run, EVERY)
            self._judge.watch(self.rows)
            self.told += self._judge.news()
            self._seconds += process_time() - began
        assert self._seconds < SECONDS

    def verdicts(self) -> set[str]:
        """Those that were given, over or not."""
        return {told["verdict"] for told in self.told}

    def verdict(self, kind: str) -> Mapping[str, Any]:
        return next(told for told in self.told if told["verdict"] == kind)

    def profile(self) -> npt.NDArray[np.float64]:
        """log10 of the gradient's RMS of the encoder's hidden layers, input side first: the mean of the last steps."""
        count = len(self.run.spec.model.encoder.hidden)  # type: ignore[union-attr]
        columns = [runs.column(self.run, self.rows, f"grad/encoder.{i}.weight") for i in range(count)]
        means: npt.NDArray[np.float64] = np.stack(columns)[:, -200:].mean(axis=1, dtype=np.float64)
        return np.log10(means)

    def dead(self) -> npt.NDArray[np.float32]:
        """At the last measurement, the fraction of dead units of the encoder's layers."""
        names = [name for name in self.run.names if name.startswith("dead/encoder.")]
        return np.array([runs.column(self.run, self.rows, name)[-1] for name in names])

    def end(self, name: str) -> float:
        """The mean over the last 100 steps, of those that were measured."""
        return float(np.nanmean(runs.column(self.run, self.rows, name)[-100:]))

    def variety(self) -> float:
        """Variance of a pixel over the reconstructions, as a fraction of that over the data; 0: one picture for all."""
        model, x = self.run.model, self.run.feed.heldout
        assert isinstance(model, VaeModel)
        with self.run.quiet():
            made = model.decode(model.encode(x)[0])
        return float(made.var(0).mean() / x.var(0).mean())

    def learns_nothing(self) -> bool:
        """One picture for all data, and a code that says nothing of them."""
        return self.variety() < 0.01 and self.end("kl") < 0.1

    def learns(self) -> bool:
        """Pictures that differ by a quarter of what the data do at the least, and a code of some nats."""
        return self.variety() > 0.25 and self.end("kl") > 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_vanishes_in_twenty_layers_of_sigmoid(seed: int) -> None:
    """Measured at seeds 0 to 2: 16.3 decades over 20 layers, 0.14 a layer; ¼ a layer alone would be 11.4 decades."""
    deep = Lesson("deep-sigmoid", seed)
    assert deep.learns_nothing()
    profile = deep.profile()
    assert (np.diff(profile) > 0).all(), "it falls at each layer"
    assert profile[-1] - profile[0] > 19 * np.log10(4), "at least as fast as the bound of the slopes says"
    verdict = deep.verdict("vanishing gradient")
    assert verdict["confident"]
    assert verdict["layer"] == "encoder.0"
    assert "over 20 layers" in verdict["evidence"]
    assert deep.verdicts() == {"vanishing gradient"}
    assert deep.end("update/encoder.0.weight") < 1e-6 < 1e-5 < deep.end("update/decoder.0.weight")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["deep-relu", "deep-skips"])
def test_both_cures(name: str, seed: int) -> None:
    """Measured at seeds 0 to 2: all hidden layers within a decade; a loss of 24.3 to 25.0 after 2,000 steps, where the
    lesson has 27.1. With skips three of eight seeds need longer: 24.8 to 25.2 after 5,000."""
    cured = Lesson(name, seed, 5000)
    assert cured.learns()
    assert np.ptp(cured.profile()) < 1.2
    assert cured.verdicts() == set()
    assert cured.end("loss") < 26


def test_the_cures_change_nothing_else() -> None:
    sick, relu, skips = (presets.load(name).spec for name in ("deep-sigmoid", "deep-relu", "deep-skips"))
    encoders = []
    for spec in (sick, relu, skips):
        assert isinstance(spec.model, Vae)
        encoders.append(spec.model.encoder)
        assert msgspec.structs.replace(spec.model, encoder=Network()) == msgspec.structs.replace(
            sick.model, encoder=Network()
        )
    assert encoders[1] == msgspec.structs.replace(encoders[0], activation="relu", init="he")
    assert encoders[2] == msgspec.structs.replace(encoders[0], skip=True)


def test_the_remedies_named_help() -> None:
    """Normalising over the batch cures the sigmoid's profile; another learning rate does not."""
    assert Lesson("deep-sigmoid", norm="batch").verdicts() == set()
    slower = Lesson("deep-sigmoid", steps=0)
    slower.run.edit("model.optimiser.lr", 0.01)
    slower.train(2000)
    assert slower.verdict("vanishing gradient")["confident"]
    assert slower.learns_nothing()


@pytest.mark.parametrize("seed", SEEDS)
def test_dead_relus(seed: int) -> None:
    """Measured at seeds 0 to 11: in the median of the layers 85 to 94 % of the units are dead, in one 97 to 100 %; at
    eleven of them it learns nothing at all. At a rate of 0.05 one in eighteen diverges."""
    dead = Lesson("deep-dead", seed)
    assert not dead.learns()
    verdict = dead.verdict("dead units")
    assert verdict["confident"]
    assert verdict["layer"].startswith(("encoder.", "decoder."))
    assert dead.dead().max() > 0.95
    assert np.median(dead.dead()) > layer_verdicts.DEAD
    dead.run.edit("model.optimiser.lr", 0.001)
    dead.train(1000)
    assert not dead.learns(), "a lower rate comes too late"
    assert np.median(dead.dead()) > layer_verdicts.DEAD
    assert ("dead units", True) not in [(told["verdict"], told.get("over")) for told in dead.told]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lower_rate_from_the_start_keeps_them_alive(seed: int) -> None:
    alive = Lesson("deep-dead", seed, steps=0)
    alive.run.edit("model.optimiser.lr", 0.001)
    alive.train(2000)
    assert alive.learns()
    assert alive.verdicts() == set()
    assert alive.dead().max() < 0.6


@pytest.mark.parametrize("name", ["vae-fashion", "vae-digits", "vae-warmup", "gan-ring", "gan-digits"])
def test_healthy_presets_have_no_verdict_on_their_layers(name: str) -> None:
    spec = msgspec.structs.replace(presets.load(name).spec, device="cpu")
    run = Trainer(spec, runs.source(spec.data.name))
    judge = Judge(run)
    for _ in range(1 if name == "vae-fashion" else 3):
        judge.watch(runs.train(run, EVERY))
        assert [told for told in judge.news() if told["verdict"] in layer_verdicts.DEFINITIONS] == []
