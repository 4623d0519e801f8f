"""Derivatives of the losses of a GAN by torch's autograd, for the lab of the objectives to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from guiapp.engine.probes.probe import Arrays, array
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.theory import game

MOST = 4096  # logits


def begin(_trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """At the outputs of D `options["a"]` (N,), for the targets `options["real_target"]` and `options["fake_target"]`;
    `options["press"]`, a number, comes back as it is. In double precision.

    Returns:
        press (). slopes (O, 3, N): ∂L/∂a of the generator's loss and of the discriminator's terms on the real and on
        the generated, for the O objectives in the order of `game.Objective`. by_belief (2, N): ∂L/∂D of log(1 - D) and
        of -log D, differentiated in D = sigmoid(a).

    Raises:
        ValueError: none, too many, or logits that are not finite.
    """
    a = torch.as_tensor(np.asarray(options["a"], np.float64).reshape(-1))
    if not 0 < len(a) <= MOST or not bool(torch.isfinite(a).all()):
        raise ValueError(f"the check takes 1 to {MOST:,} finite logits.")
    targets = float(options["real_target"]), float(options["fake_target"])
    slopes = torch.stack([_slopes(a, objective, *targets) for objective in get_args(game.Objective)])
    belief = torch.sigmoid(a)
    by_belief = torch.stack([_derivative(belief, lambda d: torch.log1p(-d)), _derivative(belief, lambda d: -d.log())])
    press = np.array(int(options["press"]))
    yield 1.0, {"press": press, "slopes": array(slopes), "by_belief": array(by_belief)}


def _slopes(a: Tensor, objective: game.Objective, on_real: float, on_fake: float) -> Tensor:
    """(3, N)."""
    terms = (
        lambda at: game.generator_loss(at, objective),
        lambda at: game.discriminator_loss(at, at, objective, on_real, on_fake)[0],
        lambda at: game.discriminator_loss(at, at, objective, on_real, on_fake)[1],
    )
    return torch.stack([_derivative(a, term) for term in terms])


def _derivative(at: Tensor, loss: Any) -> Tensor:
    with torch.enable_grad():
        at = at.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(at).sum(), at)
    return slope


STUDY = Study("game-check", frozenset(), begin)
