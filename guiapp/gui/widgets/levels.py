"""Numbers to 8-bit picture levels, and the colours of the levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

Levels = npt.NDArray[np.uint8]
ENOUGH = 50_000  # values that settle a percentile; sorting more only costs time


def to_levels(values: npt.NDArray[Any], low: float, high: float) -> Levels:
    """`values`, any shape, as 1 (at or below `low`) to 255 (at or above `high`); 0 where a value is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (np.asarray(values, np.float32) - np.float32(low)) * np.float32(254 / ((high - low) or 1.0))
        finite = np.isfinite(scaled)
        return np.where(finite, np.clip(scaled, 0, 254) + 1.5, 0).astype(np.uint8)


def value_range(reference: npt.NDArray[Any]) -> tuple[float, float]:
    """The range shown from black to white: [0, 1] where `reference` lies in it, else its 0.5 and 99.5 % quantiles."""
    values = np.asarray(reference, np.float32).reshape(-1)
    values = values[:: max(1, len(values) // ENOUGH)]
    values = values[np.isfinite(values)]
    if not len(values) or (values.min() >= -0.01 and values.max() <= 1.01):
        return 0.0, 1.0
    low, high = (float(q) for q in np.quantile(values, (0.005, 0.995)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def colour_table(*stops: str, background: str | None = None) -> list[int]:
    """256 colours: level 0 is `background` (None: transparent), levels 1 to 255 run evenly through `stops`."""
    parsed = [QColor(stop) for stop in stops]
    colours = np.array([(c.red(), c.green(), c.blue()) for c in parsed], np.float64)  # (S, 3)
    at = np.linspace(0, len(stops) - 1, 255)
    rgb = np.stack([np.interp(at, np.arange(len(stops)), colours[:, c]) for c in range(3)], 1).round().astype(int)
    table = [QColor(r, g, b).rgba() for r, g, b in rgb.tolist()]
    return [QColor(background).rgba() if background else 0, *table]


def to_image(levels: Levels, table: list[int]) -> QImage:
    """The picture of `levels` (R, C), row 0 on top, in the colours of `table`; or of red, green and blue (R, C, 3),
    which need none. It owns its pixels."""
    levels = np.ascontiguousarray(levels)
    rows, columns = levels.shape[:2]
    if levels.ndim == 3:
        image = QImage(levels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    else:
        image = QImage(levels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
        image.setColorTable(table)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
