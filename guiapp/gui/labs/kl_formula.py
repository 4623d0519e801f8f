"""Where a person types a formula for the KL, and is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from guiapp.gui.labs.kl_compute import Params, significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.expression import Expression, ExpressionError
from guiapp.theory.formula_check import EXAMPLES, NAMES, ORDER, Property, Verdict, check, place, read, value

ROWS: Final[Mapping[Property, str]] = MappingProxyType(
    {
        "finite": "a number everywhere",
        "positive": "never negative",
        "zero": "0 for equal Gaussians",
        "shift": "the same when both means move",
        "unit": "the same in any unit of x",
        "factor": "no constant multiple of the KL",
        "integral": "equal to the integral",
    }
)
EMPTY: Final = "Type a KL(p‖q), or take an example: it is tried on the integral of p log(p/q) at 600 points."


class FormulaPanel(QGroupBox):
    """A field for a formula in μ₁, σ₁, μ₂, σ₂, and what it fails. `checked`: a formula that can be read has been
    entered; `shown`: the four parameters of a counter-example that is to be drawn."""

    checked = Signal(str)
    shown = Signal(object)

    def __init__(self) -> None:
        super().__init__("Check my formula")
        self._theme = LIGHT
        self._text = ""  # of what the verdict is on
        self._formula: Expression | None = None
        self.verdict: Verdict | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("log(σ₂/σ₁) + …")
        self.field.setAccessibleName("formula for KL(p‖q)")
        self.field.setToolTip(
            "In μ₁ σ₁ μ₂ σ₂ (or mu1 sigma1 mu2 sigma2), in nats; log is the natural one. Return checks it"
        )
        self.field.returnPressed.connect(self._enter)
        self.button = QPushButton("Check")
        self.button.setToolTip("Try the formula on what every KL has to be, and on the integral")
        self.button.clicked.connect(self._enter)
        self.examples = QPushButton("Examples")
        self.examples.setToolTip("The right formula, and slips that are often made")
        self.examples.setMenu(self._menu())
        self.letters = tuple(self._letter(name) for name in NAMES)
        self.sentence = QLabel(EMPTY)
        self.here = QLabel()
        for label in (self.sentence, self.here):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.load = QPushButton("Draw the counter-example")
        self.load.setToolTip("Give p and q in the plot these parameters")
        self.load.clicked.connect(lambda: self._show(0))
        self.rows = {name: (QLabel(), QLabel(text), QLabel()) for name, text in ROWS.items()}
        self._lay_out()
        self.set_formula("")

    def set_formula(self, text: str) -> None:
        """Judge `text` and show it, without a signal; "" clears the panel."""
        self._text = text
        self.field.setText(text)
        self.field.setCursorPosition(0)
        if text:
            self._judge(text)
        else:
            self._formula = self.verdict = None
            self._write(EMPTY, "")

    def show_params(self, params: Params, kl: float) -> None:
        """The formula in force, and its value at `params`, where the right one is `kl`."""
        if params.formula != self._text:
            self.set_formula(params.formula)
        self.here.setVisible(self._formula is not None)
        if self._formula is not None:
            four = np.array([[params.mu1, params.sigma1, params.mu2, params.sigma2]])
            found = float(value(self._formula, four)[0])
            self.here.setText(f"In the plot now: formula {significant(found)}, KL(p‖q) {significant(kl)}")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._colour()

    def _enter(self) -> None:
        """Take what has been typed, if it can be read."""
        text = self.field.text().strip()
        if self._judge(text):
            self._text = text
            self.checked.emit(text)

    def _judge(self, text: str) -> bool:
        """Whether `text` is a formula; what is wrong with it is written down either way."""
        try:
            formula = read(text)
            verdict = check(formula)
        except ExpressionError as error:
            self._formula = self.verdict = None
            self.here.hide()
            self._write(str(error), "bad")
            return False
        self._formula, self.verdict = formula, verdict
        self._write(verdict.sentence, "bad" if verdict.failures else "good")
        return True

    def _write(self, sentence: str, kind: str) -> None:
        self._kind = kind
        self.sentence.setText(sentence)
        self.sentence.setAccessibleDescription(sentence)
        failed = {failure.property: k for k, failure in enumerate(self.verdict.failures)} if self.verdict else {}
        for name, (mark, title, link) in self.rows.items():
            for label in (mark, title, link):
                label.setVisible(self.verdict is not None)
            mark.setText("✗" if name in failed else "✓")
            link.setText(f'<a href="{failed[name]}">draw</a>' if name in failed else "")
            if self.verdict is not None and name in failed:
                failure = self.verdict.failures[failed[name]]
                link.setToolTip(f"At {place(failure.at)}: {significant(failure.value, 4)}")
                link.setAccessibleName(f"draw where it is not {ROWS[name]}")
        self.load.setVisible(bool(failed))
        if kind != "good" and not self.verdict:
            self.here.hide()
        self._colour()

    def _colour(self) -> None:
        theme = self._theme
        colours = {"good": theme.good, "bad": theme.bad, "": theme.muted}
        self.sentence.setStyleSheet(f"color: {colours[self._kind]};")
        for mark, _, _ in self.rows.values():
            mark.setStyleSheet(f"color: {theme.good if mark.text() == '✓' else theme.bad};")

    def _show(self, which: int) -> None:
        if self.verdict is not None and which < len(self.verdict.failures):
            self.shown.emit(self.verdict.failures[which].at)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for name, text in EXAMPLES.items():
            action = menu.addAction(f"{name[0].upper()}{name[1:]}:  {text}")
            action.setData(name)
            action.triggered.connect(lambda _=False, text=text: self._take(text))
        return menu

    def _take(self, text: str) -> None:
        self.field.setText(text)
        self.field.setCursorPosition(0)
        self._enter()

    def _letter(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setToolTip(f"Put {name} into the formula")
        button.setAccessibleName(f"insert {name}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._insert(name))
        return button

    def _insert(self, name: str) -> None:
        self.field.insert(name)
        self.field.setFocus()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        keys = QHBoxLayout()
        keys.setSpacing(3)
        for button in self.letters:
            keys.addWidget(button)
        keys.addStretch(1)
        keys.addWidget(self.examples)
        keys.addWidget(self.button)
        layout.addLayout(keys)
        layout.addWidget(self.sentence)
        layout.addWidget(self.load)
        layout.addWidget(self.here)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        flags = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        for row, name in enumerate(ORDER):
            for column, label in enumerate(self.rows[name]):
                grid.addWidget(label, row, column)
            link = self.rows[name][2]
            link.setTextInteractionFlags(flags)
            link.linkActivated.connect(lambda which: self._show(int(which)))
        layout.addLayout(grid)
