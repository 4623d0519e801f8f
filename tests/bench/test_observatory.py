"""What the observatory costs is measured by trainers that make the same weights; its figures belong to the bench."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import pytest
from torch import Tensor

from guiapp import presets
from guiapp.bench import figures, observatory
from guiapp.bench.heat_map import heat_map_cost
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.layer_statistics import LayerStatistics
from guiapp.engine.objectives import Row
from guiapp.engine.trainer import Trainer
from tests.engine import runs


@pytest.mark.slow  # TensorBoard takes seconds to load
def test_what_takes_long_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics that take twenty times as long as an iteration belong to all instruments, and not to the gradients."""
    now, iterate, read = [0.0], GanObjective.iterate, LayerStatistics.read

    def iterating(self: GanObjective, *args: Any) -> Row:
        now[0] += 0.001
        return iterate(self, *args)

    def reading(self: LayerStatistics, *args: Any) -> Tensor:
        now[0] += 0.02
        return read(self, *args)

    monkeypatch.setattr(GanObjective, "iterate", iterating)
    monkeypatch.setattr(LayerStatistics, "read", reading)
    monkeypatch.setattr(observatory, "perf_counter", lambda: now[0])
    monkeypatch.setattr(observatory, "PEER_STEPS", 2)
    monkeypatch.setattr(observatory, "ADVANCE", 0.0)
    found = observatory.observatory_cost("gan-ring", 1, steps=4)
    assert found["gradients"] == pytest.approx(0, abs=1e-6)
    assert found["all"] == pytest.approx(2000)
    assert (found["peer"] is None) is (importlib.util.find_spec("tensorboard") is None)


@pytest.mark.parametrize("model", [runs.vae(), runs.gan(updates="simultaneous")], ids=["vae", "gan"])
def test_a_player_that_tells_nothing_trains_the_same(model: object) -> None:
    one, other = (runs.trainer(model) for _ in range(2))  # type: ignore[arg-type]
    players = other.objective.players
    other.objective.players = {name: observatory.Unmeasured(player) for name, player in players.items()}
    rows = [runs.train(run, 5) for run in (one, other)]
    assert runs.equal(one.weights(), other.weights())
    assert math.isnan(runs.column(other, rows[1], one.names[one.names.index(f"grad/{one.tensors[0][0]}")])[-1])


def test_the_models_are_there() -> None:
    for name in figures.OBSERVED:
        assert name == observatory.DEEP or isinstance(Trainer(presets.load(name).spec), Trainer)


def test_the_map_is_measured(qapp: object) -> None:
    assert 0 < heat_map_cost(5, 1000) < math.inf
