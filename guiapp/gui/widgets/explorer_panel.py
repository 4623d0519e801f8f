"""The latent space under a hand: a plane with handles, the code as bars, and what it decodes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.code_bars import CodeBars
from guiapp.gui.widgets.decoded_panel import DecodedPanel
from guiapp.gui.widgets.exploration import COLUMNS, Exploration, as_focus
from guiapp.gui.widgets.explorer_tools import NORM, PATH, POINT, TRAVERSE, ExplorerTools
from guiapp.gui.widgets.latent_plane import LatentPlane
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.messages import Picture
from guiapp.theory import gaussian, interpolation

LEAST_HEIGHT_WITH_BARS = 300  # px
BARS = 0.22  # of the height, at most, for the code
STRIP = 0.4  # of the height, at most, for the images on a way
LEAST_ROW, LEAST_PLANE = 60, 150  # px of height: that row of images, and the plane above it; else they stand beside it
UNBOUNDED = 16_777_215  # px, Qt's word for no maximum


class ExplorerPanel(QWidget):
    """A probe point, a way or the traversals, by the tab that it is told to show.

    Signals:
        changed(): `asked` gives other codes now. said(str): what there is to say of them. pointed(str): what lies under
        the pointer; empty for nothing.
    """

    changed = Signal()
    said = Signal(str)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = Exploration()
        self.tools, self.plane = ExplorerTools(self.state), LatentPlane()
        self.decoded, self.bars = DecodedPanel("Decoded"), CodeBars("Code")
        self._tab, self._is_image = POINT, True
        self._codes: npt.NDArray[Any] = np.zeros((0, 0))
        self._labels: npt.NDArray[Any] = np.zeros(0, int)
        self._classes: tuple[str, ...] = ()
        self._picture: Picture = {}
        self._awaits = True  # images of this very tab
        self._spoilt = 0
        self._arranged: tuple[object, ...] = ()
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(0)
        self._pair.addWidget(self.plane, 1)
        self._pair.addWidget(self.decoded, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addLayout(self._pair, 1)
        column.addWidget(self.bars)
        self._connect()
        self._show_state()

    # What there is to explore

    def enter(self, size: int, uniform: bool, shape: tuple[int, ...], classes: tuple[str, ...]) -> None:
        """Explore a latent space of `size` dimensions under a normal or a `uniform` prior, whose codes decode to data
        of `shape`."""
        self._classes, self._is_image = classes, len(shape) > 1
        if self.state.reset(size, uniform):
            self._codes = np.zeros((0, size))
            self._forget()
            self._place_codes()
            self._show_state()
            self.changed.emit()
        self.plane.set_space(size, uniform, self.state.reach)

    def set_tab(self, tab: int) -> None:
        """Show `POINT`, `PATH` or `TRAVERSE`."""
        self._tab = tab
        self._forget()
        self._show_state()

    @property
    def _idle(self) -> bool:
        """A way is to be drawn, and there is none yet."""
        return self.tools.sketches and self.state.drawn is None

    def asked(self) -> npt.NDArray[np.float64]:
        """The codes (K, Z) to decode."""
        if self._tab == PATH:
            return self.state.way()
        return self.state.traversals() if self._tab == TRAVERSE else self.state.probe[None]

    def choose_code(self, code: npt.NDArray[Any]) -> None:
        """Put the probe, or the chosen end of the way, at `code` (Z,), or as near as it may go."""
        state = self.state
        if self._tab == PATH:
            state.ends[min(self.plane.active, 1)] = state.held(code)
        else:
            state.probe = state.held(code)
        self._show_state()
        self.changed.emit()

    def probe_at(self, x: float, y: float) -> None:
        """Take the probe to (x, y) of the plane, or as near as it may go."""
        self.choose_code(self.state.moved(self._chosen(), (x, y)))

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self.plane, self.decoded, self.bars):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    # What came back

    def show_codes(self, picture: Picture) -> None:
        """Show the picture "codes" behind."""
        codes = picture.get("mean")
        if codes is None or codes.ndim != 2 or codes.shape[1] != self.state.size:
            codes, picture = np.zeros((0, self.state.size)), {}
        if codes is not self._codes:
            self._codes, self._labels = codes, picture.get("labels", np.zeros(0, int))
            self._place_codes()

    def _place_codes(self) -> None:
        self.plane.cloud.set_points(self.state.seen(self._codes), self._labels)

    def show_decoded(self, picture: Picture) -> None:
        """Show the picture "decoded", if it is of such codes as are asked for here."""
        asked = np.array(as_focus(self.asked()), np.float32)
        if "z" not in picture or picture["z"].shape != asked.shape or self._idle:
            return
        if self._awaits and not np.array_equal(picture["z"], asked):
            return  # what another tab had asked for
        self._awaits, self._picture = False, picture
        self._repaint()

    def _repaint(self) -> None:
        """Show what was decoded last."""
        picture = self._picture
        if not picture:
            return
        low, high = (float(end) for end in picture["range"])
        if self._tab == TRAVERSE:
            names = ["z" + str(row + 1).translate(SUBSCRIPTS) for row in self.state.rows]
            unit = "" if self.state.uniform else "σ"
            heads = [f"{step:.3g}{unit}".replace("-", "−") for step in self.state.steps]
            self._spoilt = self.decoded.show_data(
                picture["images"], (low, high), columns=COLUMNS, rows=names, heads=heads
            )
        else:
            words = self._measures(picture["z"]) if self._tab == PATH else []
            self._spoilt = self.decoded.show_data(picture["images"], (low, high), below=words)
        self._tell()

    def _measures(self, codes: npt.NDArray[Any]) -> list[str]:
        norms = self.tools.measure.currentIndex() == NORM
        numbers = np.linalg.norm(codes, axis=1) if norms else self._log_prior(codes)
        return [f"{number:.3g}".replace("-", "−") for number in numbers]

    def _log_prior(self, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """log p(z) in nats of `codes` (K, Z)."""
        if self.state.uniform:
            return np.where((np.abs(codes) <= 1).all(1), -self.state.size * np.log(2), -np.inf)
        density: npt.NDArray[Any] = gaussian.log_density(codes.astype(float), 0.0, 1.0).sum(1)
        return density

    # The hand

    def _connect(self) -> None:
        self.tools.changed.connect(self._go_on)
        self.tools.measure_changed.connect(self._repaint)
        self.plane.moved.connect(self._move)
        self.plane.chosen.connect(lambda _number: self._show_state())
        self.plane.clicked.connect(self._click)
        self.plane.sketched.connect(self._sketch)
        self.plane.hovered.connect(self._point_at)
        self.bars.moved.connect(self._move_bar)

    def _forget(self) -> None:
        """Show no images until those asked for now have come."""
        self._picture, self._awaits, self._spoilt = {}, True, 0
        self.decoded.show_data(np.zeros((0, 1, 1)), (0.0, 1.0))

    def _go_on(self) -> None:
        """The exploration is another one."""
        if self._idle:
            self._forget()
        if self._tab == TRAVERSE:
            self._awaits = True  # as many images of other dimensions would look alike
        self._place_codes()
        self._show_state()
        self.changed.emit()

    def _move(self, number: int, x: float, y: float) -> None:
        state = self.state
        if self._tab == PATH:
            state.ends[number] = state.moved(state.ends[number], (x, y))
        else:
            state.probe = state.moved(state.probe, (x, y))
        self._show_state()
        self.changed.emit()

    def _move_bar(self, index: int, value: float) -> None:
        code = self._chosen().copy()
        code[index] = value
        self.choose_code(code)

    def _chosen(self) -> npt.NDArray[np.float64]:
        state = self.state
        return state.ends[min(self.plane.active, 1)] if self._tab == PATH else state.probe

    def _click(self, x: float, y: float) -> None:
        """On the plane: the datum there; in the tab Path the nearest one, and the next click is for the other end."""
        if self.tools.sketches:
            return
        reach = (1e6, 1e6) if self._tab == PATH else self.plane.reach()
        index = self.plane.cloud.nearest(x, y, reach)
        at = self.state.moved(self._chosen(), (x, y)) if index is None else self._codes[index]
        self.choose_code(at)
        if self._tab == PATH:
            self.plane.choose(1 - self.plane.active)
            self._show_state()

    def _sketch(self, points: npt.NDArray[np.float64]) -> None:
        self.state.drawn = np.clip(points, -self.state.reach, self.state.reach)
        self._show_state()
        self.changed.emit()

    # What is on the screen

    def _show_state(self) -> None:
        """Bring the controls, the plane and the bars up to the exploration; the images follow when they are decoded."""
        state = self.state
        self.tools.show_state(self._tab)
        self.plane.set_axes(state.size, state.axes)
        self.plane.set_sketching(self.tools.sketches)
        if self._tab == PATH:
            sketches, idle = self.tools.sketches, self._idle
            ends = np.array([] if sketches else state.ends).reshape(-1, state.size)
            self.plane.set_handles(state.seen(ends), "" if sketches else "AB")
            self.plane.set_way(state.seen(state.way()[: 0 if idle else None]), self._curve(idle))
        else:
            self.plane.set_handles(state.seen(state.probe[None]), " ")
            self.plane.set_way(np.zeros((0, 2)), np.zeros((0, 2)))
        marked = state.axes if state.size > 2 and self._tab != TRAVERSE else ()
        self.bars.set_values(self._chosen(), -state.reach, state.reach, marked=marked)
        self._make_room()
        self._tell()

    def _curve(self, idle: bool) -> npt.NDArray[np.float64]:
        state = self.state
        if idle:
            return np.zeros((0, 2))
        if state.drawn is not None:
            return state.drawn
        between = interpolation.spherical if state.on_sphere else interpolation.linear
        return state.seen(between(state.ends[0], state.ends[1], np.linspace(0, 1, 61)))

    def _tell(self) -> None:
        state = self.state
        codes = self.asked()
        norms, likely = np.linalg.norm(codes, axis=1), self._log_prior(codes)
        if self._tab == POINT:
            shown = [f"z{str(axis + 1).translate(SUBSCRIPTS)} = {state.probe[axis]:.2f}" for axis in state.axes]
            text = ", ".join(shown[: state.size]) + f" · ‖z‖ = {norms[0]:.2f} · log p(z) = {likely[0]:.2f} nats"
        elif self._tab == TRAVERSE:
            text = (
                f"Each row moves one dimension, the others stay at the point, ‖z‖ = {np.linalg.norm(state.probe):.2f}"
            )
        elif self._idle:
            text = "Draw a way on the plane with the left mouse button"
        else:
            text = f"{len(codes)} codes · ‖z‖ from {norms.min():.2f} to {norms.max():.2f}"
            if not state.uniform:
                text += " · a code of the prior has {:.2f} ± {:.2f}".format(*interpolation.norm_moments(state.size))
        text += f" · {self.plane.cloud.left_out:,} data left out: not finite" if self.plane.cloud.left_out else ""
        text += f" · {self._spoilt:,} decoded values are not finite" if self._spoilt and self._picture else ""
        self.said.emit(text.replace("-", "−"))

    def _point_at(self, at: tuple[float, float] | None) -> None:
        if at is None:
            self.pointed.emit("")
            return
        index = self.plane.cloud.nearest(*at, self.plane.reach())
        text = f"{at[0]:.2f}, {at[1]:.2f}".replace("-", "−")
        if index is not None:
            name = class_name(int(self._labels[index]), self._classes)
            text += f" · datum {index + 1}" + (f", {name}" if name else "")
        self.pointed.emit(text)

    def _make_room(self) -> None:
        """Arrange the parts; only on a change, for it costs a layout, and a hand moves sixty times a second."""
        images = self.decoded.table.images.shape[1:3]
        key = (self.size(), self._tab, self.state.size, self.state.count, self.tools.sketches, self._is_image, images)
        if key == self._arranged:
            return
        self._arranged = key
        self.plane.setVisible(self._tab != TRAVERSE)
        with_bars = self.state.size > 2 or self._tab == TRAVERSE
        with_bars = with_bars and not self.tools.sketches and self.height() >= LEAST_HEIGHT_WITH_BARS
        self.bars.setVisible(with_bars)
        self.bars.setMaximumHeight(round(BARS * self.height()))
        left = self.height() - self.tools.heightForWidth(self.width())
        left -= min(self.bars.sizeHint().height(), self.bars.maximumHeight()) if with_bars else 0
        row = min(self.decoded.table.row_height(self.width(), self.state.count), round(STRIP * self.height()))
        row = max(LEAST_ROW, row)
        strip = self._tab == PATH and self._is_image and left - row >= LEAST_PLANE
        across = not strip and self.width() > left  # two squares side by side are then the larger ones
        self._pair.setDirection(QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom)
        self.decoded.setMaximumHeight(row if strip else UNBOUNDED)
