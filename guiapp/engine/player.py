"""One player of the training: parameters that descend one loss together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from guiapp.engine.updates import Norms, Updates, measured
from guiapp.spec import Optimiser


class NonFiniteError(ArithmeticError):
    """The loss or a gradient is NaN or infinite; no weight was changed."""


class Player:
    """Parameters with their names, their optimiser, and what every step tells of them.

    `gradients` holds the gradients of the last step, for the probes. Where `tells` is false, no update is measured.
    """

    def __init__(self, named: Iterable[tuple[str, nn.Parameter]], optimiser: Optimiser) -> None:
        pairs = list(named)
        self.names = tuple(name for name, _ in pairs)
        self.parameters: list[Tensor] = [p for _, p in pairs]
        self.gradients: list[Tensor] = []
        self.tells = True
        self.optimiser = _optimiser(self.parameters, optimiser)
        self._norms, self._updates = Norms(), Updates(self.parameters)
        self._root = torch.tensor([math.sqrt(p.numel()) for p in self.parameters], device=self.parameters[0].device)
        self._nothing = torch.full_like(self._root, math.nan)

    def set_rate(self, rate: float) -> None:
        """Use the learning rate `rate` from the next step on."""
        self.optimiser.param_groups[0]["lr"] = rate

    def descend(self, loss: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """One optimiser step down `loss` (a scalar), in iteration `step`: `slope`, then `move`."""
        return self.move(*self.slope(loss), step)

    def slope(self, loss: Tensor) -> tuple[list[Tensor], Tensor]:
        """The gradient of each tensor, and (P,) its root mean square.

        Raises:
            NonFiniteError: the loss or a gradient is not finite.
        """
        # contiguous, because torch's fused kernels ignore strides and read past the end of an expanded gradient
        gradients = [gradient.contiguous() for gradient in torch.autograd.grad(loss, self.parameters)]
        rms = self._norms.of(gradients) / self._root
        self.gradients = gradients
        if not math.isfinite(loss.item() + sum(rms.tolist())):
            raise NonFiniteError
        return gradients, rms

    def move(self, gradients: list[Tensor], rms: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """One optimiser step along `gradients`, in iteration `step`.

        Returns:
            `rms`, and (P,) ‖Δw‖ / ‖w‖ of each tensor: NaN where w = 0, and all of it where none is measured.
        """
        with torch.no_grad():
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient
            if not (self.tells and measured(step)):
                self.optimiser.step()
                return rms, self._nothing
            self._updates.begin()
            self.optimiser.step()
            return rms, self._updates.ratios()

    def rest(self) -> tuple[Tensor, Tensor]:
        """What `descend` would return, for a step in which this player did not move: NaN."""
        return self._nothing, self._nothing


def _optimiser(parameters: list[Tensor], optimiser: Optimiser) -> torch.optim.Optimizer:
    # fused: one kernel for all tensors (here 0.2 ms against 0.7 ms for a loop over them)
    if optimiser.kind == "adam":
        betas = (optimiser.beta1, optimiser.beta2)
        return torch.optim.Adam(parameters, lr=optimiser.lr, betas=betas, fused=True)
    return torch.optim.SGD(parameters, lr=optimiser.lr, momentum=optimiser.momentum, fused=True)
