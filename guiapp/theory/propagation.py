"""How the variance of activations, and of the gradients that come back, changes from layer to layer of a deep network
at initialisation. Numpy only.

For weights of mean 0 that are independent of each other and of what they are applied to, many units wide, and the
pre-activations a of a datum hence normal over the units of a layer (Poole et al. 2016; Schoenholz et al. 2017):
q_l = n v E x_{l-1}² + var b, E x_l² = E g(√q_l z)², z ~ N(0, 1), with n weights of variance v into each unit; and back,
for the error δ_l = ∂loss/∂x_l, E δ_l² = N v E g'(√q_{l+1} z)² E δ_{l+1}² (Glorot & Bengio 2010; He et al. 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.spec_parts import Initialisation, Normalisation
from guiapp.theory.activations import LEAK, Activation, derivative, value

Floats = npt.NDArray[np.float64]
STEP: Final = 0.25  # of log |a| between two nodes: the trapezoidal rule is then good to 1e-8
BELOW, ABOVE = 18.0, 2.2  # log |a| from e^-18 of the smaller of 1 and √q to nine standard deviations
RECTIFIERS: Final = ("relu", "leaky relu", "elu", "gelu")


class DeepNetwork(Struct, frozen=True, forbid_unknown_fields=True):
    """`depth` hidden layers x_l = g(norm(W x_{l-1} + b)) [+ x_{l-1}] of `width` units, then one linear layer. The
    weights of the hidden layers are those of the initialisation `init` times `gain`."""

    depth: Annotated[int, Meta(ge=1, le=100)] = 20
    width: Annotated[int, Meta(ge=1, le=512)] = 64
    activation: Activation = "relu"
    init: Initialisation = "he"
    gain: Annotated[float, Meta(ge=0.01, le=10)] = 1.0
    norm: Normalisation = "none"
    skip: bool = False
    bias: bool = True


@dataclass(frozen=True)
class Moments:
    """E g(a), E g(a)², E g'(a)² (M,) each, of a ~ N(0, q) for M variances q."""

    mean: Floats
    second: Floats
    slope: Floats


@dataclass(frozen=True)
class Propagation:
    """By hidden layer, 1 to L: `mean` and `variance` (L,) of the activations over units and data; `gradient` (L,):
    E δ_l² / E δ_L² of one datum, δ_l = ∂loss/∂x_l; NaN with batch normalisation, where no one datum has a gradient of
    its own (Yang et al. 2019)."""

    mean: Floats
    variance: Floats
    gradient: Floats


def moments(activation: str, q: npt.ArrayLike) -> Moments:
    """Of a ~ N(0, q), q (M,) of any size. ReLU and leaky ReLU of slope α below 0 in closed form, E g = (1 - α)√(q/2π),
    E g² = (1 + α²) q/2, E g'² = (1 + α²)/2 (He et al. 2015); the others by the trapezoidal rule in log |a| on either
    side of 0, which is good to 8 digits whether q is 1e-30 or 1e30. NaN where q is no finite number.

    Raises:
        ValueError: no function of one number has that name.
    """
    q = np.atleast_1d(np.asarray(q, np.float64))
    if activation in ("relu", "leaky relu"):
        leak = LEAK if activation == "leaky relu" else 0.0
        square = (1 + leak**2) / 2
        return Moments((1 - leak) * np.sqrt(q / (2 * math.pi)), square * q, np.where(q >= 0, square, np.nan))
    zero = np.asarray([float(f(activation, 0.0)) ** n for f, n in ((value, 1), (value, 2), (derivative, 2))])
    found = np.where(q == 0, zero[:, None], np.nan)  # (3, M)
    good = np.isfinite(q) & (q > 0)
    if good.any():
        root = np.sqrt(q[good])
        logs = np.arange(math.log(min(1.0, root.min())) - BELOW, math.log(root.max()) + ABOVE + STEP, STEP)
        a = np.exp(logs)
        a = np.concatenate([-a, a])
        integrands = np.stack([value(activation, a), value(activation, a) ** 2, derivative(activation, a) ** 2])
        weights = np.exp(-0.5 * (a / root[:, None]) ** 2) * np.abs(a) / root[:, None]  # (M, nodes), da = |a| dlog|a|
        found[:, good] = integrands @ (STEP / math.sqrt(2 * math.pi) * weights).T
    return Moments(*found)


