"""The controls of the KL lab: presets, sliders, direction and draws; and its table of divergences."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import (
    DEVIATION_RANGE,
    DRAWS,
    MEAN_RANGE,
    PRESETS,
    Params,
    Result,
    significant,
    z_score,
)
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme

NAMES = ("mu1", "sigma1", "mu2", "sigma2")


class KlControls(QWidget):
    """Every parameter of the lab but the grips. `edited` gives new parameters and whether the move is done."""

    edited = Signal(object, bool)
    fit_asked = Signal()

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders: Mapping[str, NumberSlider] = {
            "mu1": NumberSlider("μ₁", "mean of p", *MEAN_RANGE),
            "sigma1": NumberSlider("σ₁", "standard deviation of p", *DEVIATION_RANGE, log=True),
            "mu2": NumberSlider("μ₂", "mean of q", *MEAN_RANGE),
            "sigma2": NumberSlider("σ₂", "standard deviation of q", *DEVIATION_RANGE, log=True),
        }
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._edit(done, **{name: value}))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._presets())
        for title, names in (("p = N(μ₁, σ₁²)", NAMES[:2]), ("q = N(μ₂, σ₂²)", NAMES[2:])):
            box = QGroupBox(title)
            column = QVBoxLayout(box)
            for name in names:
                column.addWidget(self.sliders[name])
            layout.addWidget(box)
        layout.addLayout(self._directions())
        layout.addLayout(self._monte_carlo())
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        for direction, button in self.directions.items():
            with QSignalBlocker(button):
                button.setChecked(params.direction == direction)
        index = self.draws.findData(params.draws)
        with QSignalBlocker(self.draws):
            if index < 0:
                self.draws.addItem(_thousands(params.draws), params.draws)
                index = self.draws.count() - 1
            self.draws.setCurrentIndex(index)

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _presets(self) -> QGridLayout:
        grid = QGridLayout()
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for place, (name, button) in enumerate(self.presets.items()):
            mu1, sigma1, mu2, sigma2 = PRESETS[name]
            button.setToolTip(f"p = N({mu1:g}, {sigma1:g}²), q = N({mu2:g}, {sigma2:g}²)")
            button.setAccessibleName(f"preset {name}")
            values = dict(zip(NAMES, PRESETS[name], strict=True))
            button.clicked.connect(lambda _=False, values=values: self._edit(True, **values))
            grid.addWidget(button, place // 2, place % 2)
        fit = QPushButton("Fit the view")
        fit.setToolTip("Show both densities whole (double click in a plot, or F)")
        fit.clicked.connect(self.fit_asked)
        swap = QPushButton("Swap p and q")
        swap.setToolTip("KL is not symmetric: see what changes")
        swap.clicked.connect(self._swap)
        grid.addWidget(swap, 2, 0)
        grid.addWidget(fit, 2, 1)
        return grid

    def _directions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(QLabel("Integrand"))
        self.directions = {
            "forward": QRadioButton("p log(p/q)"),
            "reverse": QRadioButton("q log(q/p)"),
        }
        self._group = QButtonGroup(self)
        for direction, button in self.directions.items():
            button.setToolTip(f"Draw what integrates to the {direction} divergence")
            button.setAccessibleName(f"integrand of the {direction} divergence")
            self._group.addButton(button)
            row.addWidget(button)
            button.clicked.connect(lambda _=False, direction=direction: self._edit(True, direction=direction))
        return row

    def _monte_carlo(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.draws = QComboBox()
        for count in DRAWS:
            self.draws.addItem(_thousands(count), count)
        self.draws.setToolTip("Number n of draws of each Monte Carlo estimate; its error falls as 1/√n")
        self.draws.setAccessibleName("number of Monte Carlo draws")
        self.draws.currentIndexChanged.connect(lambda _: self._edit(True, draws=self.draws.currentData()))
        self.resample = QPushButton("Resample")
        self.resample.setToolTip("New draws, from the next seed")
        self.resample.clicked.connect(lambda: self._edit(True, seed=self._params.seed + 1))
        label = QLabel("Draws n")
        label.setBuddy(self.draws)
        row.addWidget(label)
        row.addWidget(self.draws, 1)
        row.addWidget(self.resample)
        return row

    def _swap(self) -> None:
        p = self._params
        self._edit(True, mu1=p.mu2, sigma1=p.sigma2, mu2=p.mu1, sigma2=p.sigma1)

    def _edit(self, done: bool, **changes: float | str) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class DivergenceTable(QGroupBox):
    """Forward, reverse and Jensen-Shannon divergence beside their Monte Carlo estimates."""

    def __init__(self) -> None:
        super().__init__("Divergences in nats")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        widest = {"exact": "5.00000×10⁻⁵", "Monte Carlo": "−5.00000×10⁻⁵", "z": "−0.00"}  # a width that stays
        self.cells: dict[tuple[str, str], QLabel] = {}
        tips = {
            "exact": "closed form; for the Jensen-Shannon divergence numeric quadrature, good to 13 decimals",
            "Monte Carlo": "mean of log(p/q) over n draws of p (for the reverse: of q) ± its standard error",
            "z": "(estimate - exact) / standard error: within ±2 in 19 of 20 resamples",
        }
        for column, (head, tip) in enumerate(tips.items(), start=1):
            label = QLabel(head)
            label.setToolTip(tip)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
        rows = {"forward": "KL(p‖q)", "reverse": "KL(q‖p)", "js": "JS(p, q)"}
        for row, (name, title) in enumerate(rows.items(), start=1):
            grid.addWidget(QLabel(title), row, 0, Qt.AlignmentFlag.AlignTop)
            for column, head in enumerate(tips, start=1):
                cell = self.cells[name, head] = QLabel("–")
                cell.setFont(digits)
                cell.setMinimumWidth(QFontMetrics(digits).horizontalAdvance(widest[head]))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                cell.setAccessibleName(f"{title} {head}")
                grid.addWidget(cell, row, column)

    def show_result(self, result: Result) -> None:
        exact, monte_carlo, z = "exact", "Monte Carlo", "z"
        rows = (
            ("forward", result.forward, result.forward_estimate),
            ("reverse", result.reverse, result.reverse_estimate),
        )
        for name, truth, estimate in rows:
            self.cells[name, exact].setText(significant(truth))
            self.cells[name, monte_carlo].setText(f"{significant(estimate.value)}\n± {significant(estimate.error, 2)}")
            self.cells[name, z].setText(f"{z_score(estimate, truth):+.2f}".replace("-", "−"))
        self.cells["js", exact].setText(significant(result.js))


def _thousands(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
