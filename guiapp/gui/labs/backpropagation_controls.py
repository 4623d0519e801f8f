"""The controls of the lab of backpropagation: presets, the network's shape and functions, and its mini-batch."""

from __future__ import annotations

import math

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.backpropagation_compute import (
    GREATEST,
    MOST_SAMPLES,
    PRESETS,
    RATE_RANGE,
    Params,
    begun,
    reshaped,
    short,
    with_weight,
)
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme
from guiapp.theory.activations import ACTIVATIONS
from guiapp.theory.backpropagation import LOSSES, LOWERED, MOST_LAYERS, MOST_UNITS, weight_name

WEIGHT_RANGE = -10.0, 10.0


class NetworkControls(QWidget):
    """Presets, shape, functions, learning rate, seed and the chosen weight. `edited`: new parameters."""

    edited = Signal(object)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(4)
        self.presets = {name: QPushButton(name) for name in PRESETS}
        for row, (name, button) in enumerate(self.presets.items()):
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, name=name: self.edited.emit(PRESETS[name]))
            layout.addWidget(button, row, 0, 1, 2)
        self.layers = self._spin("layers", 1, MOST_LAYERS, "number of layers of weights, the output's included")
        self.units = [self._spin(name, 1, MOST_UNITS, name) for name in _unit_names()]
        self.activation = self._choice("activation", ACTIVATIONS, "activation of the hidden layers")
        self.loss = self._choice("loss", LOSSES, "loss, in nats for the cross entropy; its output is a sigmoid's")
        self.residual = QCheckBox("residual: add x where widths agree")
        self.residual.setToolTip("A hidden layer with as many units as inputs gives x + g(a)")
        self.seed = self._spin("seed", 0, 9999, "seed of the first weights, Glorot's normal")
        self.rate = NumberSlider("η", "learning rate", *RATE_RANGE, log=True, unit="no unit")
        self.weight = NumberSlider("w", "the chosen weight", *WEIGHT_RANGE, unit="no unit")
        self._lay_out(layout)
        self.layers.valueChanged.connect(lambda _: self._reshape())
        self.loss.currentTextChanged.connect(lambda _: self._reshape())
        for spin in self.units:
            spin.valueChanged.connect(lambda _: self._reshape())
        self.activation.currentTextChanged.connect(lambda name: self._edit(activation=name))
        self.residual.toggled.connect(lambda on: self._edit(residual=on))
        self.rate.value_changed.connect(lambda rate, _: self._edit(rate=rate))
        self.seed.valueChanged.connect(self._draw_anew)
        self.weight.value_changed.connect(lambda number, _: self.edited.emit(with_weight(self._params, number)))
        self.set_params(params)

    def _lay_out(self, layout: QGridLayout) -> None:
        units = QHBoxLayout()
        units.setSpacing(2)
        for spin in self.units:
            units.addWidget(spin)
        row = len(PRESETS)
        for name, widget in (("layers", self.layers), ("units", units), ("g", self.activation), ("loss", self.loss)):
            layout.addWidget(QLabel(name), row, 0)
            if isinstance(widget, QHBoxLayout):
                layout.addLayout(widget, row, 1)
            else:
                layout.addWidget(widget, row, 1)
            row += 1
        layout.addWidget(self.residual, row, 0, 1, 2)
        layout.addWidget(QLabel("seed"), row + 1, 0)
        layout.addWidget(self.seed, row + 1, 1)
        layout.addWidget(self.rate, row + 2, 0, 1, 2)
        self._name = QLabel()
        layout.addWidget(self._name, row + 3, 0, 1, 2)
        layout.addWidget(self.weight, row + 4, 0, 1, 2)
        layout.setColumnStretch(1, 1)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        blockers = [QSignalBlocker(each) for each in (self.layers, *self.units, self.seed, self.residual)]
        blockers += [QSignalBlocker(each) for each in (self.activation, self.loss)]
        self.layers.setValue(params.layers)
        for index, spin in enumerate(self.units):
            spin.setVisible(index <= params.layers)
            spin.setValue(params.widths[index] if index <= params.layers else spin.value())
        self.activation.setCurrentText(params.activation)
        self.loss.setCurrentText(params.loss)
        self.residual.setChecked(params.residual)
        self.seed.setValue(params.seed)
        del blockers
        layer, to, source = params.chosen
        number = params.weights[layer - 1][to][source]
        is_bias = source == params.widths[layer - 1]
        name = weight_name(layer, to, source, is_bias, number).text
        came = f"bias of unit {to + 1}" if is_bias else f"to unit {to + 1} from {source + 1}"
        self._name.setText(f"chosen: {name}, layer {layer}, {came}")
        for slider, shown in ((self.rate, params.rate), (self.weight, number)):
            if slider.value != shown:
                slider.set_value(shown)

    def set_theme(self, theme: Theme) -> None:
        for slider in (self.rate, self.weight):
            slider.set_theme(theme)

    def _spin(self, name: str, low: int, high: int, spoken: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(low, high)
        spin.setMinimumWidth(40)
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(name)
        spin.setToolTip(f"{spoken[0].upper()}{spoken[1:]}, {low} to {high}")
        return spin

    def _choice(self, name: str, values: tuple[str, ...], spoken: str) -> QComboBox:
        choice = QComboBox()
        choice.addItems(list(values))
        choice.setAccessibleName(name)
        choice.setToolTip(f"{spoken[0].upper()}{spoken[1:]}")
        return choice

    def _edit(self, **changes: object) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes))

    def _reshape(self) -> None:
        loss = next(loss for loss in LOSSES if loss == self.loss.currentText())
        layers = self.layers.value()
        widths = [spin.value() for spin in self.units[: layers + 1]]
        if layers != self._params.layers:  # the output stays as wide as it was
            widths[-1], widths[-2] = self._params.widths[-1], widths[-2] if layers > 1 else self._params.widths[0]
        self.edited.emit(reshaped(self._params, widths, loss))

    def _draw_anew(self, seed: int) -> None:
        p = self._params
        new = begun(p.widths, p.activation, p.loss, seed, (p.inputs, p.targets), p.residual, p.rate)
        self.edited.emit(msgspec.structs.replace(new, sample=p.sample, stage=p.stage, chosen=p.chosen))


