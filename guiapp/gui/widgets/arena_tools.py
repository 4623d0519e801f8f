"""The controls of the arena: layers, what the colours say, steps and slow motion, morph, drawing."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSlider, QToolButton, QWidget
from superqt import QFlowLayout

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.arena_canvas import FITTED
from guiapp.gui.widgets.arena_field import BELIEF, DIFFERENCE, LOGIT, OPTIMUM
from guiapp.gui.widgets.class_legend import SWATCH, swatch

LAYERS: Final = (
    ("real", "Real", "Held-out points of the data"),
    ("generated", "Generated", "Points made from noise by the generator, of the same noise at every step"),
    ("field", "Field", "What the colours say is chosen on the right"),
    ("line", "Undecided", "Where the best discriminator could not tell: D = ½, unless labels are smoothed"),
    (
        "mesh",
        "Manifold",
        "The plane of noise as G bends it; each cell holds the same mass: stretched ones are faint",
    ),
    ("arrows", "Arrows", "Where G's loss pushes each sample: minus its gradient by the sample, −(∂loss/∂a)(∂a/∂x̃)"),
    ("trails", "Trails", "The way of the first 12 samples over the last 40 pictures"),
)
OFF: Final = frozenset({"trails"})  # at first: they cross everything else
FIELDS: Final = (
    (BELIEF, "D(x)", "What D says of a point at x"),
    (LOGIT, "Logit a(x)", "D's raw output"),
    (OPTIMUM, "Best D*(x)", "p/(p + p_g): what the best D would say against the present generator"),
    (DIFFERENCE, "D − D*", "How far D is from the best one"),
)
SCALES: Final = (
    ("Arrows fitted", FITTED),
    ("Arrows × 0.1", 0.1),
    ("Arrows × 1", 1.0),
    ("Arrows × 10", 10.0),
    ("Arrows alike", 0.0),
)
SCALE_TIP: Final = (
    "Fitted: the median arrow is a tenth of the half-width of the square; × 1: 0.15 half-widths for a push of 1 (nats "
    "per unit of x)"
)
SPEEDS: Final = (("Speed ½", 0.5), ("Speed 1", 1.0), ("Speed 2", 2.0), ("Speed 4", 4.0))
STEPS: Final = (
    ("D step", "d", "One iteration in which only the discriminator moves"),
    ("G step", "g", "One iteration in which only the generator moves"),
    ("Iteration", "both", "One iteration of both players"),
)
MORPH, MORPH_MS = 60, 25  # steps from noise to data, and between two of them


class ArenaTools(QWidget):
    """Signals: layer_switched(str, bool), field_chosen(str), scale_chosen(float), step_asked(int, str),
    slow_toggled(bool), speed_chosen(float), morphed(float), draw_asked()."""

    layer_switched = Signal(str, bool)
    field_chosen = Signal(str)
    scale_chosen = Signal(float)
    step_asked = Signal(int, str)
    slow_toggled = Signal(bool)
    speed_chosen = Signal(float)
    morphed = Signal(float)
    draw_asked = Signal()

    def __init__(self, parent: QWidget | None = None, interval: int = MORPH_MS) -> None:
        super().__init__(parent)
        self.switches = {name: QCheckBox(text) for name, text, _ in LAYERS}
        self.field, self.scale, self.speed = QComboBox(), QComboBox(), QComboBox()
        self.steps = {player: QPushButton(text) for text, player, _ in STEPS}
        self.slow, self.draw, self.play = QPushButton("Slow motion"), QPushButton("Draw data…"), QToolButton()
        self.morph, self.more = QSlider(Qt.Orientation.Horizontal), QPushButton("More")
        self._spare = (self.scale, *self.steps.values(), self.slow, self.speed, self.play, self.morph, self.draw)
        self._timer = QTimer(self, interval=interval)
        self._fill()
        self._connect()
        row = QFlowLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        for control in (*self.switches.values(), self.field, self.more, *self._spare):
            row.addWidget(control)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Where there is little room, show the steps and the rest only when “More” is pressed."""
        self.more.setVisible(compact)
        for control in self._spare:
            control.setVisible(not compact or self.more.isChecked())

    def name_fields(self, names: dict[str, str]) -> None:
        """What the choices of the field are called in this game."""
        for i, (kind, _, _) in enumerate(FIELDS):
            if self.field.itemText(i) != names[kind]:
                self.field.setItemText(i, names[kind])

    def set_slow(self, on: bool) -> None:
        """Show slow motion as playing or not, without asking for it."""
        with QSignalBlocker(self.slow):
            self.slow.setChecked(on)

    def go_to_data(self) -> None:
        """End the morph at the data."""
        self._timer.stop()
        self.morph.setValue(MORPH)

    def set_theme(self, theme: Theme) -> None:
        """The swatches in the colours of `theme`."""
        colours = (("real", theme.real), ("generated", theme.generated), ("mesh", theme.generator))
        for name, colour in (*colours, ("arrows", theme.generator), ("trails", theme.muted), ("line", theme.ink)):
            self.switches[name].setIcon(swatch(colour))

    def _fill(self) -> None:
        for name, _, tip in LAYERS:
            self.switches[name].setChecked(name not in OFF)
            self.switches[name].setToolTip(tip)
            self.switches[name].setIconSize(QSize(SWATCH, SWATCH))
        for kind, text, tip in FIELDS:
            self.field.addItem(text, kind)
            self.field.setItemData(self.field.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field.setMinimumContentsLength(14)  # the names differ from game to game
        for box, entries, first in ((self.scale, SCALES, 0), (self.speed, SPEEDS, 1)):
            for text, value in entries:
                box.addItem(text, value)
            box.setCurrentIndex(first)
        for _, player, tip in STEPS:
            self.steps[player].setToolTip(tip + "; training that runs pauses after it")
        for button in (self.slow, self.more):
            button.setCheckable(True)
        self.play.setText("z → x̃")
        self.morph.setRange(0, MORPH)
        self.morph.setValue(MORPH)
        self.morph.setFixedWidth(90)
        for control, name, tip in (
            (self.field, "What the field shows", "What the colours of the plane say"),
            (self.scale, "Length of the arrows", SCALE_TIP),
            (self.slow, "Slow motion", "Play an iteration part by part, each named and lit; it really trains"),
            (self.speed, "Speed of slow motion", "Parts per 1.6 s"),
            (self.play, "Morph noise to data", "Move every generated point from its noise z to G(z)"),
            (self.morph, "Morph", "From the noise (left) to the data (right); the noise is scaled to the square"),
            (self.more, "More controls", "Steps, slow motion, morph, arrows and drawing"),
            (self.draw, "Draw data", "Draw a distribution of your own and train on it"),
        ):
            control.setAccessibleName(name)
            control.setToolTip(tip)

    def _connect(self) -> None:
        for name, switch in self.switches.items():
            switch.toggled.connect(lambda on, name=name: self.layer_switched.emit(name, on))
        for player, button in self.steps.items():
            button.clicked.connect(lambda _checked=False, player=player: self.step_asked.emit(1, player))
        self.field.currentIndexChanged.connect(lambda i: self.field_chosen.emit(FIELDS[i][0]))
        self.scale.currentIndexChanged.connect(lambda i: self.scale_chosen.emit(SCALES[i][1]))
        self.speed.currentIndexChanged.connect(lambda i: self.speed_chosen.emit(SPEEDS[i][1]))
        self.slow.toggled.connect(self.slow_toggled)
        self.draw.clicked.connect(self.draw_asked)
        self.more.toggled.connect(lambda _on: self.set_compact(True))
        self.play.clicked.connect(self._play)
        self.morph.valueChanged.connect(lambda value: self.morphed.emit(value / MORPH))
        self.morph.sliderPressed.connect(self._timer.stop)
        self._timer.timeout.connect(self._advance)

    def _play(self) -> None:
        self.morph.setValue(0)
        self._timer.start()

    def _advance(self) -> None:
        self.morph.setValue(self.morph.value() + 1)
        if self.morph.value() == MORPH or not self.isVisible():
            self.go_to_data()
