"""Bounds on log p(x) of a VAE from draws of its encoder, and how their gradient reaches the encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from guiapp import spec
from guiapp.engine.models.vae import VaeModel
from guiapp.theory import elbo, gaussian


@dataclass(frozen=True, slots=True)
class Terms:
    """Means over the batch, in nats per datum.

    loss: what is descended; its value is that of the bound's negative with the KL weighted by β (and the reconstruction
    by 1/D where it is averaged over the pixels). reconstruction: -E_q[log p(x|z)], kl: KL(q(z|x) ‖ p(z)), both as they
    are, never weighted. kl_each (Z,): of every latent dimension. bound: the importance-weighted one at β = 1, or None.
    parts: what the reconstruction and the KL are in the loss, weighted, each with the gradient that it has there; they
    add up to the loss, but for the importance-weighted bound, which has none: there, the two as they are.
    """

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    kl_each: Tensor
    bound: Tensor | None
    parts: tuple[Tensor, Tensor]


def terms(model: VaeModel, x: Tensor, noise: Tensor, parameters: spec.Vae, beta: float) -> Terms:
    """The loss on the batch x (B, D) with K draws ε (K, B, Z) for each datum.

    elbo: the mean over the draws of -log p(x|z), z = μ + σ⊙ε, plus β·KL, the KL in closed form. importance weighted:
    the negative of log (1/K) Σ_k p(x, z_k)/q(z_k|x); β and 1/D weigh the logarithms in it, so that only for K = 1 is
    the averaged loss that of β·D, divided by D.

    The gradient of the first term by the encoder's parameters φ comes, by `estimator`, from z itself (Kingma & Welling
    2014); from E_q[f ∇_φ log q(z|x)], f = -log p(x|z), less a baseline of the other draws where there is one (Williams
    1992); or not at all, as if the draws were constants. That of the KL is always exact.
    """
    mean, log_var = model.encode(x)
    pathwise = parameters.estimator == "reparameterised"
    std = torch.exp(0.5 * log_var)
    z = mean + std * noise  # (K, B, Z)
    if not pathwise:
        z = z.detach()
    each = model.reconstruction(x, z, parameters)  # (K, B)
    kl_data = gaussian.kl_standard_each(mean, log_var)  # (B, Z)
    kl, kl_each = kl_data.sum(-1).mean(), kl_data.mean(0)
    reconstruction = each.mean()
    scale = 1 / model.size if parameters.averaged else 1.0
    if parameters.bound == "importance weighted":
        weights = elbo.log_importance_weights(each, z, noise, log_var, beta, scale)
        loss = -elbo.log_mean_exp(weights).mean()
        plain = weights if beta == scale == 1 else elbo.log_importance_weights(each, z, noise, log_var)
        bound = elbo.log_mean_exp(plain.detach()).mean()
        return Terms(loss, reconstruction, kl, kl_each, bound, (reconstruction, kl))
    cost = scale * reconstruction if parameters.averaged else reconstruction
    weighted = elbo.free_bits(kl_each, parameters.free_bits) if parameters.free_bits else kl
    penalty = beta * weighted
    loss = cost + penalty
    if parameters.estimator.startswith("score function"):
        score = scale * _score(each.detach(), z, mean, log_var, "baseline" in parameters.estimator)
        slope = score - score.detach()  # nothing but its gradient
        loss, cost = loss + slope, cost + slope
    return Terms(loss, reconstruction, kl, kl_each, None, (cost, penalty))


def _score(cost: Tensor, z: Tensor, mean: Tensor, log_var: Tensor, baseline: bool) -> Tensor:
    """The mean of f·log q(z|x), whose gradient is the score-function estimate; costs f (K, B) and z (K, B, Z) are
    constants. The baseline is the mean over the datum's other draws or, with one draw, over the other data."""
    log_q = -0.5 * ((z - mean) ** 2 * torch.exp(-log_var) + log_var).sum(-1)  # (K, B), but for a constant
    if baseline:
        cost = cost - (elbo.leave_one_out(cost) if len(cost) > 1 else elbo.leave_one_out(cost.T).T)
    return (cost * log_q).mean()
