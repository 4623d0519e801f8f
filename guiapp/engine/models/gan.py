"""The generative adversarial network, Goodfellow et al. 2014."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from guiapp import spec
from guiapp.engine.models.networks import from_data, to_data


class GanModel(nn.Module):
    """x̃ = generator(z), z ~ noise law; D(x) = sigmoid(discriminator(x)).

    Where the data lie in [0, 1] (images) the generator's output passes a sigmoid, otherwise it is linear; the
    discriminator sees images as 2x - 1, so that its inputs are centred.
    """

    capabilities = frozenset({"samples", "scores"})

    def __init__(self, model: spec.Gan, shape: tuple[int, ...], bounded: bool, generator: Generator) -> None:
        """`shape` is one datum's: (D,), (H, W) or (H, W, C).

        Raises:
            SpecError: convolutions do not fit data of this shape.
        """
        super().__init__()
        self.noise = model.noise
        self.noise_law = model.noise_law
        self.bounded = bounded
        self.joint = model.discriminator.norm != "batch"  # batch statistics must not mix real and generated
        self.generator = to_data(model.noise, shape, model.generator, generator)
        self.discriminator = from_data(shape, 1, model.discriminator, generator)

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Noise z of the model's law: (count, Z)."""
        shape = (count, self.noise)
        if self.noise_law == "uniform":
            return torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        return torch.randn(shape, generator=generator, device=generator.device)

    def decode(self, z: Tensor) -> Tensor:
        """Generated data: (B, Z) -> (B, D)."""
        out: Tensor = self.generator(z)
        return torch.sigmoid(out) if self.bounded else out

    def logit(self, x: Tensor) -> Tensor:
        """The logit of D: (B, D) -> (B,)."""
        out: Tensor = self.discriminator(x * 2 - 1 if self.bounded else x)
        return out.squeeze(-1)

    def logits(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of both halves of D's batch, in one pass where that changes nothing: 2 x (B, D) -> 2 x (B,)."""
        if not self.joint:
            return self.logit(real), self.logit(fake)
        both = self.logit(torch.cat((real, fake)))
        return both[: len(real)], both[len(real) :]
