"""The controls of the lab of the KL in the plane, and its table: both divergences by parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.kl_plane_compute import (
    CORRELATION_RANGE,
    DEVIATION_RANGE,
    MEAN_RANGE,
    PRESETS,
    Params,
    Result,
)
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme

ROWS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "trace": ("½ tr(Σ₂⁻¹Σ₁)", "the spread of the first in units of the second; 1 for equal covariances"),
        "distance": ("½ Mahalanobis²", "½ (μ₂−μ₁)ᵀ Σ₂⁻¹ (μ₂−μ₁): how far the means are apart, in units of the second"),
        "log_ratio": ("½ log(|Σ₂|/|Σ₁|)", "the areas of the ellipses; below 0 where the second is the smaller one"),
        "constant": ("− d/2", "d = 2 dimensions"),
        "kl": ("KL", "the sum of the four, in nats; never negative, 0 only for two equal Gaussians"),
    }
)


class PlaneControls(QWidget):
    """Every parameter but the grips. `edited` gives new parameters; `map_asked`: a common affine map, please."""

    edited = Signal(object)
    map_asked = Signal()

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders: dict[str, NumberSlider] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._presets())
        for name, digit, sign in (("p", "1", "₁"), ("q", "2", "₂")):
            layout.addWidget(self._group(name, digit, sign))
        layout.addLayout(self._directions())
        self.map = QPushButton("Common affine map")
        self.map.setToolTip("z → A z + b, drawn anew, for p and q alike: the ellipses change, both divergences stay")
        self.map.clicked.connect(self.map_asked)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.hide()
        layout.addWidget(self.map)
        layout.addWidget(self.told)
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

    def tell(self, sentence: str) -> None:
        """Say what came of the map; "" says nothing."""
        if sentence != self.told.text():
            self.told.setText(sentence)
            self.told.setVisible(bool(sentence))

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _presets(self) -> QGridLayout:
        grid = QGridLayout()
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for place, (name, button) in enumerate(self.presets.items()):
            button.setAccessibleName(f"preset {name}")
            button.setToolTip("Take these two Gaussians")
            button.clicked.connect(lambda _=False, name=name: self._take(PRESETS[name]))
            grid.addWidget(button, place // 2, place % 2)
        swap = QPushButton("Swap p and q")
        swap.setToolTip("KL is not symmetric: see what changes")
        swap.clicked.connect(lambda: self._take(self._params.moved("p", self._params.q).moved("q", self._params.p)))
        grid.addWidget(swap, (len(PRESETS) + 1) // 2, 0, 1, 2)
        return grid

    def _group(self, name: str, digit: str, sign: str) -> QGroupBox:
        box = QGroupBox(f"{name} = N(μ{sign}, Σ{sign})")
        column = QVBoxLayout(box)
        column.setSpacing(3)
        made = {
            "x": NumberSlider("μx", f"mean of x under {name}", *MEAN_RANGE),
            "y": NumberSlider("μy", f"mean of y under {name}", *MEAN_RANGE, unit="in units of y"),
            "sx": NumberSlider("σx", f"standard deviation of x under {name}", *DEVIATION_RANGE, log=True),
            "sy": NumberSlider("σy", f"standard deviation of y under {name}", *DEVIATION_RANGE, True, "in units of y"),
            "rho": NumberSlider(
                "ρ", f"correlation of x and y under {name}", *CORRELATION_RANGE, unit="no unit; at ±1 Σ is singular"
            ),
        }
        for field, slider in made.items():
            self.sliders[field + digit] = slider
            slider.value_changed.connect(lambda value, _, key=field + digit: self._edit(**{key: value}))
            column.addWidget(slider)
        return box

    def _directions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(QLabel("Map"))
        self.directions = {"forward": QRadioButton("p log(p/q)"), "reverse": QRadioButton("q log(q/p)")}
        self._choice = QButtonGroup(self)
        for direction, button in self.directions.items():
            button.setToolTip(f"Colour what integrates to the {direction} divergence")
            button.setAccessibleName(f"map of the integrand of the {direction} divergence")
            self._choice.addButton(button)
            row.addWidget(button)
            button.clicked.connect(lambda _=False, direction=direction: self._edit(direction=direction))
        return row

    def _take(self, params: Params) -> None:
        self.edited.emit(msgspec.structs.replace(params, direction=self._params.direction))

    def _edit(self, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes))


class PartsTable(QGroupBox):
    """The parts of the formula for both directions, in nats."""

    def __init__(self) -> None:
        super().__init__("In nats")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        bold = QFont(digits)
        bold.setBold(True)
        self.cells: dict[tuple[str, str], QLabel] = {}
        for column, head in enumerate(("p‖q", "q‖p"), start=1):
            label = QLabel(head)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
            for row, (name, (title, tip)) in enumerate(ROWS.items(), start=1):
                cell = self.cells[name, head] = QLabel("−1")
                cell.setFont(bold if name == "kl" else digits)
                cell.setMinimumWidth(QFontMetrics(bold).horizontalAdvance("−0.00000"))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                cell.setAccessibleName(f"{title} of {head}")
                cell.setToolTip(tip)
                grid.addWidget(cell, row, column)
        for row, (title, tip) in enumerate(ROWS.values(), start=1):
            label = QLabel(title)
            label.setToolTip(tip)
            grid.addWidget(label, row, 0)

    def show_result(self, result: Result) -> None:
        """Show both directions."""
        for head, parts in (("p‖q", result.forward), ("q‖p", result.reverse)):
            for name, value in parts._asdict().items():
                self.cells[name, head].setText(significant(value, 5))
