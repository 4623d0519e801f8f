"""The controls of the lab of the transfer functions: presets, sliders, and the activations with their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.labs.transfer_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    MOST_LAYERS,
    PRESETS,
    WEIGHT_RANGE,
    Params,
    Result,
)
from guiapp.gui.labs.transfer_plots import activation_colours
from guiapp.gui.theme import Theme
from guiapp.theory.activations import ACTIVATIONS, Activation

WIDEST: Final = "−0.000×10⁻⁰⁰⁰"


class TransferControls(QWidget):
    """Every parameter of the lab but the grips and the list. `edited`: new parameters and whether the move is done."""

    edited = Signal(object, bool)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders: Mapping[str, NumberSlider] = {
            "mean": NumberSlider("m", "mean of the pre-activations", *MEAN_RANGE, unit="in units of a"),
            "deviation": NumberSlider(
                "s", "standard deviation of the pre-activations", *DEVIATION_RANGE, log=True, unit="in units of a"
            ),
            "weight": NumberSlider(
                "nv",
                "n·Var(w), the weights of a unit together; Glorot 1, He 2",
                *WEIGHT_RANGE,
                log=True,
                unit="no unit",
            ),
            "layers": NumberSlider("L", "number of such layers", 1, MOST_LAYERS, unit="layers"),
        }
        self.sliders["layers"].slider.setSingleStep(1.0)
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._edit(done, **{name: value}))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._presets())
        for slider in self.sliders.values():
            layout.addWidget(slider)
        self.log = QCheckBox("log axis for |g′|")
        self.log.setToolTip("Decades: the tails fall as eᵃ, a straight line, and never reach 0, but ReLU's is 0")
        self.log.toggled.connect(lambda on: self._edit(True, log=on))
        layout.addWidget(self.log)
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        with QSignalBlocker(self.log):
            self.log.setChecked(params.log)

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _presets(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(4)
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for place, (name, button) in enumerate(self.presets.items()):
            activation, mean, deviation, weight = PRESETS[name]
            button.setToolTip(f"{activation}, a from N({mean:g}, {deviation:g}²), nv = {weight:g}".replace("-", "−"))
            button.setAccessibleName(f"preset {name}")
            values = {"activation": activation, "mean": mean, "deviation": deviation, "weight": weight}
            button.clicked.connect(lambda _=False, values=values: self._edit(True, **values))
            grid.addWidget(button, place // 2, place % 2)
        return grid

    def _edit(self, done: bool, **changes: float | str | bool) -> None:
        if "layers" in changes:
            changes["layers"] = round(float(changes["layers"]))
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class ActivationTable(QGroupBox):
    """Every activation under the normal; a click on a name hides or shows its curves (`toggled`), and the box chooses
    the one that the numbers below are of (`chosen`)."""

    toggled = Signal(object)  # the activations that are shown now
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("Activations under N(m, s²)")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        tips = {
            "mean g′²": "E[g′(a)²]: what the activation leaves of the gradient's variance in one layer",
            "× in L": "(nv · E[g′²])^(L/2): what L such layers leave of the gradient's size",
        }
        self.names: dict[Activation, QCheckBox] = {}
        self.cells: dict[Activation, tuple[QLabel, QLabel]] = {}
        for column, (text, tip) in enumerate(tips.items(), start=1):
            head = QLabel(text)
            head.setToolTip(tip)
            grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        for row, activation in enumerate(ACTIVATIONS, start=1):
            name = self.names[activation] = QCheckBox(activation)
            name.setToolTip("Click: hide or show its curves")
            name.toggled.connect(self._toggle)
            grid.addWidget(name, row, 0)
            cells = self.cells[activation] = (QLabel(), QLabel())
            for column, cell in enumerate(cells, start=1):
                cell.setFont(digits)
                cell.setMinimumWidth(self.fontMetrics().horizontalAdvance(WIDEST if column == 2 else "0.00000"))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(cell, row, column)
        self.choice = QComboBox()
        self.choice.addItems(ACTIVATIONS)
        self.choice.setAccessibleName("activation that the numbers are of")
        self.choice.setToolTip(
            "Drawn thick, its saturated region shaded. A maxout unit is not here: it is the largest of five linear "
            "maps of its layer's input, no function of one number; its slope is that of the map that wins."
        )
        self.choice.textActivated.connect(self.chosen)
        label = QLabel("Numbers of")
        label.setBuddy(self.choice)
        grid.addWidget(label, 1 + len(ACTIVATIONS), 0)
        grid.addWidget(self.choice, 1 + len(ACTIVATIONS), 1, 1, 2)
        grid.setColumnStretch(0, 1)

    def show_result(self, result: Result) -> None:
        """The numbers of `result`."""
        params = result.params
        for activation, (squared, rms) in self.cells.items():
            through = result.all[activation]
            squared.setText(f"{through.passed.squared:.4f}")
            rms.setText(significant(through.rms, 3))
            with QSignalBlocker(self.names[activation]):
                self.names[activation].setChecked(activation in params.shown)
        self.choice.setCurrentText(params.activation)

    def set_theme(self, theme: Theme) -> None:
        for activation, colour in activation_colours(theme).items():
            swatch = QPixmap(12, 12)
            swatch.fill(QColor(colour))
            self.names[activation].setIcon(QIcon(swatch))

    def _toggle(self) -> None:
        self.toggled.emit(tuple(activation for activation, name in self.names.items() if name.isChecked()))
