"""Curves over training steps: as they are, and smoothed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.annotations import Reference
from guiapp.gui.widgets.axis import minus
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.crosshair import Reading
from guiapp.gui.widgets.dashes import dashed
from guiapp.gui.widgets.line_labels import Label, LineLabels
from guiapp.gui.widgets.pens import blended, curve_pen
from guiapp.gui.widgets.plot_menu import Table
from guiapp.gui.widgets.smoothing import cell_ends, smoothed
from guiapp.gui.widgets.time_plot import TimePlot, grouped_digits
from guiapp.gui.widgets.value_axis import ValueAxis
from guiapp.series import Series

Points = npt.NDArray[np.float64]
FAINT, LIGHT_CURVE = 0.32, 0.5  # how much of its colour the raw curve keeps, and a light one
BRIDGED = 8  # cells without a value that a line leads across, as while one player rests
START_UP = 0.05  # part of a run in sight from its start that does not stretch the value axis ...
LONG = 200  # ... once it has this many steps
LOOK_BACK = 1000  # steps before the pointer's in which the last value of a sparse curve is looked for
REACH, FAR_REACH = 100, 1000  # steps: a sparse curve (with dots) is drawn from so far outside of the window, so that it
# does not end inside of it
FINE_CELLS = 4096  # of a curve with dots, which are to stand at their steps
_ALL = slice(None)
LOG_NOTE = "Values ≤ 0 have no place on a logarithmic axis and are left out."
INFINITE_NOTE = "Infinite values have no place on the axis and are left out."


@dataclass(frozen=True, slots=True)
class Curve:
    """The series `name` (`negated`: times −1; in another unit: times `scale`), called `title`, in the colour of the
    `Theme` field `colour`; `alone`: where it is smoothed, without the curve as it is; `light`: so too, and pale.

    `sparse`: has a value in few steps, such as an evaluation on held-out data every 50 steps; a dashed line through
    them, the mean of those that share a pixel. Only such a curve may be the sum of series, `parts`. `dotted`: so
    sparse, every 1,000 steps, that its values are dots, and the line between them is solid."""

    name: str
    title: str
    colour: str
    light: bool = False
    negated: bool = False
    scale: float = 1.0
    sparse: bool = False
    parts: tuple[str, ...] = ()
    alone: bool = False
    dotted: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The series that it is made of."""
        return self.parts or (self.name,)

    @property
    def factor(self) -> float:
        """What the series are multiplied by."""
        return -self.scale if self.negated else self.scale

    def values(self, series: Series, part: slice = _ALL) -> npt.NDArray[np.float32]:
        """Those of the steps `part`, counted from 0, of all without it: (T,)."""
        first, *others = (series.values(name)[part] for name in self.columns)
        total = sum(others, first) if others else first
        return total if self.factor == 1 else np.float32(self.factor) * total


class _Line(pg.PlotCurveItem):
    """A curve that always covers the view: measuring its own extent would cost 0.1 ms per draw and curve."""

    def __init__(self, height: int) -> None:
        super().__init__(antialias=True)
        self.setSegmentedLineMode("on")  # a thick polyline costs ten times as much as its segments
        self.setZValue(height)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()


