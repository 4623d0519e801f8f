"""What is to be seen of a latent plane: axes, layers, and on a second row how many points and how the manifold."""

from __future__ import annotations

from typing import Final, Literal, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from guiapp.gui.widgets.axes_chooser import AxesChooser
from guiapp.gui.widgets.latent_layers import Density, Shown

Manifold = Literal["off", "beside", "behind"]
MANIFOLDS: Final = (
    ("No manifold", "off"),
    ("Manifold beside", "beside"),
    ("Manifold behind", "behind"),
)
DENSITIES: Final = (("No density", ""), ("q(z)", "q"), ("q(z) − p(z)", "difference"))
COUNTS: Final = (1000, 3000, 10_000)
ONE_DIMENSION = "Only a latent space of two dimensions or more has a plane"


class LatentControls(QWidget):
    """Signals: changed(): another picture of the same numbers. asked(): other numbers are needed as well."""

    changed = Signal()
    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axes = AxesChooser()
        self.manifold, self.density = _choice("Decoded manifold", MANIFOLDS), _choice("Aggregate posterior", DENSITIES)
        self.points = _choice("Held-out data shown", [(f"{count:,} points", count) for count in COUNTS])
        self.place = _choice("Points are", [("at the means", False), ("at draws", True)])
        self.ellipses = QCheckBox("Ellipses")
        self.cells, self.strength = QSpinBox(), QSlider(Qt.Orientation.Horizontal)
        self.more = QToolButton()
        self._set_up()
        self._explain()
        self._arrange()
        self._connect()

    @property
    def manifold_kind(self) -> Manifold:
        """Where the manifold is shown."""
        kind: Manifold = self.manifold.currentData()
        assert kind in get_args(Manifold)
        return kind

    @property
    def shown(self) -> Shown:
        """The layers switched on."""
        density: Density = self.density.currentData() if self.density.isEnabled() else ""
        return Shown(self.ellipses.isChecked(), bool(self.place.currentData()), density)

    def set_dimensions(self, count: int) -> None:
        """There are `count` latent dimensions."""
        self.axes.set_dimensions(count)
        for control in (self.manifold, self.density, self.ellipses):
            if control.isEnabled() != (count > 1):
                control.setEnabled(count > 1)
                control.setToolTip(self._tips[control] if count > 1 else ONE_DIMENSION)

    def _set_up(self) -> None:
        self.manifold.setCurrentIndex(1)
        self.points.setCurrentIndex(1)
        self.cells.setRange(5, 31)
        self.cells.setValue(15)
        self.cells.setSingleStep(2)
        self.cells.setKeyboardTracking(False)
        self.cells.setSuffix(" cells")
        self.cells.setAccessibleName("Cells a side of the manifold")
        self.strength.setRange(0, 100)
        self.strength.setValue(40)
        self.strength.setFixedWidth(90)
        self.strength.setAccessibleName("Opacity of the manifold behind the points, %")
        self.more.setText("More")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)

    def _explain(self) -> None:
        self._tips: dict[QWidget, str] = {
            self.manifold: "What the decoder makes of the whole plane, each cell with the same prior mass: beside the "
            "points, or behind them on axes stretched by Φ. Further latent dimensions are 0",
            self.density: "The aggregate posterior, the mean of q(z|x) over the data: as a heat with the lines where "
            "it has the prior's densities at 1, 2 and 3 σ, or its difference to the prior",
            self.ellipses: "One standard deviation of the posteriors of 60 of the data",
            self.points: "Held-out data in the picture; more of them are encoded more seldom while training runs",
            self.place: "The mean of each posterior q(z|x), or one draw from it, with the same noise at every step",
            self.cells: "Cells a side of the decoded manifold, 5 to 31",
            self.strength: "Opacity of the manifold behind the points, in %",
            self.more: "How many points, means or draws, cells and opacity of the manifold",
        }
        for control, tip in self._tips.items():
            control.setToolTip(tip)

    def _arrange(self) -> None:
        self._rest = QWidget()
        opacity = QWidget()
        pair = QHBoxLayout(opacity)
        pair.setContentsMargins(0, 0, 0, 0)
        label = QLabel("&Opacity")
        label.setBuddy(self.strength)
        pair.addWidget(label)
        pair.addWidget(self.strength)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        first, second = QWidget(), self._rest
        rows = {
            first: (self.axes, self.manifold, self.density, self.ellipses, self.more),
            second: (self.points, self.place, self.cells, opacity),
        }
        for widget, controls in rows.items():
            row = QFlowLayout(widget)
            row.setContentsMargins(6, 3, 6, 3)
            for control in controls:
                row.addWidget(control)
            column.addWidget(widget)
        self._rest.setVisible(False)

    def _connect(self) -> None:
        self.more.toggled.connect(self._unfold)
        self.ellipses.toggled.connect(self.changed)
        self.strength.valueChanged.connect(self.changed)
        self.axes.changed.connect(self.asked)
        self.cells.valueChanged.connect(self.asked)
        for choice in (self.manifold, self.density, self.points, self.place):
            choice.currentIndexChanged.connect(self.asked)

    def _unfold(self, on: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self._rest.setVisible(on)


def _choice(
    name: str, entries: tuple[tuple[str, object], ...] | list[tuple[str, int]] | list[tuple[str, bool]]
) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    for text, value in entries:
        choice.addItem(text, value)
    return choice
