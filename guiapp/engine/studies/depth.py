"""Up to four deep networks side by side, at initialisation and while they train: which of them learns, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import torch
from msgspec import Meta, Struct
from torch import Generator

from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.depth_measures import EDGES, Signals, Spectra, signals, spectra
from guiapp.engine.studies.depth_network import Learner, Task, learner, task
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.theory.propagation import DeepNetwork, propagate

MEASURED = 128  # training data, the same at every step, that gradients and activations are measured on
HELDOUT = 500  # held-out data for the accuracy
ACCURACIES = 20  # of these a training has
MILESTONES = (10, 30, 100, 300, 1000, 3000, 10_000)  # steps after which it is measured anew, and after the last


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for; `steps` 0: measure at initialisation alone. `press` comes back as it is."""

    settings: Annotated[tuple[DeepNetwork, ...], Meta(min_length=1, max_length=4)]
    task: Literal["fashion", "digits", "spiral"] = "digits"
    optimiser: Literal["adam", "sgd"] = "adam"
    lr: Annotated[float, Meta(gt=0, le=10)] = 1e-3
    batch: Annotated[int, Meta(ge=2, le=512)] = 64
    steps: Annotated[int, Meta(ge=0, le=20_000)] = 0
    seed: Annotated[int, Meta(ge=0, lt=1 << 32)] = 0
    press: int = 0


def checked(options: Mapping[str, Any]) -> Options:
    """Raises ValueError: something is out of its range, or unknown; the sentence names it."""
    try:
        return msgspec.convert(dict(options), Options)
    except msgspec.ValidationError as error:
        what, _, where = str(error).replace("`", "").partition(" - at $")
        place = re.sub(r"settings\[(\d+)\]\.?", lambda found: f"setting {int(found[1]) + 1} ", where).strip(" .")
        raise ValueError(f"the networks cannot be made; {place + ': ' if place else ''}{what}") from None


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """See `Options`. Each of S networks is measured at initialisation, trained together with the others for `steps`
    steps on the same mini-batches, and measured anew at MILESTONES; L is the largest depth, NaN fills up.

    Returns:
        Nothing while the networks are made; then press, step (): training steps done, steps () to do. depth (S,),
        diverged (S,): the step from which the loss is not finite, -1: none. loss (S, T): mean cross entropy of the
        batch, nats, at each step; accuracy (S, A) on held-out data at accuracy_steps (A,). measured (M,): steps; known
        (S, M): whether it was measured there. gradient (S, M, L+1): RMS by the weights, the output layer at index
        depth; mean, variance, delta (S, M, L): see `Signals`; predicted, predicted_delta (S, L): variance, and
        E δ_l²/E δ_L², by `propagate`. layer, product (S, M, L, 3): see `Spectra`, where sampled (S, M, L);
        layer_counts, product_counts (S, L, K): of the newest measurement, over edges (K+1,) of log10.

    Raises:
        ValueError: an option is out of its range.
    """
    asked = checked(options)
    data = task(asked.task, trainer.device)
    learners: list[Learner] = []
    for network in asked.settings:
        learners.append(learner(network, data, asked.optimiser, asked.lr, asked.seed))
        yield 0.0, {}
    board = Board(asked, data)
    total = asked.steps * len(learners) + len(board.milestones) * sum(n.depth + 1 for n in asked.settings)
    done = 0
    draws = Generator().manual_seed(asked.seed)
    for step in range(asked.steps + 1):
        if step in board.milestones:
            for _ in board.measure(step, learners, data):
                done += 1
                yield min(0.999, done / total), board.told()
        if step in board.accuracy_steps:
            for s, each in enumerate(learners):
                board.take_accuracy(s, step, each.accuracy(data, HELDOUT))
                yield min(0.999, done / total), board.told()
        if step == asked.steps:
            break
        some = torch.randint(len(data.x), (asked.batch,), generator=draws).to(data.x.device)
        for each in learners:
            each.step(data.x[some], data.labels[some])
            done += 1
            yield min(0.999, done / total), board.told()
        board.take_step(step, learners)
    yield 1.0, board.told()


