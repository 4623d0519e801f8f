"""The axis of values: linear or logarithmic, its ticks always the values themselves."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.axis import Axis, minus

Ticks = list[tuple[float | None, list[float]]]


class ValueAxis(Axis):
    """On a logarithmic axis positions are log10 of the values and the ticks name the values: 0.1, 1, 10."""

    def __init__(self) -> None:
        self._title = ""
        super().__init__("left")

    @property
    def title(self) -> str:
        """The whole title, though a low axis may show less of it."""
        return self._title

    def set_title(self, title: str, theme: Theme) -> None:
        """The axis's title, unit included; a low axis shows what stands before "per", and of that what fits."""
        self._title = title
        self.setLabel(self._fitting(), color=theme.ink)
        super().resizeEvent(None)  # only this moves the title to the axis's middle

    def resizeEvent(self, event: object = None) -> None:
        if self._title and self._fitting() != self.labelText:
            self.setLabel(self._fitting(), **self.labelStyle)
        super().resizeEvent(event)

    def _fitting(self) -> str:
        metrics, room = QFontMetricsF(QApplication.font()), self.size().height() - 10  # the label has margins
        if metrics.horizontalAdvance(self._title) <= room:
            return self._title
        return metrics.elidedText(self._title.partition(" per ")[0], Qt.TextElideMode.ElideRight, room)

    def tickStrings(self, values: list[float], scale: float, spacing: float | None) -> list[str]:
        if self.logMode:
            return [minus(f"{10**value:.4g}") for value in values]
        return super().tickStrings(values, scale, spacing)

    def logTickValues(self, low: float, high: float, size: float, _std: Ticks) -> Ticks:
        room = max(2, size / 30)  # ticks that find place for their text
        if high - low < 1:
            bottom, top = 10**low, 10**high
            unit = 10 ** math.floor(math.log10((top - bottom) / room))
            unit *= next(f for f in (1, 2, 5, 10) if f * unit * room >= (top - bottom) * (1 - 1e-9))
            values = np.arange(math.ceil(bottom / unit), top / unit) * unit
            return [(unit, np.log10(values[values > 0]).tolist())]
        every = max(1, math.ceil((high - low) / room))
        decades = [d for d in range(math.floor(low), math.ceil(high) + 1) if d % every == 0]
        if (high - low) * 3 > room:
            return [(every, [float(d) for d in decades if low <= d <= high])]
        fine = [d + math.log10(f) for d in decades for f in (2, 5)]
        return [(1, [float(d) for d in decades if low <= d <= high]), (1, [v for v in fine if low <= v <= high])]
