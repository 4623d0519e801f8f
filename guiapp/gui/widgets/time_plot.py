"""A plot over training steps that follows the run until a person looks elsewhere: the base of curves and heat map."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.annotations import Annotations, Marks
from guiapp.gui.widgets.axis import Axis, paint_once
from guiapp.gui.widgets.axis_colours import colour_axes
from guiapp.gui.widgets.axis_range import Range, all_steps, last_steps
from guiapp.gui.widgets.crosshair import Crosshair, Reading
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.series import Series

ZOOM, PAN = 0.8, 0.1  # parts of the range for one key press
READ_MS = 30  # at most one reading in this time, however fast the pointer moves
MARK_REACH_PX = 4.0
TEXT_GAP_PX = 16.0  # at the least, between the texts of the step axis
NOT_AT_THE_EDGE, LONELY_TEXT = 0.85, 0.7  # of the range: where the only text may stand, and where it is put else
AXIS_WIDTH = 58  # px; the same everywhere, so that plots above each other share their steps


def grouped_digits(number: float) -> str:
    """12340 as "12 340", with thin spaces."""
    return f"{number:,.0f}".replace(",", "\u2009")


def round_spacing(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 and so on that is not below `least`."""
    decade = 10.0 ** math.floor(math.log10(max(least, 1.0)))
    return next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= least * (1 - 1e-9))


