"""In which unit losses and bounds are told."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from guiapp.theory.elbo import bits_per_dimension


@dataclass(frozen=True, slots=True)
class Unit:
    """`name` is the whole one, for axes; `short` stands behind a number; a value in it is nats per datum · `factor`."""

    name: str
    short: str
    factor: float = 1.0

    def text(self, nats: float) -> str:
        """`nats` per datum in this unit, with enough digits to see a hundredth of a nat."""
        value = nats * self.factor
        digits = 2 if self.factor == 1 else 4
        return f"{value:.{digits}f}".replace("-", "−")


NATS = Unit("nats per datum", "nats")


def bits(size: int) -> Unit:
    """Bits per dimension of data with `size` components: nats / (D log 2)."""
    return Unit("bits per dimension", "bits/dim", float(bits_per_dimension(1.0, size)))


class UnitChoice(QWidget):
    """A box with both units; `changed` when another one is chosen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Unit")
        self.box.addItems([NATS.name, bits(1).name])
        self.box.setToolTip("bits per dimension = nats per datum / (D log 2)")
        self.box.setItemData(0, "Summed over all components of a datum", Qt.ItemDataRole.ToolTipRole)
        label = QLabel("&Unit")
        label.setBuddy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self.box)
        self.box.activated.connect(lambda _i: self.changed.emit())

    def choose(self, in_bits: bool) -> None:
        """Take bits per dimension, or nats per datum."""
        self.box.setCurrentIndex(int(in_bits))
        self.changed.emit()

    def unit(self, size: int) -> Unit:
        """The chosen one, for data with `size` components."""
        self.box.setItemData(
            1, f"nats per datum / (D log 2), D = {size} components of a datum", Qt.ItemDataRole.ToolTipRole
        )
        return bits(size) if self.box.currentIndex() else NATS
