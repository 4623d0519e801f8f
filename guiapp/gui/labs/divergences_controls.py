"""The controls of the lab of divergences, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guiapp.gui.labs.divergences_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    MEASURES,
    NAMES,
    PRESETS,
    Params,
    Row,
)
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import LIGHT, Theme

ROWS = 7
SPOKEN = ("KL divergence", "reverse KL divergence", "α-divergence", "Jensen-Shannon divergence")
SPOKEN_REST = ("squared Hellinger distance", "Hellinger distance", "total variation", "Wasserstein-2 distance")


class DivergenceControls(QWidget):
    """Every parameter of the lab. `edited`: new parameters and whether the move is done."""

    edited = Signal(object, bool)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for name, button in self.presets.items():
            four = (value := PRESETS[name]).mu1, value.sigma1, value.mu2, value.sigma2
            button.setToolTip("p = N({:g}, {:g}²), q = N({:g}, {:g}²)".format(*four))
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, name=name: self.edited.emit(PRESETS[name], True))
        self.swap = QPushButton("Swap p and q")
        self.swap.setToolTip("KL and Dα change; the others do not")
        self.swap.clicked.connect(self._swap)
        self.shown = QComboBox()
        for name, spoken in zip(NAMES, SPOKEN + SPOKEN_REST, strict=True):
            self.shown.addItem(f"{MEASURES[name].symbol}  {spoken}", name)
        self.shown.setAccessibleName("divergence of the map")
        self.shown.setToolTip("Drawn on the map, and bold among the curves")
        self.shown.setMinimumContentsLength(16)
        self.shown.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.shown.activated.connect(lambda _: self._edit(True, shown=self.shown.currentData()))
        self.sliders: Mapping[str, NumberSlider] = {
            "mu1": NumberSlider("μ₁", "mean of p", *MEAN_RANGE),
            "sigma1": NumberSlider("σ₁", "standard deviation of p", *DEVIATION_RANGE, log=True),
            "mu2": NumberSlider("μ₂", "mean of q", *MEAN_RANGE),
            "sigma2": NumberSlider("σ₂", "standard deviation of q", *DEVIATION_RANGE, log=True),
            "alpha": NumberSlider("α", "α of the α-divergence: 0 is KL(q‖p), 1 is KL(p‖q)", 0.0, 1.0, unit="no unit"),
        }
        self.sliders["alpha"].slider.setSingleStep(0.01)
        self.sliders["alpha"].slider.setPageStep(0.1)
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._edit(done, **{name: value}))
        self._lay_out()
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        with QSignalBlocker(self.shown):
            self.shown.setCurrentIndex(self.shown.findData(params.shown))

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()
        for place, button in enumerate((*self.presets.values(), self.swap)):
            grid.addWidget(button, place // 2, place % 2)
        layout.addLayout(grid)
        groups = {"p = N(μ₁, σ₁²)": ("mu1", "sigma1"), "q = N(μ₂, σ₂²)": ("mu2", "sigma2"), "Dα(p‖q)": ("alpha",)}
        for title, names in groups.items():
            box = QGroupBox(title)
            column = QVBoxLayout(box)
            for name in names:
                column.addWidget(self.sliders[name])
            layout.addWidget(box)
        row = QHBoxLayout()
        label = QLabel("Map of")
        label.setBuddy(self.shown)
        row.addWidget(label)
        row.addWidget(self.shown, 1)
        layout.addLayout(row)

    def _swap(self) -> None:
        p = self._params
        self._edit(True, mu1=p.mu2, sigma1=p.sigma2, mu2=p.mu1, sigma2=p.sigma1)

    def _edit(self, done: bool, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class CheckPanel(QGroupBox):
    """A button, and how far each formula is from the integral that defines it. `asked`: check at these parameters."""

    asked = Signal()
    IDLE = "Each formula against the integral that defines it."

    def __init__(self) -> None:
        super().__init__("Are the formulas right?")
        self._theme = LIGHT
        self._rows: tuple[Row, ...] = ()
        self.button = QPushButton("Check here")
        self.button.setToolTip("Every divergence at these parameters against numeric integration")
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel(self.IDLE)
        self.sentence.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        grid.addWidget(self.button, 0, 0, 1, 3)
        grid.addWidget(self.sentence, 1, 0, 1, 3)
        self.cells = tuple(tuple(QLabel() for _ in range(3)) for _ in range(ROWS))
        for row, cells in enumerate(self.cells, start=2):
            for column, cell in enumerate(cells):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                grid.addWidget(cell, row, column, side)
                cell.hide()
        grid.setColumnStretch(0, 1)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show a check; none takes it away, as the parameters have changed."""
        self._rows = rows
        said = "All agree." if all(row.good for row in rows) else "NOT all agree."
        self.sentence.setText(said if rows else self.IDLE)
        for cells in self.cells:
            for cell in cells:
                cell.setVisible(bool(rows))
        for cells, row in zip(self.cells, rows, strict=False):
            for cell, text in zip(
                cells, (row.formula, significant(row.apart, 2), "✓" if row.good else "✗"), strict=True
            ):
                cell.setText(text)
                cell.setToolTip(f"difference from: {row.witness} (relative above 1); may be {row.allowed:.2g}")
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for cells, row in zip(self.cells, self._rows, strict=False):
            cells[2].setStyleSheet(f"color: {theme.good if row.good else theme.bad};")
