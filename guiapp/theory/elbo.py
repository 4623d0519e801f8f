"""The evidence lower bound and what is done to it: importance weighting, free bits, the schedule of β. In nats.

log p(x) = ELBO + KL(q(z|x) ‖ p(z|x)), ELBO = E_q[log p(x|z)] - KL(q(z|x) ‖ p(z)) (Kingma & Welling 2014).
"""

from __future__ import annotations

import math
from typing import Literal

from array_api_compat import array_namespace

from guiapp.theory.arrays import Array

Schedule = Literal["constant", "linear", "cyclical"]


def log_mean_exp(log_weights: Array) -> Array:
    """log (1/K) Σ_k exp(w_k) over the first axis, without overflow; (K, ...) -> (...).

    With w_k = log p(x, z_k) - log q(z_k|x), z_k ~ q, it is the importance-weighted bound L_K ≤ L_{K+1} ≤ log p(x) in
    expectation (Burda, Grosse & Salakhutdinov 2016, eq. 8); L_1 is the evidence lower bound.
    """
    xp = array_namespace(log_weights)
    largest = xp.max(log_weights, axis=0)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))  # all -∞: -∞ - -∞ would be NaN
    total = xp.sum(xp.exp(log_weights - largest), axis=0)
    return xp.where(total > 0, xp.log(total + (total == 0)), -xp.inf) + (largest - math.log(log_weights.shape[0]))


def log_importance_weights(
    reconstruction: Array, z: Array, noise: Array, log_var: Array, beta: float = 1.0, scale: float = 1.0
) -> Array:
    """scale·log p(x|z) + β (log p(z) - log q(z|x)) for z = μ + σ⊙ε, prior N(0, I); β = scale = 1 gives log of p(x,z)/q.

    log p(z) - log q(z|x) = Σ_i [ε_i² - z_i² + log σ_i²]/2, the two ½ log 2π cancelling.

    Shapes: reconstruction = -log p(x|z) (K, B), z (K, B, Z), noise ε (K, B, Z), log_var (B, Z) -> (K, B).
    """
    xp = array_namespace(reconstruction)
    ratio = 0.5 * xp.sum(noise * noise - z * z + log_var, axis=-1)
    return beta * ratio - scale * reconstruction


def free_bits(kl: Array, least: float) -> Array:
    """Σ_i max(KL_i, λ): a dimension costs λ = `least` nats whether it is used or not, so that its KL is not driven
    below that (Kingma et al. 2016, eq. 15). `kl` (Z,) holds means over the batch -> ()."""
    xp = array_namespace(kl)
    return xp.sum(xp.clip(kl, min=least), axis=-1)


def leave_one_out(values: Array) -> Array:
    """For each value the mean of the others along the first axis: a baseline that does not depend on it, so that the
    score-function estimator stays unbiased (Kool, van Hoof & Welling 2019); (N, ...) -> (N, ...), zero for N = 1."""
    xp = array_namespace(values)
    count = values.shape[0]
    if count == 1:
        return xp.zeros_like(values)
    return (xp.sum(values, axis=0) - values) / (count - 1)


def scheduled(beta: float, schedule: Schedule, length: int, step: int) -> float:
    """β in iteration `step` (from 1 on).

    linear: β·min(1, step/length) (Bowman et al. 2016); cyclical: the same in the first half of every `length`
    iterations, β in the second (Fu et al. 2019); constant: β.
    """
    if schedule == "linear":
        return beta * min(1.0, step / length)
    if schedule == "cyclical":
        return beta * min(1.0, 2 * ((step - 1) % length + 1) / length)
    return beta


def bits_per_dimension(nats: Array, size: int) -> Array:
    """nats per datum as bits per component: nats / (D log 2), D = `size`."""
    return nats / (size * math.log(2))
