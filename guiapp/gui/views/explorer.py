"""The latent explorer: point at a code and see what it decodes to, at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy.typing as npt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.exploration import as_focus
from guiapp.gui.widgets.explorer_panel import ExplorerPanel
from guiapp.gui.widgets.explorer_tools import PAINT, POINT
from guiapp.gui.widgets.paint_panel import PaintPanel
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Started
from guiapp.spec import Gan

EMPTY = (
    "Here you will touch the latent space: drag a point and see it decoded at once, walk between two data, traverse "
    "each dimension, paint a datum. Start a run with ▶ to fill it."
)
TABS = (
    ("Point", "Drag a code through a plane of the latent space and see what it decodes to"),
    ("Path", "Images on the way between two codes, or along a way that you draw"),
    ("Traverse", "Each dimension by itself from −3σ to 3σ, the others as they are at the point"),
    ("Paint", "Paint a datum, and see its posterior, its reconstruction and its ELBO"),
)
NO_ENCODER = "A GAN has no encoder, so it cannot say which code a painted datum has"
NEEDS = (
    frozenset({"decoded", "codes"}),
    frozenset({"decoded", "codes"}),
    frozenset({"decoded"}),
    frozenset({"painted", "reconstructions"}),
)


class ExplorerView(View):
    """A probe point, ways between codes, traversals, and a datum that a person paints; what they decode to is made at
    once, also while training runs, and goes on following the weights."""

    name: ClassVar[str] = "explorer"
    title: ClassVar[str] = "Latent explorer"
    needs = NEEDS[POINT]
    requires: ClassVar[frozenset[str]] = frozenset({"samples"})
    missing: ClassVar[str] = "This model makes no data from codes, so there is no latent space to explore."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs, self.status = QTabBar(), StatusLine()
        self.explorer, self.paint = ExplorerPanel(), PaintPanel()
        self._arrange()
        self.tabs.currentChanged.connect(self._turn)
        self.explorer.changed.connect(self.focus_changed)
        self.explorer.said.connect(self.status.set_text)
        self.explorer.pointed.connect(self.status.set_pointed)
        self.paint.changed.connect(self.focus_changed)
        self.paint.taken.connect(self._probe)
        self.set_theme(LIGHT)
        self.clear()

    @property
    def tab(self) -> int:
        """Which of the tabs is in sight."""
        return self.tabs.currentIndex()

    def draw(self, frame: Frame) -> None:
        """Show the pictures "decoded", "codes", "painted" and "reconstructions" of `frame`, those of the tab."""
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        self._enter(frame.run)
        pictures = frame.pictures
        if ("painted" if self.tab == PAINT else "decoded") not in pictures:
            self._stage.say(EMPTY)
            return
        self._stage.show_content()
        if self.tab == PAINT:
            self.status.set_text(self.paint.show_pictures(pictures["painted"], pictures.get("reconstructions", {})))
        else:
            self.explorer.show_codes(pictures.get("codes", {}))
            self.explorer.show_decoded(pictures["decoded"])

    def clear(self) -> None:
        """Say what will appear."""
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self.explorer, self.paint, self.status, self._stage):
            part.set_theme(theme)

    def focus(self) -> Mapping[str, Any]:
        """`z`: the codes to decode, K tuples of Z numbers; in the tab Paint `painted`: the datum to encode."""
        if self.tab == PAINT:
            return {"painted": self.paint.painted()}
        return {"z": as_focus(self.explorer.asked())}

    def probe_at(self, x: float, y: float) -> None:
        """Take the probe to (x, y) of the plane, or as near as it may go."""
        self.explorer.probe_at(x, y)

    def _arrange(self) -> None:
        self.tabs.setAccessibleName("What to do in the latent space")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        for number, (title, tip) in enumerate(TABS):
            self.tabs.addTab(title)
            self.tabs.setTabToolTip(number, tip)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.explorer)
        self._pages.addWidget(self.paint)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.tabs, self._pages, self.status):
            column.addWidget(part, int(part is self._pages))
        self._stage = self.staged(content)

    def _enter(self, run: Started) -> None:
        """Explore the model of `run`."""
        model, shape = run.spec.model, tuple(run.shape)
        is_gan = isinstance(model, Gan)
        size = model.noise if isinstance(model, Gan) else model.latent
        uniform = isinstance(model, Gan) and model.noise_law == "uniform"
        if is_gan and self.tab == PAINT:
            self.tabs.setCurrentIndex(POINT)  # Qt would take the tab beside it
        self.tabs.setTabEnabled(PAINT, not is_gan)
        self.tabs.setTabToolTip(PAINT, NO_ENCODER if is_gan else TABS[PAINT][1])
        self.paint.set_shape(shape, run.extent)
        self.explorer.enter(size, uniform, shape, run.classes)

    def _turn(self, tab: int) -> None:
        self.needs = NEEDS[tab]
        self._pages.setCurrentIndex(int(tab == PAINT))
        self.status.set_text("")
        self.status.set_pointed("")  # what lay under it is gone
        if tab != PAINT:
            self.explorer.set_tab(tab)
        self.focus_changed.emit()

    def _probe(self, code: npt.NDArray[Any]) -> None:
        self.tabs.setCurrentIndex(POINT)
        if len(code) == self.explorer.state.size:
            self.explorer.choose_code(code)
