"""Gaussians: log density and Kullback-Leibler divergence, in nats, for numpy arrays and torch tensors alike.

Every function takes any mix of numbers and arrays of one library and broadcasts. A standard deviation has to be
positive; elsewhere the result is NaN or infinite, as the logarithm is, and nothing is raised.
"""

from __future__ import annotations

import math
from typing import Any

import array_api_compat
import array_api_compat.numpy as numpy_namespace

from guiapp.theory.arrays import Array

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


def as_arrays(*values: Array) -> tuple[Any, list[Array]]:
    """The array library of `values`, and `values` as its arrays: numbers and whole numbers take the precision and the
    device of the first floating array, or become numpy's float64 where there is none."""
    given = [value for value in values if array_api_compat.is_array_api_obj(value)]
    xp: Any = array_api_compat.array_namespace(*given) if given else numpy_namespace
    for like in given:
        if xp.isdtype(like.dtype, "real floating"):
            where = {"dtype": like.dtype, "device": array_api_compat.device(like)}
            break
    else:
        where = {"dtype": xp.float64}
    known = [id(value) for value in given if xp.isdtype(value.dtype, "real floating")]
    return xp, [value if id(value) in known else xp.asarray(value, **where) for value in values]


def log_density(x: Array, mu: Array, sigma: Array) -> Array:
    """log N(x; μ, σ²) = -½ ((x - μ)/σ)² - log σ - ½ log 2π, in nats; arguments broadcast."""
    xp, (x, mu, sigma) = as_arrays(x, mu, sigma)
    z = (x - mu) / sigma
    return -0.5 * z * z - xp.log(sigma) - HALF_LOG_2_PI


def kl(mu1: Array, sigma1: Array, mu2: Array, sigma2: Array) -> Array:
    """KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²)) = log(σ₂/σ₁) + (σ₁² + (μ₁ - μ₂)²)/(2σ₂²) - ½, in nats; arguments broadcast.

    It is computed as ½(eᵛ - 1 - v + ((μ₁ - μ₂)/σ₂)²) with v = 2 log(σ₁/σ₂): the same value, but two nearly equal
    Gaussians do not lose their digits in the difference, and the result is never negative. Kullback & Leibler 1951.
    """
    xp, (mu1, sigma1, mu2, sigma2) = as_arrays(mu1, sigma1, mu2, sigma2)
    v = 2 * xp.log(sigma1 / sigma2)
    shift = (mu1 - mu2) / sigma2
    return 0.5 * (xp.expm1(v) - v + shift * shift)


def kl_standard(mu: Array, log_var: Array) -> Array:
    """KL(N(μ, diag σ²) ‖ N(0, I)) = ½ Σ_i (μ_i² + σ_i² - 1 - log σ_i²), in nats; (..., Z), (..., Z) -> (...).

    Kingma & Welling 2014, appendix B; the sum of `kl_standard_each`.
    """
    xp: Any = array_api_compat.array_namespace(mu, log_var)
    return xp.sum(kl_standard_each(mu, log_var), axis=-1)


def kl_standard_each(mu: Array, log_var: Array) -> Array:
    """KL(N(μ_i, σ_i²) ‖ N(0, 1)) of every latent dimension by itself, in nats; (..., Z), (..., Z) -> (..., Z).

    `log_var` is log σ². Few operations, for it runs at every training step; σ² - 1 is expm1(log σ²), which keeps its
    digits where the posterior has collapsed onto the prior.
    """
    xp: Any = array_api_compat.array_namespace(mu, log_var)
    return 0.5 * (mu * mu + xp.expm1(log_var) - log_var)


def kl_multivariate(mu1: Array, cov1: Array, mu2: Array, cov2: Array) -> Array:
    """KL(N(μ₁, Σ₁) ‖ N(μ₂, Σ₂)) = ½[tr(Σ₂⁻¹Σ₁) + (μ₂-μ₁)ᵀΣ₂⁻¹(μ₂-μ₁) - d + log(|Σ₂|/|Σ₁|)], in nats.

    Means (..., d), covariances (..., d, d) symmetric and positive definite -> (...). Through Cholesky factors Σ = LLᵀ,
    so that no covariance is inverted and no determinant overflows: tr = ‖L₂⁻¹L₁‖², log|Σ| = 2 Σ log L_ii.

    Raises:
        the library's own linear algebra error: a covariance is not positive definite.
    """
    xp: Any = array_api_compat.array_namespace(mu1, cov1, mu2, cov2)
    lower1, lower2 = xp.linalg.cholesky(cov1), xp.linalg.cholesky(cov2)
    spread = xp.linalg.solve(lower2, lower1)
    shift = xp.linalg.solve(lower2, (mu2 - mu1)[..., None])
    logs = xp.log(xp.linalg.diagonal(lower2)) - xp.log(xp.linalg.diagonal(lower1))
    trace = xp.sum(spread * spread, axis=(-2, -1))
    distance = xp.sum(shift * shift, axis=(-2, -1))
    return 0.5 * (trace + distance - mu1.shape[-1]) + xp.sum(logs, axis=-1)
