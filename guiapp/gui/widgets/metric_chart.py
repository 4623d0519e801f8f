"""One of the small charts of metrics: what it shows and its newest values in a line, below it the curves."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.annotations import Marks, Reference
from guiapp.gui.widgets.axis_range import Range
from guiapp.gui.widgets.chart_header import ChartHeader
from guiapp.gui.widgets.metric_marks import Band, Dots
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot
from guiapp.series import Series

LEAST_HEIGHT = 96  # px, header and plot


@dataclass(frozen=True, slots=True)
class Chart:
    """`curves` under the heading `title`, in `unit`. `limits` fix the axis of values, `references` are levels to
    compare with, `band` holds the values that a perfect sampler would reach, too; `scaled`: a logarithmic axis makes
    sense. `explained` is the tooltip."""

    name: str
    title: str
    unit: str
    curves: tuple[Curve, ...]
    limits: Range | None = None
    references: tuple[Reference, ...] = field(default=())
    band: Range | None = None
    scaled: bool = False
    explained: str = ""

    @property
    def evaluated(self) -> bool:
        """Its values come with the evaluations, not with every step."""
        return all(curve.dotted for curve in self.curves)


class MetricPlot(TimeSeriesPlot):
    """Curves with dots and a band. One of evaluations alone is drawn again when there is a new one, or what is in sight
    has changed, and so hardly ever."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, "", parent=parent)
        self._band, self._dots = Band(self.box), Dots(self)
        self._evaluated = False
        self._drawn: tuple[object, ...] = ()

    @property
    def band(self) -> Range | None:
        """The values shaded."""
        return self._band.values

    def show_chart(self, chart: Chart) -> None:
        """Take the curves and levels of `chart`."""
        self._evaluated, self._drawn = chart.evaluated, ()
        self._band.set_values(chart.band)
        self.set_curves(chart.curves, chart.unit, chart.limits, chart.references)

    def show_steps(self, shown: bool) -> None:
        """Name the steps below the plot, or leave that to the plot below it."""
        self.setLabel("bottom", "step" if shown else "")
        self.getAxis("bottom").setStyle(showValues=shown)

    def draw_news(self, series: Series, marks: Marks, until: int, newest: int) -> None:
        """As `draw`; `newest` is the step of the newest evaluation, 0 where there is none."""
        if self._evaluated and series is self._series:
            self._follow()
            if self._state(marks, until, newest) == self._drawn:
                return
        self.draw(series, marks, until)
        self._drawn = self._state(marks, until, newest)

    def clear_steps(self) -> None:
        self._drawn = ()
        super().clear_steps()

    def set_log(self, log: bool) -> None:
        self._band.set_log(log)
        super().set_log(log)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "_dots"):  # the base class paints itself before there are any
            self._band.set_theme(theme)
            self._dots.set_theme(theme)

    def _state(self, marks: Marks, until: int, newest: int) -> tuple[object, ...]:
        return (marks, until, newest, tuple(self.box.viewRange()[0]))


class MetricChart(QWidget):
    """A `Chart` with its heading."""

    def __init__(self, chart: Chart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = chart
        self.header, self.plot = ChartHeader(), MetricPlot(chart.title)
        self.setMinimumHeight(LEAST_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.plot, 1)
        self.set_theme(LIGHT)
        self.show_chart(chart)

    def show_chart(self, chart: Chart) -> None:
        """Show `chart`, with what is known of the run by now."""
        self.chart = chart
        self.plot.setAccessibleDescription(chart.explained)
        self.header.setToolTip(chart.explained)
        self.plot.show_chart(chart)

    def set_log(self, log: bool) -> None:
        """A logarithmic axis, where it makes sense."""
        self.plot.set_log(log and self.chart.scaled)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self.header.set_theme(theme)
        self.plot.set_theme(theme)

    def in_sight(self) -> bool:
        """Whether a part of it is on the screen, not scrolled away."""
        return not self.visibleRegion().isEmpty()
