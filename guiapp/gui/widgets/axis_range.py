"""Ranges of axes that move rarely: laying out an axis anew costs more than drawing its curves."""

from __future__ import annotations

import math

Range = tuple[float, float]
LEAST = 20  # steps shown at the least
FILLED = 0.6  # a range is kept while the data fill this part of it
SMALLEST = 1e-300  # below it the units of a range are no normal numbers any more


def all_steps(first: int, last: int) -> Range:
    """A range for steps `first .. last` that grows in chunks of 6 to 12 %: a function of the steps alone."""
    count = max(last - first + 1, LEAST)
    chunk = max(1, 2 ** (math.ceil(math.log2(count)) - 4))
    return float(first - 1), float(first - 1 + math.ceil(count / chunk) * chunk)


def last_steps(first: int, last: int, count: int) -> Range:
    """A range with the last `count` steps at the least, which moves on in chunks of a tenth of them."""
    if last - first + 1 <= count:
        return all_steps(first, last)
    chunk = max(1, count // 10)
    stop = first - 1 + math.ceil((last - first + 1) / chunk) * chunk
    return float(stop - count - chunk), float(stop)


def rounded(low: float, high: float) -> Range:
    """`low .. high` with a margin, rounded outward to tenths (times 1, 2 or 5) of a power of ten."""
    span = (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - 0.05 * span, high + 0.05 * span
    if span < SMALLEST:
        return low, high
    unit = 10.0 ** math.floor(math.log10(span / 8))
    unit *= next(factor for factor in (1, 2, 5, 10) if factor * unit >= span / 8 * (1 - 1e-9))
    return math.floor(low / unit) * unit, math.ceil(high / unit) * unit


def settled(current: Range | None, low: float, high: float) -> Range:
    """`current` while it holds `low .. high` and these fill enough of it, else `rounded(low, high)`."""
    if current is not None and current[0] <= low <= high <= current[1]:
        fresh = rounded(low, high)
        if fresh[1] - fresh[0] >= FILLED * (current[1] - current[0]):
            return current
    return rounded(low, high)
