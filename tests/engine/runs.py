"""Small runs for the tests of the engine: a tenth of a millisecond to a few milliseconds a step."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from guiapp.data.loading import load
from guiapp.data.source import Source, Table
from guiapp.engine.trainer import Trainer
from guiapp.spec import Data, Gan, Network, Optimiser, RunSpec, Vae

NETWORK = Network(hidden=(16, 16))
Weights = dict[str, torch.Tensor]


@cache
def source(name: str) -> Source:
    """A data set of the catalogue, read once; nothing in the engine writes to it."""
    return load(name)


def vae(network: Network = NETWORK, **fields: Any) -> Vae:
    return Vae(encoder=network, decoder=network, **fields)


def gan(network: Network = NETWORK, **fields: Any) -> Gan:
    return Gan(generator=network, discriminator=network, **fields)


def spec(model: Vae | Gan, data: str = "digits", batch: int = 16, seed: int = 0) -> RunSpec:
    return RunSpec(data=Data(name=data), model=model, batch=batch, seed=seed, device="cpu")


def sgd(lr: float = 0.1, momentum: float = 0.0) -> Optimiser:
    return Optimiser(kind="sgd", lr=lr, momentum=momentum)


def trainer(model: Vae | Gan, data: str = "digits", batch: int = 16, seed: int = 0) -> Trainer:
    return Trainer(spec(model, data, batch, seed), source(data))


def train(run: Trainer, steps: int) -> npt.NDArray[np.float32]:
    """`steps` iterations, each finite; gives their rows."""
    events = run.events()
    assert [next(events) for _ in range(steps)] == [None] * steps
    return run.flush()


def column(run: Trainer, rows: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    return rows[:, run.names.index(name)]


def equal(one: Weights, other: Weights) -> bool:
    """Bit for bit, NaN aside."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def table(values: npt.NDArray[Any], heldout: npt.NDArray[Any] | None = None) -> Table:
    """Plain vectors (N, D) as a data set."""
    train = np.asarray(values, np.float32)
    rest = np.asarray(train[:1] if heldout is None else heldout, np.float32)
    low, high = float(train.min()), float(train.max())
    return Table("made", "Made by hand", train, None, rest, None, train.shape[1:], (), low, high, "")
