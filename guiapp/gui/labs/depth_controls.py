"""The controls of the lab of vanishing gradients: a box for each network, the task, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, get_args

import msgspec
from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)
from superqt import QFlowLayout

from guiapp.gui.labs.depth_chart import setting_colour
from guiapp.gui.labs.depth_compute import OWN, PRESETS, TASKS, Params, preset_name
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.class_legend import SWATCH, swatch
from guiapp.messages import Studied
from guiapp.spec_parts import Initialisation, Normalisation
from guiapp.theory.activations import ACTIVATIONS
from guiapp.theory.propagation import DeepNetwork

ACTIVATION_TIP = "The nonlinearity g after each hidden layer"
INIT_TIP = "Scale of the first weights: He keeps the variance through ReLU, Glorot through tanh; see the explanation"
STEPS = 1000  # of the progress bar
LEAST_FIELD = 80  # px


class NetworkBox(QFrame):
    """One network. `edited` gives the new one, `switched` whether it takes part."""

    edited = Signal(object)
    switched = Signal(bool)

    def __init__(self, number: int, network: DeepNetwork) -> None:
        super().__init__()
        self._number, self._network = number, network
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.shown = QCheckBox()
        self.shown.setIconSize(QSize(SWATCH, SWATCH))
        self.preset, self.activation, self.init, self.norm = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.layers, self.units, self.gain = QSpinBox(), QSpinBox(), QDoubleSpinBox()
        self.skip, self.bias = QCheckBox("skips"), QCheckBox("bias")
        self._fill()
        self._lay_out()
        self.set_network(network, True)
        self._connect()

    def set_network(self, network: DeepNetwork, shown: bool) -> None:
        """Show it, without a signal."""
        self._network = network
        with ExitStack() as held:
            for widget in self._fields():
                held.enter_context(QSignalBlocker(widget))
            self.shown.setChecked(shown)
            self.preset.setCurrentText(preset_name(network))
            self.layers.setValue(network.depth)
            self.units.setValue(network.width)
            self.gain.setValue(network.gain)
            for combo, name in ((self.activation, "activation"), (self.init, "init"), (self.norm, "norm")):
                combo.setCurrentIndex(combo.findData(getattr(network, name)))
            self.skip.setChecked(network.skip)
            self.bias.setChecked(network.bias)
        for widget in self._fields()[1:]:
            widget.setEnabled(shown)

    def set_theme(self, theme: Theme) -> None:
        self.shown.setIcon(swatch(setting_colour(theme, self._number)))

    def _fields(self) -> tuple[QWidget, ...]:
        size = (self.layers, self.units)
        return (self.shown, self.preset, *size, self.activation, self.init, self.gain, self.norm, self.skip, self.bias)

    def _fill(self) -> None:
        self.preset.addItems([*PRESETS, OWN])
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for combo, names, ending in (
            (self.activation, ACTIVATIONS, ""),
            (self.init, get_args(Initialisation), ""),
            (self.norm, get_args(Normalisation), " norm"),
        ):
            for name in names:
                combo.addItem(("no" if name == "none" else name) + ending, name)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(4)
        self.layers.setRange(1, 100)
        self.units.setRange(1, 512)
        self.gain.setRange(0.01, 10.0)
        self.gain.setSingleStep(0.1)
        for box, prefix in ((self.layers, "depth "), (self.units, "width "), (self.gain, "gain ")):
            box.setPrefix(prefix)
            box.setMinimumWidth(LEAST_FIELD)
            box.setKeyboardTracking(False)
        tips = (
            "Whether this network is measured and trained",
            "One of the four to compare, at the depth and width that are set; own: changed since",
            "Hidden layers, 1 to 100",
            "Units of each hidden layer, 1 to 512",
            ACTIVATION_TIP,
            INIT_TIP,
            "Factor on the first weights of the hidden layers, .01 to 10",
            "Standardise each hidden layer over the batch or over its units, before the activation",
            "Add each hidden layer's input to its output where the widths agree (a residual layer)",
            "Off: biases are 0 and stay so",
        )
        names = ("takes part", "preset", "depth", "width", "activation", "initialisation", "gain", "normalisation")
        for widget, tip, name in zip(self._fields(), tips, (*names, "skip connections", "bias"), strict=True):
            widget.setToolTip(tip)
            widget.setAccessibleName(f"network {self._number + 1}: {name}")

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(5, 4, 5, 4)
        grid.setSpacing(3)
        pairs: Sequence[tuple[QWidget, QWidget]] = (
            (self.layers, self.units),
            (self.activation, self.init),
            (self.gain, self.norm),
            (self.skip, self.bias),
        )
        grid.addWidget(self.shown, 0, 0, 1, 1)
        grid.addWidget(self.preset, 0, 1, 1, 3)
        for row, (left, right) in enumerate(pairs, start=1):
            grid.addWidget(left, row, 0, 1, 2)
            grid.addWidget(right, row, 2, 1, 2)
        for widget in (self.activation, self.init, self.norm):
            widget.setMinimumWidth(LEAST_FIELD)
        for column, stretch in ((1, 1), (2, 1), (3, 1)):
            grid.setColumnStretch(column, stretch)

    def _connect(self) -> None:
        self.shown.toggled.connect(self.switched)
        self.preset.activated.connect(lambda _: self._take_preset())
        for box, name in ((self.layers, "depth"), (self.units, "width"), (self.gain, "gain")):
            box.valueChanged.connect(lambda value, name=name: self._edit(**{name: value}))
        for combo, name in ((self.activation, "activation"), (self.init, "init"), (self.norm, "norm")):
            combo.activated.connect(lambda _, combo=combo, name=name: self._edit(**{name: combo.currentData()}))
        for switch, name in ((self.skip, "skip"), (self.bias, "bias")):
            switch.toggled.connect(lambda on, name=name: self._edit(**{name: on}))

    def _take_preset(self) -> None:
        preset = PRESETS.get(self.preset.currentText())
        if preset is None:
            self.preset.setCurrentText(preset_name(self._network))
            return
        self.edited.emit(msgspec.structs.replace(preset, depth=self._network.depth, width=self._network.width))

    def _edit(self, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._network, **changes))


class DepthControls(QWidget):
    """Task and training, the buttons, and the four networks side by side, as many as there is room for.

    Signals:
        edited(object): new `Params`. measure_asked(), train_asked(), stop_asked(): a button was pressed.
        moment_chosen(int): the index of the measurement to show, -1 for the newest.
    """

    edited = Signal(object)
    measure_asked = Signal()
    train_asked = Signal()
    stop_asked = Signal()
    moment_chosen = Signal(int)

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._params = params
        self.task, self.optimiser, self.moment = QComboBox(), QComboBox(), QComboBox()
        self.lr = NumberSlider("lr", "learning rate", 1e-5, 1.0, log=True, unit="step length of the optimiser")
        self.batch, self.steps = QSpinBox(), QSpinBox()
        self.together = QCheckBox("one size for all")
        self.measure, self.train, self.stop = QPushButton("Measure"), QPushButton("Train"), QPushButton("Stop")
        self.reset = QPushButton("The four")
        self.progress = QProgressBar()
        self.boxes = [NetworkBox(i, network) for i, network in enumerate(params.networks)]
        self._fill()
        column = QFlowLayout(self)
        column.setContentsMargins(4, 2, 4, 0)
        column.setSpacing(4)
        for widget in (self.task, self.optimiser, self.lr, self.batch, self.steps, self.together, self.reset):
            column.addWidget(widget)
        label = QLabel("shown:")
        label.setBuddy(self.moment)
        for part in (self.measure, self.train, self.stop, self.progress, label, self.moment):
            column.addWidget(part)
        for low in (label, self.together, self.lr):
            low.setMinimumHeight(self.moment.sizeHint().height())
        self._connect()
        self.set_params(params)
        self.show_report(None)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        with ExitStack() as held:
            for widget in (self.task, self.optimiser, self.batch, self.steps):
                held.enter_context(QSignalBlocker(widget))
            self.task.setCurrentText(params.task)
            self.optimiser.setCurrentText(params.optimiser)
            self.batch.setValue(params.batch)
            self.steps.setValue(params.steps)
        if self.lr.value != params.lr:
            self.lr.set_value(params.lr)
        for box, network, shown in zip(self.boxes, params.networks, params.shown, strict=True):
            box.set_network(network, shown)
        for button in (self.measure, self.train):
            button.setEnabled(bool(params.indices))

    def show_report(self, report: Studied | None) -> None:
        """How far it is; None: nothing is under way."""
        busy = report is not None and not report.ended
        if not busy and self.stop.hasFocus():
            self.train.setFocus()
        self.stop.setEnabled(busy)
        self.progress.setValue(round(STEPS * report.progress) if busy and report is not None else 0)
        self.progress.setFormat("%p %" if busy else "" if report is None else "ended" if report.trouble else "done")

    def show_moments(self, steps: Sequence[int], chosen: int) -> None:
        """The steps of the measurements that there are, and which is shown."""
        texts = ["newest", *(f"step {step:,}" for step in steps)]
        with QSignalBlocker(self.moment):
            if [self.moment.itemText(i) for i in range(self.moment.count())] != texts:
                self.moment.clear()
                self.moment.addItems(texts)
            self.moment.setCurrentIndex(chosen + 1)

    def set_theme(self, theme: Theme) -> None:
        self.lr.set_theme(theme)
        for box in self.boxes:
            box.set_theme(theme)

    def _fill(self) -> None:
        self.task.addItems(list(TASKS))
        self.optimiser.addItems(["adam", "sgd"])
        self.batch.setRange(2, 512)
        self.batch.setPrefix("batch ")
        self.steps.setRange(1, 20_000)
        self.steps.setPrefix("steps ")
        self.steps.setSingleStep(100)
        self.progress.setRange(0, STEPS)
        self.progress.setFixedWidth(90)
        self.lr.setFixedWidth(190)
        self.moment.setMinimumContentsLength(10)
        for box in (self.batch, self.steps):
            box.setKeyboardTracking(False)
        named = (
            (self.task, "task", "What is to be classified: digits (64 inputs, 10 classes), fashion (784, 10), spiral"),
            (
                self.optimiser,
                "optimiser",
                "adam scales each weight's step by its gradients; sgd, momentum .9, does not",
            ),
            (self.batch, "batch", "Data of a step, 2 to 512"),
            (self.steps, "steps", "How long all networks are trained, 1 to 20,000 steps"),
            (self.together, "one size for all", "An edit of depth or width is one of all four networks"),
            (self.reset, "the four", "Plain sigmoid, tanh + Glorot, ReLU + He and residual, 20 layers of 64 units"),
            (self.measure, "measure", "Gradients, activations and singular values at initialisation"),
            (self.train, "train", "Train all networks together from the beginning, and measure at 0, 10, 30, 100 …"),
            (self.stop, "stop", "Give it up; what is known so far stays"),
            (self.progress, "progress of the measurement or training", "How far it is"),
            (self.moment, "measurement shown", "Which measurement the charts over layers show; histograms: the newest"),
        )
        for widget, name, tip in named:
            widget.setAccessibleName(name)
            widget.setToolTip(tip)

    def _connect(self) -> None:
        self.task.activated.connect(lambda _: self._edit(task=self.task.currentText()))
        self.optimiser.activated.connect(lambda _: self._edit(optimiser=self.optimiser.currentText()))
        self.lr.value_changed.connect(lambda value, _done: self._edit(lr=value))
        self.batch.valueChanged.connect(lambda value: self._edit(batch=value))
        self.steps.valueChanged.connect(lambda value: self._edit(steps=value))
        self.reset.clicked.connect(lambda: self._edit(networks=Params().networks, shown=Params().shown))
        self.measure.clicked.connect(self.measure_asked)
        self.train.clicked.connect(self.train_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.moment.activated.connect(lambda index: self.moment_chosen.emit(index - 1))
        for i, box in enumerate(self.boxes):
            box.edited.connect(lambda network, i=i: self._edit_network(i, network))
            box.switched.connect(lambda on, i=i: self._switch(i, on))

    def _edit_network(self, i: int, network: DeepNetwork) -> None:
        networks = list(self._params.networks)
        if self.together.isChecked():
            size = {"depth": network.depth, "width": network.width}
            networks = [msgspec.structs.replace(other, **size) for other in networks]
        networks[i] = network
        self._edit(networks=tuple(networks))

    def _switch(self, i: int, on: bool) -> None:
        shown = list(self._params.shown)
        shown[i] = on
        self._edit(shown=tuple(shown))

    def _edit(self, **changes: Any) -> None:
        self.edited.emit(msgspec.structs.replace(self._params, **changes))
