"""Negative log-likelihoods of one datum, summed over its components, in nats.

Summed, not averaged: averaging over the D pixels multiplies β by D in silence, and the posterior collapses.
"""

from __future__ import annotations

import math

from array_api_compat import array_namespace

from guiapp.theory.arrays import Array, softplus


def bernoulli(x: Array, logits: Array) -> Array:
    """-log p(x|a) = Σ_d [softplus(a_d) - x_d a_d] for x_d ∈ [0, 1] and p(x_d = 1) = sigmoid(a_d).

    For 0 < x < 1 it is the cross-entropy, no longer a normalised likelihood (Loaiza-Ganem & Cunningham 2019).

    Shapes: x (B, D), logits (B, D) -> (B,).
    """
    xp = array_namespace(logits)
    return xp.sum(softplus(logits), axis=-1) - xp.sum(x * logits, axis=-1)


def gaussian(x: Array, mean: Array, log_sigma: Array | float) -> Array:
    """-log N(x; f, σ²I) = ‖x - f‖² / (2σ²) + D log σ + (D/2) log 2π.

    Shapes: x (B, D), mean (B, D), log_sigma scalar -> (B,).
    """
    xp = array_namespace(mean)
    size = mean.shape[-1]
    scale = math.exp(-2 * log_sigma) if isinstance(log_sigma, float) else xp.exp(-2 * log_sigma)
    return xp.sum((x - mean) ** 2, axis=-1) * (0.5 * scale) + size * (log_sigma + 0.5 * math.log(2 * math.pi))


def optimal_sigma(mean_squared_error: float) -> float:
    """The σ that maximises a Gaussian likelihood: σ² is the mean squared error per component (Rybkin et al. 2021)."""
    return math.sqrt(mean_squared_error)
