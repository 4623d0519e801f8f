"""One chart of the lab of vanishing gradients: lines of several settings, and marks for what no axis can show."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from guiapp.gui.labs.depth_compute import Floats, Line, specials
from guiapp.gui.labs.depth_marks import EdgeMarks
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.dashes import dashed
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.status_line import StatusLine

CLASSES: Final = (0, 1, 2, 4)  # of the theme's colours, by setting
LOWEST_DECADE = -320.0  # a range never reaches further: there are no such numbers
LEAST_HEIGHT = 132  # px


def setting_colour(theme: Theme, setting: int) -> str:
    """Of setting 0 to 3; -1: of none."""
    return theme.classes[CLASSES[setting]] if setting >= 0 else theme.muted


class DepthChart(QWidget):
    """A title, the plot, and a line of text: what is under the pointer, or else what the axis cannot show. On a
    logarithmic chart y is log10; zeros are triangles at the lower edge, infinities at the upper one, NaN crosses there.
    The ranges are those of the lines until a person chooses others; a double click fits again."""

    def __init__(
        self, title: str, axes: tuple[str, str], tip: str, empty: str, *, log: bool, floor: Range | None = None
    ) -> None:
        """`axes`: the titles of x and y; `empty`: what is said while there is nothing of any setting; `floor`: a range
        of y that is shown at the least."""
        super().__init__()
        self.title = QLabel(title)
        self.title.setContentsMargins(8, 3, 8, 0)
        self.title.setMinimumWidth(1)
        self.title.setToolTip(tip)
        self.plot = DensityPlot(title, *axes)
        self.plot.setToolTip(tip)
        self.status = StatusLine()
        self.lines: tuple[Line, ...] = ()
        self.marks = EdgeMarks(self.plot.getViewBox())
        self._log, self._floor, self._empty = log, floor, empty
        self._names: tuple[str, ...] = ()
        self._theme = LIGHT
        self._curves: list[pg.PlotCurveItem] = []
        self._ranges: tuple[Range | None, Range | None] = (None, None)
        self._chosen = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.header = QHBoxLayout()
        self.header.setContentsMargins(0, 0, 0, 0)
        self.header.setSpacing(6)
        self.header.addWidget(self.title, 1)
        layout.addLayout(self.header)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.status)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.plot.setMinimumHeight(LEAST_HEIGHT)
        self.plot.getAxis("left").setWidth(52)
        self.plot.fit_asked.connect(self._fit)
        self.plot.range_chosen.connect(self._choose)
        self.plot.hovered.connect(self._read)
        self.plot.getViewBox().sigRangeChanged.connect(lambda *_: self._dash())
        self.plot.getViewBox().sigResized.connect(lambda *_: self._dash())
        add_export_actions(self.plot, self.table)

    def show_lines(self, lines: tuple[Line, ...], names: tuple[str, ...]) -> None:
        """Show `lines`; `names` are those of the settings."""
        self.lines, self._names = lines, names
        while len(self._curves) < len(lines):
            self._curves.append(pg.PlotCurveItem())
            self.plot.addItem(self._curves[-1], ignoreBounds=True)
        for curve, line in zip(self._curves, lines, strict=False):
            curve.setPen(curve_pen(self, setting_colour(self._theme, line.setting), line.width))
            if not line.dashed:
                curve.setData(line.x, self.heights(line), connect="finite")
        for curve in self._curves[len(lines) :]:
            curve.setData([], [])
        self.marks.set_lines(lines, self._log, [setting_colour(self._theme, s) for s in range(len(CLASSES))])
        known = any(line.setting >= 0 and len(line.x) for line in lines)
        self.status.set_text(specials(lines, self._log, names) if known else self._empty)
        if not self._chosen:
            self._set_ranges()
        self._dash()

    def heights(self, line: Line) -> Floats:
        """y as it is drawn: log10 on a logarithmic chart, and NaN where there is nothing to draw."""
        y = np.asarray(line.y, float)
        if self._log:
            with np.errstate(all="ignore"):
                y = np.log10(y)
        return np.where(np.isfinite(y), y, np.nan)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.plot.set_theme(theme)
        self.status.set_theme(theme)
        self.title.setStyleSheet(f"color: {theme.ink}; background: {theme.background}; font-weight: bold;")
        self.show_lines(self.lines, self._names)

    def table(self) -> Table:
        """Long: setting (from 1; 0 for none), x, y."""
        rows = [np.column_stack([np.full(len(line.x), line.setting + 1.0), line.x, line.y]) for line in self.lines]
        return ("setting", "x", "y"), np.concatenate(rows) if rows else np.empty((0, 3))

    def _fit(self) -> None:
        self._chosen, self._ranges = False, (None, None)
        self._set_ranges()
        self._dash()

    def _choose(self) -> None:
        self._chosen = True

    def _set_ranges(self) -> None:
        heights = [self.heights(line) for line in self.lines]
        y = np.concatenate([h[np.isfinite(h)] for h in heights] + [np.asarray(self._floor or ())])
        x = np.concatenate([line.x for line in self.lines] or [np.empty(0)])
        low, high = (max(float(y.min()), LOWEST_DECADE), float(y.max())) if len(y) else (-1.0, 1.0)
        rises = settled(self._ranges[1], low, high)
        across = (float(x.min()), float(x.max())) if len(x) else (0.0, 1.0)
        room = 0.02 * (across[1] - across[0]) or 0.5
        wanted = ((across[0] - room, across[1] + room), rises)
        if wanted != self._ranges:
            self._ranges = wanted
            self.plot.set_ranges(*wanted)

    def _dash(self) -> None:
        """Cut the dashed lines for the screen."""
        for curve, line in zip(self._curves, self.lines, strict=False):
            if line.dashed:
                y = self.heights(line)
                good = np.isfinite(y)
                x, y, joined = dashed(line.x[good], y[good], *self.plot.getViewBox().viewPixelSize())
                curve.setData(x, y, connect=joined)

    def _read(self, x: float | None) -> None:
        self.plot.point_at(x)
        if x is None or not self.lines:
            self.status.set_pointed("")
            return
        words, heard = [], set()
        for line in self.lines:
            if len(line.x) and line.x[0] - 1 <= x <= line.x[-1] + 1:
                nearest = int(np.argmin(np.abs(line.x - x)))
                who = self._names[line.setting] if line.setting >= 0 else ""
                what = line.name if who in heard or not who else f"{who}: {line.name}"
                heard.add(who)
                words.append(f"{what} {significant(float(line.y[nearest]), 3)}")
        self.status.set_pointed(" · ".join([f"at {significant(x, 3)}", *words]))
