"""The controls of the Monte Carlo lab, those of each page by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.labs.monte_carlo_compute import (
    COUNT_RANGE,
    DIMENSION_RANGE,
    DRAWS_RANGE,
    FUNCTIONS,
    LOCATION_RANGE,
    MOST_SEED,
    NOISE_RANGE,
    PRESETS,
    PROBABILITY_RANGE,
    QUALITY_RANGE,
    SCALE_RANGE,
    SIZE_RANGE,
    Page,
    Params,
    function,
)
from guiapp.gui.labs.number_slider import NumberSlider
from guiapp.gui.theme import Theme
from guiapp.theory.expression import ExpressionError
from guiapp.theory.monte_carlo import LAWS, LawName

LAW_TITLES: Final[Mapping[LawName, str]] = {
    "normal": "normal: N(μ, σ²)",
    "uniform": "uniform on (μ − σ, μ + σ)",
    "exponential": "exponential: μ + σ·Exp(1)",
    "Bernoulli": "Bernoulli: 1 with p, else 0",
    "Cauchy": "Cauchy: μ + σ·Cauchy",
}
WHOLE: Final = ("count", "dimension", "draws")  # parameters that are whole numbers


class FormulaField(QWidget):
    """f(z): one of a list, or typed. `entered` gives a text that can be computed; what is wrong with another is said
    below it, and the old f stays in force."""

    entered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._text = self._problem = ""
        self.box = QComboBox()
        self.line = QLineEdit()
        self.box.setLineEdit(self.line)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.setCompleter(None)  # type: ignore[arg-type]  # Qt's word for none: “s” is not to become sin(z)
        self.box.addItems(tuple(FUNCTIONS))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tip = "f, whose mean is wanted: choose, or type a formula in z such as exp(−z²/2) or z > 2, and press Return"
        for widget in (self.box, self.line):
            widget.setAccessibleName("function f of z")
            widget.setToolTip(tip)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        label = QLabel("f(z) =")
        label.setBuddy(self.box)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.message)
        self.box.textActivated.connect(self._take)
        self.line.editingFinished.connect(lambda: self._take(self.box.currentText()))

    def set_text(self, text: str, problem: str) -> None:
        """Show `text`, without a signal, and `problem`, why it cannot be computed under the present law. Text that is
        being typed stays."""
        if text != self._text or not (self.line.hasFocus() and self.line.isModified()):
            self._text = text
            with QSignalBlocker(self.box):
                self.box.setEditText(text)
        self._problem = problem
        self._say(problem)

    def set_theme(self, theme: Theme) -> None:
        self.message.setStyleSheet(f"color: {theme.bad};")

    def _take(self, text: str) -> None:
        text = text.strip()
        try:
            function(text)
        except ExpressionError as error:
            self._say(str(error))
            return
        self.line.setModified(False)
        if text == self._text:
            self._say(self._problem)
            return
        self._text = text
        self._say("")
        self.entered.emit(text)

    def _say(self, sentence: str) -> None:
        if sentence != self.message.text() or bool(sentence) == self.message.isHidden():
            self.message.setText(sentence)
            self.message.setVisible(bool(sentence))
            self.line.setAccessibleDescription(sentence)


class PageControls(QWidget):
    """Presets and sliders of one page. `edited`: new parameters and whether the move is done."""

    edited = Signal(object, bool)

    def __init__(self, page: Page, sliders: Mapping[str, NumberSlider]) -> None:
        super().__init__()
        self._params = Params()
        self.sliders = sliders
        self.presets = {name: QPushButton(name) for name in PRESETS[page]}
        for name, button in self.presets.items():
            button.setAccessibleName(f"preset {name}")
            button.clicked.connect(lambda _=False, name=name: self._choose(PRESETS[page][name]))
        for name, slider in sliders.items():
            slider.value_changed.connect(lambda value, done, name=name: self._slid(name, value, done))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        for button in self.presets.values():
            self.column.addWidget(button)

    def set_params(self, params: Params) -> None:
        """Show `params`, without a signal."""
        self._params = params
        for name, slider in self.sliders.items():
            if slider.value != getattr(params, name):
                slider.set_value(float(getattr(params, name)))

    def set_theme(self, theme: Theme) -> None:
        for slider in self.sliders.values():
            slider.set_theme(theme)

    def edit(self, done: bool, **changes: Any) -> None:
        """A person has changed these."""
        self.edited.emit(msgspec.structs.replace(self._params, **changes), done)

    def _choose(self, preset: Params) -> None:
        """The whole page; the other page and the seed stay as they are."""
        names = _FIELDS[preset.page]
        self.edit(True, **{name: getattr(preset, name) for name in names})

    def _slid(self, name: str, value: float, done: bool) -> None:
        self.edit(done, **{name: round(value) if name in WHOLE else value})


class ExpectationControls(PageControls):
    """Law, f and n."""

    def __init__(self) -> None:
        z = "in units of z"
        sliders = {
            "location": NumberSlider("μ", "location of the law", *LOCATION_RANGE, unit=z),
            "scale": NumberSlider("σ", "scale of the law", *SCALE_RANGE, log=True, unit=z),
            "probability": NumberSlider("p", "probability of 1", *PROBABILITY_RANGE, log=True, unit="no unit"),
            "count": NumberSlider("n", "number of draws", *COUNT_RANGE, log=True, unit="draws"),
        }
        super().__init__("expectation", sliders)
        self.law = QComboBox()
        for name in LAWS:
            self.law.addItem(LAW_TITLES[name], name)
        self.law.setAccessibleName("law of z")
        self.law.setToolTip("What z is drawn from. The Cauchy law has no mean")
        self.law.activated.connect(lambda _: self.edit(True, law=self.law.currentData()))
        self.formula = FormulaField()
        self.formula.entered.connect(lambda text: self.edit(True, function=text))
        box = QGroupBox("E[f(z)], z drawn from")
        column = QVBoxLayout(box)
        for widget in (self.law, *sliders.values()):
            column.addWidget(widget)
        column.insertWidget(4, self.formula)
        self.column.addWidget(box)

    def set_params(self, params: Params) -> None:
        super().set_params(params)
        self.law.setCurrentIndex(LAWS.index(params.law))
        two = params.law == "Bernoulli"
        for name, seen in (("location", not two), ("scale", not two), ("probability", two)):
            self.sliders[name].setVisible(seen)

    def show_formula(self, text: str, problem: str) -> None:
        """The f in force, and why it cannot be computed, "" if it can."""
        self.formula.set_text(text, problem)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.formula.set_theme(theme)


class EvidenceControls(PageControls):
    """The model, q and K."""

    def __init__(self) -> None:
        sliders = {
            "dimension": NumberSlider("d", "dimension of z and of x", *DIMENSION_RANGE, unit="a whole number"),
            "noise": NumberSlider("σ", "standard deviation of the decoder's noise", *NOISE_RANGE, log=True),
            "size": NumberSlider("c", "each coordinate of x", *SIZE_RANGE, unit="in standard deviations of p(x)"),
            "quality": NumberSlider(
                "g", "how much q knows of x", *QUALITY_RANGE, unit="0: the prior; 1: the posterior; above: too narrow"
            ),
            "draws": NumberSlider("K", "draws for one estimate", *DRAWS_RANGE, log=True, unit="draws"),
        }
        super().__init__("evidence", sliders)
        groups = (("Model x = z + σε", ("dimension", "noise", "size")), ("q(z) ∝ p(z) p(x|z)ᵍ", ("quality", "draws")))
        for title, names in groups:
            box = QGroupBox(title)
            column = QVBoxLayout(box)
            for name in names:
                column.addWidget(sliders[name])
            if "quality" in names:
                told = QLabel("g = 0: the prior; 1: the posterior;\nabove 1: too narrow")
                column.insertWidget(1, told)
            self.column.addWidget(box)


class SeedRow(QWidget):
    """The stream of random numbers. `chosen` gives a new seed."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.seed = QSpinBox()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setAccessibleName("seed of the draws")
        self.seed.setToolTip(f"The stream of random numbers, 0 to {MOST_SEED}: one seed, one picture")
        self.seed.valueChanged.connect(self.chosen)
        self.again = QPushButton("New draws")
        self.again.setToolTip("The next seed")
        self.again.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % (MOST_SEED + 1)))
        label = QLabel("Seed")
        label.setBuddy(self.seed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((label, 0), (self.seed, 1), (self.again, 1)):
            row.addWidget(widget, stretch)

    def set_seed(self, seed: int) -> None:
        """Show `seed`, without a signal."""
        with QSignalBlocker(self.seed):
            self.seed.setValue(seed)


_FIELDS: Final[Mapping[Page, tuple[str, ...]]] = {
    "expectation": ("law", "function", "location", "scale", "probability", "count"),
    "evidence": ("dimension", "noise", "size", "quality", "draws"),
}
