"""The six charts of the lab of vanishing gradients."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSpinBox, QWidget

from guiapp.gui.labs.depth_chart import DepthChart
from guiapp.gui.labs.depth_compute import Charts, Of
from guiapp.gui.theme import Theme

MEASURE = "Press Measure"
THREE_PX, TWO_PX = 720, 440  # widths from which so many charts stand side by side
OF: Final[Mapping[str, Of]] = MappingProxyType({"product ∂x_l/∂x₁": "product", "layer ∂x_l/∂x_l₋₁": "layer"})


class DepthPlots(QWidget):
    """Draws `Charts`; `chosen` gives the layer and the matrix whose singular values a person wants to see."""

    chosen = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.gradient = DepthChart(
            "Gradient of the weights",
            ("layer, input to output", "log₁₀ RMS"),
            "RMS of ∂loss/∂W over the weights of each layer; the last one is the output layer. ▼: exactly 0",
            f"{MEASURE}: the gradient of each layer",
            log=True,
        )
        self.variance = DepthChart(
            "Variance of the activations",
            ("layer", "log₁₀ variance"),
            "Over the units and data of a layer; dashed: predicted at initialisation for many units. ▲: infinite",
            "Tick a network: predictions",
            log=True,
        )
        self.product = DepthChart(
            "Singular values through depth",
            ("layer l", "log₁₀ σ of ∂x_l/∂x₁"),
            "Largest (thick), median and least (thin) singular value of the product of the layers' Jacobians; dashed "
            "grey: ¼ for each layer, the sigmoid's bound for weight matrices of norm 1. ▼: 0 to double precision",
            f"{MEASURE}: singular values; dashed: ¼ a layer",
            log=True,
        )
        self.histogram = DepthChart(
            "σ of",
            ("log₁₀ σ", "share"),
            "Singular values at the newest measurement; zeros, and what is below 10⁻¹², are in the first bar",
            f"{MEASURE}: a histogram of singular values",
            log=False,
            floor=(0.0, 0.1),
        )
        self.loss = DepthChart(
            "Loss",
            ("step", "nats"),
            "Mean cross entropy of the mini-batch",
            "Press Train: the loss at each step",
            log=False,
            floor=(0.0, 1.0),
        )
        self.accuracy = DepthChart(
            "Accuracy, held-out data",
            ("step", "share"),
            "Share of up to 500 held-out data whose class has the largest logit; guessing: .1, or .5 for the spiral",
            "Press Train: who learns",
            log=False,
            floor=(0.0, 1.0),
        )
        self.charts: Mapping[str, DepthChart] = {
            name: getattr(self, name) for name in ("gradient", "variance", "product", "loss", "accuracy", "histogram")
        }
        self.layer, self.of = QSpinBox(), QComboBox()
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self._add_chooser()
        self._arrange(3)

    def draw(self, charts: Charts, names: tuple[str, ...]) -> None:
        """Show `charts`; `names` are those of the settings."""
        for name, chart in self.charts.items():
            chart.show_lines(getattr(charts, name), names)

    def set_choice(self, layer: int, of: Of, deepest: int) -> None:
        """Show which layer and matrix the histogram is of, without a signal."""
        for widget in (self.layer, self.of):
            widget.blockSignals(True)
        self.layer.setMaximum(deepest)
        self.layer.setValue(layer)
        self.of.setCurrentIndex(list(OF.values()).index(of))
        for widget in (self.layer, self.of):
            widget.blockSignals(False)

    def set_theme(self, theme: Theme) -> None:
        for chart in self.charts.values():
            chart.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(3 if self.width() >= THREE_PX else 2 if self.width() >= TWO_PX else 1)
        super().resizeEvent(event)

    def _add_chooser(self) -> None:
        self.layer.setRange(1, 100)
        self.layer.setAccessibleName("layer of the histogram")
        self.layer.setToolTip("Which layer's singular values are counted; a shallower network shows its last layer")
        self.of.addItems(list(OF))
        self.of.setAccessibleName("matrix of the histogram")
        self.of.setToolTip("Of the layer alone, or of the product of all layers from the first hidden one on")
        self.layer.valueChanged.connect(lambda _: self._choose())
        self.of.currentIndexChanged.connect(lambda _: self._choose())
        title = self.histogram.title
        title.setMinimumWidth(title.fontMetrics().horizontalAdvance(title.text()) + 20)  # it is bold
        self.of.setMinimumContentsLength(8)
        self.of.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        label = QLabel("l =")
        label.setBuddy(self.layer)
        for widget, stretch in ((self.of, 4), (label, 0), (self.layer, 0)):
            self.histogram.header.addWidget(widget, stretch)

    def _choose(self) -> None:
        self.chosen.emit(self.layer.value(), OF[self.of.currentText()])

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for i, chart in enumerate(self.charts.values()):
            self._grid.addWidget(chart, i // columns, i % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, int(column < columns))
        for row in range(6):
            self._grid.setRowStretch(row, int(row < -(-6 // columns)))