def weight_variance(init: str, activation: str, fan_in: int, fan_out: int) -> tuple[float, float]:
    """Variance of each weight, and of each bias, of a hidden layer as `init` draws them: he 2/fan_in; glorot
    2/(fan_in + fan_out); orthogonal gain²/max(fan_in, fan_out), gain² 2 for rectifiers, else 1 (Saxe et al. 2014);
    pytorch 1/(3 fan_in), biases too; normal .02²."""
    if init == "he":
        return 2 / fan_in, 0.0
    if init == "glorot":
        return 2 / (fan_in + fan_out), 0.0
    if init == "orthogonal":
        return (2 if activation in RECTIFIERS else 1) / max(fan_in, fan_out), 0.0
    return (1 / (3 * fan_in), 1 / (3 * fan_in)) if init == "pytorch" else (0.02**2, 0.0)


def propagate(network: DeepNetwork, inputs: int, second: npt.ArrayLike = 1.0, mean: npt.ArrayLike = 0.0) -> Propagation:
    """What the recursion predicts for `network` on data of `inputs` components whose mean square and mean over these
    components are `second` and `mean`, (M,) or one number for all.

    A normalised layer has q = 1 (over a batch: if that is large, and its pre-activations normal), and sends 1/q of its
    raw q back. A skip adds E x² + 2 E x E g(a) forward, as E W = 0, and 1 to the factor of the gradient. Residual
    layers only where the widths agree.
    """
    p, m = np.broadcast_arrays(np.atleast_1d(np.asarray(second, float)), np.atleast_1d(np.asarray(mean, float)))
    means, variances, factors = [], [], []
    for layer in range(network.depth):
        fan_in = network.width if layer else inputs
        v, bias = weight_variance(network.init, network.activation, fan_in, network.width)
        v *= network.gain**2
        with np.errstate(all="ignore"):  # at depth 100 overflow and underflow are what there is to see
            raw = fan_in * v * p + (bias if network.bias else 0.0)
            q = raw if network.norm == "none" else np.where(raw > 0, 1.0, raw)
            found = moments(network.activation, q)
            factor = network.width * v * found.slope / (1 if network.norm == "none" else raw)
            if network.skip and fan_in == network.width:
                p, m, factor = p + 2 * m * found.mean + found.second, m + found.mean, factor + 1
            else:
                p, m = found.second, found.mean
            means.append(m.mean())
            variances.append(p.mean() - m.mean() ** 2)
            factors.append(factor if network.norm != "batch" else np.full_like(factor, np.nan))
    with np.errstate(all="ignore"):
        back = np.cumprod(np.stack([np.ones_like(factors[0]), *factors[:0:-1]]), axis=0)[::-1].mean(1)
    return Propagation(np.asarray(means), np.asarray(variances), back)


def sigmoid_bound(layers: npt.ArrayLike, norms: float = 1.0) -> Floats:
    """(norms/4)^layers: the most that the norm of an error can be multiplied by on its way back through so many plain
    sigmoid layers whose weight matrices have a spectral norm of at most `norms`, as sigmoid' = g (1 - g) ≤ ¼ and
    ‖diag(g') W‖ ≤ ¼ ‖W‖ (Hochreiter 1991; Bengio et al. 1994); 9.5e-7 for 10 layers and norms of 1."""
    with np.errstate(under="ignore"):
        return np.asarray((norms / 4.0) ** np.asarray(layers, np.float64))
