"""What the study of depth measures in a network: gradients, activations, and the singular values of its Jacobians."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from guiapp.engine.models.layers import Layer, Mlp
from guiapp.engine.studies.depth_network import Trace, hidden_layers, trace

Floats = npt.NDArray[np.float64]
EDGES = np.linspace(-12.0, 6.0, 73)  # log10 of singular values; what lies beyond is in the outermost bins
NARROW = 128  # units up to which several data, and all layers, are decomposed
DATA, WIDE_LAYERS = 3, 12


@dataclass(frozen=True)
class Signals:
    """By hidden layer (L,): `mean` and `variance` of the activations over units and data, `delta` RMS of ∂loss/∂x_l of
    one datum; and (L+1,), the output layer last: `gradient` RMS of the loss's gradient by the weights. Squares are
    summed in double precision, so that 0 means that the gradient itself is 0 in single precision."""

    gradient: Floats
    mean: Floats
    variance: Floats
    delta: Floats


def signals(model: Mlp, x: Tensor, labels: Tensor) -> Signals:
    """On the batch x (B, D) and its mean cross entropy."""
    with torch.enable_grad():
        passed = trace(model, x)
        loss = F.cross_entropy(passed.logits, labels)
        weights = [part.weight for part in model if isinstance(part, nn.Linear)]
        found = torch.autograd.grad(loss, [*weights, *passed.outputs])
    gradients, deltas = found[: len(weights)], found[len(weights) :]
    spread = [_mean_and_variance(output.detach()) for output in passed.outputs]
    return Signals(
        np.array([_rms(g) for g in gradients]),
        np.array([mean for mean, _ in spread]),
        np.array([variance for _, variance in spread]),
        np.array([_rms(d) * len(x) for d in deltas]),
    )


def _rms(values: Tensor) -> float:
    return float(values.double().square().mean().sqrt())


def _mean_and_variance(values: Tensor) -> tuple[float, float]:
    """Infinite where a value is, though ∞ - ∞ is no number."""
    values = values.double()
    mean = float(values.mean())
    if torch.isinf(values).any() and not torch.isnan(values).any():
        return mean, float("inf")
    return mean, float(values.var(unbiased=False))


def jacobian(layer: Layer, passed: Trace, index: int, data: int) -> Tensor:
    """∂x_l/∂x_{l-1} (data, N, N') of the first `data` data of a trace, l = `index` + 1, in double precision:
    diag(g') M W [+ I], where M = 1; diag(γ/σ) of a normalised batch, whose mean and σ are held fixed; or with layer
    normalisation diag(γ) (1 - 11ᵀ/N - ââᵀ/N)/σ, with â what is normalised."""
    slopes, weight = passed.slopes[index][:data].double(), layer.weight.detach().double()
    spread, normal = passed.spread[index], passed.normal[index]
    if spread is None or normal is None or layer.norm is None:
        result = slopes[:, :, None] * weight
    else:
        slopes = slopes * layer.norm.weight.detach().double()
        if isinstance(layer.norm, nn.BatchNorm1d):
            result = (slopes / spread.detach().double())[:, :, None] * weight
        else:
            at = normal[:data].detach().double()  # (K, N)
            along = (at @ weight / at.shape[1])[:, None, :]  # (K, 1, N')
            centred = weight - weight.mean(0) - at[:, :, None] * along
            result = (slopes / spread[:data].detach().double())[:, :, None] * centred
    return result + torch.eye(len(weight), device=weight.device, dtype=weight.dtype) if layer.skip else result


@dataclass
class Spectra:
    """Singular values by hidden layer (L, 3): largest, median, least over a few data, of the layer's Jacobian
    ∂x_l/∂x_{l-1} and of the product ∂x_l/∂x_1, NaN where there are none; `layer_counts`, `product_counts` (L, K)
    histograms over EDGES of log10, the zeros in the first bin; `sampled` (L,): whether the layer was decomposed."""

    layer: Floats
    product: Floats
    layer_counts: npt.NDArray[np.int32]
    product_counts: npt.NDArray[np.int32]
    sampled: npt.NDArray[np.bool_]


def sampled_layers(depth: int, width: int) -> list[int]:
    """Which layers are decomposed, from 0: all; of wide ones, where that takes a fifth of a second each, a dozen."""
    if width <= NARROW or depth <= WIDE_LAYERS:
        return list(range(depth))
    return sorted({round(i) for i in np.linspace(0, depth - 1, WIDE_LAYERS)})


def spectra(model: Mlp, x: Tensor) -> Iterator[Spectra]:
    """Of the batch x (B, D), layer by layer, so that others have their turn. A value below N ε of the largest,
    ε = 2.2e-16, cannot be told from 0 in double precision, and is 0."""
    layers = hidden_layers(model)
    depth, width = len(layers), layers[0].out_features
    data = DATA if width <= NARROW else 1
    with torch.no_grad():
        passed = trace(model, x)
    bins = len(EDGES) - 1
    result = Spectra(
        np.full((depth, 3), np.nan),
        np.full((depth, 3), np.nan),
        np.zeros((depth, bins), np.int32),
        np.zeros((depth, bins), np.int32),
        np.zeros(depth, np.bool_),
    )
    chosen = set(sampled_layers(depth, width))
    product: Tensor | None = None
    for i, layer in enumerate(layers):
        own = jacobian(layer, passed, i, data)
        product = own @ product if product is not None else None
        if i in chosen:
            result.layer[i], result.layer_counts[i] = _summary(singular_values(own))
            result.sampled[i] = True
            if product is not None:
                result.product[i], result.product_counts[i] = _summary(singular_values(product))
        if product is None:
            product = torch.eye(width, device=x.device, dtype=torch.float64).expand(len(own), -1, -1)
        yield result


def singular_values(matrices: Tensor) -> Floats:
    """(K, N) of matrices (K, M, N'), from the largest; those below max(M, N') ε of the largest are 0. All are NaN, or
    infinite where an entry is, of a matrix that is not finite."""
    values = np.full((len(matrices), min(matrices.shape[1:])), np.nan)
    for i, matrix in enumerate(matrices):
        if bool(torch.isfinite(matrix).all()):
            found = torch.linalg.svdvals(matrix).cpu().numpy()
            values[i] = np.where(found > max(matrix.shape) * np.finfo(np.float64).eps * found[0], found, 0.0)
        elif bool(torch.isinf(matrix).any()):
            values[i] = np.inf
    return values


def _summary(values: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Largest, median and least (3,); counts (K,), without what is no finite number."""
    with np.errstate(divide="ignore"):
        logs = np.log10(values[np.isfinite(values)]).clip(EDGES[0], EDGES[-1])
    extremes = np.array([values.max(), np.median(values), values.min()])
    return extremes, np.histogram(logs, EDGES)[0].astype(np.int32)
