"""The networks of the study of depth: how they are made, what passes through them, and one step of their training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from guiapp.data.loading import load
from guiapp.data.source import Table
from guiapp.engine.models.layers import Layer, Mlp
from guiapp.spec import Network
from guiapp.theory.propagation import DeepNetwork

LAW_COUNT = 4000  # points drawn from a law to train on
DATA_SEED = 1906


@dataclass(frozen=True)
class Task:
    """Data to classify, of mean 0 and variance 1 over all components and training data: x (N, D), labels (N,)."""

    x: Tensor
    labels: Tensor
    heldout: Tensor
    heldout_labels: Tensor
    classes: int


def task(name: str, device: torch.device) -> Task:
    """The data set `name` of the catalogue, which has labels."""
    source = load(name)
    if isinstance(source, Table):
        x, labels, heldout, wanted = source.train[:], source.train_labels, source.heldout, source.heldout_labels
    else:
        x, labels = source.sample(LAW_COUNT, np.random.default_rng(DATA_SEED))
        heldout, wanted = source.heldout()
    mean, deviation = float(x.mean()), float(x.std())
    points = [torch.as_tensor((part - mean) / deviation, dtype=torch.float32, device=device) for part in (x, heldout)]
    kinds = [torch.as_tensor(np.asarray(part), dtype=torch.int64, device=device) for part in (labels, wanted)]
    return Task(points[0], kinds[0], points[1], kinds[1], len(source.classes))


@dataclass(frozen=True)
class Trace:
    """What one batch leaves in each hidden layer: `outputs` x_1 .. x_L, `slopes` g'(norm(Wx + b)), `spread` the
    deviation that the normalisation divides by (of a unit over the batch (N,), or of a datum over its units (B, 1);
    None without), `normal` what it gives before its scale and shift; and the `logits`."""

    outputs: list[Tensor]
    slopes: list[Tensor]
    spread: list[Tensor | None]
    normal: list[Tensor | None]
    logits: Tensor


def build(network: DeepNetwork, inputs: int, classes: int, seed: int) -> Mlp:
    """The network with its first weights; without biases they are 0 and stay so."""
    hidden = (network.width,) * network.depth
    described = Network(
        hidden=hidden, activation=network.activation, init=network.init, norm=network.norm, skip=network.skip
    )
    model = Mlp(inputs, classes, described, Generator().manual_seed(seed))
    with torch.no_grad():
        for part in model:
            assert isinstance(part, nn.Linear)
            if isinstance(part, Layer):
                part.weight.mul_(network.gain)
            if not network.bias:
                part.bias.zero_()
                part.bias.requires_grad_(False)
    return model


def hidden_layers(model: Mlp) -> list[Layer]:
    """From the input side."""
    return [part for part in model if isinstance(part, Layer)]


def trace(model: Mlp, x: Tensor) -> Trace:
    """Pass x (B, D) through `model` as in training, without touching the running averages. Where gradients are
    recorded, `outputs` and `logits` can be differentiated."""
    outputs: list[Tensor] = []
    slopes: list[Tensor] = []
    spreads: list[Tensor | None] = []
    normals: list[Tensor | None] = []
    for layer in hidden_layers(model):
        a, spread, normal = _normalised(layer, F.linear(x, layer.weight, layer.bias))
        slopes.append(_slope(layer, a))
        h = layer.activation(a)
        x = h + x if layer.skip else h
        outputs.append(x)
        spreads.append(spread)
        normals.append(normal)
    return Trace(outputs, slopes, spreads, normals, model[-1](x))


def _normalised(layer: Layer, a: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
    norm = layer.norm
    if norm is None:
        return a, None, None
    over = 0 if isinstance(norm, nn.BatchNorm1d) else 1
    spread = (a.var(over, unbiased=False, keepdim=True) + norm.eps).sqrt()
    normal = (a - a.mean(over, keepdim=True)) / spread
    return normal * norm.weight + norm.bias, spread, normal


def _slope(layer: Layer, a: Tensor) -> Tensor:
    with torch.enable_grad():
        at = a.detach().requires_grad_()
        (slope,) = torch.autograd.grad(layer.activation(at).sum(), at)
    return slope


@dataclass
class Learner:
    """One setting while it trains: `losses` a step, the first one being that before the first step; `diverged` the step
    from which the loss is no finite number, after which nothing more is done; None: none."""

    network: DeepNetwork
    model: Mlp
    optimiser: torch.optim.Optimizer
    losses: list[float] = field(default_factory=list)
    diverged: int | None = None

    def step(self, x: Tensor, labels: Tensor) -> None:
        """One step of the optimiser on the mean cross entropy, nats, of the batch x (B, D)."""
        if self.diverged is not None:
            self.losses.append(self.losses[-1])
            return
        self.model.train()
        with torch.enable_grad():
            self.optimiser.zero_grad()
            loss = F.cross_entropy(self.model(x), labels)
            self.losses.append(loss.item())
            if not np.isfinite(self.losses[-1]):  # the weights stay as they are, and can be looked at
                self.diverged = len(self.losses) - 1
                return
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()

    def accuracy(self, data: Task, most: int) -> float:
        """Share of the first `most` held-out data whose class has the largest logit, in evaluation mode; NaN where the
        logits are no numbers."""
        self.model.eval()
        with torch.no_grad():
            logits = self.model(data.heldout[:most])
        right = (logits.argmax(1) == data.heldout_labels[:most]).float().mean()
        return float(right) if bool(torch.isfinite(logits).all()) else float("nan")


def learner(network: DeepNetwork, data: Task, kind: str, rate: float, seed: int) -> Learner:
    """A new one; SGD has momentum .9."""
    model = build(network, data.x.shape[1], data.classes, seed).to(data.x.device)
    weights = [p for p in model.parameters() if p.requires_grad]
    if kind == "adam":
        return Learner(network, model, torch.optim.Adam(weights, lr=rate))
    return Learner(network, model, torch.optim.SGD(weights, lr=rate, momentum=0.9))
