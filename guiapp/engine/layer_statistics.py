"""How each layer does, measured now and then while a model trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from guiapp import spec
from guiapp.engine.aside import Function, Hidden, Tap, beside, gradients, hidden_layers, root_mean_square, tapped, twin
from guiapp.engine.aside import slope as slope_of
from guiapp.engine.objectives import Objective

EVERY = 100  # steps; a pass forward costs a third to one half of a step
SNR_EVERY = 500  # steps; the parts of a batch cost two to eight steps
PARTS = 8  # of a batch
SATURATED = 0.01  # of the steepest slope


class LayerStatistics:
    """The columns of hidden layers and of tensors, NaN between two measurements. Each is made on data and noise of its
    own, so that the weights are the same bits with it and without.

    Every `EVERY` steps, of each hidden layer g(norm(W x + b)), on one batch:
    activation/LAYER: the root mean square of g, before a skip is added. dead/LAYER: the fraction of its units
    (convolutional: channels) whose output is exactly 0 for the whole batch, wherever it is looked at; only rectifiers
    and what underflows have such. saturated/LAYER: the fraction of (datum, unit) with |g′| < 0.01 max |g′|; of ReLU,
    those that are off. Of maxout, a maximum over several maps, neither is told: NaN.

    Every `SNR_EVERY` steps, of each tensor:
    snr/TENSOR: ‖mean‖ / √(Σ variance) of its gradient over `PARTS` parts of a batch; the noise is that of a part, and
    pure noise has about 1/√PARTS. Inf where the parts agree to the last bit, NaN where all are zero or there are none.
    """

    def __init__(self, network: nn.Module, objective: Objective, seed: int) -> None:
        self._network, self._objective, self._seed = network, objective, seed
        self.layers = hidden_layers(network)
        self.tensors = tuple(name for player in objective.players.values() for name in player.names)
        of_layers = [f"{kind}/{name}" for kind in ("activation", "dead", "saturated") for name in self.layers]
        self.names = (*of_layers, *(f"snr/{name}" for name in self.tensors))
        self._unknown = torch.full((len(self.names),), torch.nan, device=objective.feed.device)

    def read(self, model: spec.Vae | spec.Gan, batch: int, step: int) -> Tensor:
        """(N,) values of `names` after `step` steps."""
        if step % EVERY:
            return self._unknown
        values = self._unknown.clone()
        split = 3 * len(self.layers)
        if split:
            values[:split] = self._of_layers(model, batch, step)
        if step % SNR_EVERY == 0:
            values[split:] = self.signal_to_noise(model, batch, step)
        return values

    def _of_layers(self, model: spec.Vae | spec.Gan, batch: int, step: int) -> Tensor:
        objective = twin(self._objective, self._seed, step)
        *_, player = objective.players  # D's batch passes through G too
        with beside(self._network, gradients=False), tapped(self.layers) as taps:
            objective.parts(model, batch, player, step)
        values = [self._of_layer(layer, taps[name]) for name, layer in self.layers.items()]
        return torch.stack(values, dim=1).flatten()

    def _of_layer(self, layer: Hidden, tap: Tap) -> Tensor:
        if not tap.before:  # nothing passes through it
            return self._unknown[:3]
        before, after = torch.cat(tap.before), torch.cat(tap.after)
        dead = dead_units(layer, after) / after.shape[1]
        return torch.stack((root_mean_square(after), dead, saturated(layer, before)))

    def signal_to_noise(self, model: spec.Vae | spec.Gan, batch: int, step: int) -> Tensor:
        """(P,) of each tensor, at the weights of now; parts have at least two data, for batch normalisation."""
        objective = twin(self._objective, self._seed, step)
        size = max(2, batch // PARTS)
        with beside(self._network, gradients=True):
            ratios = []
            for name, player in objective.players.items():
                moments = _Moments(player.parameters)
                for _ in range(PARTS):
                    moments.add(objective.loss(model, size, name, step))
                ratios.append(moments.ratio())
        return torch.cat(ratios)


class _Moments:
    """Mean and total variance of gradients that come one after the other (Welford 1962)."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = list(parameters)
        self._mean = [torch.zeros_like(p) for p in parameters]
        self._squares: Tensor | float = 0.0  # (P,) sum of squared deviations
        self._count = 0
        self._absent: set[int] = set()
        self._norm: Callable[[list[Tensor]], Tensor] = _norms_on(self._mean[0].device.type)

    def add(self, loss: Tensor) -> None:
        self._count += 1
        found = gradients(loss, self._parameters)
        self._absent |= {i for i, gradient in enumerate(found) if gradient is None}
        with torch.no_grad():
            each = [m if g is None else g for g, m in zip(found, self._mean, strict=True)]
            apart = list(torch._foreach_sub(each, self._mean))
            self._squares = self._squares + self._norm(apart) ** 2 * ((self._count - 1) / self._count)
            torch._foreach_add_(self._mean, apart, alpha=1 / self._count)

    def ratio(self) -> Tensor:
        """‖mean‖ / √(Σ variance), (P,)."""
        result = self._norm(self._mean) / (self._squares / (self._count - 1)) ** 0.5
        result[list(self._absent)] = torch.nan
        return result.float()


def _norms_on(device: str) -> Callable[[list[Tensor]], Tensor]:
    """In double precision, where there is such: the square of 1e-25 is no float."""
    dtype = torch.float32 if device == "mps" else torch.float64
    return lambda tensors: torch.stack(torch._foreach_norm(tensors, 2, dtype))


def dead_units(layer: Hidden, after: Tensor) -> Tensor:
    """How many units of the outputs (B, units, ...) are exactly 0 throughout, (); NaN of maxout."""
    if layer.activation == "maxout":
        return after.new_full((), torch.nan)
    return (after == 0).transpose(0, 1).flatten(1).all(1).sum()


def saturated(layer: Hidden, before: Tensor) -> Tensor:
    """The fraction of the inputs of g at which |g′| < 0.01 max |g′|, (); NaN of maxout, whose pieces have no bend."""
    if layer.activation == "maxout":
        return before.new_full((), torch.nan)
    return (slope_of(layer.function, before).abs() < SATURATED * steepest(layer.function)).float().mean()


@cache
def steepest(function: Function) -> float:
    """max |g′|; every activation has it within ±10."""
    return float(slope_of(function, torch.linspace(-10, 10, 20_001)).abs().max())
