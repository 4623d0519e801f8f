"""A small window in which a person draws the law that a run is to learn."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.data.drawn import MOST, points_of, text_of
from guiapp.data.source import DataError
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.drawing_canvas import DrawingCanvas, Points
from guiapp.parameters import flat
from guiapp.spec import Data, RunSpec


class DrawingDialog(QDialog):
    """Draw freehand, erase, clear; OK gives `text()` and `blur()`, as data.drawing and data.blur take them."""

    def __init__(self, data: Data, theme: Theme, parent: QWidget | None = None) -> None:
        """It begins with the drawing of `data`, where that is one."""
        super().__init__(parent)
        self.setWindowTitle("Draw a distribution")
        self.canvas, self._sentence = DrawingCanvas(), QLabel()
        self._erase, self._clear = QCheckBox("Erase"), QPushButton("Clear")
        self._blur, self._box = self._blur_box(data.blur), _buttons()
        self._arrange()
        self.canvas.set_theme(theme)
        self.canvas.changed.connect(self._tell)
        self._erase.toggled.connect(self._choose)
        self._clear.clicked.connect(lambda: self.canvas.set_points(np.empty((0, 2))))
        self._blur.valueChanged.connect(self.canvas.set_blur)
        self._box.accepted.connect(self.accept)
        self._box.rejected.connect(self.reject)
        self.canvas.set_blur(data.blur)
        self.canvas.set_points(_known(data))
        self.canvas.setFocus()

    def text(self) -> str:
        """The drawing, thinned to what a drawing can hold."""
        return text_of(thinned(self.canvas.points))

    def blur(self) -> float:
        """Standard deviation of the data about each point."""
        return self._blur.value()

    def _blur_box(self, blur: float) -> QDoubleSpinBox:
        parameter = flat(RunSpec())["data.blur"]
        box = QDoubleSpinBox()
        box.setDecimals(3)
        box.setSingleStep(0.01)
        box.setRange(parameter.low or 0.001, min(1.0, parameter.high or 1.0))
        box.setValue(blur)
        box.setPrefix("blur σ ")
        box.setAccessibleName("Blur")
        box.setToolTip("Standard deviation of the data about a point, in units of the drawing, whose square is 2 wide")
        return box

    def _arrange(self) -> None:
        self._erase.setToolTip("The left button erases; the right one always does")
        self._clear.setToolTip("Begin with an empty square")
        self._clear.setAutoDefault(False)
        self._sentence.setWordWrap(True)
        self._sentence.setMinimumHeight(2 * self.fontMetrics().height() + 4)
        tools = QHBoxLayout()
        for control in (self._erase, self._clear, self._blur):
            tools.addWidget(control)
        tools.addStretch()
        column = QVBoxLayout(self)
        column.addLayout(tools)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._sentence)
        column.addWidget(self._box)

    def _choose(self, erases: bool) -> None:
        self.canvas.erases = erases
        self.canvas.update()

    def _tell(self) -> None:
        count = len(self.canvas.points)
        self._sentence.setText(words(count))
        self._box.button(QDialogButtonBox.StandardButton.Ok).setEnabled(count > 0)


def words(count: int) -> str:
    """What a drawing of `count` points is."""
    if not count:
        return "Nothing is drawn yet: draw at least one point with the left button, or with Return."
    if count == 1:
        return "One point: the law is a single Gaussian about it, which the generator can learn by moving all there."
    if count > MOST:
        return f"{count:,} points: {MOST:,} of them are kept, evenly spread over the strokes."
    return f"{count:,} points: the law is a Gaussian about each of them, all equally likely."


def thinned(points: Points) -> Points:
    """At most 2,000 of `points` (K, 2), evenly in the order in which they were drawn."""
    if len(points) <= MOST:
        return points
    return points[np.linspace(0, len(points) - 1, MOST).round().astype(int)]


def _known(data: Data) -> Points:
    if data.name != "drawn" or not data.drawing.strip():
        return np.empty((0, 2))
    try:
        return points_of(data.drawing)
    except DataError:
        return np.empty((0, 2))


def _buttons() -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    box.button(QDialogButtonBox.StandardButton.Ok).setText("Train on it")
    box.button(QDialogButtonBox.StandardButton.Ok).setAutoDefault(False)  # Return puts a point
    box.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
    return box
