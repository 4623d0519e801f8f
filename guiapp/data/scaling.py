"""The scaling of a user's values, chosen by name or by looking at them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guiapp.data.raw import Raw, blocks
from guiapp.data.source import Float32, Float64

SCALES = ("auto", "none", "unit", "standard")


@dataclass(frozen=True, eq=False)
class Scaling:
    """(x - shift) / divisor, computed in float64 and given as float32, so that the same value comes out whether all
    data are scaled at once or a batch at a time. `shift` and `divisor` are (1,) or (D,); `how` as `decide` gives it."""

    how: str
    shift: Float64
    divisor: Float64

    def __call__(self, values: NDArray[Any]) -> Float32:
        """`values` (N, D) of any real type, scaled (N, D)."""
        if self.how == "none" and values.dtype == np.float32:
            return values.astype(np.float32)
        if self.how == "bytes" and values.dtype == np.uint8:
            # The same as through float64, whose 53 bits hold twice float32's 24 and two more: Figueroa 1995.
            quick: Float32 = values.astype(np.float32)
            quick /= np.float32(255)
            return quick
        # Out of float64: a time stamp of 1.7e9 seconds would lose its minutes in float32 before the shift.
        result = np.empty(values.shape, np.float32)
        for start, block in blocks(values):
            result[start : start + len(block)] = (block - self.shift) / self.divisor
        return result


def scaling(raw: Raw, how: str) -> tuple[Scaling, tuple[int, ...], str]:
    """How the values (N, D) of `raw` are scaled, the shape of a row, and a note of what is done.

    none      nothing
    unit      least to 0, greatest to 1: over all pixels of all images, or for each column of vectors
    standard  mean 0 and standard deviation 1, again over all pixels or for each column
    auto      nothing if all values lie in [0, 1]; divided by 255 if they are whole numbers from 0 to 255 and images,
              or of type uint8; else unit for images and standard for vectors. Rows of whole numbers from 0 to 255
              whose length is a square from 64 are taken for images.

    Statistics are those of all rows, held-out ones included. A constant column is moved but not divided.
    """
    how, shape = decide(raw, how)
    taken = f"rows taken for images of {shape[0]} x {shape[1]}; " if shape != raw.shape else ""
    images = len(shape) > 1
    span = "over all pixels" if images else "in each column"
    shift: Float64 = np.zeros(1)
    divisor: Float64 = np.ones(1)
    note = "values as they are"
    if how == "bytes":
        divisor, note = np.full(1, 255.0), "divided by 255"
    elif how == "unit":
        shift, divisor = _range(raw.values, images)
        note = f"least to 0 and greatest to 1 {span}"
    elif how == "standard":
        shift, divisor = _moments(raw.values, images)
        note = f"mean 0 and standard deviation 1 {span}"
    return Scaling(how, shift, divisor), shape, taken + note


def scale(raw: Raw, how: str) -> tuple[Float32, tuple[int, ...], str]:
    """All values of `raw` scaled, as float32 (N, D); the shape of a row; and a note of what was done: see `scaling`."""
    found, shape, note = scaling(raw, how)
    return found(raw.values), shape, note


def decide(raw: Raw, how: str) -> tuple[str, tuple[int, ...]]:
    """What `how` comes to (none, bytes, unit or standard), and the shape of a row."""
    if how != "auto":
        return how, raw.shape
    shape = _square(raw)
    return _choose(raw, shape), shape


def _choose(raw: Raw, shape: tuple[int, ...]) -> str:
    if raw.values.min() >= 0 and raw.values.max() <= 1:
        return "none"
    if (len(shape) > 1 or raw.values.dtype == np.uint8) and _are_bytes(raw.values):
        return "bytes"
    return "unit" if len(shape) > 1 else "standard"


def _square(raw: Raw) -> tuple[int, ...]:
    """(H, H) for vectors that look like the pixels of a square image, else the shape as it is."""
    side = math.isqrt(raw.values.shape[1])
    like = len(raw.shape) == 1 and side >= 8 and side * side == raw.values.shape[1] and _are_bytes(raw.values)
    return (side, side) if like else raw.shape


def _are_bytes(values: NDArray[Any]) -> bool:
    if values.dtype == np.uint8:
        return True
    whole = values.dtype.kind in "iu" or all((block == np.floor(block)).all() for _, block in blocks(values))
    return bool(whole and values.min() >= 0 and values.max() <= 255)


def _range(values: NDArray[Any], images: bool) -> tuple[Float64, Float64]:
    """(least, greatest - least), of everything (1,) or of each column (D,)."""
    low, high = values.min(axis=0).astype(np.float64), values.max(axis=0).astype(np.float64)
    if images:
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    return low, _divisor(high - low, low)


def _moments(values: NDArray[Any], images: bool) -> tuple[Float64, Float64]:
    """(mean, standard deviation), of everything (1,) or of each column (D,), in two passes and float64."""
    count = len(values)
    mean = sum(block.sum(axis=0) for _, block in blocks(values)) / count
    if images:
        mean = mean.mean(keepdims=True)
    variance = sum(((block - mean) ** 2).sum(axis=0) for _, block in blocks(values)) / count
    if images:
        variance = variance.mean(keepdims=True)
    return mean, _divisor(np.sqrt(variance), mean)


def _divisor(spread: Float64, level: Float64) -> Float64:
    """The spread, or 1 where it is nothing but the rounding of a constant column."""
    return np.where(spread > 1e-12 * np.abs(level), spread, 1.0)
