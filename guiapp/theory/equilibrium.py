"""Where the GAN game comes to rest: what D says and both players pay once the generated law is that of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from guiapp.theory.game import PROBABILISTIC, TARGETED, Objective, discriminator_loss, generator_loss


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """`belief`: D of everything (a itself for least squares); `d_loss`, `g_loss`: what the players then pay, in nats
    where D is a probability."""

    belief: float
    d_loss: float
    g_loss: float


def equilibrium(objective: Objective, on_real: float = 1.0, on_fake: float = 0.0) -> Equilibrium | None:
    """The values where p_g = p and D is optimal, for the targets t = `on_real` and s = `on_fake`.

    D* = (t p + s p_g) / (p + p_g), which is (t + s)/2 there: ½ without smoothing. minimax, non-saturating: D's loss is
    log 4, so V = -log 4; G's is -log 2, or log 2 (Goodfellow et al. 2014, theorem 1). least squares: (t - s)²/2 = ½,
    and ¼ (Mao et al. 2017). None for hinge and Wasserstein, where any constant critic within the margin will do.
    """
    if objective not in TARGETED:
        return None
    best = (on_real + on_fake) / 2
    a = np.array([math.log(best / (1 - best)) if objective in PROBABILISTIC else best])
    real, fake = discriminator_loss(a, a, objective, on_real, on_fake)
    return Equilibrium(best, float(real[0] + fake[0]), float(generator_loss(a, objective)[0]))
