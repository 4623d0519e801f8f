"""The lab of backpropagation in words and bars: its steps, the chain rule, the samples' gradients, the check."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGroupBox, QHBoxLayout, QLabel, QPushButton, QTextEdit, QVBoxLayout, QWidget

from guiapp.gui.labs.backpropagation_compute import TOLERANCE, Result, short
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.backpropagation import Factor, Path

MOST_PATHS: Final = 8  # written out; the others are summed


class StepBar(QWidget):
    """Buttons of the pass, and where it stands. `moved`: by so many layers, or to the end; `descended`, `reset`."""

    forward = Signal()
    backward = Signal()
    whole = Signal()
    descended = Signal()
    reset = Signal()

    def __init__(self) -> None:
        super().__init__()
        told = (
            ("Forward ▸", "the next layer's a and x", self.forward),
            ("◂ Backward", "the next layer's ∂L/∂w, and δ of the layer before", self.backward),
            ("Whole pass", "forward and backward at once", self.whole),
            ("Descend", "one step of gradient descent, w − η · mean ∂L/∂w over the mini-batch", self.descended),
            ("Reset", "the weights of the seed, before the first step", self.reset),
        )
        row = QHBoxLayout()
        row.setSpacing(4)
        self.buttons: dict[str, QPushButton] = {}
        for text, spoken, signal in told:
            button = QPushButton(text)
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 14)
            button.setToolTip(f"{spoken[0].upper()}{spoken[1:]}")
            button.clicked.connect(lambda _=False, signal=signal: signal.emit())
            row.addWidget(button)
            self.buttons[text] = button
        row.addStretch(1)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.sentence)

    def show_result(self, result: Result) -> None:
        """Say which step was made, and allow the ones that may follow."""
        params = result.params
        stage, layers = params.stage, params.layers
        self.buttons["Forward ▸"].setEnabled(stage < layers)
        self.buttons["◂ Backward"].setEnabled(layers <= stage < 2 * layers)
        loss = f"L = {short(result.done.losses[params.sample])}, mini-batch {short(result.done.losses.mean())}"
        if stage == 0:
            text = "The inputs stand; edges show weights. Forward, or Space on the network, computes layer 1."
        elif stage < layers:
            text = f"Forward: layer {stage} of {layers} is computed, a = Wx + b and its output."
        elif stage == layers:
            text = f"Forward is done: {loss}. Backward begins at the output."
        elif stage < 2 * layers:
            text = f"Backward: the edges of layer {2 * layers - stage + 1} show ∂L/∂w now. {loss}."
        else:
            text = f"The pass is done, edges show ∂L/∂w: {loss}. Descend takes its mean; Space begins anew."
        self.sentence.setText(text)

    def refuse(self, text: str) -> None:
        """Say why a step was not made."""
        self.sentence.setText(text)


class ChainPanel(QWidget):
    """The chain rule of the chosen weight with symbols, and below it with the sample's numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._latex = ""
        self.text = QTextEdit()  # lays a page out once, where a wrapped label in a scroll area takes 6 ms
        self.text.setReadOnly(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("chain rule")
        self.copy = QPushButton("Copy as LaTeX")
        self.copy.setToolTip("The sum over all paths")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._latex))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.setMinimumHeight(120)

    def show_result(self, result: Result) -> None:
        """Write the chain rule; its numbers once the backward pass has come to the weight."""
        params, chain = result.params, result.chain
        known = result.is_backward(params.chosen[0])
        head = f"∂L/∂{chain.name.text}"
        lines = [f"<b>{head}</b>, sample {params.sample + 1}, by its neighbours:"]
        lines += _written(head, chain.local, known)
        count = len(chain.paths)
        if count > 1 or len(chain.paths[0].factors) > len(chain.local.factors):
            over = "the one path" if count == 1 else f"a sum over {count} paths"
            lines += ["", f"<b>{head}</b> from the loss, {over}:"]
            lines += self._paths(result, known)
        if not known:
            lines += ["", f"The numbers come when the backward pass reaches layer {params.chosen[0]}."]
        place = self.text.verticalScrollBar().value()
        self.text.setHtml("<br>".join(lines))
        self.text.verticalScrollBar().setValue(place)
        products = [r" \cdot ".join(factor.latex for factor in path.factors) for path in chain.paths]
        self._latex = rf"\frac{{\partial L}}{{\partial {chain.name.latex}}} = " + " + ".join(products)

    def latex(self) -> str:
        """The sum over paths as LaTeX."""
        return self._latex

    def _paths(self, result: Result, known: bool) -> list[str]:
        paths = result.chain.paths
        values = np.array([path.value for path in paths])
        order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable") if known else np.arange(len(paths))
        lines: list[str] = []
        for place in order[:MOST_PATHS]:
            lines += _written("", paths[place], known)
        rest = order[MOST_PATHS:]
        if len(rest):
            total = f", together {significant(float(values[rest].sum()), 4)}" if known else ""
            lines.append(f"and {len(rest)} {'smaller ' if known else ''}paths more{total}")
        if known and len(paths) > 1:
            lines.append(f"sum = <b>{significant(float(values.sum()), 4)}</b>")
        return lines


