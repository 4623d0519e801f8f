"""The same models in plain PyTorch loops, as a newcomer would write them: what the trainer is measured against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from guiapp import spec as specs
from guiapp.data.loading import load
from guiapp.data.source import Table


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int, activation: type[nn.Module]) -> nn.Sequential:
    """Linear layers with `activation` between them."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), activation()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def vae_loop(spec: specs.RunSpec) -> Callable[[], None]:
    """One iteration of a VAE with Bernoulli likelihood."""
    model = spec.model
    assert isinstance(model, specs.Vae)
    table = load(spec.data.name)
    assert isinstance(table, Table)
    data = torch.from_numpy(table.train)
    size = data.shape[1]
    encoder = mlp(size, model.encoder.hidden, 2 * model.latent, nn.ReLU)
    decoder = mlp(model.latent, model.decoder.hidden, size, nn.ReLU)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=model.optimiser.lr)

    def iterate() -> None:
        x = data[torch.randint(len(data), (spec.batch,))]
        mean, log_var = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / len(x)
        kl = 0.5 * (mean.pow(2) + log_var.exp() - 1 - log_var).sum() / len(x)
        loss = reconstruction + model.beta * kl
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return iterate


def gan_loop(spec: specs.RunSpec) -> Callable[[], None]:
    """One iteration of a non-saturating GAN on a law in the plane."""
    model = spec.model
    assert isinstance(model, specs.Gan)
    law = load(spec.data.name)
    assert not isinstance(law, Table)
    rng = np.random.default_rng(0)
    generator = mlp(model.noise, model.generator.hidden, 2, nn.ReLU)
    discriminator = mlp(2, model.discriminator.hidden, 1, nn.ReLU)
    d_optimiser = torch.optim.Adam(discriminator.parameters(), lr=model.d_optimiser.lr, betas=(0.5, 0.999))
    g_optimiser = torch.optim.Adam(generator.parameters(), lr=model.g_optimiser.lr, betas=(0.5, 0.999))
    ones, zeros = torch.ones(spec.batch, 1), torch.zeros(spec.batch, 1)

    def iterate() -> None:
        real = torch.from_numpy(law.sample(spec.batch, rng)[0])
        fake = generator(torch.randn(spec.batch, model.noise)).detach()
        d_loss = F.binary_cross_entropy_with_logits(discriminator(real), ones)
        d_loss = d_loss + F.binary_cross_entropy_with_logits(discriminator(fake), zeros)
        d_optimiser.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_optimiser.step()
        g_loss = F.binary_cross_entropy_with_logits(
            discriminator(generator(torch.randn(spec.batch, model.noise))), ones
        )
        g_optimiser.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]
        g_optimiser.step()

    return iterate


def loop(spec: specs.RunSpec) -> Callable[[], None]:
    """One iteration of the plain loop for `spec`."""
    return vae_loop(spec) if isinstance(spec.model, specs.Vae) else gan_loop(spec)
