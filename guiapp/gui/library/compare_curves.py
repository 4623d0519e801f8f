"""One quantity of several runs over their steps, a curve each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from guiapp.gui.library.compare_quantities import Quantity, merged, quantities
from guiapp.gui.library.compare_runs import ComparedRun
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.curve_symbols import SYMBOLS, CurveSymbols
from guiapp.gui.widgets.pens import curve_pen
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.time_controls import TimeControls
from guiapp.gui.widgets.time_series import Curve, TimeSeriesPlot

# The fields of `Theme` that colour the runs, in their order: the eight hues of Okabe & Ito with grey for yellow, which
# is too pale for a line. Here a hue means a run and nothing else.
COLOURS: Final = ("reconstruction", "kl", "generator", "discriminator", "ink", "generated", "real", "prior")
EMPTY: Final = "None of these runs has a step yet, so there is no curve to draw."


LONGEST: Final = 40  # characters of a name beside the plot


def shortened(name: str) -> str:
    """`name` without its middle, if it is long: what differs stands at its end."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"


def marked(index: int, label: str) -> str:
    """The label of run `index` with its symbol in front."""
    return f"{SYMBOLS[index]} {label}"


class CompareCurves(QWidget):
    """A chooser of the quantity, and the curves: a colour and a symbol for each run, its name beside the plot, which
    switches it off and on. A line stands at the step that is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[ComparedRun, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._quantities: tuple[Quantity, ...] = ()
        self._theme = LIGHT
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Quantity drawn")
        self.chooser.setToolTip("What is drawn of every run that has it")
        self.chooser.setMaxVisibleItems(16)
        self.plot = TimeSeriesPlot("Curves of the compared runs", "")
        self.symbols = CurveSymbols(self.plot)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._controls, self._status = TimeControls(), StatusLine()
        self._arrange()
        self.chooser.currentIndexChanged.connect(lambda _i: self._show_quantity())
        self._controls.smoothing_changed.connect(self.plot.set_smoothing)
        self._controls.log_changed.connect(self.plot.set_log)
        self._controls.followed.connect(self.plot.follow)
        self.plot.following_changed.connect(self._controls.set_following)
        self.set_theme(LIGHT)
        self.show_runs((), ())

    @property
    def quantity(self) -> Quantity | None:
        """What is drawn."""
        index = self.chooser.currentIndex()
        return self._quantities[index] if 0 <= index < len(self._quantities) else None

    def show_runs(self, runs: Sequence[ComparedRun], labels: Sequence[str]) -> None:
        """Draw these runs; the quantity stays where one of them has it."""
        before = self.quantity
        self._runs, self._labels, self._quantities = tuple(runs), tuple(labels), quantities(runs)
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            self.chooser.addItems([quantity.title for quantity in self._quantities])
            self.chooser.setCurrentIndex(self._quantities.index(before) if before in self._quantities else 0)
        self._show_quantity()

    def set_step(self, step: int | None) -> None:
        """Draw the line at `step`, or none."""
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setValue(step + 0.5)  # between this step and the next one, as for a keyframe everywhere

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for part in (self.plot, self.symbols, self._stage, self._status):
            part.set_theme(theme)
        self._line.setPen(curve_pen(self, theme.accent, 1))

    def _show_quantity(self) -> None:
        quantity = self.quantity
        series = merged(self._runs, self._labels, quantity) if quantity else None
        if quantity is None or series is None or not len(series):
            self.plot.clear_steps()
            self._stage.say(EMPTY)
            self._status.set_text("")
            return
        drawn = [(i, label) for i, label in enumerate(self._labels) if label in series.names]
        self.plot.set_curves(
            [Curve(label, shortened(marked(i, label)), COLOURS[i]) for i, label in drawn], quantity.axis
        )
        self.symbols.set_curves([(label, i, COLOURS[i]) for i, label in drawn])
        self.plot.draw(series)
        self._stage.show_content()
        absent = [label for label in self._labels if label not in series.names]
        note = f"No {quantity.title} in: {', '.join(absent)}" if absent else ""
        self._status.set_text(note or "Click a name to hide or show its curve; double click in the plot to fit")

    def _arrange(self) -> None:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(6, 3, 0, 0)
        label = QLabel("&Quantity")
        label.setBuddy(self.chooser)
        row.addWidget(label)
        row.addWidget(self.chooser)
        row.addWidget(self._controls, 1)
        self.plot.addItem(self._line, ignoreBounds=True)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((tools, 0), (self.plot, 1), (self._status, 0)):
            column.addWidget(part, stretch)
        self._stage = Stage(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stage)
