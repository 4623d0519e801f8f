"""Panels of the lab of the transfer functions: its numbers, the layer of the run, and the check of derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QGroupBox, QLabel, QPushButton, QVBoxLayout

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.transfer_compute import CHECKED, TOLERANCE, Layer, Result, Through
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.activations import ACTIVATIONS, Activation

ROWS: Final = {
    "saturated": ("saturated", "fraction of pre-activations where |g′| < .01 sup|g′|"),
    "dead": ("dead, g′ = 0", "fraction where no gradient passes at all: of a ReLU a ≤ 0"),
    "slope": ("mean g′", "E[g′(a)]"),
    "squared": ("mean g′²", "E[g′(a)²]"),
    "one": ("variance × a layer", "nv · E[g′²], the factor of the gradient's variance in one layer"),
    "variance": ("variance × in L", "(nv · E[g′²])^L"),
    "rms": ("gradient × in L", "(nv · E[g′²])^(L/2), what L such layers make of the size of a gradient"),
}
COLUMNS: Final = ("N(m, s²)", "the run's layer")
NO_LAYER: Final = "Here a layer of the run can be chosen. Start a run with ▶."
ASK_CHECK: Final = f"g′ against (g(a + h) − g(a − h)) / 2h at {CHECKED} random a."


class NumbersPanel(QGroupBox):
    """What the chosen activation leaves of a gradient, under the normal and under the run's layer."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        self.cells: dict[tuple[str, int], QLabel] = {}
        for column, text in enumerate(COLUMNS, start=1):
            grid.addWidget(QLabel(text), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, (name, (title, tip)) in enumerate(ROWS.items(), start=1):
            label = QLabel(title)
            label.setToolTip(tip)
            grid.addWidget(label, row, 0)
            for column, of in enumerate(COLUMNS, start=1):
                cell = self.cells[name, column - 1] = QLabel("–")
                cell.setFont(digits)
                cell.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.000×10⁻⁰⁰⁰"))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setAccessibleName(f"{title} under {of}")
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(cell, row, column)
        self.bound = QLabel()
        self.bound.setToolTip("Weights aside, no gradient can come through with more than this")
        grid.addWidget(self.bound, 1 + len(ROWS), 0, 1, 3)
        grid.setColumnStretch(0, 1)

    def show_result(self, result: Result) -> None:
        """The numbers of `result`."""
        params = result.params
        self.setTitle(f"What {params.activation} leaves of a gradient, L = {params.layers}")
        for column, through in enumerate((result.normal, result.live)):
            for name in ROWS:
                self.cells[name, column].setText("–" if through is None else _text(name, through))
        self.bound.setText(f"Weights aside at most (sup|g′|)ᴸ = {significant(result.bound, 3)}")


class LayerPanel(QGroupBox):
    """Chooses a layer of the run (`picked`, None without one); "follow" takes its activation over (`followed`), the
    button its mean and standard deviation (`fitted`)."""

    picked = Signal()
    followed = Signal(str)
    fitted = Signal(float, float)

    def __init__(self) -> None:
        super().__init__("Layer of the run")
        self._layers: tuple[Layer, ...] = ()
        self.sentence = QLabel(NO_LAYER)
        self.sentence.setWordWrap(True)
        self.choice = QComboBox()
        self.choice.setAccessibleName("layer of the run")
        self.choice.setToolTip("Whose pre-activations are drawn: what its activation is applied to")
        self.follow = QCheckBox("Follow")
        self.follow.setToolTip("The numbers and the thick curve are of this layer's activation")
        self.fit = QPushButton("Fit the normal to it")
        self.fit.setToolTip("Give the normal the mean and the standard deviation of the layer's pre-activations")
        label = QLabel("Layer")
        label.setBuddy(self.choice)
        grid = QGridLayout(self)
        grid.addWidget(self.sentence, 0, 0, 1, 3)
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.choice, 1, 1)
        grid.addWidget(self.follow, 1, 2)
        grid.addWidget(self.fit, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.choice.activated.connect(lambda _: self._changed())
        self.follow.toggled.connect(lambda _: self._follow())
        self.fit.clicked.connect(self._fit)
        self.set_layers(())

    @property
    def layer(self) -> Layer | None:
        """The one that is chosen."""
        index = self.choice.currentIndex()
        return self._layers[index] if 0 <= index < len(self._layers) else None

    def set_layers(self, layers: tuple[Layer, ...]) -> None:
        """The layers of the newest picture; the one chosen by name stays so where it is still there."""
        before, self._layers = self.choice.currentText(), layers
        names = [layer.name for layer in layers]
        with QSignalBlocker(self.choice):
            if names != [self.choice.itemText(i) for i in range(self.choice.count())]:
                self.choice.clear()
                self.choice.addItems(names)
                if before in names:
                    self.choice.setCurrentText(before)
        for widget in (self.choice, self.follow, self.fit):
            widget.setEnabled(bool(layers))
        self._changed()

    def set_theme(self, theme: Theme) -> None:
        self.sentence.setStyleSheet(f"color: {theme.muted};")

    def _changed(self) -> None:
        layer = self.layer
        if layer is None:
            self.sentence.setText(NO_LAYER)
        elif layer.activation in ACTIVATIONS:
            self.sentence.setText(f"{layer.name} has {layer.activation}.")
        else:
            self.sentence.setText(f"{layer.name} has {layer.activation}, no function of one number: choose one above.")
        self._follow()
        self.picked.emit()

    def _follow(self) -> None:
        if self.layer is not None and self.follow.isChecked() and self.layer.activation in ACTIVATIONS:
            self.followed.emit(self.layer.activation)

    def _fit(self) -> None:
        if self.layer is not None:
            self.fitted.emit(*self.layer.moments)


class CheckPanel(QGroupBox):
    """A button, and how far the derivatives are from finite differences. `asked`: check at new pre-activations."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Are the derivatives right?")
        self._theme, self._good = LIGHT, True
        self.button = QPushButton("Check")
        self.button.setToolTip(f"{CHECKED} new pre-activations from −10 to 10 at each press, none at a kink")
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel(ASK_CHECK)
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.sentence)

    def show_check(self, apart: Mapping[Activation, float]) -> None:
        """The largest differences by activation."""
        worst = max(apart, key=lambda name: apart[name])
        self._good = all(difference <= TOLERANCE for difference in apart.values())
        verdict = "All agree within 10⁻⁶" if self._good else "They do NOT agree within 10⁻⁶"
        each = ", ".join(f"{name} {significant(difference, 2)}" for name, difference in apart.items())
        self.sentence.setText(f"{verdict}: largest difference {significant(apart[worst], 2)}, of {worst}.")
        self.sentence.setToolTip(each)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.sentence.setStyleSheet("" if self._good else f"color: {theme.bad};")


def _text(name: str, through: Through) -> str:
    if name in ("saturated", "dead"):
        return f"{100 * getattr(through.passed, name):.2f} %"
    source = through.passed if name in ("slope", "squared") else through
    return significant(getattr(source, name), 4 if name != "rms" else 3)
