"""The controls of the lab of the GAN objectives: presets, marker, switches, targets; and the table at the marker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.labs.objectives_compute import A_RANGE, OBJECTIVES, PRESETS, Params, Result
from guiapp.gui.labs.objectives_plots import objective_colours
from guiapp.gui.theme import Theme
from guiapp.theory.game import Objective

SWITCHES: Final = {
    "player": ("Loss of", {"generator": "generator", "discriminator": "discriminator"}),
    "axis": ("Against", {"a": "logit a", "D": "D = sigmoid(a)"}),
    "by": ("Derivative by", {"a": "a", "D": "D"}),
}
TIPS: Final = {
    "player": "Whose loss is drawn",
    "axis": "What lies on the horizontal axis; of least squares, hinge and Wasserstein sigmoid(a) is a mere rescaling",
    "by": "∂L/∂D = ∂L/∂a / (D (1 − D)), the chain rule",
}
WIDEST_LOSS, WIDEST_TERM = "log(1 − D)", "┅ max(0, 1 + a)"
LEFT_PX = 20


class ObjectiveControls(QWidget):
    """Every parameter of the lab but the grips. `edited` gives new parameters and whether the move is done."""

    edited = Signal(object, bool)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders: Mapping[str, NumberSlider] = {
            "a": NumberSlider("a", "output of the discriminator at the marker", *A_RANGE, unit="a logit"),
            "real_target": NumberSlider("t(x)", "target of the real", 0.5, 1.0, unit="a probability"),
            "fake_target": NumberSlider("t(G)", "target of the generated", 0.0, 0.5, unit="a probability"),
        }
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._edit(done, **{name: value}))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._presets())
        layout.addWidget(self.sliders["a"])
        layout.addLayout(self._switches())
        self.targets = QGroupBox("Targets of D (label smoothing)")
        column = QVBoxLayout(self.targets)
        for name in ("real_target", "fake_target"):
            column.addWidget(self.sliders[name])
        layout.addWidget(self.targets)
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        for name, buttons in self.switches.items():
            for value, button in buttons.items():
                with QSignalBlocker(button):
                    button.setChecked(getattr(params, name) == value)
        with QSignalBlocker(self.log):
            self.log.setChecked(params.log)
        self.targets.setVisible(params.player == "discriminator")

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _presets(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for name, button in self.presets.items():
            button.setToolTip(f"a = {PRESETS[name]:.4g}".replace("-", "−"))
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, a=PRESETS[name]: self._edit(True, a=a))
            column.addWidget(button)
        return column

    def _switches(self) -> QGridLayout:
        grid = QGridLayout()
        self.switches: dict[str, dict[str, QRadioButton]] = {}
        for row, (name, (title, values)) in enumerate(SWITCHES.items()):
            grid.addWidget(QLabel(title), row, 0)
            group = QButtonGroup(self)
            self.switches[name] = {}
            for column, (value, text) in enumerate(values.items(), start=1):
                button = self.switches[name][value] = QRadioButton(text)
                button.setToolTip(TIPS[name])
                button.setAccessibleName(f"{title.lower()} {text}")
                button.clicked.connect(lambda _=False, name=name, value=value: self._edit(True, **{name: value}))
                group.addButton(button)
                grid.addWidget(button, row, column)
        self.log = QCheckBox("log axes")
        self.log.setToolTip("Absolute loss and derivative on logarithmic axes: see what vanishes, and how fast")
        self.log.toggled.connect(lambda on: self._edit(True, log=on))
        grid.addWidget(self.log, len(SWITCHES), 1)
        return grid

    def _edit(self, done: bool, **changes: float | str | bool) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class ObjectiveTable(QGroupBox):
    """Loss and derivative of every term at the marker; a click on a name hides or shows its curves (`toggled`)."""

    toggled = Signal(object)  # the objectives that are shown now

    def __init__(self) -> None:
        super().__init__("At the marker")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        self.heads = [QLabel("loss"), QLabel()]
        for column, head in enumerate(self.heads, start=1):
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(head, 0, column)
        self.names: dict[Objective, QCheckBox] = {}
        self.cells: dict[tuple[Objective, int], tuple[QLabel, QLabel, QLabel]] = {}
        width = self.fontMetrics().horizontalAdvance("−0.0000×10⁻⁰")
        for i, objective in enumerate(OBJECTIVES):
            name = self.names[objective] = QCheckBox(objective)
            name.setToolTip("Click: hide or show its curves")
            name.toggled.connect(self._toggle)
            grid.addWidget(name, 1 + 3 * i, 0, 1, 3)
            for term in range(2):
                cells = (QLabel(), QLabel(), QLabel())
                for column, cell in enumerate(cells):
                    cell.setFont(digits)
                    cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                    if not column:  # its text changes with the targets: that must not lay out the window
                        cell.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                    else:
                        cell.setMinimumWidth(width)
                        cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                    grid.addWidget(cell, 2 + 3 * i + term, column)
                cells[0].setContentsMargins(LEFT_PX, 0, 0, 0)
                self.cells[objective, term] = cells
        grid.setColumnStretch(0, 1)

    def show_result(self, result: Result) -> None:
        """The numbers of `result`."""
        params = result.params
        self.heads[1].setText(f"∂/∂{params.by}")
        widest = WIDEST_TERM if params.player == "discriminator" else WIDEST_LOSS
        width = self.fontMetrics().horizontalAdvance(widest)
        terms: dict[Objective, int] = {}
        for curve in result.curves:
            term = terms[curve.objective] = terms.get(curve.objective, -1) + 1
            formula, loss, slope = self.cells[curve.objective, term]
            mark = "" if params.player == "generator" else "┅ " if term else "━ "
            formula.setMinimumWidth(width + LEFT_PX)
            formula.setText(mark + curve.formula)
            formula.setToolTip(f"as a function of {curve.of}; H(t, D) = −t log D − (1 − t) log(1 − D)")
            loss.setText(significant(curve.loss_here, 4))
            slope.setText(significant(curve.slope_here, 4))
        for (objective, term), cells in self.cells.items():
            for cell in cells:
                cell.setVisible(term <= terms[objective])
        for objective, name in self.names.items():
            with QSignalBlocker(name):
                name.setChecked(objective in params.shown)

    def set_theme(self, theme: Theme) -> None:
        for objective, colour in objective_colours(theme).items():
            swatch = QPixmap(12, 12)
            swatch.fill(QColor(colour))
            self.names[objective].setIcon(QIcon(swatch))
            for term in range(2):
                self.cells[objective, term][0].setStyleSheet(f"color: {theme.muted};")

    def _toggle(self) -> None:
        self.toggled.emit(tuple(objective for objective, name in self.names.items() if name.isChecked()))
