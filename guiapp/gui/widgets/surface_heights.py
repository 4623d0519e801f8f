"""How high a loss stands on its surface: the loss itself, or the logarithm of what lies above the lowest node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MOST_LEVELS = 9
LOWEST_SHARE = 0.02  # of the nodes, which the logarithm leaves flat: without it one node would be a bottomless pit
FLATTEST = 1e-9  # share of the range, below which a difference is rounding
MANTISSAS: Final = ((1, 2, 5), (1, 3), (1,))
LARGE = 1e5  # from here on in powers of ten

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Heights:
    """`lowest` and `highest` are the ends of the finite losses. With `log` the height is log10(L - lowest + least),
    which also serves losses below zero; one node in fifty lies less than `least` above the lowest."""

    log: bool
    lowest: float
    highest: float
    least: float

    def of(self, losses: npt.NDArray[Any] | float) -> Floats:
        """The heights of `losses`, NaN where they are not finite."""
        values = np.asarray(losses, np.float64)
        if self.log:
            values = np.log10(np.maximum(values - self.lowest, 0.0) + self.least)
        return np.where(np.isfinite(values), values, np.nan)

    def levels(self) -> list[float]:
        """Losses for contours, at most some ten: round ones, or with `log` round distances from the lowest."""
        span = self.highest - self.lowest
        if self.log:
            for mantissas in MANTISSAS:
                found = _decades(self.least, span, mantissas)
                if 3 < len(found) <= MOST_LEVELS:
                    return [self.lowest + height for height in found]
                if len(found) <= 3:
                    break
            else:
                every = math.ceil(len(found) / MOST_LEVELS)
                return [self.lowest + height for height in found[::every]]
        unit = 10 ** math.floor(math.log10(span / MOST_LEVELS))
        step = unit * next(factor for factor in (1, 2, 5, 10) if unit * factor * MOST_LEVELS >= span)
        first = math.floor(self.lowest / step) + 1
        return [step * i for i in range(first, first + MOST_LEVELS + 1) if step * i < self.highest]

    def text(self, loss: float) -> str:
        """`loss` with as many digits as tell it from the next level."""
        apart = max(loss - self.lowest, self.least) if self.log else (self.highest - self.lowest) / MOST_LEVELS
        return told(loss, apart)


def heights(losses: npt.NDArray[Any], log: bool) -> Heights | None:
    """Of a grid of `losses`; None where none of them is finite."""
    finite = np.asarray(losses, np.float64)[np.isfinite(losses)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    if not high - low > 1e-12 * max(1.0, abs(low)):
        high = low + max(1e-6, 1e-6 * abs(low))  # flat
        return Heights(False, low, high, high - low)
    least = float(np.quantile(finite, LOWEST_SHARE)) - low
    return Heights(log, low, high, max(least, FLATTEST * (high - low)))


def told(value: float, apart: float) -> str:
    """`value` to a tenth of `apart` or so."""
    if not math.isfinite(value):
        return "not finite"
    known = apart > 0 and math.isfinite(apart)
    place = math.floor(math.log10(apart)) if known else -2
    if abs(value) >= LARGE:
        digits = min(9, max(2, math.floor(math.log10(abs(value))) - place + 1))
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:,.{min(9, max(0, 1 - place))}f}".replace("-", "−")


def _decades(low: float, high: float, mantissas: tuple[int, ...]) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**p for p in powers for m in mantissas if low < m * 10.0**p < high]
