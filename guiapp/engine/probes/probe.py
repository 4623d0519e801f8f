"""What a probe is: one kind of picture, read from a trainer without changing its training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from guiapp.engine.trainer import Trainer

VALUES = 400_000  # in an array of data: 32 colour images of 64 x 64
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Probe:
    """`read(trainer, focus)` makes the picture `kind`; it is called inside `trainer.quiet()`, draws from no stream of
    the run, and leaves weights, gradients, mode and optimiser as found. `requires` is a subset of the capabilities.

    `focus` names the entries of the focus that the picture depends on: when one changes, it is made anew. A picture
    that is `prompt` answers a hand on the mouse: it is cheap (a few ms), and is made at once, whatever was spent. One
    `of_gradients` shows those of the step that was taken last."""

    kind: str
    requires: frozenset[str]
    read: Callable[[Trainer, Mapping[str, Any]], Arrays]
    focus: frozenset[str] = frozenset()
    prompt: bool = False
    of_gradients: bool = False


def array(tensor: Tensor, shape: tuple[int, ...] | None = None) -> npt.NDArray[Any]:
    """`tensor` as a numpy array of its own, in `shape` when given."""
    result: npt.NDArray[Any] = tensor.detach().to("cpu", copy=True).numpy()
    return result if shape is None else result.reshape(shape)


def noise(trainer: Trainer, count: int, dimensions: int) -> Tensor:
    """The same standard normal draws (count, dimensions) at every step, so that one sees what becomes of each z."""
    rng = np.random.default_rng([trainer.spec.seed, 4])
    return torch.from_numpy(rng.standard_normal((count, dimensions), np.float32)).to(trainer.device)


def few(trainer: Trainer, most: int) -> int:
    """`most` data, or fewer where a datum is large: some 1.6 MB cross the pipe then for each array of data."""
    return max(4, min(most, VALUES // trainer.feed.dim))
