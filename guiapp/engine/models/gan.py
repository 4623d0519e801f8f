"""The generative adversarial network, Goodfellow et al. 2014."""

from __future__ import annotations

import copy

import torch
from torch import Generator, Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from guiapp import spec
from guiapp.engine.models.networks import from_data, to_data


class GanModel(nn.Module):
    """x̃ = generator(z), z ~ noise law; a = discriminator(x), of which `guiapp.theory.game` makes losses.

    Where the data lie in [0, 1] (images) the generator's output passes a sigmoid, otherwise it is linear; the
    discriminator sees images as 2x - 1, so that its inputs are centred. With packing it sees m data side by side (Lin
    et al. 2018): images as further colour channels. `average` is the generator with a moving average of its weights
    (Yazıcı et al. 2019), where there is one; it is what is shown and what leaves the program.
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
        self.packing = model.packing
        self.channels = shape[2] if len(shape) == 3 else 1
        self.joint = model.discriminator.norm != "batch"  # batch statistics must not mix real and generated
        self.generator = to_data(model.noise, shape, model.generator, generator)
        self.discriminator = from_data(_of_pack(shape, model.packing), 1, model.discriminator, generator)
        if model.spectral:
            _normalise(self.discriminator, generator)
        self.average = copy.deepcopy(self.generator).requires_grad_(False) if model.averaging else None

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Noise z of the model's law: (count, Z)."""
        shape = (count, self.noise)
        if self.noise_law == "uniform":
            return torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        return torch.randn(shape, generator=generator, device=generator.device)

    def generate(self, z: Tensor) -> Tensor:
        """Generated data, of the generator in training: (B, Z) -> (B, D)."""
        out: Tensor = self.generator(z)
        return torch.sigmoid(out) if self.bounded else out

    def decode(self, z: Tensor) -> Tensor:
        """Generated data as they are shown, of the average where there is one: (B, Z) -> (B, D)."""
        out: Tensor = (self.average or self.generator)(z)
        return torch.sigmoid(out) if self.bounded else out

    def pack(self, x: Tensor) -> Tensor:
        """Neighbouring data side by side: (m B, D) -> (B, m D)."""
        if self.packing == 1:
            return x
        packs = x.reshape(-1, self.packing, x.shape[1] // self.channels, self.channels)
        return packs.movedim(1, 2).flatten(1)

    def judge(self, packs: Tensor) -> Tensor:
        """The discriminator's output for each pack: (B, m D) -> (B,)."""
        out: Tensor = self.discriminator(packs * 2 - 1 if self.bounded else packs)
        return out.squeeze(-1)

    def logit(self, x: Tensor) -> Tensor:
        """The discriminator's output for single data, each packed with itself: (B, D) -> (B,)."""
        return self.judge(self.pack(x.repeat_interleave(self.packing, 0)))

    def logits(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs for both halves of D's batch of packs, in one pass where that changes nothing: 2 x (B, m D) ->
        2 x (B,)."""
        if not self.joint:
            return self.judge(real), self.judge(fake)
        both = self.judge(torch.cat((real, fake)))
        return both[: len(real)], both[len(real) :]

    def follow(self, decay: float) -> None:
        """Move the average towards the generator: w̄ <- decay w̄ + (1 - decay) w; buffers are taken over."""
        if self.average is None:
            return
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 1 - decay)
            for kept, buffer in zip(self.average.buffers(), self.generator.buffers(), strict=True):
                kept.copy_(buffer)


def _of_pack(shape: tuple[int, ...], packing: int) -> tuple[int, ...]:
    """The shape of `packing` data side by side."""
    if packing == 1:
        return shape
    return (shape[0] * packing,) if len(shape) == 1 else (*shape[:2], (shape[2] if len(shape) == 3 else 1) * packing)


def _normalise(network: nn.Module, generator: Generator) -> None:
    """Divide every weight by its largest singular value, found by one step of the power iteration at each pass."""
    with torch.random.fork_rng(devices=()):  # the first vectors of that come from torch's own stream
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
        for layer in list(network.modules()):
            if isinstance(layer, nn.Linear | nn.Conv2d):
                spectral_norm(layer)
