"""What one training iteration of a VAE is, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from guiapp import spec
from guiapp.engine.feed import Feed
from guiapp.engine.models import evidence
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.objectives import Parts, Row
from guiapp.engine.player import Player
from guiapp.theory import elbo

HELDOUT_EVERY = 50  # steps; an evaluation costs a third to one half of a step, so below 1 % in all
HELDOUT = 256  # data
HELDOUT_SEED = 3  # added to the run's seed


class VaeObjective:
    """One step down the mean over the batch of minus the bound; see `evidence.terms`.

    The columns: loss, what is descended; reconstruction, kl, elbo, as they are, whatever the weights; sigma, where the
    model has its own; iwae, the importance-weighted bound, where that is descended; beta, the weight of the KL against
    the *summed* reconstruction, as the schedule has it; heldout/…, the terms of the same held-out data with the same
    noise every `HELDOUT_EVERY` steps, else NaN; kl/i, the KL of latent dimension i.
    """

    def __init__(
        self, network: VaeModel, model: spec.Vae, feed: Feed, noise: Generator, seed: int, vae: Player
    ) -> None:
        self.network, self.feed, self.noise = network, feed, noise
        self.players = {"vae": vae}
        self.terms = (
            *("loss", "reconstruction", "kl", "elbo"),
            *(("sigma",) if network.has_own_sigma else ()),
            *(("iwae",) if model.bound == "importance weighted" else ()),
            *("beta", "heldout/reconstruction", "heldout/kl"),
            *(f"kl/{i}" for i in range(network.latent)),
        )
        self.replay: Callable[[], object] = lambda: None
        self._seed = seed + HELDOUT_SEED
        self._unknown = torch.full((), torch.nan, device=feed.device)

    def iterate(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Row:
        assert isinstance(model, spec.Vae)
        vae, network = model, self.network
        beta = elbo.scheduled(vae.beta, vae.schedule, vae.warmup, step)
        terms = self._next(vae, batch, beta)
        rms, update = self.players["vae"].descend(terms.loss, step)
        with torch.no_grad():
            values = [terms.loss, terms.reconstruction, terms.kl, -(terms.reconstruction + terms.kl)]
            if network.has_own_sigma:
                values.append(network.log_sigma.exp())
            if terms.bound is not None:
                values.append(terms.bound)
            values.append(torch.full_like(self._unknown, beta * (network.size if vae.averaged else 1)))
            values += self._on_heldout(vae) if step % HELDOUT_EVERY == 0 else [self._unknown] * 2
            return [torch.stack(values), terms.kl_each.detach(), rms, update]

    def _next(self, vae: spec.Vae, batch: int, beta: float) -> evidence.Terms:
        """On the next batch."""
        network = self.network  # a lambda that held `self` would keep the data of a replaced run
        x = self.feed.batch(batch)  # (B, D)
        eps = torch.randn((vae.draws, len(x), network.latent), generator=self.noise, device=x.device)  # (K, B, Z)
        self.replay = lambda: evidence.terms(network, x, eps, vae, beta).loss
        return evidence.terms(network, x, eps, vae, beta)

    def loss(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Tensor:
        return self.parts(model, batch, player, step).loss

    def parts(self, model: spec.Vae | spec.Gan, batch: int, player: str, step: int) -> Parts:
        assert isinstance(model, spec.Vae)
        terms = self._next(model, batch, elbo.scheduled(model.beta, model.schedule, model.warmup, step))
        return Parts(terms.loss, dict(zip(("reconstruction", "KL"), terms.parts, strict=True)))

    def _on_heldout(self, model: spec.Vae) -> list[Tensor]:
        generator = Generator(self.feed.device).manual_seed(self._seed)
        self.network.eval()
        terms = self._terms(model, self.feed.heldout[:HELDOUT], generator)
        self.network.train()
        return [terms.reconstruction, terms.kl]

    def _terms(self, model: spec.Vae, x: Tensor, generator: Generator) -> evidence.Terms:
        eps = torch.randn((1, len(x), self.network.latent), generator=generator, device=x.device)
        return evidence.terms(self.network, x, eps, model, model.beta)

    def evaluate(self, model: spec.Vae | spec.Gan, x: Tensor, generator: Generator) -> dict[str, float]:
        """With one draw for each datum, and the β that the schedule leads to."""
        assert isinstance(model, spec.Vae)
        terms = self._terms(model, x, generator)
        values = {"loss": terms.loss, "reconstruction": terms.reconstruction, "kl": terms.kl}
        values["elbo"] = -(terms.reconstruction + terms.kl)
        return {name: value.item() for name, value in values.items()}
