"""The step at which runs are compared: a slider that snaps to their keyframes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from guiapp.gui.panels.readouts import thousands


class StepSlider(QWidget):
    """One position per keyframe of any run, so that an arrow key goes to the next one however far it is."""

    step_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[int, ...] = ()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(10)
        self.slider.setToolTip("Go to another keyframe: drag, arrow keys, Home and End")
        self._label, self._value = QLabel("&Step"), QLabel()
        self._label.setBuddy(self.slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.addWidget(self._label)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)
        self.slider.valueChanged.connect(lambda _i: self._tell())
        self.set_steps(())

    @property
    def steps(self) -> tuple[int, ...]:
        """The keyframes, ascending."""
        return self._steps

    @property
    def step(self) -> int | None:
        """The step chosen; None while there are no keyframes."""
        return self._steps[self.slider.value()] if self._steps else None

    def set_steps(self, steps: Iterable[int]) -> None:
        """Offer `steps`; the one chosen stays, as far as it can, and is the last one at first. No signal."""
        before = self.step
        self._steps = tuple(sorted(set(steps)))
        newest = len(self._steps) - 1
        index = newest if before is None else int(np.searchsorted(self._steps, before, "right")) - 1
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, newest))
            self.slider.setValue(max(0, index))
        self.slider.setEnabled(newest > 0)
        self._say()

    def _tell(self) -> None:
        self._say()
        if self.step is not None:
            self.step_changed.emit(self.step)

    def _say(self) -> None:
        last = self._steps[-1] if self._steps else 0
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance(thousands(10 * last + 8)))
        text = "no keyframes" if self.step is None else thousands(self.step)
        self._value.setText(text)
        self.slider.setAccessibleName(f"Step looked at: {text}")
