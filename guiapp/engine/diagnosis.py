"""Finding the first tensor that stopped being finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from guiapp.engine.player import Player


def first_non_finite(model: nn.Module, replay: Callable[[], object], players: Iterable[Player]) -> str:
    """The name of the first non-finite tensor in the order of computation.

    Weights come first, then the inputs and outputs of the layers in a repeated forward pass, then the gradients in the
    order in which the backward pass made them, output side first.
    """
    for name, parameter in model.named_parameters():
        if not _finite(parameter):
            return f"weights {name}"
    seen: list[str] = []

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if not _finite(inputs[0]):
                seen.append(f"input of {name}")
            elif not _finite(output):
                seen.append(f"output of {name}")

        return hook

    with torch.no_grad(), ExitStack() as stack:
        for name, module in model.named_modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                stack.callback(module.register_forward_hook(watch(name)).remove)
        replay()
    if seen:
        return seen[0]
    for player in players:
        for name, gradient in reversed(list(zip(player.names, player.gradients, strict=False))):
            if not _finite(gradient):
                return f"gradient of {name}"
            if not _finite(gradient.norm()):
                return f"norm of the gradient of {name}"
    return "loss"


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