class TimeSeriesPlot(TimePlot):
    """Named curves of a `Series`.

    The raw curve is the envelope of minima and maxima of each pixel's steps, so no spike is lost however long the run;
    the smoothed one (`smoothing.smoothed`) lies over it. The value axis covers what is in sight, but for the first
    5 % of a whole run of 200 steps and more, where most losses fall from far above; it moves only when it must.
    """

    def __init__(self, name: str, y_title: str, curves: Iterable[Curve] = (), parent: QWidget | None = None) -> None:
        self._axis = ValueAxis()
        self._curves: tuple[Curve, ...] = ()
        self._raw: list[_Line] = []
        self._smooth: list[_Line] = []
        self._hidden: set[str] = set()  # also of curves that are shown at other times of the run
        self._toggles: list[QAction] = []
        self._limits: Range | None = None
        self._weight, self._log, self._free_y = 0.9, False, False
        self._range: Range | None = None
        self._left_out: str = ""
        super().__init__(name, self._axis, parent)
        self._labels = LineLabels()
        self._labels.toggled.connect(lambda i: self.toggle(self._curves[i].name))
        self.getPlotItem().layout.addItem(self._labels, 2, 3)
        self.set_curves(curves, y_title)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """All curves, hidden ones too."""
        return self._curves

    @property
    def hidden(self) -> frozenset[str]:
        """The names of the curves that are switched off."""
        return frozenset(self._hidden & {curve.name for curve in self._curves})

    @property
    def smoothing(self) -> float:
        """The weight w of the past in the average, per step; 0: no smoothing."""
        return self._weight

    @property
    def log(self) -> bool:
        """Whether the value axis is logarithmic."""
        return self._log

    @property
    def labels(self) -> tuple[Label, ...]:
        """The names beside the plot."""
        return self._labels.labels

    @property
    def labels_width(self) -> float:
        """Pixels that the names beside the plot take."""
        return self._labels.needed_width

    def set_labels_width(self, width: float) -> None:
        """Give the names this many pixels, so that plots above each other share their steps."""
        self._labels.setFixedWidth(width)

    def points(self, name: str, smooth: bool = False) -> tuple[Points, Points]:
        """What is drawn of the curve: steps and values (their log10 on a logarithmic axis)."""
        item = (self._smooth if smooth else self._raw)[[curve.name for curve in self._curves].index(name)]
        x, y = item.getData()
        return (np.empty(0), np.empty(0)) if x is None else (x, y)

    def set_curves(
        self, curves: Iterable[Curve], y_title: str, limits: Range | None = None, references: tuple[Reference, ...] = ()
    ) -> None:
        """Show other curves; `limits` fixes the value axis, `references` are levels to compare with."""
        for item in self._raw + self._smooth:
            self.box.removeItem(item)
        self._curves, self._limits, self._range, self._free_y = tuple(curves), limits, None, False
        self._raw = [self._item(1) for _ in self._curves]
        self._smooth = [self._item(2) for _ in self._curves]
        self._axis.set_title(y_title, self.theme)
        self.annotations.set_references(references)
        self._make_toggles()
        self.set_theme(self.theme)

    def set_smoothing(self, weight: float) -> None:
        """Average with this weight, 0 to 0.99, of the past per step."""
        self._weight = weight
        self.set_theme(self.theme)

    def set_log(self, log: bool) -> None:
        """Make the value axis logarithmic, or linear."""
        if log != self._log:
            self._log, self._range, self._free_y = log, None, False
            self.annotations.set_log(log)
            self._axis.setLogMode(x=False, y=log)
            self._render()

    def toggle(self, name: str) -> None:
        """Hide the curve `name`, or show it again."""
        self._hidden ^= {name}
        for action, curve in zip(self._toggles, self._curves, strict=True):
            action.setChecked(curve.name not in self._hidden)
        self._render()

    def follow(self, newest: int | None = None) -> None:
        self._free_y, self._range = False, None
        super().follow(newest)

    def set_theme(self, theme: Theme) -> None:
        for i, curve in enumerate(self._curves):
            colour = self._colour(curve, theme)
            faint = blended(colour, theme.background, FAINT)
            self._raw[i].setPen(pg.mkPen(faint, width=1) if self._weight else curve_pen(self, colour, 1.5))
            self._smooth[i].setPen(curve_pen(self, colour, 1 if curve.light else 1.5))
        self._labels.set_theme(theme)
        super().set_theme(theme)

    def table(self) -> Table:
        shown = self._shown()
        series = self._series or Series(())
        steps = np.arange(series.first, series.last + 1, dtype=np.float64)
        titles = ["step", *(f"-{curve.name}" if curve.negated else curve.name for curve in shown)]
        return titles, np.column_stack([steps, *(curve.values(series) for curve in shown)])

    def readings(self, step: int, at: QPointF) -> tuple[Reading, ...]:
        if self._series is None:
            return ()
        found = []
        for curve in self._shown():
            found.append(Reading(curve.title, _text_at(curve, self._series, step), self._colour(curve, self.theme)))
        return tuple(found)

    def _item(self, height: int) -> _Line:
        item = _Line(height)
        self.box.addItem(item, ignoreBounds=True)
        return item

    def _make_toggles(self) -> None:
        for action in self._toggles:
            self.removeAction(action)
            action.deleteLater()
        self._toggles = []
        for curve in self._curves:
            action = QAction(f"Show {curve.title}", self, checkable=True, checked=curve.name not in self._hidden)
            action.triggered.connect(lambda _checked=False, name=curve.name: self.toggle(name))
            self.addAction(action)
            self._toggles.append(action)

    def _colour(self, curve: Curve, theme: Theme) -> str:
        colour: str = getattr(theme, curve.colour)
        return blended(colour, theme.background, LIGHT_CURVE) if curve.light else colour

    def _shown(self) -> list[Curve]:
        names = self._series.names if self._series else ()
        return [c for c in self._curves if set(c.columns) <= set(names) and c.name not in self._hidden]

    def _forget_ranges(self) -> None:
        self._range = None

    def _leave(self, axis: int) -> None:
        self._free_y |= axis == 1
        super()._leave(axis)

    def _render(self) -> None:
        shown, self._left_out = self._shown(), ""
        bounds: list[float] = []
        ends: dict[str, float] = {}
        sparse: list[tuple[_Line, bool, Points, Points]] = []
        for curve, raw, smooth in zip(self._curves, self._raw, self._smooth, strict=True):
            if self._series is None or curve not in shown or curve.sparse:
                raw.setData([], [])
                smooth.setData([], [])
            if self._series is not None and curve in shown:
                if curve.sparse:
                    points = self._sparse_points(self._series, curve, bounds, ends)
                    sparse.append((smooth, curve.dotted, *points))
                else:
                    bounds += self._draw_curve(self._series, curve, raw, smooth, ends)
        if bounds and not self._free_y:
            self._set_values(min(bounds), max(bounds))
        for item, dotted, x, y in sparse:  # dashes are measured on the screen, so once the range is known
            solid = np.ones(len(x), np.int32)
            x, y, joined = (x, y, solid) if dotted else dashed(x, y, *self.box.viewPixelSize())
            item.setData(x, y, connect=joined, skipFiniteCheck=True)
        self.annotations.set_note(self._note(shown))
        low, high = self.box.viewRange()[1]
        labels = []
        for curve in self._curves:
            end = (ends[curve.name] - low) / (high - low) if curve.name in ends else None
            colour, visible = self._colour(curve, self.theme), curve.name not in self._hidden
            labels.append(Label(curve.title, colour, visible, end, curve.sparse and not curve.dotted))
        self._labels.set_labels(tuple(labels))

    def _draw_curve(
        self, series: Series, curve: Curve, raw: _Line, smooth: _Line, ends: dict[str, float]
    ) -> list[float]:
        """Draw one curve, note its last value in sight in `ends`, and return the values the axis should hold."""
        start, stop, cells = self.window()
        alone = (curve.light or curve.alone) and self._weight > 0
        last, x = np.empty(0), np.empty(0)
        if self._weight:
            x, average = smoothed(series, curve.name, start, stop, cells // 2, self._weight)
            last = self._scaled(curve.factor * average)
            _put(smooth, x, last, last)
        else:
            smooth.setData([], [])
        if curve.alone and alone:
            begins, low, high = x, last, last
        else:
            begins, low, high = self._extremes(series, curve)
        if alone:
            raw.setData([], [])
        else:
            _put(raw, (begins + cell_ends(series, begins, stop) - 1) / 2, low, high)
        last = last if self._weight else high
        last = last[~np.isnan(last)]
        if len(last):
            ends[curve.name] = float(last[-1])
        kept = self._late(series, begins) & ~np.isnan(high)
        return [float(low[kept].min()), float(high[kept].max())] if kept.any() else []

    def _extremes(self, series: Series, curve: Curve) -> tuple[Points, Points, Points]:
        """The first step of each cell in sight, and the least and the largest value in it, as the axis has them."""
        begins, low, high = series.window(curve.name, *self.window())
        if curve.factor < 0:
            low, high = high, low
        factor = np.float32(curve.factor)
        least, most = self._scaled(factor * low), self._scaled(factor * high)
        return begins, np.where(np.isnan(least), most, least), np.where(np.isnan(most), least, most)

    def _sparse_points(
        self, series: Series, curve: Curve, bounds: list[float], ends: dict[str, float]
    ) -> tuple[Points, Points]:
        """Steps and values of a sparse curve; adds to `bounds` and `ends` as `_draw_curve`."""
        start, stop, cells = self.window()
        reach = FAR_REACH if curve.dotted else REACH
        if curve.dotted:
            cells = FINE_CELLS
        elif stop - start > 2 * cells:  # else each step has a place of its own
            cells //= 2
        begins, means = series.grid(curve.columns, max(0, start - reach), stop + reach, cells)
        values = self._scaled(curve.factor * means.sum(0))
        filled = ~np.isnan(values)
        middles = (begins + cell_ends(series, begins, stop + reach) - 1) / 2
        x, y = middles[filled], values[filled]
        seen = y[x < stop]
        if len(seen):
            ends[curve.name] = float(seen[-1])
        kept = self._late(series, x) & (x >= start) & (x < stop)
        bounds += [float(y[kept].min()), float(y[kept].max())] if kept.any() else []
        return x, y

    def _late(self, series: Series, steps: Points) -> npt.NDArray[np.bool_]:
        """Which `steps` the value axis should hold."""
        count = series.last - series.first + 1
        whole = count >= LONG and self.window()[0] <= series.first
        return steps >= (series.first + START_UP * count if whole else 0)

    def _scaled(self, values: npt.NDArray) -> Points:
        values = values.astype(np.float64)
        if np.isinf(values).any():
            values[np.isinf(values)], self._left_out = np.nan, INFINITE_NOTE
        if not self._log:
            return values
        positive = values > 0
        if (values <= 0).any():
            self._left_out = LOG_NOTE
        return np.log10(values, out=np.full(len(values), np.nan), where=positive)

    def _set_values(self, low: float, high: float) -> None:
        if self._limits is not None and not self._log:
            wanted = self._limits
        else:
            for reference in self.annotations.references:
                if not self._log:
                    low, high = min(low, reference.value), max(high, reference.value)
            wanted = settled(self._range, low, high)
        if wanted != self._range:
            self._range = wanted
            self.box.setYRange(*wanted, padding=0)

    def _note(self, shown: list[Curve]) -> str:
        if self._series is not None and self._curves and not shown:
            return "All curves are hidden: click a name to show its curve."
        return self._left_out


def _text_at(curve: Curve, series: Series, step: int) -> str:
    """The value of `step`; of a sparse curve the last one there was by then, with its step."""
    at = step - series.first
    values = curve.values(series, slice(max(0, at - LOOK_BACK) if curve.sparse else at, at + 1))
    filled = np.flatnonzero(~np.isnan(values))
    if not len(filled):
        return "no value"
    back = len(values) - 1 - int(filled[-1])
    return minus(f"{float(values[filled[-1]]):.6g}") + (f" (step {grouped_digits(step - back)})" if back else "")


def _put(item: _Line, x: Points, low: Points, high: Points) -> None:
    """Draw low and high of each cell; a line leads across a few cells without a value, not across many."""
    filled = np.flatnonzero(~np.isnan(high))
    x, low, high = x[filled], low[filled], high[filled]
    joined = np.append(np.diff(filled) <= BRIDGED, False)
    dense = not np.array_equal(low, high)
    if dense:
        x, joined = np.repeat(x, 2), np.column_stack((np.ones(len(joined), bool), joined)).ravel()
        low = np.column_stack((low, high)).ravel()
    item.setData(
        x, low, connect=joined.astype(np.int32), skipFiniteCheck=True, antialias=not dense
    )  # tall strokes side by side: smoothing costs 3 ms, shows nothing
