"""The controls of the latent explorer, those of the tab in sight."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QSpinBox, QWidget
from superqt import QFlowLayout

from guiapp.gui.widgets.exploration import ROWS, Exploration

POINT, PATH, TRAVERSE, PAINT = range(4)
LEAST, MOST = 5, 20  # images of a way
HANDLES, DRAWN = range(2)
NORM, LOG_PRIOR = range(2)
MEASURES: Final = ("‖z‖", "log p(z)")


class ExplorerTools(QWidget):
    """Sets the fields of an `Exploration`; `changed` follows each change, `measure_changed` that of the words below the
    images."""

    changed = Signal()
    measure_changed = Signal()

    def __init__(self, exploration: Exploration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = exploration
        self._tab = POINT
        self.axes = (_spin("Horizontal latent dimension"), _spin("Vertical latent dimension"))
        self.way, self.kind, self.measure = QComboBox(), QComboBox(), QComboBox()
        self.count, self.page = _spin("Images on the way"), _spin("Page of dimensions")
        self.zero = QPushButton("All to 0")
        self._told: tuple[object, ...] = ()
        self._shown: tuple[QWidget, ...] = ()
        for control in (*self.axes, self.way, self.kind, self.count, self.measure, self.page, self.zero):
            control.setParent(self)
            control.hide()
        self._fill()
        self._row = QFlowLayout(self)
        self._row.setContentsMargins(6, 0, 6, 3)
        self._connect()
        self.show_state(POINT)

    @property
    def sketches(self) -> bool:
        """A way is to be drawn with the mouse."""
        return self._tab == PATH and self.way.currentIndex() == DRAWN

    def show_state(self, tab: int) -> None:
        """Show what the exploration is like, and the controls of `tab`; only on a change, for a range or a prefix, also
        the one there is, costs a layout, and a hand moves sixty times a second."""
        self._tab, state = tab, self._state
        now = (tab, state.size, state.axes, state.page, self.way.currentIndex())
        if now == self._told:
            return
        self._told = now
        for spin, axis in zip(self.axes, state.axes, strict=True):
            with QSignalBlocker(spin):
                spin.setRange(1, max(2, state.size))
                spin.setValue(axis + 1)
        with QSignalBlocker(self.page):
            self.page.setRange(1, state.pages)
            self.page.setValue(state.page + 1)
        self.page.setPrefix(f"z{state.rows.start + 1} to z{state.rows.stop} · page ")
        self.page.setSuffix(f" of {state.pages}")
        self._show_controls()
        if state.size == 1 and self.way.currentIndex() == DRAWN:
            self.way.setCurrentIndex(HANDLES)
        self.way.setEnabled(state.size > 1)
        self.kind.setEnabled(state.size > 1 and self.way.currentIndex() == HANDLES)

    def _show_controls(self) -> None:
        """Those of the tab; a flow layout would leave gaps where the others are hidden."""
        state, tab = self._state, self._tab
        axes = self.axes if state.size > 2 else ()
        way = (self.way, self.kind, self.count, self.measure)
        page = (self.page,) if state.pages > 1 else ()
        shown: dict[int, tuple[QWidget, ...]] = {
            POINT: (*axes, self.zero), PATH: (*axes, *way), TRAVERSE: (*page, self.zero),
        }  # fmt: skip
        if self._shown == shown[tab]:
            return
        for control in self._shown:
            self._row.removeWidget(control)
            control.hide()
        for control in shown[tab]:
            self._row.addWidget(control)
            control.show()
        self._shown = shown[tab]

    def _fill(self) -> None:
        self.way.addItems(["between A and B", "drawn"])
        self.kind.addItems(["linear", "spherical"])
        self.measure.addItems([f"{measure} below" for measure in MEASURES])
        self.count.setRange(LEAST, MOST)
        self.count.setValue(self._state.count)
        self.count.setSuffix(" images")
        for control, name, tip in (
            (self.way, "The way", "Between the handles A and B, or as you draw it on the plane with the mouse"),
            (self.kind, "Interpolation", "linear: a straight line; spherical: along an arc around the origin, whose "
             "codes are as long as those of the prior (Shoemake 1985)"),
            (self.measure, "Below each image", "The length of the code, or its log density under the prior, in nats"),
        ):  # fmt: skip
            control.setAccessibleName(name)
            control.setToolTip(tip)
        for spin, side in zip(self.axes, ("horizontal", "vertical"), strict=True):
            spin.setPrefix("z")
            spin.setToolTip(f"Latent dimension on the {side} axis")
        self.count.setToolTip(f"How many images on the way, {LEAST} to {MOST}")
        self.page.setToolTip(f"{ROWS} dimensions at a time")
        self.zero.setToolTip("Put the probe at the middle of the prior")

    def _connect(self) -> None:
        for number, spin in enumerate(self.axes):
            spin.valueChanged.connect(lambda value, number=number: self._choose_axis(number, value - 1))
        self.way.currentIndexChanged.connect(self._choose_way)
        self.kind.currentIndexChanged.connect(lambda index: self._set("on_sphere", index == 1))
        self.count.valueChanged.connect(lambda value: self._set("count", value))
        self.page.valueChanged.connect(lambda value: self._set("page", value - 1))
        self.measure.currentIndexChanged.connect(self.measure_changed)
        self.zero.clicked.connect(lambda: self._set("probe", 0 * self._state.probe))

    def _choose_axis(self, number: int, axis: int) -> None:
        axes = list(self._state.axes)
        if axes[1 - number] == axis:
            axes[1 - number] = axes[number]  # the two change places
        axes[number] = axis
        self._set("axes", tuple(axes))

    def _choose_way(self) -> None:
        self._set("drawn", None)

    def _set(self, name: str, value: object) -> None:
        setattr(self._state, name, value)
        self.show_state(self._tab)
        self.changed.emit()


def _spin(name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setAccessibleName(name)
    spin.setKeyboardTracking(False)
    return spin