class Board:
    """All that is known so far, in arrays that are filled in place."""

    def __init__(self, asked: Options, data: Task) -> None:
        count, deepest = len(asked.settings), max(network.depth for network in asked.settings)
        self._asked, self._step, self._newest = asked, 0, 0
        self.milestones = sorted({0, *(m for m in MILESTONES if m < asked.steps), asked.steps})
        self.accuracy_steps = sorted({round(i) for i in np.linspace(0, asked.steps, ACCURACIES + 1)})
        self._loss = np.full((count, asked.steps), np.nan)
        self._accuracy = np.full((count, len(self.accuracy_steps)), np.nan)
        self._diverged = np.full(count, -1)
        shape, bins = (count, len(self.milestones), deepest), len(EDGES) - 1
        self._known = np.zeros(shape[:2], np.bool_)
        self._sampled = np.zeros(shape, np.bool_)
        self._gradient = np.full((*shape[:2], deepest + 1), np.nan)
        self._signals = {name: np.full(shape, np.nan) for name in ("mean", "variance", "delta")}
        self._spectra = {name: np.full((*shape, 3), np.nan) for name in ("layer", "product")}
        self._counts = {name: np.zeros((count, deepest, bins), np.int32) for name in ("layer", "product")}
        self._predicted = {name: np.full((count, deepest), np.nan) for name in ("variance", "gradient")}
        x = data.x[:MEASURED].double()
        second, mean = x.square().mean(1).cpu().numpy(), x.mean(1).cpu().numpy()
        for s, network in enumerate(asked.settings):
            found = propagate(network, x.shape[1], second, mean)
            self._predicted["variance"][s, : network.depth] = found.variance
            self._predicted["gradient"][s, : network.depth] = found.gradient

    def measure(self, step: int, learners: list[Learner], data: Task) -> Iterator[None]:
        """Everything, setting by setting and layer by layer."""
        m = self._newest = self.milestones.index(step)
        x, labels = data.x[:MEASURED], data.labels[:MEASURED]
        for s, each in enumerate(learners):
            each.model.train()
            self._take_signals(s, m, signals(each.model, x, labels))
            yield
            for found in spectra(each.model, x):
                self._take_spectra(s, m, found)
                yield

    def take_step(self, step: int, learners: list[Learner]) -> None:
        """All have done the step `step`, counted from 0."""
        self._step = step + 1
        for s, each in enumerate(learners):
            self._loss[s, step] = each.losses[step]
            self._diverged[s] = -1 if each.diverged is None else each.diverged

    def take_accuracy(self, s: int, step: int, accuracy: float) -> None:
        self._accuracy[s, self.accuracy_steps.index(step)] = accuracy

    def told(self) -> Arrays:
        """See `begin`."""
        reached = sum(step <= self._step for step in self.accuracy_steps)
        until = self._newest + 1
        result: Arrays = {name: np.array(getattr(self._asked, name)) for name in ("press", "steps")}
        result |= {
            "step": np.array(self._step),
            "depth": np.array([network.depth for network in self._asked.settings]),
            "diverged": self._diverged,
            "loss": self._loss[:, : self._step],
            "accuracy_steps": np.array(self.accuracy_steps[:reached]),
            "accuracy": self._accuracy[:, :reached],
            "measured": np.array(self.milestones[:until]),
            "known": self._known[:, :until],
            "sampled": self._sampled[:, :until],
            "gradient": self._gradient[:, :until],
            "predicted": self._predicted["variance"],
            "predicted_delta": self._predicted["gradient"],
            "edges": EDGES,
        }
        for values in (self._signals, self._spectra):
            result |= {name: array[:, :until] for name, array in values.items()}
        return result | {f"{name}_counts": counts for name, counts in self._counts.items()}

    def _take_signals(self, s: int, m: int, found: Signals) -> None:
        self._known[s, m] = True
        self._gradient[s, m, : len(found.gradient)] = found.gradient
        for name, array in self._signals.items():
            values = getattr(found, name)
            array[s, m, : len(values)] = values

    def _take_spectra(self, s: int, m: int, found: Spectra) -> None:
        depth = len(found.sampled)
        self._sampled[s, m, :depth] = found.sampled
        for name, array in self._spectra.items():
            array[s, m, :depth] = getattr(found, name)
            self._counts[name][s, :depth] = getattr(found, f"{name}_counts")


STUDY = Study("depth", frozenset(), begin)
