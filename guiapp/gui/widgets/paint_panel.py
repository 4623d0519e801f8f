"""A datum that a person makes, and what the model makes of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.code_bars import CodeBars
from guiapp.gui.widgets.decoded_panel import DecodedPanel
from guiapp.gui.widgets.handle_plane import HandlePlane
from guiapp.gui.widgets.paint_canvas import PaintCanvas
from guiapp.messages import Picture

GREYS: Final[dict[str, tuple[int, ...]]] = {"white": (255,), "light grey": (170,), "dark grey": (85,), "black": (0,)}
COLOURS: Final[dict[str, tuple[int, ...]]] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (220, 40, 40), "green": (40, 170, 60), "blue": (40, 80, 220),
    "yellow": (240, 220, 40), "orange": (240, 140, 30), "grey": (128, 128, 128),
}  # fmt: skip
MOST_BARS = 64  # components of a vector that a hand can set one by one
LEAST_HEIGHT_WITH_BARS = 330  # px


class PaintPanel(QWidget):
    """A canvas for images, a point for data in the plane, bars for vectors; beside it the reconstruction, below it the
    posterior. Signals: changed(): `painted` is another datum now. taken(object): probe at this code (Z,)."""

    changed = Signal()
    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas, self.plane = PaintCanvas(), HandlePlane("The datum")
        self.bars, self.posterior = CodeBars("Components", "x"), CodeBars("Posterior of z, mean ± σ")
        self.result = DecodedPanel("Reconstruction")
        self._makers = QStackedWidget()
        for maker in (self.canvas, self.plane, self.bars):
            self._makers.addWidget(maker)
        self._shape: tuple[int, ...] = ()
        self._extent = 1.0
        self._vector: npt.NDArray[np.float64] = np.zeros(0)
        self._span = (0.0, 1.0)
        self._mean: npt.NDArray[Any] = np.zeros(0)
        self._data: npt.NDArray[Any] = np.zeros((0, 0))
        self._make_tools()
        self._arrange()
        self._connect()

    def set_shape(self, shape: tuple[int, ...], extent: float) -> None:
        """Make data of `shape`; points lie in the square of half-width `extent`."""
        if shape == self._shape:
            return
        self._shape, self._extent = shape, extent or 1.0
        is_image = len(shape) > 1
        for control in (self._size, self._ink, self._erase):
            control.setVisible(is_image)
        if is_image:
            self.canvas.set_shape(shape[0], shape[1], 1 if len(shape) == 2 else shape[2])
            self._set_inks(COLOURS if len(shape) == 3 and shape[2] >= 3 else GREYS)
            self._size.setRange(1, max(1, min(max(shape[:2]) // 2, 64)))
            self._size.setValue(max(1, max(shape[:2]) // 16))
            self._makers.setCurrentWidget(self.canvas)
        else:
            self._vector = np.zeros(shape[0])
            self._makers.setCurrentWidget(self.plane if shape == (2,) else self.bars)
            half = 1.1 * self._extent
            self.plane.set_titles("x₁", "x₂")
            self.plane.set_home(QRectF(-half, -half, 2 * half, 2 * half))
        self._show_vector()

    def painted(self) -> bytes | tuple[float, ...]:
        """The datum, as the probe "painted" takes it."""
        if len(self._shape) > 1:
            return self.canvas.levels.tobytes()
        return tuple(np.round(self._vector, 5).tolist())

    def show_pictures(self, made: Picture, heldout: Picture) -> str:
        """Show the picture "painted", and have the data of "reconstructions" ready to start from; returns what to say
        of them."""
        self._data = heldout.get("data", self._data)
        if self._data.shape[1:] != self._shape:
            self._data = np.zeros((0, *self._shape))
        self._load.setEnabled(len(self._data) > 0)
        self._which.setRange(1, max(1, len(self._data)))
        if "reconstruction" not in made or made["reconstruction"].shape != self._shape:
            return ""
        low, high = (float(end) for end in made["range"])
        if (low, high) != self._span:
            self._span = (low, high)
            self._show_vector()
        self._mean = made["mean"]
        spoilt = self.result.show_data(made["reconstruction"][None], self._span)
        self.posterior.set_values(self._mean, -3.0, 3.0, spread=made["std"])
        return words(made, spoilt)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self.canvas, self.plane, self.bars, self.posterior, self.result):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.posterior.setVisible(self.height() >= LEAST_HEIGHT_WITH_BARS)
        wide = self.width() > 0.9 * self.height()
        self._pair.setContentsMargins(0, 0, self.width() % 2 if wide else 0, 0)  # or one half could take larger pixels
        self._pair.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _make_tools(self) -> None:
        self._size, self._which = QSpinBox(), QSpinBox()
        self._ink, self._erase = QComboBox(), QCheckBox("Erase")
        self._clear, self._load = QPushButton("Clear"), QPushButton("Load")
        self._go = QPushButton("Probe here")
        self._size.setPrefix("brush ")
        self._size.setSuffix(" px")
        self._which.setPrefix("datum ")
        for control, name, tip in (
            (self._size, "Brush radius", "Radius of the brush, in pixels of the data"),
            (self._ink, "Ink", "What the brush paints with"),
            (self._erase, "Erase", "Paint with the least value in the data; so does the right mouse button"),
            (self._clear, "Clear the datum", "Set every value to the least one in the data; points and vectors to 0"),
            (self._which, "Held-out datum", "Which held-out datum to start from"),
            (self._load, "Load a held-out datum", "Put this held-out datum here, to be changed"),
            (self._go, "Probe here", "Put the probe of the first tab at the posterior's mean of this datum"),
        ):
            control.setAccessibleName(name)
            control.setToolTip(tip)

    def _arrange(self) -> None:
        tools = QWidget()
        row = QFlowLayout(tools)
        row.setContentsMargins(6, 0, 6, 3)
        for control in (
            self._clear, self._which, self._load, self._go, self._size, self._ink, self._erase,
        ):  # fmt: skip
            row.addWidget(control)
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(0)
        self._pair.addWidget(self._makers, 1)
        self._pair.addWidget(self.result, 1)
        self.posterior.set_editable(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tools)
        column.addLayout(self._pair, 1)
        column.addWidget(self.posterior)

    def _connect(self) -> None:
        self.canvas.changed.connect(self.changed)
        self._size.valueChanged.connect(lambda radius: setattr(self.canvas, "radius", float(radius)))
        self._ink.currentIndexChanged.connect(self._choose_ink)
        self._erase.toggled.connect(lambda on: setattr(self.canvas, "erases", on))
        self._clear.clicked.connect(self._empty)
        self._load.clicked.connect(self._start_from)
        self._go.clicked.connect(lambda: self.taken.emit(self._mean) if len(self._mean) else None)
        self.plane.moved.connect(lambda _number, x, y: self._set_vector(np.array([x, y])))
        self.plane.clicked.connect(lambda x, y: self._set_vector(np.array([x, y])))
        self.bars.moved.connect(self._set_component)

    def _set_inks(self, inks: dict[str, tuple[int, ...]]) -> None:
        if [self._ink.itemText(i) for i in range(self._ink.count())] != list(inks):
            self._ink.clear()
            for name, levels in inks.items():
                self._ink.addItem(name, levels)

    def _choose_ink(self) -> None:
        if self._ink.currentData() is not None:
            self.canvas.ink = tuple(self._ink.currentData())

    def _empty(self) -> None:
        if len(self._shape) > 1:
            self.canvas.clear()
        else:
            self._set_vector(np.zeros(self._shape))

    def _start_from(self) -> None:
        datum = self._data[min(self._which.value(), len(self._data)) - 1]
        if len(self._shape) > 1:
            low, high = self._span
            levels = np.nan_to_num((datum - low) * (255 / ((high - low) or 1.0)))
            self.canvas.load(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
        else:
            self._set_vector(datum)
        self._which.setValue(self._which.value() % len(self._data) + 1)  # another press, another datum

    def _set_component(self, index: int, value: float) -> None:
        vector = self._vector.copy()
        vector[index] = value
        self._set_vector(vector)

    def _set_vector(self, vector: npt.NDArray[Any]) -> None:
        half = 1.1 * self._extent if self._shape == (2,) else np.inf
        self._vector = np.clip(np.nan_to_num(np.asarray(vector, np.float64)), -half, half)
        self._show_vector()
        self.changed.emit()

    def _show_vector(self) -> None:
        if self._shape == (2,):
            self.plane.set_handles(self._vector[None], "x")
        elif len(self._shape) == 1:
            few = len(self._vector) <= MOST_BARS
            self.bars.setVisible(few)
            self.bars.set_values(self._vector if few else np.zeros(0), *self._span)


def words(made: Picture, spoilt: int) -> str:
    """The ELBO of the datum and its parts, in nats."""
    likely, kl = -float(made["cost"]), float(made["kl"])
    text = f"ELBO {likely - kl:.2f} nats: E[log p(x|z)] {likely:.2f}, KL {kl:.2f}".replace("-", "−")
    outside = made["data"].size - int(np.isfinite(made["data"]).sum())
    text += f" · {outside:,} of its values are not finite" if outside else ""
    return text + (f" · {spoilt:,} values of the reconstruction are not finite" if spoilt else "")
