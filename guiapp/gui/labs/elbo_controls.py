"""The controls of the lab of the evidence lower bound, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from guiapp.gui.labs.elbo_compute import (
    BETA_RANGE,
    BIAS_RANGE,
    DEVIATION_RANGE,
    MEAN_RANGE,
    MOST_SEED,
    NOISE_RANGE,
    PRESETS,
    WEIGHT_RANGE,
    X_RANGE,
    Params,
    Row,
)
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import LIGHT, Theme

KINDS: Final = {"linear": "x = w z + b + ε", "square": "x = w z² + b + ε (two modes)"}
ROWS: Final = 7


class ElboControls(QWidget):
    """Every parameter of the lab, and the ascents. `edited`: new parameters and whether the move is done;
    `ascent_asked`: the way of an ascent, or "" to stop it."""

    edited = Signal(object, bool)
    ascent_asked = Signal(str)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for name, button in self.presets.items():
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, name=name: self.edited.emit(PRESETS[name], True))
        self.kind = QComboBox()
        for kind, title in KINDS.items():
            self.kind.addItem(title, kind)
        self.kind.setAccessibleName("model")
        self.kind.setToolTip("How z makes x: z ~ N(0, 1), ε ~ N(0, σ²)")
        self.kind.activated.connect(lambda _: self._edit(True, kind=self.kind.currentData()))
        z = "in units of z"
        self.sliders: Mapping[str, NumberSlider] = {
            "m": NumberSlider("m", "mean of q", *MEAN_RANGE, unit=z),
            "s": NumberSlider("s", "standard deviation of q", *DEVIATION_RANGE, log=True, unit=z),
            "x": NumberSlider("x", "observation", *X_RANGE),
            "sigma": NumberSlider("σ", "standard deviation of the decoder's noise", *NOISE_RANGE, log=True),
            "beta": NumberSlider(
                "β", "weight of the KL to the prior in what is maximised", *BETA_RANGE, True, "no unit"
            ),
            "weight": NumberSlider("w", "weight of the decoder", *WEIGHT_RANGE),
            "bias": NumberSlider("b", "bias of the decoder", *BIAS_RANGE),
        }
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._edit(done, **{name: value}))
        self.ascents = {"gradient": QPushButton("Gradient ascent"), "coordinate": QPushButton("Coordinate ascent")}
        tips = ("steps along the slope by m and log s", "the best m at this s, then the best s at this m, in turn")
        for (way, button), tip in zip(self.ascents.items(), tips, strict=True):
            button.setCheckable(True)
            button.setToolTip(f"{tip[0].upper()}{tip[1:]}, drawn on the map; again: stop")
            button.clicked.connect(lambda on, way=way: self.ascent_asked.emit(way if on else ""))
        self.again = QPushButton("New draws")
        self.again.setToolTip("The next seed of the draws behind the bound over K")
        self.again.clicked.connect(lambda: self._edit(True, seed=(self._params.seed + 1) % (MOST_SEED + 1)))
        self._lay_out()
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        self.kind.setCurrentIndex(self.kind.findData(params.kind))

    def set_ascending(self, way: str) -> None:
        """Which ascent is under way, "" for none."""
        for name, button in self.ascents.items():
            with QSignalBlocker(button):
                button.setChecked(name == way)

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in self.presets.values():
            layout.addWidget(button)
        groups = (("q(z) = N(m, s²)", ("m", "s")), ("Model and objective", ("x", "sigma", "beta", "weight", "bias")))
        for title, names in groups:
            box = QGroupBox(title)
            column = QVBoxLayout(box)
            if names[0] == "x":
                column.addWidget(self.kind)
            for name in names:
                column.addWidget(self.sliders[name])
            if names[0] == "m":
                row = QHBoxLayout()
                for button in self.ascents.values():
                    row.addWidget(button)
                column.addLayout(row)
            layout.addWidget(box)
        layout.addWidget(self.again)

    def _edit(self, done: bool, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)


class CheckPanel(QGroupBox):
    """A button, and how far each formula is from its witness. `asked`: check at the present parameters."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Are the formulas right?")
        self._theme = LIGHT
        self._rows: tuple[Row, ...] = ()
        self.button = QPushButton("Check here")
        self.button.setToolTip("Every closed form at these parameters against quadrature, new draws and differences")
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel("Against quadrature, new draws and differences.")
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
        good = all(row.good for row in rows)
        said = "All agree." if good else "NOT all agree."
        self.sentence.setText(said if rows else "Against quadrature, new draws and differences.")
        for cells in self.cells:
            for cell in cells:
                cell.setVisible(bool(rows))
        for cells, row in zip(self.cells, rows, strict=False):
            for cell, text in zip(cells, (row.formula, _apart(row), "✓" if row.good else "✗"), strict=True):
                cell.setText(text)
                cell.setToolTip(f"largest distance to: {row.witness}; may be {row.allowed:.2g}")
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for cells, row in zip(self.cells, self._rows, strict=False):
            cells[2].setStyleSheet(f"color: {theme.good if row.good else theme.bad};")


def _apart(row: Row) -> str:
    return f"{row.apart:.1f} SE" if row.allowed > 1 else significant(row.apart, 2)
