"""The Fréchet distance of samples and data, in the feature space of a small classifier trained on the same data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn

from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.theory.two_sample import frechet

FEATURES = 64  # units of the last hidden layer
HIDDEN = 256
STEPS, BATCH, RATE = 1500, 128, 1e-3
ROWS = 256  # data through a network in one slice
SPLITS = 8  # of the held-out data into halves
LEAST, MOST = 2, 10_000  # data a side
SEED = 13  # added to the run's seed
TRAINED = 0.8  # of the progress, when the classifier is


class Classifier:
    """D → 256 → 64 → K with ReLU, of standardised data, by cross entropy and Adam; draws from a stream of its own."""

    def __init__(self, trainer: Trainer, classes: int) -> None:
        feed = trainer.feed
        self._x, self._generator = feed.train, Generator().manual_seed(trainer.spec.seed + SEED)
        self._labels = torch.from_numpy(np.asarray(feed.train_labels, np.int64))
        self._usable = torch.nonzero(self._labels >= 0)[:, 0]
        some = feed.train[: 4 * BATCH]
        self._middle, self._scale = some.mean(), some.std().clamp_min(1e-6)
        widths = ((feed.dim, HIDDEN), (HIDDEN, FEATURES), (FEATURES, classes))
        # The usual first weights would be drawn from torch's own stream.
        linear = [nn.utils.skip_init(nn.Linear, *width) for width in widths]  # type: ignore[no-untyped-call]
        for layer in linear:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=self._generator)
            nn.init.zeros_(layer.bias)
        self._body = nn.Sequential(linear[0], nn.ReLU(), linear[1], nn.ReLU()).to(trainer.device)
        self._head = linear[2].to(trainer.device)
        self._adam = torch.optim.Adam([*self._body.parameters(), *self._head.parameters()], RATE)

    def step(self) -> None:
        """One step on a random batch."""
        which = self._usable[torch.randint(len(self._usable), (BATCH,), generator=self._generator)]
        x = self._x[which] if not isinstance(self._x, Tensor) else self._x[which.to(self._x.device)]
        with torch.enable_grad():
            loss = nn.functional.cross_entropy(self._head(self.features(x)), self._labels[which].to(x.device))
            self._adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._adam.step()

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer, (B, D) -> (B, 64)."""
        result: Tensor = self._body((x - self._middle) / self._scale)
        return result

    def classes(self, features: Tensor) -> Tensor:
        """The most probable class, (B, 64) -> (B,)."""
        scores: Tensor = self._head(features)
        return scores.argmax(1)


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """The Fréchet distance (`two_sample.frechet`) between features of n generated data (a VAE's decoder means) and of n
    held-out data, and its floor, that of n held-out data and n others; n is `options["data"]` (default 1,000), or half
    of the held-out data where that is less. The features are the last hidden layer of a classifier that is trained here
    for 1,500 steps on the training data and their labels; neither side of a distance was seen by it. It is not the FID,
    whose features are those of a network for ImageNet: values compare within a data set, and at equal n, alone.

    Held-out data are split into halves 8 times; both numbers are means over the splits.

    Returns, while it trains:
        accuracy (): NaN; then the classifier's on held-out data; chance (): the share of the largest class in them.
    and at the end:
        distance (), floor (): without unit; distance_spread (), floor_spread (): standard deviations over the splits;
        count (): n; features (): 64.

    Raises:
        ValueError: a law; data without labels, of one class, too few held-out ones; a model that makes no numbers.
    """
    count, classes = _checked(trainer, options)
    classifier = Classifier(trainer, classes)
    found: Arrays = {"accuracy": np.array(np.nan), "count": np.array(count), "features": np.array(FEATURES)}
    for step in range(STEPS):
        classifier.step()
        yield TRAINED * (step + 1) / STEPS, found
    labels, real, guess = trainer.feed.heldout_labels, [], []
    for start in range(0, len(trainer.feed.heldout), ROWS):
        real.append(classifier.features(trainer.feed.heldout[start : start + ROWS]))
        guess.append(classifier.classes(real[-1]).cpu().numpy())
        yield TRAINED, found
    known = labels >= 0
    if known.any():
        accuracy = (np.concatenate(guess) == labels)[known].mean()
        chance = np.bincount(labels[known]).max() / known.sum()
        found = {**found, "accuracy": np.array(accuracy), "chance": np.array(chance)}
    made = []
    generator = Generator(trainer.device).manual_seed(trainer.spec.seed + SEED)
    for start in range(0, count, ROWS):
        made.append(classifier.features(_drawn(trainer, min(ROWS, count - start), generator)))
        yield TRAINED + 0.1 * start / count, found
    yield from _compared(_array(made), _array(real), trainer.spec.seed, found)


def _compared(
    made: npt.NDArray[np.float64], real: npt.NDArray[np.float64], seed: int, found: Arrays
) -> Iterator[tuple[float, Arrays]]:
    """Distances of `made` (n, F) and of one half of `real` to another, over the splits."""
    if not np.isfinite(made).all():
        raise ValueError("the model makes values that are not finite: it has diverged; go back on the timeline")
    rng, count = np.random.default_rng([seed, SEED]), len(made)
    distances, floors = [], []
    for split in range(SPLITS):
        order = rng.permutation(len(real))
        one, other = real[order[:count]], real[order[count : 2 * count]]
        distances.append(frechet(made, one))
        floors.append(frechet(one, other))
        yield 0.9 + 0.09 * split / SPLITS, found
    for name, values in (("distance", distances), ("floor", floors)):
        found = {**found, name: np.array(np.mean(values)), f"{name}_spread": np.array(np.std(values, ddof=1))}
    yield 1.0, found


def _checked(trainer: Trainer, options: Mapping[str, Any]) -> tuple[int, int]:
    """How many data a side, and the number of classes."""
    feed, count = trainer.feed, int(options.get("data", 1000))
    if not feed.is_table:
        raise ValueError("a law needs no classifier, its own distances are among the GAN metrics")
    if not LEAST <= count <= MOST:
        raise ValueError(f"it takes {LEAST} to {MOST:,} data a side")
    labels = np.asarray(feed.train_labels)
    if len(np.unique(labels[labels >= 0])) < 2:
        raise ValueError("the features are those of a classifier, and these data have no labels of two or more classes")
    count = min(count, len(feed.heldout) // 2)
    if count < LEAST:
        raise ValueError(f"it compares two halves of the held-out data, and there are {len(feed.heldout)}")
    return count, int(labels.max()) + 1


def _drawn(trainer: Trainer, count: int, generator: Generator) -> Tensor:
    model = trainer.model
    if isinstance(model, GanModel):
        return model.decode(model.draw(count, generator))
    return model.decode(torch.randn((count, model.latent), generator=generator, device=trainer.device))


def _array(parts: list[Tensor]) -> npt.NDArray[np.float64]:
    return torch.cat(parts).cpu().double().numpy()


STUDY = Study("frechet", frozenset({"samples"}), begin)
