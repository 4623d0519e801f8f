"""What one training iteration of a GAN is, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from guiapp import spec
from guiapp.engine.feed import Feed
from guiapp.engine.gan_metrics import Metrics
from guiapp.engine.models.gan import GanModel
from guiapp.engine.objectives import Parts, Row
from guiapp.engine.player import Player
from guiapp.theory import game

TOLD_OF_D = ("d_loss", "d_real", "d_fake", "d_acc_real", "d_acc_fake", "d_penalty")
TOLD_OF_G = ("g_loss", "g_slope")

Told = tuple[Tensor, Tensor]  # what `Player.move` returns


class GanObjective:
    """`d_steps` discriminator steps, then `g_steps` generator steps, on fresh data and noise each; with simultaneous
    updates the last of the first and the first of the last take their gradients at the same weights.

    The columns: d_loss, g_loss, what each descends, but for the penalties; d_real, d_fake, the mean of D(x) and D(G(z))
    (see `game.belief`); d_acc_real, d_acc_fake, the fraction judged rightly of each; d_penalty, the gradient penalty
    and R1, weighted, 0 where there are none; g_slope, the mean |∂ loss / ∂ D's output| of the generator's batch;
    metric/…, every 1,000 steps (see `Metrics`), else NaN.
    """

    def __init__(self, network: GanModel, model: spec.Gan, feed: Feed, noise: Generator, seed: int) -> None:
        self.network, self.feed, self.noise = network, feed, noise
        named = [pair for pair in network.named_parameters() if pair[1].requires_grad]
        self.players = {
            "g": Player([pair for pair in named if pair[0].startswith("generator.")], model.g_optimiser),
            "d": Player(_plainly([pair for pair in named if pair[0].startswith("discriminator.")]), model.d_optimiser),
        }
        self.metrics = Metrics(network, feed, seed)
        self.terms: tuple[str, ...] = ("d_loss", "g_loss", *TOLD_OF_D[1:], *TOLD_OF_G[1:], *self.metrics.names)
        self.replay: Callable[[], object] = lambda: None
        self._unknown = torch.full((), torch.nan, device=feed.device)

    def iterate(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Row:
        assert isinstance(model, spec.Gan)
        self._d, self._g = [self._unknown] * len(TOLD_OF_D), [self._unknown] * len(TOLD_OF_G)
        told = {name: player.rest() for name, player in self.players.items()}
        d_steps, g_steps = _updates("d", player, model.d_steps), _updates("g", player, model.g_steps)
        together = model.updates == "simultaneous" and d_steps > 0 and g_steps > 0
        for _ in range(d_steps - together):
            told["d"] = self._move("d", model, step, *self.players["d"].slope(self._d_loss(model, batch)))
        if together:
            d, g = self.players["d"], self.players["g"]
            d_slope = d.slope(self._d_loss(model, batch))
            g_slope = g.slope(self._g_loss(model, batch))
            told["d"] = self._move("d", model, step, *d_slope)
            told["g"] = self._move("g", model, step, *g_slope)
        for _ in range(g_steps - together):
            told["g"] = self._move("g", model, step, *self.players["g"].slope(self._g_loss(model, batch)))
        values = torch.stack([self._d[0], self._g[0], *self._d[1:], *self._g[1:]])
        metrics = self.metrics.read(model, step)
        return [values, metrics, told["g"][0], told["d"][0], told["g"][1], told["d"][1]]

    def _move(self, who: str, model: spec.Gan, step: int, gradients: list[Tensor], rms: Tensor) -> Told:
        player = self.players[who]
        told = player.move(gradients, rms, step)
        if who == "g":
            self.network.follow(model.averaging)
        elif model.slope == "clipping":
            with torch.no_grad():
                torch._foreach_clamp_min_(player.parameters, -model.clip)
                torch._foreach_clamp_max_(player.parameters, model.clip)
        return told

    def _d_batch(self, model: spec.Gan, batch: int) -> tuple[Tensor, Tensor]:
        """The next packs, real and generated, 2 x (B, m D)."""
        network = self.network  # a lambda that held `self` would keep the data of a replaced run
        count = batch * model.packing
        real = self.feed.batch(count)  # (m B, D)
        real = real[: len(real) - len(real) % model.packing]
        with torch.no_grad():
            fake = network.generate(network.draw(len(real), self.noise))  # (m B, D)
        real, fake = (network.pack(self._blurred(x, model)) for x in (real, fake))  # (B, m D)
        self.replay = lambda: network.logits(real, fake)
        return real, fake

    def _d_loss(self, model: spec.Gan, batch: int) -> Tensor:
        real, fake = self._d_batch(model, batch)
        a_real, a_fake = self.network.logits(real, fake)  # (B,), (B,)
        terms = game.discriminator_loss(a_real, a_fake, model.objective, model.real_target, model.fake_target)
        loss = terms[0].mean() + terms[1].mean()
        penalties = self._penalties(model, real, fake)
        a_real, a_fake = a_real.detach(), a_fake.detach()
        penalty = torch.stack(penalties).sum() if penalties else torch.zeros_like(loss)
        self._d = [loss.detach(), *_judgement(a_real, a_fake, model), penalty.detach()]
        whole: Tensor = loss + penalty if penalties else loss
        return whole

    def _g_loss(self, model: spec.Gan, batch: int) -> Tensor:
        network = self.network
        z = network.draw(batch * model.packing, self.noise)  # (m B, Z)
        self.replay = lambda: network.judge(network.pack(network.generate(z)))
        a = network.judge(network.pack(self._blurred(network.generate(z), model)))  # (B,)
        loss: Tensor = game.generator_loss(a, model.objective).mean()
        self._g = [loss.detach(), game.generator_slope(a.detach(), model.objective).abs().mean()]
        return loss

    def loss(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Tensor:
        assert isinstance(model, spec.Gan)
        return self._d_loss(model, batch) if player == "d" else self._g_loss(model, batch)

    def parts(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Parts:
        assert isinstance(model, spec.Gan)
        if player == "g":
            loss = self._g_loss(model, batch)
            return Parts(loss, {"G step": loss})
        a_real, a_fake = self.network.logits(*self._d_batch(model, batch))
        terms = game.discriminator_loss(a_real, a_fake, model.objective, model.real_target, model.fake_target)
        data, generated = terms[0].mean(), terms[1].mean()
        return Parts(data + generated, {"D step: data": data, "D step: generated": generated})

    def _blurred(self, x: Tensor, model: spec.Gan) -> Tensor:
        """With instance noise (Sønderby et al. 2017)."""
        if not model.instance_noise:
            return x
        return x + model.instance_noise * torch.randn(x.shape, generator=self.noise, device=x.device)

    def _penalties(self, model: spec.Gan, real: Tensor, fake: Tensor) -> list[Tensor]:
        """λ E[(‖∇a(x̂)‖ - 1)²], x̂ uniform between a real and a generated pack (Gulrajani et al. 2017), and R1:
        γ/2 E‖∇a(x)‖² on real ones (Mescheder et al. 2018)."""
        parts = []
        if model.slope == "gradient penalty":
            u = torch.rand((len(real), 1), generator=self.noise, device=real.device)
            parts.append(model.penalty * ((self._steepness(u * real + (1 - u) * fake) - 1) ** 2).mean())
        if model.r1:
            parts.append(model.r1 / 2 * (self._steepness(real) ** 2).mean())
        return parts

    def _steepness(self, packs: Tensor) -> Tensor:
        """‖∂a/∂x‖ of each pack, itself differentiable: (B, m D) -> (B,)."""
        packs = packs.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.network.judge(packs).sum(), packs, create_graph=True)
        return (gradient.square().sum(1) + 1e-12).sqrt()  # the root alone has no slope at 0

    def evaluate(self, model: spec.Vae | spec.Gan, x: Tensor, generator: Generator) -> dict[str, float]:
        assert isinstance(model, spec.Gan)
        network = self.network
        x = x[: len(x) - len(x) % model.packing]
        fake = network.decode(network.draw(len(x), generator))
        a_real, a_fake = network.logits(network.pack(x), network.pack(fake))
        terms = game.discriminator_loss(a_real, a_fake, model.objective, model.real_target, model.fake_target)
        g_loss = game.generator_loss(a_fake, model.objective).mean()
        values = [terms[0].mean() + terms[1].mean(), g_loss, *_judgement(a_real, a_fake, model)]
        names = ("d_loss", "g_loss", *TOLD_OF_D[1:-1])
        return {name: value.item() for name, value in zip(names, values, strict=True)}


def _updates(player: str, moving: str, steps: int) -> int:
    """How often `player` moves in an iteration of both, or in a single step of the one that is `moving`."""
    return steps if moving == "both" else int(moving == player)


def _plainly(named: list[tuple[str, torch.nn.Parameter]]) -> list[tuple[str, torch.nn.Parameter]]:
    """Under spectral normalisation, too, a weight is called a weight."""
    return [(name.replace(".parametrizations.weight.original", ".weight"), tensor) for name, tensor in named]


def _judgement(real: Tensor, fake: Tensor, model: spec.Gan) -> list[Tensor]:
    """Mean belief in the real and in the generated, and the fraction judged rightly of each, from D's outputs (B,):
    above and below what the best D says where both are equally likely. A Wasserstein critic is taken to decide halfway
    between its two means."""
    objective = model.objective
    middle: Tensor | float = game.indifference(objective, model.real_target, model.fake_target)
    if objective == "Wasserstein":
        middle = (real.mean() + fake.mean()) / 2
    return [
        game.belief(real, objective).mean(),
        game.belief(fake, objective).mean(),
        (real > middle).sum() / len(real),
        (fake < middle).sum() / len(fake),
    ]
