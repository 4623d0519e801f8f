"""The row of controls over plots of curves: smoothing, logarithmic axis, how many steps to follow."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget
from superqt import QFlowLayout

FOLLOWED = ((0, "all steps"), (1000, "last 1000 steps"), (100, "last 100 steps"))


class TimeControls(QWidget):
    """Says what a person wants; the view passes it on to its plots."""

    smoothing_changed = Signal(float)  # weight w of the past per step
    log_changed = Signal(bool)
    followed = Signal(int)  # go with the run: its last steps, 0 for all

    def __init__(self, smoothing: float = 0.9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 99)
        self.slider.setValue(round(100 * smoothing))
        self.slider.setFixedWidth(110)
        self.slider.setAccessibleName("Smoothing")
        self._value = QLabel()
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("0.00"))
        self.log = QCheckBox("Log axis")
        self.log.setToolTip("Make the axis of values logarithmic; values ≤ 0 are left out")
        self.steps = QComboBox()
        self.steps.setAccessibleName("Steps shown")
        self.steps.setToolTip("How many of the newest steps are in sight while the plot follows the run")
        for count, text in FOLLOWED:
            self.steps.addItem(text, count)
        self.back = QPushButton("Follow the run")
        self.back.setToolTip("Fit again and go with the newest step (double click or Home in the plot)")
        self._arrange()
        self.slider.valueChanged.connect(self._smooth)
        self.log.toggled.connect(self.log_changed)
        self.steps.activated.connect(lambda _i: self.followed.emit(self.steps.currentData()))
        self.back.clicked.connect(lambda: self.followed.emit(self.steps.currentData()))
        self._smooth(self.slider.value())
        self.set_following(True)

    def set_following(self, following: bool) -> None:
        """Offer to follow the run while the plot does not."""
        self.back.setEnabled(not following)

    def add(self, control: QWidget) -> None:
        """Put one more control into the row."""
        self._row.addWidget(control)

    def _smooth(self, hundredths: int) -> None:
        weight = hundredths / 100
        self._value.setText(f"{weight:.2f}")
        reach = f"it looks back {1 / (1 - weight):.0f} steps" if hundredths else "the curve as it is"
        self.slider.setToolTip(f"Exponential moving average with weight {weight:.2f} per step: {reach}")
        self.smoothing_changed.emit(weight)

    def _arrange(self) -> None:
        smoothing = QWidget()
        row = QHBoxLayout(smoothing)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel("&Smoothing")
        label.setBuddy(self.slider)
        for part in (label, self.slider, self._value):
            row.addWidget(part)
        flow = self._row = QFlowLayout(self)
        flow.setContentsMargins(6, 3, 6, 3)
        for control in (smoothing, self.log, self.steps, self.back):
            flow.addWidget(control)
