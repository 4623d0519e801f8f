"""Which two latent dimensions are shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget


class AxesChooser(QWidget):
    """Principal components, or two coordinates z_i, z_j with i != j. Hidden while there are two dimensions or fewer."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = QComboBox()
        self._mode.addItems(["PCA", "coordinates"])
        self._mode.setAccessibleName("Axes of the latent plane")
        self._mode.setToolTip("PCA: the two directions in which the posterior means vary most; or two coordinates of z")
        self._spins = (QSpinBox(), QSpinBox())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._mode)
        for spin, which, start in zip(self._spins, ("Horizontal", "Vertical"), (1, 2), strict=True):
            spin.setRange(1, 2)
            spin.setValue(start)
            spin.setPrefix("z")
            spin.setAccessibleName(f"{which} latent dimension")
            spin.setToolTip(f"Latent dimension on the {which.lower()} axis")
            spin.setKeyboardTracking(False)
            spin.setEnabled(False)
            row.addWidget(spin)
        self._last, self._count = self.axes(), 2
        self._mode.currentIndexChanged.connect(self._settle)
        self._spins[0].valueChanged.connect(lambda: self._keep_apart(0))
        self._spins[1].valueChanged.connect(lambda: self._keep_apart(1))
        self.setVisible(False)

    def axes(self) -> tuple[int, int] | None:
        """The two dimensions, counted from 0; None for principal components."""
        if self._mode.currentIndex() == 0:
            return None
        return self._spins[0].value() - 1, self._spins[1].value() - 1

    def set_axes(self, axes: tuple[int, int] | None) -> None:
        """Choose two dimensions, counted from 0 and below the number there are; None for principal components."""
        self._mode.setCurrentIndex(0 if axes is None else 1)
        for spin, axis in zip(self._spins, axes or (), strict=False):
            spin.setValue(axis + 1)

    def set_dimensions(self, count: int) -> None:
        """There are `count` dimensions; a choice beyond them goes back to principal components."""
        if count == self._count:
            return
        self._count = count
        chosen = self.axes()
        if chosen is not None and (count <= 2 or max(chosen) >= count):
            self._mode.setCurrentIndex(0)
        for spin, start in zip(self._spins, (1, 2), strict=True):
            spin.blockSignals(True)
            spin.setMaximum(max(2, count))
            if chosen is None or max(chosen) >= count:
                spin.setValue(start)
            spin.blockSignals(False)
        self.setVisible(count > 2)

    def _keep_apart(self, moved: int) -> None:
        here, other = self._spins[moved], self._spins[1 - moved]
        if here.value() == other.value():
            other.blockSignals(True)
            other.setValue(here.value() + 1 if here.value() < here.maximum() else here.value() - 1)
            other.blockSignals(False)
        self._settle()

    def _settle(self) -> None:
        for spin in self._spins:
            spin.setEnabled(self._mode.currentIndex() == 1)
        if self.axes() != self._last:
            self._last = self.axes()
            self.changed.emit()
