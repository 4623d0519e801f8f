"""What one training iteration is for each kind of model: which players move, down which loss, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Generator, Tensor

from guiapp import spec
from guiapp.engine.feed import Feed
from guiapp.engine.player import Player

Row = list[Tensor]


@dataclass(frozen=True, slots=True)
class Parts:
    """What one player descends, but for penalties on slopes, and what that is made of, by name."""

    loss: Tensor
    named: dict[str, Tensor]


class Objective(Protocol):
    """`terms` names the loss terms, in the order in which `iterate` returns them for iteration `step` (from 1 on);
    those with a "/" are details that a list of runs leaves out. After these come each player's
    gradient RMS and its update ratios, (P,) each, players in the order of `players`."""

    terms: tuple[str, ...]
    players: dict[str, Player]
    feed: Feed
    noise: Generator  # of ε or z
    replay: Callable[[], object]  # the last forward pass once more, to find where a value stopped being finite

    def iterate(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Row: ...

    def loss(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Tensor:
        """What `player` descends in iteration `step`, on the next batch."""

    def parts(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Parts:
        """The same in parts."""

    def evaluate(self, model: spec.Vae | spec.Gan, x: Tensor, generator: Generator) -> dict[str, float]: ...