class SamplesPanel(QGroupBox):
    """The chosen weight's gradient of each sample as bars, and their mean as a line: what descent uses."""

    def __init__(self) -> None:
        super().__init__("Per-sample gradients")
        self._bars = _Bars()
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self._bars)
        layout.addWidget(self.sentence)

    def show_result(self, result: Result) -> None:
        """Draw the samples' gradients."""
        layer, to, source = result.params.chosen
        mean = result.mean[layer - 1][to, source]
        self._bars.show_numbers(result.per_sample, result.params.sample)
        self.sentence.setText(f"mean ∂L/∂{result.chain.name.text} = {significant(float(mean), 4)} (line)")

    def set_theme(self, theme: Theme) -> None:
        self._bars.set_theme(theme)


class CheckPanel(QGroupBox):
    """A button, and how far backpropagation is from central differences."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Is the gradient right?")
        self._theme, self._good = LIGHT, True
        self.button = QPushButton("Check")
        self.button.setToolTip("Every weight's mean gradient against (L(w + h) − L(w − h)) / 2h, h = 10⁻⁵")
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.button)
        layout.addWidget(self.sentence)
        self.clear()

    def clear(self) -> None:
        """The network is another one: nothing is checked yet."""
        self._good = True
        self.sentence.setText("Compares every gradient with central differences of the loss.")
        self.set_theme(self._theme)

    def show_check(self, apart: float, largest: float) -> None:
        """The largest difference, and the largest gradient."""
        self._good = apart <= TOLERANCE * max(1.0, largest)
        text = f"Largest difference {significant(apart, 2)}, largest gradient {significant(largest, 3)}."
        if not self._good:
            text += " NOT within 10⁻⁶: a kink of the activation may lie within h, or the numbers are too large."
        self.sentence.setText(text)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.sentence.setStyleSheet("" if self._good else f"color: {theme.bad};")


class _Bars(QWidget):
    """Bars from a zero line, one a sample; the chosen one in full colour."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._numbers, self._chosen = LIGHT, np.zeros(1), 0
        self.setMinimumHeight(112)
        self.setToolTip("∂L/∂w of each sample alone")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_numbers(self, numbers: np.ndarray, chosen: int) -> None:
        self._numbers, self._chosen = numbers, chosen
        spoken = ", ".join(f"sample {i}: {short(number)}" for i, number in enumerate(numbers, 1))
        self.setAccessibleName(f"gradients by sample: {spoken}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPointSizeF(8)
        painter.setFont(font)
        numbers = np.nan_to_num(self._numbers, posinf=0, neginf=0)
        low, high = min(numbers.min(), 0.0), max(numbers.max(), 0.0)
        pad, room = 15.0, self.height() - 44.0
        span = (high - low) or 1.0
        zero = pad + room * (high / span)
        width = self.width() / len(numbers)
        for index, (number, shown) in enumerate(zip(numbers, self._numbers, strict=True)):
            self._bar(painter, QRectF(index * width, zero, width, -room * number / span), index, float(shown))
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        painter.drawLine(0, round(zero), self.width(), round(zero))
        mean = zero - room * float(numbers.mean()) / span
        painter.setPen(QPen(QColor(self._theme.ink), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(0, round(mean), self.width(), round(mean))

    def _bar(self, painter: QPainter, slot: QRectF, index: int, number: float) -> None:
        colour = QColor(self._theme.accent if number >= 0 else self._theme.discriminator)
        colour.setAlphaF(1.0 if index == self._chosen else 0.45)
        inner = slot.width() * 0.2
        painter.fillRect(slot.adjusted(inner, 0, -inner, 0).normalized(), colour)
        painter.setPen(QColor(self._theme.ink))
        end = slot.bottom() - 14 if number >= 0 else slot.bottom() + 1
        flags = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(QRectF(slot.left(), end, slot.width(), 13), flags, short(number))
        painter.setPen(QColor(self._theme.ink if index == self._chosen else self._theme.muted))
        painter.drawText(QRectF(slot.left(), self.height() - 14, slot.width(), 13), flags, str(index + 1))


def _written(head: str, path: Path, known: bool) -> list[str]:
    """A product with symbols, and below it with numbers."""
    symbols = " · ".join(factor.text for factor in path.factors)
    lines = [f"{head} = {symbols}" if head else symbols]
    if known:
        numbers = " · ".join(map(_number, path.factors))
        lines.append(f"&nbsp;&nbsp;&nbsp;= {numbers} = <b>{significant(path.value, 4)}</b>")
    return lines


def _number(factor: Factor) -> str:
    text = "1" if factor.text == "1" else significant(factor.value, 4)
    return f"({text})" if factor.value < 0 else text
