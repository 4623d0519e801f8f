"""What to compute of a loss surface, and how to look at it."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QSpinBox, QWidget

from guiapp.gui.widgets.columns import tool_row
from guiapp.gui.widgets.study_bar import StudyBar

EXTENTS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
NODES: Final = (13, 25, 37, 51)
DATA: Final = (64, 256, 1024, 4096)
PLAYERS: Final = (("G's loss", "g"), ("D's loss", "d"))
WAYS: Final = (("random", "random"), ("path (PCA)", "path"))
PARTS: Final = (("loss", "loss"), ("reconstruction", "reconstruction"), ("KL", "kl"))
LOOKS: Final = (("lines + relief", (True, True)), ("lines", (False, True)), ("relief", (True, False)))
SCALES: Final = (("log", True), ("linear", False))


class SurfaceTools(QWidget):
    """Two rows of controls: what is computed, with the button that begins it, and how it is shown.

    Signals:
        looked(): what is shown, or how, is different now.
    """

    looked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = StudyBar("Compute", "Compute the loss around the weights of the step shown, while training goes on")
        self.player = _choice(PLAYERS, "Player", "Whose loss, as a function of its own weights; the other stands still")
        self.way = _choice(
            WAYS, "Directions", "Two random directions, each filter as long as that of the weights; or the first two "
            "principal components of the weights of the keyframes up to the step shown, with the path on them",
        )  # fmt: skip
        self.seed = QSpinBox()
        self.seed.setRange(0, 9999)
        self.seed.setPrefix("seed ")
        self.seed.setAccessibleName("Seed of the random directions")
        self.seed.setToolTip("Another seed gives other random directions: what is seen in many of them is no accident")
        self.nodes = _choice([(f"{n} × {n}", n) for n in NODES], "Nodes", "Nodes of the grid; the time grows with them")
        self.nodes.setCurrentIndex(NODES.index(25))
        self.data = _choice(
            [(f"{n:,} data", n) for n in DATA], "Number of data", "Of the one batch on which every node is computed, "
            "with the same noise; of a GAN as many are generated",
        )  # fmt: skip
        self.data.setCurrentIndex(DATA.index(256))
        self.extent, self._extent_text = QSlider(Qt.Orientation.Horizontal), QLabel()
        self.extent.setRange(0, len(EXTENTS) - 1)
        self.extent.setValue(EXTENTS.index(1.0))
        self.extent.setPageStep(2)
        self.extent.setFixedWidth(72)
        self.extent.setAccessibleName("Extent of the plane")
        self.part = _choice(PARTS, "Part of the loss", "The loss that is descended, or a part of it, never weighted")
        self.look = _choice(LOOKS, "Drawn as", "Lines of equal loss, ground lit from the upper left, or both")
        self.scale = _choice(
            SCALES, "Scale of the colours", "Logarithm of the height above the lowest node, or the loss as it is"
        )
        self._arrange()
        self.show_model(False, False)

    @property
    def options(self) -> dict[str, Any]:
        """What the study "surface" is asked for, but for the run file."""
        found = {
            "directions": self.way.currentData(), "nodes": self.nodes.currentData(), "data": self.data.currentData(),
            "reach": EXTENTS[self.extent.value()],
        }  # fmt: skip
        if self.way.currentData() == "random":
            found["seed"] = self.seed.value()
        if not self.player.isHidden():
            found["player"] = self.player.currentData()
        return found

    def show_model(self, game: bool, parted: bool) -> None:
        """Offer what there is: two players, or the parts of an ELBO."""
        self.player.setVisible(game)
        self.part.setVisible(parted)
        if not parted:
            self.part.setCurrentIndex(0)

    def show_begun(self, begun: bool) -> None:
        """Whether there is a surface already."""
        self.bar.start.setText("Recompute" if begun else "Compute")

    def sizeHint(self) -> QSize:
        return self._row.sizeHint()

    def _arrange(self) -> None:
        extent = QWidget()
        beside = QHBoxLayout(extent)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(4)
        beside.addWidget(self.extent)
        beside.addWidget(self._extent_text)
        extent.setFixedHeight(self.bar.start.sizeHint().height())  # else it would hang at the top of its row
        computed = (self.player, self.way, self.seed, extent, self.nodes, self.data, self.bar)
        self._row = tool_row(*computed, self.part, self.look, self.scale)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._row)
        self.way.currentIndexChanged.connect(self._settle)
        self.extent.valueChanged.connect(self._settle)
        for choice in (self.part, self.look, self.scale):
            choice.currentIndexChanged.connect(lambda _: self.looked.emit())
        self.show_begun(True)
        self.bar.start.setMinimumWidth(self.bar.start.sizeHint().width())  # so that nothing moves when it is pressed
        self.show_begun(False)
        widest = self.fontMetrics().horizontalAdvance("± 0.05 ‖w‖")
        self._extent_text.setMinimumWidth(widest)
        self._settle()

    def _settle(self, _: int = 0) -> None:
        random, value = self.way.currentData() == "random", EXTENTS[self.extent.value()]
        self.seed.setVisible(random)
        self._extent_text.setText(f"± {value:g} ‖w‖" if random else f"{value:g} × path")
        tip = "How far the plane reaches either way, in multiples of the length of each filter"
        path = "How large the plane is: 1 holds the path, less of it shows the surroundings of its end more closely"
        self.extent.setToolTip(tip if random else path)


def _choice(entries: Any, name: str, tip: str) -> QComboBox:
    box = QComboBox()
    for text, value in entries:
        box.addItem(text, value)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box
