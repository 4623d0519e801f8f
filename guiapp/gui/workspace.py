"""The middle of the window: docks with views and labs, and the named arrangements of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QTabBar, QTabWidget, QWidget

from guiapp.data import DATASETS
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.labs import LABS
from guiapp.gui.labs.base import Lab
from guiapp.gui.settings import Layout
from guiapp.gui.theme import Theme
from guiapp.gui.views import VIEWS
from guiapp.gui.views.base import View
from guiapp.messages import Started
from guiapp.spec import Gan, RunSpec

# Each arrangement: rows of columns of tabs; of those in `UPRIGHT`, columns of rows of tabs.
UPRIGHT: Final = frozenset({"GAN in the plane"})  # the arena is square, and gets half of the window
ARRANGEMENTS: Final = MappingProxyType(
    {
        "VAE": (
            (("losses", "elbo", "rate"), ("latent", "explorer", "posterior")),
            (("samples", "likelihood"), ("gradients", "collapse", "verdicts")),
        ),
        "VAE in the plane": (
            (("losses", "elbo", "rate"), ("latent", "explorer", "posterior")),
            (("field", "samples", "likelihood"), ("gradients", "collapse", "verdicts")),
        ),
        "GAN in the plane": ((("losses", "metrics", "verdicts"), ("gradients",)), (("arena", "samples", "explorer"),)),
        "GAN": ((("losses", "metrics", "verdicts"), ("samples", "neighbours", "explorer")), (("gradients",),)),
        "Evidence": ((("elbo",), ("rate",)), (("collapse",), ("likelihood", "losses"))),
        "Latent space": ((("latent",), ("explorer",)), (("posterior",), ("samples", "collapse"))),
        "Gradients": ((("gradients", "surface"),), (("losses", "verdicts"),)),
        "Labs": ((tuple(lab.name for lab in LABS),),),
    }
)


def home_of(run: Started) -> str:
    """The arrangement made for watching `run`."""
    kind = "VAE" if "encodes" in run.capabilities else "GAN"
    return f"{kind} in the plane" if "plane" in run.capabilities else kind


class Workspace(QMainWindow):
    """All views and labs as docks of an inner main window, so that they tile among themselves only.

    Signals:
        looked(): a dock came into sight, or what a view shows depends on something else now.
        arranged(str): the arrangement of this name was taken.
        broke(str, str): a view could not be drawn; a sentence and details.
        study_asked(str, object), study_stopped(), step_asked(int, str), run_asked(object), link_followed(str): as
            `View`'s.
    """

    looked = Signal()
    arranged = Signal(str)
    broke = Signal(str, str)
    study_asked = Signal(str, object)
    study_stopped = Signal()
    step_asked = Signal(int, str)
    run_asked = Signal(object)
    link_followed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setObjectName("workspace")
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.arrangement = ""
        self.home = "VAE"
        self.layouts: dict[str, Layout] = {}  # of the arrangements left so far
        self.docks: dict[str, ViewDock | LabDock] = {}
        for view_type in VIEWS:
            dock = ViewDock(view_type, self)
            dock.made.connect(self._listen_to)
            self._add(dock, theme)
        for lab_type in LABS:
            lab_dock = LabDock(lab_type, self)
            lab_dock.made.connect(self._listen_to_lab)
            self._add(lab_dock, theme)

    def _add(self, dock: ViewDock | LabDock, theme: Theme) -> None:
        dock.hide()  # until an arrangement has a place for it: else it would lie over the others, and be made
        dock.set_theme(theme)
        dock.shown.connect(self.looked)
        dock.broke.connect(self.broke)
        dock.left.connect(lambda: self._go_on_without(dock))
        self.docks[dock.objectName()] = dock
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)

    def _listen_to(self, view: View) -> None:
        view.focus_changed.connect(self.looked)
        view.study_asked.connect(self.study_asked)
        view.study_stopped.connect(self.study_stopped)
        view.step_asked.connect(self.step_asked)
        view.run_asked.connect(self.run_asked)
        view.link_followed.connect(self.link_followed)

    def _listen_to_lab(self, lab: Lab) -> None:
        lab.study_asked.connect(self.study_asked)
        lab.study_stopped.connect(self.study_stopped)

    def arrange(self, name: str) -> None:
        """Show the docks of the arrangement `name`, as a person left them or tiled with equal shares, and close the
        others; the first one gets the focus, and so is explained."""
        self._take(name)
        self.docks[ARRANGEMENTS[name][0][0][0]].widget().setFocus()

    def tile_anew(self) -> None:
        """Forget how the docks of this arrangement were moved."""
        self.layouts.pop(self.arrangement, None)
        self._tile(self.arrangement)

    def remember(self) -> None:
        """Keep how the docks of this arrangement are now."""
        if self.arrangement:
            state = self.saveState(len(self.docks))  # as a version: with other docks it would not fit
            shown = tuple(name for name, dock in self.docks.items() if not dock.isHidden())
            sizes = {name: (dock.width(), dock.height()) for name, dock in self.docks.items() if dock.is_showing()}
            self.layouts[self.arrangement] = Layout(bytes(state.toBase64().data()).decode(), shown, sizes)

    def _take(self, name: str) -> None:
        self.remember()
        self.arrangement = name
        self.arranged.emit(name)
        self._tile(name)
        layout = self.layouts.get(name)
        if layout and self.restoreState(QByteArray.fromBase64(layout.state.encode()), len(self.docks)):
            for other in self.docks.keys() - set(layout.open):  # Qt brings back those that had no place, too
                self.removeDockWidget(self.docks[other])
            self._resize(layout.sizes)  # they had taken room from the others

    def _resize(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        docks = [self.docks[name] for name in sizes if name in self.docks]
        for axis, orientation in enumerate((Qt.Orientation.Horizontal, Qt.Orientation.Vertical)):
            self.resizeDocks(docks, [size[axis] for name, size in sizes.items() if name in self.docks], orientation)

    def _tile(self, name: str) -> None:
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        lines = [[[self.docks[tab] for tab in tabs] for tabs in line] for line in ARRANGEMENTS[name]]
        heads = [line[0][0] for line in lines]
        outer, inner = Qt.Orientation.Vertical, Qt.Orientation.Horizontal
        if name in UPRIGHT:
            outer, inner = inner, outer
        # Lines before their cells before tabs: splitting a dock later would split only its own cell.
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, heads[0])
        for before, after in pairwise(heads):
            self.splitDockWidget(before, after, outer)
        for line in lines:
            for tabs, next_tabs in pairwise(line):
                self.splitDockWidget(tabs[0], next_tabs[0], inner)
        for tabs in (tabs for line in lines for tabs in line):
            for dock in tabs[1:]:
                self.tabifyDockWidget(tabs[0], dock)
            for dock in tabs:
                dock.show()
            tabs[0].raise_()
        for line in lines:
            self.resizeDocks([tabs[0] for tabs in line], [1000] * len(line), inner)
        self.resizeDocks(heads, [1000] * len(heads), outer)
        for bar in self.findChildren(QTabBar):  # the dozen labs would shrink to an initial each; so they scroll
            bar.setElideMode(Qt.TextElideMode.ElideNone)

    def arrange_for(self, spec: RunSpec) -> None:
        """Take the arrangement that a run of `spec` will have, as far as one can know before it exists."""
        kind = "GAN" if isinstance(spec.model, Gan) else "VAE"
        plane = any(dataset.name == spec.data.name and dataset.kind == "points" for dataset in DATASETS)
        self.home = f"{kind} in the plane" if plane else kind
        self.arrange(self.home)

    def go_home(self, run: Started) -> None:
        """Take the arrangement made for `run`, unless the person is in one that serves any run."""
        was_home = self.arrangement in ("", self.home)
        self.home = home_of(run)
        if not was_home or self.arrangement == self.home:
            return
        focused = QApplication.focusWidget()  # what a person is at, in a panel beside the workspace, stays
        at = next((dock for dock in self.docks.values() if focused is not None and dock.isAncestorOf(focused)), None)
        self._take(self.home)
        if at is not None:
            (self.docks[ARRANGEMENTS[self.home][0][0][0]] if at.isHidden() else at).widget().setFocus()

    def reveal(self, name: str) -> None:
        """Bring the dock `name` to the front, also when it was closed; where the arrangement has no place for it,
        through the first one that has."""
        dock = self.docks[name]
        if self.dockWidgetArea(dock) == Qt.DockWidgetArea.NoDockWidgetArea:
            candidates = (self.arrangement, self.home, *ARRANGEMENTS)
            self.arrange(next(a for a in candidates if a and _has(a, name)))
        dock.show()
        dock.raise_()
        dock.widget().setFocus()

    def _go_on_without(self, closed: ViewDock | LabDock) -> None:
        """The focus goes to another dock: Qt would give it to the next control anywhere, such as a line of text."""
        another = next((dock for dock in self.docks.values() if dock is not closed and dock.is_showing()), None)
        (another.widget() if another is not None else self).setFocus()

    def set_theme(self, theme: Theme) -> None:
        for dock in self.docks.values():
            dock.set_theme(theme)


def _has(arrangement: str, name: str) -> bool:
    return any(name in tabs for row in ARRANGEMENTS[arrangement] for tabs in row)
