"""Small games, and looking over their shoulder."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from guiapp.engine.models.gan import GanModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network
from tests.engine import runs

SMALL = Network(hidden=(8,), activation="tanh")
ALL_AT_ONCE: dict[str, Any] = {
    "spectral": True,
    "averaging": 0.9,
    "packing": 2,
    "updates": "simultaneous",
    "slope": "gradient penalty",
    "r1": 0.1,
    "instance_noise": 0.1,
}


def model_of(run: Trainer) -> GanModel:
    assert isinstance(run.model, GanModel)
    return run.model


def spied(run: Trainer, monkeypatch: pytest.MonkeyPatch, method: str) -> list[tuple[Tensor, ...]]:
    """What `method` of the model is called with, in order."""
    net, calls = run.model, []
    plain = getattr(net, method)

    def spy(*args: Tensor) -> Any:
        calls.append(tuple(a.detach().clone() if isinstance(a, Tensor) else a for a in args))
        return plain(*args)

    monkeypatch.setattr(net, method, spy)
    return calls


def only(player: str, run: Trainer) -> dict[str, float]:
    """A step of one player; its row by name."""
    run.player = player  # type: ignore[assignment]
    return dict(zip(run.names, runs.train(run, 1)[0].tolist(), strict=True))


def clean(network: nn.Module, x: Tensor) -> Tensor:
    """D of a tanh network with one hidden layer, in float64 and from its weights alone."""
    w = {name: p.detach().double() for name, p in network.named_parameters()}
    h = torch.tanh(x.double() @ w["0.weight"].T + w["0.bias"])
    return (h @ w["1.weight"].T + w["1.bias"]).squeeze(1)


def largest(parameters: list[Tensor]) -> float:
    return max(float(p.detach().abs().max()) for p in parameters)


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def slopes(network: nn.Module, x: Tensor) -> Tensor:
    """‖∂a/∂x‖ in closed form: Wᵀ diag(1 - h²) w; (B,)."""
    w = {name: p.detach().double() for name, p in network.named_parameters()}
    h = torch.tanh(x.double() @ w["0.weight"].T + w["0.bias"])
    return (((1 - h**2) * w["1.weight"]) @ w["0.weight"]).norm(dim=1)
