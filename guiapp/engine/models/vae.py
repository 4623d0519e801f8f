"""The variational autoencoder, Kingma & Welling 2014."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from guiapp import spec
from guiapp.engine.models.layers import Mlp
from guiapp.theory import gaussian, likelihood


@dataclass(frozen=True, slots=True)
class Terms:
    """Means over the batch, in nats per datum: loss = reconstruction + β·kl."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor


class VaeModel(nn.Module):
    """q(z|x) = N(μ(x), diag σ²(x)) with [μ, log σ²] = encoder(x); p(x|z) from decoder(z); prior N(0, I).

    The evidence lower bound of one datum is E_q[log p(x|z)] - KL(q(z|x) ‖ N(0, I)); its first term is estimated by one
    draw z = μ + σ⊙ε, ε ~ N(0, I), so that the gradient reaches the encoder (reparameterisation).
    """

    capabilities = frozenset({"encodes", "decodes", "samples"})

    def __init__(self, model: spec.Vae, data_size: int, generator: Generator) -> None:
        super().__init__()
        self.latent = model.latent
        self.likelihood = model.likelihood
        self.encoder = Mlp(data_size, 2 * model.latent, model.encoder, generator)
        self.decoder = Mlp(model.latent, data_size, model.decoder, generator)
        if model.likelihood == "gaussian, learned σ":
            self.log_sigma = nn.Parameter(torch.tensor(math.log(model.sigma)))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x): (B, D) -> (B, Z), (B, Z)."""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        """E[x|z]: (B, Z) -> (B, D)."""
        out: Tensor = self.decoder(z)
        return torch.sigmoid(out) if self.likelihood == "bernoulli" else out

    def terms(self, x: Tensor, noise: Tensor, model: spec.Vae) -> Terms:
        """The loss on the batch x (B, D) with the draws ε (B, Z); β and a fixed σ as in `model`."""
        mean, log_var = self.encode(x)
        z = mean + torch.exp(0.5 * log_var) * noise  # (B, Z)
        out = self.decoder(z)  # (B, D)
        if self.likelihood == "bernoulli":
            each = likelihood.bernoulli(x, out)
        else:
            learned = self.likelihood == "gaussian, learned σ"
            each = likelihood.gaussian(x, out, self.log_sigma if learned else math.log(model.sigma))
        reconstruction = each.mean()
        kl = gaussian.kl_standard(mean, log_var).mean()
        return Terms(reconstruction + model.beta * kl, reconstruction, kl)
