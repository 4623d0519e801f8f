"""The loss of one player as a function of its weights alone, on data and noise that stay the same."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.models import evidence, memory
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, Vae
from guiapp.theory import elbo

SEED = 17  # added to the run's seed
POWER_ITERATIONS = 15  # of spectral normalisation: one, from the last step's vectors, does not do far away from them


class PlayerLoss:
    """What the player `name` of `trainer` ("vae", "d" or "g") descends, penalties included, as the objective computes
    it in training: batch statistics are those of the batch, β is that of the next step. A batch of `count` data (a GAN:
    packs of data) and the noise are drawn once; the other player stands still. Every evaluation leaves weights and
    buffers (running averages, an optimal σ, vectors of spectral norms) as they were.

    Attributes:
        parts: the names of the values that `at` gives, "loss" first; of a VAE the reconstruction and the KL as well, as
            they are, never weighted. weights: the tensors of the player. centre: copies of them.

    Raises:
        SpecError: an evaluation takes more memory than there is.
    """

    def __init__(self, trainer: Trainer, name: str, count: int) -> None:
        memory.check(trainer.spec, tuple(trainer.source.shape), count, trainer.device)
        self._trainer, self._name, self._count = trainer, name, count
        self.weights = trainer.objective.players[name].parameters
        self.centre = [tensor.detach().clone() for tensor in self.weights]
        for module in trainer.model.modules():
            if hasattr(module, "n_power_iterations"):
                module.n_power_iterations = POWER_ITERATIONS  # type: ignore[assignment]
        self._buffers = list(trainer.model.buffers())
        self._kept = [buffer.clone() for buffer in self._buffers]
        self._feed = trainer.feed.state()
        self.parts = ("loss", "reconstruction", "kl") if isinstance(trainer.model, VaeModel) else ("loss",)
        if isinstance(trainer.model, VaeModel) and isinstance(trainer.spec.model, Vae):
            self._x = trainer.feed.batch(count)  # (B, D)
            trainer.feed.restore(*self._feed)
            generator = Generator(trainer.device).manual_seed(trainer.spec.seed + SEED)
            shape = (trainer.spec.model.draws, len(self._x), trainer.model.latent)
            self._eps = torch.randn(shape, generator=generator, device=trainer.device)  # (K, B, Z)

    def at(self, shifts: Sequence[tuple[float, list[Tensor]]]) -> tuple[float, ...]:
        """The values of `parts` at w + Σ a·d over `shifts` (a, d); NaN or infinite where they are."""
        model = self._trainer.model
        with torch.no_grad():
            for length, direction in shifts:
                torch._foreach_add_(self.weights, direction, alpha=length)
        model.train()
        try:
            values = [float(value) for value in self._values()]
        finally:
            model.eval()
            with torch.no_grad():
                torch._foreach_copy_(self.weights, self.centre)
                for buffer, kept in zip(self._buffers, self._kept, strict=True):
                    buffer.copy_(kept)
            if self._name != "vae":
                self._trainer.feed.restore(*self._feed)
        return tuple(values)

    def _values(self) -> list[Tensor]:
        trainer, spec = self._trainer, self._trainer.spec.model
        if isinstance(trainer.model, VaeModel) and isinstance(spec, Vae):
            beta = elbo.scheduled(spec.beta, spec.schedule, spec.warmup, trainer.step + 1)
            with torch.no_grad():
                terms = evidence.terms(trainer.model, self._x, self._eps, spec, beta)
            return [terms.loss, terms.reconstruction, terms.kl]
        assert isinstance(trainer.objective, GanObjective)
        assert isinstance(spec, Gan)
        trainer.objective.noise.manual_seed(trainer.spec.seed + SEED)
        steep = self._name == "d" and (spec.slope == "gradient penalty" or spec.r1 > 0)
        with torch.set_grad_enabled(steep):
            return [trainer.objective.loss(spec, self._count, self._name, trainer.step + 1).detach()]
