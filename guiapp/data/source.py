"""What a data set is: a finite `Table` of rows, or a `Law` in the plane whose density is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Labels = NDArray[np.int16]

# Three words of entropy: no run's seed, being one or two words, can ever start the same stream.
HELDOUT_SEED = (2013, 1312, 6114)


class DataError(Exception):
    """Data that cannot be used; its text is one sentence naming the file, the place in it, and the remedy.

    File names and cells are quoted from outside, so what is no printable character is written as an escape.
    """

    def __init__(self, sentence: str) -> None:
        escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in sentence)
        super().__init__("".join(escaped))


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows (N, D) that stay as they are stored, perhaps in their file, and are scaled whenever some are taken: row i is
    `scale(values[index[i]])`. A quarter of the memory where the values are bytes."""

    values: NDArray[Any]
    index: NDArray[np.intp]
    scale: Callable[[NDArray[Any]], Float32]

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        return len(self.index), int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, which: slice | NDArray[np.intp]) -> Float32:
        """The rows `which` (n, D), float32."""
        return self.scale(self.values[self.index[which]])


@dataclass(frozen=True, eq=False)
class Table:
    """A finite data set whose rows are split, once and for all, into a training and a held-out part.

    `train` is float32 (N, D), or `Rows` that yield it where that would be large; `heldout` is float32 (M, D). D is the
    product of `shape`: (H, W) for grey and (H, W, 3) for colour images, row by row from the top left, or (D,) for plain
    vectors. Labels are int16 indices into `classes`, or None. `low` and `high`
    are the least and the greatest value over both parts. `note` says what was done to the values.
    """

    name: str
    title: str
    train: Float32 | Rows
    train_labels: Labels | None
    heldout: Float32
    heldout_labels: Labels | None
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    low: float
    high: float
    note: str

    @property
    def dim(self) -> int:
        """D, the number of values in a row."""
        return int(self.train.shape[1])

    def first(self, count: int) -> Table:
        """The same with the first `count` training data alone; the held-out data, and the scaling, stay as they are."""
        train = replace(self.train, index=self.train.index[:count]) if isinstance(self.train, Rows) else self.train
        labels = None if self.train_labels is None else self.train_labels[:count]
        return replace(self, train=train[:count] if isinstance(train, np.ndarray) else train, train_labels=labels)

    @property
    def is_image(self) -> bool:
        """Whether a row is a picture of `shape` (H, W), or (H, W, 3)."""
        return len(self.shape) > 1


@dataclass(frozen=True, eq=False)
class Law(ABC):
    """A probability law on the plane from which training draws for ever, with a density known exactly.

    `centres` and `scales` (K, 2) hold the mean and the standard deviation along each axis of every mode, where the law
    is made of modes that one can count; else both are (0, 2). The square [-extent, extent]² holds all but a
    negligible part of the mass. `classes` names the values of the label, and is empty where all are 0.
    """

    name: str
    title: str
    extent: float
    classes: tuple[str, ...]
    centres: Float64
    scales: Float64

    @property
    def shape(self) -> tuple[int, ...]:
        """(2,): a row is a point of the plane."""
        return (2,)

    @property
    def dim(self) -> int:
        """D = 2."""
        return 2

    @property
    def is_image(self) -> bool:
        """Never."""
        return False

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> tuple[Float32, Labels]:
        """n independent points (n, 2) and their labels (n,); the same state of `rng` gives the same points."""

    @abstractmethod
    def log_density(self, x: NDArray[np.floating[Any]]) -> Float64:
        """log p(x) in nats (n,) at the points x (n, 2); -inf where the density is zero."""

    def heldout(self, n: int = 2000) -> tuple[Float32, Labels]:
        """n points and labels that are the same in every run and that no training seed reproduces."""
        return self.sample(n, np.random.default_rng(HELDOUT_SEED))


Source = Table | Law


@dataclass(frozen=True)
class Dataset:
    """A line of the catalogue: `name` is what one types, `title` what one reads, `load` does the work."""

    name: str
    title: str
    kind: Literal["images", "points"]
    description: str
    load: Callable[[], Source]
