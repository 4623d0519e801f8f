"""The losses of the GAN game as functions of the logit a of D = sigmoid(a), in nats; Goodfellow et al. 2014.

V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]. With logits, -log D = softplus(-a) and -log(1 - D) = softplus(a),
which stay finite where D rounds to 0 or 1.
"""

from __future__ import annotations

from typing import Literal

from guiapp.theory.arrays import Array, softplus

Objective = Literal["minimax", "non-saturating"]


def discriminator_loss(real: Array, fake: Array) -> tuple[Array, Array]:
    """The two terms of -V(D, G), per sample: -log D(x) and -log(1 - D(G(z))).

    Their derivatives by the logit are -(1 - D(x)) and D(G(z)). At the optimum against a perfect generator, D = 1/2 and
    each is log 2.

    Shapes: real (B,), fake (B,) logits -> (B,), (B,).
    """
    return softplus(-real), softplus(fake)


def generator_loss(fake: Array, objective: Objective) -> Array:
    """What the generator descends, per sample.

    minimax: log(1 - D(G(z))) = -softplus(a); its derivative by the logit is -D, near 0 just when D wins.
    non-saturating: -log D(G(z)) = softplus(-a); derivative -(1 - D), near -1 there. Their ratio is (1 - D)/D.

    Shapes: fake (B,) logits -> (B,).
    """
    return -softplus(fake) if objective == "minimax" else softplus(-fake)
