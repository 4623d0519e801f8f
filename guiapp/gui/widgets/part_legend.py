"""The parts of a picture with their colours; a click shows or hides one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QCheckBox, QWidget
from superqt import QFlowLayout

from guiapp.gui.widgets.class_legend import SWATCH, swatch

Part = tuple[str, str, str]  # name, text, tooltip


class PartLegend(QWidget):
    """A check box with a swatch for each of `parts`, all on, and behind them `others`; `changed` when one is switched.

    Attributes:
        switches: the boxes, by name.
    """

    changed = Signal()

    def __init__(self, parts: Sequence[Part], *others: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switches = {name: QCheckBox(text) for name, text, _ in parts}
        row = QFlowLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        for name, _, tip in parts:
            switch = self.switches[name]
            switch.setChecked(True)
            switch.setToolTip(tip)
            switch.setIconSize(QSize(SWATCH, SWATCH))
            switch.toggled.connect(lambda _on: self.changed.emit())
            row.addWidget(switch)
        for other in others:
            row.addWidget(other)

    @property
    def shown(self) -> frozenset[str]:
        """The names of the parts that are on."""
        return frozenset(name for name, switch in self.switches.items() if switch.isChecked())

    @property
    def hidden(self) -> frozenset[str]:
        """The names of those that are off."""
        return frozenset(self.switches) - self.shown

    def set_colours(self, **colours: str) -> None:
        """The swatches, by name."""
        for name, colour in colours.items():
            self.switches[name].setIcon(swatch(colour))
