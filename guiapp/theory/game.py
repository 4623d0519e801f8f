"""The losses of the GAN game as functions of the discriminator's raw output a, in nats where D = sigmoid(a).

minimax, non-saturating (Goodfellow et al. 2014): V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]. With a the logit,
-log D = softplus(-a) and -log(1 - D) = softplus(a), which stay finite where D rounds to 0 or 1.
least squares (Mao et al. 2017): a itself is to be 1 on the real and 0 on the generated.
hinge (Lim & Ye 2017; Miyato et al. 2018): a is to be above 1 on the real and below -1 on the generated.
Wasserstein (Arjovsky et al. 2017): a is a critic's value, without a scale of its own; E[a(x)] - E[a(G(z))] is to grow,
under a bound on the slope of a (clipped weights or a gradient penalty).

Shapes: real, fake (B,) outputs of the discriminator -> (B,). All take numpy arrays and torch tensors.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from array_api_compat import array_namespace

from guiapp.theory.arrays import Array, sigmoid, softplus

Objective = Literal["minimax", "non-saturating", "least squares", "hinge", "Wasserstein"]
PROBABILISTIC: Final = frozenset({"minimax", "non-saturating"})  # a is a logit, D a probability
TARGETED: Final = PROBABILISTIC | {"least squares"}  # there are targets, which can be smoothed


def discriminator_loss(
    real: Array, fake: Array, objective: Objective = "minimax", on_real: float = 1.0, on_fake: float = 0.0
) -> tuple[Array, Array]:
    """The two terms that the discriminator descends, per sample, for the targets `on_real` and `on_fake`.

    minimax, non-saturating: the cross-entropy -t log D - (1 - t) log(1 - D); with targets 1 and 0 their sum is -V, and
    each is log 2 where D = 1/2. A target of .9 on the real is one-sided label smoothing (Salimans et al. 2016).
    least squares: (a - t)². hinge: max(0, 1 - a) and max(0, 1 + a). Wasserstein: -a and a. These two have no targets.
    """
    if objective in PROBABILISTIC:
        return _cross_entropy(real, on_real), _cross_entropy(fake, on_fake)
    if objective == "least squares":
        return (real - on_real) ** 2, (fake - on_fake) ** 2
    if objective == "hinge":
        return _positive(1 - real), _positive(1 + fake)
    return -real, fake


def generator_loss(fake: Array, objective: Objective) -> Array:
    """What the generator descends, per sample.

    minimax: log(1 - D) = -softplus(a). non-saturating: -log D = softplus(-a). least squares: (a - 1)². hinge,
    Wasserstein: -a.
    """
    if objective == "minimax":
        return -softplus(fake)
    if objective == "non-saturating":
        return softplus(-fake)
    return (fake - 1) ** 2 if objective == "least squares" else -fake


def discriminator_slopes(
    real: Array, fake: Array, objective: Objective = "minimax", on_real: float = 1.0, on_fake: float = 0.0
) -> tuple[Array, Array]:
    """The derivatives of both terms of `discriminator_loss` by a, per sample.

    minimax, non-saturating: D - t, so -(1 - D(x)) and D(G(z)) for the targets 1 and 0. least squares: 2 (a - t).
    hinge: -1 where a(x) < 1, else 0; 1 where a(G(z)) > -1, else 0. Wasserstein: -1 and 1.
    """
    if objective in PROBABILISTIC:
        return sigmoid(real) - on_real, sigmoid(fake) - on_fake
    if objective == "least squares":
        return 2 * (real - on_real), 2 * (fake - on_fake)
    xp = array_namespace(real, fake)
    if objective == "hinge":
        return -xp.astype(real < 1, real.dtype), xp.astype(fake > -1, fake.dtype)
    return -xp.ones_like(real), xp.ones_like(fake)


def generator_slope(fake: Array, objective: Objective) -> Array:
    """The derivative of `generator_loss` by a, per sample: how loudly a sample speaks to the generator.

    minimax: -D, near 0 just when D wins. non-saturating: -(1 - D), near -1 there; their ratio is (1 - D)/D, 99 at
    D = .01. least squares: 2 (a - 1). hinge, Wasserstein: -1.
    """
    if objective == "minimax":
        return -sigmoid(fake)
    if objective == "non-saturating":
        return -sigmoid(-fake)
    if objective == "least squares":
        return 2 * (fake - 1)
    return -array_namespace(fake).ones_like(fake)


def belief(a: Array, objective: Objective) -> Array:
    """What the discriminator holds of a sample: the probability D = sigmoid(a) that it is real; for least squares a
    itself, whose targets are 0 and 1; for hinge and Wasserstein the critic's value a."""
    return sigmoid(a) if objective in PROBABILISTIC else a


def indifference(objective: Objective, on_real: float = 1.0, on_fake: float = 0.0) -> float:
    """The output a of the best discriminator where real and generated are equally likely: for least squares the middle
    of the targets, 1/2; of a probability the logit of that middle, 0; for hinge 0. A Wasserstein critic, whose value
    has no origin, is undecided nowhere; 0 is nominal."""
    middle = (on_real + on_fake) / 2
    if objective == "least squares":
        return middle
    return math.log(middle / (1 - middle)) if objective in PROBABILISTIC else 0.0


def optimal_discriminator(log_p: Array, log_q: Array) -> Array:
    """D*(x) = p(x) / (p(x) + q(x)) = sigmoid(log p - log q), of log-densities in nats; Goodfellow et al. 2014,
    proposition 1."""
    return sigmoid(log_p - log_q)


def _cross_entropy(a: Array, target: float) -> Array:
    if target in (0.0, 1.0):
        return softplus(-a) if target else softplus(a)
    return target * softplus(-a) + (1 - target) * softplus(a)


def _positive(a: Array) -> Array:
    return array_namespace(a).clip(a, 0.0)
