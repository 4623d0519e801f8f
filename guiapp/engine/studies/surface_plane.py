"""The plane through a player's weights in which its loss is looked at: random, or that of the path of training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn

from guiapp.engine.keyframe import restore_weights
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.trainer import Trainer
from guiapp.run_file import keyframe_steps, read_keyframe
from guiapp.theory.surface import filter_normalised, path_axes

MOST_KEYFRAMES, FEWEST_KEYFRAMES = 60, 3
MEMORY = 1 << 28  # bytes that the weights along the path may take
BLOCK = 1 << 14  # weights whose inner products are taken in one slice
MARGIN = 0.2  # of the path's extent, left free on either side of it


@dataclass(frozen=True)
class Plane:
    """w + a·d₁ + b·d₂ with d₁, d₂ as tensors in the order of the player's, over the rectangle of `middle` ± `half`
    ((2,) each); `found` is what there is to tell of it."""

    directions: tuple[list[Tensor], list[Tensor]]
    middle: npt.NDArray[np.float64]
    half: npt.NDArray[np.float64]
    found: Arrays


def random_plane(trainer: Trainer, weights: list[Tensor], seed: int, reach: float) -> Plane:
    """Two directions of normal draws, filter by filter as long as the weights; biases, the scales and shifts of
    normalisations and a learned σ, which have no filters, stay where they are (as in Li et al. 2018)."""
    generator, turned = Generator().manual_seed(seed), _transposed(trainer.model)
    pair: tuple[list[Tensor], list[Tensor]] = ([], [])
    for direction in pair:
        for weight in weights:
            if weight.ndim < 2:
                direction.append(torch.zeros_like(weight))
                continue
            drawn = torch.randn(weight.shape, generator=generator).to(weight.device)  # the same on every device
            direction.append(filter_normalised(drawn, weight.detach(), axis=int(id(weight) in turned)))
    return Plane(pair, np.zeros(2), np.full(2, reach), {"seed": np.array(seed)})


def _transposed(model: nn.Module) -> set[int]:
    """The weights whose second axis counts the filters."""
    layers = (module for module in model.modules() if isinstance(module, nn.ConvTranspose2d))
    return {id(tensor) for layer in layers for tensor in layer.parameters() if tensor.ndim == 4}


def path_plane(
    trainer: Trainer, weights: list[Tensor], run_file: str, reach: float
) -> Iterator[tuple[float, Plane | None]]:
    """The plane of the first two principal components of the weights of the run's keyframes up to the step of
    `trainer` and of its own, the last. The rectangle holds the path at `reach` = 1, and shrinks around its end. Gives
    after each slice how far it is, and the plane at the end.

    Raises:
        ValueError: the run is not recorded, has fewer than 3 keyframes up to here, or its path has no two directions.
        RunFileError, KeyframeError: the run file cannot be read, or is that of another model.
    """
    last = trainer.step
    steps, held = _chosen(run_file, last, sum(tensor.numel() for tensor in weights))
    kept, centre = trainer.weights(), _flat(weights)
    points = torch.zeros((len(steps) + 1, len(centre)))  # (K, P): what they were before, less what they are
    for i, step in enumerate(steps):
        restore_weights(trainer, read_keyframe(Path(run_file), step))
        torch.sub(_flat(weights), centre, out=points[i])
        yield 0.5 * (i + 1) / len(steps), None
    trainer.model.load_state_dict(kept)
    trainer.step = last
    gram = torch.zeros((len(points), len(points)), dtype=torch.float64)
    starts = range(0, points.shape[1], BLOCK)
    for start in starts:
        block = points[:, start : start + BLOCK].double()
        gram += block @ block.T
        yield 0.5 + 0.4 * start / points.shape[1], None
    if not bool(torch.isfinite(gram).all()):
        raise ValueError("the weights of a keyframe are not finite, so that the path has no directions")
    coefficients, path, shares = path_axes(gram.numpy())
    flat = torch.empty((2, points.shape[1]))
    for start in starts:
        block = points[:, start : start + BLOCK].double()
        flat[:, start : start + BLOCK] = torch.from_numpy(coefficients.T) @ block
        yield 0.9 + 0.1 * start / points.shape[1], None
    low, high = path.min(0), path.max(0)
    margin = MARGIN * (high - low)
    low, high = reach * (low - margin), reach * (high + margin)
    found = {"path": path, "path_steps": np.array([*steps, last]), "shares": shares, "keyframes": np.array(held)}
    directions = _shaped(flat[0], weights), _shaped(flat[1], weights)
    yield 1.0, Plane(directions, (low + high) / 2, (high - low) / 2, found)


def _chosen(run_file: str, last: int, size: int) -> tuple[list[int], int]:
    """The steps before `last` whose keyframes are taken, spread evenly, and how many keyframes there are up to it."""
    if not run_file:
        raise ValueError("the run is not recorded, so that its path is not known; take random directions")
    held = [step for step in keyframe_steps(Path(run_file)) if step <= last]
    if len(held) < FEWEST_KEYFRAMES:
        raise ValueError(
            f"the path takes {FEWEST_KEYFRAMES} keyframes at least, and the run file holds {len(held)} up to step "
            f"{last:,}; train on, or take random directions"
        )
    before = [step for step in held if step < last]
    most = min(MOST_KEYFRAMES, max(FEWEST_KEYFRAMES, MEMORY // (4 * size)))
    places = np.unique(np.linspace(0, len(before) - 1, min(most, len(before))).round().astype(int))
    return [before[i] for i in places.tolist()], len(held)


def _flat(weights: list[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in weights]).cpu()


def _shaped(flat: Tensor, weights: list[Tensor]) -> list[Tensor]:
    parts = torch.split(flat, [tensor.numel() for tensor in weights])
    return [part.reshape(tensor.shape).to(tensor.device) for part, tensor in zip(parts, weights, strict=True)]
