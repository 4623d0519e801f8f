"""The variational autoencoder, Kingma & Welling 2014."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn

from guiapp import spec
from guiapp.engine.models.networks import from_data, to_data
from guiapp.theory import likelihood

LEAST_SIGMA = 1e-3  # as of a fixed one; without it the loss of data without noise falls for ever


class VaeModel(nn.Module):
    """q(z|x) = N(μ(x), diag σ²(x)) with [μ, log σ²] = encoder(x); p(x|z) from decoder(z); prior N(0, I).

    A Gaussian likelihood has one σ for all components: fixed by the spec, learned by descent, or the optimal one of
    the last batch, σ² = mean squared error (Rybkin, Daniilidis & Levine 2021) but at least `LEAST_SIGMA`², which
    evaluation then uses as it is.
    """

    capabilities = frozenset({"encodes", "decodes", "samples"})

    def __init__(self, model: spec.Vae, shape: tuple[int, ...], generator: Generator) -> None:
        """`shape` is one datum's: (D,), (H, W) or (H, W, C).

        Raises:
            SpecError: convolutions do not fit data of this shape.
        """
        super().__init__()
        self.latent = model.latent
        self.likelihood = model.likelihood
        self.size = math.prod(shape)
        self.encoder = from_data(shape, 2 * model.latent, model.encoder, generator)
        self.decoder = to_data(model.latent, shape, model.decoder, generator)
        start = torch.tensor(math.log(model.sigma))
        if model.likelihood == "gaussian, learned σ":
            self.log_sigma = nn.Parameter(start)
        elif model.likelihood == "gaussian, optimal σ":
            self.register_buffer("log_sigma", start)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of q(z|x): (B, D) -> (B, Z), (B, Z)."""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        """E[x|z]: (B, Z) -> (B, D)."""
        out: Tensor = self.decoder(z)
        return torch.sigmoid(out) if self.likelihood == "bernoulli" else out

    def sigma(self, model: spec.Vae) -> Tensor:
        """The σ of a Gaussian likelihood now, (); it is not asked of a Bernoulli one."""
        return self.log_sigma.exp() if self.has_own_sigma else next(self.parameters()).new_tensor(model.sigma)

    @property
    def has_own_sigma(self) -> bool:
        """σ is no parameter of the spec, but learned or computed."""
        return self.likelihood in ("gaussian, learned σ", "gaussian, optimal σ")

    def reconstruction(self, x: Tensor, z: Tensor, model: spec.Vae) -> Tensor:
        """-log p(x|z) in nats, summed over the components: (B, D), (..., B, Z) -> (..., B)."""
        out = self.decoder(z.reshape(-1, self.latent)).reshape(*z.shape[:-1], self.size)  # (..., B, D)
        each: Tensor
        if self.likelihood == "bernoulli":
            each = likelihood.bernoulli(x, out)
        elif self.likelihood == "gaussian, optimal σ" and self.training:
            # Its gradient too: at the optimum of σ, to move it along adds nothing to the mean of -log p.
            log_sigma = 0.5 * torch.log(((x - out) ** 2).mean().clamp(min=LEAST_SIGMA**2))
            self.log_sigma.copy_(log_sigma.detach())
            each = likelihood.gaussian(x, out, log_sigma)
        else:
            each = likelihood.gaussian(x, out, self.log_sigma if self.has_own_sigma else math.log(model.sigma))
        return each
