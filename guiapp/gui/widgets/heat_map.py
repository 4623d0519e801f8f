"""Many series at once: a row each, a column per cell of steps, log10 of the mean as colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.axis import minus
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.crosshair import Reading
from guiapp.gui.widgets.heat_item import HeatItem
from guiapp.gui.widgets.heat_scale import HeatScale
from guiapp.gui.widgets.layers import last_values
from guiapp.gui.widgets.levels import Levels, to_image, to_levels
from guiapp.gui.widgets.plot_menu import Table
from guiapp.gui.widgets.smoothing import cell_ends
from guiapp.gui.widgets.time_plot import AXIS_WIDTH, TimePlot, grouped_digits
from guiapp.series import Doubles, Series

MOST_CELLS, LEAST_CELLS = 300, 60
MOST_VALUES = 12_000  # rows x columns; keeps a draw of 400 tensors below 4 ms
RECENT = 1 / 3  # the part of the columns in sight that the colours are fitted to
COVERED = (2.0, 98.0)  # percentiles
KEPT = 0.55  # the colours' range is kept while the recent values fill this part of it
NAMES_SHARE = 0.35  # of the width, at most, for the names of the rows
ZERO, INFINITE = 1, 255  # levels of exact zeros and of Inf; 0 is no value
NOTHING = "no value in this step"
CLICK_PX = 4  # a press that moves farther before its release is a drag


@dataclass(frozen=True, slots=True)
class Row:
    """The series `name`, with a short `title` for the axis and `detail` for the pointer."""

    name: str
    title: str
    detail: str


class _Boxes(HeatItem):
    """Each value a box of its own at any zoom: neighbouring tensors must not blend. Lines above the rows `breaks`."""

    def __init__(self) -> None:
        super().__init__()
        self.breaks: tuple[int, ...] = ()
        self.ground = QColor()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if self.levels is None or not self.levels.size:
            return
        if self._image is None:
            self._image = to_image(self.levels, self._table)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self._rect, self._image)
        pen = QPen(self.ground, 3)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines([QLineF(self._rect.left(), y, self._rect.right(), y) for y in self.breaks])


class HeatMap(TimePlot):
    """Row 0 is on top. Colours run through viridis over the range of the last third of the columns in sight (2nd to
    98th percentile, to half decades), so that training's start does not wash out what happens now; values beyond it
    take the end colours. Exact zeros and Inf have colours of their own, no value is left blank. `aligned`: its axis is
    as wide as those of curves above it, so that they share their steps; `least`: what is below counts as that, zero
    too. row_clicked(str): the series of the row."""

    row_clicked = Signal(str)

    def __init__(
        self, name: str, parent: QWidget | None = None, *, aligned: bool = False, least: float | None = None
    ) -> None:
        self._aligned, self._least = aligned, least
        self._rows: tuple[Row, ...] = ()
        self._range: Range | None = None
        self._unit = ""
        self._every, self._fraction = 0, False
        self._pressed: QPointF | None = None
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

    def set_rows(
        self,
        rows: Sequence[Row],
        unit: str,
        reference: float | None = None,
        *,
        every: int = 0,
        fraction: bool = False,
        breaks: tuple[int, ...] = (),
    ) -> None:
        """Show other series from the next `draw` on; `unit` says what their values are, `reference` is marked on the
        scale. Measured only `every` so many steps, a value holds until the next one. A `fraction` is coloured as it is,
        not by its logarithm. A line stands above each of the rows `breaks`."""
        self._series = None
        self._rows, self._range, self._unit = tuple(rows), None, unit
        self._every, self._fraction, self._image.breaks = every, fraction, breaks
        self._scale.set_kind(fraction)
        how = f"measured every {every} steps" if every else "mean of each column"
        self._scale.set_title(f"{unit}, {how}", reference)
        self.box.setYRange(0, max(1, len(rows)), padding=0)
        self._name_rows()
        self._render()

    def set_theme(self, theme: Theme) -> None:
        colours = [QColor(*rgb).rgba() for rgb in pg.colormap.get("viridis").getLookupTable(nPts=253).tolist()]
        self._image.ground = QColor(theme.background)
        self._image.set_colours([0, QColor(theme.bad).rgba(), *colours, QColor(theme.ink).rgba()])
        self._scale.set_colours(colours, theme.bad, theme)
        super().set_theme(theme)

    def table(self) -> Table:
        """The columns in sight: first step and mean of each row."""
        if self._series is None:
            return ["step"], np.empty((0, 1))
        names = tuple(row.name for row in self._rows)
        start, stop, _ = self.window()
        steps, means = self._grid(self._series, start, stop)
        return ["step", *names], np.column_stack([steps, means.T])

    def readings(self, step: int, at: QPointF) -> tuple[Reading, ...]:
        if self._series is None or not 0 <= at.y() < len(self._rows):
            return ()
        row = self._rows[int(at.y())]
        rows = self._series.values(row.name)[: step - self._series.first + 1]
        known = np.flatnonzero(~np.isnan(rows[-max(1, self._every) :]))
        if not len(known):
            return Reading(row.detail), Reading(self._unit, "not measured yet" if self._every else NOTHING)
        newest = len(rows) - min(len(rows), max(1, self._every)) + int(known[-1])
        text = f"{rows[newest]:.1%}" if self._fraction else minus(f"{rows[newest]:.4g}")
        found = (Reading(row.detail), Reading(self._unit, text.replace("inf", "Inf")))
        if not self._every:
            return found
        return *found, Reading("measured in step", grouped_digits(newest + self._series.first))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        event.accept()
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        event.accept()
        pressed, self._pressed = self._pressed, None
        if pressed is None or (event.position() - pressed).manhattanLength() > CLICK_PX:
            return
        scene = self.mapToScene(event.position().toPoint())
        y = self.box.mapSceneToView(scene).y()
        if 0 <= y < len(self._rows) and scene.x() <= self.box.sceneBoundingRect().right():
            self.row_clicked.emit(self._rows[int(y)].name)

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
        steps, means = self._grid(series, start, stop)
        if not len(steps):
            self._image.set_levels(None, QRectF())
            return
        if self._least is not None:
            means = np.maximum(means, self._least)
        width = steps[1] - steps[0] if len(steps) > 1 else cell_ends(series, steps, stop)[0] - steps[0]
        rect = QRectF(steps[0] - 0.5, 0, width * len(steps), len(self._rows))
        self._image.set_levels(self._levels_of(means), rect)

    def _grid(self, series: Series, start: int, stop: int) -> tuple[Doubles, Doubles]:
        """As `Series.grid`; where values are measured now and then, each holds until the next."""
        names = tuple(row.name for row in self._rows)
        steps, means = series.grid(names, start, stop, self._cells())
        if not self._every or not len(steps):
            return steps, means
        first = int(steps[0])
        if first > series.first and np.isnan(means[:, 0]).any():
            _, before = series.grid(names, first - self._every, first, self._every)
            means[:, 0] = np.where(np.isnan(means[:, 0]), last_values(before.T), means[:, 0])
        newest = np.maximum.accumulate(np.where(np.isnan(means), 0, np.arange(len(steps))), axis=1)
        return steps, np.take_along_axis(means, newest, axis=1)

    def _levels_of(self, means: Doubles) -> Levels:
        infinite = np.isposinf(means)
        self._scale.set_infinite(bool(infinite.any()))
        if self._fraction:
            shown = means
        else:
            shown = np.log10(means, out=np.full(means.shape, np.nan), where=means > 0)
            self._fit_colours(shown)
        levels = to_levels(shown, *self._scale.range).clip(0, INFINITE - 1)
        levels = np.maximum(levels, np.where(np.isnan(shown), 0, ZERO + 1)).astype(np.uint8)
        if not self._fraction:
            levels[means == 0] = ZERO
        levels[infinite] = INFINITE
        return levels

    def _fit_colours(self, logs: npt.NDArray[np.float64]) -> None:
        recent = logs[:, -max(1, round(RECENT * logs.shape[1])) :]
        recent = recent[np.isfinite(recent)]
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