class BatchTable(QGroupBox):
    """The mini-batch: inputs and targets to be typed over; a click on a row chooses the sample. `edited`: new
    parameters. What cannot be a number in range is refused in a sentence, and the old value stays."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__("Mini-batch: inputs x, targets t")
        self._params: Params | None = None
        self.table = QTableWidget()
        self.table.setAccessibleName("mini-batch")
        self.table.setToolTip(f"Numbers from −{GREATEST:g} to {GREATEST:g}; targets of the cross entropy from 0 to 1")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setMinimumSectionSize(38)
        self.table.setMinimumWidth(220)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self.more, self.fewer = QPushButton("Add a sample"), QPushButton("Remove it")
        self.fewer.setToolTip("Removes the chosen sample")
        buttons = QHBoxLayout()
        buttons.addWidget(self.more)
        buttons.addWidget(self.fewer)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        self.table.cellChanged.connect(self._typed)
        self.table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        self.more.clicked.connect(self._add)
        self.fewer.clicked.connect(self._remove)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        before, self._params = self._params, params
        same = before is not None and (before.inputs, before.targets) == (params.inputs, params.targets)
        self.more.setEnabled(len(params.inputs) < MOST_SAMPLES)
        self.fewer.setEnabled(len(params.inputs) > 1)
        with QSignalBlocker(self.table):
            if not same:
                self._fill(params)
            if self.table.currentRow() != params.sample:
                self.table.setCurrentCell(params.sample, max(self.table.currentColumn(), 0))

    def set_theme(self, theme: Theme) -> None:
        self.message.setStyleSheet(f"color: {theme.bad};")

    def _fill(self, params: Params) -> None:
        self.message.hide()
        names = [f"x{i + 1}" for i in range(params.widths[0])] + [f"t{i + 1}" for i in range(params.widths[-1])]
        self.table.setRowCount(len(params.inputs))
        self.table.setColumnCount(len(names))
        self.table.setHorizontalHeaderLabels([name.translate(LOWERED) for name in names])
        for row, (x, t) in enumerate(zip(params.inputs, params.targets, strict=True)):
            for column, number in enumerate((*x, *t)):
                item = QTableWidgetItem(f"{number:g}".replace("-", "−"))
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        few = len(names) <= 5
        mode = QHeaderView.ResizeMode.Stretch if few else QHeaderView.ResizeMode.ResizeToContents
        self.table.horizontalHeader().setSectionResizeMode(mode)
        self.table.resizeRowsToContents()
        rows = min(len(params.inputs), 5)
        edge = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth()
        self.table.setFixedHeight(edge + rows * self.table.rowHeight(0) + 16)

    def _typed(self, row: int, column: int) -> None:
        params, item = self._params, self.table.item(row, column)
        if params is None or item is None:
            return
        is_target = column >= params.widths[0]
        low, high = (0.0, 1.0) if is_target and params.loss == "cross entropy" else (-GREATEST, GREATEST)
        try:
            number = float(item.text().strip().replace("−", "-").replace(",", "."))
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            text = item.text() if len(item.text()) <= 12 else item.text()[:11] + "…"
            named = "A target of this loss" if is_target else "An input"
            with QSignalBlocker(self.table):
                self._fill(params)
            self.message.setText(f"{named} takes {short(low)} to {short(high)}, not “{text}”.")
            self.message.show()
            return
        rows = [list(each) for each in (params.targets if is_target else params.inputs)]
        rows[row][column - (params.widths[0] if is_target else 0)] = number
        self._emit(**{"targets" if is_target else "inputs": tuple(map(tuple, rows))})

    def _choose(self, row: int) -> None:
        if self._params is not None and 0 <= row != self._params.sample:
            self._emit(sample=row)

    def _add(self) -> None:
        if (p := self._params) is not None:
            x, t = p.inputs[p.sample], p.targets[p.sample]
            self._emit(inputs=(*p.inputs, x), targets=(*p.targets, t), sample=len(p.inputs))

    def _remove(self) -> None:
        if (p := self._params) is not None:
            kept = [row for row in range(len(p.inputs)) if row != p.sample]
            inputs, targets = (tuple(rows[row] for row in kept) for rows in (p.inputs, p.targets))
            self._emit(inputs=inputs, targets=targets, sample=min(p.sample, len(kept) - 1))

    def _emit(self, **changes: object) -> None:
        if self._params is not None:
            self.edited.emit(msgspec.structs.replace(self._params, **changes))


def _unit_names() -> list[str]:
    return ["number of inputs", *(f"units of layer {layer}" for layer in range(1, MOST_LAYERS + 1))]
