"""What one training iteration is for each kind of model: which players move, down which loss, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Generator, Tensor

from guiapp import spec
from guiapp.engine.feed import Feed
from guiapp.engine.models.gan import GanModel
from guiapp.engine.player import Player
from guiapp.theory import game

Row = list[Tensor]


class Objective(Protocol):
    """`terms` names the loss terms, in the order in which `iterate` returns them for iteration `step` (from 1 on);
    those with a "/" are details that a list of runs leaves out. After these come each player's
    gradient RMS and its update ratios, (P,) each, players in the order of `players`."""

    terms: tuple[str, ...]
    players: dict[str, Player]
    noise: Generator  # of ε or z
    replay: Callable[[], object]  # the last forward pass once more, to find where a value stopped being finite

    def iterate(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Row: ...

    def evaluate(self, model: spec.Vae | spec.Gan, x: Tensor, generator: Generator) -> dict[str, float]: ...


class GanObjective:
    """`d_steps` discriminator steps, then `g_steps` generator steps, on fresh data and noise each."""

    terms: tuple[str, ...] = ("d_loss", "g_loss", "d_real", "d_fake", "d_acc_real", "d_acc_fake")

    def __init__(self, network: GanModel, model: spec.Gan, feed: Feed, noise: Generator) -> None:
        self.network, self.feed, self.noise = network, feed, noise
        named = list(network.named_parameters())
        self.players = {
            "g": Player([pair for pair in named if pair[0].startswith("generator.")], model.g_optimiser),
            "d": Player([pair for pair in named if pair[0].startswith("discriminator.")], model.d_optimiser),
        }
        self.replay: Callable[[], object] = lambda: None
        self._unknown = torch.full((), torch.nan, device=feed.device)

    def iterate(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Row:
        assert isinstance(model, spec.Gan)
        d_terms, d_told = [self._unknown] * 5, self.players["d"].rest()
        g_loss, g_told = self._unknown, self.players["g"].rest()
        for _ in range(_updates("d", player, model.d_steps)):
            d_terms, d_told = self._discriminator_step(batch)
        for _ in range(_updates("g", player, model.g_steps)):
            g_loss, g_told = self._generator_step(model, batch)
        values = torch.stack([d_terms[0], g_loss.detach(), *d_terms[1:]])
        return [values, g_told[0], d_told[0], g_told[1], d_told[1]]

    def _discriminator_step(self, batch: int) -> tuple[list[Tensor], tuple[Tensor, Tensor]]:
        real = self.feed.batch(batch)  # (B, D)
        with torch.no_grad():
            fake = self.network.decode(self.network.draw(len(real), self.noise))  # (B, D)
        network = self.network  # a lambda that held `self` would keep the data of a replaced run
        self.replay = lambda: network.logits(real, fake)
        a_real, a_fake = network.logits(real, fake)  # (B,), (B,)
        on_real, on_fake = game.discriminator_loss(a_real, a_fake)
        loss = on_real.mean() + on_fake.mean()
        told = self.players["d"].descend(loss)
        return [loss.detach(), *_judgement(a_real.detach(), a_fake.detach())], told

    def _generator_step(self, model: spec.Gan, batch: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        z = self.network.draw(batch, self.noise)  # (B, Z)
        network = self.network
        self.replay = lambda: network.logit(network.decode(z))
        logit = network.logit(network.decode(z))
        loss = game.generator_loss(logit, model.objective).mean()
        return loss, self.players["g"].descend(loss)

    def evaluate(self, model: spec.Vae | spec.Gan, x: Tensor, generator: Generator) -> dict[str, float]:
        assert isinstance(model, spec.Gan)
        fake = self.network.decode(self.network.draw(len(x), generator))
        a_real, a_fake = self.network.logits(x, fake)
        on_real, on_fake = game.discriminator_loss(a_real, a_fake)
        g_loss = game.generator_loss(a_fake, model.objective).mean()
        values = [on_real.mean() + on_fake.mean(), g_loss, *_judgement(a_real, a_fake)]
        return {name: value.item() for name, value in zip(self.terms, values, strict=True)}


def _updates(player: str, moving: str, steps: int) -> int:
    """How often `player` moves in an iteration of both, or in a single step of the one that is `moving`."""
    return steps if moving == "both" else int(moving == player)


def _judgement(real: Tensor, fake: Tensor) -> list[Tensor]:
    """Mean D(x), mean D(G(z)), and the fraction judged rightly of each, from logits (B,)."""
    size_real, size_fake = len(real), len(fake)
    return [
        torch.sigmoid(real).mean(),
        torch.sigmoid(fake).mean(),
        (real > 0).sum() / size_real,
        (fake < 0).sum() / size_fake,
    ]
