"""The controls of the lab of the reparameterisation trick, its table of estimators, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.labs.reparameterisation_compute import (
    CHECKED,
    COUNT_RANGE,
    ERRORS,
    FORMULAS,
    MOST_SEED,
    PRESETS,
    SIGMA_RANGE,
    THETA_RANGE,
    Params,
    Result,
    Row,
)
from guiapp.gui.labs.reparameterisation_plots import estimator_colours
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.estimators import ESTIMATORS, FUNCTIONS, Estimator

WIDEST: Final = ("−0.000×10⁻⁰ ± 0.0×10⁻⁰", "0.000×10⁻⁰⁰")


class EstimatorControls(QWidget):
    """Every parameter of the lab. `edited`: new parameters and whether the move is done."""

    edited = Signal(object, bool)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders: Mapping[str, NumberSlider] = {
            "theta": NumberSlider("θ", "mean θ of z, by which is differentiated", *THETA_RANGE, unit="in units of z"),
            "sigma": NumberSlider("σ", "standard deviation of z", *SIGMA_RANGE, log=True, unit="in units of z"),
            "count": NumberSlider(
                "n", "number of single-sample estimates of each kind", *COUNT_RANGE, True, "estimates"
            ),
        }
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._slid(name, value, done))
        self.function = QComboBox()
        self.function.addItems(FUNCTIONS)
        self.function.setAccessibleName("function f")
        self.function.setToolTip("f, whose mean under z ~ N(θ, σ²) is differentiated by θ. The step is 1 where z > 0")
        self.function.textActivated.connect(lambda name: self._edit(True, function=name))
        self.seed = QSpinBox()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setAccessibleName("seed of the draws")
        self.seed.setToolTip(f"The stream of random numbers ε, 0 to {MOST_SEED}: one seed, one histogram")
        self.seed.valueChanged.connect(lambda value: self._edit(True, seed=value))
        self.again = QPushButton("New draws")
        self.again.setToolTip("The next seed")
        self.again.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % (MOST_SEED + 1)))
        self._lay_out()
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(float(getattr(params, name)))
        self.function.setCurrentText(params.function)
        with QSignalBlocker(self.seed):
            self.seed.setValue(params.seed)

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for name, button in self.presets.items():
            function, theta, sigma = PRESETS[name]
            button.setToolTip(f"f = {function}, θ = {theta:g}, σ = {sigma:g}")
            values = {"function": function, "theta": theta, "sigma": sigma}
            button.clicked.connect(lambda _=False, values=values: self._edit(True, **values))
            layout.addWidget(button)
        row = QHBoxLayout()
        label = QLabel("f(z)")
        label.setBuddy(self.function)
        row.addWidget(label)
        row.addWidget(self.function, 1)
        layout.addLayout(row)
        for slider in self.sliders.values():
            layout.addWidget(slider)
        row = QHBoxLayout()
        label = QLabel("Seed")
        label.setBuddy(self.seed)
        for widget, stretch in ((label, 0), (self.seed, 1), (self.again, 1)):
            row.addWidget(widget, stretch)
        layout.addLayout(row)

    def _slid(self, name: str, value: float, done: bool) -> None:
        self._edit(done, **{name: round(value) if name == "count" else value})

    def _edit(self, done: bool, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class EstimatorTable(QGroupBox):
    """Each estimator's mean and variance over the draws, beside the closed forms."""

    def __init__(self) -> None:
        super().__init__("n single-sample estimates of dE[f]/dθ")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        heads = {"mean ± its error": "over the n estimates, ± sd/√n", "variance": "of a single estimate"}
        for column, (text, tip) in enumerate(heads.items(), start=1):
            head = QLabel(text)
            head.setToolTip(tip)
            grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        self.swatches: dict[Estimator, QLabel] = {}
        self.cells: dict[tuple[Estimator, str], tuple[QLabel, QLabel]] = {}
        for place, estimator in enumerate(ESTIMATORS):
            swatch = self.swatches[estimator] = QLabel()
            swatch.setFixedHeight(self.fontMetrics().height())
            name = QLabel(f"<b>{estimator}</b>")
            name_row = QHBoxLayout()
            name_row.setSpacing(6)
            name_row.addWidget(swatch)
            name_row.addWidget(name, 1)
            grid.addLayout(name_row, 1 + 3 * place, 0, 1, 3)
            for row, kind in enumerate(("drawn", "exact"), start=2 + 3 * place):
                grid.addWidget(QLabel(f"   {kind}"), row, 0)
                cells = self.cells[estimator, kind] = (QLabel(), QLabel())
                for column, cell in enumerate(cells, start=1):
                    cell.setFont(digits)
                    cell.setMinimumWidth(self.fontMetrics().horizontalAdvance(WIDEST[column - 1]))
                    cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                    cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                    grid.addWidget(cell, row, column)
        self.baseline, self.ratio = QLabel(), QLabel()
        self.baseline.setToolTip("The constant that makes the variance of (f(z) − b) ε/σ least: b = E[f(z) ε²]")
        for row, label in enumerate((self.baseline, self.ratio), start=20):
            label.setWordWrap(True)
            grid.addWidget(label, row, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    def show_result(self, result: Result) -> None:
        """The numbers of `result`."""
        exact, formulas = result.exact, FORMULAS.get(result.params.function)
        for place, estimator in enumerate(ESTIMATORS):
            sampled = result.sampled[estimator]
            mean, variance = self.cells[estimator, "drawn"]
            mean.setText(f"{significant(sampled.mean, 4)} ± {significant(sampled.error, 2)}")
            variance.setText(significant(sampled.variance, 4))
            mean, variance = self.cells[estimator, "exact"]
            wrong = estimator == "pathwise" and result.is_biased
            mean.setText(significant(float(exact.derivative), 4) + ("  ≠ 0" if wrong else ""))
            variance.setText(significant(float(exact.variance(estimator)), 4))
            variance.setToolTip(formulas[place] if formulas else "")
        self.baseline.setText(f"Best baseline b = E[f ε²] = {significant(float(exact.baseline), 4)}")
        ratio = significant(result.ratio, 4)
        self.ratio.setText(f"Variance ratio, score / pathwise = <b>{ratio}</b>")

    def set_theme(self, theme: Theme) -> None:
        for estimator, colour in estimator_colours(theme).items():
            pixmap = QPixmap(12, 12)
            pixmap.fill(QColor(colour))
            self.swatches[estimator].setPixmap(QIcon(pixmap).pixmap(12, 12))


class CheckPanel(QGroupBox):
    """A button, and how far the closed forms are from quadrature and from new draws. `asked`: check at this θ and σ."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Are the closed forms right?")
        self._theme, self._good = LIGHT, True
        self._rows: tuple[Row, ...] = ()
        self.button = QPushButton("Check at this θ and σ")
        self.button.setToolTip(
            f"All numbers of all seven f against quadrature, and the means of {CHECKED:,} new draws against them"
        )
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel("Against quadrature from f alone, within 10⁻⁶; and against new draws.")
        self.sentence.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        grid.addWidget(self.button, 0, 0, 1, 4)
        grid.addWidget(self.sentence, 1, 0, 1, 4)
        tips = ("largest relative difference", f"largest |mean − exact| in standard errors; good to {ERRORS:g}")
        self.heads = [QLabel(text) for text in ("quadrature", "draws")]
        for column, (head, tip) in enumerate(zip(self.heads, tips, strict=True), start=1):
            head.setToolTip(tip)
            grid.addWidget(head, 2, column, Qt.AlignmentFlag.AlignRight)
        self.cells = {name: tuple(QLabel() for _ in range(4)) for name in FUNCTIONS}
        for row, (name, cells) in enumerate(self.cells.items(), start=3):
            cells[0].setText(name)
            for column, cell in enumerate(cells):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                grid.addWidget(cell, row, column, side)
        grid.setColumnStretch(0, 1)
        self._set_seen(False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: tuple[Row, ...], theta: float, sigma: float) -> None:
        """Show a check made at θ and σ."""
        self._rows, self._good = rows, all(row.good for row in rows)
        for row in rows:
            _, quadrature, errors, mark = self.cells[row.function]
            quadrature.setText(significant(row.quadrature, 2))
            errors.setText(f"{row.errors:.1f} SE")
            mark.setText("✓" if row.good else "✗")
        where = f"At θ = {theta:g}, σ = {sigma:g}: ".replace("-", "−")
        bias = next(row.bias for row in rows if row.function == "step")
        self.sentence.setText(
            where
            + ("all agree." if self._good else "NOT all agree.")
            + f" The step's pathwise mean is 0: its bias is {significant(bias, 3)}."
        )
        self._set_seen(True)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.sentence.setStyleSheet("" if self._good else f"color: {theme.bad};")
        for row in self._rows:
            self.cells[row.function][3].setStyleSheet(f"color: {theme.good if row.good else theme.bad};")

    def _set_seen(self, seen: bool) -> None:
        for label in (*self.heads, *(cell for cells in self.cells.values() for cell in cells)):
            label.setVisible(seen)
