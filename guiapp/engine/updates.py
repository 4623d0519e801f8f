"""How far a step moves each tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

EVERY: Final = 20  # steps; one that is measured takes an eighth longer


def measured(step: int) -> bool:
    """Whether iteration `step` (from 1 on) is: at the start, where much happens in little time, each."""
    return step <= EVERY or step % EVERY == 0


class Norms:
    """‖t‖ of each of P tensors, (P,), always of the same shapes. On a CPU each goes right to a place made once, which
    takes a third of the time of `_foreach_norm`: that makes a new tensor for each, and a stack of those."""

    def __init__(self) -> None:
        self._found = torch.empty(0)
        self._places: Sequence[Tensor] = ()

    def of(self, tensors: Sequence[Tensor]) -> Tensor:
        """To be read before the next call."""
        if tensors[0].device.type != "cpu":
            return torch.stack(torch._foreach_norm(list(tensors)))
        if not self._places:
            self._found = tensors[0].new_empty(len(tensors))
            self._places = self._found.unbind()
        for tensor, place in zip(tensors, self._places, strict=True):
            torch.linalg.vector_norm(tensor, out=place)
        return self._found


class Updates:
    """‖Δw‖ / ‖w‖ of each tensor over a step."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = [parameter.detach() for parameter in parameters]
        self._moved, self._whole = Norms(), Norms()
        self._before: list[Tensor] = []

    def begin(self) -> None:
        """The step comes now."""
        self._before = [parameter.clone() for parameter in self._parameters]

    def ratios(self) -> Tensor:
        """(P,) of the step since; NaN where w = 0."""
        moved, self._before = list(torch._foreach_sub(self._parameters, self._before)), []
        return self._moved.of(moved) / self._whole.of(self._parameters)
