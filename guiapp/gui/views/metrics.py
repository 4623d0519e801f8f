"""How good the generator is, by numbers that can be trusted, beside the state of the game."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from guiapp.data.loading import open_data
from guiapp.data.source import DataError, Law
from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.views.metrics_charts import EVERY, SAMPLES, Facts, charts, says
from guiapp.gui.widgets.evidence import spec_now
from guiapp.gui.widgets.metric_chart import LEAST_HEIGHT, Chart, MetricChart, MetricPlot
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.time_controls import TimeControls
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.series import Series
from guiapp.spec import Data, Gan

EMPTY = (
    "Here a GAN's generator will be measured every 1,000 steps, beside what its discriminator says at every step. "
    "Start one with ▶."
)
BEFORE = "This is the model before its first step: there is nothing to measure yet."
NOTHING = "This run records none of the numbers of a game."
OLD = "No distances: this run was recorded by an older version, which did not measure them."
MEAN_OF = 100  # steps: of what comes with every step, a single mini-batch is too noisy to read
CHART_WIDTH, MOST_COLUMNS, STEPS_PX = 300, 3, 30  # px, charts side by side, px for the steps below the last row


class MetricsView(View):
    """Modes captured and held, samples of high quality, KL over the modes, Jensen-Shannon and MMD with their floors (a
    law in the plane), memorisation (a table); D's accuracy, what it says, and both losses, against the equilibrium. One
    small chart each over the same steps; which there are depends on the columns of the run."""

    name: ClassVar[str] = "metrics"
    title: ClassVar[str] = "GAN metrics"
    requires: ClassVar[frozenset[str]] = frozenset({"scores"})
    missing: ClassVar[str] = (
        "A VAE has no discriminator, and is measured by its likelihood: see ELBO and Log-likelihood."
    )
    draws_series: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls, self._status = TimeControls(), StatusLine()
        self._controls.log.setToolTip("A logarithmic axis for the distances; values ≤ 0 are left out")
        self._charts: list[MetricChart] = []
        self._columns = 0
        self._law: tuple[Data | None, int] = (None, 0)
        self._frame: Frame | None = None
        self._newest = 0  # step of the newest evaluation
        self._asked: tuple[object, ...] = ()  # what the charts depend on
        self._theme = LIGHT
        self._arrange()
        self._controls.smoothing_changed.connect(self._smooth)
        self._controls.log_changed.connect(self._set_log)
        self._controls.followed.connect(self._follow)
        self.set_theme(LIGHT)
        self.clear()

    @property
    def shown(self) -> tuple[Chart, ...]:
        """The charts, row by row."""
        return tuple(chart.chart for chart in self._charts)

    def draw(self, frame: Frame) -> None:
        """Show all steps of `frame`."""
        model = spec_now(frame).model
        if not isinstance(model, Gan):
            self._stage.say(self.missing)
            return
        if not len(frame.series):
            self._stage.say(BEFORE if frame.until else EMPTY)
            return
        now, newest = latest(frame.series)
        floors = (now.get("metric/js_floor", np.nan), now.get("metric/mmd_floor", np.nan))
        facts = Facts(model, self._modes(frame), *floors)
        if (frame.series.names, facts) != self._asked:
            self._take(charts(frame.series.names, facts))
            self._asked = (frame.series.names, facts)
        if not self._charts:
            self._stage.say(NOTHING)
            return
        self._frame, self._newest = frame, newest
        self._stage.show_content()
        for chart in self._charts:
            chart.header.set_parts(chart.chart.title, *says(chart.chart, now, facts))
        self._status.set_text(_words(frame, newest))
        self._draw_charts()

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        for chart in self._charts:
            chart.plot.clear_steps()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for chart in self._charts:
            chart.set_theme(theme)
        self._status.set_theme(theme)
        self._stage.set_theme(theme)
        self._content.setStyleSheet(f"#charts {{ background: {theme.background}; }}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tile()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tile()

    def _arrange(self) -> None:
        self._content = QWidget()
        self._content.setObjectName("charts")
        self._grid = QGridLayout(self._content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setMinimumSize(1, 1)
        self._area.setWidget(self._content)
        self._area.verticalScrollBar().valueChanged.connect(lambda _at: self._draw_charts())
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._controls)
        column.addWidget(self._area, 1)
        column.addWidget(self._status)
        self._stage = self.staged(content)
        self._stage.setMinimumSize(1, 1)

    def _modes(self, frame: Frame) -> int:
        """How many modes the law has; 0 where they are not counted."""
        data = frame.run.spec.data
        if "metric/modes" not in frame.series.names:
            return 0
        if self._law[0] != data:
            try:
                source = open_data(data)
            except DataError:
                source = None
            self._law = (data, len(source.centres) if isinstance(source, Law) else 0)
        return self._law[1]

    def _take(self, wanted: tuple[Chart, ...]) -> None:
        """Show the charts `wanted`, if they are not those shown."""
        if wanted == self.shown:
            return
        if [chart.name for chart in wanted] != [chart.name for chart in self.shown]:
            self._make(wanted)
        for chart, shown in zip(wanted, self._charts, strict=True):
            if chart != shown.chart:
                shown.show_chart(chart)
        width = max((shown.plot.labels_width for shown in self._charts), default=0.0)
        for shown in self._charts:
            shown.plot.set_labels_width(width)

    def _make(self, wanted: tuple[Chart, ...]) -> None:
        for chart in self._charts:
            self._grid.removeWidget(chart)
            chart.hide()
            chart.deleteLater()
        self._charts, self._columns = [MetricChart(chart) for chart in wanted], 0
        for chart in self._charts:
            chart.set_theme(self._theme)
            chart.plot.set_smoothing(self._controls.slider.value() / 100)
            chart.set_log(self._controls.log.isChecked())
            chart.plot.window_moved.connect(lambda low, high, moved=chart.plot: self._look_at(moved, low, high))
            chart.plot.following_changed.connect(lambda on, moved=chart.plot: self._follow_suit(moved, on))
        self._tile()

    def _tile(self) -> None:
        """As many columns as find room; the steps are named under the lowest chart of each."""
        columns = min(max(1, self.width() // CHART_WIDTH), MOST_COLUMNS, max(1, len(self._charts)))
        if columns == self._columns or not self._charts:
            return
        self._columns = columns
        for place, chart in enumerate(self._charts):
            self._grid.addWidget(chart, place // columns, place % columns)
            chart.plot.show_steps(place + columns >= len(self._charts))
        last = (len(self._charts) - 1) // columns
        for row in range(len(self._charts)):
            self._grid.setRowStretch(row, 0 if row > last else 5 if row == last else 4)  # the last one names the steps
            self._grid.setRowMinimumHeight(row, LEAST_HEIGHT + STEPS_PX if row == last else 0)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))

    def _draw_charts(self) -> None:
        frame = self._frame
        if frame is None:
            return
        for chart in self._charts:
            if chart.in_sight() or not self.isVisible():
                chart.plot.draw_news(frame.series, frame.marks, frame.until, self._newest)

    def _smooth(self, weight: float) -> None:
        for chart in self._charts:
            chart.plot.set_smoothing(weight)

    def _set_log(self, on: bool) -> None:
        for chart in self._charts:
            chart.set_log(on)

    def _follow(self, newest: int) -> None:
        for chart in self._charts:
            chart.plot.follow(newest)

    def _look_at(self, moved: MetricPlot, low: float, high: float) -> None:
        for chart in self._charts:
            if chart.plot is not moved:
                chart.plot.look_at(low, high)

    def _follow_suit(self, moved: MetricPlot, following: bool) -> None:
        self._controls.set_following(following)
        for chart in self._charts if following else ():
            if chart.plot is not moved and not chart.plot.following:
                chart.plot.follow()


def latest(series: Series) -> tuple[Mapping[str, float], int]:
    """The newest value of each column metric/…, the mean of the last steps of each column of the game, by name; and the
    step of the newest evaluation, 0 where there is none."""
    found: dict[str, float] = {}
    measured = tuple(name for name in series.names if name.startswith("metric/"))
    rows, step = series.recent(measured, EVERY), 0
    for column, name in enumerate(measured):
        filled = np.flatnonzero(~np.isnan(rows[:, column]))
        if len(filled):
            found[name] = float(rows[filled[-1], column])
            step = max(step, series.last - len(rows) + 1 + int(filled[-1]))
    told = tuple(name for name in series.names if "/" not in name)
    recent = series.recent(told, MEAN_OF)
    filled = np.isfinite(recent)
    total = np.where(filled, recent, 0).sum(0, dtype=float)
    for name, value, count in zip(told, total.tolist(), filled.sum(0).tolist(), strict=True):
        if count:
            found[name] = value / count
    return found, step


def _words(frame: Frame, newest: int) -> str:
    measured = [name for name in frame.series.names if name.startswith("metric/")]
    if not measured:
        return OLD
    what = "64 samples" if "metric/memorisation" in measured else f"{SAMPLES:,} fresh samples"
    last = f"last at step {grouped_digits(newest)}" if newest else f"the first time at step {grouped_digits(EVERY)}"
    said = f"Measured every {grouped_digits(EVERY)} steps on {what}, {last}."
    if "metric/js" in measured and "metric/modes" not in measured:
        said += " This law has no modes that one could count."
    return said
