"""The surface of the loss on the plane of the path that training took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from guiapp import messages as m
from guiapp.engine.keyframe import restore_weights
from guiapp.engine.studies import surface_plane
from guiapp.engine.studies.surface import STUDY
from guiapp.engine.studies.surface_loss import PlayerLoss
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture
from guiapp.run_file import keyframe_steps, read_keyframe
from tests.engine import runs
from tests.engine.bench import Bench

pytestmark = pytest.mark.early_keyframes


def study(trainer: Trainer, **options: Any) -> Picture:
    """The last thing it tells."""
    with trainer.quiet():
        return list(STUDY.begin(trainer, {"nodes": 5, "data": 32, **options}))[-1][1]


def recorded(bench: Bench, model: Any, data: str = "digits", steps: int = 40) -> str:
    bench.obey(m.Start(1, runs.spec(model, data), running=False), m.Step(steps))
    bench.until_it_stops()
    bench.worker.settle()
    return str(bench.run_file)


@pytest.mark.parametrize(("model", "data", "player"), [(runs.vae(), "digits", "vae"), (runs.gan(), "ring", "d")])
def test_the_plane_of_the_path_is_that_of_numpys_svd(bench: Bench, model: Any, data: str, player: str) -> None:
    path = recorded(bench, model, data)
    trainer = bench.run.copy(None)
    before = trainer.weights()
    found = study(trainer, directions="path", run_file=path, player=player)
    assert runs.equal(trainer.weights(), before)
    assert trainer.step == 40
    assert found["path_steps"].tolist() == [0, 1, 2, 4, 8, 16, 32, 40]
    assert int(found["keyframes"]) == 8
    theta = []
    other = bench.run.copy(None)
    for step in found["path_steps"].tolist():
        restore_weights(other, read_keyframe(Path(path), step))
        theta.append(np.concatenate([p.detach().numpy().ravel() for p in other.objective.players[player].parameters]))
    points = np.array(theta, float)
    _, singular, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
    np.testing.assert_allclose(found["shares"], singular[:2] ** 2 / (singular**2).sum(), rtol=1e-5)
    flat = (points - points[-1]) @ axes[:2].T
    np.testing.assert_allclose(np.abs(found["path"]), np.abs(flat), atol=1e-4 * np.abs(flat).max())
    assert found["a"][0] < found["path"][:, 0].min() <= 0 <= found["path"][:, 0].max() < found["a"][-1]
    assert found["b"][0] < found["path"][:, 1].min() <= 0 <= found["path"][:, 1].max() < found["b"][-1]
    # The node next to the end of the path, computed anew from the axes of the svd.
    signs = np.sign(found["path"][0] * flat[0])
    weights = points[-1] + (found["a"][1] * signs[0]) * axes[0] + (found["b"][3] * signs[1]) * axes[1]
    loss, start = PlayerLoss(bench.run.copy(None), player, 32), 0
    for tensor, centre in zip(loss.weights, loss.centre, strict=True):
        new = torch.from_numpy(weights[start : start + tensor.numel()].reshape(tensor.shape)).float()
        centre.copy_(new)
        with torch.no_grad():
            tensor.copy_(new)
        start += tensor.numel()
    assert loss.at(())[0] == pytest.approx(found["loss"][3, 1], rel=1e-4)


def test_a_small_reach_lies_around_the_end_of_the_path(bench: Bench) -> None:
    path = recorded(bench, runs.vae())
    whole, part = (study(bench.run.copy(None), directions="path", run_file=path, reach=reach) for reach in (1.0, 0.1))
    np.testing.assert_allclose(part["a"], 0.1 * whole["a"])
    np.testing.assert_allclose(part["path"], whole["path"])


def test_of_a_past_step_the_path_ends_there(bench: Bench) -> None:
    path = recorded(bench, runs.vae())
    bench.obey(m.Study("surface", {"directions": "path", "run_file": path, "nodes": 5, "data": 16}, at=16))
    while bench.worker._studies.busy:
        bench.worker.advance()
    report = bench.last(m.Studied)
    assert (report.step, report.trouble, report.progress) == (16, "", 1)
    assert report.picture["path_steps"].tolist() == [0, 1, 2, 4, 8, 16]
    assert int(report.picture["keyframes"]) == 6


def test_many_keyframes_are_thinned_evenly(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(bench, runs.vae())
    monkeypatch.setattr(surface_plane, "MOST_KEYFRAMES", 4)
    found = study(bench.run.copy(None), directions="path", run_file=path)
    assert found["path_steps"].tolist() == [0, 2, 8, 32, 40]
    assert int(found["keyframes"]) == len(keyframe_steps(Path(path))) == 8


def test_what_has_no_path_is_told(bench: Bench) -> None:
    path = recorded(bench, runs.vae(), steps=1)
    with pytest.raises(ValueError, match="3 keyframes at least, and the run file holds 2 up to step 1; train on"):
        study(bench.run.copy(None), directions="path", run_file=path)
    with pytest.raises(ValueError, match="not recorded"):
        study(bench.run.copy(None), directions="path")


def test_the_run_file_of_another_model_is_told(bench: Bench, tmp_path: Path) -> None:
    path = recorded(bench, runs.vae(), steps=8)
    other = runs.trainer(runs.vae(latent=5))
    other.step = 8
    with pytest.raises(Exception, match="do not fit"):
        study(other, directions="path", run_file=path)
