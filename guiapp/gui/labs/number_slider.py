"""A number with a slider and a field: either sets it, and the field refuses what lies outside of the range."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget
from superqt import QDoubleSlider

from guiapp.gui.theme import Theme


class NumberSlider(QWidget):
    """`title` in short, `spoken` for tooltips and screen readers, the number between `low` and `high`; a `log` slider
    moves in decades. What a slider gives is rounded to steps of .01 (three significant digits when `log`); what is
    typed is taken as it is."""

    value_changed = Signal(float, bool)  # by a person; False while the slider is held, True once the move is done

    def __init__(
        self, title: str, spoken: str, low: float, high: float, log: bool = False, unit: str = "in units of x"
    ) -> None:
        super().__init__()
        self._title, self._low, self._high, self._log = title, low, high, log
        self._value = low
        self.slider = QDoubleSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(self._place(low), self._place(high))
        self.slider.setSingleStep(0.02 if log else 0.1)
        self.slider.setPageStep(0.25 if log else 1.0)
        self.field = QLineEdit()
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setFixedWidth(QFontMetrics(self.field.font()).horizontalAdvance("−0.0000000") + 12)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        label = QLabel(title)
        label.setMinimumWidth(QFontMetrics(label.font()).horizontalAdvance("σ₂ ") + 2)
        label.setBuddy(self.field)
        named: tuple[QWidget, ...] = (self.slider, self.field)
        for widget in named:
            widget.setAccessibleName(spoken)
            widget.setToolTip(f"{spoken[0].upper()}{spoken[1:]}, {self._range_text()}, {unit}")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        layout.addWidget(label, 0, 0)
        layout.addWidget(self.slider, 0, 1)
        layout.addWidget(self.field, 0, 2)
        layout.addWidget(self.message, 1, 0, 1, 3)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(lambda: self.value_changed.emit(self._value, True))
        self.field.editingFinished.connect(self._typed)
        self.set_value(low)

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show `value`, without a signal."""
        self._value = value
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._place(value))
        self._show_text()
        self.message.hide()

    def set_theme(self, theme: Theme) -> None:
        self.message.setStyleSheet(f"color: {theme.bad};")

    def _place(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def _range_text(self) -> str:
        return f"{self._low:g} to {self._high:g}".replace("-", "−")

    def _show_text(self) -> None:
        if not self.field.hasFocus() or not self.field.isModified():
            self.field.setText(f"{self._value:.6g}")

    def _slid(self, place: float) -> None:
        value = float(f"{10**place:.3g}") if self._log else round(place, 2)
        self._value = min(max(value, self._low), self._high)
        self.field.setModified(False)
        self._show_text()
        self.message.hide()
        self.value_changed.emit(self._value, not self.slider.isSliderDown())

    def _typed(self) -> None:
        if not self.field.isModified():
            return
        text = self.field.text().strip()
        self.field.setModified(False)
        try:
            value = float(text.replace("−", "-").replace(",", "."))
        except ValueError:
            value = math.nan
        if self._low <= value <= self._high:
            self.set_value(value)
            self.value_changed.emit(value, True)
            return
        self._show_text()
        shown = text if len(text) <= 12 else text[:11] + "…"
        self.message.setText(f"{self._title} takes {self._range_text()}, not “{shown}”.")
        self.message.show()
