"""Mini-batches on the training device, every draw from the run's own random streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from guiapp.data.source import Rows, Source, Table


class Stored:
    """Training data (N, D) that are too many for the memory: as a tensor, but for that rows are scaled, and brought to
    the device, when they are taken."""

    def __init__(self, rows: Rows, device: torch.device) -> None:
        self._rows, self._device = rows, device
        self.shape = rows.shape

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, which: slice | Tensor) -> Tensor:
        chosen = which if isinstance(which, slice) else which.numpy()
        return torch.from_numpy(self._rows[chosen]).to(self._device)


class Feed:
    """Batches of a `Table`, shuffled anew each epoch, or fresh draws of a `Law`.

    `train` and `heldout` are data on the device for evaluation and pictures: all of a table, a fixed sample of a law.
    Of a large table, `train` can only be taken in pieces: `train[:100]`.
    """

    def __init__(self, source: Source, seed: int, device: torch.device) -> None:
        self.source = source
        self.device = device
        self._law_rng = np.random.default_rng([seed, 1])
        self._order_rng = Generator().manual_seed(seed + 1)
        self._order = torch.empty(0, dtype=torch.int64)
        self._cursor = 0
        self.seen = 0
        if isinstance(source, Table):
            train, train_labels = source.train, source.train_labels
            heldout, heldout_labels = source.heldout, source.heldout_labels
        else:
            train, train_labels = source.sample(2000, np.random.default_rng(20))
            heldout, heldout_labels = source.heldout()
        self.train: Tensor | Stored
        if isinstance(train, Rows):
            self.train, self._order_device = Stored(train, device), torch.device("cpu")
        else:
            self.train, self._order_device = torch.from_numpy(np.ascontiguousarray(train)).to(device), device
        self.heldout = torch.from_numpy(np.ascontiguousarray(heldout)).to(device)
        self.train_labels = _labels(train_labels, len(train))
        self.heldout_labels = _labels(heldout_labels, len(heldout))

    @property
    def dim(self) -> int:
        return int(self.train.shape[1])

    @property
    def bounded(self) -> bool:
        """All values lie in [0, 1], so that a Bernoulli likelihood and a sigmoid output make sense."""
        return isinstance(self.source, Table) and self.source.low >= 0 and self.source.high <= 1

    @property
    def is_table(self) -> bool:
        """The data are finite, so that there are epochs."""
        return isinstance(self.source, Table)

    @property
    def is_plane(self) -> bool:
        return tuple(self.source.shape) == (2,)

    @property
    def epoch(self) -> float:
        """Passes over the training data so far; 0 for a law, which has no end."""
        return self.seen / len(self.train) if isinstance(self.source, Table) else 0.0

    def batch(self, size: int) -> Tensor:
        """The next batch (B, D); B is `size`, or all data where there are fewer."""
        if not isinstance(self.source, Table):
            self.seen += size
            return torch.from_numpy(self.source.sample(size, self._law_rng)[0]).to(self.device)
        size = min(size, len(self.train))
        if self._cursor + size > len(self._order):
            self._order = torch.randperm(len(self.train), generator=self._order_rng).to(self._order_device)
            self._cursor = 0
        index = self._order[self._cursor : self._cursor + size]
        self._cursor += size
        self.seen += size
        return self.train[index]

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Where the streams stand: plain values, and tensors."""
        plain = {"seen": self.seen, "cursor": self._cursor, "law": self._law_rng.bit_generator.state}
        return plain, {"order": self._order, "rng": self._order_rng.get_state()}

    def restore(self, plain: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Go on from what `state` gave.

        Raises:
            ValueError, KeyError, TypeError, RuntimeError: it is not the state of such a feed.
        """
        order, cursor = tensors["order"], int(plain["cursor"])
        if order.dtype != torch.int64 or order.ndim != 1:
            raise ValueError("an epoch that is no list of data")
        if len(order) not in (0, len(self.train)) or not 0 <= cursor <= len(order):
            raise ValueError(f"an epoch of {len(order)} data, and there are {len(self.train)}")
        if len(order) and (int(order.min()) < 0 or int(order.max()) >= len(self.train)):
            raise ValueError("an epoch with data that do not exist")
        self._law_rng.bit_generator.state = plain["law"]
        self._order_rng.set_state(tensors["rng"])
        self._order, self._cursor, self.seen = order.to(self._order_device), cursor, int(plain["seen"])


class Draws(Feed):
    """The data of `feed` drawn anew with replacement, from streams of its own: for those who look on while the other
    one feeds the training."""

    def __init__(self, feed: Feed, seed: int) -> None:
        vars(self).update(vars(feed))  # the data are shared
        self._law_rng = np.random.default_rng(seed)
        self._order_rng = Generator().manual_seed(seed)

    def batch(self, size: int) -> Tensor:
        """Some data (B, D); B is `size`, or as many as there are at the most."""
        if not isinstance(self.source, Table):
            return super().batch(size)
        count = len(self.train)
        return self.train[torch.randint(count, (min(size, count),), generator=self._order_rng).to(self._order_device)]


def _labels(labels: np.ndarray | None, count: int) -> np.ndarray:
    return np.full(count, -1, np.int16) if labels is None else labels
