"""The choices above the gradients view."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QWidget
from superqt import QFlowLayout

from guiapp.gui.views.gradient_quantities import GRADIENT, QUANTITIES, Quantity

MAP, NETWORKS, COUNTERS, HISTOGRAMS = range(4)  # what stands beside the profile
PAGES = (
    ("map over steps", "A row of each tensor or layer over the steps, its value as colour"),
    ("network curves", "Over the steps, each network's gradient RMS as a curve"),
    ("layer counters", "Zeros, dead and saturated units, NaN and Inf of each layer"),
    ("histograms", "How large the weights, gradients and activations of one tensor are, while it trains"),
)
WIDTH = 11  # letters that a choice shows for certain, so that all stand in one line of a quarter of the window
SPLIT = "The gradient of each part of the loss by itself: of a VAE's reconstruction and KL; of a GAN's D step on data "
SPLIT += "and on generated data, and of its G step, which passes through D"


class GradientTools(QWidget):
    """`quantity` and `beside` are what is chosen; `changed` when a person, or `show_beside`, chooses."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quantity = _choice("Quantity shown", [(quantity.title, quantity.tooltip) for quantity in QUANTITIES])
        self._beside = _choice("Shown beside the profile", list(PAGES))
        self._split = QCheckBox("&parts")
        self._split.setToolTip(SPLIT)
        self._split.setAccessibleName("Parts of the loss")
        row = QFlowLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        for title, choice in (("&Quantity", self._quantity), ("&Beside", self._beside), ("", self._split)):
            pair = QWidget()
            pair_row = QHBoxLayout(pair)
            pair_row.setContentsMargins(0, 0, 0, 0)
            if title:
                label = QLabel(title)
                label.setBuddy(choice)
                pair_row.addWidget(label)
            pair.setMinimumHeight(self._quantity.sizeHint().height())
            pair_row.addWidget(choice)
            row.addWidget(pair)
        self._quantity.currentIndexChanged.connect(self._adapt)
        self._beside.currentIndexChanged.connect(lambda _i: self.changed.emit())
        self._split.toggled.connect(lambda _on: self.changed.emit())

    @property
    def quantity(self) -> Quantity:
        return QUANTITIES[self._quantity.currentIndex()]

    @property
    def beside(self) -> int:
        """`MAP`, `NETWORKS`, `COUNTERS` or `HISTOGRAMS`."""
        return self._beside.currentIndex()

    @property
    def split(self) -> bool:
        """Whether the parts of the gradient are wanted by themselves."""
        return self._split.isChecked() and self.quantity is GRADIENT

    def show_beside(self, page: int) -> None:
        """Choose what stands beside the profile."""
        self._beside.setCurrentIndex(page)

    def show_quantity(self, quantity: Quantity) -> None:
        """Choose what is shown."""
        self._quantity.setCurrentIndex(QUANTITIES.index(quantity))

    def _adapt(self) -> None:
        """Only gradients have parts, and a size of whole networks."""
        of_gradients = self.quantity is GRADIENT
        self._split.setEnabled(of_gradients)
        model = self._beside.model()
        assert isinstance(model, QStandardItemModel)
        model.item(NETWORKS).setEnabled(of_gradients)
        if not of_gradients and self.beside == NETWORKS:
            self._beside.setCurrentIndex(MAP)  # which says `changed`
        else:
            self.changed.emit()


def _choice(name: str, entries: list[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(WIDTH)
    for i, (title, tooltip) in enumerate(entries):
        box.addItem(title)
        box.setItemData(i, tooltip, Qt.ItemDataRole.ToolTipRole)
    box.setToolTip(entries[0][1])
    box.currentIndexChanged.connect(lambda i: box.setToolTip(entries[i][1]))
    box.view().setMinimumWidth(box.view().sizeHintForColumn(0) + 20)
    return box
