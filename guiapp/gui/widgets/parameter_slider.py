"""A slider over the range of a parameter, in decades where the parameter is logarithmic."""

from __future__ import annotations

import math
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from guiapp.parameters import Parameter

PER_DECADE: Final = 100
INTERVAL_MS: Final = 50  # each value sent is an edit of the run; 20 a second look continuous


class ParameterSlider(QSlider):
    """`moved` follows the handle at once, for the text beside it; `settled` comes at most 20 times a second and always
    carries the last value. Values have three digits, as many as the handle can tell apart."""

    moved = Signal(object)
    settled = Signal(object)

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._whole = parameter.kind == "integer"
        self._log = parameter.log
        low, high = parameter.slide or (0.0, 1.0)
        self._low, self._span = (math.log10(low), math.log10(high / low)) if self._log else (low, high - low)
        self.setRange(0, round(PER_DECADE * self._span) if self._log else 1000)
        self.setSingleStep(10)
        self.setPageStep(50)
        self._waiting: Any = None
        self._timer = QTimer(self, singleShot=True, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.flush)
        self.valueChanged.connect(self._move)
        self.sliderReleased.connect(self.flush)

    def set_value(self, value: float) -> None:
        """Put the handle at `value`, or at the end next to it, without a signal."""
        if self._log:
            value = math.log10(value) if value > 0 else -math.inf
        share = min(max((value - self._low) / self._span, 0.0), 1.0)
        with QSignalBlocker(self):
            self.setValue(round(share * self.maximum()))

    def is_moving(self) -> bool:
        """Whether a hand is on the handle or its last value is still to be sent."""
        return self.isSliderDown() or self._waiting is not None

    def let_go(self) -> None:
        """Take the hand off the handle; a value that was not sent yet is lost."""
        self._timer.stop()
        self._waiting = None
        self.setSliderDown(False)

    def flush(self) -> None:
        """Send the last value now, if it was not."""
        if self._waiting is not None:
            value, self._waiting = self._waiting, None
            self._timer.start()
            self.settled.emit(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel scrolls the panel and changes nothing by accident

    def _move(self, position: int) -> None:
        place = self._low + self._span * position / self.maximum()
        value = 10**place if self._log else place
        self._waiting = round(value) if self._whole else float(f"{value:.3g}")
        self.moved.emit(self._waiting)
        if not self._timer.isActive():
            self.flush()
