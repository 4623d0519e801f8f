"""The controls of the lab of ancestral sampling, its table of methods, and its check."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.labs.sampling_compute import (
    CHECKED,
    COUNT_RANGE,
    ERRORS,
    MOST_SEED,
    PRESETS,
    WINDOW_RANGE,
    Params,
    Result,
    Row,
)
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.bayesian_estimates import METHODS
from guiapp.theory.bayesian_network import LinearGaussian

UNIT: Final = "in standard deviations of the node"
METHOD_TIPS: Final = (
    "rejection: keep the ancestral samples that agree with what is clamped\n"
    "likelihood weighting: hold what is clamped, weigh by its probability given its parents\n"
    "naive clamp: hold it without weights, which is wrong below a parent"
)


class StepBar(QWidget):
    """What is done with the drawing. A signal for each button."""

    stepped = Signal()
    drawn = Signal()
    released = Signal()
    opened = Signal()
    saved = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for text, tip, signal in (
            ("Next node", "Draw the next node of a single sample, parents before children (Space)", self.stepped),
            ("New sample", "All nodes of another single sample at once", self.drawn),
            ("Unclamp all", "Let all observed nodes go", self.released),
            ("Open…", "A network from a JSON file", self.opened),
            ("Save…", "The network, the places and what is clamped as a JSON file", self.saved),
        ):
            button = self.buttons[text] = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)


class SamplingControls(QWidget):
    """`edited`: new parameters; `stopped`: draw no more."""

    edited = Signal(object)
    stopped = Signal()

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.preset, self.method = QComboBox(), QComboBox()
        self.preset.addItems(list(PRESETS))
        self.preset.setPlaceholderText("(your own network)")
        self.preset.setAccessibleName("example network")
        self.preset.setToolTip("Networks to begin with; one replaces what is there")
        self.method.addItems(list(METHODS))
        self.method.setAccessibleName("method of the bars")
        self.method.setToolTip(METHOD_TIPS)
        self.count = NumberSlider("n", "number of samples of each method", *COUNT_RANGE, log=True, unit="samples")
        self.window_slider = NumberSlider(
            "h", "how near a rejection sample has to come to an observed number", *WINDOW_RANGE, log=True, unit=UNIT
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setAccessibleName("seed of the samples")
        self.seed.setToolTip(f"The stream of random numbers, 0 to {MOST_SEED}: one seed, one result")
        self.again = QPushButton("New draws")
        self.again.setToolTip("The next seed")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("samples drawn")
        self.progress.setFormat("%v of %m samples")
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Keep the samples drawn so far and draw no more")
        for widget in (self.progress, self.stop):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # or all below would jump with each million
            widget.setSizePolicy(policy)
        self._lay_out()
        self.preset.textActivated.connect(self._begin)
        self.method.textActivated.connect(lambda name: self._edit(method=name))
        self.count.value_changed.connect(lambda value, _done: self._edit(count=float(round(value))))
        self.window_slider.value_changed.connect(lambda value, _done: self._edit(window=value))
        self.seed.valueChanged.connect(lambda value: self._edit(seed=value))
        self.again.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % (MOST_SEED + 1)))
        self.stop.clicked.connect(self.stopped)
        self.set_params(params)
        self.show_progress(0, 0)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        self.method.setCurrentText(params.method)
        if self.count.value != params.count:
            self.count.set_value(params.count)
        if self.window_slider.value != params.window:
            self.window_slider.set_value(params.window)
        numbers = [node.name for node in params.nodes if isinstance(node, LinearGaussian)]
        self.window_slider.setVisible(any(name in params.evidence for name in numbers))
        with QSignalBlocker(self.seed):
            self.seed.setValue(params.seed)
        alike = [name for name, preset in PRESETS.items() if preset.nodes == params.nodes]
        exactly = [name for name in alike if PRESETS[name].evidence == params.evidence]
        if exactly or self.preset.currentText() not in alike:
            self.preset.setCurrentIndex(self.preset.findText((exactly or alike or [""])[0]))

    def show_progress(self, done: int, count: int) -> None:
        """How many samples are drawn; hidden where none are missing."""
        seen = done < count
        if seen:
            self.progress.setRange(0, count)
            self.progress.setValue(done)
        for widget in (self.progress, self.stop):
            if widget.isHidden() == seen:
                widget.setVisible(seen)

    def set_theme(self, theme: Theme) -> None:
        for slider in (self.count, self.window_slider):
            slider.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()
        for place, (text, widget) in enumerate((("Example", self.preset), ("Bars", self.method))):
            label = QLabel(text)
            label.setBuddy(widget)
            grid.addWidget(label, place, 0)
            grid.addWidget(widget, place, 1)
        grid.setColumnStretch(1, 1)
        layout.addLayout(grid)
        layout.addWidget(self.count)
        layout.addWidget(self.window_slider)
        label = QLabel("Seed")
        label.setBuddy(self.seed)
        rows: tuple[tuple[tuple[QWidget, int], ...], ...] = (
            ((label, 0), (self.seed, 1), (self.again, 1)),
            ((self.progress, 1), (self.stop, 0)),
        )
        for row in rows:
            line = QHBoxLayout()
            for part, stretch in row:
                line.addWidget(part, stretch)
            layout.addLayout(line)

    def _begin(self, name: str) -> None:
        p, preset = self._params, PRESETS[name]
        kept = {"count": p.count, "seed": p.seed, "method": p.method}
        self.edited.emit(msgspec.structs.replace(preset, **kept))

    def _edit(self, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes))


class MethodTable(QGroupBox):
    """The chosen probability or mean: exact, and by each method with its standard error and effective sample size."""

    def __init__(self) -> None:
        super().__init__("Compared")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        self.target = QLabel()
        self.target.setWordWrap(True)
        grid.addWidget(self.target, 0, 0, 1, 3)
        tips = ("± standard error", "(Σw)²/Σw²: so many samples of equal weight would be as good")
        for column, (text, tip) in enumerate(zip(("estimate", "effective n"), tips, strict=True), start=1):
            head = QLabel(text)
            head.setToolTip(tip)
            grid.addWidget(head, 1, column, Qt.AlignmentFlag.AlignRight)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        self.cells: dict[str, tuple[QLabel, QLabel]] = {}
        for row, name in enumerate(("exact", *METHODS), start=2):
            label = QLabel(name.removeprefix("likelihood "))  # or the column would be too wide for a narrow window
            label.setToolTip(METHOD_TIPS)
            grid.addWidget(label, row, 0)
            cells = self.cells[name] = (QLabel(), QLabel())
            for column, cell in enumerate(cells, start=1):
                cell.setFont(digits)
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(cell, row, column)
        self.cells["exact"][0].setMinimumWidth(self.fontMetrics().horizontalAdvance("−0.0000 ± 0.0000"))
        self.cells["exact"][1].setMinimumWidth(self.fontMetrics().horizontalAdvance("1,000,000"))
        grid.setColumnStretch(0, 1)
        self._theme = LIGHT
        self._wrong = False

    def show_result(self, result: Result) -> None:
        """The numbers of `result`."""
        self.target.setText(f"<b>{result.target}</b>")
        true = result.true()
        self.cells["exact"][0].setText(significant(true, 6) if not math.isnan(true) else "no closed form")
        for method in METHODS:
            value, error = result.estimate(method)
            estimate, effective = self.cells[method]
            estimate.setText("no sample agrees" if math.isnan(value) else f"{_fixed(value)} ± {_fixed(error)}")
            effective.setText(f"{result.tally(method).effective:,.0f}")
            tally = result.tally(method)
            effective.setToolTip(f"{tally.kept:,} of {tally.tried:,} samples kept")
        value, error = result.estimate("naive clamp")
        self._wrong = abs(value - true) > 5 * max(error, 1e-12)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.cells["naive clamp"][0].setStyleSheet(f"color: {theme.bad};" if self._wrong else "")


class CheckPanel(QGroupBox):
    """A button, and how far each exact marginal is from its definition and from new draws. `asked`: check now."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Are the exact values right?")
        self._theme, self._good = LIGHT, True
        self.rows: tuple[Row, ...] = ()
        self.button = QPushButton("Check this network")
        self.button.setToolTip(
            "Each marginal against the sum over all combinations of states, term by term, "
            f"and against likelihood weighting of {CHECKED:,} new draws, within {ERRORS:g} standard errors"
        )
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.sentence)
        self.clear()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """What a check found."""
        self.rows, self._good = rows, all(row.good for row in rows)
        if not rows:
            self.sentence.setText("Nothing to check: there is no closed form here.")
            return
        lines = ["All agree." if self._good else "NOT all agree."]
        for row in rows:
            listed = "" if math.isnan(row.listed) else f"sum {significant(row.listed, 1)}, "
            lines.append(f"{row.name}: {listed}draws {row.errors:.1f} SE {'✓' if row.good else '✗'}")
        self.sentence.setText("\n".join(lines))
        self.set_theme(self._theme)

    def clear(self) -> None:
        """Forget the last check."""
        self.rows, self._good = (), True
        self.sentence.setText("Largest difference from the sum over all combinations, and from new draws.")
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.sentence.setStyleSheet("" if self._good else f"color: {theme.bad};")


def _fixed(number: float) -> str:
    return (f"{number:.4f}" if abs(number) < 1e4 else significant(number, 4)).replace("-", "−")
