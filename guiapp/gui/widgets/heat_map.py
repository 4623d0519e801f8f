"""Many series at once: a row each, a column per cell of steps, log10 of the mean as colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.axis import minus
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.crosshair import Reading
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.heat_scale import HeatScale
from guiapp.gui.widgets.levels import Levels, to_image, to_levels
from guiapp.gui.widgets.plot_menu import Table
from guiapp.gui.widgets.smoothing import cell_ends
from guiapp.gui.widgets.time_plot import AXIS_WIDTH, TimePlot

MOST_CELLS, LEAST_CELLS = 300, 60
MOST_VALUES = 12_000  # rows x columns; keeps a draw of 400 tensors below 4 ms
RECENT = 1 / 3  # the part of the columns in sight that the colours are fitted to
COVERED = (2.0, 98.0)  # percentiles
KEPT = 0.55  # the colours' range is kept while the recent values fill this part of it
NAMES_SHARE = 0.35  # of the width, at most, for the names of the rows
ZERO = 1  # the level of exact zeros; 0 is no value


@dataclass(frozen=True, slots=True)
class Row:
    """The series `name`, with a short `title` for the axis and `detail` for the pointer."""

    name: str
    title: str
    detail: str


class _Boxes(HeatItem):
    """Each value a box of its own at any zoom: neighbouring tensors must not blend."""

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if self.levels is None or not self.levels.size:
            return
        if self._image is None:
            self._image = to_image(self.levels, self._table)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self._rect, self._image)


class HeatMap(TimePlot):
    """Row 0 is on top. Colours run through viridis over the range of the last third of the columns in sight (2nd to
    98th percentile, to half decades), so that training's start does not wash out what happens now; values beyond it
    take the end colours. Exact zeros have a colour of their own, no value is left blank. `aligned`: its axis is as wide
    as those of curves above it, so that they share their steps; `least`: what is below counts as that, zero too."""

    def __init__(
        self, name: str, parent: QWidget | None = None, *, aligned: bool = False, least: float | None = None
    ) -> None:
        self._aligned, self._least = aligned, least
        self._rows: tuple[Row, ...] = ()
        self._range: Range | None = None
        self._unit = ""
        self._image = _Boxes()
        super().__init__(name, parent=parent)
        self._scale = HeatScale(with_zero=least is None)
        self.getPlotItem().layout.addItem(self._scale, 2, 3)
        self.box.invertY(True)
        self.box.setMouseEnabled(y=False)
        self.box.addItem(self._image, ignoreBounds=True)
        self.getAxis("left").setStyle(tickLength=0)

    @property
    def levels(self) -> Levels | None:
        """The picture: (rows, columns); 0 no value, 1 exactly zero, 2 to 255 low to high."""
        return self._image.levels

    @property
    def colour_range(self) -> Range:
        """log10 of the values with the first and the last colour."""
        return self._scale.range

    @property
    def rows(self) -> tuple[Row, ...]:
        """The series shown."""
        return self._rows

    @property
    def scale_width(self) -> float:
        """Pixels that the scale of the colours takes beside the plot."""
        return self._scale.needed_width

    def set_scale_width(self, width: float) -> None:
        """Give the scale this many pixels, so that plots above each other share their steps."""
        self._scale.setFixedWidth(width)

    def set_rows(self, rows: Sequence[Row], unit: str, reference: float | None = None) -> None:
        """Show other series from the next `draw` on; `unit` says what their values are, `reference` is marked on the
        scale."""
        self._series = None
        self._rows, self._range, self._unit = tuple(rows), None, unit
        self._scale.set_title(f"{unit}, mean of each column", reference)
        self.box.setYRange(0, max(1, len(rows)), padding=0)
        self._name_rows()
        self._render()

    def set_theme(self, theme: Theme) -> None:
        colours = [QColor(*rgb).rgba() for rgb in pg.colormap.get("viridis").getLookupTable(nPts=254).tolist()]
        self._image.set_colours([0, QColor(theme.bad).rgba(), *colours])
        self._scale.set_colours(colours, theme.bad, theme)
        super().set_theme(theme)

    def table(self) -> Table:
        """The columns in sight: first step and mean of each row."""
        if self._series is None:
            return ["step"], np.empty((0, 1))
        names = tuple(row.name for row in self._rows)
        start, stop, _ = self.window()
        steps, means = self._series.grid(names, start, stop, self._cells())
        return ["step", *names], np.column_stack([steps, means.T])

    def readings(self, step: int, at: QPointF) -> tuple[Reading, ...]:
        if self._series is None or not 0 <= at.y() < len(self._rows):
            return ()
        row = self._rows[int(at.y())]
        value = float(self._series.values(row.name)[step - self._series.first])
        text = "no value in this step" if math.isnan(value) else minus(f"{value:.4g}")
        return Reading(row.detail), Reading(self._unit, text)

    def _forget_ranges(self) -> None:
        self._range = None

    def _resized(self) -> None:
        self._name_rows()
        super()._resized()

    def _cells(self) -> int:
        most = min(MOST_CELLS, MOST_VALUES // max(1, len(self._rows)), int(self.box.width()))
        return max(LEAST_CELLS, most)

    def _render(self) -> None:
        series = self._series
        if series is None or not self._rows:
            self._image.set_levels(None, QRectF())
            return
        start, stop, _ = self.window()
        steps, means = series.grid(tuple(row.name for row in self._rows), start, stop, self._cells())
        if not len(steps):
            self._image.set_levels(None, QRectF())
            return
        if self._least is not None:
            means = np.maximum(means, self._least)
        width = steps[1] - steps[0] if len(steps) > 1 else cell_ends(series, steps, stop)[0] - steps[0]
        zero = means == 0
        logs = np.log10(means, out=np.full(means.shape, np.nan), where=means > 0)
        self._fit_colours(logs)
        levels = np.maximum(to_levels(logs, *self._scale.range), np.where(np.isnan(logs), 0, 2)).astype(np.uint8)
        levels[zero] = ZERO
        self._image.set_levels(levels, QRectF(steps[0] - 0.5, 0, width * len(steps), len(self._rows)))

    def _fit_colours(self, logs: npt.NDArray[np.float64]) -> None:
        recent = logs[:, -max(1, round(RECENT * logs.shape[1])) :]
        recent = recent[~np.isnan(recent)]
        if not len(recent):
            return
        low, high = (float(q) for q in np.percentile(recent, COVERED))
        kept = self._range
        if kept is None or low < kept[0] or high > kept[1] or high - low < KEPT * (kept[1] - kept[0]) - 1:
            low, high = math.floor(2 * low) / 2, math.ceil(2 * high) / 2
            self._range = (low, high) if high - low >= 1 else (low - 0.5, low + 0.5 + (high > low) / 2)
            self._scale.set_range(*self._range)

    def _name_rows(self) -> None:
        """As many titles as find room, each at the middle of its row, in a narrow plot three letters a word."""
        axis, metrics = self.getAxis("left"), QFontMetricsF(QApplication.font())
        titles, most = [row.title for row in self._rows], max(float(AXIS_WIDTH), NAMES_SHARE * self.width())
        if self._names_width(titles) > most:
            titles = [" ".join(word[:3] for word in title.split()) for title in titles]
        width = AXIS_WIDTH if self._aligned else min(most, self._names_width(titles))
        axis.setWidth(width)
        height = max(1.0, self.box.height()) / max(1, len(self._rows))
        every = max(1, math.ceil(metrics.height() * 0.9 / height))
        ticks = [
            (i + 0.5, metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, width - 8))
            for i, title in enumerate(titles)
            if i % every == 0
        ]
        axis.setTicks([ticks])

    @staticmethod
    def _names_width(titles: list[str]) -> float:
        metrics = QFontMetricsF(QApplication.font())
        return max((metrics.horizontalAdvance(title) for title in titles), default=0.0) + 10
