"""The controls of the lab of the forward and the reverse fit."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QGroupBox, QPushButton, QRadioButton, QVBoxLayout, QWidget

from guiapp.gui.labs.fits_compute import DEVIATION_RANGE, MEAN_RANGE, PRESETS, START_RANGE, STEPS, WEIGHT_RANGE, Params
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme


class FitControls(QWidget):
    """Every parameter, and the descent. `edited`: new parameters; `play_asked`: run (True) or stop; `step_asked`,
    `reset_asked`, `starts_asked`: one step, back to the start, descents from many starts."""

    edited = Signal(object)
    play_asked = Signal(bool)
    step_asked = Signal()
    reset_asked = Signal()
    starts_asked = Signal()

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.sliders = {
            "mu1": NumberSlider("μ₁", "mean of part 1 of p", *MEAN_RANGE),
            "sigma1": NumberSlider("σ₁", "standard deviation of part 1 of p", *DEVIATION_RANGE, log=True),
            "mu2": NumberSlider("μ₂", "mean of part 2 of p", *MEAN_RANGE),
            "sigma2": NumberSlider("σ₂", "standard deviation of part 2 of p", *DEVIATION_RANGE, log=True),
            "weight": NumberSlider("w", "weight of part 1 of p", *WEIGHT_RANGE, unit="no unit"),
            "mu": NumberSlider("μ", "mean of q at the start", *MEAN_RANGE),
            "sigma": NumberSlider("σ", "standard deviation of q at the start", *START_RANGE, log=True),
        }
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, _, name=name: self._edit(**{name: value}))
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for name, button in self.presets.items():
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, name=name: self.edited.emit(PRESETS[name]))
        self.directions = {
            "forward": QRadioButton("forward, KL(p‖q)"),
            "reverse": QRadioButton("reverse, KL(q‖p)"),
        }
        self._choice = QButtonGroup(self)
        for direction, radio in self.directions.items():
            radio.setToolTip(f"Minimise the {direction} divergence by μ and log σ of q")
            radio.clicked.connect(lambda _=False, direction=direction: self._edit(direction=direction))
            self._choice.addButton(radio)
        self.play, self.step = QPushButton("Play"), QPushButton("Step")
        self.reset, self.starts = QPushButton("Reset"), QPushButton("Many starts")
        self.play.setCheckable(True)
        self.play.setToolTip("Run the descent from the start; again: stop")
        self.step.setToolTip("The next step of the descent")
        self.reset.setToolTip("Back to the start")
        self.starts.setToolTip("Descents from ten starts: which local minima are there?")
        self.play.clicked.connect(self.play_asked)
        self.step.clicked.connect(lambda: self.step_asked.emit())
        self.reset.clicked.connect(lambda: self.reset_asked.emit())
        self.starts.clicked.connect(lambda: self.starts_asked.emit())
        self._lay_out()
        self.set_params(params)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(getattr(params, name))
        for direction, radio in self.directions.items():
            with QSignalBlocker(radio):
                radio.setChecked(params.direction == direction)

    def set_playing(self, on: bool) -> None:
        """Whether the descent runs."""
        with QSignalBlocker(self.play):
            self.play.setChecked(on)

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in self.presets.values():
            layout.addWidget(button)
        for radio in self.directions.values():
            layout.addWidget(radio)
        grid = QGridLayout()
        for place, button in enumerate((self.play, self.step, self.reset, self.starts)):
            grid.addWidget(button, place // 2, place % 2)
        layout.addLayout(grid)
        groups = (
            ("Start of q = N(μ, σ²)", ("mu", "sigma")),
            ("p = w N(μ₁, σ₁²) + (1−w) N(μ₂, σ₂²)", ("mu1", "sigma1", "mu2", "sigma2", "weight")),
        )
        for title, names in groups:
            box = QGroupBox(title)
            column = QVBoxLayout(box)
            for name in names:
                column.addWidget(self.sliders[name])
            layout.addWidget(box)

    def _edit(self, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, step=STEPS, **changes))