class StepAxis(Axis):
    """Whole steps, their digits in groups of three."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickSpacing(self, low: float, high: float, length: float) -> list[tuple[float, float]]:
        """One level, as dense as its texts find room side by side; at least one text, however little there is."""
        widest = max(QFontMetricsF(QApplication.font()).horizontalAdvance(grouped_digits(v)) for v in (low, high))
        span = high - low
        spacing = round_spacing(span * (widest + TEXT_GAP_PX) / max(length, 1.0))
        return [(spacing if spacing <= NOT_AT_THE_EDGE * span else float(f"{LONELY_TEXT * span:.1e}"), 0.0)]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float | None) -> list[str]:
        return [grouped_digits(value) if value == int(value) else "" for value in values]


class TimeBox(pg.ViewBox):
    """Over the plot, wheel and drag move along the steps; over an axis, along that axis."""

    moved = Signal(int)  # the axis that a person moved: 0 steps, 1 values

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.disableAutoRange()

    def wheelEvent(self, event: object, axis: int | None = None) -> None:
        super().wheelEvent(event, axis or 0)
        self.moved.emit(axis or 0)

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        super().mouseDragEvent(event, axis or 0)
        self.moved.emit(axis or 0)


class TimePlot(pg.PlotWidget):
    """Steps along x. It shows all of the run (or its last steps) in chunks, so that the axis is laid out rarely.

    Wheel, drag, Page Up, Page Down, + and - leave following; a double click or Home returns to it. A past moment of a
    run keeps the range of the whole run, a line stands at its step, and what came later is shaded. A subclass draws in
    `_render`.
    """

    following_changed = Signal(bool)
    window_moved = Signal(float, float)  # a person looks at these steps

    def __init__(self, name: str, y_axis: Axis | None = None, parent: QWidget | None = None) -> None:
        axes = {"bottom": StepAxis(), "left": y_axis or Axis("left")}
        super().__init__(parent, viewBox=TimeBox(), axisItems=axes)
        paint_once(self)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 70)
        self.setMouseTracking(True)
        self.box: TimeBox = self.getViewBox()
        self.annotations, self.crosshair = Annotations(self.box), Crosshair(self.box)
        self.theme = LIGHT
        self._series: Series | None = None
        self._following, self._newest = True, 0
        self._until = 0
        self._pointer: QPointF | None = None
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(READ_MS)
        self._reading.timeout.connect(self._read)
        self.box.moved.connect(self._leave)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=-4, maxTickLevel=1)
        self.getAxis("left").setWidth(AXIS_WIDTH)
        self.getPlotItem().layout.setContentsMargins(2, 7, 4, 2)  # half a tick text above the plot
        self.setLabel("bottom", "step")
        fit = QAction("Fit and follow the run\tHome", self)
        fit.triggered.connect(lambda: self.follow())
        self.addAction(fit)
        add_export_actions(self, self.table)
        self.box.sigResized.connect(lambda _box: self._resized())

    @property
    def following(self) -> bool:
        """Whether the range of steps goes with the run."""
        return self._following

    @property
    def newest(self) -> int:
        """How many of the last steps are followed; 0: all."""
        return self._newest

    def draw(self, series: Series, marks: Marks = (), until: int = 0) -> None:
        """Show `series` as it is now, with these edits; `until` is the newest step of the run if `series` ends at a
        past one, else 0."""
        if series is not self._series:
            self.crosshair.show_at(None)
        if until or self._until:
            self._forget_ranges()
        self._series, self._until = series, until
        self.annotations.set_marks(marks)
        self.annotations.set_now(series.last if until else None)
        self._follow()
        self._render()

    def clear_steps(self) -> None:
        """Show nothing and follow again."""
        self._series, self._until = None, 0
        self.annotations.set_marks(())
        self.annotations.set_now(None)
        self.crosshair.show_at(None)
        self._set_following(True)
        self._render()

    def follow(self, newest: int | None = None) -> None:
        """Go with the run again: its last `newest` steps, 0 for all, None for as many as before."""
        self._newest = self._newest if newest is None else newest
        self._set_following(True)
        self._follow()
        self._render()

    def look_at(self, low: float, high: float) -> None:
        """Show these steps and stay there."""
        self._set_following(False)
        self.box.setXRange(low, high, padding=0)
        self._render()

    def window(self) -> tuple[int, int, int]:
        """Steps start .. stop - 1 in sight, and how many cells they get: one a pixel."""
        low, high = self.box.viewRange()[0]
        return max(0, int(low)), int(high) + 2, max(20, int(self.box.width()))

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self.theme = theme
        colour_axes(self, theme)
        self.annotations.set_theme(theme)
        self.crosshair.set_theme(theme)
        self._render()

    def table(self) -> Table:
        """What is saved as CSV."""
        raise NotImplementedError

    def readings(self, step: int, at: QPointF) -> tuple[Reading, ...]:
        """What the crosshair says of `step` and the point `at`, in data units."""
        raise NotImplementedError

    def _render(self) -> None:
        raise NotImplementedError

    def _forget_ranges(self) -> None:
        """Ranges that rest while they serve depend on what was drawn before; a jump in time shall not show in them."""
        raise NotImplementedError

    def _follow(self) -> None:
        if self._series is None or not self._following:
            return
        first, last = self._series.first, max(self._series.last, self._series.first)
        wanted: Range = (
            last_steps(first, last, self._newest) if self._newest else all_steps(first, max(last, self._until))
        )
        if wanted != tuple(self.box.viewRange()[0]):
            self.box.setXRange(*wanted, padding=0)

    def _leave(self, axis: int) -> None:
        if axis == 0:
            self._set_following(False)
            self.window_moved.emit(*self.box.viewRange()[0])
        self._render()

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.following_changed.emit(following)

    def _read(self) -> None:
        inside = self._pointer is not None and self.box.sceneBoundingRect().contains(self._pointer)
        if self._series is None or not inside:
            self.crosshair.show_at(None)
            return
        at: QPointF = self.box.mapSceneToView(self._pointer)
        step = min(max(round(at.x()), self._series.first), self._series.last)
        if step < self._series.first:
            self.crosshair.show_at(None)
            return
        reach = MARK_REACH_PX * self.box.viewPixelSize()[0]
        edits = tuple(Reading(text) for text in self.annotations.texts_near(at.x(), max(reach, 0.5)))
        self.crosshair.show_at(step, (Reading(f"step {grouped_digits(step)}"), *self.readings(step, at), *edits))

    def _resized(self) -> None:
        self._render()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._pointer = self.mapToScene(event.position().toPoint())
        if not self._reading.isActive():
            self._reading.start()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self._reading.stop()
        self.crosshair.show_at(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.follow()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factors: dict[int, float] = {Qt.Key.Key_Plus: ZOOM, Qt.Key.Key_Equal: ZOOM, Qt.Key.Key_Minus: 1 / ZOOM}
        shifts: dict[int, float] = {Qt.Key.Key_PageUp: -PAN, Qt.Key.Key_PageDown: PAN}  # arrows step the training
        low, high = self.box.viewRange()[0]
        key = event.key()
        if key == Qt.Key.Key_Home:
            self.follow()
            return
        if key in factors:
            self.box.scaleBy((factors[key], 1))
        elif key in shifts:
            self.box.translateBy(x=shifts[key] * (high - low))
        else:
            event.ignore()
            return
        self._leave(0)
